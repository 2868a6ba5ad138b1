//! `.xlsx` and `.xlsm`: what Excel, `LibreOffice`, Numbers and Google's sheets write.

use std::collections::HashMap;

use appel_messages::msg;
use quick_xml::events::{BytesStart, Event};

use super::archive::{Archive, Xml, attribute};
use super::grid::{Builder, MOST_ROWS, Sheet};
use super::shown::Format;
use super::{Listed, Opened, Read, broken, choose};

/// How many sheets, styles and relations are looked at.
const MOST_PARTS: usize = 65_536;
/// How many different texts a workbook has at most, and how long they are together.
const MOST_STRINGS: usize = 4_000_000;
const MOST_TEXT: usize = 64 << 20;

/// Reads one sheet of an Excel workbook.
pub fn read(archive: &mut Archive<'_>, wanted: Option<&str>) -> Read<Opened> {
    let workbook = relations(archive, "_rels/.rels", "")?
        .into_values()
        .find(|relation| relation.is("officeDocument"))
        .map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.target);
    let (folder, file) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
    let relations = relations(archive, &format!("{folder}/_rels/{file}.rels"), folder)?;
    let (sheets, since_1904) = sheets(archive, &workbook, &relations)?;
    let listed: Vec<Listed> = sheets
        .iter()
        .map(|sheet| Listed {
            name: sheet.name.clone(),
            hidden: sheet.hidden,
        })
        .collect();
    let (at, others) = choose(&listed, wanted)?;
    let part = |kind: &str| {
        relations
            .values()
            .find(|relation| relation.is(kind))
            .map(|relation| relation.target.clone())
    };
    let styles = part("styles").unwrap_or_else(|| format!("{folder}/styles.xml"));
    let strings = part("sharedStrings").unwrap_or_else(|| format!("{folder}/sharedStrings.xml"));
    let book = Book {
        formats: formats(archive, &styles)?,
        strings: Strings::read(archive, &strings)?,
        since_1904,
    };
    let chosen = &sheets[at];
    let mut xml = archive.xml(&chosen.target)?.ok_or_else(broken)?;
    let sheet = book.sheet(&mut xml, chosen.name.clone())?;
    Ok(Opened { sheet, others })
}

/// Where one part of the archive refers to another.
struct Relation {
    kind: String,
    target: String,
}

impl Relation {
    fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

/// The relations of a part whose folder is given, by their ids. Those to other files are left out.
fn relations(archive: &mut Archive<'_>, name: &str, folder: &str) -> Read<HashMap<String, Relation>> {
    let mut found = HashMap::new();
    let Some(mut xml) = archive.xml(name)? else {
        return Ok(found);
    };
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" && found.len() < MOST_PARTS => {
                let [id, kind, target] = ["Id", "Type", "Target"].map(|name| attribute(&tag, name).unwrap_or_default());
                if attribute(&tag, "TargetMode").as_deref() != Some("External") {
                    let target = resolved(folder, &target);
                    found.insert(id, Relation { kind, target });
                }
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// A target as a name in the archive.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(whole) = target.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A sheet of cells, and the part that it is in.
struct Part {
    name: String,
    hidden: bool,
    target: String,
}

/// The sheets of a workbook, and whether its days are counted from 1904 on.
fn sheets(archive: &mut Archive<'_>, name: &str, relations: &HashMap<String, Relation>) -> Read<(Vec<Part>, bool)> {
    let mut xml = archive.xml(name)?.ok_or_else(|| msg!("sheet-kind", kind = "zip"))?;
    let (mut sheets, mut since_1904) = (Vec::new(), false);
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "workbookPr" => since_1904 = is_true(&tag, "date1904"),
                "sheet" if sheets.len() < MOST_PARTS => {
                    let id = attribute(&tag, "id").unwrap_or_default();
                    // Charts and macros have sheets of their own.
                    if let Some(relation) = relations.get(&id).filter(|relation| relation.is("worksheet")) {
                        sheets.push(Part {
                            name: attribute(&tag, "name").unwrap_or_default(),
                            hidden: attribute(&tag, "state").is_some_and(|state| state != "visible"),
                            target: relation.target.clone(),
                        });
                    }
                }
                _ => {}
            },
            Event::Eof => return Ok((sheets, since_1904)),
            _ => {}
        }
    }
}

