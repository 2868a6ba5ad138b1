//! `config.toml` and the account file.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: appel_fuzz::write_seeds("config"),
    |input: &[u8]| appel_fuzz::watch(input, appel_fuzz::config::check)
);
