//! What every ledger must do, through its interface: `conformance!` makes the tests of one.

pub mod claims;
pub mod copies;
pub mod ends;
pub mod questions;
pub mod received;

use std::collections::HashMap;

use appel_core::address::Address;
use appel_core::campaign::Limits;
use appel_core::letter::LetterId;
use appel_core::outcome::{AddressOutcome, Outcome, RESET, Reason, Reply, Status};
use jiff::{SignedDuration, Timestamp};

use super::{
    Answer, Attempted, Claimed, Durability, Entry, EventKind, Intent, LastTry, Ledger, LedgerEvent, Record, Settled,
};

use Durability::{Power, Process};
use Status::{Accepted, Deferred, InDoubt, Refused};

/// Where a ledger is, and what can happen to those who hold it.
pub trait Site {
    /// The next run opens it.
    fn open(&mut self, now: Timestamp) -> Answer<'_, Box<dyn Ledger>>;

    /// Something was written that a power cut must not take.
    fn synced(&mut self);

    /// The process that held it was killed.
    fn kill(&mut self, ledger: Box<dyn Ledger>);

    /// The power was cut, and took all that it may.
    fn cut_power(&mut self, ledger: Box<dyn Ledger>);
}

/// A ledger that is put to the test.
pub struct Subject<S> {
    site: S,
    ledger: Option<Box<dyn Ledger>>,
    now: Timestamp,
}

fn start() -> Timestamp {
    "2011-12-16T18:54:00Z".parse().unwrap()
}

fn id(number: u8) -> LetterId {
    LetterId::from_bytes([number; 16])
}

fn intent(number: u8, after: Option<Status>) -> Intent {
    Intent {
        id: id(number),
        campaign: "c".to_owned(),
        letter: "protest".to_owned(),
        sender: "Mé+here@x.example".to_owned(),
        recipient: format!("r{number}@x.example"),
        language: "fr".to_owned(),
        date: start(),
        copies: vec!["one@x.example".to_owned(), "two@x.example".to_owned()],
        after,
    }
}

fn claim(number: u8) -> Entry {
    Entry::Claim(intent(number, None))
}

fn claim_after(number: u8, status: Status) -> Entry {
    Entry::Claim(intent(number, Some(status)))
}

fn begin(number: u8) -> Entry {
    Entry::Begin(id(number))
}

fn release(number: u8) -> Entry {
    Entry::Release(id(number))
}

fn said(status: Status) -> Outcome {
    match status {
        Accepted => Outcome::new(status, Reply::said(250, "2.0.0 taken")),
        Deferred => Outcome::new(status, Reply::said(451, "4.7.1 later")),
        Refused => Outcome::new(status, Reply::said(550, "5.1.1 no")),
        _ => Outcome::new(status, Reply::none(Reason::ConnectionLost, RESET)),
    }
}

fn copy(address: &str, outcome: Outcome) -> AddressOutcome {
    AddressOutcome {
        address: address.to_owned(),
        outcome,
    }
}

/// Its copies: one went as the letter did, two was refused.
fn ended(number: u8, status: Status, at: Timestamp) -> Entry {
    Entry::Outcome(Box::new(Attempted {
        id: id(number),
        at,
        outcome: said(status),
        sha256: [number; 32],
        facts: "{\"killed\":\"at least 14\"}".into(),
        copies: vec![
            copy("one@x.example", said(status)),
            copy("two@x.example", said(Refused)),
        ],
    }))
}

/// A no for good, of which it is not known yet whether it is about the letter.
fn said_no(number: u8, at: Timestamp) -> Entry {
    let Entry::Outcome(mut attempted) = ended(number, Deferred, at) else {
        unreachable!()
    };
    attempted.outcome.reply = Reply::said(550, "5.7.1 no");
    attempted.copies[0].outcome = attempted.outcome.clone();
    Entry::Outcome(attempted)
}

fn refuse(number: u8) -> Entry {
    Entry::Refuse(id(number))
}

impl<S: Site> Subject<S> {
    pub fn at(site: S) -> Self {
        Self {
            site,
            ledger: None,
            now: start(),
        }
    }

    async fn ledger(&mut self) -> &mut dyn Ledger {
        if self.ledger.is_none() {
            let ledger = self.site.open(self.now).await.unwrap();
            // To open it settles what was left open, durably.
            self.site.synced();
            self.ledger = Some(ledger);
        }
        &mut **self.ledger.as_mut().unwrap()
    }

    async fn write(&mut self, entries: &[Entry], durability: Durability) -> Option<Vec<Claimed>> {
        let written = self.ledger().await.write(entries.to_vec(), durability).await.ok();
        if written.is_some() && durability == Power {
            self.site.synced();
        }
        written
    }

    async fn writes(&mut self, steps: &[(Durability, &[Entry])]) {
        for (durability, entries) in steps {
            self.write(entries, *durability)
                .await
                .expect("it follows from what was written before");
        }
    }

