//! What all parts of a simulation share: the trace, the disk, what the server took, and whether the process still lives.

use std::fmt::{Display, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::disk::Disk;
use super::record::{Kept, Watch};
use super::scenario::{Death, Scenario, When};
use crate::clock::Clock;
use crate::outbox::delivery::Interrupt;

/// No run has more steps than this: what goes on for longer hangs.
const MOST_STEPS: u64 = 300_000;

/// The world, shared by everybody in it.
#[derive(Clone)]
pub struct World(Arc<Mutex<State>>);

pub struct State {
    pub scenario: Scenario,
    /// When it began: time in a trace is counted from here.
    pub since: Instant,
    pub disk: Disk,
    /// What is kept of all runs.
    pub kept: Kept,
    /// The run that goes on, or was the last.
    pub run: Watch,
    /// Why the process died; from then on nothing it does has any effect.
    pub dead: Option<Death>,
    pub death: Arc<Notify>,
    /// Connections that the process has open.
    pub open: usize,
    pub connections: usize,
    pub counts: Counts,
    /// What happens at which step of this run.
    fuses: Vec<(u64, Fuse)>,
    interrupt: Option<watch::Sender<Interrupt>>,
    steps: u64,
    trace: String,
    broken: Option<String>,
}

/// What waits for its moment.
#[derive(Clone, Copy, Debug)]
pub enum Fuse {
    Death(Death),
    Interrupt,
}

/// How much was seen of what a simulation is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub runs: u64,
    pub kills: u64,
    pub power_cuts: u64,
    pub interrupts: u64,
    pub disks_failed: u64,
    pub connections: u64,
    pub faults: u64,
    pub taken: u64,
    pub in_doubt: u64,
    pub resent: u64,
    /// Copies that letters left without, and those that were taken alone.
    pub copies_left: u64,
    pub copies_alone: u64,
    /// Letters that were told what all are told, when an account has had enough.
    pub enough: u64,
    /// The most letters a connection that one kill left in doubt, and one power cut.
    pub most_by_kill: u64,
    pub most_by_power_cut: u64,
}

impl Counts {
    /// Whether everything that it counts came about.
    pub const fn saw_everything(&self) -> bool {
        self.kills > 0
            && self.power_cuts > 0
            && self.interrupts > 0
            && self.disks_failed > 0
            && self.faults > 0
            && self.taken > 0
            && self.in_doubt > 0
            && self.resent > 0
            && self.copies_left > 0
            && self.copies_alone > 0
            && self.enough > 0
            && self.most_by_kill > 0
            && self.most_by_power_cut > 1
    }

    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.kills += other.kills;
        self.power_cuts += other.power_cuts;
        self.interrupts += other.interrupts;
        self.disks_failed += other.disks_failed;
        self.connections += other.connections;
        self.faults += other.faults;
        self.taken += other.taken;
        self.in_doubt += other.in_doubt;
        self.resent += other.resent;
        self.copies_left += other.copies_left;
        self.copies_alone += other.copies_alone;
        self.enough += other.enough;
        self.most_by_kill = self.most_by_kill.max(other.most_by_kill);
        self.most_by_power_cut = self.most_by_power_cut.max(other.most_by_power_cut);
    }
}

impl World {
    pub fn new(scenario: Scenario) -> Self {
        Self(Arc::new(Mutex::new(State {
            scenario,
            since: Instant::now(),
            disk: Disk::default(),
            kept: Kept::default(),
            run: Watch::default(),
            dead: None,
            death: Arc::new(Notify::new()),
            open: 0,
            connections: 0,
            counts: Counts::default(),
            fuses: Vec::new(),
            interrupt: None,
            steps: 0,
            trace: String::new(),
            broken: None,
        })))
    }

    /// For a moment: never held while anything is awaited, or while a pipe is locked after it.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_dead(&self) -> bool {
        self.lock().dead.is_some()
    }
}

impl State {
    /// Since the simulation began.
    pub fn now(&self) -> Duration {
        self.since.elapsed()
    }

    /// The time of day, as the program is told it.
    pub const fn clock(&self) -> Clock {
        Clock::Driven {
            from: self.kept.start,
            since: self.since,
        }
    }

    /// Something happened: it stands in the trace, and what waited for it comes about.
    pub fn note(&mut self, what: impl Display) {
        let now = self.now().as_millis();
        let _ = writeln!(self.trace, "{} {now} {what}", self.run.number);
        self.steps += 1;
        while let Some((at, fuse)) = self.fuses.first().copied() {
            if at > self.steps {
                break;
            }
            self.fuses.remove(0);
            self.burn(fuse);
        }
        if self.steps > MOST_STEPS {
            self.broken("it does not come to an end");
        }
    }

    /// What waited for its moment happens.
    pub fn burn(&mut self, fuse: Fuse) {
        match fuse {
            Fuse::Death(death) => self.die(death),
            Fuse::Interrupt => {
                if let Some(sender) = &self.interrupt {
                    let next = match *sender.borrow() {
                        Interrupt::None => Interrupt::Finish,
                        _ => Interrupt::Now,
                    };
                    sender.send_replace(next);
                    self.counts.interrupts += 1;
                    let now = self.now();
                    self.run.interrupts.push(now);
                    self.note("interrupted");
                }
            }
        }
    }

    pub fn die(&mut self, death: Death) {
        if self.dead.is_none() {
            self.dead = Some(death);
            self.death.notify_one();
            self.note(format_args!("the process dies: {death:?}"));
        }
    }

    /// A promise was not kept; the first one counts.
    pub fn broken(&mut self, what: impl Display) {
        if self.broken.is_none() {
            self.broken = Some(what.to_string());
            let _ = writeln!(self.trace, "BROKEN: {what}");
            // Nothing more is to be learned from it.
            self.dead.get_or_insert(Death::Killed);
            self.death.notify_one();
        }
    }

    pub fn take_broken(&mut self) -> Option<String> {
        self.broken.take()
    }

    pub fn take_trace(&mut self) -> String {
        std::mem::take(&mut self.trace)
    }

    /// A run begins, in which these things happen at these steps.
    pub fn run_begins(&mut self, mut fuses: Vec<(u64, Fuse)>, interrupt: watch::Sender<Interrupt>) {
        fuses.sort_by_key(|(at, _)| *at);
        self.fuses = fuses;
        self.interrupt = Some(interrupt);
        self.steps = 0;
        self.dead = None;
        // One that nobody waited for belongs to the run before.
        self.death = Arc::new(Notify::new());
        self.counts.runs += 1;
    }

    /// Nothing happens any more at any step.
    pub fn run_is_over(&mut self) {
        self.fuses.clear();
        self.interrupt = None;
    }
}

/// When something happens, for those that watch the clock.
pub const fn timed(when: When) -> Option<Duration> {
    match when {
        When::After(after) => Some(after),
        When::Step(_) => None,
    }
}
