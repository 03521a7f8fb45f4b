//! QuickJS, and the loop: JavaScript runs until it waits, then what it waits for is looked at.

use crate::bytecode::Code;
use crate::natives::{self, Callbacks};
use crate::{limits, natives::net, panic, process, signals};
use rquickjs::context::intrinsic;
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::promise::PromiseState;
use rquickjs::{
    CatchResultExt, Context, Ctx, Error, Function, Module, Object, Persistent, Promise, Result, Runtime, Value,
    module::Declared,
};
use std::cell::RefCell;

/// Specifiers are `./chunk-….mjs`; the table has the last part.
pub fn resolve(specifier: &str) -> &str {
    specifier.rsplit('/').next().unwrap_or(specifier)
}

/// Those of QuickJS's own objects that the bundle uses. Each of the others would be made at every startup for nothing;
/// the compiler of source is one of them.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
    intrinsic::Performance,
);

pub struct Names;

impl Resolver for Names {
    fn resolve<'js>(&mut self, _: &Ctx<'js>, _: &str, name: &str, _: Option<ImportAttributes<'js>>) -> Result<String> {
        Ok(resolve(name).to_string())
    }
}

/// The modules of a table.
pub struct Linked(pub Vec<Code<'static>>);

impl Loader for Linked {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        load(ctx, find(&self.0, name)?)
    }
}

fn find(modules: &[Code<'static>], name: &str) -> Result<Code<'static>> {
    modules.iter().find(|code| code.name == name).copied().ok_or_else(|| Error::new_loading(name))
}

pub fn load<'js>(ctx: &Ctx<'js>, code: Code<'_>) -> Result<Module<'js, Declared>> {
    // SAFETY: the bytes are of the table that is linked into this executable, written by the same QuickJS; or of one that
    // a fuzz target has just compiled.
    unsafe { Module::load(ctx.clone(), code.bytes) }
}

thread_local! {
    /// Rejected promises that nothing handles yet, and why.
    static REJECTED: RefCell<Vec<(Persistent<Value<'static>>, Persistent<Value<'static>>)>> = const { RefCell::new(Vec::new()) };
}

/// Runs the table's first two modules, until the second ends the process.
pub fn run(modules: Vec<Code<'static>>) -> i32 {
    let [platform, program, ..] = modules[..] else { panic::fail(": no bundle") };
    let Ok(runtime) = Runtime::new() else { panic::fail(": out of memory") };
    // A startup is over before a collection would pay; references alone free nearly all.
    runtime.set_gc_threshold(limits::GC_THRESHOLD_BYTES);
    runtime.set_memory_limit(limits::MAX_HEAP_BYTES);
    runtime.set_max_stack_size(max_stack());
    runtime.set_loader(Names, Linked(modules.clone()));
    runtime.set_host_promise_rejection_tracker(Some(Box::new(track)));
    let Ok(context) = Context::custom::<Intrinsics>(&runtime) else { panic::fail(": out of memory") };
    context.with(|ctx| {
        let Ok(host) = natives::install(&ctx) else { panic::fail(": out of memory") };
        check(&ctx, install_import(&ctx));
        check(&ctx, install_load(&ctx, &host, modules));
        // The bundle's first module makes the globals that the second, and all that it imports, takes for granted.
        evaluate(&ctx, platform);
        let Some(callbacks) = natives::callbacks(&host) else { failed(&ctx) };
        let main = evaluate(&ctx, program);
        turn_forever(&ctx, &main, &callbacks)
    })
}

/// In bytes. Half of what the kernel gives, where that is little: the other half is for natives, and for the arguments and
/// the environment, which lie on the stack too.
fn max_stack() -> usize {
    let given = process::stack_limit().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX);
    limits::MAX_STACK_BYTES.min(given / 2)
}

/// What `import()` is compiled to: a module of the table.
pub fn install_import(ctx: &Ctx<'_>) -> Result<()> {
    ctx.globals().set("envsealImport", Function::new(ctx.clone(), import)?)
}

/// The parts of the platform that a startup seldom needs: modules that are evaluated at once, when one is asked for.
pub fn install_load<'js>(ctx: &Ctx<'js>, host: &Object<'js>, modules: Vec<Code<'static>>) -> Result<()> {
    let load = move |ctx: Ctx<'js>, name: String| -> Result<Object<'js>> {
        let (module, _) = self::load(&ctx, find(&modules, &name)?)?.eval()?;
        module.namespace()
    };
    host.set("load", Function::new(ctx.clone(), load)?)
}

fn import<'js>(ctx: Ctx<'js>, specifier: String) -> Result<Promise<'js>> {
    Module::import(&ctx, resolve(&specifier))
}

/// Until it waits for something, or is done.
fn evaluate<'js>(ctx: &Ctx<'js>, code: Code<'_>) -> Promise<'js> {
    check(ctx, load(ctx, code).and_then(Module::eval)).1
}

fn track<'js>(ctx: Ctx<'js>, promise: Value<'js>, reason: Value<'js>, is_handled: bool) {
    REJECTED.with_borrow_mut(|all| {
        if is_handled {
            all.retain(|(known, _)| known.clone().restore(&ctx).is_ok_and(|known| known != promise));
        } else {
            all.push((Persistent::save(&ctx, promise), Persistent::save(&ctx, reason)));
        }
    });
}

/// The bundle ends the process itself; when its module is done and nothing is waited for, so are we.
fn turn_forever<'js>(ctx: &Ctx<'js>, main: &Promise<'js>, callbacks: &Callbacks<'js>) -> ! {
    loop {
        run_jobs(ctx);
        if main.state() == PromiseState::Rejected {
            trace(ctx, main.result::<Value>().map(|result| result.catch(ctx).map(|_| ())));
            failed(ctx);
        }
        report_rejections(ctx, callbacks);
        while let Some(signal) = signals::take() {
            check(ctx, callbacks.signal.call::<_, ()>((signal,)));
        }
        if net::deliver(ctx, callbacks) {
            continue;
        }
        let wait_ms = check(ctx, callbacks.turn.call::<_, f64>(()));
        if ctx.execute_pending_job() || wait_ms == 0.0 {
            net::look(0.0);
            continue;
        }
        if wait_ms < 0.0 && !net::is_busy() && main.state() == PromiseState::Resolved {
            process::exit(0);
        }
        net::look(wait_ms);
    }
}

fn run_jobs(ctx: &Ctx<'_>) {
    while ctx.execute_pending_job() {}
}

fn report_rejections<'js>(ctx: &Ctx<'js>, callbacks: &Callbacks<'js>) {
    let first = REJECTED.with_borrow_mut(|all| if all.is_empty() { None } else { Some(all.remove(0)) });
    if let Some((_, reason)) = first
        && let Ok(reason) = reason.restore(ctx)
    {
        check(ctx, callbacks.rejected.call::<_, ()>((reason,)));
        failed(ctx);
    }
}

/// A callback that throws is a bug of ours; its error could hold a value, so nothing of it is shown.
fn check<'js, T>(ctx: &Ctx<'js>, result: Result<T>) -> T {
    match result.catch(ctx) {
        Ok(value) => value,
        Err(error) => {
            trace(ctx, error);
            failed(ctx)
        }
    }
}

fn failed(ctx: &Ctx<'_>) -> ! {
    trace(ctx, ctx.catch());
    panic::fail("")
}

/// For developers of the host. The product is built without: an error could hold a value.
fn trace(_: &Ctx<'_>, what: impl std::fmt::Debug) {
    if cfg!(feature = "trace") {
        eprintln!("{what:?}");
    }
}
