//! What is left of English on a screen in the language made by machine: words that are in no catalogue.
//!
//! Not all that is plain is left over. Names, addresses, lines of files and words of a server are nobody's to translate;
//! they stand in the campaign's files or on the command line. What stands between backticks is code.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// No file that a test writes is longer and has words that matter here.
const MOST_READ: u64 = 1 << 20;

/// Where a run finds the words that are not ours.
pub struct Given {
    folder: PathBuf,
    words: Vec<String>,
}

impl Given {
    /// What is given to a run that this command starts, in a folder beside which all its files are.
    pub fn to(command: &Command) -> Self {
        let text = |word: &std::ffi::OsStr| word.to_string_lossy().into_owned();
        let environment = command.get_envs().filter_map(|(_, value)| value).map(text);
        Self {
            folder: command
                .get_current_dir()
                .and_then(Path::parent)
                .unwrap_or(Path::new("/nowhere"))
                .to_owned(),
            words: command.get_args().map(text).chain(environment).collect(),
        }
    }

    fn words(&self) -> HashSet<String> {
        let mut known = HashSet::new();
        for word in &self.words {
            known.extend(words(word).map(str::to_lowercase));
        }
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                known.extend(words(&entry.file_name().to_string_lossy()).map(str::to_lowercase));
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() {
                    folders.push(entry.path());
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
        .filter(|word| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// The lines of a screen that have English of ours in them.
pub fn left_over(screen: &str, given: &Given) -> Vec<String> {
    let lines = screen.lines().filter(|line| !line.starts_with('{'));
    let suspicious: Vec<(&str, Vec<String>)> = lines
        .map(|line| {
            let outside: Vec<&str> = line.split('`').step_by(2).collect();
            (line, words(&outside.join(" ")).map(str::to_lowercase).collect())
        })
        .filter(|(_, words): &(_, Vec<String>)| !words.is_empty())
        .collect();
    if suspicious.is_empty() {
        return Vec::new();
    }
    let known = given.words();
    suspicious
        .into_iter()
        .filter(|(_, words)| words.iter().any(|word| !known.contains(word)))
        .map(|(line, words)| {
            let left: Vec<&String> = words.iter().filter(|word| !known.contains(*word)).collect();
            format!("{left:?} in {line}")
        })
        .collect()
}
