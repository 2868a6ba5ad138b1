//! Finds the `{{…}}` of a template, and refuses what its parser would not survive.
//!
//! The parser of Handlebars descends once for each block, bracket and `{{else if}}`: some thousands of them, and the stack
//! overflows. So they are counted here first, by a reader that sees quotes and brackets exactly as the parser does; where
//! the two could differ (backslashes, quotes inside brackets), the tag is refused.

use std::ops::Range;

use appel_messages::{Message, msg};

use super::file::File;

/// How deep blocks may stand in one another, each `{{else if}}` counted as one more.
const DEEPEST_BLOCK: usize = 32;
/// How deep calls in round brackets may stand in one another.
const DEEPEST_CALL: usize = 16;

/// How long a tag may be, in bytes.
const LONGEST_TAG: usize = 4096;
/// How many tags one file may have: the parser looks for the place of each from the beginning.
const MOST_TAGS: usize = 2000;

/// How many backslashes may stand in a row: at each of them the parser looks how many follow.
const MOST_BACKSLASHES: usize = 32;

/// What the parser passes over in a tag: these, and no other blanks.
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// A stretch of a template, by its bytes in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// What goes out as it is.
    Text(Range<usize>),
    /// `{{…}}`.
    Tag(Range<usize>),
}

impl Piece {
    /// Its bytes.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Text(span) | Self::Tag(span) => span.clone(),
        }
    }
}

/// A slip: which bytes, and what.
type Slip = (Range<usize>, Message);

/// An open block.
struct Open<'a> {
    name: &'a str,
    span: Range<usize>,
    /// Itself, and each `{{else if}}`.
    levels: usize,
}

/// Cuts the bytes `span` of the file into pieces; comments are left out. A slip is pushed, and there are no pieces then.
pub fn cut(file: &mut File<'_>, span: Range<usize>) -> Option<Vec<Piece>> {
    let text = file.text;
    match pieces(text, span) {
        Ok(pieces) => Some(pieces),
        Err((span, what)) => {
            file.error(span, what);
            None
        }
    }
}

fn pieces(text: &str, span: Range<usize>) -> Result<Vec<Piece>, Slip> {
    let end = span.end;
    if let Some(at) = text[span.clone()].find(&"\\".repeat(MOST_BACKSLASHES + 1)) {
        let at = span.start + at;
        let what = msg!("tag-backslashes", most = MOST_BACKSLASHES);
        return Err((at..at + MOST_BACKSLASHES, what));
    }
    let mut found = Vec::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    // Where the text before the next tag begins; what was passed over as escaped.
    let (mut text_start, mut at) = (span.start, span.start);
    let mut tags = 0;
    while let Some(offset) = text[at..end].find("{{") {
        let tag = at + offset;
        tags += 1;
        if tags > MOST_TAGS {
            return Err((tag..tag + 2, msg!("tag-too-many", most = MOST_TAGS)));
        }
        let backslashes = text[at..tag].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if backslashes == 1 {
            at = tag + if text[tag..end].starts_with("{{{{") { 4 } else { 2 };
            continue;
        }
        if text_start < tag {
            found.push(Piece::Text(text_start..tag));
        }
        let rest = &text[tag..end];
        let in_file = |(at, what): Slip| (tag + at.start..tag + at.end, what);
        let length = if rest.starts_with("{{!") {
            comment(rest).map_err(in_file)?
        } else {
            let length = length_of(rest).map_err(in_file)?;
            let span = tag..tag + length;
            if length > LONGEST_TAG {
                return Err((tag..tag + 2, msg!("tag-too-long", most = LONGEST_TAG)));
            }
            block(&text[span.clone()], span.clone(), &mut open)?;
            found.push(Piece::Tag(span));
            length
        };
        at = tag + length;
        text_start = at;
    }
    if let Some(Open { name, span, .. }) = open.pop() {
        return Err((span, msg!("tag-block-not-closed", block = name)));
    }
    if text_start < end {
        found.push(Piece::Text(text_start..end));
    }
    Ok(found)
}

fn unclosed(span: Range<usize>) -> Slip {
    (span, msg!("tag-not-closed"))
}

/// How many parts of a template the tags among the pieces make: a tag is one, unless it goes on with a block or ends it.
pub fn parts(text: &str, pieces: &[Piece]) -> usize {
    let makes_one = |piece: &&Piece| match piece {
        Piece::Text(_) => false,
        Piece::Tag(span) => {
            let inner = inside(&text[span.clone()]);
            let goes_on = inner.strip_prefix("else").or_else(|| inner.strip_prefix('^'));
            !inner.starts_with('/') && goes_on.is_none_or(|rest| !rest.is_empty())
        }
    };
    pieces.iter().filter(makes_one).count()
}

/// How long the comment is that `rest` begins with.
fn comment(rest: &str) -> Result<usize, Slip> {
    let body = &rest[3..];
    let dashes = 3 + (body.len() - body.trim_start_matches(BLANKS).len());
    if !rest[dashes..].starts_with("--") {
        let end = body.find("}}").ok_or_else(|| unclosed(0..3))?;
        return Ok(end + 5);
    }
    // The parser would take a }} for the end, but look for the other one through all of the file, at each such comment.
    let end = rest[dashes + 2..].find("--}}");
    let end = end.ok_or_else(|| (0..dashes + 2, msg!("tag-comment-not-closed")))?;
    Ok(dashes + 2 + end + 4)
}

