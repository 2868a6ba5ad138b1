//! The sender's own words in a Markdown letter: their paragraphs and lists stay, whatever else is in them is text.

use super::{BREAK, CLOSES, OPENS, OWN, escape};

/// What follows `--message`, as Markdown that reads as it was written.
#[derive(Clone, Debug)]
pub(in crate::letter) struct OwnWords {
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
enum Block {
    /// With marks for its line breaks.
    Paragraph(String),
    List(Vec<Item>),
}

#[derive(Clone, Debug)]
struct Item {
    /// Columns before its mark: more than those of the item before when it belongs to that.
    indent: usize,
    /// `- ` or `1. `.
    mark: String,
    text: String,
}

impl OwnWords {
    /// Of a text whose lines end in LF.
    pub fn of(text: &str) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        let mut levels: Vec<Level> = Vec::new();
        let mut after_blank = true;
        for line in text.lines() {
            let words = line.trim();
            if words.is_empty() {
                after_blank = true;
                continue;
            }
            let indent = line.chars().take_while(|c| c.is_whitespace()).count();
            match (item(words), blocks.last_mut()) {
                (Some((mark, words)), Some(Block::List(items))) if Level::fits(&mut levels, indent, mark) => {
                    let indent = levels.last().map_or(0, |level| level.column);
                    items.push(Item::new(indent, mark, words));
                }
                // In the middle of a paragraph a number is one of its words, but for the first one of a list.
                (Some((mark, words)), last)
                    if after_blank
                        || (!matches!(last, Some(Block::List(_)))
                            && number(mark).is_none_or(|(number, _)| number == 1)) =>
                {
                    levels = vec![Level::new(indent, 0, mark)];
                    blocks.push(Block::List(vec![Item::new(0, mark, words)]));
                }
                (_, Some(Block::List(items))) if !after_blank || indent > 0 => {
                    if let Some(Item { text, .. }) = items.last_mut() {
                        text.push(BREAK);
                        text.push_str(&escape(words));
                    }
                }
                (_, Some(Block::Paragraph(text))) if !after_blank => {
                    text.push(BREAK);
                    text.push_str(&escape(words));
                }
                _ => blocks.push(Block::Paragraph(escape(words))),
            }
            after_blank = false;
        }
        Self { blocks }
    }

    /// Puts them behind what is written of a letter and before `rest`: as blocks of their own where nothing else stands in
    /// their line, else as words among others.
    pub fn write_into(&self, written: &mut String, rest: &str) {
        let begins = written.rfind('\n').map_or(0, |at| at + 1);
        let is_empty = |line: &str| line.chars().all(|c| matches!(c, ' ' | '>' | OPENS | CLOSES | OWN));
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if !is_empty(&written[begins..]) || !line.chars().all(|c| matches!(c, ' ' | OPENS | CLOSES)) {
            written.push_str(&self.inline());
            return;
        }
        if self.blocks.is_empty() {
            return;
        }
        let prefix = written.split_off(begins);
        let blank = prefix.trim_end().to_owned() + "\n";
        let before = written.strip_suffix('\n').unwrap_or(written);
        if !is_empty(before.rsplit('\n').next().unwrap_or_default()) {
            written.push_str(&blank);
        }
        let lines = self.lines();
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                written.push('\n');
            }
            written.push_str(if line.is_empty() { prefix.trim_end() } else { &prefix });
            written.push_str(line);
        }
        if !is_empty(after.split('\n').next().unwrap_or_default()) {
            written.push('\n');
            written.push_str(prefix.trim_end());
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for block in &self.blocks {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            match block {
                Block::Paragraph(text) => lines.push(text.clone()),
                Block::List(items) => lines.extend(
                    items
                        .iter()
                        .map(|item| format!("{:indent$}{}{}", "", item.mark, item.text, indent = item.indent)),
                ),
            }
        }
        lines
    }

    fn inline(&self) -> String {
        let mut inline = String::new();
        for block in &self.blocks {
            if !inline.is_empty() {
                inline.extend([BREAK, BREAK]);
            }
            match block {
                Block::Paragraph(text) => inline.push_str(text),
                Block::List(items) => {
                    for (at, item) in items.iter().enumerate() {
                        if at > 0 {
                            inline.push(BREAK);
                        }
                        inline.push_str(&escape(&item.mark));
                        inline.push_str(&item.text);
                    }
                }
            }
        }
        inline
    }
}

impl Item {
    fn new(indent: usize, mark: &str, words: &str) -> Self {
        Self {
            indent,
            mark: format!("{mark} "),
            text: escape(words),
        }
    }
}

/// A list that is open.
struct Level {
    /// Where its items begin in the text.
    begins: usize,
    /// Where they do in the Markdown, and where what belongs to them.
    column: usize,
    inner: usize,
    /// Of its last item, if it has numbers.
    number: Option<(u32, char)>,
}

impl Level {
    fn new(begins: usize, column: usize, mark: &str) -> Self {
        Self {
            begins,
            column,
            inner: column + mark.len() + 1,
            number: number(mark),
        }
    }

    /// Makes an item the last of a list that is open, or the first of one in it, if Markdown shows it with its own number:
    /// there each is one more than the last, and the first of a list in the middle of something is 1.
    fn fits(levels: &mut Vec<Self>, indent: usize, mark: &str) -> bool {
        let number = number(mark);
        let outer = levels.iter().rposition(|level| level.begins <= indent).unwrap_or(0);
        let Some(level) = levels.get(outer) else { return false };
        let is_deeper = indent >= level.begins + 2;
        let is_next = match (number, level.number.filter(|_| !is_deeper)) {
            (Some((number, sign)), Some((last, known))) => number == last + 1 && sign == known,
            (Some((number, _)), None) => number == 1,
            (None, _) => true,
        };
        if !is_next {
            return false;
        }
        let next = if is_deeper {
            Self::new(indent, level.inner, mark)
        } else {
            Self::new(level.begins, level.column, mark)
        };
        levels.truncate(if is_deeper { outer + 1 } else { outer });
        levels.push(next);
        true
    }
}

/// The number of an item, and the sign behind it.
fn number(mark: &str) -> Option<(u32, char)> {
    let sign = mark.chars().next_back()?;
    Some((mark.strip_suffix(sign)?.parse().ok()?, sign))
}

/// What a line begins with that is an item of a list, as Markdown has it, and the words behind it.
fn item(line: &str) -> Option<(&str, &str)> {
    let (mark, words) = line.split_once([' ', '\t'])?;
    let number = mark.strip_suffix(['.', ')']).unwrap_or_default();
    let is_number = (1..=9).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let mark = match mark {
        "-" | "*" | "+" | "•" => "-",
        _ if is_number => mark,
        _ => return None,
    };
    Some((mark, words.trim_start()))
}
