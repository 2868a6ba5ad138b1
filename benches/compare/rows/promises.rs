//! What each promise costs a letter: the same run with it and without, or what keeping it takes by itself.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use appel::outbox::ledger::NoLedger;
use tempfile::TempDir;

use crate::Bench;
use crate::campaign::Sending;
use crate::deliver::{composer, first, write_all};
use crate::ours::Campaign;
use crate::program::{Taken, Where, run};
use crate::sink::Sink;
use crate::table::{Measured, grouped, median, spread};

/// As many as matter to the median; each takes microseconds.
const HASHES: u32 = 10_000;
/// Everything is on one processor, as in the row one-connection: what a letter costs shows, and not what another
/// processor does meanwhile.
const PLACE: Where = Where::OneCpu;
const MICROSECONDS: &str = " µs";
/// Memory that looks like a disk, where there is one.
const MEMORY: &str = "/dev/shm";

/// What was measured in each round, in µs a letter.
#[derive(Default)]
struct Costs {
    letters: u32,
    /// `appel send`, its ledger on disk, and in memory.
    program: Cost,
    in_memory: Cost,
    /// The same from the library's parts: see `deliver`.
    remembering: Cost,
    forgetful: Cost,
    dry_run: Cost,
    /// Planning and rendering alone.
    written: Vec<f64>,
    sha256: Vec<f64>,
}

#[derive(Default)]
struct Cost {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Cost {
    fn add(&mut self, taken: Taken, letters: u32) {
        self.wall.push(taken.seconds / f64::from(letters) * 1e6);
        self.cpu.push(taken.cpu / f64::from(letters) * 1e6);
    }

    fn shown(&self) -> String {
        format!(
            "{:.0} µs, {:.0} µs of processor time",
            median(&self.wall),
            median(&self.cpu)
        )
    }
}

pub fn prices(bench: &Bench) -> Result<Vec<Measured>, String> {
    let sink = Sink::start(bench, PLACE)?;
    let folder = bench.folder.path().join("promises");
    let campaign = Campaign::new(&folder, bench.letters, &Sending::plain(sink.port, 1));
    let composer = composer(&folder);
    let memory = tempfile::Builder::new().prefix("appel-compare-").tempdir_in(MEMORY);
    let memory = memory.inspect_err(|error| eprintln!("no ledger in memory: {MEMORY}: {error}"));
    let memory = memory.ok();
    let mut costs = Costs::default();
    for round in 1..=bench.rounds {
        costs.add(&campaign, memory.as_ref().map(TempDir::path));
        costs.written.push(microseconds(bench.letters, || {
            assert_eq!(write_all(&composer, &mut NoLedger).due, bench.letters as usize);
        }));
        let message = first(&composer);
        costs.sha256.push(microseconds(HASHES, || {
            for _ in 0..HASHES {
                black_box(black_box(&message).sha256());
            }
        }));
        costs.tell(round);
    }
    Ok(costs.figures())
}

/// For each of so many.
fn microseconds(many: u32, work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64() / f64::from(many) * 1e6
}

impl Costs {
    /// One round.
    fn add(&mut self, campaign: &Campaign, memory: Option<&Path>) {
        self.letters = campaign.letters;
        self.program.add(campaign.send(PLACE), campaign.letters);
        if let Some(memory) = memory {
            let ledger = memory.join("ledger");
            let mut command = campaign.sending();
            command.arg("--ledger").arg(&ledger);
            self.in_memory.add(run(&mut PLACE.hold(command)), campaign.letters);
            // Its marks and its lock are beside it.
            for file in fs::read_dir(memory).expect("a folder of ours").flatten() {
                fs::remove_file(file.path()).expect("a file of ours");
            }
        }
        let from_library = |forgets| {
            let kept = campaign.folder().join("kept");
            // It may not be there yet.
            let _ = fs::remove_dir_all(&kept);
            run(&mut PLACE.hold(library(campaign.folder(), &kept, forgets)))
        };
        self.remembering.add(from_library(false), campaign.letters);
        self.forgetful.add(from_library(true), campaign.letters);
        self.dry_run
            .add(run(&mut PLACE.hold(campaign.dry_run())), campaign.letters);
    }

    fn tell(&self, round: usize) {
        let last = |cost: &Cost| cost.wall.last().copied().unwrap_or(f64::NAN);
        eprintln!(
            "promises, round {round}, a letter: {:.0} µs; the library's parts with a ledger {:.0} µs, without {:.0} µs",
            last(&self.program),
            last(&self.remembering),
            last(&self.forgetful)
        );
    }

    fn figures(&self) -> Vec<Measured> {
        let run = format!(
            "a letter of {} on one connection, one CPU",
            grouped(self.letters.into(), 0)
        );
        let whole = Measured::new(run, MICROSECONDS, 1, self.program.wall.clone()).behind(format!(
            "the program: {}; the same from the library's parts: {}",
            self.program.shown(),
            self.remembering.shown()
        ));
        let ledger = self.price(
            "nothing twice, nothing lost: the ledger, against one that forgets",
            less(&self.remembering.wall, &self.forgetful.wall),
            &format!("with {}; without {}", self.remembering.shown(), self.forgetful.shown()),
        );
        let by_cpu = share(
            "the same by processor time",
            less(&self.remembering.cpu, &self.forgetful.cpu),
            &self.program.cpu,
            "what others do on the machine meanwhile hardly shows; neither does waiting",
        );
        let mut figures = vec![whole, ledger, by_cpu];
        if !self.in_memory.wall.is_empty() {
            figures.push(self.price(
                "of the ledger, waiting for the disk: on it, against in memory",
                less(&self.program.wall, &self.in_memory.wall),
                &format!("on disk {}; in memory {}", self.program.shown(), self.in_memory.shown()),
            ));
        }
        figures.push(self.price(
            "every letter is written before anything is sent: the dry run",
            self.dry_run.wall.clone(),
            &format!(
                "start and reading the campaign included, which a run has anyway; planning and rendering alone {}",
                spread(&self.written, 1, MICROSECONDS)
            ),
        ));
        figures.push(self.price(
            "the ledger can tell what was sent: SHA-256 of the message",
            self.sha256.clone(),
            "the function alone, over and over",
        ));
        figures
    }

    fn price(&self, what: &str, values: Vec<f64>, behind: &str) -> Measured {
        share(what, values, &self.program.wall, behind)
    }
}

/// What something costs, and how much of the whole that is.
fn share(what: &str, values: Vec<f64>, whole: &[f64], behind: &str) -> Measured {
    let parts = values.iter().zip(whole);
    let shares: Vec<f64> = parts.map(|(value, whole)| value / whole * 100.0).collect();
    let behind = format!("{} of the run; {behind}", spread(&shares, 1, "%"));
    Measured::new(what.to_owned(), MICROSECONDS, 1, values).behind(behind)
}

/// Round by round.
fn less(with: &[f64], without: &[f64]) -> Vec<f64> {
    with.iter().zip(without).map(|(with, without)| with - without).collect()
}

/// This benchmark once more, as a program that sends.
fn library(campaign: &Path, kept: &Path, forgets: bool) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program knows itself"));
    command.env_clear().arg("--deliver").arg(campaign).arg(kept);
    if forgets {
        command.arg("--forgets");
    }
    command
}
