//! A Markdown letter as a text: what a person would have typed, without any of the signs of Markdown.

use pulldown_cmark::{Alignment, Event, Tag, TagEnd};
use unicode_width::UnicodeWidthStr;

/// A table that is wider is written row by row.
const WIDEST_TABLE: usize = 72;
/// What a line across the page becomes.
const RULE: &str = "* * *";

/// The text, its paragraphs not wrapped. A line that begins with `>` is a quotation; a text that begins so has a blank
/// before it.
pub(super) fn text(events: &[Event<'_>]) -> String {
    let mut writer = Writer::default();
    for event in events {
        writer.push(event);
    }
    writer.flush(false);
    if !writer.out.is_empty() {
        writer.out.push('\n');
    }
    writer.out
}

/// What a block stands in.
enum Around {
    Quote,
    /// With what stands before its first line, until that is written, and its columns.
    Item(Option<String>, usize),
}

#[derive(Default)]
struct Writer<'e> {
    out: String,
    /// The block that is being read, with its line breaks.
    block: String,
    around: Vec<Around>,
    /// How many of these the last block that was written and the next one have in common.
    common: usize,
    /// Of each list that is open, the number of its next item, if it has numbers.
    lists: Vec<Option<u64>>,
    /// Whether an empty line comes before the next block, if that does not ask for one.
    spaced: bool,
    /// Of each link that is open, where its text begins, and its address.
    links: Vec<(usize, &'e str)>,
    rows: Vec<Vec<String>>,
    alignments: &'e [Alignment],
}

impl<'e> Writer<'e> {
    fn push(&mut self, event: &'e Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) | Event::Code(text) => self.block.push_str(text),
            Event::SoftBreak => self.block.push(' '),
            Event::HardBreak => self.block.push('\n'),
            Event::Rule => {
                self.flush(false);
                self.write(RULE, true);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: &'e Tag<'_>) {
        match tag {
            Tag::Link { dest_url, .. } => self.links.push((self.block.len(), dest_url)),
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            Tag::Emphasis | Tag::Strong | Tag::TableCell => {}
            _ => {
                // The text of an item, before what belongs to it.
                self.flush(false);
                match tag {
                    Tag::BlockQuote(_) => self.around.push(Around::Quote),
                    Tag::List(first) => self.lists.push(*first),
                    Tag::Item => {
                        let mark = match self.lists.last_mut() {
                            Some(Some(number)) => {
                                *number += 1;
                                format!("{}. ", *number - 1)
                            }
                            _ => "- ".to_owned(),
                        };
                        let columns = mark.len();
                        self.around.push(Around::Item(Some(mark), columns));
                    }
                    Tag::Table(alignments) => {
                        self.alignments = alignments;
                        self.rows.clear();
                    }
                    _ => {}
                }
            }
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link => {
                if let Some((begin, address)) = self.links.pop() {
                    let told = self.block.get(begin..).unwrap_or_default();
                    if let Some(shown) = beside(told, address) {
                        self.block.push_str(&shown);
                    }
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.block).replace('\n', ", ");
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell.trim().to_owned());
                }
            }
            TagEnd::Table => {
                let room = WIDEST_TABLE.saturating_sub(self.columns_around());
                let table = table(&std::mem::take(&mut self.rows), self.alignments, room);
                self.write(&table, true);
            }
            TagEnd::Paragraph | TagEnd::Heading(_) => self.flush(true),
            TagEnd::CodeBlock => {
                let code = std::mem::take(&mut self.block);
                let lines: Vec<String> = code.trim_end().split('\n').map(|line| format!("    {line}")).collect();
                self.write(&lines.join("\n"), true);
            }
            TagEnd::BlockQuote(_) => {
                self.flush(false);
                self.leave();
            }
            TagEnd::Item => {
                self.flush(false);
                // One that says nothing is one all the same.
                if let Some(Around::Item(Some(_), _)) = self.around.last() {
                    self.write("", self.spaced);
                    self.spaced = false;
                }
                self.leave();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.spaced = self.spaced || self.lists.is_empty();
            }
            _ => {}
        }
    }

    fn leave(&mut self) {
        self.around.pop();
        self.common = self.common.min(self.around.len());
    }

    /// Writes what was read; a paragraph has an empty line before it, the text of an item only where the one before had.
    fn flush(&mut self, is_paragraph: bool) {
        let block = std::mem::take(&mut self.block);
        let block = block.trim();
        if block.is_empty() {
            return;
        }
        let in_item = matches!(self.around.last(), Some(Around::Item(..)));
        self.write(block, is_paragraph || self.spaced || !in_item);
        self.spaced = is_paragraph || !in_item;
    }

    fn write(&mut self, block: &str, spaced: bool) {
        if !self.out.is_empty() {
            self.out.push('\n');
            if spaced {
                let before = self.before(self.common);
                self.out.push_str(before.trim_end());
                self.out.push('\n');
            }
        }
        for (at, line) in block.split('\n').enumerate() {
            if at > 0 {
                self.out.push('\n');
            }
            let before = self.before(self.around.len());
            for around in &mut self.around {
                if let Around::Item(mark, _) = around {
                    *mark = None;
                }
            }
            let line = line.trim_end();
            // Not a quotation, but a text that begins like one.
            let is_like_one = before.is_empty() && line.starts_with('>');
            self.out.push_str(if is_like_one { " " } else { &before });
            self.out.push_str(line);
            let end = self.out.trim_end_matches([' ', '\t']).len();
            self.out.truncate(end);
        }
        self.common = self.around.len();
        self.spaced = true;
    }

    /// What stands before a line.
    fn before(&self, depth: usize) -> String {
        let mut before = String::new();
        for around in self.around.iter().take(depth) {
            match around {
                Around::Quote => {
                    if before.ends_with("> ") {
                        before.pop();
                    }
                    before.push_str("> ");
                }
                Around::Item(Some(mark), _) => before.push_str(mark),
                Around::Item(None, columns) => before.extend(std::iter::repeat_n(' ', *columns)),
            }
        }
        before
    }

    fn columns_around(&self) -> usize {
        let columns = |around: &Around| match around {
            Around::Quote => 2,
            Around::Item(_, columns) => *columns,
        };
        self.around.iter().map(columns).sum()
    }
}

