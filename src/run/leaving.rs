//! What is about to leave: who gets copies, which files go with the letters, and how many addresses that is in all.
//!
//! A campaign's folder comes from somebody else: nothing that leaves may hide behind the first letters.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use appel_core::address::Address;
use appel_core::letter::Text;
use appel_core::letter::{Attachments, Letter};
use appel_core::words::visible_line;

use crate::failure::Style;
use crate::report::json::not_written;
use crate::report::screen::count;
use crate::report::table::table;

/// So many addresses that get copies are shown one by one.
const SHOWN: usize = 20;
/// So many are counted one by one, and so many of their domains: a list of copies as long as that of the recipients must
/// not be kept.
const COUNTED: usize = 2_000;

/// What a run's letters carry, counted as they come.
#[derive(Debug, Default)]
pub struct Leaving {
    /// To and copies, over all letters.
    pub addresses: usize,
    /// Copies, over all letters.
    copies: usize,
    /// By the folded address: how it is written first, how many letters, and which in order.
    each: HashMap<String, Copy>,
    /// Whether there are more addresses than that.
    more: bool,
    /// Copies by their domain.
    domains: HashMap<String, usize>,
    /// Those in domains that are not counted one by one.
    elsewhere: usize,
    files: BTreeMap<PathBuf, File>,
}

#[derive(Debug)]
struct Copy {
    written: String,
    letters: usize,
    nth: usize,
}

#[derive(Debug)]
struct File {
    name: String,
    size: usize,
    letters: usize,
}

impl Leaving {
    /// One more letter.
    pub fn count(&mut self, letter: &Letter, text: &Text, attachments: &Attachments) {
        let envelope = &letter.envelope;
        self.addresses += 1 + envelope.cc.len();
        self.copies += envelope.cc.len();
        for copy in &envelope.cc {
            self.count_copy(copy);
        }
        for file in &text.attachments {
            if let Some(known) = self.files.get_mut(&file.path) {
                known.letters += 1;
            } else {
                let known = File {
                    name: file.name.clone(),
                    size: attachments.size(&file.path).unwrap_or(0),
                    letters: 1,
                };
                self.files.insert(file.path.clone(), known);
            }
        }
    }

    fn count_copy(&mut self, copy: &Address) {
        let nth = self.each.len();
        if let Some(known) = self.each.get_mut(copy.folded()) {
            known.letters += 1;
        } else if nth < COUNTED {
            let known = Copy {
                written: copy.to_string(),
                letters: 1,
                nth,
            };
            self.each.insert(copy.folded().to_owned(), known);
        } else {
            self.more = true;
        }
        let domains = self.domains.len();
        if let Some(known) = self.domains.get_mut(copy.domain()) {
            *known += 1;
        } else if domains < COUNTED {
            self.domains.insert(copy.domain().to_owned(), 1);
        } else {
            self.elsewhere += 1;
        }
    }

    /// Copies and attachments, for a person; empty when there are none.
    #[must_use]
    pub fn shown(&self, style: &Style) -> String {
        let mut text = String::new();
        if !self.each.is_empty() {
            self.show_copies(&mut text, style);
            text.push('\n');
        }
        if !self.files.is_empty() {
            let rows = self.files.values().map(|file| {
                vec![
                    visible_line(&file.name),
                    size_in_words(file.size),
                    file.letters.to_string(),
                ]
            });
            text.push_str(&table(&["attachment", "size", "letters"], rows, style));
            text.push('\n');
        }
        text
    }

    /// How many addresses that is, as a provider counts them.
    #[must_use]
    pub fn in_all(&self) -> String {
        let letters = self.addresses - self.copies;
        format!(
            "Addresses in all: {} ({}, {}).\n",
            self.addresses,
            count(letters, "letter"),
            count(self.copies, "copy")
        )
    }

