//! Our own TypeScript, inside the host: QuickJS runs the bytecode of a program whose checks take any bytes. The program is
//! `test/fuzz/program.ts`.

use crate::{bytecode, compile, engine, natives};
use rquickjs::{CatchResultExt, Context, Ctx, Function, Object, Result, Runtime, TypedArray};
use std::path::PathBuf;

/// The folder with its modules, which `scripts/build/fuzz-bundle.ts` writes.
const FOLDER: &str = "ENVSEAL_FUZZ_BUNDLE";
/// The global with the checks by their names: each throws where a promise does not hold.
const CHECKS: &str = "envsealFuzz";
/// The global that reports to libFuzzer what came of an input.
#[cfg(fuzzing)]
const OUTCOME: &str = "envsealOutcome";
/// The instrumented QuickJS takes several times the stack of the usual one. Of the 8 MiB that there are.
const STACK_BYTES: usize = 5 * 1024 * 1024;

thread_local! {
    static PROGRAM: Context = start(&modules_in(&std::env::var(FOLDER).expect(FOLDER)));
}

/// Panics where the check of that name throws.
pub fn check(name: &str, data: &[u8]) {
    PROGRAM.with(|context| check_in(context, name, data));
}

fn check_in(context: &Context, name: &str, data: &[u8]) {
    context.with(|ctx| {
        let call = || -> Result<()> {
            let check: Function = ctx.globals().get::<_, Object>(CHECKS)?.get(name)?;
            check.call((TypedArray::new_copy(ctx.clone(), data)?,))
        };
        if let Err(error) = call().catch(&ctx) {
            panic!("{name}: {error}");
        }
    });
}

/// The platform, the program, and what these load.
fn modules_in(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).expect(folder).map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "mjs"));
    files.sort_by_key(|path| {
        ["platform.mjs", "envseal.mjs"].iter().position(|first| path.ends_with(first)).unwrap_or(usize::MAX)
    });
    files
        .iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect()
}

/// As `engine::run` does, up to where the program waits.
fn start(sources: &[(String, Vec<u8>)]) -> Context {
    let table: &'static [u8] = compile::compile(sources).unwrap().leak();
    let modules = bytecode::parse(table).unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.set_max_stack_size(STACK_BYTES);
    runtime.set_loader(engine::Names, engine::Linked(modules.clone()));
    let context = Context::full(&runtime).unwrap();
    context.with(|ctx| {
        let host = natives::install(&ctx).unwrap();
        #[cfg(fuzzing)]
        ctx.globals().set(OUTCOME, Function::new(ctx.clone(), |text: String| super::outcomes::reached(&text))).unwrap();
        engine::install_import(&ctx).unwrap();
        engine::install_load(&ctx, &host, modules.clone()).unwrap();
        for code in &modules[..2] {
            let evaluate = |ctx: &Ctx<'_>| -> Result<()> { engine::load(ctx, *code)?.eval()?.1.finish() };
            evaluate(&ctx).catch(&ctx).map_err(|error| error.to_string()).unwrap();
        }
    });
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Context {
        let checks = "globalThis.envsealFuzz = { short(bytes) { if (bytes.length > 2) throw new Error('long') } }";
        start(&[("platform.mjs".into(), b"export {}".to_vec()), ("envseal.mjs".into(), checks.into())])
    }

    #[test]
    fn a_promise_that_holds_passes() {
        check_in(&program(), "short", b"ab");
    }

    #[test]
    #[should_panic(expected = "short: Error: long")]
    fn a_promise_that_does_not_hold_is_a_finding() {
        check_in(&program(), "short", b"abc");
    }

    #[test]
    #[should_panic(expected = "other: ")]
    fn a_check_that_does_not_exist_is_a_finding() {
        check_in(&program(), "other", b"");
    }
}
