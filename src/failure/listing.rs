//! Many problems as a person can work through them: how many of which kind, and then a few of each in full.

use std::collections::BTreeMap;

use appel_core::words::visible;
use appel_messages::{Message, Value, msg};

use super::{Problem, Problems, Severity, Style};

/// So many are shown in full.
const MOST_SHOWN: usize = 20;

/// Problems in words: all of them when they are few; else first how many there are of each kind, the most frequent first,
/// then some of each. `worst`: none that are milder.
#[must_use]
pub fn listing(problems: &Problems, worst: Severity, style: &Style) -> Vec<String> {
    let kept: Vec<&Problem> = problems.iter().filter(|problem| problem.severity <= worst).collect();
    let counted = problems.more().filter(|more| more.severity <= worst);
    let mut kinds: BTreeMap<(Severity, &str), usize> = BTreeMap::new();
    for (severity, code, count) in kept
        .iter()
        .map(|problem| (problem.severity, problem.code(), 1))
        .chain(counted.map(|more| (more.severity, more.code, more.count)))
    {
        let all = kinds.entry((severity, code)).or_default();
        *all = all.saturating_add(count);
    }
    let all = kinds.values().fold(0usize, |sum, count| sum.saturating_add(*count));
    if all <= MOST_SHOWN {
        return kept.into_iter().map(|problem| style.render(problem)).collect();
    }
    let mut parts = vec![summary(&kinds, all, style)];
    let shown = some_of_each(&kept);
    let left = all - shown.len();
    parts.extend(shown.into_iter().map(|problem| style.render(problem)));
    if left > 0 {
        parts.push(style.render(&Problem::note(msg!("problems-left", count = left))));
    }
    parts
}

fn summary(kinds: &BTreeMap<(Severity, &str), usize>, all: usize, style: &Style) -> String {
    let mut by_count: Vec<_> = kinds.iter().collect();
    by_count.sort_by_key(|((severity, _), count)| (*severity, std::cmp::Reverse(**count)));
    let mut text = style.say(&msg!("problems-in-all", count = all, kinds = kinds.len()));
    for ((severity, code), count) in by_count {
        let kind = msg!(
            "problems-of-kind",
            count = *count,
            kind = Value::Kind((*code).to_owned().into())
        );
        let line = msg!("problems-line", severity = severity_of(*severity), kind = kind);
        text.push_str("\n  ");
        text.push_str(&visible(&style.say(&line)));
    }
    text
}

fn severity_of(severity: Severity) -> Message {
    match severity {
        Severity::Error => msg!("screen-error"),
        Severity::Warning => msg!("screen-warning"),
        Severity::Note => msg!("screen-note"),
    }
}

/// The first of each kind, the second of each, and so on, as far as there is room; in their order.
fn some_of_each<'p>(problems: &[&'p Problem]) -> Vec<&'p Problem> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut turns: Vec<(usize, usize)> = Vec::with_capacity(problems.len());
    for (place, problem) in problems.iter().enumerate() {
        let nth = seen.entry(problem.code()).or_default();
        turns.push((*nth, place));
        *nth += 1;
    }
    turns.sort_unstable();
    let mut places: Vec<usize> = turns.into_iter().take(MOST_SHOWN).map(|(_, place)| place).collect();
    places.sort_unstable();
    places.into_iter().map(|place| problems[place]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Place;

    fn at(line: usize, what: Message) -> Problem {
        Problem::error(what).at(Place {
            line: Some(line),
            ..Place::file("list.csv")
        })
    }

    fn named(name: &str) -> Message {
        msg!("name-undefined", name = name)
    }

    #[test]
    fn twenty_problems_are_shown_as_they_are() {
        let problems: Problems = (1..=20).map(|line| at(line, named("x"))).collect();
        let all = listing(&problems, Severity::Note, &Style::PLAIN);
        assert_eq!(all.len(), 20);
        assert!(all[0].starts_with("error: "), "{}", all[0]);
    }

    #[test]
    fn of_many_each_kind_is_counted_and_shown() {
        let mut problems: Problems = (1..=50).map(|line| at(line, named("x"))).collect();
        problems.push(at(51, msg!("fact-no-time", name = "killed")));
        problems.push(Problem::warning(msg!("text-draft", words = "TODO")));
        problems.count_only(Severity::Error, "name-undefined");
        let all = listing(&problems, Severity::Note, &Style::PLAIN);
        let lines: Vec<&str> = all[0].lines().collect();
        assert_eq!(
            lines,
            [
                "53 problems of 3 kinds:",
                "  error: 51 × `…` is not defined",
                "  error: 1 × the fact `…` has no time",
                "  warning: 1 × `…` looks left over from a draft",
            ]
        );
        // The summary, twenty, and how many more.
        assert_eq!(all.len(), 22);
        assert!(all.iter().any(|part| part.contains("list.csv:51")));
        assert!(all[21].contains("33 more"), "{}", all[21]);
        // Only errors, when that is what is asked for.
        assert_eq!(listing(&problems, Severity::Error, &Style::PLAIN)[0].lines().count(), 3);
    }
}
