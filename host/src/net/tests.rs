//! Exchanges with raw servers that answer what they like, each in a thread of the test.

mod answers;
mod names;
mod proxies;
mod reuse;
mod sending;
mod server;
mod tls;

use super::exchange::{self, Event, Events, Outlet};
use super::pool::Pool;
use super::reactor::{Reactor, poll_for_tests};
use super::request::Request;
use super::route::{Route, Ways};
use std::rc::Rc;

/// As the natives hold it together.
#[derive(Default)]
pub struct Client {
    pub reactor: Reactor,
    pub events: Events,
    pub pool: Rc<Pool>,
    pub ways: Rc<Ways>,
}

/// How an exchange went, for tables.
#[derive(Debug, PartialEq, Eq, Default, Clone)]
pub struct Outcome {
    pub status: u16,
    pub body: String,
    pub ended_by: &'static str,
    /// `end`, or the code of a failure.
    pub end: String,
}

impl Client {
    pub fn start(&mut self, request: Request) -> (u32, Rc<Outlet>) {
        let (events, pool, ways) = (self.events.clone(), self.pool.clone(), self.ways.clone());
        let mut kept = None;
        let number = self.reactor.spawn(|number| {
            let outlet = Rc::new(Outlet::new(number, events));
            kept = Some(outlet.clone());
            Box::pin(exchange::run(request, pool, ways, outlet))
        });
        (number, kept.unwrap())
    }

    /// Until everything that was started is over.
    pub fn finish(&mut self) {
        self.reactor.run();
        while !self.reactor.is_empty() {
            self.reactor.look(-1.0, poll_for_tests);
        }
    }

    pub fn outcome(&self, number: u32) -> Outcome {
        let mut outcome = Outcome::default();
        for (of, event) in self.events.borrow().iter() {
            if *of != number {
                continue;
            }
            match event {
                Event::Head(head, ended_by) => (outcome.status, outcome.ended_by) = (head.status, ended_by),
                Event::Data(data) => outcome.body += &String::from_utf8_lossy(data),
                Event::End => outcome.end = "end".into(),
                Event::Failed(fault) => {
                    outcome.end = fault.code.to_string();
                    if let Some(status) = fault.status {
                        outcome.end += &format!(" {status}");
                    }
                }
            }
        }
        outcome
    }

    pub fn ask(&mut self, request: Request) -> Outcome {
        let (number, outlet) = self.start(request);
        outlet.make_room(usize::MAX / 2);
        self.finish();
        self.outcome(number)
    }
}

pub fn route(port: u16) -> Route {
    Route { is_secure: false, host: "127.0.0.1".into(), port, trust: 0, proxy: None }
}

pub fn get(port: u16) -> Request {
    request("GET", route(port))
}

pub fn request(method: &str, route: Route) -> Request {
    let authority = format!("{}:{}", route.host, route.port);
    Request { route, method: method.into(), authority, target: "/path?query".into(), headers: Vec::new(), body: None }
}
