//! The problems of a run: the first thousand as they are, and the rest counted by their codes.

use std::collections::BTreeMap;

use appel_messages::{Catalog, Locale};
use serde::Serialize;

use super::{Problem, Severity, style};

/// How many problems are kept to be shown.
pub const MOST: usize = 1000;
/// How many codes are told apart among those that are only counted.
const MOST_CODES: usize = 20;
/// What those beyond them are counted by.
const OTHERS: &str = "problems-other-kinds";

/// Every problem found, in the order of the files.
///
/// A file can hold millions of them, and nobody reads more than a few: so a thousand are kept, errors before others, and
/// the rest is counted by code. An error that is only counted is an error all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    kept: Vec<Problem>,
    /// How many of `kept` are no errors.
    mild: usize,
    more: BTreeMap<(Severity, &'static str), usize>,
    /// How many there are of each severity, kept or not.
    counts: [usize; 3],
}

/// Problems that were counted and not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct More {
    /// How bad they are.
    pub severity: Severity,
    /// Which problem they all are; its `kind` says in words what they have in common.
    pub code: &'static str,
    /// How many there are.
    pub count: usize,
}

impl Serialize for More {
    /// The object of `check --json`: in English, whatever the language of the screen.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape {
            severity: Severity,
            code: &'static str,
            kind: String,
            count: usize,
        }
        Shape {
            severity: self.severity,
            code: self.code,
            kind: Catalog::of(Locale::English).kind(self.code),
            count: self.count,
        }
        .serialize(serializer)
    }
}

