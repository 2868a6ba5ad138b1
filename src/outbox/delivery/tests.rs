use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use appel_core::address::Address;
use appel_core::letter::{Attachments, Decision, Letter, LetterId, Message, Renderer, Rules, Selection, compose};
use appel_core::outcome::{Outcome, Reason, Reply, Status};
use appel_core::testing::{Made, given};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::*;
use crate::clock::Clock;
use crate::failure::Problem;
use crate::input::config::Rate;
use crate::outbox::event::{Event, LetterEvent, Verdict};
use crate::outbox::ledger::{self, Claimed, Doing, Durability, Entry, LastTry, LedgerError, LedgerWriter};
use crate::outbox::quota::Quota;
use crate::transport::{Attempt, ConnectError, Sent, Session, Step, Then, Watcher};

/// Letters to `r0@x.example`, `r1@x.example` and so on.
pub struct List {
    decisions: Box<dyn Iterator<Item = Decision> + Send>,
    made: Made,
    renderer: Renderer,
    earlier: BTreeMap<LetterId, LastTry>,
}

impl List {
    pub fn of(letters: usize) -> Box<dyn Letters> {
        let mut rows = "role,name,email,salutation\n".to_owned();
        for number in 0..letters {
            rows.push_str(&format!("embassy,Somebody,r{number}@x.example,Sir\n"));
        }
        let made = given().rows(&rows).made();
        let plan = made.plan(Selection::default());
        Box::new(Self {
            decisions: Box::new(plan.decisions(&Rules::to_look(start()))),
            renderer: made.renderer(None),
            made,
            earlier: BTreeMap::new(),
        })
    }
}

impl Letters for List {
    fn next(&mut self) -> Option<Decision> {
        self.decisions.next()
    }

    fn earlier_no(&self, id: LetterId) -> Option<LastTry> {
        self.earlier.get(&id).cloned()
    }

    fn message(&self, letter: &Letter, date: Timestamp) -> Result<Message, Problem> {
        let text = self
            .renderer
            .render(letter, jiff::tz::Offset::UTC.to_datetime(date).date())?;
        compose(letter, &text, &self.made.sender, &Attachments::new(), date)
    }
}

fn start() -> Timestamp {
    "2011-12-16T18:54:00Z".parse().unwrap()
}

/// What a server answers to the nth try of a letter, counted from 1.
type Answer = dyn Fn(&str, usize) -> Attempt + Send + Sync;

/// A server that takes a tenth of a second for a letter and remembers what it took.
#[derive(Clone)]
pub struct Server {
    tries: Arc<Mutex<BTreeMap<String, usize>>>,
    taken: Arc<Mutex<Vec<String>>>,
    answer: Arc<Answer>,
}

impl Server {
    fn new(answer: impl Fn(&str, usize) -> Attempt + Send + Sync + 'static) -> Self {
        Self {
            tries: Arc::default(),
            taken: Arc::default(),
            answer: Arc::new(answer),
        }
    }

    pub fn that_takes_everything() -> Self {
        Self::new(|_, _| said(Status::Accepted, 250))
    }

    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

fn said(status: Status, code: u16) -> Attempt {
    let outcome = Outcome::new(status, Reply::said(code, "so it goes"));
    Attempt::Ended(Sent::all(outcome, Then::Reuse))
}

impl Transport for Server {
    type Session = Self;
    async fn connect(&self, _: &dyn Watcher) -> Result<Self, ConnectError> {
        Ok(self.clone())
    }
}

impl Session for Server {
    async fn send(&mut self, message: &Message) -> Attempt {
        let to = message.envelope.to.as_str();
        sleep(Duration::from_millis(100)).await;
        let attempt = {
            let mut tries = self.tries.lock().unwrap();
            let tries = tries.entry(to.to_owned()).or_default();
            *tries += 1;
            (self.answer)(to, *tries)
        };
        if let Attempt::Ended(sent) = &attempt
            && sent.outcome.status == Status::Accepted
        {
            self.taken.lock().unwrap().push(to.to_owned());
        }
        attempt
    }
    async fn close(self) {}
}

/// A ledger on paper, which fails at its nth write and holds everybody to the order of things.
pub struct Paper {
    left: usize,
    writes: usize,
    claimed: BTreeSet<LetterId>,
    begun: BTreeSet<LetterId>,
    refused: BTreeSet<LetterId>,
    /// Whose letters another run has by now, and how it left them.
    taken_by_others: BTreeSet<String>,
    others_left: Option<Status>,
}

impl Paper {
    fn that_fails_at(write: usize) -> Self {
        Self {
            left: write,
            writes: 0,
            claimed: BTreeSet::new(),
            begun: BTreeSet::new(),
            refused: BTreeSet::new(),
            taken_by_others: BTreeSet::new(),
            others_left: None,
        }
    }

