//! Row 38 of the faults: killed at any instant, nothing is sent twice and nothing is lost.

use std::{collections::BTreeMap, fmt};

use crate::{
    audit::{Known, LOOK, MOST_IN_DOUBT, Mailing, RESEND, SEND, audit, finish},
    strace::{self, Fault},
    support::{Campaign, Server},
    walk::{Figures, Stride, Tally, say, walk},
};

/// Which run is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    /// The first.
    First,
    /// The one that comes after a run that was killed in the middle, and goes on where it was.
    Second,
    /// The same, and it only looks.
    Looking,
    /// The one that sends again, on request, what a killed run left in doubt.
    Resending,
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "the first run killed",
            Self::Second => "the second run killed too",
            Self::Looking => "killed while looking after a killed run",
            Self::Resending => "killed while sending again",
        })
    }
}

impl Killed {
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::First | Self::Second => SEND,
            Self::Looking => LOOK,
            Self::Resending => RESEND,
        }
    }

    /// How much may be in doubt at the end: after two kills, twice as much.
    const fn most_in_doubt(self, mailing: Mailing) -> usize {
        let kills = if matches!(self, Self::First) { 1 } else { 2 };
        kills * MOST_IN_DOUBT * mailing.connections
    }

    /// Brings a campaign to where the run to be killed begins, and says what is known by then. A run has that many
    /// writes to the server that nothing happens to.
    fn prepare(self, mailing: Mailing, campaign: &Campaign, server: &Server, writes: usize) -> Known {
        let mut known = Known::default();
        if self == Self::First {
            return known;
        }
        // Some letters are out, some are on their way, and some outcomes are only in the marks.
        let (first, was_killed) = strace::struck(campaign, SEND, "sendto", writes / 2, Fault::Kill);
        assert!(was_killed, "the first run was not killed: {first:?}");
        known.hear(&first);
        if self == Self::Resending {
            known.hear(&campaign.appel(SEND));
            let in_doubt = audit(mailing, campaign, server, &known).in_doubt;
            assert!(!in_doubt.is_empty(), "nothing to resend");
            known.ask(&in_doubt);
        }
        known
    }
}

/// Kills a run at each of its steps, or at every so many, sends the rest, and looks who has what.
fn sweep(killed: Killed, mailing: Mailing, stride: Stride) -> Figures {
    let tally = Tally::new();
    let writes = undisturbed(mailing)["sendto"];
    walk(&kinds(mailing, killed, writes), stride, |call, nth| {
        let (server, campaign) = mailing.scene();
        let mut known = killed.prepare(mailing, &campaign, &server, writes);
        let (run, was_killed) = strace::struck(&campaign, killed.arguments(), call, nth, Fault::Kill);
        if was_killed {
            known.hear(&run);
            tally.count(
                &format!("killed at {call} {nth}"),
                finish(mailing, &campaign, &server, known),
            );
        }
        was_killed
    });
    tally.say(&format!("{killed}, {mailing}"))
}

/// The steps of a run that nothing happens to.
fn undisturbed(mailing: Mailing) -> BTreeMap<&'static str, usize> {
    let (_server, campaign) = mailing.scene();
    strace::steps(&campaign, SEND).1
}

/// The kinds of steps that the run to be killed has.
fn kinds(mailing: Mailing, killed: Killed, writes: usize) -> Vec<&'static str> {
    let (server, campaign) = mailing.scene();
    killed.prepare(mailing, &campaign, &server, writes);
    let (run, steps) = strace::steps(&campaign, killed.arguments());
    assert!(matches!(run.status, Some(0 | 1)), "{run:?}");
    steps.into_keys().collect()
}

/// One line of the table, and everything as promised.
#[track_caller]
fn holds(killed: Killed, mailing: Mailing, every: usize) -> usize {
    let figures = sweep(killed, mailing, Stride { every, seed: 2026 });
    figures.hold(killed.most_in_doubt(mailing));
    assert!(figures.left_doubt > 0, "no kill came after a letter had begun");
    figures.faults
}

#[test]
fn killed_at_any_step_of_one_connection_nothing_is_sent_twice_or_lost() {
    if strace::is_there() {
        holds(Killed::First, Mailing::new(5, 1), 2);
    }
}

#[test]
fn killed_at_any_step_of_four_connections_nothing_is_sent_twice_or_lost() {
    if strace::is_there() {
        holds(Killed::First, Mailing::new(12, 4), 4);
    }
}

#[test]
fn killed_while_it_sends_copies_that_were_put_off_none_is_sent_twice_or_lost() {
    if strace::is_there() {
        holds(Killed::First, Mailing::new(4, 1).copy_put_off(), 3);
        holds(Killed::Second, Mailing::new(4, 1).copy_put_off(), 3);
    }
}

#[test]
fn killed_again_while_it_looks_after_a_killed_run_nothing_is_sent_twice_or_lost() {
    if strace::is_there() {
        holds(Killed::Second, Mailing::new(5, 1), 5);
        holds(Killed::Second, Mailing::new(14, 4), 5);
        holds(Killed::Looking, Mailing::new(5, 1), 5);
    }
}

#[test]
fn killed_while_it_sends_again_on_request_nothing_is_sent_more_often_than_asked_or_lost() {
    if strace::is_there() {
        holds(Killed::Resending, Mailing::new(5, 1), 5);
    }
}

/// Every step of longer campaigns, in all the ways that letters can leave.
#[test]
#[ignore = "takes a quarter of an hour: scripts/sweep"]
fn killed_at_every_step_of_every_kind_of_campaign_nothing_is_sent_twice_or_lost() {
    assert!(strace::is_there());
    let mut kills = 0;
    for (letters, connections) in [(8, 1), (12, 2), (20, 4)] {
        let plain = Mailing::new(letters, connections);
        for (killed, mailing) in [
            (Killed::First, plain),
            (Killed::First, plain.copies()),
            (Killed::First, plain.one_by_one()),
            (Killed::First, plain.one_by_one().copies()),
            (Killed::First, plain.copy_put_off()),
            (Killed::Second, plain.copy_put_off()),
            (Killed::First, plain.paced()),
            (Killed::First, plain.troubled()),
            (Killed::Second, plain.copies()),
            (Killed::Second, plain.one_by_one()),
            (Killed::Looking, plain),
            (Killed::Resending, plain),
        ] {
            kills += holds(killed, mailing, 1);
        }
    }
    say(&format!("{kills} kills in all"));
}
