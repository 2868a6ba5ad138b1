//! The rows of the table.

mod check;
mod dry_run;
mod growth;
mod mailmerge;
mod memory;
mod promises;
mod round_trips;
mod smtp_source;
mod start;
mod syscalls;

use crate::Bench;
use crate::program::Taken;
use crate::table::{Measured, median, spread};

/// One comparison.
pub struct Row {
    pub name: &'static str,
    /// Its figures, or why it cannot run and what to do about it.
    pub run: fn(&Bench) -> Result<Vec<Measured>, String>,
}

/// All of them, in the order of the table.
pub const ROWS: [Row; 13] = [
    Row {
        name: "one-connection",
        run: smtp_source::one_connection,
    },
    Row {
        name: "ten-connections",
        run: smtp_source::ten_connections,
    },
    Row {
        name: "mailmerge",
        run: mailmerge::run_both,
    },
    Row {
        name: "round-trips",
        run: round_trips::steady,
    },
    Row {
        name: "first-letter",
        run: round_trips::first_letter,
    },
    Row {
        name: "dry-run",
        run: dry_run::beside_mailmerge,
    },
    Row {
        name: "memory",
        run: memory::run,
    },
    Row {
        name: "second-run",
        run: dry_run::second_run,
    },
    Row {
        name: "growth",
        run: growth::run,
    },
    Row {
        name: "promises",
        run: promises::prices,
    },
    Row {
        name: "start",
        run: start::run,
    },
    Row {
        name: "check",
        run: |bench| Ok(check::run(bench)),
    },
    Row {
        name: "syscalls",
        run: syscalls::run,
    },
];

/// A program in a comparison of speed.
pub struct Side<'r> {
    pub name: &'static str,
    /// So many a run.
    pub letters: u32,
    pub run: &'r dyn Fn() -> Taken,
}

/// A side's rounds.
pub struct Rounds {
    pub name: &'static str,
    /// Letters a second.
    pub rates: Vec<f64>,
    /// Processor time for each letter, in microseconds: the program's, and the server's where that is known.
    pub cpu: Vec<f64>,
    pub server_cpu: Vec<f64>,
}

impl Rounds {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            rates: Vec::new(),
            cpu: Vec::new(),
            server_cpu: Vec::new(),
        }
    }

    fn add(&mut self, side: &Side) -> f64 {
        let letters = f64::from(side.letters);
        let taken = (side.run)();
        let rate = letters / taken.seconds;
        self.rates.push(rate);
        self.cpu.push(taken.cpu / letters * 1e6);
        self.server_cpu.push(taken.server_cpu / letters * 1e6);
        rate
    }

    /// Client and server together, round by round.
    fn together(&self) -> Vec<f64> {
        let both = self.cpu.iter().zip(&self.server_cpu);
        both.map(|(client, server)| client + server).collect()
    }

    fn show(&self) -> String {
        let server = median(&self.server_cpu);
        let server = if server > 0.0 {
            format!(" + {server:.0}")
        } else {
            String::new()
        };
        format!(
            "{}: {}, {:.0}{server} µs CPU a letter",
            self.name,
            spread(&self.rates, 0, "/s"),
            median(&self.cpu)
        )
    }
}

/// Runs both in turn.
pub fn in_turn(bench: &Bench, what: &str, ours: &Side, theirs: &Side) -> [Rounds; 2] {
    let (mut first, mut second) = (Rounds::new(ours.name), Rounds::new(theirs.name));
    for round in 1..=bench.rounds {
        let (our_rate, their_rate) = (first.add(ours), second.add(theirs));
        eprintln!(
            "{what}, round {round}: {} {our_rate:.0}/s, {} {their_rate:.0}/s",
            ours.name, theirs.name
        );
    }
    [first, second]
}

/// How many times more letters a second the first of them manages.
pub fn faster(what: &str, [ours, theirs]: &[Rounds; 2]) -> Measured {
    Measured::times(what.to_owned(), &ours.rates, &theirs.rates).behind(format!("{}; {}", ours.show(), theirs.show()))
}

/// The same by what client and server together computed: what others do on the machine meanwhile is in the time, but
/// hardly in this.
pub fn cheaper([ours, theirs]: &[Rounds; 2]) -> Measured {
    let what = "the same by processor time, client and server together".to_owned();
    Measured::times(what, &theirs.together(), &ours.together())
}
