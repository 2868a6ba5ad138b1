//! How fast `appel send` is, beside other programs that send mail, on this machine.
//!
//!     cargo bench --bench compare
//!     cargo bench --bench compare -- -n 5000 --rounds 3 one-connection
//!
//! Each row of the table is a module under `rows`: it runs the two programs in turn, to the same server, and counts
//! the whole run of each from its start to its exit. For `appel` that is reading the campaign, writing every letter
//! twice (once before the first connection, once as it leaves) and keeping the ledger on a real disk.
#![cfg(target_os = "linux")]

mod campaign;
#[path = "../../tests/interop/daemon.rs"]
#[allow(dead_code, reason = "made for more than this")]
mod daemon;
mod machine;
mod program;
mod rows;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use rows::{ROWS, Row};

/// Compares appel with other programs that send mail, and prints what was measured.
#[derive(Debug, Parser)]
#[command(name = "compare")]
struct Options {
    /// Letters in each run [default: 20000]
    #[arg(short = 'n', long, value_name = "N")]
    letters: Option<u32>,
    /// Runs of each program in each row [default: 5]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Only these rows
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
    /// What cargo adds to tell a benchmark from a test; without it, everything is done once and small
    #[arg(long, hide = true)]
    bench: bool,
}

/// What every row needs to know.
pub struct Bench {
    /// Where the mail servers and their tools are.
    servers: PathBuf,
    /// On a real disk, and emptied at the end.
    folder: tempfile::TempDir,
    letters: u32,
    rounds: usize,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let Some(servers) = daemon::servers() else {
        return ExitCode::FAILURE;
    };
    let (letters, rounds) = if options.bench { (20_000, 5) } else { (100, 1) };
    let bench = Bench {
        servers,
        // /tmp is memory on many machines; the build's folder is where a person's files are.
        folder: tempfile::Builder::new()
            .prefix("appel-compare-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("a folder"),
        letters: options.letters.unwrap_or(letters).max(1),
        rounds: options.rounds.unwrap_or(rounds).max(1),
    };
    let wanted = |row: &&Row| options.rows.is_empty() || options.rows.iter().any(|name| name == row.name);
    let rows: Vec<&Row> = ROWS.iter().filter(wanted).collect();
    if rows.is_empty() {
        let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        eprintln!("no such row; there are {}", names.join(", "));
        return ExitCode::from(2);
    }

    println!("{}", machine::describe(bench.folder.path()));
    println!("{} letters a run, median of {}\n", bench.letters, bench.rounds);
    let measured: Vec<_> = rows.iter().map(|row| (row.run)(&bench)).collect();
    println!("\n{}", table::render(&measured));
    ExitCode::SUCCESS
}
