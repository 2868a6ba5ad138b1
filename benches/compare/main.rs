//! How fast `appel send` is, beside other programs that send mail, on this machine.
//!
//!     cargo bench --bench compare
//!     cargo bench --bench compare -- -n 5000 --rounds 3 one-connection
//!
//! Each row of the table is a module under `rows`: it runs the programs in turn, and counts the whole run of each from
//! its start to its exit. For `appel` that is reading the campaign, writing every letter twice (once before the first
//! connection, once as it leaves) and keeping the ledger on a real disk. `docs/performance.md` says more.
#![cfg(target_os = "linux")]

mod campaign;
#[path = "../../tests/interop/daemon.rs"]
#[allow(dead_code, reason = "made for more than this")]
mod daemon;
mod deliver;
mod machine;
mod mailmerge;
mod ours;
mod plot;
mod program;
mod proxy;
mod rows;
mod sink;
mod strace;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use campaign::Sending;
use ours::{Campaign, Million};
use program::{Used, Where};
use rows::{ROWS, Row};
use sink::Sink;

/// Letters in each run of the rows with `smtp-source`; the other rows have numbers of their own beside it.
const LETTERS: u32 = 20_000;

/// The program has it too: the row promises runs its parts in this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compares appel with other programs that send mail, and prints what was measured.
#[derive(Debug, Parser)]
#[command(name = "compare")]
struct Options {
    /// Letters in each run of one-connection; the other rows are made smaller or larger by as much [default: 20000]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    letters: Option<u32>,
    /// Runs of each program in each row [default: 5]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Draw what the row growth measured, as SVG, to this file
    #[arg(long, value_name = "PATH")]
    plot: Option<PathBuf>,
    /// Only these rows
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
    /// What cargo adds to tell a benchmark from a test; without it, everything is done once and small
    #[arg(long, hide = true)]
    bench: bool,
    /// Sends the campaign in the first folder with the parts of the library, for the row promises; what it writes goes to
    /// the second
    #[arg(long, hide = true, num_args = 2, value_name = "FOLDER")]
    deliver: Vec<PathBuf>,
    /// That run has a ledger that remembers nothing
    #[arg(long, hide = true)]
    forgets: bool,
}

/// What every row needs to know.
pub struct Bench {
    /// Where the mail servers and their tools are.
    servers: Option<PathBuf>,
    /// On a real disk, and emptied at the end.
    folder: tempfile::TempDir,
    letters: u32,
    rounds: usize,
    /// Where the picture of the row growth is wanted.
    plot: Option<PathBuf>,
    million: Million,
}

impl Bench {
    /// # Errors
    /// When there are none: how to install them.
    pub fn servers(&self) -> Result<&Path, String> {
        let servers = self.servers.as_deref();
        servers.ok_or_else(|| "no smtp-sink and smtp-source: run scripts/install-test-servers".to_owned())
    }

    /// A row's own number of letters, made smaller or larger as `-n` asks.
    pub fn scaled(&self, letters: u32) -> u32 {
        let scaled = u64::from(letters) * u64::from(self.letters) / u64::from(LETTERS);
        u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
    }

    /// The campaign of a million letters.
    pub fn million(&self) -> &Campaign {
        self.million.campaign(self.folder.path(), self.scaled(1_000_000))
    }

    /// What a dry run of it takes.
    pub fn dry_run_million(&self) -> Used {
        self.million.dry_run(self.million())
    }

    /// Sends it once, and says what that took; afterwards its ledger knows all of it as accepted.
    ///
    /// # Errors
    /// When there is nothing to send it to.
    pub fn send_million(&self) -> Result<Used, String> {
        let campaign = self.million();
        let sink = Sink::start(self, Where::Anywhere)?;
        Ok(self.million.sent(|| {
            eprintln!("sending {} letters", campaign.letters);
            campaign.configure(&Sending::plain(sink.port, 1));
            campaign.watched()
        }))
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let [campaign, kept] = &options.deliver[..] {
        return deliver::run(campaign, kept, options.forgets);
    }
    let (letters, rounds) = if options.bench { (LETTERS, 5) } else { (100, 1) };
    let bench = Bench {
        servers: daemon::servers(),
        // /tmp is memory on many machines; the build's folder is where a person's files are.
        folder: tempfile::Builder::new()
            .prefix("appel-compare-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("a folder"),
        letters: options.letters.unwrap_or(letters),
        rounds: options.rounds.unwrap_or(rounds).max(1),
        plot: options.plot,
        million: Million::default(),
    };
    let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
    if let Some(unknown) = options.rows.iter().find(|name| !names.contains(&name.as_str())) {
        eprintln!("no row {unknown}; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let wanted = |row: &&Row| options.rows.is_empty() || options.rows.iter().any(|name| name == row.name);
    let rows = ROWS.iter().filter(wanted);
    if bench.plot.is_some() && !rows.clone().any(|row| row.name == "growth") {
        eprintln!(
            "--plot draws what the row growth measures, which is not among {}",
            options.rows.join(", ")
        );
        return ExitCode::from(2);
    }

    println!("{}", machine::describe(bench.folder.path()));
    println!("{} rounds\n", bench.rounds);
    let measured: Vec<_> = rows.map(|row| (row.name, (row.run)(&bench))).collect();
    println!("\n{}", table::render(&measured));
    ExitCode::SUCCESS
}