    fn show_copies(&self, text: &mut String, style: &Style) {
        let mut each: Vec<&Copy> = self.each.values().collect();
        let few = each.len() <= SHOWN;
        if few {
            each.sort_unstable_by_key(|copy| copy.nth);
        } else {
            // Whoever gets most comes first.
            each.sort_unstable_by_key(|copy| (std::cmp::Reverse(copy.letters), copy.nth));
        }
        let rows = each
            .iter()
            .take(SHOWN)
            .map(|copy| vec![copy.written.clone(), copy.letters.to_string()]);
        text.push_str(&table(&["copies go to", "letters"], rows, style));
        if few {
            return;
        }
        let others = each.len() - SHOWN;
        let more = if self.more { "more than " } else { "" };
        let _ = writeln!(
            text,
            "  … and to {more}{}. All {} by domain:",
            count(others, "other address"),
            count(self.copies, "copy")
        );
        let mut domains: Vec<(&String, usize)> =
            self.domains.iter().map(|(domain, number)| (domain, *number)).collect();
        domains.sort_unstable_by_key(|(domain, number)| (std::cmp::Reverse(*number), *domain));
        let rest: usize = domains.iter().skip(SHOWN).map(|(_, number)| number).sum::<usize>() + self.elsewhere;
        let mut rows: Vec<Vec<String>> = domains
            .iter()
            .take(SHOWN)
            .map(|(domain, number)| vec![(*domain).clone(), number.to_string()])
            .collect();
        if rest > 0 {
            rows.push(vec!["in other domains".to_owned(), rest.to_string()]);
        }
        text.push_str(&table(&["domain", "copies"], rows, style));
        text.push_str("  Every letter with all its copies: appel send --dry-run | less\n");
    }
}

/// `512 bytes`, `2.4 KiB`, `18.0 MiB`.
fn size_in_words(bytes: usize) -> String {
    let tenths = |unit: usize| {
        let tenths = bytes.saturating_mul(10).div_ceil(unit);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1024 => count(bytes, "byte"),
        1024..1_048_576 => format!("{} KiB", tenths(1024)),
        _ => format!("{} MiB", tenths(1_048_576)),
    }
}

/// A letter on a line of its own, and each of its copies on another: for a list that may be long.
#[must_use]
pub fn plain_line(letter: &Letter) -> String {
    let mut line = format!("{}  {}  ", visible_line(&letter.spec.id), letter.language);
    let to = &letter.envelope.to;
    match letter.recipient.name.as_str() {
        "" => line.push_str(to.as_str()),
        name => {
            let _ = write!(line, "{} <{to}>", visible_line(name));
        }
    }
    line.push('\n');
    for copy in &letter.envelope.cc {
        let _ = writeln!(line, "    copy  {copy}");
    }
    line
}

/// Lines that go out as they come; when nobody reads them any more (`| head`) the rest is kept to ourselves.
pub struct Lines<W: Write>(Option<BufWriter<W>>);

impl<W: Write> Lines<W> {
    /// To a writer.
    pub fn new(to: W) -> Self {
        Self(Some(BufWriter::new(to)))
    }

    /// These next.
    pub fn push(&mut self, lines: &str) {
        let Some(to) = &mut self.0 else { return };
        if let Err(error) = to.write_all(lines.as_bytes()) {
            self.0 = None;
            not_written(&error);
        }
    }
}

impl<W: Write> Drop for Lines<W> {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.as_mut().map(Write::flush) {
            not_written(&error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use appel_core::testing::address;

    #[test]
    fn a_size_is_told_in_the_unit_that_fits_and_never_too_small() {
        let check = |bytes, expect: &str| assert_eq!(size_in_words(bytes), expect);
        check(0, "0 bytes");
        check(1, "1 byte");
        check(1023, "1,023 bytes");
        check(1024, "1.0 KiB");
        check(1025, "1.1 KiB");
        check(26_214_400, "25.0 MiB");
    }

    #[test]
    fn however_many_addresses_get_copies_few_are_kept_and_all_are_counted() {
        let mut leaving = Leaving::default();
        for number in 0..10_000 {
            leaving.copies += 2;
            leaving.count_copy(&address(&format!("c{number}@d{number}.example")));
            leaving.count_copy(&address("hidden@elsewhere.example"));
        }
        assert_eq!((leaving.each.len(), leaving.domains.len()), (COUNTED, COUNTED));
        let shown = leaving.shown(&Style::PLAIN);
        assert!(shown.contains("hidden@elsewhere.example  10000"), "{shown}");
        assert!(shown.contains("All 20,000 copies by domain"), "{shown}");
        assert!(shown.contains("in other domains"), "{shown}");
    }
}
