//! Runs futures on one thread. A future that is polled says what it waits for: descriptors, a time, a topic. It is polled
//! again when any of that comes; each poll begins with a clean slate, so nothing is waited for that is over.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// What one future makes known to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Topic(u64);

#[derive(Default)]
struct Waits {
    descriptors: Vec<(i32, i16)>,
    until: Option<Instant>,
    topics: Vec<Topic>,
}

thread_local! {
    /// The waits of the future that is being polled.
    static WAITS: RefCell<Waits> = RefCell::default();
    static PUBLISHED: RefCell<Vec<Topic>> = RefCell::default();
    static NEXT_TOPIC: Cell<u64> = const { Cell::new(0) };
}

/// `events` as poll(2) has them.
pub fn wait_for(descriptor: i32, events: i16) {
    WAITS.with_borrow_mut(|waits| waits.descriptors.push((descriptor, events)));
}

pub fn wait_until(at: Instant) {
    WAITS.with_borrow_mut(|waits| waits.until = Some(waits.until.map_or(at, |known| known.min(at))));
}

pub fn wait_on(topic: Topic) {
    WAITS.with_borrow_mut(|waits| waits.topics.push(topic));
}

impl Default for Topic {
    /// One that no other is.
    fn default() -> Self {
        NEXT_TOPIC.set(NEXT_TOPIC.get() + 1);
        Self(NEXT_TOPIC.get())
    }
}

impl Topic {
    /// Wakes whatever waits on it.
    pub fn publish(self) {
        PUBLISHED.with_borrow_mut(|all| all.push(self));
    }
}

/// `None` when the time is over first. What was waited for is then dropped.
pub async fn before<T>(at: Instant, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending if Instant::now() >= at => Poll::Ready(None),
        Poll::Pending => {
            wait_until(at);
            Poll::Pending
        }
    })
    .await
}

#[derive(Default)]
pub struct Reactor {
    tasks: BTreeMap<u32, Entry>,
    last: u32,
}

struct Entry {
    task: Task,
    waits: Waits,
    is_ready: bool,
}

impl Reactor {
    /// It is polled first by the next `run`. `make` gets its number.
    pub fn spawn(&mut self, make: impl FnOnce(u32) -> Task) -> u32 {
        self.last += 1;
        let entry = Entry { task: make(self.last), waits: Waits::default(), is_ready: true };
        self.tasks.insert(self.last, entry);
        self.last
    }

    /// Drops it with all that it has open. `false` for one that is over.
    pub fn cancel(&mut self, number: u32) -> bool {
        self.tasks.remove(&number).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Polls everything for which something has come, until all of it waits.
    pub fn run(&mut self) {
        loop {
            self.wake_readers();
            let ready: Vec<u32> =
                self.tasks.iter().filter(|(_, entry)| entry.is_ready).map(|(number, _)| *number).collect();
            if ready.is_empty() {
                return;
            }
            for number in ready {
                self.poll(number);
            }
        }
    }

    fn poll(&mut self, number: u32) {
        let Some(entry) = self.tasks.get_mut(&number) else { return };
        entry.is_ready = false;
        WAITS.take();
        let result = entry.task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        entry.waits = WAITS.take();
        if result.is_ready() {
            self.tasks.remove(&number);
        }
    }

    fn wake_readers(&mut self) {
        let published = PUBLISHED.take();
        for entry in self.tasks.values_mut() {
            entry.is_ready |= entry.waits.topics.iter().any(|topic| published.contains(topic));
        }
    }

    /// Sleeps until something comes for a task, or as long as `timeout_ms` says: below 0 for ever. `sleep` is poll(2),
    /// which may also return earlier.
    pub fn look(&mut self, timeout_ms: f64, sleep: impl FnOnce(&mut [libc::pollfd], f64)) {
        // What was started or published since must not wait for something else to come.
        self.run();
        let mut polled: Vec<libc::pollfd> = Vec::new();
        let mut owners: Vec<u32> = Vec::new();
        for (number, entry) in &self.tasks {
            for &(fd, events) in &entry.waits.descriptors {
                polled.push(libc::pollfd { fd, events, revents: 0 });
                owners.push(*number);
            }
        }
        sleep(&mut polled, self.shorter(timeout_ms));
        for (descriptor, owner) in polled.iter().zip(owners) {
            if descriptor.revents != 0
                && let Some(entry) = self.tasks.get_mut(&owner)
            {
                entry.is_ready = true;
            }
        }
        let now = Instant::now();
        for entry in self.tasks.values_mut() {
            entry.is_ready |= entry.waits.until.is_some_and(|until| until <= now);
        }
        self.run();
    }

    fn shorter(&self, timeout_ms: f64) -> f64 {
        let Some(first) = self.tasks.values().filter_map(|entry| entry.waits.until).min() else { return timeout_ms };
        let left_ms = first.saturating_duration_since(Instant::now()).as_secs_f64() * 1e3;
        if timeout_ms < 0.0 { left_ms } else { left_ms.min(timeout_ms) }
    }
}

pub fn after_ms(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}

/// For tests: runs one future to its end, with poll(2).
#[cfg(test)]
pub fn block_on<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    let result = std::rc::Rc::new(RefCell::new(None));
    let slot = result.clone();
    let mut reactor = Reactor::default();
    reactor.spawn(|_| Box::pin(async move { *slot.borrow_mut() = Some(future.await) }));
    reactor.run();
    while !reactor.is_empty() {
        reactor.look(-1.0, poll_for_tests);
    }
    result.take().unwrap()
}

#[cfg(test)]
pub fn poll_for_tests(descriptors: &mut [libc::pollfd], timeout_ms: f64) {
    let timeout = if timeout_ms < 0.0 { -1 } else { timeout_ms.ceil() as i32 };
    let _ = crate::process::poll(descriptors, timeout);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn what_is_waited_for_ends_with_its_time() {
        let never = poll_fn(|_| Poll::<()>::Pending);
        assert_eq!(block_on(before(after_ms(1), never)), None);
        assert_eq!(block_on(before(after_ms(60_000), async { 7 })), Some(7));
    }

    #[test]
    fn a_topic_wakes_those_who_wait_on_it_and_no_other() {
        let (mut reactor, topic, polls) = (Reactor::default(), Topic::default(), Rc::new(Cell::new((0, 0))));
        let (first, second) = (polls.clone(), polls.clone());
        reactor.spawn(|_| {
            Box::pin(poll_fn(move |_| {
                first.set((first.get().0 + 1, first.get().1));
                wait_on(topic);
                Poll::Pending
            }))
        });
        reactor.spawn(|_| {
            Box::pin(poll_fn(move |_| {
                second.set((second.get().0, second.get().1 + 1));
                wait_on(Topic::default());
                Poll::Pending
            }))
        });
        reactor.run();
        assert_eq!(polls.get(), (1, 1));
        topic.publish();
        reactor.run();
        assert_eq!(polls.get(), (2, 1));
    }

    #[test]
    fn to_cancel_a_task_drops_what_it_holds() {
        let held = Rc::new(());
        let inside = held.clone();
        let mut reactor = Reactor::default();
        let number = reactor.spawn(|_| {
            Box::pin(async move {
                poll_fn(|_| Poll::<()>::Pending).await;
                drop(inside);
            })
        });
        reactor.run();
        assert!(reactor.cancel(number) && !reactor.cancel(number));
        assert_eq!(Rc::strong_count(&held), 1);
    }
}