    async fn refuses(&mut self, entries: &[Entry], durability: Durability) {
        assert_eq!(self.write(entries, durability).await, None, "{entries:?}");
    }

    /// Claims, begins and ends a letter.
    async fn send(&mut self, number: u8, status: Status) {
        let now = self.now;
        self.writes(&[
            (Power, &[claim(number)]),
            (Process, &[begin(number)]),
            (Power, &[ended(number, status, now)]),
        ])
        .await;
    }

    async fn settle(&mut self, numbers: &[u8], word: Settled) -> bool {
        let ids: Vec<LetterId> = numbers.iter().map(|number| id(*number)).collect();
        let now = self.now;
        let settled = self.ledger().await.settle(&ids, word, now).await.is_ok();
        self.site.synced();
        settled
    }

    /// The run ends in order; the next one is an hour later.
    async fn close(&mut self) {
        self.ledger().await;
        if let Some(ledger) = self.ledger.take() {
            ledger.close(self.now).await.unwrap();
        }
        self.site.synced();
        self.now += SignedDuration::from_hours(1);
    }

    fn kill(&mut self) {
        self.site.kill(self.ledger.take().unwrap());
        self.now += SignedDuration::from_hours(1);
    }

    fn cut_power(&mut self) {
        self.site.cut_power(self.ledger.take().unwrap());
        self.now += SignedDuration::from_hours(1);
    }

    async fn statuses(&mut self, numbers: impl IntoIterator<Item = u8>) -> Vec<Option<Status>> {
        let ids: Vec<LetterId> = numbers.into_iter().map(id).collect();
        let pasts = self.ledger().await.past(&ids).await.unwrap();
        pasts.into_iter().map(|past| Some(past?.status)).collect()
    }

    async fn first_date(&mut self, number: u8) -> Option<Timestamp> {
        let pasts = self.ledger().await.past(&[id(number)]).await.unwrap();
        pasts[0].map(|past| past.first_date)
    }

    async fn events(&mut self) -> Vec<LedgerEvent> {
        let mut events = Vec::new();
        let mut each = |event| events.push(event);
        self.ledger().await.events_of_campaign("c", &mut each).await.unwrap();
        events
    }

    /// Of each event of the campaign whose it is, and what became of it.
    async fn story(&mut self) -> Vec<(String, Status)> {
        let events = self.events().await;
        events
            .into_iter()
            .map(|event| (event.record.recipient, event.outcome.status))
            .collect()
    }
}

fn r(number: u8) -> String {
    format!("r{number}@x.example")
}

/// The tests of a ledger; `$site` makes a place for one.
macro_rules! conformance {
    ($site:expr) => {
        $crate::outbox::ledger::conformance::conformance!($site;
            claims a_claim_is_won_once_and_one_that_is_lost_takes_no_other_with_it
            claims a_claim_is_lost_when_the_letter_stands_otherwise_than_when_it_was_planned
            claims an_entry_that_does_not_follow_is_refused_with_all_that_came_with_it
            claims only_what_is_durably_claimed_can_begin
            claims every_attempt_has_the_date_of_the_first_and_a_claim_that_never_began_leaves_none
            ends after_a_kill_what_was_claimed_is_what_it_was_and_only_what_had_begun_is_in_doubt
            ends after_a_power_cut_what_was_claimed_is_in_doubt_and_what_was_synced_is_as_written
            ends a_letter_that_is_claimed_again_and_never_begins_is_what_it_was
            ends a_person_settles_what_is_in_doubt_all_or_none
            copies a_copy_that_was_put_off_while_its_letter_was_accepted_goes_its_own_way
            copies only_a_letter_that_is_accepted_lets_its_copies_go_their_own_way
            copies a_copy_that_no_claim_named_goes_its_own_way_as_the_others_do
            copies a_copy_that_is_killed_in_flight_is_in_doubt_and_settled_by_itself
            copies what_was_sent_to_a_copy_alone_counts_as_a_copy_and_is_forgotten_with_its_campaign
            questions each_question_is_answered_of_the_letters_it_is_about
            questions what_was_handed_over_counts_for_a_day_and_for_its_sender
            ends a_no_that_deferred_a_letter_is_made_final_by_one_entry_and_nothing_else_is
            questions how_a_letter_that_is_deferred_was_tried_last_is_known
            received what_was_received_is_told_once_a_letter_with_what_it_said
            received the_kinds_of_what_was_accepted_are_those_of_its_sender_in_all_campaigns
            questions a_campaign_that_is_forgotten_is_gone_and_the_others_stay
            ends a_run_that_ended_leaves_what_it_wrote_and_nothing_to_settle
        );
    };
    ($site:expr; $($of:ident $name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            use $crate::outbox::ledger::conformance as suite;
            suite::$of::$name(&mut suite::Subject::at($site)).await;
        }
    )*};
}
pub(crate) use conformance;
