//! The compiler that the build runs: the executable that is linked with an empty table writes the table of
//! the one that is shipped, so that the same QuickJS writes and reads it.

use crate::{bytecode, process};
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::{CatchResultExt, Context, Ctx, Error, Module, Result, Runtime, WriteOptions, module::Declared};
use std::collections::HashMap;

struct Names;

impl Resolver for Names {
    fn resolve<'js>(&mut self, _: &Ctx<'js>, _: &str, name: &str, _: Option<ImportAttributes<'js>>) -> Result<String> {
        Ok(crate::engine::resolve(name).to_string())
    }
}

struct Sources(HashMap<String, Vec<u8>>);

impl Loader for Sources {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let source = self.0.get(name).ok_or_else(|| Error::new_loading(name))?;
        Module::declare(ctx.clone(), name, source.clone())
    }
}

/// `compile OUT FILE…`: the table of the modules in the files, in their order, named by their last parts.
pub fn main() -> i32 {
    let arguments: Vec<String> =
        process::arguments().iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    let [command, out, files @ ..] = arguments.as_slice() else { return usage() };
    if command != "compile" || files.is_empty() {
        return usage();
    }
    let table = read(files).and_then(|sources| compile(&sources));
    match table.and_then(|table| std::fs::write(out, table).map_err(|error| format!("{out}: {error}"))) {
        Ok(()) => 0,
        Err(message) => {
            process::write_all(2, format!("{message}\n").as_bytes());
            1
        }
    }
}

fn usage() -> i32 {
    process::write_all(2, b"usage: compile OUT FILE...\n");
    64
}

fn read(files: &[String]) -> std::result::Result<Vec<(String, Vec<u8>)>, String> {
    let name = |file: &str| file.rsplit('/').next().unwrap_or(file).to_string();
    files
        .iter()
        .map(|file| Ok((name(file), std::fs::read(file).map_err(|error| format!("{file}: {error}"))?)))
        .collect()
}

/// The table of modules, given by their names and sources.
pub fn compile(sources: &[(String, Vec<u8>)]) -> std::result::Result<Vec<u8>, String> {
    let known: HashMap<_, _> = sources.iter().cloned().collect();
    let compiled: std::result::Result<Vec<_>, _> =
        sources.iter().map(|(name, source)| compile_one(name, source, &known)).collect();
    Ok(bytecode::format(&compiled?))
}

/// Where QuickJS writes a checksum of the code, behind the version of its format.
const CHECKSUM: std::ops::Range<usize> = 1..5;
/// What it takes for any code's: nothing changes a table between this program and its start, and the sum takes as long as a
/// tenth of all the reading.
const NOT_CHECKED: [u8; 4] = u32::MAX.to_ne_bytes();

/// Each in a runtime of its own, so that no code depends on what was compiled before it.
fn compile_one(
    name: &str,
    source: &[u8],
    known: &HashMap<String, Vec<u8>>,
) -> std::result::Result<(String, Vec<u8>), String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    runtime.set_loader(Names, Sources(known.clone()));
    let context = Context::full(&runtime).map_err(|error| error.to_string())?;
    context.with(|ctx| {
        let module =
            Module::declare(ctx.clone(), name, source).catch(&ctx).map_err(|error| format!("{name}: {error}"))?;
        // Without debug information `import()` has no name to resolve against: the bundle uses `envsealImport`.
        let options = WriteOptions { strip_source: true, strip_debug: true, ..Default::default() };
        let mut code = module.write(options).map_err(|error| format!("{name}: {error}"))?;
        code[CHECKSUM].copy_from_slice(&NOT_CHECKED);
        Ok((name.to_string(), code))
    })
}