fn is_true(tag: &BytesStart<'_>, name: &str) -> bool {
    attribute(tag, name).is_some_and(|value| value == "1" || value == "true")
}

/// The number formats of a workbook's styles, in their order.
fn formats(archive: &mut Archive<'_>, name: &str) -> Read<Vec<Format>> {
    let mut found = Vec::new();
    let Some(mut xml) = archive.xml(name)? else {
        return Ok(found);
    };
    let mut own: HashMap<u32, String> = HashMap::new();
    let mut in_cells = false;
    loop {
        match xml.next()? {
            Event::Start(tag) => {
                let id = || attribute(&tag, "numFmtId").and_then(|id| id.parse::<u32>().ok());
                match tag.local_name().as_ref() {
                    "numFmt" if own.len() < MOST_PARTS => {
                        if let (Some(id), Some(code)) = (id(), attribute(&tag, "formatCode")) {
                            own.insert(id, code);
                        }
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells && found.len() < MOST_PARTS => {
                        let id = id().unwrap_or_default();
                        found.push(match own.get(&id) {
                            Some(code) => Format::of(code),
                            None => Format::built_in(id),
                        });
                    }
                    _ => {}
                }
            }
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The texts that cells share.
struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    fn read(archive: &mut Archive<'_>, name: &str) -> Read<Self> {
        let mut strings = Self {
            text: String::new(),
            ends: Vec::new(),
        };
        let Some(mut xml) = archive.xml(name)? else {
            return Ok(strings);
        };
        let mut one = String::new();
        loop {
            match xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "si" => {
                    one.clear();
                    rich_text(&mut xml, &mut one)?;
                    if strings.ends.len() >= MOST_STRINGS || strings.text.len() + one.len() > MOST_TEXT {
                        return Err(msg!("sheet-too-large"));
                    }
                    strings.text.push_str(&one);
                    strings.ends.push(strings.text.len());
                }
                Event::Eof => return Ok(strings),
                _ => {}
            }
        }
    }

    fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }
}

/// The text of an element that has it in pieces; how Japanese words are spoken is left out.
fn rich_text(xml: &mut Xml<'_>, text: &mut String) -> Read<()> {
    xml.text(text, &["rPh"])?;
    unescape(text);
    Ok(())
}

/// Excel writes characters that XML has not as `_x000D_`, and an underscore before such as `_x005F_`.
fn unescape(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let mut rest = std::mem::take(text);
    while let Some(at) = rest.find("_x") {
        let code = rest
            .get(at + 2..at + 6)
            .filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let c = code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        let (kept, skipped) = if c.is_some() { (at, at + 7) } else { (at + 2, at + 2) };
        text.push_str(&rest[..kept]);
        text.extend(c);
        rest.drain(..skipped);
    }
    text.push_str(&rest);
    // A line's end that Excel wrote as two.
    if text.contains('\r') {
        *text = text.replace("\r\n", "\n");
    }
}

/// What cells refer to.
struct Book {
    formats: Vec<Format>,
    strings: Strings,
    since_1904: bool,
}

impl Book {
    fn sheet(&self, xml: &mut Xml<'_>, name: String) -> Read<Sheet> {
        let mut builder = Builder::default();
        let (mut row, mut column, mut rows) = (0, 0, 0);
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "row" => {
                        row = number(&tag).unwrap_or(row);
                        column = 0;
                        if is_true(&tag, "hidden") {
                            builder.hide(row, 1);
                        }
                    }
                    "c" => {
                        (row, column) = attribute(&tag, "r")
                            .and_then(|at| position(&at))
                            .unwrap_or((row, column));
                        let kind = attribute(&tag, "t").unwrap_or_default();
                        let style = attribute(&tag, "s").and_then(|style| style.parse::<usize>().ok());
                        self.cell(xml, (row, column), &kind, style.unwrap_or_default(), &mut builder)?;
                        column += 1;
                    }
                    "mergeCell" => {
                        let ends = attribute(&tag, "ref").unwrap_or_default();
                        let (first, last) = ends.split_once(':').unwrap_or((&ends, &ends));
                        if let (Some(first), Some(last)) = (position(first), position(last)) {
                            builder.merge(first, last);
                        }
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "row" => {
                    row += 1;
                    rows += 1;
                    if rows > MOST_ROWS {
                        return Err(msg!("sheet-too-large"));
                    }
                }
                Event::Eof => return builder.finish(name),
                _ => {}
            }
        }
    }

    fn cell(
        &self,
        xml: &mut Xml<'_>,
        (row, column): (u32, u32),
        kind: &str,
        style: usize,
        builder: &mut Builder,
    ) -> Read<()> {
        let (mut value, mut has_value, mut is_formula) = (String::new(), false, false);
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "v" => {
                        value.clear();
                        xml.text(&mut value, &[])?;
                        has_value |= !value.is_empty();
                    }
                    "is" => {
                        value.clear();
                        rich_text(xml, &mut value)?;
                        has_value = true;
                    }
                    other => {
                        is_formula |= other == "f";
                        xml.text(&mut String::new(), &[])?;
                    }
                },
                Event::End(_) => break,
                Event::Eof => return Err(broken()),
                _ => {}
            }
        }
        if is_formula && !has_value && kind != "str" {
            builder.unsolved(row, column);
        }
        if !has_value {
            return Ok(());
        }
        match kind {
            "s" => {
                let text = value.trim().parse().ok().and_then(|at| self.strings.get(at));
                builder.put(row, column, text.ok_or_else(broken)?)
            }
            "b" => builder.put(row, column, if value.trim() == "1" { "TRUE" } else { "FALSE" }),
            "str" => {
                unescape(&mut value);
                builder.put(row, column, &value)
            }
            "inlineStr" | "e" | "d" => builder.put(row, column, &value),
            _ => match value.trim().parse::<f64>() {
                Ok(number) => {
                    let format = self.formats.get(style).unwrap_or(&Format::GENERAL);
                    builder.put(row, column, &format.show(number, self.since_1904))
                }
                Err(_) => builder.put(row, column, &value),
            },
        }
    }
}