impl Problems {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            kept: Vec::new(),
            mild: 0,
            more: BTreeMap::new(),
            counts: [0; 3],
        }
    }

    /// Whether one more of this severity would be kept. Who finds many can spare itself the words for those that are not.
    #[must_use]
    pub const fn has_room(&self, severity: Severity) -> bool {
        self.kept.len() < MOST || (matches!(severity, Severity::Error) && self.mild > 0)
    }

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        if !self.has_room(problem.severity) {
            self.count_only(problem.severity, problem.code());
            return;
        }
        if self.kept.len() >= MOST
            && let Some(last) = self.kept.iter().rposition(|kept| kept.severity != Severity::Error)
        {
            let dropped = self.kept.remove(last);
            self.mild -= 1;
            self.counts[dropped.severity as usize] -= 1;
            self.count_only(dropped.severity, dropped.code());
        }
        self.mild += usize::from(problem.severity != Severity::Error);
        self.counts[problem.severity as usize] += 1;
        self.kept.push(problem);
    }

    /// Counts one that is not worth its words any more, by the code that its message would have.
    pub fn count_only(&mut self, severity: Severity, code: &'static str) {
        self.count_many(severity, code, 1);
    }

    fn count_many(&mut self, severity: Severity, code: &'static str, many: usize) {
        let all = &mut self.counts[severity as usize];
        *all = all.saturating_add(many);
        let key = (severity, code);
        let is_told_apart = self.more.contains_key(&key) || self.more.len() < MOST_CODES;
        let key = if is_told_apart { key } else { (severity, OTHERS) };
        let count = self.more.entry(key).or_default();
        *count = count.saturating_add(many);
    }

    /// Adds single ones.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            self.push(problem);
        }
    }

    /// Adds all that another reader found, those that it only counted among them.
    pub fn absorb(&mut self, other: Self) {
        self.extend(other.kept);
        for ((severity, code), count) in other.more {
            self.count_many(severity, code, count);
        }
    }

    /// Whether any of them stops the run.
    #[must_use]
    pub const fn any_error(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many of one severity there are.
    #[must_use]
    pub const fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// Those that are kept, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.kept.iter()
    }

    /// Those that are only counted, the worst first.
    pub fn more(&self) -> impl Iterator<Item = More> {
        self.more.iter().map(|((severity, code), count)| More {
            severity: *severity,
            code,
            count: *count,
        })
    }

    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.more.is_empty()
    }

    /// Leaves out the warnings of style that go by these names.
    pub fn switch_off(&mut self, names: &[&'static str]) {
        let is_off = |severity: Severity, code: &str| {
            severity == Severity::Warning && style::of_code(code).is_some_and(|name| names.contains(&name))
        };
        let before = self.kept.len();
        self.kept.retain(|problem| !is_off(problem.severity, problem.code()));
        let mut gone = before - self.kept.len();
        self.mild -= gone;
        self.more.retain(|(severity, code), count| {
            let off = is_off(*severity, code);
            gone += if off { *count } else { 0 };
            !off
        });
        self.counts[Severity::Warning as usize] -= gone;
    }

    /// Sorts those that are kept.
    pub fn sort_by_key<K: Ord>(&mut self, key: impl FnMut(&Problem) -> K) {
        self.kept.sort_by_key(key);
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(iter: I) -> Self {
        let mut problems = Self::new();
        problems.extend(iter);
        problems
    }
}

#[cfg(test)]
mod tests {
    use appel_messages::{Message, msg};

    use super::*;

    fn many(count: usize, make: impl Fn(usize) -> Problem) -> Problems {
        (0..count).map(make).collect()
    }

    fn undefined(name: impl std::fmt::Display) -> Message {
        msg!("name-undefined", name = format!("{name}"))
    }

    #[test]
    fn a_thousand_problems_are_kept_and_the_rest_is_counted_by_code() {
        let exactly = many(MOST, |nth| Problem::error(undefined(nth)));
        assert_eq!((exactly.iter().count(), exactly.more().count()), (MOST, 0));
        let mut problems = many(MOST + 1500, |nth| Problem::error(undefined(nth)));
        problems.extend((0..20).map(|nth| Problem::warning(msg!("quote", words = nth.to_string()))));
        assert_eq!(problems.iter().count(), MOST);
        assert_eq!(problems.count(Severity::Error), MOST + 1500);
        assert_eq!(problems.count(Severity::Warning), 20);
        let more: Vec<_> = problems
            .more()
            .map(|more| (more.severity, more.code, more.count))
            .collect();
        assert_eq!(
            more,
            [
                (Severity::Error, "name-undefined", 1500),
                (Severity::Warning, "quote", 20)
            ]
        );
    }

    #[test]
    fn an_error_is_never_lost_behind_warnings() {
        let mut problems = many(MOST, |nth| Problem::warning(undefined(nth)));
        assert!(!problems.any_error());
        problems.push(Problem::error(undefined("wrong")));
        assert!(problems.iter().any(|problem| problem.severity == Severity::Error));
        assert_eq!(problems.iter().count(), MOST);
        assert_eq!(problems.count(Severity::Warning), MOST);

        let mut counted = Problems::new();
        counted.count_only(Severity::Error, "name-undefined");
        assert!(counted.any_error());
        let mut whole = Problems::new();
        whole.absorb(counted);
        assert!(whole.any_error());
    }

    #[test]
    fn what_is_switched_off_is_neither_kept_nor_counted() {
        let mut problems = many(MOST + 500, |_| Problem::warning(msg!("text-draft", words = "TODO")));
        problems.extend((0..3).map(|nth| Problem::warning(undefined(nth))));
        // An error stays whatever its code is.
        problems.push(Problem::error(msg!("text-draft", words = "TODO")));
        problems.switch_off(&["shouting"]);
        assert_eq!(problems.count(Severity::Warning), MOST + 503);
        problems.switch_off(&["left-over"]);
        assert_eq!(problems.count(Severity::Warning), 3);
        assert_eq!(problems.count(Severity::Error), 1);
        assert!(problems.iter().all(|problem| problem.style().is_none()));
        let counted: usize = problems.more().map(|more| more.count).sum();
        assert_eq!(problems.iter().count() + counted, 4);
    }

    #[test]
    fn codes_without_end_are_counted_together() {
        const CODES: &str = "abcdefghijklmnopqrstuvwxyz";
        let mut problems = Problems::new();
        for nth in 0..10_000 {
            let nth = nth % CODES.len();
            problems.count_only(Severity::Error, &CODES[nth..=nth]);
        }
        assert_eq!(problems.more().count(), MOST_CODES + 1);
        assert!(problems.more().any(|more| more.code == OTHERS));
        assert_eq!(problems.count(Severity::Error), 10_000);
    }
}