/// What to say of a link's address behind its text: nothing where the text says it.
fn beside(told: &str, address: &str) -> Option<String> {
    let without = |scheme: &str| {
        let begin = address.get(..scheme.len())?;
        begin.eq_ignore_ascii_case(scheme).then(|| &address[scheme.len()..])
    };
    if let Some(mailbox) = without("mailto:") {
        let mailbox = mailbox.split('?').next().unwrap_or_default();
        return (!told.to_lowercase().contains(&mailbox.to_lowercase())).then(|| format!(" ({mailbox})"));
    }
    if let Some(number) = without("tel:") {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        return (!digits(told).contains(&digits(number)) || digits(number).is_empty()).then(|| format!(" ({number})"));
    }
    let bare = |url: &str| {
        let url = url.trim().trim_end_matches('/').to_lowercase();
        let bare = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        bare.map(ToOwned::to_owned).unwrap_or(url)
    };
    (bare(told) != bare(address)).then(|| format!(" ({address})"))
}

/// Cells below each other, or, where a line cannot hold a row, each with what its column is.
fn table(rows: &[Vec<String>], alignments: &[Alignment], room: usize) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..count)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let Some((head, body)) = rows.split_first() else {
        return String::new();
    };
    if widths.iter().sum::<usize>() + 2 * count.saturating_sub(1) > room {
        return row_by_row(head, body);
    }
    let line = |row: &[String]| {
        let cells = widths.iter().enumerate().map(|(at, width)| {
            let cell = row.get(at).map_or("", String::as_str);
            let left = width - cell.width();
            let before = match alignments.get(at) {
                Some(Alignment::Right) => left,
                Some(Alignment::Center) => left / 2,
                _ => 0,
            };
            format!("{:before$}{cell}{:after$}", "", "", after = left - before)
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let under: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut lines = Vec::with_capacity(rows.len() + 1);
    // A table may do without names for its columns.
    if head.iter().any(|name| !name.is_empty()) {
        lines.extend([line(head), line(&under)]);
    }
    lines.extend(body.iter().map(|row| line(row)));
    lines.join("\n")
}

fn row_by_row(head: &[String], body: &[Vec<String>]) -> String {
    let of_row = |row: &Vec<String>| {
        let cells = row.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
        let told = cells.map(|(at, cell)| match head.get(at) {
            Some(name) if !name.is_empty() => format!("{}: {cell}", name.trim_end_matches(':')),
            _ => cell.clone(),
        });
        told.collect::<Vec<_>>().join("\n")
    };
    body.iter().map(of_row).collect::<Vec<_>>().join("\n\n")
}
