//! The rules of ARCHITECTURE.md that a reader could break without noticing, held against the source.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Every file under `src/` that is part of the program: its path there, and its code without comments and tests.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut files) = (vec![root.clone()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") && !is_for_tests(&name) {
                files.insert(name, code(&fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 30, "the sources are elsewhere: {files:?}");
    files
}

fn is_for_tests(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("/tests/") || name.ends_with("testing.rs")
}

/// Without comments, and up to the module of tests, which ends a file.
fn code(text: &str) -> String {
    let (text, _) = text.split_once("#[cfg(test)]\nmod ").unwrap_or((text, ""));
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.to_owned() + "\n")
        .collect()
}

/// Nowhere in these files is there any of these words.
#[track_caller]
fn never_mentions(within: &str, words: &[&str]) {
    let mut files = 0;
    let mut found = Vec::new();
    for (name, code) in sources().iter().filter(|(name, _)| name.starts_with(within)) {
        files += 1;
        let bad = words.iter().filter(|word| code.contains(**word));
        found.extend(bad.map(|word| format!("src/{name} mentions {word}")));
    }
    assert!(files > 2, "src/{within} is elsewhere");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_a_letter_is_depends_on_nothing_outside() {
    never_mentions(
        "letter/",
        &[
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "tokio",
            "rusqlite",
            "outbox",
            "transport",
            "crate::commands",
            "crate::clock",
            "Timestamp::now",
            "Zoned::now",
            "SystemTime::now",
            "Instant",
            "rand::",
            "getrandom",
            "RandomState",
            "Uuid",
        ],
    );
}

#[test]
fn a_campaign_knows_nothing_of_how_letters_leave() {
    never_mentions(
        "campaign/",
        &[
            "transport",
            "outbox",
            "rehearsal",
            "crate::commands",
            "lettre::transport",
            "tokio",
        ],
    );
}

#[test]
fn a_transport_knows_nothing_of_templates_and_tables() {
    never_mentions(
        "transport/",
        &[
            "handlebars",
            "csv",
            "Template",
            "recipients::",
            "outbox",
            "crate::commands",
            "rusqlite",
        ],
    );
}

#[test]
fn only_main_ends_the_program() {
    for (name, code) in sources() {
        let ends = ["process::exit", "process::abort"]
            .iter()
            .any(|word| code.contains(word));
        assert!(!ends || name == "main.rs", "src/{name} ends the program");
    }
}

#[test]
fn main_fits_on_a_screen() {
    let lines = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs"))
        .unwrap()
        .lines()
        .count();
    assert!(lines < 60, "src/main.rs has {lines} lines");
}

#[test]
fn the_modules_depend_on_each_other_in_one_direction_only() {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, code) in sources() {
        let module = name.split(['/', '.']).next().unwrap().to_owned();
        // `use crate::{a::B, c}` names its modules in braces.
        let mut rest = code.as_str();
        while let Some((_, after)) = rest.split_once("crate::") {
            rest = after;
            let named: Vec<&str> = match after.strip_prefix('{').and_then(|list| list.split_once("};")) {
                Some((list, _)) => list.split(',').map(str::trim).collect(),
                None => vec![after],
            };
            for path in named {
                let end = path
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(path.len());
                uses.entry(module.clone()).or_default().insert(path[..end].to_owned());
            }
        }
    }
    let modules: BTreeSet<_> = uses.keys().cloned().collect();
    for used in uses.values_mut() {
        used.retain(|used| modules.contains(used));
    }
    assert!(
        uses["commands"].contains("outbox") && uses["outbox"].contains("letter"),
        "nothing was read: {uses:?}"
    );
    for (module, used) in &uses {
        for other in used.iter().filter(|other| *other != module) {
            let mut reached = BTreeSet::from([other.clone()]);
            let mut next = vec![other.clone()];
            while let Some(here) = next.pop() {
                for there in uses.get(&here).into_iter().flatten() {
                    if reached.insert(there.clone()) {
                        next.push(there.clone());
                    }
                }
            }
            assert!(
                !reached.contains(module),
                "{module} uses {other}, which leads back to {module}"
            );
        }
    }
}

#[test]
fn no_file_has_outgrown_its_subject() {
    for (name, code) in sources() {
        let lines = code.lines().count();
        assert!(
            lines <= 550,
            "src/{name} has {lines} lines of code: it wants splitting by meaning"
        );
    }
}

/// The names of all test functions, with the folders `tests/` and `src/`.
fn test_names() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut names) = (vec![root.join("src"), root.join("tests")], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let after = text
                    .split("#[test]\n")
                    .skip(1)
                    .chain(text.split("#[tokio::test(start_paused = true)]\n").skip(1));
                // Other attributes may stand between.
                names.extend(after.filter_map(|rest| Some(rest.split_once("fn ")?.1.split_once('(')?.0.to_owned())));
            }
        }
    }
    names
}

#[test]
fn every_fault_has_a_test_that_is_there() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md")).unwrap();
    let tests = test_names();
    let mut rows = Vec::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let Some(Ok(number)) = cells.first().map(|cell| cell.parse::<u32>()) else {
            continue;
        };
        let named: Vec<&str> = cells[3].split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "row {number} names no test");
        for name in named {
            assert!(tests.contains(name), "row {number}: there is no test {name}");
        }
        rows.push(number);
    }
    assert_eq!(rows, (1..=44).collect::<Vec<_>>());
}
