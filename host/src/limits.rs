//! Every bound of the host, in one place.

/// Of the JavaScript heap: far above what a start takes, so that a bug ends in an error and not in the machine's memory.
pub const MAX_HEAP_BYTES: usize = 512 * 1024 * 1024;
/// Of JavaScript's stack; the kernel gives 8 MiB, and a start may have as little as 16 MiB of address space.
pub const MAX_STACK_BYTES: usize = 1024 * 1024;
/// Below it no garbage is collected: a start makes a few MiB of it, and a collection costs as much as all of that start.
pub const GC_THRESHOLD_BYTES: usize = 64 * 1024 * 1024;
/// What `readFile` and its kin begin with; files in /proc have no size.
pub const FIRST_READ_BYTES: usize = 4096;
/// How long a start waits until the process that it leaves behind cannot be looked into any more, in ms.
pub const DETACH_WAIT_MS: i32 = 1000;
