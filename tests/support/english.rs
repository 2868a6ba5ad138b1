//! What is left of English on a screen in the language made by machine: words that are in no catalogue.
//!
//! Not all that is plain is left over. Names, addresses, lines of files and words of a server are nobody's to translate;
//! they stand in the campaign's files or on the command line. What stands between backticks is code.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use appel_messages::accented::accented;

/// No file that a test writes is longer and has words that matter here.
const MOST_READ: u64 = 1 << 20;

/// Where a run finds the words that are not ours.
pub struct Given {
    /// Whether the screen is in the language made by machine.
    pub is_accented: bool,
    folder: PathBuf,
    words: Vec<String>,
}

impl Given {
    /// What is given to a run that this command starts, in a folder beside which all its files are.
    pub fn to(command: &Command) -> Self {
        let text = |word: &std::ffi::OsStr| word.to_string_lossy().into_owned();
        let environment = command.get_envs().filter_map(|(_, value)| value).map(text);
        let words: Vec<String> = command.get_args().map(text).chain(environment).collect();
        Self {
            // A table for spreadsheets is for programs, and in English.
            is_accented: words.iter().any(|word| word == "x-test") && !words.iter().any(|word| word == "--csv"),
            folder: command
                .get_current_dir()
                .and_then(Path::parent)
                .unwrap_or(Path::new("/nowhere"))
                .to_owned(),
            words,
        }
    }

    fn words(&self) -> HashSet<String> {
        let mut known = HashSet::new();
        for word in &self.words {
            known.extend(words(word).map(str::to_lowercase));
        }
        let example = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![self.folder.clone(), example.join("templates")];
        let config = fs::read_to_string(example.join("config.example.toml")).unwrap_or_default();
        known.extend(words(&config).map(str::to_lowercase));
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                known.extend(words(&entry.file_name().to_string_lossy()).map(str::to_lowercase));
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() {
                    // What runs wrote is our own English.
                    if entry.file_name() != "state" {
                        folders.push(entry.path());
                    }
                } else if meta.is_file() && meta.len() <= MOST_READ {
                    let bytes = fs::read(entry.path()).unwrap_or_default();
                    known.extend(words(&String::from_utf8_lossy(&bytes)).map(str::to_lowercase));
                }
            }
        }
        known
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Words that no sentence of ours does without.
const COMMON: &str = "accepted address again all and are at be been by can cannot copies deferred doubt due for from has have \
                      help here if in is it letter letters more must never no not note of on only or refused sent than that \
                      the there they this to tried was were with you your";

/// The lines of a screen that have English of ours in them.
pub fn left_over(screen: &str, given: &Given) -> Vec<String> {
    let common: HashSet<&str> = COMMON.split_whitespace().collect();
    let suspicious: Vec<(&str, Vec<String>)> = screen
        .lines()
        .map(|line| {
            let words = words(&of_ours(line)).map(str::to_lowercase).collect::<Vec<_>>();
            (line, words)
        })
        .filter(|(_, words)| words.iter().any(|word| common.contains(&**word)))
        .collect();
    if suspicious.is_empty() {
        return Vec::new();
    }
    let known = given.words();
    let left = |words: &[String]| {
        words
            .iter()
            .any(|word| common.contains(&**word) && !known.contains(word))
    };
    suspicious
        .into_iter()
        .filter(|(_, words)| left(words))
        .map(|(line, _)| line.to_owned())
        .collect()
}

/// What the system, its loader and the database say.
const OF_OTHERS: [&str; 3] = [
    "(os error ",
    "error while loading shared libraries",
    "file is not a database",
];

/// What of a line can be ours: no words of others, no header of a message, no table without a blank; no JSON, nothing behind a server's reply code, nothing between backticks or quotes, no
/// flags, no names of values.
fn of_ours(line: &str) -> String {
    let quoted = ["caused by", "as TOML: "]
        .iter()
        .any(|before| line.contains(&*accented(before)));
    let of_others = quoted || OF_OTHERS.iter().any(|words| line.contains(words));
    if of_others || line.starts_with('{') || line.starts_with("From: ") || !line.contains(' ') {
        return String::new();
    }
    let is_code = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = line.split(' ').take_while(|word| !is_code(word)).collect();
    let prose = |word: &&str| !word.contains("--") && !word.starts_with('<') && !word.starts_with('[');
    let words: Vec<&str> = words.into_iter().filter(prose).collect();
    let line = words.join(" ");
    let outside: Vec<&str> = line.split(['`', '"']).step_by(2).collect();
    outside.join(" ")
}
