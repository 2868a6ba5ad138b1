//! Where the list of recipients is, as a configuration or a command line names it.

use std::path::{Path, PathBuf};

/// Where the list is: a file, and in a spreadsheet perhaps one of its sheets.
#[derive(Clone, Debug)]
pub struct ListPath {
    /// As it can be opened.
    pub path: PathBuf,
    /// Which sheet of a spreadsheet; without it the first.
    pub sheet: Option<String>,
}

impl ListPath {
    /// A spreadsheet may have the name of a sheet behind it.
    #[must_use]
    pub fn of(written: &Path) -> Self {
        let split = || {
            let (file, sheet) = written.to_str()?.split_once('#')?;
            let is_there = written.exists();
            (!is_there && is_spreadsheet(Path::new(file))).then(|| Self {
                path: PathBuf::from(file),
                sheet: Some(sheet.to_owned()).filter(|sheet| !sheet.is_empty()),
            })
        };
        split().unwrap_or_else(|| Self {
            path: written.to_owned(),
            sheet: None,
        })
    }
}

/// Whether a file is named as spreadsheets are.
#[must_use]
pub fn is_spreadsheet(path: &Path) -> bool {
    let known = ["xlsx", "xlsm", "xls", "ods"];
    path.extension()
        .is_some_and(|end| known.iter().any(|known| end.eq_ignore_ascii_case(known)))
}
