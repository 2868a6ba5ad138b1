//! What is asked of the kernel for each letter: system calls, waits for the disk, bytes.

use std::collections::BTreeSet;
use std::process::Command;

use crate::Bench;
use crate::campaign::Sending;
use crate::ours::Campaign;
use crate::program::Where;
use crate::sink::{Sink, smtp_source};
use crate::strace::{Count, Counts, On, count, count_syncs};
use crate::table::Measured;

/// A run, and one of twice as many letters: what the longer one has more is what the letters cost.
struct Pair {
    letters: u32,
    once: Counts,
    twice: Counts,
}

impl Pair {
    fn of(bench: &Bench, letters: u32, command: impl Fn(u32) -> Result<Command, String>) -> Result<Self, String> {
        let folder = bench.folder.path();
        Ok(Self {
            letters,
            once: count(&command(letters)?, folder)?,
            twice: count(&command(2 * letters)?, folder)?,
        })
    }

    /// Calls and bytes a letter, and calls that a run has whatever its letters.
    fn each(&self, wanted: impl Fn(On, &str) -> bool) -> [f64; 3] {
        let Count { calls, bytes } = self.once.sum(&wanted);
        let twice = self.twice.sum(&wanted);
        let letters = f64::from(self.letters);
        let more = f64::from(twice.calls) - f64::from(calls);
        #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
        let more_bytes = twice.bytes as f64 - bytes as f64;
        [more / letters, more_bytes / letters, f64::from(calls) - more]
    }
}

pub fn run(bench: &Bench) -> Result<Vec<Measured>, String> {
    let sink = Sink::start(bench, Where::Anywhere)?;
    let letters = bench.scaled(4000).max(100);
    let folder = bench.folder.path().join("counted");
    let campaign = Campaign::new(&folder, 2 * letters, &Sending::plain(sink.port, 1));
    let sending = |letters: u32| {
        campaign.forget();
        let mut command = campaign.sending();
        command.args(["--limit", &letters.to_string()]);
        command
    };
    let ours = Pair::of(bench, letters, |letters| Ok(sending(letters)))?;
    campaign.check(2 * letters);
    let theirs = Pair::of(bench, letters, |letters| {
        smtp_source(bench, sink.port, 1, letters, 1200)
    })?;
    let syncs = |letters| count_syncs(&sending(letters), bench.folder.path()).map(f64::from);
    let syncs = (syncs(2 * letters)? - syncs(letters)?) / f64::from(letters);
    show("appel", &ours);
    show("smtp-source -d", &theirs);

    let is_write = |call: &str| call.contains("write") || call.contains("send");
    let their_calls = theirs.each(|_, _| true)[0];
    let figure = |what: &str, unit, digits, value| {
        Measured::new(
            format!("1 connection, for each letter: {what}"),
            unit,
            digits,
            vec![value],
        )
    };
    Ok(vec![
        figure("system calls", "", 2, ours.each(|_, _| true)[0]).behind(format!("smtp-source -d: {their_calls:.2}")),
        figure("waits for the disk (fsync)", "", 4, syncs).behind(format!("one for {:.0} letters", 1.0 / syncs)),
        figure(
            "to the server",
            " bytes",
            0,
            ours.each(|on, call| on == On::Socket && is_write(call))[1],
        ),
        figure(
            "to the ledger",
            " bytes",
            0,
            ours.each(|on, call| on == On::Ledger && is_write(call))[1],
        ),
        figure(
            "to the log",
            " bytes",
            0,
            ours.each(|on, call| on == On::Log && is_write(call))[1],
        ),
    ])
}

/// Every kind of call that a letter costs, on its own.
fn show(name: &str, pair: &Pair) {
    println!(
        "{name}, system calls a letter ({} and {} letters):",
        pair.letters,
        2 * pair.letters
    );
    let kinds: BTreeSet<_> = pair.twice.0.keys().collect();
    for (on, call) in kinds {
        let [calls, bytes, ever] = pair.each(|at, other| at == *on && other == call);
        if calls >= 0.001 {
            println!("  {calls:8.3}  {bytes:8.0} bytes  {call} ({on:?}; {ever:.0} more in every run)");
        }
    }
    let [calls, _, ever] = pair.each(|_, _| true);
    println!("  {calls:8.3}  in all ({ever:.0} more in every run)\n");
}
