//! What an SMTP server says.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: appel_fuzz::write_seeds("smtp"),
    |input: &[u8]| appel_fuzz::watch(input, appel_fuzz::smtp::check)
);
