//! When memory runs out, the process ends as with any internal error: Rust's own way is SIGABRT, and a message of
//! which `RUST_BACKTRACE` decides how long it is. QuickJS has its own memory, and throws.

use crate::process;
use std::alloc::{GlobalAlloc, Layout, System};

struct OrEnd;

#[global_allocator]
static MEMORY: OrEnd = OrEnd;

// SAFETY: the system's allocator, but that none of its failures is returned.
unsafe impl GlobalAlloc for OrEnd {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        or_end(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        or_end(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        or_end(unsafe { System.realloc(memory, layout, size) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) };
    }
}

fn or_end(memory: *mut u8) -> *mut u8 {
    if memory.is_null() {
        // Written as it is: to put text together takes memory.
        process::write_all(
            2,
            b"envseal: error: internal error: out of memory\nenvseal: hint: give the container more memory, or check its limits\n",
        );
        process::exit(70);
    }
    memory
}
