//! Where in a file a tag stands, or a word of it: what a person is shown.

use std::ops::Range;

use super::Partial;
use super::parse::Parsed;
use super::tags::Piece;

/// A text that is walked: a letter's subject or body, or a partial.
#[derive(Clone, Copy)]
pub struct Unit<'a> {
    /// The file, as people know it.
    pub shown: &'a str,
    /// Its whole text.
    pub text: &'a str,
    pub parsed: &'a Parsed,
}

impl Partial {
    /// For the walk.
    pub fn unit(&self) -> Unit<'_> {
        Unit {
            shown: &self.shown,
            text: &self.text,
            parsed: &self.parsed,
        }
    }
}

/// A tag of a file.
#[derive(Clone, Copy)]
pub struct Tag<'a> {
    pub unit: Unit<'a>,
    /// A byte at or before its beginning.
    pub at: usize,
    /// Whether it begins at `at`; a link of an `{{else if}}` chain does not know.
    pub exact: bool,
}

impl Tag<'_> {
    /// The whole tag.
    pub fn span(self) -> Range<usize> {
        self.tags().next().unwrap_or(self.at..self.at)
    }

    fn tags(self) -> impl Iterator<Item = Range<usize>> {
        let pieces = &self.unit.parsed.pieces;
        let from = pieces.partition_point(|piece| piece.span().end <= self.at);
        let count = if self.exact { 1 } else { usize::MAX };
        pieces[from..]
            .iter()
            .filter_map(|piece| match piece {
                Piece::Tag(span) => Some(span.clone()),
                Piece::Text(_) => None,
            })
            .take(count)
    }

    /// Where `word` stands in it; the whole tag, when it is written otherwise.
    pub fn find(self, word: &str) -> Range<usize> {
        for span in self.tags() {
            if let Some(at) = find_word(&self.unit.text[span.clone()], word) {
                return span.start + at..span.start + at + word.len();
            }
        }
        self.span()
    }
}

fn find_word(tag: &str, word: &str) -> Option<usize> {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@');
    tag.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = tag[..*at].chars().next_back();
        let after = tag[at + word.len()..].chars().next();
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}
