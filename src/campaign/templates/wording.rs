//! What the words of a letter give away or forget: left-over placeholders, remote pictures, links that tell readers apart.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::file::File;
use super::tags::Piece;

/// Looks at the text between the tags; `pieces` are those of the file.
pub fn check(file: &mut File<'_>, pieces: &[Piece]) {
    for piece in pieces {
        if let Piece::Text(span) = piece {
            for (at, what) in left_over(&file.text[span.clone()]) {
                let found = span.start + at.start..span.start + at.end;
                let message = format!("`{}` looks {what}", &file.text[found.clone()]);
                file.warn(found, message, "write what belongs there, or take it out");
            }
            hidden(file, span.clone());
        }
    }
    telling_links(file, pieces);
}

/// Characters that nobody sees, and that a reader's screen would obey. Joiners and marks that writing needs are left alone.
fn hidden(file: &mut File<'_>, span: Range<usize>) {
    let found = file.text[span.clone()].char_indices().find_map(|(at, c)| match c {
        '\n' | '\t' => None,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some((at, c, false)),
        c if c.is_control() => Some((at, c, true)),
        _ => None,
    });
    let Some((at, c, is_error)) = found else { return };
    let place = span.start + at..span.start + at + c.len_utf8();
    let message = format!("the text contains the hidden character U+{:04X}", u32::from(c));
    if is_error {
        file.error(
            place,
            message,
            "delete it and what stands beside it, and type that again",
        );
    } else {
        file.warn(
            place,
            message,
            "it turns the direction of the text; if that is not meant, delete it",
        );
    }
}

/// What a draft leaves behind: `[NAME]`, `TODO`, `XXX`, `Lorem ipsum`.
fn left_over(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('[') {
        let rest = &text[at + 1..];
        let end = rest.char_indices().take(LONGEST_PLACEHOLDER).find(|(_, c)| *c == ']');
        if let Some((length, _)) = end
            && is_placeholder(&rest[..length])
            // [UN](https://…) is a link.
            && !rest[length + 1..].starts_with(['(', '[', ':'])
        {
            found.push((at..at + length + 2, "like a place that was to be filled in"));
        }
    }
    for word in ["TODO", "FIXME", "XXX", "Lorem ipsum", "lorem ipsum", "Lorem", "TBD"] {
        for (at, _) in text.match_indices(word) {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            let alone = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let is_longer = word == "Lorem" && text[at..].starts_with("Lorem ipsum");
            if alone(before) && alone(after) && !is_longer {
                found.push((at..at + word.len(), "left over from a draft"));
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

/// A link that differs from reader to reader tells whoever runs the other end who opened it.
fn telling_links(file: &mut File<'_>, pieces: &[Piece]) {
    let behind = endings(file.text, pieces);
    for (nth, piece) in pieces.iter().enumerate() {
        let Piece::Text(span) = piece else { continue };
        let text = &file.text[span.clone()];
        // Only the last link of a stretch of text can reach the tag after it.
        let Some(link) = ["http://", "https://"]
            .iter()
            .filter_map(|scheme| text.rfind(scheme))
            .max()
        else {
            continue;
        };
        if text[link..].contains(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"' | ']')) {
            continue;
        }
        let (tells, end) = behind.get(nth + 1).copied().unwrap_or((false, None));
        let end = end.unwrap_or(span.end);
        if tells {
            let start = span.start + link;
            let hint = "use the same link for everyone: one of its own tells who opened the letter";
            file.error(start..end, "the link differs from reader to reader", hint);
        }
    }
}

/// For each piece: whether a link that goes on into it tells readers apart before it ends, and where it ends. Each is made
/// from the one behind it, so that however many links run into one another, every piece is looked at once.
fn endings(text: &str, pieces: &[Piece]) -> Vec<(bool, Option<usize>)> {
    let mut behind = vec![(false, None); pieces.len() + 1];
    for (nth, piece) in pieces.iter().enumerate().rev() {
        let inner = &text[piece.span()];
        let (tells, end) = behind[nth + 1];
        let here = Some(end.unwrap_or(piece.span().end));
        behind[nth] = match piece {
            Piece::Tag(_) if inner.starts_with("{{#") || inner.starts_with("{{/") => (tells, here),
            Piece::Tag(_) => {
                let own = ["recipient.", "sender.", "message"]
                    .iter()
                    .any(|name| inner.contains(name));
                (tells || own, here)
            }
            Piece::Text(_) if inner.starts_with(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"')) => {
                (false, None)
            }
            Piece::Text(_) if inner.contains(char::is_whitespace) => (false, Some(piece.span().end)),
            Piece::Text(_) => (tells, here),
        };
    }
    behind
}

/// Markdown becomes a page: nothing in it may be fetched from elsewhere when it is opened.
pub fn remote_content(file: &mut File<'_>, body: Range<usize>) {
    let text = file.text;
    let Some(source) = text.get(body.clone()) else { return };
    for (event, span) in Parser::new(source).into_offset_iter() {
        let place = body.start + span.start..body.start + span.end;
        match event {
            Event::Start(Tag::Image { .. }) => {
                let hint = "attach the picture instead (`attach` in the [[letter]]): one that is fetched tells who opened the letter, and when";
                file.error(place, "pictures cannot stand in a letter", hint);
            }
            Event::Html(html) | Event::InlineHtml(html) if fetches(&html) => {
                let hint = "take it out: what is fetched when the letter is opened tells who opened it, and when";
                file.error(place, "this HTML can fetch something from elsewhere", hint);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Problems;

    #[test]
    fn links_that_run_into_one_another_are_each_looked_at_once() {
        let (link, tag) = ("https://a", "{{campaign.id}}");
        let text = format!("{link}{tag}").repeat(5_000) + "{{sender.name}}";
        let mut pieces = Vec::new();
        let mut at = 0;
        for _ in 0..5_000 {
            pieces.push(Piece::Text(at..at + link.len()));
            at += link.len();
            pieces.push(Piece::Tag(at..at + tag.len()));
            at += tag.len();
        }
        pieces.push(Piece::Tag(at..text.len()));
        let (mut problems, mut work) = (Problems::new(), usize::MAX);
        let began = std::time::Instant::now();
        telling_links(&mut File::new("t", &text, &mut problems, &mut work), &pieces);
        assert_eq!(problems.count(crate::failure::Severity::Error), 5_000);
        // Each to the end of the text took minutes.
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }
}
