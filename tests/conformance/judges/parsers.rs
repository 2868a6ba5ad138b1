//! Parsers in three languages read every letter, and every one reads the same.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use super::{letters_in_files, nothing_is_wrong, said, script};
use crate::{
    daemon::servers_with,
    read::{self, Reading, unflowed},
    sent::Mail,
};

/// What a parser says of a letter.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Error {
        error: String,
    },
    Read {
        #[serde(flatten)]
        reading: Reading,
        /// Whether its lines are to be put together without blanks, of a text that is still in its lines.
        delsp: Option<bool>,
    },
}

/// Where a parser is known to err, and what it makes of it is none of the letter's.
struct Err {
    case: &'static str,
    why: &'static str,
    /// Makes what it read and what there is to read alike.
    excuse: fn(&mut Reading, &mut Reading),
}

#[track_caller]
fn agrees(said: BTreeMap<String, Said>, mails: &[Mail], errs: &[Err]) {
    let mut wrong = Vec::new();
    for mail in mails {
        let (mut expected, _) = read::read(&mail.bytes);
        let mut reading = match said.get(&mail.name) {
            None => {
                wrong.push(format!("{}: not read", mail.name));
                continue;
            }
            Some(Said::Error { error }) => {
                wrong.push(format!("{}: {error}", mail.name));
                continue;
            }
            Some(Said::Read { reading, delsp }) => {
                let mut reading = reading.clone();
                if let Some(delsp) = delsp {
                    reading.text = unflowed(&reading.text, *delsp);
                }
                reading
            }
        };
        for err in errs.iter().filter(|err| mail.name.starts_with(err.case)) {
            (err.excuse)(&mut reading, &mut expected);
        }
        if reading != expected {
            wrong.push(format!("{}:\n      is {reading:?}\n  not as {expected:?}", mail.name));
        }
    }
    for err in errs.iter().filter(|_| std::env::var_os("APPEL_CASE").is_none()) {
        let is_there = mails.iter().any(|mail| mail.name.starts_with(err.case));
        assert!(
            is_there,
            "no case is left of {:?}, of which it was said: {}",
            err.case, err.why
        );
    }
    nothing_is_wrong(&wrong);
}

#[test]
fn pythons_email_reads_every_letter_strictly_and_finds_no_defect() {
    let Some(_) = servers_with("postal-mime") else { return };
    let (folder, letters, mails) = letters_in_files();
    let composed = folder.path().join("composed");
    std::fs::create_dir(&composed).expect("a folder of ours");
    let said = said(script("python3", "read.py").arg(&letters).arg(&composed));
    let without_blanks = |reading: &mut Reading, expected: &mut Reading| {
        for list in [reading, expected] {
            for name in list.to.iter_mut().chain(&mut list.from).chain(&mut list.cc) {
                name.retain(|c| c != ' ');
            }
        }
    };
    agrees(
        said,
        &mails,
        &[Err {
            case: "",
            why: "before 3.13 it keeps the blanks between the encoded words of a name, which mean nothing",
            excuse: without_blanks,
        }],
    );
}

#[test]
fn a_parser_of_node_reads_every_letter_and_puts_its_lines_together() {
    let Some(servers) = servers_with("postal-mime") else {
        return;
    };
    let modules: PathBuf = servers.join("postal-mime");
    let (_folder, letters, mails) = letters_in_files();
    let said = said(script("node", "read.mjs").arg(modules).arg(&letters));
    agrees(
        said,
        &mails,
        &[
            Err {
                case: "",
                why: "of a part it takes the line break for its own that belongs to the boundary",
                excuse: |reading, expected| {
                    for one in [reading, expected] {
                        one.text = one.text.trim_end().to_owned();
                        one.html = one.html.as_ref().map(|html| html.trim_end().to_owned());
                    }
                },
            },
            Err {
                case: "file-name-looks-encoded",
                why: "it decodes words in a name that is not in encoded words",
                excuse: |reading, expected| expected.files.clone_from(&reading.files),
            },
            quoted("markdown-quotation-1"),
            quoted("markdown-whole-letter"),
        ],
    );
}

/// postal-mime puts the lines of a quotation together, too.
fn quoted(case: &'static str) -> Err {
    Err {
        case,
        why: "it leaves the sign of a quotation in the middle of a line that it puts together",
        excuse: |reading, expected| {
            for one in [reading, expected] {
                one.text = one.text.replace("> ", "");
            }
        },
    }
}

#[test]
fn a_parser_of_perl_reads_every_letter_without_a_warning() {
    let Some(_) = servers_with("postal-mime") else { return };
    let (_folder, letters, mails) = letters_in_files();
    let said = said(script("perl", "read.pl").arg(&letters));
    agrees(said, &mails, &[]);
}
