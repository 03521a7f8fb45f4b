//! One request and its answer, from beginning to end.

use super::body::Body;
use super::fault::{Fault, Result};
use super::framing::body_of;
use super::head::Head;
use super::pool::{Lease, Pool};
use super::reactor::{Topic, wait_on};
use super::request::Request;
use super::route::Ways;
use crate::limits;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// With how the end of the body will be known.
    Head(Head, &'static str),
    Data(Vec<u8>),
    /// The whole body has come; of what is sent alone, all of it was taken.
    End,
    Failed(Fault),
}

pub type Events = Rc<RefCell<VecDeque<(u32, Event)>>>;

/// Where an exchange's events go, and how much of the body it may still bring.
pub struct Outlet {
    pub number: u32,
    pub events: Events,
    room: Cell<usize>,
    has_room: Topic,
}

impl Outlet {
    pub fn new(number: u32, events: Events) -> Self {
        Self { number, events, room: Cell::new(limits::BODY_AHEAD_BYTES), has_room: Topic::default() }
    }

    pub fn push(&self, event: Event) {
        self.events.borrow_mut().push_back((self.number, event));
    }

    /// So many bytes of the body were used.
    pub fn make_room(&self, bytes: usize) {
        self.room.set(self.room.get().saturating_add(bytes));
        self.has_room.publish();
    }

    /// May overshoot by what one read brings.
    async fn wait_for_room(&self) {
        poll_fn(|_| {
            if self.room.get() > 0 {
                return Poll::Ready(());
            }
            wait_on(self.has_room);
            Poll::Pending
        })
        .await;
    }

    fn push_data(&self, data: Vec<u8>) {
        self.room.set(self.room.get().saturating_sub(data.len()));
        if !data.is_empty() {
            self.push(Event::Data(data));
        }
    }
}

/// Ends with `Event::End` or `Event::Failed`.
pub async fn run(request: Request, pool: Rc<Pool>, ways: Rc<Ways>, outlet: Rc<Outlet>) {
    outlet.push(match ask(&request, &pool, &ways, &outlet).await {
        Ok(()) => Event::End,
        Err(fault) => Event::Failed(fault),
    });
}

async fn ask(request: &Request, pool: &Rc<Pool>, ways: &Ways, outlet: &Outlet) -> Result<()> {
    let mut lease = pool.lease(&request.route, ways, false).await?;
    let head = match ask_on(&mut lease, request).await {
        // The peer may end a connection that waits at any time, and just then.
        Err(Unanswered { has_begun: false, .. }) if lease.is_reused && request.is_repeatable() => {
            drop(lease);
            lease = pool.lease(&request.route, ways, true).await?;
            ask_on(&mut lease, request).await.map_err(|unanswered| unanswered.fault)?
        }
        result => result.map_err(|unanswered| unanswered.fault)?,
    };
    let mut body = body_of(&head, request.is_head())?;
    let keeps_alive = head.keeps_alive() && !matches!(body, Body::Close { .. });
    outlet.push(Event::Head(head, body.ended_by()));
    read_body(&mut body, &mut lease, outlet).await?;
    if keeps_alive && lease.connection().is_idle() {
        lease.give_back();
    }
    Ok(())
}

struct Unanswered {
    fault: Fault,
    /// Whether a byte of an answer had come.
    has_begun: bool,
}

async fn ask_on(lease: &mut Lease, request: &Request) -> std::result::Result<Head, Unanswered> {
    let connection = lease.connection();
    connection.send(request.encode());
    for count in 0..=limits::MAX_INTERIM_ANSWERS {
        match connection.receive_head().await {
            // Nothing was asked to be switched.
            Ok(head) if head.status == 101 => break,
            Ok(head) if head.status < 200 => {}
            Ok(head) => return Ok(head),
            Err(fault) => {
                return Err(Unanswered { fault, has_begun: count > 0 || !connection.input().is_empty() });
            }
        }
    }
    Err(Unanswered { fault: Fault::new("HPE_INVALID_STATUS"), has_begun: true })
}

async fn read_body(body: &mut Body, lease: &mut Lease, outlet: &Outlet) -> Result<()> {
    let connection = lease.connection();
    while !body.is_done() {
        let mut data = Vec::new();
        let result = body.decode(connection.input(), &mut data);
        // What came before a fault is given, so that it is the same however it was cut into pieces.
        outlet.push_data(data);
        connection.consume(result?);
        if body.is_done() {
            break;
        }
        outlet.wait_for_room().await;
        if !connection.receive().await? {
            body.end()?;
        }
    }
    Ok(())
}
