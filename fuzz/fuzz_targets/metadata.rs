//! Files that go with letters.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: appel_fuzz::write_seeds("metadata"),
    |input: &[u8]| appel_fuzz::watch(input, appel_fuzz::metadata::check)
);
