//! What `appel` promises of any input, held against inputs that libFuzzer makes up.
//!
//! `scripts/fuzz` builds the targets and runs them; each is one function here, which panics when a promise is broken.
//! `docs/fuzzing.md` says what they check, and what to do with what they find.

pub mod config;
pub mod ledger;
pub mod metadata;
pub mod recipients;
pub mod smtp;
pub mod template;

mod desk;
mod letters;
mod long;
mod memory;
mod said;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// So long may one input take, on a machine that has nothing else to do.
const LONGEST: Duration = Duration::from_secs(2);
/// So many bytes may be held for one input.
const LARGEST: usize = 256 << 20;

/// Runs one input, and sees to it that it takes neither long nor much memory.
///
/// # Panics
/// When a promise is broken, or the input takes too long.
pub fn watch(input: &[u8], check: fn(&[u8])) {
    let (begun, waited) = (Instant::now(), waited_for_a_processor());
    memory::at_most(LARGEST, || check(input));
    // What others took of the machine is no fault of the input; what it slept is.
    let spent = begun
        .elapsed()
        .saturating_sub(waited_for_a_processor().saturating_sub(waited));
    assert!(spent <= LONGEST, "this input took {spent:.1?}");
}

/// Writes inputs to begin with, which are made rather than kept in the tree, to the folder that `$APPEL_FUZZ_SEEDS` names.
///
/// # Panics
/// When they cannot be written.
pub fn write_seeds(target: &str) {
    let Some(folder) = std::env::var_os("APPEL_FUZZ_SEEDS") else {
        return;
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("a folder for seeds");
    for (name, input) in long::inputs(target) {
        fs::write(folder.join(format!("long-{name}")), input).expect("a seed");
    }
    if target == "ledger" {
        ledger::write_seeds(folder);
    }
}

/// How long this thread has been ready to go on, and could not; nothing, where the system does not tell.
fn waited_for_a_processor() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split_ascii_whitespace().nth(1);
    Duration::from_nanos(nanoseconds.and_then(|number| number.parse().ok()).unwrap_or(0))
}
