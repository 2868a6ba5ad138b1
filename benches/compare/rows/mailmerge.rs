//! Beside mailmerge: the same letters to the same `smtp-sink`, everything on one processor.

use super::{Side, cheaper, faster, in_turn};
use crate::Bench;
use crate::campaign::Sending;
use crate::mailmerge::{self, Mailmerge};
use crate::ours::Campaign;
use crate::program::{Where, copy, run};
use crate::sink::Sink;
use crate::table::{Goal, Measured, grouped};

pub fn run_both(bench: &Bench) -> Result<Vec<Measured>, String> {
    let place = Where::OneCpu;
    let mailmerge = Mailmerge::find()?;
    let sink = Sink::start(bench, place)?;
    let letters = bench.scaled(1000);
    let campaign = Campaign::new(
        &bench.folder.path().join("small"),
        letters,
        &Sending::plain(sink.port, 1),
    );
    let folder = bench.folder.path().join("mailmerge");
    mailmerge::write(&folder, letters, sink.port);
    let sending = mailmerge.command(&folder, &["--no-dry-run", "--no-limit"]);

    let what = format!("{} letters, one CPU", grouped(letters.into(), 0));
    let ours = || sink.serving(|| campaign.send(place));
    let theirs = || sink.serving(|| run(&mut place.hold(copy(&sending))));
    let side = |name, run| Side { name, letters, run };
    let rounds = in_turn(bench, &what, &side("appel", &ours), &side("mailmerge", &theirs));
    let measured = faster(&what, &rounds);
    Ok(vec![
        measured.must(Goal::AtLeast(10.0)).aim(Goal::AtLeast(20.0)),
        cheaper(&rounds),
    ])
}
