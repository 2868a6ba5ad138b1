//! `recipients.csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: appel_fuzz::write_seeds("recipients"),
    |input: &[u8]| appel_fuzz::watch(input, appel_fuzz::recipients::check)
);
