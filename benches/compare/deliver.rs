//! The run that `appel send` makes, put together from the library once more: with its ledger, or with one that forgets.
//!
//! The program has no way to send without a ledger, and gets none for a benchmark. What is between the two runs of this
//! is what the ledger costs. It is a program of its own (this benchmark, started with `--deliver`), so that it is held
//! on a processor and measured as the real one is.

use std::future::ready;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use appel::clock::Clock;
use appel::input::{self, Input, Sources};
use appel::outbox::delivery::{Interrupt, Letters, Options, deliver};
use appel::outbox::event::Listener;
use appel::outbox::ledger::{
    self, Answer, Claimed, Durability, Entry, LedgerReader, LedgerWriter, Location, NoLedger, at_once,
};
use appel::outbox::quota::Quota;
use appel::report::log::LogFile;
use appel::report::screen::Screen;
use appel::run::planning::Planning;
use appel::transport::smtp::{Settings, SmtpTransport, Trust};
use appel_core::Problem;
use appel_core::letter::{
    Attachments, Decision, Letter, Message, Notes, Plan, Renderer, Rules, Selection, Text, compose,
};
use jiff::Timestamp;
use jiff::tz::Offset;
use tokio::sync::watch;

/// Sends the campaign in a folder, of which nothing was sent, and keeps what it writes in another; every letter has to
/// be accepted.
pub fn run(folder: &Path, kept: &Path, forgets: bool) -> ExitCode {
    let workshop = Workshop::of(folder);
    let log = LogFile::open(&kept.join("log.jsonl"), false, Clock::System).expect("a log");
    let (due, accepted) = if forgets {
        let (due, notes) = workshop.survey(&mut NoLedger);
        let (accepted, Forgetful) = workshop.send(due, notes, Forgetful, log);
        (due, accepted)
    } else {
        let now = Clock::System.now();
        let location = Location::from(kept.join("ledger"));
        let mut ledger = at_once(ledger::open(&location, now)).expect("a ledger");
        let (due, notes) = workshop.survey(&mut *ledger);
        let (accepted, ledger) = workshop.send(due, notes, ledger, log);
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

/// Everything that turns rows into messages.
pub struct Workshop {
    input: Input,
    plan: Arc<Plan>,
    renderer: Renderer,
    attachments: Attachments,
}

impl Workshop {
    /// Of the campaign in a folder.
    pub fn of(folder: &Path) -> Arc<Self> {
        let sources = Sources {
            config: folder.join("config.toml"),
            account: None,
            account_required: false,
            private: appel::input::Private::default(),
        };
        let loaded = input::load(&sources, Clock::System.now());
        let input = loaded.input.expect("the campaign is valid");
        let plan = Plan::new(&input.campaign, &input.sender, input.limits, Selection::default());
        let renderer = Renderer::new(&input.campaign, &input.sender, None);
        Arc::new(Self {
            plan: plan.expect("a list that can be read"),
            renderer: renderer.expect("templates that can be used"),
            attachments: Attachments::new(),
            input,
        })
    }

    /// Of a sender who sent nothing before.
    fn rules() -> Rules {
        Rules {
            recent: Some(Arc::default()),
            ..Rules::to_look(Clock::System.now())
        }
    }

    fn text(&self, letter: &Letter, date: Timestamp) -> Result<Text, Problem> {
        self.renderer.render(letter, Offset::UTC.to_datetime(date).date())
    }

    fn message(&self, letter: &Letter, date: Timestamp) -> Result<Message, Problem> {
        let text = self.text(letter, date)?;
        compose(letter, &text, &self.input.sender, &self.attachments, date)
    }

    /// Writes every letter once, as the run does before it connects; how many there are, and what was found of them.
    fn survey(&self, ledger: &mut dyn LedgerReader) -> (usize, Notes) {
        let rules = Self::rules();
        let mut due = 0;
        let mut planning = Planning::new(self.plan.decider(&rules), self.plan.candidates(), ledger);
        while let Some(decision) = at_once(Box::pin(planning.next())).expect("a ledger to read") {
            if let Decision::Due(letter) = decision {
                let date = letter.date(rules.now);
                self.text(&letter, date).expect("a letter");
                due += 1;
            }
        }
        (due, planning.into_notes())
    }

    /// The same for whoever has no ledger.
    pub fn write_all(&self) -> usize {
        self.survey(&mut NoLedger).0
    }

    /// The message that goes to the first recipient.
    pub fn first(&self) -> Message {
        let now = Clock::System.now();
        let letters = self
            .plan
            .decisions(&Rules::to_look(now))
            .filter_map(|decision| match decision {
                Decision::Due(letter) => Some(letter),
                _ => None,
            });
        let letter = letters.take(1).last().expect("a recipient");
        self.message(&letter, now).expect("a letter")
    }

    /// How many letters were accepted: see `run/send.rs`.
    fn send<L: LedgerWriter + 'static>(
        self: &Arc<Self>,
        due: usize,
        notes: Notes,
        mut ledger: L,
        log: LogFile,
    ) -> (usize, L) {
        let Input {
            campaign, sender, smtp, ..
        } = &self.input;
        let smtp = smtp.as_ref().expect("a server");
        let transport = SmtpTransport::new(Settings::new(smtp, None), &Trust::System { ca_file: None });
        let transport = Arc::new(transport.expect("no certificate is read"));
        let mut story: Vec<Box<dyn Listener>> = vec![Box::new(Screen::new(due, true)), Box::new(log)];
        let options = Options {
            campaign: campaign.id.clone(),
            sender: sender.email.clone(),
            connections: smtp.connections,
            rate: smtp.rate,
            retry_for: smtp.retry_for,
            deadline: campaign.deadline,
            quota: Quota::new(None, Vec::new()),
            clock: Clock::System,
            seed: 1,
        };
        let letters = Box::new(Outgoing {
            workshop: Arc::clone(self),
            decisions: Box::new(
                self.plan
                    .decisions_by(&Rules::to_look(Clock::System.now()), notes.into_iter()),
            ),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (ended, ledger) = runtime.expect("a runtime").block_on(async {
            let (_nobody, interrupt) = watch::channel(Interrupt::None);
            let run = tokio::spawn(async move {
                let ended = deliver(transport, &mut ledger, letters, options, interrupt, &mut story).await;
                (ended, ledger)
            });
            run.await.expect("a run that ends")
        });
        if let Some(stop) = ended.stop {
            eprintln!("{stop:?}");
        }
        (ended.summary.accepted, ledger)
    }
}

/// The letters of one run, in order.
struct Outgoing {
    workshop: Arc<Workshop>,
    decisions: Box<dyn Iterator<Item = Decision> + Send>,
}

impl Letters for Outgoing {
    fn next(&mut self) -> Option<Decision> {
        self.decisions.next()
    }

    fn message(&self, letter: &Letter, date: Timestamp) -> Result<Message, Problem> {
        self.workshop.message(letter, date)
    }
}