    pub fn good() -> Self {
        Self::that_fails_at(usize::MAX)
    }
}

impl LedgerWriter for Paper {
    fn write(&mut self, entries: Vec<Entry>, durability: Durability) -> ledger::Answer<'_, Vec<Claimed>> {
        self.writes += 1;
        if self.writes > self.left {
            return Box::pin(ready(Err(LedgerError::Unusable {
                path: "paper".to_owned(),
                doing: Doing::Write,
                cause: appel_messages::Message::quote("the disk is full"),
            })));
        }
        let mut answers = Vec::new();
        for entry in entries {
            match entry {
                Entry::Claim(intent) => {
                    assert_eq!(durability, Durability::Power, "a claim must be durable");
                    if self.taken_by_others.remove(&intent.recipient) {
                        answers.push(Claimed::Lost(self.others_left));
                        continue;
                    }
                    assert!(self.claimed.insert(intent.id), "claimed twice");
                    answers.push(Claimed::Ours);
                }
                Entry::Begin(id) => {
                    assert!(self.claimed.remove(&id), "begun without a claim");
                    assert!(self.begun.insert(id), "begun twice");
                }
                Entry::Outcome(attempted) => assert!(self.begun.remove(&attempted.id), "ended before it began"),
                Entry::Refuse(id) => assert!(self.refused.insert(id), "refused twice"),
                Entry::Release(id) => assert!(
                    self.claimed.remove(&id) || self.begun.remove(&id),
                    "released without a claim"
                ),
            }
        }
        Box::pin(ready(Ok(answers)))
    }
}

#[derive(Default)]
pub struct Ear(Vec<LetterEvent>);

impl Listener for Ear {
    fn hear(&mut self, event: &Event) {
        if let Event::Letter(letter) = event {
            self.0.push((**letter).clone());
        }
    }
}

impl Ear {
    pub fn outcomes(&self) -> BTreeMap<String, Verdict> {
        let outcomes: BTreeMap<_, _> = self.0.iter().map(|event| (event.to.clone(), event.outcome)).collect();
        assert_eq!(outcomes.len(), self.0.len(), "a letter was told twice");
        outcomes
    }

    fn counts(&self, verdict: Verdict) -> usize {
        self.outcomes().values().filter(|outcome| **outcome == verdict).count()
    }
}

pub fn options(connections: usize) -> Options {
    Options {
        letters_per_connection: None,
        signs_in: true,
        campaign: "test".to_owned(),
        sender: Address::parse("ann@home.example").unwrap(),
        connections,
        rate: Rate::Unlimited,
        retry_for: Duration::from_mins(15),
        deadline: None,
        quota: Quota::default(),
        kept: None,
        clock: Clock::Driven {
            from: start(),
            since: Instant::now(),
        },
        seed: 7,
    }
}

async fn run(letters: usize, server: &Server, ledger: &mut Paper, options: Options) -> (Ended, Ear) {
    let (_sender, interrupt) = watch::channel(Interrupt::None);
    run_until(letters, server, ledger, options, interrupt).await
}

