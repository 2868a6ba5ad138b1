//! Any table, whatever its columns are called and whatever is in it: what an import reads.

use appel_messages::msg;

use super::layout::{self, LOOKED_AT};
use super::records::Records;
use super::sheet::SheetRows;
use super::source::{Sizes, Source};
use super::table::Rows;
use super::{MOST_CONVERTED, Opened, heading, in_memory, lost, names, open, sheet};
use crate::failure::{Place, Problem};
use crate::input::list::ListPath;

/// A table: its columns, and its rows.
pub struct Table {
    /// What each column is called, and which of the known ones that is.
    pub columns: Vec<(String, Option<&'static str>)>,
    /// The values of each row, with where it stands.
    pub rows: Vec<(Place, Vec<String>)>,
}

/// Reads the whole of it. Only files that fit in memory are.
///
/// # Errors
/// Why it cannot be read.
pub fn table(list: &ListPath, shown: &str) -> Result<Table, Problem> {
    const WHOLE: Sizes = Sizes {
        kept: MOST_CONVERTED,
        chunk: 1 << 16,
    };
    let refuse = |what| Problem::error(what).at(Place::file(shown));
    let bytes = match open(&list.path, shown, WHOLE)? {
        Opened::Bytes(bytes) => bytes,
        Opened::Chunks(_) => return Err(refuse(msg!("import-too-long", file = shown))),
    };
    if sheet::is_one(&bytes) {
        let sheet = sheet::open(&bytes, list.sheet.as_deref()).map_err(refuse)?.sheet;
        let rows = sheet.first_rows(LOOKED_AT);
        let values: Vec<Vec<String>> = rows.iter().map(|(_, values)| values.clone()).collect();
        let Some((at, written)) = rows.into_iter().nth(layout::heading_of(&values)) else {
            return Err(refuse(msg!("recipients-empty")));
        };
        let rows = SheetRows::new(&std::sync::Arc::new(sheet), at, shown);
        return collect(written, Box::new(rows), shown);
    }
    let (source, _) = in_memory(bytes, shown)?;
    let Source::Memory(text) = &source else {
        return Err(refuse(msg!("recipients-empty")));
    };
    let Some((form, written)) = heading::columns(text) else {
        return Err(refuse(msg!("recipients-empty")));
    };
    let rows = Records::new(&std::sync::Arc::new(source), form, shown);
    collect(written, Box::new(rows), shown)
}

fn collect(written: Vec<String>, mut rows: Box<dyn Rows>, shown: &str) -> Result<Table, Problem> {
    let mut table = Table {
        columns: written
            .into_iter()
            .map(|name| {
                let known = names::meaning(&name);
                (name.trim().to_owned(), known)
            })
            .collect(),
        rows: Vec::new(),
    };
    while rows.advance().map_err(|error| lost(&error, shown))? {
        let values: Vec<String> = rows.values().iter().map(|value| value.trim().to_owned()).collect();
        if values.iter().any(|value| !value.is_empty()) {
            let mut place = rows.parts().1.place(None);
            place.excerpt = None;
            place.column = None;
            table.rows.push((place, values));
        }
    }
    Ok(table)
}