/// How long the tag is that `rest` begins with.
fn length_of(rest: &str) -> Result<usize, Slip> {
    let bytes = rest.as_bytes();
    if rest.starts_with("{{{{") {
        return Err((0..4, msg!("tag-four-braces")));
    }
    let mut at = if rest.starts_with("{{~") { 3 } else { 2 };
    let triple = bytes.get(at) == Some(&b'{');
    at += usize::from(triple);
    let mut depth = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                let quote = char::from(*byte);
                let Some(length) = rest[at + 1..]
                    .find([quote, '\\', '{'])
                    .filter(|end| rest[at + 1 + end..].starts_with(quote))
                else {
                    return Err((at..at + 1, msg!("tag-quote-not-closed")));
                };
                at += 1 + length;
            }
            b'[' => {
                // Behind a dot the parser can only take it for a name, with whatever is in it: `recipient.[nom d'usage]`.
                let is_name = at > 0 && bytes[at - 1] == b'.';
                let Some(length) = rest[at + 1..]
                    .find(|c| matches!(c, ']' | '[' | '"' | '\\' | '{' | '}' | '\n') || (c == '\'' && !is_name))
                    .filter(|end| rest[at + 1 + end..].starts_with(']'))
                else {
                    return Err((at..at + 1, msg!("tag-bracket-not-closed")));
                };
                at += 1 + length;
            }
            b'(' => {
                depth += 1;
                if depth > DEEPEST_CALL {
                    return Err((at..at + 1, msg!("tag-calls-too-deep", most = DEEPEST_CALL)));
                }
            }
            b')' if depth == 0 => return Err((at..at + 1, msg!("tag-call-not-opened"))),
            b')' => depth -= 1,
            b'\\' => return Err((at..at + 1, msg!("tag-backslash"))),
            b'{' => return Err(unclosed(0..2)),
            b'}' if triple && rest[at..].starts_with("}}}") => return Ok(at + 3),
            b'}' if triple && rest[at..].starts_with("}~}}") => return Ok(at + 4),
            b'}' if !triple && rest[at..].starts_with("}}") => return Ok(at + 2),
            b'}' => return Err((at..at + 1, msg!("tag-brace-closes-nothing"))),
            _ => {}
        }
        at += 1;
    }
    Err(unclosed(0..2))
}

/// What the inside of a tag begins with.
fn inside(tag: &str) -> &str {
    tag.trim_matches(['{', '}', '~'])
        .trim_matches(|c: char| BLANKS.contains(&c) || c == '~')
}

/// Keeps account of the blocks that are open.
fn block<'a>(tag: &'a str, span: Range<usize>, open: &mut Vec<Open<'a>>) -> Result<(), Slip> {
    let inner = inside(tag);
    let refuse = |tag: &str| Err((span.clone(), msg!("tag-not-used", tag = tag)));
    if inner.starts_with('*') {
        return refuse("{{* …}}");
    }
    if let Some(rest) = inner.strip_prefix('#') {
        let rest = rest.trim_start_matches(BLANKS);
        if rest.starts_with('*') {
            return refuse("{{#* …}}");
        }
        if rest.starts_with('>') {
            return refuse("{{#> …}}");
        }
        let levels: usize = open.iter().map(|open| open.levels).sum();
        if levels >= DEEPEST_BLOCK {
            return Err(too_deep(span));
        }
        open.push(Open {
            name: word(rest),
            span,
            levels: 1,
        });
    } else if let Some(rest) = inner.strip_prefix('/') {
        let name = word(rest.trim_start_matches(BLANKS));
        match open.pop() {
            Some(last) if last.name == name => {}
            Some(last) => {
                return Err((span, msg!("tag-closed-by-other", block = last.name, other = name)));
            }
            None => return Err((span, msg!("tag-block-not-opened", block = name))),
        }
    } else if let Some(rest) = inner.strip_prefix("else").or_else(|| inner.strip_prefix('^')) {
        let chained = !rest.trim_matches(BLANKS).is_empty();
        let levels: usize = open.iter().map(|open| open.levels).sum();
        match open.last_mut() {
            Some(_) if chained && levels >= DEEPEST_BLOCK => return Err(too_deep(span)),
            Some(last) if chained => last.levels += 1,
            Some(_) => {}
            // A name that only begins with these letters; what it is, the lint says.
            None if chained && !rest.starts_with(BLANKS) => {}
            None => return Err((span, msg!("tag-else-outside"))),
        }
    }
    Ok(())
}

fn too_deep(span: Range<usize>) -> Slip {
    (span, msg!("tag-blocks-too-deep", most = DEEPEST_BLOCK))
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| BLANKS.contains(&c) || matches!(c, '(' | '|' | '}' | '~' | '"' | '\''));
    &text[..end.unwrap_or(text.len())]
}
