//! A run of the program: under way, and what came of it.

use std::{
    io::Read,
    process::{Child, ChildStdout, Command, ExitStatus},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::english::{Given, left_over};
use appel_messages::accented::plain;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// No run of a test takes longer on any machine; one that does has hung.
const LIMIT: Duration = Duration::from_mins(2);

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` when a signal ended it.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Checks the exit code, and shows what was said when it is another.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            self.status,
            Some(code),
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Checks that all of these stand in stderr.
    #[track_caller]
    pub fn says(&self, words: &[&str]) -> &Self {
        for words in words {
            assert!(
                self.stderr.contains(words),
                "no {words:?} in stderr:\n{}\n--- stdout\n{}",
                self.stderr,
                self.stdout
            );
        }
        self
    }

    /// Checks that all of these stand in stdout.
    #[track_caller]
    pub fn prints(&self, words: &[&str]) -> &Self {
        for words in words {
            assert!(
                self.stdout.contains(words),
                "no {words:?} in stdout:\n{}\n--- stderr\n{}",
                self.stdout,
                self.stderr
            );
        }
        self
    }

    /// Each line of stdout as the JSON object it has to be.
    #[track_caller]
    pub fn json_events(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        self.stdout.lines().map(parse).collect()
    }

    /// The events of letters.
    #[track_caller]
    pub fn letters(&self) -> Vec<Value> {
        self.json_events()
            .into_iter()
            .filter(|event| event["event"] == "letter")
            .collect()
    }

    /// The one event of a letter to this address.
    #[track_caller]
    pub fn letter_to(&self, address: &str) -> Value {
        let mut letters: Vec<_> = self
            .letters()
            .into_iter()
            .filter(|letter| letter["to"] == address)
            .collect();
        assert_eq!(
            letters.len(),
            1,
            "letters to {address} in\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        letters.remove(0)
    }

    /// Each letter as `address outcome`, with the reason when it was skipped; sorted.
    #[track_caller]
    pub fn outcomes(&self) -> Vec<String> {
        let line = |letter: &Value| {
            let word = |key: &str| letter[key].as_str().map(str::to_owned);
            [word("to"), word("outcome"), word("reason")]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let mut lines: Vec<_> = self.letters().iter().map(line).collect();
        lines.sort();
        lines
    }

    /// The summary, which is the last line and the only one of its kind.
    #[track_caller]
    pub fn summary(&self) -> Value {
        let mut events = self.json_events();
        let summaries = events.iter().filter(|event| event["event"] == "summary").count();
        assert_eq!(
            summaries, 1,
            "summaries in\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        let last = events.pop().unwrap_or_default();
        assert_eq!(
            last["event"], "summary",
            "the summary is not the last line:\n{}",
            self.stdout
        );
        last
    }

    /// `due accepted deferred refused in_doubt skipped` of the summary.
    #[track_caller]
    pub fn counts(&self) -> [u64; 6] {
        let summary = self.summary();
        ["due", "accepted", "deferred", "refused", "in_doubt", "skipped"]
            .map(|key| summary[key].as_u64().unwrap_or_else(|| panic!("no {key} in {summary}")))
    }
}

/// The [`Run::counts`] of a run in which everything was accepted.
pub const fn accepted(letters: u64) -> [u64; 6] {
    [letters, letters, 0, 0, 0, 0]
}

/// A run under way; one that is forgotten is killed.
pub struct Running {
    child: Child,
    stdout: Option<Output>,
    stderr: Option<Output>,
    given: Given,
}

impl Running {
    pub fn start(command: Command) -> Self {
        let mut running = Self::start_unread(command);
        running.stdout = running.child.stdout.take().map(Output::collect);
        running
    }

    /// A run whose stdout is left to the test: [`Running::take_stdout`].
    pub fn start_unread(mut command: Command) -> Self {
        let given = Given::to(&command);
        let mut child = command.spawn().expect("the program can be run");
        let stderr = child.stderr.take().map(Output::collect);
        Self {
            child,
            stdout: None,
            stderr,
            given,
        }
    }

    pub fn take_stdout(&mut self) -> ChildStdout {
        self.child
            .stdout
            .take()
            .expect("stdout is there, and nobody took it before")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    /// SIGKILL, and then its end.
    pub fn kill(mut self) -> Run {
        // It may have ended by itself: then this does nothing.
        let _ = self.child.kill();
        self.end()
    }

    /// SIGINT, as Ctrl-C sends it.
    pub fn interrupt(&mut self) {
        self.signal(Signal::INT);
    }

    /// SIGTERM.
    pub fn terminate(&mut self) {
        self.signal(Signal::TERM);
    }

    /// SIGHUP, as a terminal that is closed sends it.
    pub fn hang_up(&mut self) {
        self.signal(Signal::HUP);
    }

    fn signal(&mut self, signal: Signal) {
        // Once it is collected, its number may be somebody else's.
        if self.has_ended() {
            return;
        }
        let id = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process has an id");
        let _ = kill_process(id, signal);
    }

    /// Waits until it has said this on stderr.
    #[track_caller]
    pub fn wait_for_words(&self, words: &str) {
        let begun = Instant::now();
        while !self.has_said(words) {
            let stderr = self.stderr.as_ref().map(Output::so_far);
            assert!(
                begun.elapsed() < LIMIT,
                "{words:?} was not said:\n{}",
                stderr.unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether it has said this on stderr.
    pub fn has_said(&self, words: &str) -> bool {
        let stderr = self.stderr.as_ref().expect("stderr is read until the end");
        plain(&stderr.so_far()).contains(words)
    }

    /// Waits until it has told, in JSON, of so many letters that were accepted.
    #[track_caller]
    pub fn wait_for_accepted(&self, letters: usize) {
        let stdout = self.stdout.as_ref().expect("stdout is read until the end");
        let accepted =
            |line: &&str| line.starts_with(r#"{"event":"letter""#) && line.contains(r#","outcome":"accepted","#);
        let begun = Instant::now();
        while stdout.so_far().lines().filter(accepted).count() < letters {
            assert!(
                begun.elapsed() < LIMIT,
                "{letters} were not accepted:\n{}",
                stdout.so_far()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn wait(mut self) -> Run {
        self.end()
    }

    fn end(&mut self) -> Run {
        let ended = self.ended();
        let [stdout, stderr] =
            [self.stdout.take(), self.stderr.take()].map(|output| output.map_or(String::new(), Output::whole));
        if self.given.is_accented {
            for screen in [&stdout, &stderr] {
                let left = left_over(screen, &self.given);
                assert!(left.is_empty(), "not in the catalogue: {left:#?}");
            }
        }
        let [stdout, stderr] = [stdout, stderr].map(|output| plain(&output));
        let ended = ended.unwrap_or_else(|| panic!("the run hung\n--- stdout\n{stdout}\n--- stderr\n{stderr}"));
        Run {
            status: ended.code(),
            stdout,
            stderr,
        }
    }

    /// `None` when it had to be killed for taking too long.
    fn ended(&mut self) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return Some(status);
            }
            if begun.elapsed() > LIMIT {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run has written so far.
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Output {
    fn collect(mut from: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = from.read(&mut chunk) {
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&chunk[..read]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn whole(self) -> String {
        let Self { bytes, reader } = self;
        reader.join().expect("reading does not panic");
        let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
