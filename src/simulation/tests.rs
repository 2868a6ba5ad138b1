use std::io::Write as _;
use std::panic::catch_unwind;
use std::time::Instant;

use super::disk::Slip;
use super::scenario::Scenario;
use super::world::Counts;
use super::{Story, simulate};

/// How many seeds are tried where nobody says otherwise.
const SEEDS: u64 = 1500;
/// How many that fail are told; then it is enough.
const MOST_TOLD: usize = 20;
/// So many show everything that can go wrong.
const ENOUGH: u128 = 300;
/// Where they begin.
const BASE: u64 = 1;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}

/// The last lines of a trace.
fn tail(trace: &str, lines: usize) -> String {
    let all: Vec<&str> = trace.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn alone(seed: u64) -> String {
    format!("APPEL_SEED={seed} cargo test --lib simulation")
}

fn story(seed: u64) -> Story {
    catch_unwind(|| simulate(Scenario::of(seed), None))
        .unwrap_or_else(|_| panic!("it panicked; alone: {}", alone(seed)))
}

#[test]
fn whatever_goes_wrong_nothing_is_sent_twice_and_nothing_is_lost_in_silence() {
    if let Some(seed) = number("APPEL_SEED") {
        let Story { trace, counts, broken } = story(seed);
        println!("{trace}\n{:?}\n{counts:?}", Scenario::of(seed));
        assert_eq!(broken, None);
        return;
    }
    let seeds = number("APPEL_SEEDS").unwrap_or(SEEDS);
    let base = number("APPEL_SEED_BASE").unwrap_or(BASE);
    let begun = Instant::now();
    let mut counts = Counts::default();
    let mut broken = Vec::new();
    let mut last = String::new();
    let mut tried = 0;
    for seed in base..base + seeds {
        let story = story(seed);
        tried += 1;
        counts.add(&story.counts);
        if let Some(what) = story.broken {
            if broken.is_empty() {
                last = tail(&story.trace, 60);
            }
            broken.push(format!("{what}\n    {}", alone(seed)));
        }
        if broken.len() == MOST_TOLD {
            break;
        }
    }
    let seconds = begun.elapsed();
    let a_minute = tried * 60_000 / seconds.as_millis().max(1);
    // Past what catches a test's output: the figures are of use when it passes, too.
    let _ = writeln!(
        std::io::stderr(),
        "simulation: {tried} seeds from {base} in {seconds:.1?}, {a_minute} a minute: {counts:?}"
    );
    assert!(broken.is_empty(), "the first ended so:\n{last}\n{}", broken.join("\n"));
    // Otherwise it has nothing to say about what it is for.
    assert!(tried < ENOUGH || counts.saw_everything(), "{counts:?}");
}

#[test]
fn the_same_seed_is_the_same_story() {
    for seed in 1..=40 {
        let [first, second] = [(); 2].map(|()| story(seed).trace);
        let differ = first
            .lines()
            .zip(second.lines())
            .find(|(first, second)| first != second);
        assert_eq!(differ, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}

#[test]
fn a_disk_that_breaks_its_word_is_noticed() {
    for slip in [Slip::UnsyncedForgotten, Slip::NothingSynced, Slip::DoubtIsDue] {
        let noticed = (1..300).find(|seed| simulate(Scenario::of(*seed), Some(slip)).broken.is_some());
        assert!(noticed.is_some(), "{slip:?} goes unnoticed");
    }
}