async fn run_until(
    letters: usize,
    server: &Server,
    ledger: &mut Paper,
    options: Options,
    interrupt: watch::Receiver<Interrupt>,
) -> (Ended, Ear) {
    let mut ear = Ear::default();
    let server = Arc::new(server.clone());
    let ended = deliver(server, ledger, List::of(letters), options, interrupt, &mut ear).await;
    (ended, ear)
}

#[tokio::test(start_paused = true)]
async fn whenever_the_ledger_fails_every_letter_is_named_and_none_the_server_took_is_called_unsent() {
    const LETTERS: usize = 60;
    for connections in [1, 5] {
        for write in 0.. {
            let server = Server::that_takes_everything();
            let mut ledger = Paper::that_fails_at(write);
            let (ended, ear) = run(LETTERS, &server, &mut ledger, options(connections)).await;
            let outcomes = ear.outcomes();
            assert_eq!(
                outcomes.len(),
                LETTERS,
                "not every letter is named when write {write} fails"
            );
            for to in server.taken() {
                let outcome = outcomes[&to];
                assert!(
                    matches!(outcome, Verdict::Accepted | Verdict::InDoubt),
                    "{to} is {outcome:?}"
                );
            }
            assert_eq!(ended.summary.due, LETTERS);
            if ended.stop.is_none() {
                assert_eq!(ear.counts(Verdict::Accepted), LETTERS);
                break;
            }
            assert!(matches!(ended.stop, Some(Stop::Ledger(_))));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_another_run_has_is_told_as_the_ledger_has_it_and_the_others_leave() {
    for (others_left, told) in [
        (None, Verdict::NotTried),
        (Some(Status::Deferred), Verdict::NotTried),
        (Some(Status::Accepted), Verdict::Skipped),
        (Some(Status::InDoubt), Verdict::Skipped),
    ] {
        let server = Server::that_takes_everything();
        let mut ledger = Paper {
            taken_by_others: ["r1@x.example", "r5@x.example"].map(str::to_owned).into(),
            others_left,
            ..Paper::good()
        };
        let (ended, ear) = run(6, &server, &mut ledger, options(2)).await;
        let outcomes = ear.outcomes();
        assert_eq!(outcomes.len(), 6);
        for (to, outcome) in outcomes {
            let lost = ["r1@x.example", "r5@x.example"].contains(&&*to);
            assert_eq!(outcome, if lost { told } else { Verdict::Accepted }, "{to}");
        }
        assert_eq!(server.taken().len(), 4);
        assert!(ended.stop.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_deferred_is_tried_again_with_growing_pauses_and_told_once() {
    let server = Server::new(|to, nth| {
        if to == "r1@x.example" && nth < 4 {
            said(Status::Deferred, 451)
        } else {
            said(Status::Accepted, 250)
        }
    });
    let begin = Instant::now();
    let (ended, ear) = run(3, &server, &mut Paper::good(), options(2)).await;
    assert_eq!(ear.counts(Verdict::Accepted), 3);
    assert!(ended.stop.is_none());
    // 1 + 2 + 4 seconds, more or less a fifth.
    let seconds = begin.elapsed().as_secs_f64();
    assert!((5.6..9.0).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn what_is_deferred_too_long_is_left_for_the_next_run() {
    let server = Server::new(|_, _| said(Status::Deferred, 451));
    let begin = Instant::now();
    let options = Options {
        retry_for: Duration::from_mins(1),
        ..options(2)
    };
    let (ended, ear) = run(3, &server, &mut Paper::good(), options).await;
    assert_eq!((ear.counts(Verdict::Deferred), ended.summary.deferred), (3, 3));
    assert!((Duration::from_secs(20)..Duration::from_secs(65)).contains(&begin.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_was_deferred_does_not_use_up_the_daily_limit() {
    let server = Server::new(|_, nth| {
        if nth == 1 {
            said(Status::Deferred, 451)
        } else {
            said(Status::Accepted, 250)
        }
    });
    let options = Options {
        quota: Quota::new(Some(4), []),
        ..options(2)
    };
    let (ended, ear) = run(4, &server, &mut Paper::good(), options.clone()).await;
    assert_eq!(ear.counts(Verdict::Accepted), 4);
    assert!(ended.stop.is_none());
    let server = Server::that_takes_everything();
    let (ended, ear) = run(6, &server, &mut Paper::good(), options).await;
    assert_eq!((ear.counts(Verdict::Accepted), ear.counts(Verdict::NotTried)), (4, 2));
    assert!(matches!(ended.stop, Some(Stop::DailyLimit(_))));
}

#[tokio::test(start_paused = true)]
async fn no_letter_begins_after_the_deadline() {
    let server = Server::that_takes_everything();
    let options = Options {
        rate: Rate::Every(Duration::from_secs(10)),
        deadline: Some("2011-12-16T18:54:25Z".parse().unwrap()),
        ..options(2)
    };
    let (ended, ear) = run(6, &server, &mut Paper::good(), options).await;
    assert_eq!((ear.counts(Verdict::Accepted), ear.counts(Verdict::NotTried)), (3, 3));
    assert!(matches!(ended.stop, Some(Stop::Deadline)));
}

#[tokio::test(start_paused = true)]
async fn the_first_interruption_finishes_what_is_in_flight_and_the_second_leaves_it_in_doubt() {
    for (most, accepted, in_doubt) in [(Interrupt::Finish, 4, 0), (Interrupt::Now, 2, 2)] {
        let (sender, interrupt) = watch::channel(Interrupt::None);
        let interrupter = tokio::spawn(async move {
            sleep(Duration::from_millis(150)).await;
            sender.send_replace(most);
            sender.closed().await;
        });
        let server = Server::that_takes_everything();
        let mut ledger = Paper::good();
        let (ended, ear) = run_until(100, &server, &mut ledger, options(2), interrupt).await;
        assert!(matches!(ended.stop, Some(Stop::Interrupted)));
        assert_eq!(ear.counts(Verdict::Accepted), accepted);
        assert_eq!(ear.counts(Verdict::InDoubt), in_doubt);
        assert_eq!(ear.counts(Verdict::NotTried), 96);
        assert!(ledger.claimed.is_empty(), "what was claimed and not begun is released");
        interrupter.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn four_letters_running_whose_sender_is_refused_end_the_run_and_are_due_again() {
    let server = Server::new(|_, _| {
        let reply = Reply::said(550, "not you");
        Attempt::Ended(Sent {
            step: Step::Mail,
            ..Sent::all(Outcome::new(Status::Refused, reply), Then::Reuse)
        })
    });
    let (ended, ear) = run(10, &server, &mut Paper::good(), options(1)).await;
    assert_eq!((ear.counts(Verdict::Deferred), ear.counts(Verdict::NotTried)), (4, 6));
    assert!(
        matches!(ended.stop, Some(Stop::Account { letters: 4, .. })),
        "{:?}",
        ended.stop
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_closed_between_two_letters_is_replaced_and_nothing_is_lost() {
    let server = Server::new(|_, nth| {
        if nth == 1 {
            Attempt::Unstarted(Reply::none(Reason::ConnectionLost, "closed"))
        } else {
            said(Status::Accepted, 250)
        }
    });
    let (_, ear) = run(5, &server, &mut Paper::good(), options(1)).await;
    assert_eq!(ear.counts(Verdict::Accepted), 5);
    assert_eq!(server.taken().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_defers_everything_is_tried_less_and_less_and_then_given_up() {
    let server = Server::new(|_, _| said(Status::Deferred, 451));
    let begin = Instant::now();
    let options = Options {
        retry_for: Duration::from_mins(2),
        ..options(2)
    };
    let (ended, ear) = run(1000, &server, &mut Paper::good(), options).await;
    assert!(matches!(ended.stop, Some(Stop::GaveUp(_))), "{:?}", ended.stop);
    assert_eq!(ear.counts(Verdict::Deferred) + ear.counts(Verdict::NotTried), 1000);
    assert_eq!(ended.summary.deferred, 1000);
    let tries: usize = server.tries.lock().unwrap().values().sum();
    assert!(tries < 20, "{tries} tries at a server that takes nothing");
    assert!((Duration::from_mins(1)..Duration::from_mins(3)).contains(&begin.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_recovers_gets_its_letters_at_full_speed_again() {
    let begin = Instant::now();
    let server = Server::new(move |_, _| {
        if begin.elapsed() < Duration::from_secs(20) {
            said(Status::Deferred, 451)
        } else {
            said(Status::Accepted, 250)
        }
    });
    let (ended, ear) = run(100, &server, &mut Paper::good(), options(1)).await;
    assert!(ended.stop.is_none());
    assert_eq!(ear.counts(Verdict::Accepted), 100);
    assert!(begin.elapsed() < Duration::from_secs(70), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_deferred_again_and_again_keeps_nobody_waiting() {
    let server = Server::new(|_, _| {
        let reply = Reply::said(450, "greylisted");
        Attempt::Ended(Sent {
            step: Step::Rcpt,
            ..Sent::all(Outcome::new(Status::Deferred, reply), Then::Reuse)
        })
    });
    let begin = Instant::now();
    let options = Options {
        retry_for: Duration::ZERO,
        ..options(1)
    };
    let (ended, ear) = run(50, &server, &mut Paper::good(), options).await;
    assert!(ended.stop.is_none());
    assert_eq!(ear.counts(Verdict::Deferred), 50);
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_provider_ends_the_run_with_the_hour_to_go_on() {
    for (text, hours) in [("5.4.5 Daily sending quota exceeded", 20), ("4.7.28 unusual rate", 1)] {
        let server = Server::new(move |to, _| {
            if to == "r3@x.example" {
                let code = if text.starts_with('5') { 550 } else { 421 };
                let reply = Reply::said(code, text);
                Attempt::Ended(Sent::all(Outcome::new(Status::Deferred, reply), Then::Reconnect))
            } else {
                said(Status::Accepted, 250)
            }
        });
        let four_hours_ago = start() - jiff::SignedDuration::from_hours(4);
        let options = Options {
            quota: Quota::new(None, [(four_hours_ago, 1)]),
            ..options(1)
        };
        let (ended, ear) = run(10, &server, &mut Paper::good(), options).await;
        let counts = [Verdict::Accepted, Verdict::Deferred, Verdict::NotTried].map(|verdict| ear.counts(verdict));
        assert_eq!(counts, [3, 1, 6]);
        let Some(Stop::Limited { from, reply, .. }) = ended.stop else {
            panic!("{:?}", ended.stop)
        };
        assert_eq!(reply.text, text);
        assert_eq!(from.duration_since(start()).as_hours(), hours);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_letter_that_the_daily_limit_allows_is_not_kept_back_while_it_waits_its_turn() {
    let server = Server::that_takes_everything();
    let options = Options {
        rate: Rate::Every(Duration::from_mins(1)),
        quota: Quota::new(Some(3), []),
        ..options(4)
    };
    let (ended, ear) = run(10, &server, &mut Paper::good(), options).await;
    assert_eq!((ear.counts(Verdict::Accepted), ear.counts(Verdict::NotTried)), (3, 7));
    assert!(matches!(ended.stop, Some(Stop::DailyLimit(Some(_)))));
}

#[tokio::test(start_paused = true)]
async fn the_daily_limit_counts_the_last_24_hours_also_of_a_run_that_takes_days() {
    let server = Server::that_takes_everything();
    let begin = Instant::now();
    let options = Options {
        rate: Rate::Every(Duration::from_hours(1)),
        quota: Quota::new(Some(25), []),
        ..options(1)
    };
    let (ended, ear) = run(60, &server, &mut Paper::good(), options).await;
    assert_eq!(ear.counts(Verdict::Accepted), 60, "{:?}", ended.stop);
    assert_eq!(begin.elapsed().as_secs() / 3600, 59);
}
