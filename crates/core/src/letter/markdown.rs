//! Markdown letters: values made harmless in them, and what is read of them: a text, and its HTML alternative.
//!
//! Markdown is not shown to anybody. Values, partials and the sender's own words come into it with marks (characters that
//! no text has), so that their lines and paragraphs can be kept whatever stands around them.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::links::is_mark;
use crate::place::Language;

mod html;
mod own;
mod plain;

pub(super) use own::OwnWords;

/// `CommonMark` with tables: what letters are read as, and what is looked at in templates.
pub const MARKDOWN: Options = Options::ENABLE_TABLES;

/// A line ends here, inside of a value.
const BREAK: char = '\u{fdd6}';
/// A partial begins, and ends.
pub(super) const OPENS: char = '\u{fdd7}';
pub(super) const CLOSES: char = '\u{fdd8}';
/// The sender's own words go here.
pub(super) const OWN: char = '\u{fdd9}';

/// A value as Markdown that reads as the value itself, its lines included.
pub(super) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + 8);
    // Indented by four, the value would be code: of blanks one stays before the first line, none before others.
    let unindented = value.trim_start_matches([' ', '\t']);
    if unindented.len() < value.len() {
        escaped.push(' ');
    }
    let mut line_begins = false;
    for c in unindented.trim_end_matches('\n').chars() {
        if line_begins && matches!(c, ' ' | '\t') {
            continue;
        }
        line_begins = c == '\n';
        match c {
            '\n' => escaped.push(BREAK),
            _ if is_mark(c) => {}
            // CommonMark §2.4: a backslash makes any ASCII punctuation literal.
            _ if c.is_ascii_punctuation() => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Code as it is meant. `CommonMark` knows no escapes in it, and those of a value would be seen: an address between backticks.
/// Of a backslash that stands in the template itself before a sign, which no letter is known to need, nothing is left either.
fn unescaped(code: &str) -> String {
    let mut plain = String::with_capacity(code.len());
    let mut rest = code.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some(sign) if c == '\\' && sign.is_ascii_punctuation() => plain.extend(rest.next()),
            _ => plain.push(c),
        }
    }
    plain
}

/// The text of a letter and its HTML document, of its Markdown with marks.
pub(super) fn letter(markdown: String, own: Option<&OwnWords>, title: &str, language: &Language) -> (String, String) {
    let source = Source::of(markdown, own);
    let events = source.events();
    (plain::text(&events), html::document(&events, title, language))
}

/// Markdown as it is read, without marks but for [`BREAK`].
struct Source {
    markdown: String,
    /// Where a line of the source is one of the letter: in partials, whose lines are names and addresses.
    lines: Vec<Range<usize>>,
}

impl Source {
    fn of(markdown: String, own: Option<&OwnWords>) -> Self {
        let mut rest = markdown.as_str();
        if next_mark(rest).is_none() {
            let lines = Vec::new();
            return Self { markdown, lines };
        }
        let mut source = Self {
            markdown: String::with_capacity(rest.len() + 256),
            lines: Vec::new(),
        };
        let mut open: Vec<usize> = Vec::new();
        while let Some((at, mark)) = next_mark(rest) {
            source.markdown.push_str(&rest[..at]);
            rest = &rest[at + mark.len_utf8()..];
            match mark {
                OPENS => {
                    // A partial on a line of its own does not go on in the one before.
                    let before = source.markdown.trim_end_matches([' ', '\t']);
                    open.push(before.strip_suffix('\n').map_or(source.markdown.len(), str::len));
                }
                CLOSES => {
                    let begin = open.pop();
                    let end = source.markdown.len() + usize::from(rest.starts_with('\n'));
                    if let Some(begin) = begin.filter(|_| open.is_empty()) {
                        source.lines.push(begin..end);
                    }
                }
                _ => {
                    if let Some(own) = own {
                        own.write_into(&mut source.markdown, rest);
                    }
                }
            }
        }
        source.markdown.push_str(rest);
        source
    }

