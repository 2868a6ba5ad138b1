//! The run that `appel send` makes, of the library's own parts: with its ledger, or with one that forgets.
//!
//! The program has no way to send without a ledger, and gets none for a benchmark. What is between the two runs of this
//! is what the ledger costs. It is a program of its own (this benchmark, started with `--deliver`), so that it is held
//! on a processor and measured as the real one is.

use std::future::ready;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use appel::clock::Clock;
use appel::failure::Style;
use appel::input::{self, Private, Sources};
use appel::outbox::delivery::Interrupt;
use appel::outbox::kept::Kept;
use appel::outbox::ledger::{
    self, Answer, Claimed, Durability, Entry, LedgerReader, LedgerWriter, Location, NoLedger, at_once,
};
use appel::outbox::quota::Quota;
use appel::report::log::LogFile;
use appel::report::screen::Screen;
use appel::run::compose::Composer;
use appel::run::preflight::{Checked, Preflight, preflight};
use appel::run::send::{SendSettings, Sending};
use appel::transport::smtp::{Learned, Settings, SmtpTransport, Trust};
use appel_core::letter::{Message, Rules, Selection};
use appel_messages::{Catalog, Locale};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Sends the campaign in a folder, of which nothing was sent, and keeps what it writes in another; every letter has to
/// be accepted.
pub fn run(folder: &Path, kept: &Path, forgets: bool) -> ExitCode {
    let composer = composer(folder);
    let log = LogFile::open(
        &kept.join("log.jsonl"),
        false,
        Clock::System,
        Catalog::of(Locale::English),
    )
    .expect("a log");
    let (due, accepted) = if forgets {
        let found = write_all(&composer, &mut NoLedger);
        let due = found.due;
        let (accepted, Forgetful) = send(&composer, found, Forgetful, log);
        (due, accepted)
    } else {
        let now = Clock::System.now();
        let location = Location::from(kept.join("ledger"));
        let mut ledger = at_once(ledger::open(&location, now)).expect("a ledger");
        let found = write_all(&composer, &mut *ledger);
        let due = found.due;
        let (accepted, ledger) = send(&composer, found, ledger, log);
        at_once(ledger.close(now)).expect("room on the disk");
        (due, accepted)
    };
    if accepted == due && due > 0 {
        ExitCode::SUCCESS
    } else {
        eprintln!("{accepted} of {due} letters were accepted");
        ExitCode::FAILURE
    }
}

/// Writes nothing, and says that it is written.
struct Forgetful;

impl LedgerWriter for Forgetful {
    fn write(&mut self, entries: Vec<Entry>, _: Durability) -> Answer<'_, Vec<Claimed>> {
        let claims = entries.iter().filter(|entry| matches!(entry, Entry::Claim(_)));
        Box::pin(ready(Ok(claims.map(|_| Claimed::Ours).collect())))
    }
}

/// What turns the rows of the campaign in a folder into messages.
pub fn composer(folder: &Path) -> Arc<Composer> {
    let sources = Sources {
        config: folder.join("config.toml"),
        account: None,
        account_required: false,
        private: Private::default(),
    };
    let loaded = input::load(&sources, Clock::System.now());
    let input = loaded.input.expect("the campaign is valid");
    let composer = Composer::new(input, Selection::default(), None);
    composer.unwrap_or_else(|failure| panic!("{}", failure.render(&Style::PLAIN)))
}

fn runtime() -> Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

/// Of a sender who sent nothing before.
fn rules() -> Rules {
    Rules {
        recent: Some(Arc::default()),
        ..Rules::to_look(Clock::System.now())
    }
}

/// Writes every letter once, as the run does before it connects.
pub fn write_all(composer: &Composer, ledger: &mut dyn LedgerReader) -> Preflight {
    let found = runtime().block_on(preflight(composer, ledger, &rules(), 1, |_| Ok(())));
    found.unwrap_or_else(|failure| panic!("{}", failure.render(&Style::PLAIN)))
}

/// The message that goes to the first recipient.
pub fn first(composer: &Composer) -> Message {
    let mut first = None;
    let each = |checked: Checked| {
        if let (None, Checked::Due { letter, text, date }) = (&first, checked) {
            first = Some(composer.message(letter, text, date)?);
        }
        Ok(())
    };
    let written = runtime().block_on(preflight(composer, &mut NoLedger, &rules(), 1, each));
    written.unwrap_or_else(|failure| panic!("{}", failure.render(&Style::PLAIN)));
    first.expect("a recipient")
}

/// How many letters were accepted.
fn send<L: LedgerWriter + 'static>(
    composer: &Arc<Composer>,
    mut found: Preflight,
    ledger: L,
    log: LogFile,
) -> (usize, L) {
    let smtp = composer.input.smtp.as_ref().expect("a server");
    let transport = SmtpTransport::new(
        Settings::new(smtp, None, "home.example", Learned::default()),
        &Trust::System { ca_file: None },
    );
    let sending = Sending {
        composer: Arc::clone(composer),
        rules: rules(),
        settings: SendSettings {
            connections: smtp.connections,
            rate: smtp.rate,
            retry_for: smtp.retry_for,
            quota: Quota::new(None, Vec::new()),
            letters_per_connection: None,
            signs_in: false,
        },
        kept: Some(Arc::new(Kept::beside(
            &std::env::temp_dir().join(format!("appel-bench-{}", std::process::id())),
        ))),
        clock: Clock::System,
        listeners: vec![Box::new(Screen::new(found.due, true, Style::PLAIN)), Box::new(log)],
    };
    let planned = std::mem::take(&mut found.found);
    let sent = runtime().block_on(
        sending.deliver(transport.expect("no certificate is read"), ledger, planned, || {
            Ok(watch::channel(Interrupt::None).1)
        }),
    );
    let (ended, ledger) = sent.unwrap_or_else(|failure| panic!("{}", failure.render(&Style::PLAIN)));
    if let Some(stop) = ended.stop {
        eprintln!("{stop:?}");
    }
    (ended.summary.accepted, ledger)
}
