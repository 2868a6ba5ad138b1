//! The ledger, and the marks beside it.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os("APPEL_FUZZ_SEEDS") {
            appel_fuzz::ledger::write_seeds(folder.as_ref());
        }
    },
    |input: &[u8]| appel_fuzz::watch(input, appel_fuzz::ledger::check)
);
