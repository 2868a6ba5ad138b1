//! An allocator that refuses what is over a limit: libFuzzer itself looks at the memory once a second only.

#![expect(unsafe_code, reason = "an allocator cannot be had without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[global_allocator]
static COUNTED: Counted = Counted;

static HELD: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

struct Counted;

/// Runs `act`; more than so many bytes at once on top of what is there already, and the program aborts.
pub fn at_most(bytes: usize, act: impl FnOnce()) {
    LIMIT.store(HELD.load(Relaxed).saturating_add(bytes), Relaxed);
    act();
    LIMIT.store(usize::MAX, Relaxed);
}

fn take(bytes: usize) -> bool {
    let fits = HELD.fetch_add(bytes, Relaxed).saturating_add(bytes) <= LIMIT.load(Relaxed);
    if !fits {
        HELD.fetch_sub(bytes, Relaxed);
        // Whoever reports the failed allocation needs memory too.
        LIMIT.store(usize::MAX, Relaxed);
    }
    fits
}

// SAFETY: every call goes to the system's allocator as it came, or gives no memory, which callers must expect.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if take(layout.size()) {
            unsafe { System.alloc(layout) }
        } else {
            std::ptr::null_mut()
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if take(layout.size()) {
            unsafe { System.alloc_zeroed(layout) }
        } else {
            std::ptr::null_mut()
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if take(size) {
            HELD.fetch_sub(layout.size(), Relaxed);
            unsafe { System.realloc(pointer, layout, size) }
        } else {
            std::ptr::null_mut()
        }
    }
}
