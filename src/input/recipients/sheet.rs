//! Spreadsheets: one sheet of an `.xlsx`, `.ods` or `.xls` file, as its program shows it.
//!
//! All three are read by what is in them, whatever the file's name ends in. Nothing in them is run, and nothing that they
//! refer to is opened: macros, links to other files, queries. What they unpack to is bounded in every direction, since a
//! list may come from a stranger: see `archive.rs` and `grid.rs`.

mod archive;
mod cfb;
mod grid;
mod ods;
mod shown;
mod xls;
mod xlsx;

use appel_core::words::nearest;
use appel_messages::{Message, Value, msg};

pub use grid::{Sheet, SheetRows};

use archive::Archive;

use crate::failure::{Place, Problem, Problems};

/// What keeps a spreadsheet from being read, in words.
type Read<T> = Result<T, Message>;

/// The sheet that is read, and the others that are there.
#[derive(Debug)]
pub struct Opened {
    pub sheet: Sheet,
    /// Sheets that can be seen and are not read.
    pub others: Vec<String>,
}

/// The beginnings of the files that are looked into: a ZIP archive, and what Microsoft's programs wrote until 2003.
const ARCHIVE: &[u8] = b"PK\x03\x04";
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Whether a file that begins with `bytes` is a spreadsheet program's own.
pub fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(ARCHIVE) || bytes.starts_with(COMPOUND)
}

/// Reads one sheet: the one that is named, else the first that can be seen.
///
/// # Errors
/// Why it cannot be read.
pub fn open(bytes: &[u8], wanted: Option<&str>) -> Read<Opened> {
    if bytes.starts_with(COMPOUND) {
        return xls::read(bytes, wanted);
    }
    let mut archive = Archive::open(bytes)?;
    if archive.has("content.xml") {
        return ods::read(&mut archive, wanted);
    }
    if archive.has("xl/workbook.bin") {
        return Err(msg!("sheet-kind", kind = "xlsb"));
    }
    if archive.has("Index/Document.iwa") || archive.has("Index.zip") {
        return Err(msg!("sheet-kind", kind = "numbers"));
    }
    if archive.has("word/document.xml") {
        return Err(msg!("sheet-kind", kind = "docx"));
    }
    xlsx::read(&mut archive, wanted)
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    hidden: bool,
}

/// Which of the sheets is read, and the names of the others that can be seen.
fn choose(sheets: &[Listed], wanted: Option<&str>) -> Read<(usize, Vec<String>)> {
    /// No more names are said.
    const NAMED: usize = 10;
    let seen = || sheets.iter().filter(|sheet| !sheet.hidden);
    let at = match wanted {
        None => sheets
            .iter()
            .position(|sheet| !sheet.hidden)
            .or_else(|| (!sheets.is_empty()).then_some(0)),
        Some(wanted) => {
            let is = |sheet: &Listed| sheet.name.trim().to_lowercase() == wanted.trim().to_lowercase();
            let exact = sheets.iter().position(|sheet| sheet.name == wanted);
            exact.or_else(|| sheets.iter().position(is))
        }
    };
    let Some(at) = at else {
        let names = sheets.iter().map(|sheet| sheet.name.as_str());
        return Err(match wanted {
            None => msg!("sheet-none"),
            Some(wanted) => {
                if let Some(near) = nearest(&wanted.to_lowercase(), names.clone()) {
                    return Err(msg!("sheet-missing-near", wanted = wanted, near = near));
                }
                let names: Vec<Value> = names.take(NAMED).map(|name| format!("`{name}`").into()).collect();
                let more = sheets.len().saturating_sub(NAMED) as u64;
                let names = super::layout::and(names, more);
                msg!("sheet-missing", wanted = wanted, names = names)
            }
        });
    };
    let others = seen().filter(|sheet| sheet.name != sheets[at].name);
    Ok((at, others.take(NAMED).map(|sheet| sheet.name.clone()).collect()))
}

/// What there is to say of a sheet before its rows are looked at: what is not seen, and what is not as it seems.
pub fn say(sheet: &Sheet, shown: &str, problems: &mut Problems) {
    for place in sheet.unsolved(shown) {
        problems.push(Problem::error(msg!("sheet-formula-unsolved")).at(place));
    }
    if let Some(place) = sheet.beyond(shown) {
        let what = msg!("sheet-too-wide", most = super::layout::MOST_COLUMNS);
        problems.push(Problem::error(what).at(place));
    }
    let whole = || Place {
        sheet: Some(sheet.name.clone()),
        ..Place::file(shown)
    };
    if sheet.all_hidden > 0 {
        let more = sheet.all_hidden.saturating_sub(sheet.hidden.len()) as u64;
        let rows: Vec<Value> = sheet.hidden.iter().map(|row| row.to_string().into()).collect();
        let what = msg!(
            "sheet-rows-hidden",
            count = sheet.all_hidden,
            rows = super::layout::and(rows, more)
        );
        problems.push(Problem::warning(what).at(whole()));
    }
    if sheet.filled > 0 {
        problems.push(Problem::note(msg!("sheet-merged", cells = sheet.filled)).at(whole()));
    }
}

/// What is not as a spreadsheet program writes it.
fn broken() -> Message {
    msg!("sheet-broken")
}

#[cfg(test)]
mod tests;
