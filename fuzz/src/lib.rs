//! What `appel` promises of any input, held against inputs that libFuzzer makes up.
//!
//! `scripts/fuzz` builds the targets and runs them; each is one function here, which panics when a promise is broken.
//! `docs/fuzzing.md` says what they check, and what to do with what they find.

pub mod config;
pub mod ledger;
pub mod recipients;
pub mod smtp;
pub mod template;

mod desk;
mod letters;
mod memory;
mod said;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// So long may one input take. In processor time, so that a busy machine makes no finding; libFuzzer ends by the clock
/// on the wall what never returns.
const LONGEST: Duration = Duration::from_secs(2);
/// So many bytes may be held for one input.
const LARGEST: usize = 256 << 20;

/// Runs one input, and sees to it that it takes neither long nor much memory.
///
/// # Panics
/// When a promise is broken, or the input takes too long.
pub fn watch(input: &[u8], check: fn(&[u8])) {
    let begun = processor_time();
    memory::at_most(LARGEST, || check(input));
    let spent = processor_time().saturating_sub(begun);
    assert!(spent <= LONGEST, "this input took {spent:.1?} of processor time");
}

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or(0))
}
