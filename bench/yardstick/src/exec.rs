//! The hand-over: the command in this process, with the inherited variables and one for each line of the body.

use std::ffi::{CString, OsString, c_char};
use std::os::unix::ffi::OsStrExt;

/// Comes back only with a problem.
pub fn replace(command: &[OsString], body: &[u8]) -> String {
    let Ok(words) = command.iter().map(|word| CString::new(word.as_bytes())).collect::<Result<Vec<_>, _>>()
    else {
        return "NUL in an argument".into();
    };
    let Ok(variables) = body
        .split(|byte| *byte == b'\n')
        .filter(|line| line.contains(&b'='))
        .map(CString::new)
        .collect::<Result<Vec<_>, _>>()
    else {
        return "NUL in the object".into();
    };
    let argv: Vec<_> = words.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect();
    let envp: Vec<_> = inherited()
        .into_iter()
        .chain(variables.iter().map(|line| line.as_ptr()))
        .chain([std::ptr::null()])
        .collect();
    // SAFETY: both lists end with a null pointer, and the strings in them outlive the call.
    unsafe { libc::execve(argv[0], argv.as_ptr(), envp.as_ptr()) };
    format!("execve: {}", std::io::Error::last_os_error())
}

fn inherited() -> Vec<*const c_char> {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    let mut list = Vec::with_capacity(64);
    // SAFETY: libc's list ends with a null pointer, and this program has one thread and changes no variable.
    unsafe {
        let mut next = environ;
        while !next.is_null() && !(*next).is_null() {
            list.push(*next);
            next = next.add(1);
        }
    }
    list
}
