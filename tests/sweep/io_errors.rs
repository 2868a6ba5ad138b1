//! Rows 35 to 37 of the faults: the ledger cannot be written, or read, at any one of its steps.

use crate::{
    audit::{Known, MOST_IN_DOUBT, Mailing, SEND, finish},
    strace::{self, Fault},
    support::{Run, Server},
    walk::{Stride, Tally, walk},
};

const WRITES: &[&str] = &["pwrite64", "fsync", "fdatasync", "ftruncate"];
const READS: &[&str] = &["pread64"];
/// One that fails, and afterwards they work again.
const ONCE: Fault = Fault::Error("EIO");
/// One that fails, and all that follow it.
const BROKEN: Fault = Fault::ErrorFromThenOn("EIO");
/// A disk that is full stays so.
pub const FULL: Fault = Fault::ErrorFromThenOn("ENOSPC");

/// Has a run's nth call fail, for every n or every so many, sends the rest, and looks who has what.
#[track_caller]
fn holds(what: &str, calls: &[&'static str], fault: Fault, mailing: Mailing, every: usize) {
    let tally = Tally::new();
    walk(calls, Stride { every, seed: 2026 }, |call, nth| {
        let (server, campaign) = mailing.scene();
        let (run, hit) = strace::struck(&campaign, SEND, call, nth, fault);
        if hit {
            let mut known = Known::default();
            known.hear(&run);
            let wrong = complaints(mailing, &run, &server, fault);
            let mut found = finish(mailing, &campaign, &server, known);
            found.wrong.extend(wrong);
            tally.count(&format!("failed at {call} {nth}"), found);
        }
        hit
    });
    let figures = tally.say(&format!("{what}, {mailing}"));
    figures.hold(MOST_IN_DOUBT * mailing.connections);
    assert!(figures.faults > 0, "nothing failed");
}

/// What is wrong with a run whose ledger failed: it ends with 4, says why and what to do, and names every letter.
pub fn complaints(mailing: Mailing, run: &Run, server: &Server, fault: Fault) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |is: bool, what: &str| {
        if !is {
            let (status, words) = (run.status, &run.stderr);
            wrong.push(format!("{what}: {status:?}, {}", words.trim_end()));
        }
    };
    let taken = server.taken().len() as u64;
    match run.status {
        // What failed was of no consequence, such as tidying up at the end.
        Some(0) => must(run.counts()[1] == mailing.letters as u64, "not all accepted"),
        Some(4) => {
            must(run.stderr.contains("the ledger"), "it is not said what failed");
            if fault == FULL {
                must(run.stderr.contains("the disk is full"), "it is not said why");
                must(run.stderr.contains("make room"), "it is not said what to do");
            }
            if run.stdout.is_empty() {
                must(taken == 0, "letters left that are not named");
            } else {
                let [due, accepted, deferred, refused, in_doubt, skipped] = run.counts();
                let named = accepted + deferred + in_doubt;
                must(
                    due == mailing.letters as u64 && named == due,
                    "not every letter is named",
                );
                must(refused + skipped == 0, "some were refused or left out");
                must(run.letters().len() as u64 == due, "not every letter has its line");
                must(
                    (accepted..=accepted + in_doubt).contains(&taken),
                    "the server has more or less",
                );
            }
        }
        // The system could not even read the program.
        Some(127) => must(taken == 0 && run.stderr.contains("shared libraries"), "127"),
        _ => must(false, "neither 0 nor 4"),
    }
    wrong
}

#[test]
fn an_io_error_at_any_write_of_the_ledger_ends_the_run_and_loses_and_doubles_nothing() {
    if strace::is_there() {
        holds("an error at any write", WRITES, ONCE, Mailing::new(5, 1), 1);
    }
}

#[test]
fn a_disk_that_is_full_from_any_write_of_the_ledger_on_ends_the_run_and_loses_and_doubles_nothing() {
    if strace::is_there() {
        holds("full from any write on", &["pwrite64"], FULL, Mailing::new(5, 1), 1);
    }
}

#[test]
fn a_ledger_that_cannot_be_read_at_any_step_ends_the_run_and_loses_and_doubles_nothing() {
    if strace::is_there() {
        let mailing = Mailing::new(5, 1).paced();
        holds("an error at any read", READS, ONCE, mailing, 1);
        holds("errors from any read on", READS, BROKEN, mailing, 1);
    }
}

/// The same for longer campaigns, in more of the ways that letters can leave, and with disks that stay broken.
#[test]
#[ignore = "takes minutes: scripts/sweep"]
fn a_disk_that_fails_at_every_step_of_every_kind_of_campaign_loses_and_doubles_nothing() {
    assert!(strace::is_there());
    for plain in [Mailing::new(8, 1), Mailing::new(12, 2), Mailing::new(20, 4)] {
        for mailing in [plain, plain.copies(), plain.paced()] {
            holds("an error at any write", WRITES, ONCE, mailing, 1);
            holds("errors from any write on", WRITES, BROKEN, mailing, 1);
            holds("full from any write on", &["pwrite64"], FULL, mailing, 1);
            holds("an error at any read", READS, ONCE, mailing, 1);
            holds("errors from any read on", READS, BROKEN, mailing, 1);
        }
    }
}
