//! Everything but sending: a dry run, and a run that finds nothing left to do.

use super::{Side, faster, in_turn};
use crate::Bench;
use crate::campaign::Sending;
use crate::mailmerge::{self, Mailmerge};
use crate::ours::Campaign;
use crate::program::run;
use crate::table::{Goal, Measured, grouped};

/// A dry run of a million, beside mailmerge's of far fewer: it would take half an hour for as many.
pub fn beside_mailmerge(bench: &Bench) -> Result<Vec<Measured>, String> {
    let mailmerge = Mailmerge::find()?;
    let campaign = bench.million();
    let few = bench.scaled(5000);
    let folder = bench.folder.path().join("mailmerge-dry");
    mailmerge::write(&folder, few, 25);

    let what = format!(
        "dry run of {} letters (mailmerge: of {})",
        grouped(campaign.letters.into(), 0),
        grouped(few.into(), 0)
    );
    let dry = || run(&mut campaign.dry_run());
    let theirs = || run(&mut mailmerge.command(&folder, &["--dry-run", "--no-limit"]));
    let theirs = Side {
        name: "mailmerge",
        letters: few,
        run: &theirs,
    };
    let ours = Side {
        name: "appel",
        letters: campaign.letters,
        run: &dry,
    };
    let plain = faster(&what, &in_turn(bench, &what, &ours, &theirs));

    // A dry run writes every text, and makes a message of the first of each kind only. With --out it makes a message of
    // each, as mailmerge does, and a file.
    let some = bench.scaled(10_000);
    let what = format!("the same of {} letters, each made into a file", grouped(some.into(), 0));
    let campaign = Campaign::new(&bench.folder.path().join("some"), some, &Sending::plain(25, 1));
    let composed = || {
        let out = bench.folder.path().join("letters");
        let mut command = campaign.dry_run();
        command.arg("--out").arg(&out);
        let taken = run(&mut command);
        std::fs::remove_dir_all(&out).expect("a folder of letters");
        taken
    };
    let ours = Side {
        name: "appel",
        letters: some,
        run: &composed,
    };
    let composed = faster(&what, &in_turn(bench, &what, &ours, &theirs));
    Ok(vec![plain.must(Goal::AtLeast(5.0)).aim(Goal::AtLeast(12.0)), composed])
}

/// A second run over a ledger in which everything is accepted, beside a dry run that knows of no ledger.
pub fn second_run(bench: &Bench) -> Result<Vec<Measured>, String> {
    let campaign = bench.million();
    bench.send_million()?;
    let letters = campaign.letters;
    let ours = || run(&mut campaign.sending());
    let theirs = || run(&mut campaign.dry_run());
    let what = format!(
        "second run, {} letters accepted and none due: time against a dry run's",
        grouped(letters.into(), 0)
    );
    let side = |name, run| Side { name, letters, run };
    let rounds = in_turn(bench, &what, &side("second run", &ours), &side("dry run", &theirs));
    let mut measured = faster(&what, &rounds);
    campaign.check(letters);
    // Of times, not of rates.
    for value in &mut measured.values {
        *value = 1.0 / *value;
    }
    Ok(vec![measured.must(Goal::AtMost(1.0)).aim(Goal::AtMost(0.5))])
}
