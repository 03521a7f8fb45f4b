//! The network, as the bundle sees it.

use super::{Bytes, Callbacks, array, failure, from_byte_string, to_byte_string, view};
use crate::net::exchange::{self, Event, Events, Outlet};
use crate::net::fault::Fault;
use crate::net::pool::Pool;
use crate::net::reactor::Reactor;
use crate::net::request::Request;
use crate::net::route::{Proxy, Route, Ways};
use crate::net::sockets::{self, Target};
use crate::signals;
use rquickjs::{CatchResultExt, Ctx, Function, IntoJs, Object, Result, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Default)]
struct Network {
    reactor: RefCell<Reactor>,
    /// Of the exchanges that are not over.
    outlets: RefCell<BTreeMap<u32, Rc<Outlet>>>,
    events: Events,
    pool: Rc<Pool>,
    ways: Rc<Ways>,
}

thread_local! {
    static NETWORK: Network = Network::default();
}

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("loadCertificates", Function::new(ctx.clone(), load_certificates)?)?;
    host.set("startExchange", Function::new(ctx.clone(), start_exchange)?)?;
    host.set("startStream", Function::new(ctx.clone(), start_stream)?)?;
    host.set("startDatagrams", Function::new(ctx.clone(), start_datagrams)?)?;
    host.set("makeRoom", Function::new(ctx.clone(), make_room)?)?;
    host.set("cancelNet", Function::new(ctx.clone(), cancel)?)?;
    Ok(())
}

fn load_certificates(pem: String) -> u32 {
    NETWORK.with(|network| network.ways.configs.load(from_byte_string(&pem)))
}

fn start_exchange<'js>(ctx: Ctx<'js>, given: Object<'js>) -> Result<u32> {
    let request = Request {
        route: Route {
            is_secure: given.get("isSecure")?,
            host: given.get("host")?,
            port: given.get("port")?,
            trust: given.get("trust")?,
            proxy: given.get::<_, Option<Object<'js>>>("proxy")?.map(read_proxy).transpose()?,
        },
        method: given.get("method")?,
        authority: given.get("authority")?,
        target: given.get("target")?,
        headers: read_headers(given.get("headers")?),
        body: given.get::<_, Option<Bytes<'js>>>("body")?.map(|bytes| view(&bytes).to_vec()),
    };
    request.check().map_err(|fault| failure(&ctx, &fault.code))?;
    NETWORK.with(|network| {
        let (pool, ways) = (network.pool.clone(), network.ways.clone());
        Ok(network.start(|outlet| Box::pin(exchange::run(request, pool, ways, outlet))))
    })
}

fn read_proxy(given: Object<'_>) -> Result<Proxy> {
    Ok(Proxy {
        is_secure: given.get("isSecure")?,
        host: given.get("host")?,
        port: given.get("port")?,
        authorization: given.get("authorization")?,
    })
}

/// Names and values in turn.
fn read_headers(words: Vec<String>) -> Vec<(String, Vec<u8>)> {
    words.chunks_exact(2).map(|pair| (pair[0].clone(), from_byte_string(&pair[1]))).collect()
}

fn start_stream<'js>(target: Object<'js>, bytes: Bytes<'js>) -> Result<u32> {
    let target = match target.get::<_, Option<String>>("path")? {
        Some(path) => Target::Unix(from_byte_string(&path)),
        None => Target::Host {
            host: target.get("host")?,
            port: target.get("port")?,
            secure: target.get::<_, bool>("isSecure")?.then(|| target.get("trust")).transpose()?,
        },
    };
    let bytes = view(&bytes).to_vec();
    NETWORK.with(|network| {
        let ways = network.ways.clone();
        Ok(network.start(|outlet| Box::pin(sockets::send_stream(target, bytes, ways, outlet))))
    })
}

fn start_datagrams<'js>(host: String, port: u16, datagrams: Vec<Bytes<'js>>) -> u32 {
    let datagrams = datagrams.iter().map(|bytes| view(bytes).to_vec()).collect();
    NETWORK.with(|network| {
        let ways = network.ways.clone();
        network.start(|outlet| Box::pin(sockets::send_datagrams(host, port, datagrams, ways, outlet)))
    })
}

fn make_room(number: u32, bytes: usize) {
    NETWORK.with(|network| {
        if let Some(outlet) = network.outlets.borrow().get(&number) {
            outlet.make_room(bytes);
        }
    });
}

/// Drops the exchange, and with it its connection; nothing more comes of it.
fn cancel(number: u32) {
    NETWORK.with(|network| {
        network.outlets.borrow_mut().remove(&number);
        network.events.borrow_mut().retain(|(of, _)| *of != number);
        network.reactor.borrow_mut().cancel(number);
    });
}

impl Network {
    fn start(&self, make: impl FnOnce(Rc<Outlet>) -> crate::net::reactor::Task) -> u32 {
        self.reactor.borrow_mut().spawn(|number| {
            let outlet = Rc::new(Outlet::new(number, self.events.clone()));
            self.outlets.borrow_mut().insert(number, outlet.clone());
            make(outlet)
        })
    }

    fn next_event(&self) -> Option<(u32, Event)> {
        let (number, event) = self.events.borrow_mut().pop_front()?;
        if matches!(event, Event::End | Event::Failed(_)) {
            self.outlets.borrow_mut().remove(&number);
        }
        Some((number, event))
    }
}

/// Gives the bundle what has come; `false` where nothing has.
pub fn deliver<'js>(ctx: &Ctx<'js>, callbacks: &Callbacks<'js>) -> bool {
    NETWORK.with(|network| {
        network.reactor.borrow_mut().run();
        let mut has_delivered = false;
        while let Some((number, event)) = network.next_event() {
            has_delivered = true;
            if give(ctx, callbacks, number, event).catch(ctx).is_err() {
                crate::panic::fail("");
            }
        }
        has_delivered
    })
}

fn give<'js>(ctx: &Ctx<'js>, callbacks: &Callbacks<'js>, number: u32, event: Event) -> Result<()> {
    match event {
        Event::Head(head, ended_by) => {
            let words: Vec<String> =
                head.headers.iter().flat_map(|(name, value)| [name.clone(), to_byte_string(value)]).collect();
            callbacks.net.call((number, "head", head.status, words, ended_by))
        }
        Event::Data(data) => callbacks.net.call((number, "data", array(ctx, data)?)),
        Event::End => callbacks.net.call((number, "end")),
        Event::Failed(Fault { code, status }) => {
            let status: Value = status.into_js(ctx)?;
            callbacks.net.call((number, "failure", code.as_ref(), status))
        }
    }
}

/// Sleeps until something comes, a signal included, or the time is over: `timeout_ms` below 0 has no end.
pub fn look(timeout_ms: f64) {
    NETWORK.with(|network| {
        let mut reactor = network.reactor.borrow_mut();
        reactor.run();
        // What the bundle has just started may have come to its end already.
        let timeout_ms = if network.events.borrow().is_empty() { timeout_ms } else { 0.0 };
        reactor.look(timeout_ms, signals::sleep);
    });
}

/// Whether an answer is still waited for.
pub fn is_busy() -> bool {
    NETWORK.with(|network| !network.reactor.borrow().is_empty() || !network.events.borrow().is_empty())
}
