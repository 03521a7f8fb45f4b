//! Connections that several requests use, one after the other. One that is given back is there for the next request of
//! its route; whoever finds all of a route's connections taken waits.

use super::connection::Connection;
use super::fault::Result;
use super::reactor::{Topic, wait_on};
use super::route::{Route, Ways};
use crate::limits;
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

#[derive(Default)]
pub struct Pool {
    origins: RefCell<Vec<Origin>>,
}

struct Origin {
    route: Route,
    idle: Vec<Connection>,
    /// In use, being made, or idle.
    open: usize,
    changed: Topic,
}

pub struct Lease {
    connection: Option<Connection>,
    /// Whether it has answered before: it may have died since.
    pub is_reused: bool,
    place: Place,
}

/// One of the connections that a route may have open.
struct Place {
    pool: Rc<Pool>,
    route: Route,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pool.with(&self.route, |origin| {
            origin.open -= 1;
            origin.changed.publish();
        });
    }
}

impl Pool {
    /// `is_fresh`: a new one, because an idle one has just been found dead.
    pub async fn lease(self: &Rc<Self>, route: &Route, ways: &Ways, is_fresh: bool) -> Result<Lease> {
        let (place, idle) = poll_fn(|_| self.with(route, |origin| self.take(origin, is_fresh))).await;
        let is_reused = idle.is_some();
        let connection = match idle {
            Some(connection) => connection,
            None => route.connect(ways).await?,
        };
        Ok(Lease { connection: Some(connection), is_reused, place })
    }

    fn take(self: &Rc<Self>, origin: &mut Origin, is_fresh: bool) -> Poll<(Place, Option<Connection>)> {
        let route = origin.route.clone();
        let place = || Place { pool: self.clone(), route };
        while let Some(mut connection) = origin.idle.pop() {
            if !is_fresh && connection.is_idle() {
                return Poll::Ready((place(), Some(connection)));
            }
            origin.open -= 1;
        }
        if origin.open == limits::MAX_CONNECTIONS_AN_ORIGIN {
            wait_on(origin.changed);
            return Poll::Pending;
        }
        origin.open += 1;
        Poll::Ready((place(), None))
    }

    fn with<T>(&self, route: &Route, use_it: impl FnOnce(&mut Origin) -> T) -> T {
        let mut origins = self.origins.borrow_mut();
        let index = origins.iter().position(|origin| origin.route == *route).unwrap_or_else(|| {
            origins.push(Origin { route: route.clone(), idle: Vec::new(), open: 0, changed: Topic::default() });
            origins.len() - 1
        });
        use_it(&mut origins[index])
    }
}

impl Lease {
    pub fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is only taken by give_back")
    }

    /// For the next request: after a whole answer, on a connection that the peer keeps.
    pub fn give_back(mut self) {
        let Some(connection) = self.connection.take() else { return };
        let pool = self.place.pool.clone();
        pool.with(&self.place.route, |origin| {
            origin.idle.push(connection);
            // The place goes with it: what its drop is about to take back.
            origin.open += 1;
        });
    }
}
