//! The rules of ARCHITECTURE.md that a reader could break without noticing, held against the source.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the code of the two crates is.
const CORE: &str = "crates/core/src/";
const PROGRAM: &str = "src/";
const MESSAGES: &str = "crates/messages/src/";

/// Every file that is part of the program: its path, and its code without comments and tests.
pub fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    for crate_ in [CORE, MESSAGES, PROGRAM] {
        let mut folders = vec![root.join(crate_)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "rs") && !is_for_tests(&name) {
                    files.insert(name, code(&fs::read_to_string(&path).unwrap()));
                }
            }
        }
        let found = files.keys().filter(|name| name.starts_with(crate_)).count();
        assert!(found > 3, "the sources of {crate_} are elsewhere: {files:?}");
    }
    files
}

fn is_for_tests(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("/tests/") || name.ends_with("testing.rs")
}

/// Without comments, and up to the module of tests, which ends a file; one that is a file of its own ends nothing.
fn code(text: &str) -> String {
    let mut tests = text.match_indices("#[cfg(test)]\nmod ");
    let end = tests.find(|(at, _)| text[*at..].lines().nth(1).is_some_and(|line| line.ends_with('{')));
    let end = end.map_or(text.len(), |(at, _)| at);
    text[..end]
        .lines()
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
        found.extend(bad.map(|word| format!("{name} mentions {word}")));
    }
    assert!(files > 2, "{within} is elsewhere");
    assert!(found.is_empty(), "{found:#?}");
}

/// That none of its own code calls files, sockets, the clock or chance is for clippy: see `crates/core/clippy.toml`.
#[test]
fn the_core_has_no_runtime_no_tls_and_no_database_among_its_dependencies() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "appel-core"])
        .args(["--edges", "normal,build", "--prefix", "none", "--format", "{lib}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: BTreeSet<&str> = tree.split_whitespace().collect();
    assert!(
        crates.contains("handlebars") && crates.contains("lettre"),
        "the dependencies are not told: {tree}"
    );
    let outside = [
        "appel",
        "async_std",
        "getrandom",
        "libsqlite3_sys",
        "mio",
        "native_tls",
        "openssl",
        "rand",
        "ring",
        "rusqlite",
        "rustix",
        "rustls",
        "smol",
        "socket2",
        "tempfile",
        "tokio",
    ];
    for name in outside {
        assert!(!crates.contains(name), "the core depends on {name}");
    }
}

#[test]
fn an_input_knows_nothing_of_how_letters_leave() {
    never_mentions(
        "src/input/",
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
        "src/transport/",
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
fn a_run_and_its_deliveries_know_nothing_of_screens_and_of_the_command_line() {
    for within in ["src/run/", "src/outbox/"] {
        never_mentions(
            within,
            &[
                "crate::report",
                "crate::cli",
                "crate::commands",
                "Style",
                "stdout",
                "stderr",
            ],
        );
    }
}

#[test]
fn a_command_names_no_database() {
    never_mentions("src/commands/", &["sqlite", "Sqlite", "rusqlite"]);
}

#[test]
fn only_main_ends_the_program() {
    for (name, code) in sources() {
        let ends = ["process::exit", "process::abort"]
            .iter()
            .any(|word| code.contains(word));
        assert!(!ends || name == "src/main.rs", "{name} ends the program");
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

/// Files of one folder, and folders beside them, import each other in one direction only: whoever reads one has not to
/// read the others first. (A module and its own parts belong together.)
#[test]
fn no_module_imports_one_that_leads_back_to_it() {
    let uses = uses();
    let uses_of = |module: &str| &uses[module];
    assert!(
        uses_of("src/commands").contains("src/outbox") && uses_of("src/outbox").contains("src/transport"),
        "nothing was read: {uses:?}"
    );
    let mut circles = Vec::new();
    for (module, used) in &uses {
        for other in used {
            let (mut reached, mut next) = (BTreeSet::from([other]), vec![other]);
            while let Some(here) = next.pop() {
                next.extend(
                    uses.get(here)
                        .into_iter()
                        .flatten()
                        .filter(|there| reached.insert(there)),
                );
            }
            if reached.contains(module) {
                circles.push(format!("{module} uses {other}, which leads back to it"));
            }
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}

/// Every module with those beside it that it uses, itself or in its parts.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources();
    let modules: BTreeSet<Vec<&str>> = sources.keys().map(|name| module(name)).collect();
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, code) in &sources {
        let from = module(name);
        for path in paths(&from, code) {
            // Up to where the two part, both have the same folder.
            let shared = from.iter().zip(&path).take_while(|(one, other)| one == other).count();
            let (Some(one), Some(other)) = (from.get(..=shared), path.get(..=shared)) else {
                continue;
            };
            if modules.contains(other) {
                uses.entry(one.join("/")).or_default().insert(other.join("/"));
            }
        }
    }
    uses
}

/// `src/a/b.rs` and `src/a/b/mod.rs` are both the module `src`, `a`, `b`; the crate itself is only `src`.
fn module(name: &str) -> Vec<&str> {
    let name = name.trim_end_matches(".rs");
    let name = ["/mod", "/lib", "/main"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    let (crate_, rest) = name.split_at(name.find("src").unwrap() + "src".len());
    std::iter::once(crate_).chain(rest.split('/').skip(1)).collect()
}

/// What a file names of its own crate: the module it begins in, and the words behind.
fn paths<'a>(from: &[&'a str], code: &'a str) -> Vec<Vec<&'a str>> {
    let mut paths = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (at, _) in code.match_indices("::") {
        let start = code[..at].rfind(|c| !is_word(c)).map_or(0, |before| before + 1);
        if code[..start].ends_with("::") {
            continue;
        }
        let mut base = match &code[start..at] {
            "crate" => from[..1].to_vec(),
            "super" => from[..from.len() - 1].to_vec(),
            "self" => from.to_vec(),
            _ => continue,
        };
        let mut rest = &code[at + 2..];
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        follow(&base, rest, &mut paths);
    }
    paths
}

/// `a::{b::C, d}` as `a`, `b`, `C` and `a`, `d`.
fn follow<'a>(base: &[&'a str], rest: &'a str, paths: &mut Vec<Vec<&'a str>>) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if let Some(list) = rest.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    follow(base, list[start..at].trim(), paths);
                    start = at + 1;
                    if c == '}' {
                        return;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        return;
    }
    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let path: Vec<&str> = base.iter().copied().chain([&rest[..end]]).collect();
    match rest[end..].strip_prefix("::") {
        Some(after) => follow(&path, after, paths),
        None => paths.push(path),
    }
}

#[test]
fn no_file_has_outgrown_its_subject() {
    for (name, code) in sources() {
        let lines = code.lines().count();
        assert!(
            lines <= 550,
            "{name} has {lines} lines of code: it wants splitting by meaning"
        );
    }
}

/// The names of all test functions.
fn test_names() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut names) = (
        vec![root.join(CORE), root.join(PROGRAM), root.join("tests")],
        BTreeSet::new(),
    );
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
