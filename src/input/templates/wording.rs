//! What the words of a letter give away or forget: what drafts and other programs left in them, hidden
//! characters, remote pictures.

use std::collections::BTreeMap;
use std::ops::Range;

use appel_core::letter::markdown::{MARKDOWN, is_plain_link};
use appel_messages::msg;
use pulldown_cmark::{Event, LinkType, Parser, Tag};

use super::file::File;
use super::tags::Piece;
use crate::input::leavings::{self, Leaving, Sort};

/// Looks at the text between the tags; `pieces` are those of the file.
pub fn check(file: &mut File<'_>, pieces: &[Piece]) {
    // Of each character of a word processor the first place, and how many there are.
    let mut characters: BTreeMap<char, (Sort, Range<usize>, usize)> = BTreeMap::new();
    let mut encoding_said = false;
    for piece in pieces {
        let Piece::Text(span) = piece else { continue };
        for (at, left) in leavings::find(&file.text[span.clone()]) {
            let found = span.start + at.start..span.start + at.end;
            let words = &file.text[found.clone()];
            let what = match left {
                Leaving::Place => msg!("text-placeholder", words = words),
                Leaving::Draft => msg!("text-draft", words = words),
                Leaving::Character(sort) => {
                    let c = words.chars().next().unwrap_or_default();
                    characters.entry(c).or_insert((sort, found, 0)).2 += 1;
                    continue;
                }
                Leaving::Encoding if encoding_said => continue,
                Leaving::Encoding => {
                    encoding_said = true;
                    msg!(
                        "text-wrong-encoding",
                        words = leavings::around(file.text, found.clone())
                    )
                }
            };
            file.warn(found, what);
        }
        hidden(file, span.clone());
    }
    for (c, (sort, place, count)) in characters {
        let code = format!("{:04X}", u32::from(c));
        let what = msg!("text-word-processor", what = sort.message(), code = code, count = count);
        file.warn_with(place, what, sort.hint());
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
