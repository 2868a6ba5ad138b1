//! Runs that are not root's, whoever runs the tests: root may read and write whatever there is.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::Path,
};

use rustix::process::geteuid;

use super::Campaign;

/// A user who owns nothing on any machine.
const NOBODY: u32 = 65534;

/// Starts another program with its arguments, but a copy of ours that this user can reach in place of ours.
const START: &str = r#"copy=$0; case "$1" in */appel) shift; exec "$copy" "$@";; *) exec "$@";; esac"#;

/// All that is there of a campaign so far becomes another user's, and so does every run. Without root the user who runs
/// the tests will do.
pub fn as_nobody(campaign: Campaign) -> Campaign {
    if !geteuid().is_root() {
        return campaign;
    }
    give(campaign.root());
    let copy = campaign.root().join("appel");
    let program = Path::new(env!("CARGO_BIN_EXE_appel"));
    if fs::hard_link(program, &copy).is_err() {
        fs::copy(program, &copy).expect("a copy of the program");
    }
    let user = [&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}")].map(ToOwned::to_owned);
    let mut through = vec!["setpriv".to_owned()];
    through.extend(user);
    through.extend(["--clear-groups", "--", "/bin/sh", "-c", START].map(str::to_owned));
    through.push(copy.display().to_string());
    campaign.through(through)
}

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give away what is its own");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder of ours") {
            give(&entry.expect("an entry of a folder of ours").path());
        }
    }
}

/// What a run can neither read nor write any more, as one under `sudo` leaves it; and the command that fixes it.
pub fn take_away(path: &Path) -> &'static str {
    if geteuid().is_root() {
        chown(path, Some(0), Some(0)).expect("root may have everything");
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a file of ours");
        "sudo chown -R \"$USER\" "
    } else {
        fs::set_permissions(path, fs::Permissions::from_mode(0o0)).expect("a file of ours");
        "chmod u+rw"
    }
}

/// Undoes it.
pub fn give_back(path: &Path) {
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a file of ours");
    if geteuid().is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give away what is its own");
    }
}
