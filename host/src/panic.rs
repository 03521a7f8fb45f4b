//! A panic is a bug of ours. Its message could quote what it was about, so only the place in our code is shown.

use crate::process;

pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        let place =
            info.location().map(|at| format!(" at {}:{}", at.file().rsplit('/').next().unwrap_or(""), at.line()));
        fail(&place.unwrap_or_default());
    }));
}

/// The two lines that an internal error has, and its exit status. `place` is of our own code.
pub fn fail(place: &str) -> ! {
    let text = format!(
        "envseal: error: internal error{place}\nenvseal: hint: this is a bug: report it with the version and the command, without any values\n"
    );
    process::write_all(2, text.as_bytes());
    process::exit(70)
}
