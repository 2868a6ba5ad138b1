//! The program that is measured, with a campaign of its own: nothing of the machine's user is seen by it.

use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::campaign::{self, Sending};
use crate::program::{Taken, Used, Where, run, watch};

/// What the server wants to hear when it wants a password.
pub const PASSWORD: &str = "correct horse battery staple";

/// A campaign's folder, and what the program remembers of it.
pub struct Campaign {
    folder: PathBuf,
    pub letters: u32,
}

impl Campaign {
    pub fn new(folder: &Path, letters: u32, sending: &Sending) -> Self {
        campaign::write(folder, letters, sending);
        Self {
            folder: folder.to_owned(),
            letters,
        }
    }

    pub fn configure(&self, sending: &Sending) {
        campaign::configure(&self.folder, sending);
    }

    /// The program in the campaign's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .env("HOME", &self.folder)
            .env("XDG_CONFIG_HOME", self.folder.join("none"))
            .env("XDG_STATE_HOME", self.state())
            .env("APPEL_SMTP_PASSWORD", PASSWORD)
            .current_dir(&self.folder)
            .args(arguments);
        command
    }

    /// A dry run that knows of no ledger.
    pub fn dry_run(&self) -> Command {
        let mut command = self.command(&["send", "--dry-run"]);
        command.env("XDG_STATE_HOME", self.folder.join("none"));
        command
    }

    /// The run that sends.
    pub fn sending(&self) -> Command {
        self.command(&["send", "--yes", "--quiet", "--own-folder"])
    }

    /// A first run: nothing is remembered from an earlier one, and everything is remembered of this one.
    pub fn send(&self, place: Where) -> Taken {
        self.forget();
        let taken = run(&mut place.hold(self.sending()));
        self.check(self.letters);
        taken
    }

    /// The same, with its memory watched.
    pub fn watched(&self) -> Used {
        self.forget();
        let used = watch(&mut self.sending());
        self.check(self.letters);
        used
    }

    /// Nothing was ever sent.
    pub fn forget(&self) {
        // It may not be there yet.
        let _ = std::fs::remove_dir_all(self.state());
    }

    /// So many letters have to be accepted by now, says the ledger.
    pub fn check(&self, accepted: u32) {
        let status = self
            .command(&["status", "--json"])
            .stderr(Stdio::inherit())
            .output()
            .expect("appel can be run");
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("status --json prints an object");
        assert_eq!(status["accepted"], accepted, "{status}");
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state")
    }
}

/// The program as cargo built it for the benchmark, optimised.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_appel"));
    command.env_clear();
    command
}

/// A campaign of a million, which several rows share: making it, and sending it once, takes minutes.
#[derive(Default)]
pub struct Million {
    campaign: OnceCell<Campaign>,
    /// Whether it was sent, and what that took.
    sent: Cell<Option<Used>>,
    dry_run: Cell<Option<Used>>,
}

impl Million {
    /// The campaign; whatever was sent of it is remembered.
    pub fn campaign(&self, folder: &Path, letters: u32) -> &Campaign {
        self.campaign.get_or_init(|| {
            eprintln!("writing a campaign of {letters} letters");
            Campaign::new(&folder.join("million"), letters, &Sending::plain(25, 1))
        })
    }

    /// What sending took; it is sent by `send` the first time, and then never again.
    pub fn sent(&self, send: impl FnOnce() -> Used) -> Used {
        let used = self.sent.get().unwrap_or_else(send);
        self.sent.set(Some(used));
        used
    }

    /// What a dry run of the campaign takes, which is watched once.
    pub fn dry_run(&self, campaign: &Campaign) -> Used {
        let used = self.dry_run.get().unwrap_or_else(|| watch(&mut campaign.dry_run()));
        self.dry_run.set(Some(used));
        used
    }
}
