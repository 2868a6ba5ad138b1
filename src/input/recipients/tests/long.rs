//! A long recipients file, which is read from the disk again and again: it may change meanwhile.

use super::*;

/// Rows enough for many chunks, with everything in them that a chunk can end in.
fn long() -> String {
    let mut text = "\u{feff}role,name,email,country,language,cc,salutation\r\n".to_owned();
    for row in 0..500 {
        text.push_str(&format!(
            "embassy,\"Zürich, \"\"{row}\"\" – été 🦅\",a{row}@b.example,,fr en,,Ваше превосходительство\r\n"
        ));
    }
    text
}

const STREAMED: Sizes = Sizes { kept: 1000, chunk: 512 };

fn streamed(text: &[u8]) -> (tempfile::NamedTempFile, RecipientsFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let (said, roster) = read_in(STREAMED, file.path());
    let roster = roster.expect(&said);
    (file, roster)
}

#[test]
fn a_long_file_is_not_kept_in_memory_unless_it_has_to_be_made_into_lines_of_utf_8() {
    let is_kept = |bytes: &[u8]| match &streamed(bytes).1.held {
        Held::Text(source, _) => matches!(**source, Source::Memory(_)),
        Held::Sheet(..) => true,
    };
    let text = long();
    assert!(!is_kept(text.as_bytes()));
    assert!(!is_kept(text.trim_start_matches('\u{feff}').as_bytes()));
    let short: String = text.split_inclusive('\n').take(5).collect();
    assert!(is_kept(short.as_bytes()));
    assert!(is_kept(text.replace("\r\n", "\r").as_bytes()));
    assert!(is_kept(&utf_16(text.trim_start_matches('\u{feff}'), true)));
    let western = "role,name,email\n".to_owned() + &"embassy,Zürich,a@b.example\n".repeat(100);
    assert!(is_kept(&encoding_rs::WINDOWS_1252.encode(&western).0));
}

#[test]
fn a_pass_over_a_long_file_keeps_a_few_chunks_of_it() {
    let (_file, roster) = streamed(long().as_bytes());
    let Held::Text(source, form) = &roster.held else {
        panic!("it is a text");
    };
    let mut records = Records::new(source, *form, "recipients.csv");
    while table::Rows::advance(&mut records).unwrap() {
        // Two chunks and a line: the CSV reader takes what it can get.
        assert!(records.loaded().len() < 64 * 1024 + 1024);
    }
}

/// The rows that are read before the file is found to have changed, and what is said then.
fn until_lost(roster: &RecipientsFile) -> (usize, String) {
    let rows: Vec<Result<Recipient, Problem>> = roster.rows().collect();
    let (problem, rows) = rows.split_last().unwrap();
    for (nth, row) in rows.iter().enumerate() {
        assert_eq!(row.as_ref().unwrap().email.as_str(), format!("a{nth}@b.example"));
    }
    let problem = problem.as_ref().unwrap_err();
    assert!(roster.is_lost());
    (rows.len(), Style::PLAIN.render(problem))
}

#[test]
fn what_is_written_into_a_long_file_is_noticed_before_any_of_it_is_used() {
    let text = long();
    // Whether the byte order mark is there makes no difference to the text.
    for at in (3..text.len()).step_by(997) {
        let (file, roster) = streamed(text.as_bytes());
        let mut other = text.clone().into_bytes();
        other[at] ^= 1;
        // Into the same file, as some programs do who save.
        std::fs::write(file.path(), &other).unwrap();
        let (rows, said) = until_lost(&roster);
        // No row behind the change, nor the one with it.
        let last = rows.checked_sub(1).map(|last| format!("a{last}@"));
        assert!(
            last.is_none_or(|last| text.find(&last) < Some(at)),
            "{rows} rows, changed at {at}"
        );
        insta::allow_duplicates!(insta::assert_snapshot!(said, @r"
        error: recipients.csv changed while it was in use
         |
         = in recipients.csv
         = help: no letter goes to a row that was not checked: finish what is being written into the file, then run the same command again
        "));
    }
}

#[test]
fn a_long_file_that_becomes_shorter_is_noticed() {
    let text = long();
    for length in [0, 1, 511, 512, text.len() / 2, text.len() - 1] {
        let (file, roster) = streamed(text.as_bytes());
        file.as_file().set_len(length as u64).unwrap();
        let (rows, said) = until_lost(&roster);
        assert!(rows < 500);
        assert!(said.contains("changed while it was in use"), "{said}");
    }
}

#[test]
fn what_is_put_behind_a_long_file_or_in_its_place_is_for_the_next_run() {
    use std::io::Write as _;
    let (file, roster) = streamed(long().as_bytes());
    let before = all_of(&roster);
    let mut behind = std::fs::OpenOptions::new().append(true).open(file.path()).unwrap();
    behind.write_all(b"embassy,B,late@b.example,,,,\r\n").unwrap();
    assert_eq!(all_of(&roster), before);
    #[cfg(unix)]
    {
        let other = tempfile::NamedTempFile::new().unwrap();
        std::fs::rename(other.path(), file.path()).unwrap();
        assert_eq!(all_of(&roster), before);
    }
    assert!(!roster.is_lost());
}

#[test]
fn two_passes_over_a_long_file_do_not_disturb_each_other() {
    let (_file, roster) = streamed(long().as_bytes());
    let all = all_of(&roster);
    std::thread::scope(|scope| {
        let passes: Vec<_> = (0..4).map(|_| scope.spawn(|| all_of(&roster))).collect();
        for pass in passes {
            assert_eq!(pass.join().unwrap(), all);
        }
    });
    let pairs = roster.rows().zip(roster.rows());
    assert!(
        pairs
            .map(|(a, b)| (a.unwrap(), b.unwrap()))
            .all(|(a, b)| a.line == b.line)
    );
}