/// The number of a row, from 0.
fn number(tag: &BytesStart<'_>) -> Option<u32> {
    attribute(tag, "r")?.parse::<u32>().ok()?.checked_sub(1)
}

/// `C14` as a row and a column, from 0.
fn position(cell: &str) -> Option<(u32, u32)> {
    let cell = cell.replace('$', "");
    let digits = cell.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = cell.split_at(digits);
    let mut column: u32 = 0;
    for letter in letters.bytes() {
        let nth = letter.to_ascii_uppercase().checked_sub(b'A').filter(|nth| *nth < 26)?;
        column = column.checked_mul(26)?.checked_add(u32::from(nth) + 1)?;
    }
    // No program has more.
    let row = row.parse::<u32>().ok()?.checked_sub(1).filter(|row| *row < 1 << 24)?;
    Some((row, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_their_names_and_targets_by_their_paths() {
        assert_eq!(position("A1"), Some((0, 0)));
        assert_eq!(position("$AB$30"), Some((29, 27)));
        assert_eq!(["", "A", "1", "A0", "é1", "AAAAAAAAAAAAAA1"].map(position), [None; 6]);
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(resolved("xl/worksheets", "../a.xml"), "xl/a.xml");
    }

    #[test]
    fn what_excel_escapes_is_what_it_was() {
        let text = |written: &str| {
            let mut text = written.to_owned();
            unescape(&mut text);
            text
        };
        assert_eq!(text("a_x000D_\nb"), "a\nb");
        assert_eq!(text("_x005F_x000D_"), "_x000D_");
        assert_eq!(text("my_xylophone_x12"), "my_xylophone_x12");
    }
}
