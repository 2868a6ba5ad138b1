//! At a terminal, which tmux plays: the question before sending, and Ctrl-C as a person types it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use appel_messages::accented::plain;

use crate::support::{Campaign, LANGUAGE, Server, Step};

/// Nothing that a test waits for takes longer on any machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A terminal in which `appel send` runs; it is gone when this is.
pub struct Terminal<'c> {
    campaign: &'c Campaign,
    socket: PathBuf,
}

/// Runs "$@", which Ctrl-C reaches and this shell outlives, and says how it ended and how it left the terminal.
const SHELL: &str = r#"trap : INT; "$@"; echo "code=$?"; stty -a; echo "end"; cat"#;

impl<'c> Terminal<'c> {
    /// `None`, and a word about it, when there is no tmux.
    pub fn of(campaign: &'c Campaign, arguments: &[&str]) -> Option<Self> {
        // A server that is told to end lets go of its socket some time later: the next one needs another.
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let socket = campaign.root().join(format!("tmux{number}"));
        let terminal = Self { campaign, socket };
        let start = ["/bin/sh", "-c", SHELL, "sh", env!("CARGO_BIN_EXE_appel")];
        let command = [&start, &LANGUAGE[..], arguments].concat();
        let started = terminal.tmux(&[&["new-session", "-d", "-x", "100", "-y", "60"], &command[..]].concat());
        if started.is_some() {
            return Some(terminal);
        }
        let required = std::env::var_os("APPEL_TEST_SERVERS").is_some_and(|name| !name.is_empty());
        assert!(!required, "there is no tmux");
        eprintln!("left out: there is no tmux");
        None
    }

    fn tmux(&self, arguments: &[&str]) -> Option<String> {
        let socket = self.socket.display().to_string();
        let arguments = [&["-S", &*socket, "-f", "/dev/null"], arguments].concat();
        let mut tmux = self.campaign.other_command(Path::new("tmux"), &arguments);
        let output = tmux.env("LC_ALL", "C.UTF-8").stderr(Stdio::null()).output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]).expect("a key can be pressed");
    }

    /// Waits until this is to be seen, and says what is to be seen then.
    #[track_caller]
    pub fn wait_for(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.tmux(&["capture-pane", "-p"]).expect("the terminal is there");
            let screen = plain(&screen);
            if screen.contains(words) {
                return screen;
            }
            assert!(begun.elapsed() < LIMIT, "{words:?} is not to be seen:\n{screen}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the end, and checks the exit code and that the terminal is as it was.
    #[track_caller]
    pub fn ends(&self, code: i32) -> String {
        let screen = self.wait_for("\nend\n");
        assert!(screen.contains(&format!("code={code}\n")), "not {code}:\n{screen}");
        for mode in ["echo", "icanon", "isig"] {
            let is_set = screen.split_whitespace().any(|word| word == mode);
            assert!(is_set, "the terminal has lost {mode}:\n{screen}");
        }
        let cursor = self.tmux(&["display-message", "-p", "#{cursor_flag}"]);
        assert_eq!(cursor.as_deref(), Some("1\n"), "the cursor is gone");
        screen
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn ctrl_c_at_the_question_sends_nothing_and_leaves_the_terminal_as_it_was() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let Some(terminal) = Terminal::of(&campaign, &["send"]) else {
        return;
    };
    terminal.wait_for("Send 2 letters? [y/N]");
    terminal.press("C-c");
    terminal.ends(130);
    assert_eq!(server.connections(), 0);
    assert_eq!(campaign.standing(), [0, 0, 0, 0, 2]);
    campaign.send_json(&[]).exits(0);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn only_a_yes_to_the_question_sends() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    for keys in [&["n", "Enter"][..], &["Enter"], &["x", "Enter"], &["C-d"]] {
        let Some(terminal) = Terminal::of(&campaign, &["send"]) else {
            return;
        };
        terminal.wait_for("Send 2 letters? [y/N]");
        keys.iter().for_each(|key| terminal.press(key));
        let screen = terminal.ends(0);
        assert!(screen.contains("Nothing was sent."), "{screen}");
        assert_eq!(server.connections(), 0);
    }
    for yes in ["y", "YES"] {
        let campaign = Campaign::new().people(2).smtp(&server);
        let Some(terminal) = Terminal::of(&campaign, &["send"]) else {
            return;
        };
        terminal.wait_for("Send 2 letters? [y/N]");
        terminal.press(yes);
        terminal.press("Enter");
        terminal.ends(0);
        assert_eq!(campaign.standing(), [2, 0, 0, 0, 0]);
    }
}

#[test]
fn ctrl_c_typed_while_letters_leave_is_the_same_as_the_signal() {
    for twice in [false, true] {
        let server = Server::builder().on(Step::FinalDot).letter(1).hold().start();
        let campaign = Campaign::new().people(3).smtp(&server);
        let Some(terminal) = Terminal::of(&campaign, &["send", "--yes"]) else {
            return;
        };
        server.wait_for_holds(1);
        terminal.press("C-c");
        terminal.wait_for("press Ctrl-C again to stop at once");
        if twice {
            terminal.press("C-c");
        } else {
            server.release();
        }
        terminal.ends(130);
        server.release();
        let expected = if twice { [0, 0, 0, 1, 2] } else { [1, 0, 0, 0, 2] };
        assert_eq!(campaign.standing(), expected);
        assert_eq!(server.taken().len(), 1);
    }
}

#[test]
fn a_question_says_what_it_is_about_however_quiet_the_run_is() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients("ministry,The Ministry,minister@mfa.example,,,hidden@other.example\n")
        .smtp(&server);
    let Some(terminal) = Terminal::of(&campaign, &["send", "--quiet"]) else {
        return;
    };
    let screen = terminal.wait_for("Send 1 letter? [y/N]");
    for words in ["minister@mfa.example", "hidden@other.example", "Addresses in all: 2"] {
        assert!(screen.contains(words), "{words}:\n{screen}");
    }
    terminal.press("Enter");
    terminal.ends(0);
}

#[test]
fn nothing_is_drawn_over_the_question_for_the_password() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server).set("smtp.username", "ann");
    let Some(terminal) = Terminal::of(&campaign, &["send", "--yes"]) else {
        return;
    };
    let screen = terminal.wait_for("Password of ann at 127.0.0.1");
    assert!(!screen.contains("0/1"), "a bar is drawn:\n{screen}");
    terminal.press("C-c");
    assert_eq!(server.connections(), 0);
}
