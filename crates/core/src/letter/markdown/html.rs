//! A Markdown letter as HTML: right also where webmail keeps only what is inside of its body, and nothing to fetch.

use std::fmt::Write as _;

use pulldown_cmark::{Alignment, Event, Tag, TagEnd};

use crate::place::Language;

/// The whole document. What readers need stands on a block inside the body, since webmail takes the rest away: language and
/// direction, a width at which lines can be read, and that long words are broken. No colour is fixed, so that a dark screen
/// stays one. (Only the document says that it may be dark: said of the block in a page that is light, it makes links pale.)
pub(super) fn document(events: &[Event<'_>], title: &str, language: &Language) -> String {
    // In a page from left to right, as most of webmail is, a narrow block would stand on the left with its text on the right.
    let (direction, side) = if language.is_right_to_left() {
        ("rtl", "margin-left:auto;")
    } else {
        ("ltr", "")
    };
    let mut document = String::with_capacity(2048);
    let _ = write!(
        document,
        "<!DOCTYPE html>\n<html lang=\"{language}\" dir=\"{direction}\" style=\"color-scheme:light dark\">\n<head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>"
    );
    push_text(&mut document, title);
    let _ = write!(
        document,
        "</title>\n</head>\n<body>\n<div lang=\"{language}\" dir=\"{direction}\"\n style=\"{side}{LETTER}\">\n"
    );
    let mut writer = Writer {
        out: document,
        start: if language.is_right_to_left() { "right" } else { "left" },
        is_right_to_left: language.is_right_to_left(),
        run: String::new(),
        alignments: &[],
        cell: 0,
        in_head: false,
    };
    for (at, event) in events.iter().enumerate() {
        writer.push(event, &events[at + 1..]);
    }
    writer.out.push_str("</div>\n</body>\n</html>\n");
    writer.out
}

/// About 65 characters wide. (`34em`, since not all programs know what a character is.)
const LETTER: &str = "max-width:34em;line-height:1.5;\n word-wrap:break-word;overflow-wrap:break-word";
/// A word in a table that is longer is broken where that spares the reader a table wider than the screen. (With all words
/// broken so, columns of figures would be one figure wide.)
const LONGEST_IN_CELL: usize = 20;

struct Writer<'e> {
    out: String,
    /// The side where lines begin.
    start: &'static str,
    is_right_to_left: bool,
    /// Text that is not written yet, of a letter from right to left.
    run: String,
    /// Of the table that is open.
    alignments: &'e [Alignment],
    cell: usize,
    in_head: bool,
}

impl<'e> Writer<'e> {
    /// `rest` is what comes after.
    fn push(&mut self, event: &'e Event<'_>, rest: &[Event<'_>]) {
        if let (true, Event::Text(text)) = (self.is_right_to_left, event) {
            self.run.push_str(text);
            return;
        }
        self.flush();
        match event {
            Event::Start(tag) => self.start(tag, rest),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) => push_text(&mut self.out, text),
            Event::Code(code) => {
                self.out.push_str("<code>");
                push_text(&mut self.out, code);
                self.out.push_str("</code>");
            }
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.block("<hr>\n"),
            // What is not switched on, and HTML, which is text by now.
            _ => {}
        }
    }

