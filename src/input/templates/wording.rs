//! What the words of a letter give away or forget: left-over placeholders, hidden characters, remote pictures.

use std::ops::Range;

use appel_core::letter::markdown::{MARKDOWN, is_plain_link};
use appel_messages::msg;
use pulldown_cmark::{Event, LinkType, Parser, Tag};

use super::file::File;
use super::tags::Piece;

/// Looks at the text between the tags; `pieces` are those of the file.
pub fn check(file: &mut File<'_>, pieces: &[Piece]) {
    for piece in pieces {
        if let Piece::Text(span) = piece {
            for (at, left) in left_over(&file.text[span.clone()]) {
                let found = span.start + at.start..span.start + at.end;
                let words = &file.text[found.clone()];
                let what = match left {
                    LeftOver::Place => msg!("text-placeholder", words = words),
                    LeftOver::Draft => msg!("text-draft", words = words),
                };
                file.warn(found, what);
            }
            hidden(file, span.clone());
        }
    }
}

/// Characters that nobody sees, and that a reader's screen would obey. Joiners and marks that writing needs are left alone.
fn hidden(file: &mut File<'_>, span: Range<usize>) {
    let is_error = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || appel_core::links::is_mark(c);
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let chars = || file.text[span.clone()].char_indices();
    let found = chars()
        .find(|(_, c)| is_error(*c))
        .or_else(|| chars().find(|(_, c)| turns(*c)));
    let Some((at, c)) = found else { return };
    let place = span.start + at..span.start + at + c.len_utf8();
    let code = format!("{:04X}", u32::from(c));
    if is_error(c) {
        file.error(place, msg!("text-hidden-character", code = code));
    } else {
        file.warn(place, msg!("text-turns-direction", code = code));
    }
}

/// What something left over is.
enum LeftOver {
    /// A place that was to be filled in.
    Place,
    /// A word of somebody who was not done.
    Draft,
}

/// What a draft leaves behind: `[NAME]`, `TODO`, `XXX`, `Lorem ipsum`.
fn left_over(text: &str) -> Vec<(Range<usize>, LeftOver)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('[') {
        let rest = &text[at + 1..];
        let end = rest.char_indices().take(LONGEST_PLACEHOLDER).find(|(_, c)| *c == ']');
        if let Some((length, _)) = end
            && is_placeholder(&rest[..length])
            // [UN](https://…) is a link.
            && !rest[length + 1..].starts_with(['(', '[', ':'])
        {
            found.push((at..at + length + 2, LeftOver::Place));
        }
    }
    for word in ["TODO", "FIXME", "XXX", "TBD", "Lorem", "lorem"] {
        for (at, _) in text.match_indices(word) {
            let is_lorem = word.eq_ignore_ascii_case("lorem");
            let end = at + word.len();
            let end = match text[end..].strip_prefix(" ipsum") {
                Some(rest) if is_lorem => text.len() - rest.len(),
                // In small letters and alone it is a word of Latin.
                _ if word == "lorem" => continue,
                _ => end,
            };
            let before = text[..at].chars().next_back();
            let after = text[end..].chars().next();
            let alone = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            if alone(before) && alone(after) {
                found.push((at..end, LeftOver::Draft));
            }
        }
    }
    found.sort_by_key(|(at, _)| at.start);
    found
}

/// How many characters a place to be filled in has at most.
const LONGEST_PLACEHOLDER: usize = 60;

fn is_placeholder(inner: &str) -> bool {
    inner.chars().filter(|c| c.is_alphabetic()).count() >= 2
        && inner
            .chars()
            .all(|c| c.is_uppercase() || c.is_numeric() || matches!(c, ' ' | '_' | '-' | '\'' | '/' | '.' | ',' | ':'))
}

/// Markdown becomes a page: nothing in it may be fetched from elsewhere when it is opened, and its links have to lead
/// somewhere from a letter.
pub fn remote_content(file: &mut File<'_>, body: Range<usize>) {
    let text = file.text;
    let Some(source) = text.get(body.clone()) else { return };
    for (event, span) in Parser::new_ext(source, MARKDOWN).into_offset_iter() {
        let place = body.start + span.start..body.start + span.end;
        match event {
            Event::Start(Tag::Image { .. }) => file.error(place, msg!("text-picture")),
            // One that a tag begins is known when it is filled in.
            Event::Start(Tag::Link {
                link_type, dest_url, ..
            }) if link_type != LinkType::Email && !dest_url.starts_with("{{") && !is_plain_link(&dest_url) => {
                file.warn(place, msg!("text-link-nowhere", link = dest_url.as_ref()));
            }
            Event::Html(html) | Event::InlineHtml(html) if fetches(&html) => {
                file.error(place, msg!("text-html-fetches"));
            }
            _ => {}
        }
    }
}

fn fetches(html: &str) -> bool {
    let html = html.to_ascii_lowercase();
    [
        "<img",
        "<image",
        "<picture",
        "<source",
        "<svg",
        "<iframe",
        "<frame",
        "<object",
        "<embed",
        "<video",
        "<audio",
        "<track",
        "<link",
        "<script",
        "<style",
        "<base",
        "<meta",
        "<form",
        "<input",
        "<body",
        "src=",
        "srcset=",
        "background=",
        "url(",
    ]
    .iter()
    .any(|word| html.contains(word))
}