    /// What is read: HTML as text, no images, no links but those that open nothing by themselves.
    fn events(&self) -> Vec<Event<'_>> {
        let mut reading = Reading {
            events: Vec::with_capacity(64),
            ..Reading::default()
        };
        for (event, span) in Parser::new_ext(&self.markdown, MARKDOWN).into_offset_iter() {
            match event {
                Event::SoftBreak if self.lines.iter().any(|lines| lines.contains(&span.start)) => {
                    reading.pending = Some(Event::HardBreak);
                }
                Event::SoftBreak | Event::HardBreak => reading.pending = Some(event),
                event => reading.read(event),
            }
        }
        reading.events
    }
}

/// The next of the marks that are put into templates, and where it is.
fn next_mark(text: &str) -> Option<(usize, char)> {
    // Nearly all that a letter says has no byte like their first.
    memchr::memchr_iter(0xef, text.as_bytes()).find_map(|at| {
        let c = text[at..].chars().next()?;
        matches!(c, OPENS | CLOSES | OWN).then_some((at, c))
    })
}

#[derive(Default)]
struct Reading<'a> {
    events: Vec<Event<'a>>,
    /// A break, which is none where nothing follows it.
    pending: Option<Event<'a>>,
    /// Of each link that is open, whether it is kept.
    links: Vec<bool>,
    in_code: bool,
}

impl<'a> Reading<'a> {
    fn read(&mut self, event: Event<'a>) {
        match event {
            Event::Text(text) if self.in_code => {
                let text = unescaped(&text).replace(BREAK, "\n");
                self.events.push(Event::Text(text.into()));
            }
            Event::Text(text) => self.text(text),
            Event::Code(code) => self.inline(Event::Code(unescaped(&code).replace(BREAK, " ").into())),
            Event::InlineHtml(html) => self.text(html),
            Event::Html(html) => {
                let line = html.strip_suffix('\n').unwrap_or(&html);
                self.text(CowStr::from(line.to_owned()));
                self.pending = Some(Event::SoftBreak);
            }
            // The reader's program would fetch it, and so tell when and where the letter was read.
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let dest_url = match link_type {
                    LinkType::Email => format!("mailto:{dest_url}").into(),
                    // Of a value in an address its lines are none.
                    _ if dest_url.contains(BREAK) => dest_url.replace(BREAK, "").into(),
                    _ => dest_url,
                };
                let kept = is_plain_link(&dest_url);
                self.links.push(kept);
                if kept {
                    self.inline(Event::Start(Tag::Link {
                        link_type,
                        dest_url,
                        title,
                        id,
                    }));
                }
            }
            Event::End(TagEnd::Link) => {
                if self.links.pop().unwrap_or(false) {
                    self.events.push(event);
                }
            }
            Event::Start(Tag::Emphasis | Tag::Strong) => self.inline(event),
            Event::End(TagEnd::Emphasis | TagEnd::Strong) => self.events.push(event),
            Event::Start(Tag::HtmlBlock) => self.block(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => self.block(Event::End(TagEnd::Paragraph)),
            Event::Start(Tag::CodeBlock(_)) => {
                self.in_code = true;
                self.block(event);
            }
            Event::End(TagEnd::CodeBlock) => {
                self.in_code = false;
                self.block(event);
            }
            event => self.block(event),
        }
    }

    fn text(&mut self, text: CowStr<'a>) {
        if !text.contains(BREAK) {
            self.inline(Event::Text(text));
            return;
        }
        for (at, line) in text.split(BREAK).enumerate() {
            if at > 0 {
                // More of them are empty lines.
                self.pending
                    .take()
                    .into_iter()
                    .for_each(|event| self.events.push(event));
                self.pending = Some(Event::HardBreak);
            }
            if !line.is_empty() {
                self.inline(Event::Text(line.to_owned().into()));
            }
        }
    }

    fn inline(&mut self, event: Event<'a>) {
        self.events.extend(self.pending.take());
        self.events.push(event);
    }

    fn block(&mut self, event: Event<'a>) {
        self.pending = None;
        self.events.push(event);
    }
}

/// Whether a link stays one: to web, mail and telephone. Others lead nowhere from a letter, or run something.
#[must_use]
pub fn is_plain_link(url: &str) -> bool {
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    })
}

#[cfg(test)]
mod tests;
