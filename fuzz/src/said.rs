//! What is said of an input: fit for a terminal, and not without end.

use std::sync::LazyLock;

use appel::failure::{Problem, Problems, Severity, Style, listing};
use appel_core::words::is_unsafe_to_show;

/// No problem of a file is longer on a screen, whatever stands in the file.
pub const LONGEST_PROBLEM: usize = 32 << 10;
/// No more are shown one by one.
const MOST_PROBLEMS: usize = 1000;

/// Shows what became of an input, when it is run again for a person.
pub fn tell(what: impl FnOnce() -> String) {
    static IS_ASKED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("APPEL_FUZZ_TELL").is_some());
    if *IS_ASKED {
        eprintln!("{}", what());
    }
}

/// Every problem, as a person reads it.
pub fn all(problems: &Problems) {
    assert!(problems.iter().count() <= MOST_PROBLEMS);
    problems.iter().for_each(one);
    for shown in listing(problems, Severity::Note, &Style::PLAIN) {
        tell(|| shown.clone());
    }
}

/// One problem, as a person reads it.
pub fn one(problem: &Problem) {
    let shown = Style::PLAIN.render(problem);
    tell(|| shown.clone());
    assert!(
        shown.len() <= LONGEST_PROBLEM,
        "a problem of {} bytes: {:.200}",
        shown.len(),
        problem.what.in_english()
    );
    fit_to_show(&shown);
}

/// No place is behind the end of the file it is in.
pub fn places_are_in(problems: &Problems, file: &str, text: &str) {
    let lines = text.matches('\n').count().max(text.matches('\r').count()) + 1;
    for place in problems.iter().filter_map(|problem| problem.place.as_ref()) {
        if place.file.ends_with(file) {
            let line = place.line.unwrap_or(1);
            assert!((1..=lines).contains(&line), "line {line} of {lines}");
            let excerpt = place.excerpt.as_ref();
            assert!(excerpt.is_none_or(|excerpt| excerpt.text.get(excerpt.span.clone()).is_some()));
        }
    }
}

/// Nothing in it that a terminal would obey, or that nobody sees.
pub fn fit_to_show(text: &str) {
    if let Some(c) = text.chars().find(|c| *c != '\n' && is_unsafe_to_show(*c)) {
        panic!("U+{:04X} is shown in {text:?}", u32::from(c));
    }
}
