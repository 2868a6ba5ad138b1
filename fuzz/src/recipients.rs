//! `recipients.csv`: what is a row is one each time it is read, however the file is read, and a letter can be made of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use appel::input::RecipientsFile;
use appel::input::recipients::Files;
use appel_core::Problems;
use appel_core::recipients::{Recipients, Serves};

use crate::{desk, letters, said};

const CONFIG: &str = "[campaign]\nid = \"c\"\ntitle = \"Free them\"\nlanguage = \"en\"\nrecipients = \"list.csv\"\n\
    [sender]\nname = \"Ann Activist\"\nemail = \"ann@home.example\"\ncountry = \"BE\"\n\
    [[letter]]\nid = \"protest\"\nto = [\"embassy\", \"ministry\"]\n\
    [[letter]]\nid = \"solidarity\"\nto = [\"support\"]\nformat = \"markdown\"\ncc = [\"archive@example.org\"]\n";
const TEMPLATE: &str = "Subject: {{campaign.title}}, {{recipient.name}}\n\n{{recipient.salutation}}\n\n\
    {{recipient.title}} {{recipient.gender}} {{recipient.country}} {{recipient.role}}\n";

/// One input.
///
/// # Panics
/// When a promise is broken.
pub fn check(input: &[u8]) {
    let path = desk::write("list.csv", input);
    let roles: BTreeSet<String> = ["embassy", "ministry", "support"].map(str::to_owned).into();
    let read = |how: fn(&Path, &str, &BTreeSet<String>, Files, &mut Problems) -> Option<RecipientsFile>| {
        let mut problems = Problems::new();
        let roster = how(
            &path,
            "list.csv",
            &roles,
            Files::new(&desk::folder(), Arc::default()),
            &mut problems,
        );
        assert_eq!(roster.is_none(), problems.any_error(), "a roster, or why there is none");
        (roster, problems)
    };
    let (whole, said_of_whole) = read(RecipientsFile::load);
    said::all(&said_of_whole);
    if !is_spreadsheet(input) {
        said::places_are_in(&said_of_whole, "list.csv", &String::from_utf8_lossy(input));
    }
    let (pieces, said_of_pieces) = read(RecipientsFile::load_in_pieces);
    assert_eq!(said_of_whole, said_of_pieces, "read in pieces, the file is another");
    let (Some(whole), Some(pieces)) = (whole, pieces) else {
        return;
    };
    let rows = rows(&whole, input);
    assert_eq!(
        rows,
        self::rows(&whole, input),
        "read a second time, the rows are others"
    );
    assert_eq!(rows, self::rows(&pieces, input), "read in pieces, the rows are others");
    letters_can_be_made();
}

/// Whether it is an archive, or what programs of Microsoft wrote before those.
fn is_spreadsheet(input: &[u8]) -> bool {
    input.starts_with(b"PK\x03\x04") || input.starts_with(b"\xd0\xcf\x11\xe0")
}

fn letters_can_be_made() {
    desk::write_once("config.toml", CONFIG);
    for name in ["protest", "solidarity"] {
        desk::write_once(&format!("templates/{name}.en.hbs"), TEMPLATE);
    }
    let loaded = appel::input::load(&desk::sources(None), desk::now());
    said::all(&loaded.problems);
    if let Some(input) = loaded.input {
        letters::all(&input, None, |_, text, _| {
            assert!(text.subject.starts_with("Free them,"));
        });
    }
}

/// The rows, each as it should be.
fn rows(roster: &RecipientsFile, input: &[u8]) -> Vec<String> {
    // The rows of a sheet have nothing to do with the lines of its file.
    let lines = if is_spreadsheet(input) {
        1 << 24
    } else {
        input.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1
    };
    // Of two rows that only a CR parts, both have the line that an editor shows.
    let mut last = 1;
    let mut outlines = roster.outlines();
    let rows: Vec<String> = roster
        .rows()
        .map(|row| {
            let row = row.expect("nobody writes into the file");
            assert!(
                row.line >= last && row.line <= lines,
                "line {} of {lines} after {last}",
                row.line
            );
            last = row.line;
            letters::parses_again(&row.email);
            row.cc.iter().for_each(letters::parses_again);
            assert_eq!(row.cells.len(), roster.columns().len());
            assert!(!row.role.is_empty());
            assert!(!row.name.contains(char::is_control), "{:?}", row.name);
            assert!(!matches!(&row.serves, Serves::Countries(none) if none.is_empty()));
            let outline = outlines.next().expect("one for each row").expect("as above");
            assert_eq!(
                (&outline.role, &outline.email, &outline.serves),
                (&row.role, &row.email, &row.serves)
            );
            format!("{row:?}")
        })
        .collect();
    assert!(outlines.next().is_none());
    assert_eq!(rows.len(), roster.count());
    rows
}
