//! `.xls`: what Excel wrote from 1997 to 2003, and others still do ([MS-XLS]). A stream of records, each a kind, a length
//! and bytes, of which those that hold texts and numbers are read.

use std::collections::HashMap;

use appel_messages::msg;

use super::cfb::{self, u16_at, u32_at};
use super::grid::{Builder, Sheet};
use super::shown::Format;
use super::{Listed, Opened, Read, broken, choose};

/// How many texts a workbook has at most.
const MOST_STRINGS: usize = 1_000_000;
/// How long they are together, in bytes.
const MOST_TEXT: usize = 64 << 20;

/// Reads one sheet of a workbook of old.
pub fn read(file: &[u8], wanted: Option<&str>) -> Read<Opened> {
    let stream = cfb::workbook(file)?;
    let book = Book::read(&stream)?;
    let listed: Vec<Listed> = book
        .sheets
        .iter()
        .map(|(_, name, hidden)| Listed {
            name: name.clone(),
            hidden: *hidden,
        })
        .collect();
    let (at, others) = choose(&listed, wanted)?;
    let (start, name, _) = &book.sheets[at];
    let sheet = book.sheet(stream.get(*start..).ok_or_else(broken)?, name.clone())?;
    Ok(Opened { sheet, others })
}

/// A record: its kind, and its bytes.
struct Record<'a> {
    kind: u16,
    bytes: &'a [u8],
    /// Those of the records that continue it.
    more: Vec<&'a [u8]>,
}

/// The records of a stream, each with those that continue it.
fn records(stream: &[u8]) -> impl Iterator<Item = Record<'_>> {
    const CONTINUE: u16 = 0x3c;
    let one = |at: usize| {
        let (kind, length) = (u16_at(stream, at)?, usize::from(u16_at(stream, at + 2)?));
        let bytes = stream.get(at + 4..at + 4 + length)?;
        Some((kind, bytes, at + 4 + length))
    };
    let mut at = 0;
    std::iter::from_fn(move || {
        let (kind, bytes, mut end) = one(at)?;
        let mut more = Vec::new();
        while let Some((CONTINUE, bytes, next)) = one(end) {
            more.push(bytes);
            end = next;
        }
        at = end;
        Some(Record { kind, bytes, more })
    })
}

/// What all sheets of a workbook share.
#[derive(Default)]
struct Book {
    /// Where each sheet begins, its name, and whether it is hidden.
    sheets: Vec<(usize, String, bool)>,
    strings: Vec<String>,
    formats: Vec<Format>,
    since_1904: bool,
}

impl Book {
    fn read(stream: &[u8]) -> Read<Self> {
        let mut book = Self::default();
        let mut own: HashMap<u16, Format> = HashMap::new();
        let mut styles = Vec::new();
        for record in records(stream) {
            let bytes = record.bytes;
            match record.kind {
                // BOF: 0x600 is Excel 97 and later.
                0x809 if u16_at(bytes, 0) != Some(0x600) => return Err(msg!("sheet-kind", kind = "xls-5")),
                // FilePass
                0x2f => return Err(msg!("sheet-password")),
                // Date1904
                0x22 => book.since_1904 = u16_at(bytes, 0) == Some(1),
                // BoundSheet8, for sheets of cells
                0x85 if bytes.get(5) == Some(&0) => {
                    let start = u32_at(bytes, 0).ok_or_else(broken)?;
                    let mut text = Text::new(bytes.get(7..).unwrap_or_default(), &[]);
                    let length = usize::from(*bytes.get(6).ok_or_else(broken)?);
                    let name = text.characters(length).ok_or_else(broken)?;
                    let is_hidden = bytes.get(4).is_some_and(|state| state & 3 != 0);
                    book.sheets.push((start as usize, name, is_hidden));
                }
                // Format
                0x41e => {
                    let id = u16_at(bytes, 0).ok_or_else(broken)?;
                    let mut text = Text::new(bytes.get(2..).unwrap_or_default(), &record.more);
                    if let Some(code) = text.string() {
                        own.insert(id, Format::of(&code));
                    }
                }
                // XF
                0xe0 => styles.push(u16_at(bytes, 2).unwrap_or_default()),
                // SST
                0xfc => book.strings = strings(&record)?,
                // EOF
                0x0a => break,
                _ => {}
            }
        }
        // Excel writes its own formats out too, in the language of the machine: what is built in is known better.
        let format = |id: u16| match Format::built_in(u32::from(id)) {
            Format::General => own.get(&id).cloned().unwrap_or(Format::General),
            known => known,
        };
        book.formats = styles.into_iter().map(format).collect();
        Ok(book)
    }

