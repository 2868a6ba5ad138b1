//! The files that rows name in their `attach` column: each looked at once, however many rows name it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use appel_core::campaign::Attachment;
use appel_messages::msg;

use super::rows::{Finding, Report};
use crate::failure::Severity;
use crate::input::config::{self, KeptBack, MOST_ATTACHED, MOST_ATTACHMENTS, Refused};

/// So many different cells of the column are looked at: each costs the disk something.
const MOST_CELLS: usize = 10_000;
/// And so many bytes of them are kept.
const MOST_BYTES: usize = 4 << 20;

/// What the cells of the column stand for, as far as they were looked at.
#[derive(Clone, Debug, Default)]
pub struct Files {
    folder: PathBuf,
    kept_back: Arc<KeptBack>,
    known: BTreeMap<String, Result<Arc<[Attachment]>, Refused>>,
    bytes: usize,
}

impl Files {
    /// Those of one campaign's folder.
    #[must_use]
    pub fn new(folder: &Path, kept_back: Arc<KeptBack>) -> Self {
        Self {
            folder: folder.to_owned(),
            kept_back,
            ..Self::default()
        }
    }

    /// Looks at a cell, and says what is wrong with it; whether nothing is.
    pub(super) fn check(&mut self, cell: &str, column: usize, report: &mut dyn Report) -> bool {
        if cell.is_empty() {
            return true;
        }
        if !self.known.contains_key(cell) {
            self.bytes = self.bytes.saturating_add(cell.len());
            if self.known.len() >= MOST_CELLS || self.bytes > MOST_BYTES {
                refuse(
                    report,
                    column,
                    &msg!("row-files-too-many-in-all", most = MOST_CELLS).into(),
                );
                return false;
            }
            let found = find(&self.folder, cell, &self.kept_back).map(Arc::from);
            self.known.insert(cell.to_owned(), found);
        }
        match self.known.get(cell) {
            Some(Err(refused)) => {
                refuse(report, column, refused);
                false
            }
            _ => true,
        }
    }

    /// What a cell that was looked at stands for.
    pub(super) fn of(&self, cell: &str) -> Vec<Attachment> {
        match self.known.get(cell) {
            Some(Ok(files)) => files.to_vec(),
            _ => Vec::new(),
        }
    }

    /// Every file, once.
    pub(super) fn all(&self) -> Vec<Attachment> {
        let mut all: Vec<Attachment> = self
            .known
            .values()
            .flatten()
            .flat_map(|files| &**files)
            .cloned()
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

fn refuse(report: &mut dyn Report, column: usize, refused: &Refused) {
    let finding = Finding {
        severity: Severity::Error,
        code: refused.message.code(),
        column: Some(column),
    };
    report.report(finding, &|| (refused.message.clone(), refused.hint.clone()));
}

/// The files that a cell names, in its order.
///
/// They stand apart as copies do, but a name may hold a blank, or a comma: what is there as it is written is one file.
fn find(folder: &Path, cell: &str, kept_back: &KeptBack) -> Result<Vec<Attachment>, Refused> {
    let mut found: Vec<Attachment> = Vec::new();
    let mut bytes = 0u64;
    for name in names(folder, cell) {
        let (attachment, length) = config::attachment(folder, name, kept_back)?;
        if found.contains(&attachment) {
            continue;
        }
        if found.len() == MOST_ATTACHMENTS {
            return Err(msg!("row-files-too-many", most = MOST_ATTACHMENTS).into());
        }
        bytes = bytes.saturating_add(length);
        if bytes > MOST_ATTACHED {
            return Err(config::too_heavy(bytes));
        }
        found.push(attachment);
    }
    Ok(found)
}

fn names<'a>(folder: &Path, cell: &'a str) -> Vec<&'a str> {
    if config::is_there(folder, cell) {
        return vec![cell];
    }
    let parts = cell.split([',', ';']).map(str::trim).filter(|part| !part.is_empty());
    // More are refused without a look at each.
    let parts = parts.take(MOST_ATTACHMENTS + 1);
    parts
        .flat_map(|part| {
            let words: Vec<&str> = part
                .split(' ')
                .filter(|word| !word.is_empty())
                .take(MOST_ATTACHMENTS + 1)
                .collect();
            let several = words.len() > 1
                && !config::is_there(folder, part)
                && words.iter().any(|word| config::is_there(folder, word));
            if several { words } else { vec![part] }
        })
        .take(MOST_ATTACHMENTS + 1)
        .collect()
}
