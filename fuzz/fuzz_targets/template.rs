//! Templates.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: appel_fuzz::write_seeds("template"),
    |input: &[u8]| appel_fuzz::watch(input, appel_fuzz::template::check)
);
