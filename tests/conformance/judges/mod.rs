//! Programs that others wrote, asked what they make of the letters of all cases: mail servers, parsers, a signer, filters, a browser.
//!
//! `scripts/install-test-servers` brings them; where they are missing these tests say so and do nothing, and where
//! `APPEL_TEST_SERVERS` names the folder, as `scripts/test` does, they fail.

mod browser;
mod dkim;
mod filters;
mod parsers;
mod servers;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::sent::{self, Mail};

/// A script of this folder, started by its interpreter, in an environment of its own.
fn script(interpreter: &str, name: &str) -> Command {
    let mut command = Command::new(interpreter);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LC_ALL", "C.UTF-8")
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/conformance/judges")
                .join(name),
        );
    command
}

/// Whether a program is there that is not among the servers; a word about it when it is not.
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(program).exists());
    let required = std::env::var_os("APPEL_TEST_SERVERS").is_some_and(|name| !name.is_empty());
    assert!(
        is_there || !required,
        "there is no {program}: run scripts/install-test-servers"
    );
    if !is_there {
        eprintln!("left out: there is no {program} (scripts/install-test-servers)");
    }
    is_there
}

/// What a script printed, as JSON.
#[track_caller]
fn said<T: serde::de::DeserializeOwned>(command: &mut Command) -> T {
    let output = command.output().expect("the judge's interpreter is there");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{stderr}");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error} in {}\n{stderr}", String::from_utf8_lossy(&output.stdout)))
}

/// A folder with all letters in it, under their names.
fn letters_in_files() -> (TempDir, PathBuf, Vec<Mail>) {
    let mails = sent::mails();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let letters = folder.path().join("letters");
    fs::create_dir(&letters).expect("a folder of ours");
    for mail in &mails {
        fs::write(letters.join(&mail.name), &mail.bytes).expect("a file of ours");
    }
    (folder, letters, mails)
}

/// Fails with all that is wrong.
#[track_caller]
fn nothing_is_wrong(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}
