//! Every step of a run, or every so many, once each: shared out to as many threads as the machine has processors.

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

/// How thoroughly a run is walked through.
#[derive(Clone, Copy, Debug)]
pub struct Stride {
    /// Every so many steps of a kind; 1 is every one.
    pub every: usize,
    /// Which one is the first: the same steps each time.
    pub seed: usize,
}

/// What is left to try of one kind of step.
#[derive(Debug)]
struct Left {
    next: usize,
    /// The first step that a run did not come to.
    end: Option<usize>,
}

/// Tries the steps of each kind in turn, until a run does not come to them. `try_step` says whether its run did.
pub fn walk(kinds: &[&'static str], stride: Stride, try_step: impl Fn(&'static str, usize) -> bool + Sync) {
    let left = Mutex::new(
        kinds
            .iter()
            .enumerate()
            .map(|(number, kind)| {
                let next = 1 + (stride.seed + number) % stride.every;
                (*kind, Left { next, end: None })
            })
            .collect::<BTreeMap<_, _>>(),
    );
    let threads = thread::available_parallelism().map_or(2, usize::from) + 1;
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((kind, nth)) = take(&left, stride.every) {
                    if !try_step(kind, nth)
                        && let Some(of_kind) = lock(&left).get_mut(kind)
                    {
                        of_kind.end = Some(of_kind.end.map_or(nth, |end| end.min(nth)));
                    }
                }
            });
        }
    });
}

fn take(left: &Mutex<BTreeMap<&'static str, Left>>, every: usize) -> Option<(&'static str, usize)> {
    let mut left = lock(left);
    let (kind, of_kind) = left
        .iter_mut()
        .find(|(_, of_kind)| of_kind.end.is_none_or(|end| of_kind.next < end))?;
    let nth = of_kind.next;
    of_kind.next += every;
    Some((kind, nth))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a sweep came to.
#[derive(Debug, Default)]
pub struct Figures {
    pub faults: usize,
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    pub wrong: Vec<String>,
    pub most_in_doubt: usize,
    /// How many of the faults left something in doubt.
    pub left_doubt: usize,
}

/// Gathers figures from several threads.
#[derive(Debug)]
pub struct Tally {
    figures: Mutex<Figures>,
    begun: Instant,
}

impl Tally {
    pub fn new() -> Self {
        Self {
            figures: Mutex::default(),
            begun: Instant::now(),
        }
    }

    /// One fault and what was found after it.
    pub fn count(&self, at: &str, audit: crate::audit::Audit) {
        let mut figures = lock(&self.figures);
        let named = |what: Vec<String>| what.into_iter().map(|what| format!("{at}: {what}")).collect::<Vec<_>>();
        figures.faults += 1;
        figures.most_in_doubt = figures.most_in_doubt.max(audit.in_doubt.len());
        figures.left_doubt += usize::from(!audit.in_doubt.is_empty());
        figures.lost.extend(named(audit.lost));
        figures.doubled.extend(named(audit.doubled));
        figures.wrong.extend(named(audit.wrong));
    }

    /// Says what came of it, as one line of a table.
    pub fn say(self, what: &str) -> Figures {
        let figures = self.figures.into_inner().unwrap_or_else(PoisonError::into_inner);
        say(&format!(
            "{what:<84} {:>5} faults  {:>2} lost  {:>2} doubled  {:>2} in doubt at most  {:>4} s",
            figures.faults,
            figures.lost.len(),
            figures.doubled.len(),
            figures.most_in_doubt,
            self.begun.elapsed().as_secs(),
        ));
        figures
    }
}

/// A line for whoever runs the tests, also where what a test prints is not shown.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

impl Figures {
    /// Nothing lost, nothing doubled, and not too much in doubt.
    #[track_caller]
    pub fn hold(&self, most_in_doubt: usize) {
        let first = |of: &[String]| of.iter().take(10).cloned().collect::<Vec<_>>().join("\n  ");
        assert!(
            self.doubled.is_empty(),
            "{} doubled:\n  {}",
            self.doubled.len(),
            first(&self.doubled)
        );
        assert!(
            self.lost.is_empty(),
            "{} lost:\n  {}",
            self.lost.len(),
            first(&self.lost)
        );
        assert!(
            self.wrong.is_empty(),
            "{} wrong:\n  {}",
            self.wrong.len(),
            first(&self.wrong)
        );
        assert!(
            self.most_in_doubt <= most_in_doubt,
            "{} letters were in doubt at once",
            self.most_in_doubt
        );
    }
}
