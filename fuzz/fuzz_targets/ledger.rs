//! The ledger, and the marks beside it.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: appel_fuzz::write_seeds("ledger"),
    |input: &[u8]| appel_fuzz::watch(input, appel_fuzz::ledger::check)
);