    /// Words from left to right among others: an address, whose number and street would change places.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        let turns = run.chars().any(char::is_alphabetic) && !run.chars().any(is_right_to_left);
        if turns {
            self.out.push_str("<span dir=\"ltr\">");
        }
        push_text(&mut self.out, &run);
        if turns {
            self.out.push_str("</span>");
        }
    }

    fn start(&mut self, tag: &'e Tag<'_>, rest: &[Event<'_>]) {
        match tag {
            Tag::Paragraph => self.block("<p>"),
            Tag::Heading { level, .. } => self.block(&format!("<{level}>")),
            Tag::BlockQuote(_) => {
                let side = self.start;
                self.block(&format!(
                    "<blockquote style=\"margin:1em 0;border-{side}:3px solid;padding-{side}:1em\">\n"
                ));
            }
            Tag::CodeBlock(_) => self.block("<pre style=\"white-space:pre-wrap\"><code>"),
            Tag::List(None) => self.block("<ul>\n"),
            Tag::List(Some(1)) => self.block("<ol>\n"),
            Tag::List(Some(first)) => self.block(&format!("<ol start=\"{first}\">\n")),
            Tag::Item => self.block("<li>"),
            Tag::Emphasis => self.out.push_str("<em>"),
            Tag::Strong => self.out.push_str("<strong>"),
            Tag::Link { dest_url, .. } => {
                self.out.push_str("<a href=\"");
                push_address(&mut self.out, dest_url);
                self.out.push_str("\">");
            }
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.block("<table style=\"border-collapse:collapse;margin:1em 0\">\n");
            }
            Tag::TableHead => {
                self.in_head = true;
                self.cell = 0;
                self.block("<thead>\n<tr>\n");
            }
            Tag::TableRow => {
                self.cell = 0;
                self.block("<tr>\n");
            }
            Tag::TableCell => {
                let side = match self.alignments.get(self.cell) {
                    Some(Alignment::Left) => "left",
                    Some(Alignment::Center) => "center",
                    Some(Alignment::Right) => "right",
                    _ => self.start,
                };
                self.cell += 1;
                let cell = rest
                    .iter()
                    .take_while(|event| !matches!(event, Event::End(TagEnd::TableCell)));
                let mut words = cell.filter_map(|event| match event {
                    Event::Text(text) | Event::Code(text) => Some(text),
                    _ => None,
                });
                let is_long = |text: &pulldown_cmark::CowStr<'_>| {
                    text.split_whitespace()
                        .any(|word| word.chars().count() > LONGEST_IN_CELL)
                };
                let broken = if words.any(is_long) {
                    ";overflow-wrap:anywhere"
                } else {
                    ""
                };
                let (name, scope) = if self.in_head {
                    ("th", " scope=\"col\"")
                } else {
                    ("td", "")
                };
                let _ = write!(
                    self.out,
                    "<{name}{scope} style=\"border:1px solid;padding:.25em .5em;text-align:{side};vertical-align:top{broken}\">"
                );
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.out.push_str("</p>\n"),
            TagEnd::Heading(level) => {
                let _ = writeln!(self.out, "</{level}>");
            }
            TagEnd::BlockQuote(_) => self.block("</blockquote>\n"),
            TagEnd::CodeBlock => self.out.push_str("</code></pre>\n"),
            TagEnd::List(true) => self.out.push_str("</ol>\n"),
            TagEnd::List(false) => self.out.push_str("</ul>\n"),
            TagEnd::Item => self.out.push_str("</li>\n"),
            TagEnd::Emphasis => self.out.push_str("</em>"),
            TagEnd::Strong => self.out.push_str("</strong>"),
            TagEnd::Link => self.out.push_str("</a>"),
            TagEnd::Table => self.out.push_str("</tbody>\n</table>\n"),
            TagEnd::TableHead => {
                self.in_head = false;
                self.out.push_str("</tr>\n</thead>\n<tbody>\n");
            }
            TagEnd::TableRow => self.out.push_str("</tr>\n"),
            TagEnd::TableCell => self.out.push_str(if self.in_head { "</th>\n" } else { "</td>\n" }),
            _ => {}
        }
    }

    /// On a line of its own.
    fn block(&mut self, tag: &str) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.push_str(tag);
    }
}

/// Hebrew, Arabic, and the writings beside them in Unicode.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
}

fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
}

fn push_address(out: &mut String, address: &str) {
    for c in address.chars() {
        match c {
            '"' => out.push_str("%22"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            ' ' => out.push_str("%20"),
            _ if c.is_control() || crate::links::is_mark(c) => {}
            _ => out.push(c),
        }
    }
}
