//! Names as addresses, without libc and the modules that it loads from an image: /etc/hosts, and the servers of
//! /etc/resolv.conf. No variable of the environment changes anything.

pub mod ask;
pub mod config;
pub mod hosts;
pub mod message;
pub mod name;

use super::fault::{Fault, Result};
use super::reactor::{Topic, wait_on};
use crate::limits;
use ask::Found;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

pub const NOT_FOUND: Fault = Fault::new("ENOTFOUND");
pub const TRY_AGAIN: Fault = Fault::new("EAI_AGAIN");

pub struct Resolver {
    /// Where the files and the servers' port are, for tests.
    pub hosts: String,
    pub config: String,
    pub port: u16,
    lookups: RefCell<Vec<Rc<Lookup>>>,
    /// Counts for `rotate`.
    asked: Cell<usize>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self {
            hosts: "/etc/hosts".into(),
            config: "/etc/resolv.conf".into(),
            port: 53,
            lookups: RefCell::default(),
            asked: Cell::new(0),
        }
    }
}

/// One name that is being asked for, or was a moment ago: all who want it wait for the same answer.
struct Lookup {
    host: String,
    answer: RefCell<Option<Result<Vec<IpAddr>>>>,
    until: Cell<Option<Instant>>,
    is_abandoned: Cell<bool>,
    changed: Topic,
}

/// Whoever asks may be cancelled; then another has to ask.
struct Asking(Rc<Lookup>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.is_abandoned.set(self.0.answer.borrow().is_none());
        self.0.changed.publish();
    }
}

impl Resolver {
    /// In the order in which they are to be tried; at least one. `ENOTFOUND`: there is no such name, or no address of it.
    /// `EAI_AGAIN`: no server answers.
    pub async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>> {
        if let Some(addresses) = without_asking(host) {
            return Ok(addresses);
        }
        loop {
            let (lookup, is_new) = self.lookup(host);
            if is_new {
                return self.ask(lookup).await;
            }
            let answer = poll_fn(|_| {
                if let Some(answer) = &*lookup.answer.borrow() {
                    return Poll::Ready(Some(answer.clone()));
                }
                if lookup.is_abandoned.get() {
                    return Poll::Ready(None);
                }
                wait_on(lookup.changed);
                Poll::Pending
            });
            if let Some(answer) = answer.await {
                return answer;
            }
        }
    }

    /// One that is under way or still holds, or a new one.
    fn lookup(&self, host: &str) -> (Rc<Lookup>, bool) {
        let mut all = self.lookups.borrow_mut();
        let now = Instant::now();
        all.retain(|lookup| !lookup.is_abandoned.get() && lookup.until.get().is_none_or(|until| now < until));
        if let Some(known) = all.iter().find(|lookup| lookup.host.eq_ignore_ascii_case(host)) {
            return (known.clone(), false);
        }
        let lookup = Rc::new(Lookup {
            host: host.to_string(),
            answer: RefCell::new(None),
            until: Cell::new(None),
            is_abandoned: Cell::new(false),
            changed: Topic::default(),
        });
        all.push(lookup.clone());
        (lookup, true)
    }

    async fn ask(&self, lookup: Rc<Lookup>) -> Result<Vec<IpAddr>> {
        let asking = Asking(lookup.clone());
        let answer = self.look_up(&lookup.host).await;
        let (answer, holds) = match answer {
            Ok(Found { addresses, ttl }) => (Ok(addresses), ttl.min(limits::MAX_NAME_SECONDS)),
            // For those who wait, and for no later one.
            Err(fault) => (Err(fault), 0),
        };
        lookup.until.set(Some(Instant::now() + Duration::from_secs(holds.into())));
        *lookup.answer.borrow_mut() = Some(answer.clone());
        drop(asking);
        answer
    }

    async fn look_up(&self, host: &str) -> Result<Found> {
        let addresses = hosts::addresses(&read(&self.hosts, limits::MAX_HOSTS_BYTES), host);
        if !addresses.is_empty() {
            return Ok(Found { addresses, ttl: 0 });
        }
        let config = config::parse(&read(&self.config, limits::MAX_RESOLV_CONF_BYTES));
        let first = if config.rotates { self.asked.replace(self.asked.get() + 1) } else { 0 };
        let mut failure = NOT_FOUND;
        for name in name::candidates(host, &config) {
            match ask::ask(&name, &config, self.port, first).await {
                Err(fault) if fault == NOT_FOUND => {}
                // Another name may still be found, but it is not known that there is none.
                Err(fault) => failure = fault,
                found => return found,
            }
        }
        Err(failure)
    }
}

/// A file that cannot be read says nothing, as one that is empty.
fn read(path: &str, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        let _ = file.take(limit).read_to_end(&mut bytes);
    }
    bytes
}

/// Addresses themselves, and this host's names (RFC 6761).
fn without_asking(host: &str) -> Option<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Some(vec![address]);
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    (name == "localhost" || name.ends_with(".localhost"))
        .then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
}
