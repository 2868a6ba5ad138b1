//! Every letter is signed and verified (DKIM), in both forms of canonicalisation.

use std::collections::BTreeMap;

use super::{letters_in_files, nothing_is_wrong, said, script};
use crate::daemon::servers_with;

#[test]
fn a_signature_of_every_letter_holds_also_without_blanks_at_the_ends_of_lines() {
    let Some(servers) = servers_with("usr/lib/python3/dist-packages/dkim") else {
        return;
    };
    let (_folder, letters, _mails) = letters_in_files();
    let said: BTreeMap<String, Vec<String>> = said(
        script("python3", "sign.py")
            .env("PYTHONPATH", servers.join("usr/lib/python3/dist-packages"))
            .arg(&letters),
    );
    let wrong: Vec<String> = said
        .into_iter()
        .map(|(name, what)| format!("{name}: {what:?}"))
        .collect();
    nothing_is_wrong(&wrong);
}
