//! How memory grows with the number of recipients: the most that a run had at once.

use crate::Bench;
use crate::campaign::Sending;
use crate::ours::Campaign;
use crate::program::{Where, watch};
use crate::sink::Sink;
use crate::table::{Goal, Measured, grouped};

pub fn run(bench: &Bench) -> Result<Vec<Measured>, String> {
    let many = bench.million();
    let few = Campaign::new(
        &bench.folder.path().join("ten-thousand"),
        bench.scaled(10_000),
        &Sending::plain(25, 1),
    );
    let mut figures = Vec::new();

    let of_many = bench.dry_run_million().memory;
    let of_few = watch(&mut few.dry_run()).memory;
    figures.extend(compare("dry run", many.letters, of_many, few.letters, of_few));

    // Once each: a million letters take their time, and what memory they take does not depend on it.
    let of_many = bench.send_million()?.memory;
    let sink = Sink::start(bench, Where::Anywhere)?;
    few.configure(&Sending::plain(sink.port, 1));
    let of_few = few.watched().memory;
    figures.extend(compare("send", many.letters, of_many, few.letters, of_few));
    Ok(figures)
}

fn compare(what: &str, many: u32, of_many: f64, few: u32, of_few: f64) -> [Measured; 2] {
    let letters = |number: u32| grouped(number.into(), 0);
    eprintln!("{what}: {of_many:.1} MiB for {many} letters, {of_few:.1} MiB for {few}");
    let times = Measured::times(
        format!("memory, {what}: {} letters against {}", letters(many), letters(few)),
        &[of_many],
        &[of_few],
    );
    let all = Measured::new(
        format!("memory, {what} of {} letters", letters(many)),
        " MiB",
        1,
        vec![of_many],
    );
    [
        times.must(Goal::AtMost(2.0)).aim(Goal::AtMost(1.3)),
        all.must(Goal::AtMost(150.0))
            .behind(format!("{} letters: {of_few:.1} MiB", letters(few))),
    ]
}
