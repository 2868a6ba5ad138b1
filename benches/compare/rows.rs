//! The rows of the table.

mod smtp_source;

use crate::Bench;
use crate::table::Measured;

/// One comparison.
pub struct Row {
    pub name: &'static str,
    pub run: fn(&Bench) -> Measured,
}

/// All of them, in the order of the table.
pub const ROWS: [Row; 2] = [
    Row {
        name: "one-connection",
        run: smtp_source::one_connection,
    },
    Row {
        name: "ten-connections",
        run: smtp_source::ten_connections,
    },
];

/// Runs both programs in turn; each returns its seconds.
pub fn in_turn(
    bench: &Bench,
    what: &str,
    them: &'static str,
    ours: impl Fn() -> f64,
    theirs: impl Fn() -> f64,
) -> Measured {
    let letters = f64::from(bench.letters);
    let mut measured = Measured {
        what: what.to_owned(),
        ours: Vec::new(),
        theirs: Vec::new(),
        them,
    };
    for round in 1..=bench.rounds {
        let our_rate = letters / ours();
        let their_rate = letters / theirs();
        eprintln!("{what}, round {round}: appel {our_rate:.0}/s, {them} {their_rate:.0}/s");
        measured.ours.push(our_rate);
        measured.theirs.push(their_rate);
    }
    measured
}
