//! The network, as the bundle sees it.

use super::text::Text;
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
    /// The outlets of the exchanges that are not over.
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

/// What is not ASCII is between the certificates, where nothing reads it.
fn load_certificates(pem: Text<'_>) -> u32 {
    NETWORK.with(|network| network.ways.configs.load(pem.bytes().to_vec()))
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
            let words: Vec<String> = head
                .headers
                .iter()
                .flat_map(|(name, value)| [name.clone(), to_byte_string(value).into_owned()])
                .collect();
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

#[cfg(test)]
mod tests {
    use super::super::Callbacks;
    use super::*;
    use crate::net::reactor::poll_for_tests;
    use rquickjs::{Context, Runtime};
    use std::io::{Read, Write};

    /// Runs JavaScript that starts things, until all of them are over. What `log` then holds, as JSON.
    fn run(code: &str) -> String {
        let context = Context::full(&Runtime::new().unwrap()).unwrap();
        context.with(|ctx| {
            let host = Object::new(ctx.clone()).unwrap();
            install(&ctx, &host).unwrap();
            ctx.globals().set("host", host).unwrap();
            let prelude = "globalThis.log = []; globalThis.onNet = () => {};
                globalThis.net = (...event) => {
                    if (event[1] === 'data') event[2] = String.fromCharCode(...event[2]);
                    log.push(event);
                    onNet(...event);
                };
                globalThis.nothing = () => {};
                globalThis.request = (port, more) => host.startExchange({ isSecure: false, host: '127.0.0.1', port,
                    method: 'GET', authority: 'a.test', target: '/', headers: [], trust: 0, ...more });";
            ctx.eval::<(), _>(prelude).catch(&ctx).unwrap();
            ctx.eval::<(), _>(code).catch(&ctx).map_err(|error| error.to_string()).unwrap();
            let named = |name: &str| ctx.globals().get::<_, Function>(name).unwrap();
            let callbacks = Callbacks {
                turn: named("nothing"),
                signal: named("nothing"),
                rejected: named("nothing"),
                net: named("net"),
            };
            while deliver(&ctx, &callbacks) || is_busy() {
                NETWORK.with(|network| network.reactor.borrow_mut().look(10.0, poll_for_tests));
            }
            ctx.eval::<String, _>("JSON.stringify(log)").unwrap()
        })
    }

    fn server(answer: &'static [u8]) -> (u16, std::sync::mpsc::Receiver<String>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, received) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut bytes = [0; 4096];
                let count = stream.read(&mut bytes).unwrap();
                let _ = sender.send(String::from_utf8_lossy(&bytes[..count]).into_owned());
                let _ = stream.write_all(answer);
            }
        });
        (port, received)
    }

    #[test]
    fn an_exchange_goes_in_and_out() {
        let (port, received) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: \xff\r\n\r\nbody");
        let code = format!(
            "request({port}, {{ method: 'PUT', headers: ['a', '\\xe9'], body: new Uint8Array([120]), proxy: undefined }})"
        );
        assert_eq!(
            run(&code),
            r#"[[1,"head",200,["content-length","4","x","ÿ"],"length"],[1,"data","body"],[1,"end"]]"#
        );
        let request = received.recv().unwrap();
        assert_eq!(request, "PUT / HTTP/1.1\r\nhost: a.test\r\na: \u{fffd}\r\ncontent-length: 1\r\n\r\nx");
    }

    #[test]
    fn failures_have_a_code_and_what_is_refused_is_thrown() {
        let (port, _) = server(b"HTTP/1.1 407 No\r\n\r\n");
        let code = format!(
            "request({port}, {{ isSecure: true, proxy: {{ isSecure: false, host: '127.0.0.1', port: {port}, authorization: 'x' }} }});
            try {{ request({port}, {{ target: '/ ' }}) }} catch (error) {{ log.push(error.code) }}
            try {{ request({port}, {{ headers: ['a', '\\n'] }}) }} catch (error) {{ log.push(error.code) }}"
        );
        assert_eq!(
            run(&code),
            r#"["ERR_UNESCAPED_CHARACTERS","ERR_INVALID_CHAR",[1,"failure","ERR_PROXY_TUNNEL",407]]"#
        );
    }

    #[test]
    fn nothing_follows_what_was_cancelled() {
        let (port, _) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
        let code = format!("request({port}); onNet = (number) => host.cancelNet(number);");
        assert_eq!(run(&code), r#"[[1,"head",200,["content-length","4"],"length"]]"#);
        assert_eq!(run(&format!("host.cancelNet(request({port}));")), "[]");
    }

    #[test]
    fn streams_datagrams_and_certificates_are_taken() {
        let (port, received) = server(b"");
        let code = format!(
            "const bytes = new Uint8Array([104, 105]);
            host.startStream({{ host: '127.0.0.1', port: {port}, isSecure: false, trust: 0 }}, bytes);
            host.startStream({{ path: '/nowhere/socket' }}, bytes);
            host.startStream({{ host: '127.0.0.1', port: {port}, isSecure: true, trust: host.loadCertificates('pem') }}, bytes);
            host.startDatagrams('127.0.0.1', {port}, [bytes, bytes]);"
        );
        let log = run(&code);
        for event in
            [r#"[1,"end"]"#, r#"[2,"failure","ENOENT",null]"#, r#"[3,"failure","ECONNRESET",null]"#, r#"[4,"end"]"#]
        {
            assert!(log.contains(event), "{event} in {log}");
        }
        assert_eq!(received.recv().unwrap(), "hi");
    }
}
