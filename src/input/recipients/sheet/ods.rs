//! `.ods`: what `LibreOffice` and its relatives write. Each cell holds the text that is shown in it.

use appel_messages::msg;
use quick_xml::events::{BytesStart, Event};

use super::archive::{Archive, Xml, attribute};
use super::grid::{Builder, MOST_ROWS, Sheet};
use super::{Listed, Opened, Read, broken, choose};

/// Reads one sheet of an `OpenDocument` spreadsheet.
pub fn read(archive: &mut Archive<'_>, wanted: Option<&str>) -> Read<Opened> {
    if let Some(mut manifest) = archive.xml("META-INF/manifest.xml")? {
        loop {
            match manifest.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "encryption-data" => {
                    return Err(msg!("sheet-password"));
                }
                Event::Eof => break,
                _ => {}
            }
        }
    }
    // Twice: which sheet is read is known when all are.
    let sheets = sheets(archive)?;
    let (at, others) = choose(&sheets, wanted)?;
    let mut xml = archive.xml("content.xml")?.ok_or_else(broken)?;
    let mut nth = 0;
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "table" => {
                if nth == at {
                    let sheet = table(&mut xml, sheets[at].name.clone())?;
                    return Ok(Opened { sheet, others });
                }
                skip(&mut xml)?;
                nth += 1;
            }
            Event::Eof => return Err(broken()),
            _ => {}
        }
    }
}

/// The sheets, in their order. Which are hidden stands in their styles, before them.
fn sheets(archive: &mut Archive<'_>) -> Read<Vec<Listed>> {
    /// No workbook has more.
    const MOST: usize = 1000;
    let mut xml = archive.xml("content.xml")?.ok_or_else(broken)?;
    let mut sheets = Vec::new();
    let mut hidden: Vec<String> = Vec::new();
    let mut style = String::new();
    let mut is_spreadsheet = false;
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "spreadsheet" => is_spreadsheet = true,
                "style" => style = attribute(&tag, "name").unwrap_or_default(),
                "table-properties" if attribute(&tag, "display").as_deref() == Some("false") && hidden.len() < MOST => {
                    hidden.push(style.clone());
                }
                "table" => {
                    if sheets.len() >= MOST {
                        return Err(broken());
                    }
                    let style = attribute(&tag, "style-name").unwrap_or_default();
                    sheets.push(Listed {
                        name: attribute(&tag, "name").unwrap_or_default(),
                        hidden: hidden.contains(&style),
                    });
                    skip(&mut xml)?;
                }
                _ => {}
            },
            Event::Eof if is_spreadsheet => return Ok(sheets),
            Event::Eof => return Err(msg!("sheet-kind", kind = "odt")),
            _ => {}
        }
    }
}

/// Reads to the end of the element that was opened.
fn skip(xml: &mut Xml<'_>) -> Read<()> {
    let mut depth = 0;
    loop {
        match xml.next()? {
            Event::Start(_) => depth += 1,
            Event::End(_) if depth == 0 => return Ok(()),
            Event::End(_) => depth -= 1,
            Event::Eof => return Err(broken()),
            _ => {}
        }
    }
}

/// How often a row or cell stands there.
fn repeated(tag: &BytesStart<'_>, name: &str) -> u32 {
    let times = attribute(tag, name).and_then(|times| times.parse().ok());
    times.unwrap_or(1)
}

/// A row of which nothing is repeated more often is read as often as it is repeated; empty ones are passed over.
const MOST_REPEATED: u32 = 100_000;