    fn sheet(&self, stream: &[u8], name: String) -> Read<Sheet> {
        let mut builder = Builder::default();
        // Where the text belongs that comes behind a formula.
        let mut formula = None;
        // Charts within a sheet are sheets of their own.
        let mut depth = 0;
        for record in records(stream) {
            let bytes = record.bytes;
            match record.kind {
                0x809 => depth += 1,
                0x0a if depth <= 1 => break,
                0x0a => depth -= 1,
                _ if depth > 1 => {}
                // Row
                0x208 => {
                    let row = u16_at(bytes, 0).ok_or_else(broken)?;
                    if u16_at(bytes, 12).is_some_and(|options| options & 0x20 != 0) {
                        builder.hide(u32::from(row), 1);
                    }
                }
                // String, the result of a formula
                0x207 => {
                    if let Some((row, column)) = formula.take() {
                        let text = Text::new(bytes, &record.more).string().ok_or_else(broken)?;
                        builder.put(row, column, &text)?;
                    }
                }
                // MergeCells
                0xe5 => {
                    let count = usize::from(u16_at(bytes, 0).unwrap_or_default());
                    for nth in 0..count {
                        let ends = [0, 2, 4, 6].map(|offset| u16_at(bytes, 2 + 8 * nth + offset).map(u32::from));
                        if let [Some(first), Some(last), Some(left), Some(right)] = ends {
                            builder.merge((first, left), (last, right));
                        }
                    }
                }
                // MulRk: several numbers side by side
                0xbd => {
                    let (row, first, _) = place(bytes)?;
                    let count = bytes.len().saturating_sub(6) / 6;
                    for nth in 0..count {
                        let at = 4 + 6 * nth;
                        let (Some(style), Some(rk)) = (u16_at(bytes, at), u32_at(bytes, at + 2)) else {
                            break;
                        };
                        let column = first.saturating_add(u32::try_from(nth).unwrap_or(u32::MAX));
                        builder.put(row, column, &self.show(rk_number(rk), style))?;
                    }
                }
                kind @ (0xfd | 0x203 | 0x204 | 0xd6 | 0x205 | 0x27e | 0x06) => {
                    let (row, column, style) = place(bytes)?;
                    let text = match kind {
                        // LabelSst
                        0xfd => {
                            let at = u32_at(bytes, 6).ok_or_else(broken)?;
                            self.strings.get(at as usize).ok_or_else(broken)?.clone()
                        }
                        // Label, RString
                        0x204 | 0xd6 => {
                            let text = bytes.get(6..).unwrap_or_default();
                            Text::new(text, &record.more).string().ok_or_else(broken)?
                        }
                        // Number
                        0x203 => self.show(f64_at(bytes, 6).ok_or_else(broken)?, style),
                        // RK
                        0x27e => self.show(rk_number(u32_at(bytes, 6).ok_or_else(broken)?), style),
                        // BoolErr
                        0x205 => match (bytes.get(6), bytes.get(7)) {
                            (Some(value), Some(0)) => truth(*value).to_owned(),
                            (Some(code), _) => failed(*code).to_owned(),
                            _ => return Err(broken()),
                        },
                        // Formula: a number, unless its last two bytes are set
                        _ => match (bytes.get(6), bytes.get(8), u16_at(bytes, 12)) {
                            (Some(0), _, Some(0xffff)) => {
                                formula = Some((row, column));
                                continue;
                            }
                            (Some(1), Some(value), Some(0xffff)) => truth(*value).to_owned(),
                            (Some(2), Some(code), Some(0xffff)) => failed(*code).to_owned(),
                            (_, _, Some(0xffff)) => String::new(),
                            _ => self.show(f64_at(bytes, 6).ok_or_else(broken)?, style),
                        },
                    };
                    builder.put(row, column, &text)?;
                }
                _ => {}
            }
        }
        builder.finish(name)
    }

    fn show(&self, number: f64, style: u16) -> String {
        let format = self.formats.get(usize::from(style)).unwrap_or(&Format::GENERAL);
        format.show(number, self.since_1904)
    }
}

/// The row, column and style that a cell's record begins with.
fn place(bytes: &[u8]) -> Read<(u32, u32, u16)> {
    let found = (u16_at(bytes, 0), u16_at(bytes, 2), u16_at(bytes, 4));
    let (Some(row), Some(column), Some(style)) = found else {
        return Err(broken());
    };
    Ok((u32::from(row), u32::from(column), style))
}

fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// A number in four bytes: half of a float, or a whole number, perhaps a hundred times too large.
fn rk_number(rk: u32) -> f64 {
    let number = if rk & 2 == 0 {
        f64::from_bits(u64::from(rk & !3) << 32)
    } else {
        f64::from(rk.cast_signed() >> 2)
    };
    if rk & 1 == 0 { number } else { number / 100.0 }
}

const fn truth(value: u8) -> &'static str {
    if value == 0 { "FALSE" } else { "TRUE" }
}

/// What stands in a cell whose formula failed.
const fn failed(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}

/// The texts that cells share.
fn strings(record: &Record<'_>) -> Read<Vec<String>> {
    let count = u32_at(record.bytes, 4).ok_or_else(broken)? as usize;
    let mut text = Text::new(record.bytes.get(8..).unwrap_or_default(), &record.more);
    let (mut strings, mut length) = (Vec::new(), 0);
    while strings.len() < count {
        let Some(string) = text.string() else { break };
        length += string.len();
        if strings.len() >= MOST_STRINGS || length > MOST_TEXT {
            return Err(msg!("sheet-too-large"));
        }
        strings.push(string);
    }
    Ok(strings)
}

/// Texts in a record, which may go on in the next one: there a text begins again by saying how it is written.
struct Text<'a> {
    bytes: &'a [u8],
    more: std::slice::Iter<'a, &'a [u8]>,
}

impl<'a> Text<'a> {
    fn new(bytes: &'a [u8], more: &'a [&'a [u8]]) -> Self {
        Self {
            bytes,
            more: more.iter(),
        }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        while self.bytes.is_empty() {
            self.bytes = self.more.next()?;
        }
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// Passes over bytes, in the next records too.
    fn skip(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            let now = count.min(self.bytes.len());
            self.bytes = &self.bytes[now..];
            count -= now;
            if count > 0 {
                self.bytes = self.more.next()?;
            }
        }
        Some(())
    }

    /// A text behind its length in two bytes, with what is said of its letters' looks passed over.
    fn string(&mut self) -> Option<String> {
        let length = usize::from(u16_at(self.take(2)?, 0)?);
        let flags = *self.take(1)?.first()?;
        let runs = if flags & 8 == 0 {
            0
        } else {
            usize::from(u16_at(self.take(2)?, 0)?)
        };
        let spoken = if flags & 4 == 0 {
            0
        } else {
            u32_at(self.take(4)?, 0)? as usize
        };
        let text = self.written(length, flags)?;
        self.skip(4 * runs + spoken)?;
        Some(text)
    }

    /// A text whose length is known.
    fn characters(&mut self, length: usize) -> Option<String> {
        let flags = *self.take(1)?.first()?;
        self.written(length, flags)
    }

    fn written(&mut self, length: usize, mut flags: u8) -> Option<String> {
        let mut units: Vec<u16> = Vec::new();
        while units.len() < length {
            if self.bytes.is_empty() {
                self.bytes = self.more.next()?;
                flags = *self.take(1)?.first()?;
            }
            let left = length - units.len();
            if flags & 1 == 0 {
                let now = left.min(self.bytes.len());
                units.extend(self.bytes[..now].iter().map(|byte| u16::from(*byte)));
                self.bytes = &self.bytes[now..];
            } else {
                let now = left.min(self.bytes.len() / 2);
                if now == 0 {
                    return None;
                }
                units.extend((0..now).filter_map(|nth| u16_at(self.bytes, 2 * nth)));
                self.bytes = &self.bytes[2 * now..];
            }
        }
        Some(String::from_utf16_lossy(&units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_four_bytes_are_what_they_were() {
        let shown = |rk: u32| rk_number(rk).to_string();
        assert_eq!(shown(0x3ff0_0000), "1");
        assert_eq!(shown((12 << 2) | 2), "12");
        assert_eq!(shown((1234 << 2) | 3), "12.34");
        assert_eq!(shown((-5_i32 << 2).cast_unsigned() | 2), "-5");
    }

    #[test]
    fn a_text_that_goes_on_in_the_next_record_says_there_again_how_it_is_written() {
        let more: [&[u8]; 1] = [&[1, b'c', 0, 0x16, 4]];
        let mut text = Text::new(&[4, 0, 0, b'a', b'b'], &more);
        assert_eq!(text.string().as_deref(), Some("abcЖ"));
        assert_eq!(Text::new(&[4, 0, 0, b'a'], &[]).string(), None);
    }
}
