//! What is asked of the kernel for each letter: system calls, waits for the disk, bytes.

use std::process::Command;

use crate::Bench;
use crate::campaign::Sending;
use crate::ours::Campaign;
use crate::program::Where;
use crate::sink::{Sink, smtp_source};
use crate::strace::{Counts, On, count, count_syncs};
use crate::table::{Measured, grouped};

pub fn run(bench: &Bench) -> Result<Vec<Measured>, String> {
    let sink = Sink::start(bench, Where::Anywhere)?;
    let letters = bench.scaled(10_000);
    let folder = bench.folder.path().join("counted");
    let campaign = Campaign::new(&folder, letters, &Sending::plain(sink.port, 1));
    let counted = |command: &Command| count(command, bench.folder.path());

    let ours = counted(&campaign.sending())?;
    campaign.check(letters);
    let theirs = counted(&smtp_source(bench, sink.port, 1, letters, 1200)?)?;
    campaign.forget();
    let syncs = count_syncs(&campaign.sending(), bench.folder.path())?;
    show("appel", &ours, letters);
    show("smtp-source -d", &theirs, letters);

    let calls = |counts: &Counts| f64::from(counts.sum(|_, _| true).calls) / f64::from(letters);
    let written = |to: On| {
        let sum = ours.sum(|on, call| on == to && (call.contains("write") || call.contains("send")));
        bytes(sum.bytes) / f64::from(letters)
    };
    let syncs = f64::from(syncs) / f64::from(letters);
    let figure =
        |what: &str, unit, digits, value| Measured::new(format!("a letter: {what}"), unit, digits, vec![value]);
    Ok(vec![
        figure("system calls", "", 2, calls(&ours)).behind(format!(
            "{} letters, 1 connection; smtp-source -d: {:.2}",
            grouped(letters.into(), 0),
            calls(&theirs)
        )),
        figure("waits for the disk", "", 4, syncs).behind(format!("one for {:.0} letters", 1.0 / syncs)),
        figure("to the server", " bytes", 0, written(On::Socket)),
        figure("to the ledger", " bytes", 0, written(On::Ledger)),
        figure("to the log", " bytes", 0, written(On::Log)),
    ])
}

/// Every kind of call that letters cost, on its own; the start of the program is in it.
fn show(name: &str, counts: &Counts, letters: u32) {
    let letters = f64::from(letters);
    println!("{name}, system calls a letter:");
    for ((on, call), count) in &counts.0 {
        let calls = f64::from(count.calls) / letters;
        if calls >= 0.01 {
            println!(
                "  {calls:8.3}  {:8.0} bytes  {call} ({on:?})",
                bytes(count.bytes) / letters
            );
        }
    }
    println!("  {:8.3}  in all\n", f64::from(counts.sum(|_, _| true).calls) / letters);
}

#[expect(clippy::cast_precision_loss, reason = "some megabytes")]
const fn bytes(bytes: u64) -> f64 {
    bytes as f64
}