fn table(xml: &mut Xml<'_>, name: String) -> Read<Sheet> {
    let mut builder = Builder::default();
    let (mut row, mut rows): (u32, usize) = (0, 0);
    let mut cells = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "table-row" => {
                    let times = repeated(&tag, "number-rows-repeated");
                    let is_hidden = attribute(&tag, "visibility").is_some_and(|seen| seen != "visible");
                    if is_hidden {
                        builder.hide(row, times);
                    }
                    cells.clear();
                    self::row(xml, row, &mut cells, &mut builder)?;
                    if !cells.is_empty() {
                        if times > MOST_REPEATED {
                            return Err(msg!("sheet-too-large"));
                        }
                        for nth in 0..times {
                            for (column, text) in &cells {
                                builder.put(row.saturating_add(nth), *column, text)?;
                            }
                        }
                    }
                    row = row.saturating_add(times);
                    rows += 1;
                    if rows > MOST_ROWS {
                        return Err(msg!("sheet-too-large"));
                    }
                }
                // A table within a cell, and what is drawn over the cells.
                "table" | "shapes" | "forms" => skip(xml)?,
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "table" => return builder.finish(name),
            Event::Eof => return Err(broken()),
            _ => {}
        }
    }
}

/// One row: its cells with anything in them.
fn row(xml: &mut Xml<'_>, row: u32, cells: &mut Vec<(u32, String)>, builder: &mut Builder) -> Read<()> {
    let mut column: u32 = 0;
    loop {
        match xml.next()? {
            Event::Start(tag) => {
                let kind = tag.local_name().as_ref().to_owned();
                if kind != "table-cell" && kind != "covered-table-cell" {
                    skip(xml)?;
                    continue;
                }
                let times = repeated(&tag, "number-columns-repeated");
                let rows = repeated(&tag, "number-rows-spanned");
                let columns = repeated(&tag, "number-columns-spanned");
                let is_formula = attribute(&tag, "formula").is_some();
                let has_type = attribute(&tag, "value-type").is_some();
                let text = cell(xml)?;
                if kind == "table-cell" && (rows > 1 || columns > 1) {
                    builder.merge(
                        (row, column),
                        (row.saturating_add(rows - 1), column.saturating_add(columns - 1)),
                    );
                }
                if is_formula && !has_type && text.is_empty() {
                    builder.unsolved(row, column);
                }
                // What lies under merged cells is not shown.
                if kind == "table-cell" && !text.is_empty() {
                    // No more columns are read than are kept; the first beyond them is enough to be said.
                    for nth in 0..times.min(300) {
                        cells.push((column.saturating_add(nth), text.clone()));
                    }
                }
                column = column.saturating_add(times);
            }
            Event::End(tag) if tag.local_name().as_ref() == "table-row" => return Ok(()),
            Event::Eof => return Err(broken()),
            _ => {}
        }
    }
}

/// The text that a cell shows: its paragraphs, without notes and drawings.
fn cell(xml: &mut Xml<'_>) -> Read<String> {
    let mut text = String::new();
    let mut paragraphs = 0;
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "p" => {
                if paragraphs > 0 {
                    text.push('\n');
                }
                paragraphs += 1;
                paragraph(xml, &mut text)?;
            }
            Event::Start(_) => skip(xml)?,
            Event::End(_) => return Ok(text),
            Event::Eof => return Err(broken()),
            _ => {}
        }
    }
}

fn paragraph(xml: &mut Xml<'_>, text: &mut String) -> Read<()> {
    /// No more blanks are put in a row: they are taken off at the ends, and look like one elsewhere.
    const BLANKS: u32 = 100;
    /// No cell holds more.
    const LONGEST: usize = 1 << 20;
    let mut depth = 0;
    loop {
        match xml.next()? {
            Event::Start(tag) => {
                match tag.local_name().as_ref() {
                    "s" => (0..repeated(&tag, "c").min(BLANKS)).for_each(|_| text.push(' ')),
                    "tab" => text.push('\t'),
                    "line-break" => text.push('\n'),
                    "annotation" | "ruby-text" => {
                        skip(xml)?;
                        continue;
                    }
                    _ => {}
                }
                depth += 1;
            }
            Event::End(_) if depth == 0 => return Ok(()),
            Event::End(_) => depth -= 1,
            Event::Eof => return Err(broken()),
            other => super::archive::add(&other, text)?,
        }
        if text.len() > LONGEST {
            return Err(msg!("sheet-too-large"));
        }
    }
}
