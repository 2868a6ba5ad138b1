//! What is about to leave, drawn: copies and attachments as tables, letters as lines of a long list.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};

use appel_core::letter::Letter;
use appel_core::words::visible_line;
use appel_messages::{Catalog, Message, msg};

use super::json::not_written;
use super::table::table;
use crate::failure::Style;
use crate::run::leaving::Leaving;

/// So many addresses that get copies are shown one by one, and so many domains.
const SHOWN: usize = 20;

/// Copies and attachments, for a person; empty when there are none.
#[must_use]
pub fn shown(leaving: &Leaving, style: &Style) -> String {
    let mut text = String::new();
    if leaving.has_copies() {
        show_copies(leaving, &mut text, style);
        text.push('\n');
    }
    let files = leaving.files();
    if files.len() > 0 {
        let rows = files.map(|file| {
            vec![
                visible_line(&file.name),
                style.say(&size(file.size)),
                file.letters.to_string(),
            ]
        });
        let headings = [
            msg!("leaving-heading-attachment"),
            msg!("leaving-heading-size"),
            msg!("leaving-heading-letters"),
        ];
        text.push_str(&with_headings(&headings, rows, style));
        text.push('\n');
    }
    text
}

/// How many addresses that is, as a provider counts them.
#[must_use]
pub fn in_all(leaving: &Leaving) -> Message {
    msg!(
        "leaving-in-all",
        addresses = leaving.addresses,
        letters = leaving.addresses - leaving.copies,
        copies = leaving.copies,
    )
}

fn show_copies(leaving: &Leaving, text: &mut String, style: &Style) {
    let mut each = leaving.addresses_of_copies();
    let few = each.len() <= SHOWN;
    if !few {
        // Whoever gets most comes first.
        each.sort_by_key(|(_, letters)| std::cmp::Reverse(*letters));
    }
    let rows = each
        .iter()
        .take(SHOWN)
        .map(|(address, letters)| vec![(*address).to_owned(), letters.to_string()]);
    let headings = [msg!("leaving-heading-copies-go-to"), msg!("leaving-heading-letters")];
    text.push_str(&with_headings(&headings, rows, style));
    if few {
        return;
    }
    let others = each.len() - SHOWN;
    let others = if leaving.has_more() {
        msg!("leaving-more-others", others = others, copies = leaving.copies)
    } else {
        msg!("leaving-others", others = others, copies = leaving.copies)
    };
    let _ = writeln!(text, "  {}", style.say(&others));
    let (mut domains, elsewhere) = leaving.domains();
    domains.sort_unstable_by_key(|(domain, number)| (std::cmp::Reverse(*number), *domain));
    let rest: usize = domains.iter().skip(SHOWN).map(|(_, number)| number).sum::<usize>() + elsewhere;
    let mut rows: Vec<Vec<String>> = domains
        .iter()
        .take(SHOWN)
        .map(|(domain, number)| vec![(*domain).to_owned(), number.to_string()])
        .collect();
    if rest > 0 {
        rows.push(vec![style.say(&msg!("leaving-other-domains")), rest.to_string()]);
    }
    let headings = [msg!("leaving-heading-domain"), msg!("leaving-heading-copies")];
    text.push_str(&with_headings(&headings, rows, style));
    let _ = writeln!(text, "  {}", style.say(&msg!("leaving-all-in-full")));
}

fn with_headings(headings: &[Message], rows: impl IntoIterator<Item = Vec<String>>, style: &Style) -> String {
    let headings: Vec<String> = headings.iter().map(|heading| style.say(heading)).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    table(&headings, rows, style)
}

/// `512 bytes`, `2.4 KiB`, `18.0 MiB`.
fn size(bytes: usize) -> Message {
    let tenths = |unit: usize| {
        let tenths = bytes.saturating_mul(10).div_ceil(unit);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1024 => msg!("leaving-bytes", bytes = bytes),
        1024..1_048_576 => msg!("leaving-kib", size = tenths(1024)),
        _ => msg!("leaving-mib", size = tenths(1_048_576)),
    }
}

/// Letters, a line each, and a line for each of their copies: for a list that may be long. They go out as they come; when
/// nobody reads them any more (`| head`) the rest is kept to ourselves.
pub struct LetterList<W: Write> {
    to: Option<BufWriter<W>>,
    catalog: &'static Catalog,
    /// Looked up once: a list may have a million of them.
    copy: String,
}

impl<W: Write> LetterList<W> {
    /// To a writer.
    pub fn new(to: W, style: &Style) -> Self {
        Self {
            to: Some(BufWriter::new(to)),
            catalog: style.catalog(),
            copy: style.say(&msg!("leaving-copy")),
        }
    }

    /// This one next.
    pub fn push(&mut self, letter: &Letter) {
        let Some(to) = &mut self.to else { return };
        if let Err(error) = to.write_all(lines(letter, &self.copy).as_bytes()) {
            self.to = None;
            not_written(&error, self.catalog);
        }
    }
}

impl<W: Write> Drop for LetterList<W> {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.to.as_mut().map(Write::flush) {
            not_written(&error, self.catalog);
        }
    }
}

fn lines(letter: &Letter, copy: &str) -> String {
    let mut line = format!("{}  {}  ", visible_line(&letter.spec.id), letter.language);
    let to = &letter.envelope.to;
    match letter.recipient.name.as_str() {
        "" => line.push_str(to.as_str()),
        name => {
            let _ = write!(line, "{} <{to}>", visible_line(name));
        }
    }
    line.push('\n');
    for address in &letter.envelope.cc {
        let _ = writeln!(line, "    {copy}  {address}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use appel_core::testing::address;

    #[test]
    fn a_size_is_told_in_the_unit_that_fits_and_never_too_small() {
        let check = |bytes, expect: &str| assert_eq!(size(bytes).in_english(), expect);
        check(0, "0 bytes");
        check(1, "1 byte");
        check(1023, "1,023 bytes");
        check(1024, "1.0 KiB");
        check(1025, "1.1 KiB");
        check(26_214_400, "25.0 MiB");
    }

    #[test]
    fn of_many_addresses_few_are_shown_and_all_are_counted() {
        let mut leaving = Leaving::default();
        for number in 0..10_000 {
            leaving.count_copies(&[
                address(&format!("c{number}@d{number}.example")),
                address("hidden@elsewhere.example"),
            ]);
        }
        let shown = shown(&leaving, &Style::PLAIN);
        assert!(shown.contains("hidden@elsewhere.example  10000"), "{shown}");
        assert!(
            shown.contains("  … and to more than 1,980 other addresses. All 20,000 copies by domain:\n"),
            "{shown}"
        );
        assert!(shown.contains("in other domains"), "{shown}");
    }
}
