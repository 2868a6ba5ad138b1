//! A sheet in memory: the text of its cells, and where each stands.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use appel_messages::msg;
use csv::StringRecord;

use super::Read;
use crate::failure::{Excerpt, Place};
use crate::input::recipients::layout::MOST_COLUMNS;
use crate::input::recipients::table::{Rows, Spot};

/// How many rows a sheet has at most, empty ones among them; Excel writes up to half as many.
pub const MOST_ROWS: usize = 1 << 21;
/// How many cells with something in them a sheet has at most.
const MOST_CELLS: usize = 4_000_000;
/// How long their text is together, in bytes.
const MOST_TEXT: usize = 32 << 20;
/// How many ranges of merged cells, and of hidden rows, are looked at.
const MOST_RANGES: usize = 100_000;
/// Rows and cells that are named one by one.
const NAMED: usize = 10;

#[derive(Clone, Copy, Debug)]
struct Cell {
    row: u32,
    column: u16,
    start: u32,
    end: u32,
}

/// A sheet as it is read, cell by cell.
#[derive(Default)]
pub struct Builder {
    text: String,
    cells: Vec<Cell>,
    /// Merged cells that go over several rows: the first row, the last, and the column that has the value.
    merged: Vec<(u32, u32, u16)>,
    hidden: Vec<(u32, u32)>,
    unsolved: Vec<(u32, u32)>,
    beyond: Option<(u32, u32)>,
}

impl Builder {
    /// Puts a text into a cell; rows and columns are counted from 0.
    pub fn put(&mut self, row: u32, column: u32, text: &str) -> Read<()> {
        if text.is_empty() {
            return Ok(());
        }
        let Some(column) = u16::try_from(column).ok().filter(|at| usize::from(*at) < MOST_COLUMNS) else {
            if !text.trim().is_empty() {
                self.beyond = self.beyond.or(Some((row, column)));
            }
            return Ok(());
        };
        if self.cells.len() >= MOST_CELLS || self.text.len() + text.len() > MOST_TEXT {
            return Err(msg!("sheet-too-large"));
        }
        let start = end_of(&self.text);
        self.text.push_str(text);
        let end = end_of(&self.text);
        self.cells.push(Cell {
            row,
            column,
            start,
            end,
        });
        Ok(())
    }

    /// The cells from one corner to the other are one.
    pub fn merge(&mut self, first: (u32, u32), last: (u32, u32)) {
        if let Ok(column) = u16::try_from(first.1)
            && last.0 > first.0
            && self.merged.len() < MOST_RANGES
        {
            self.merged.push((first.0, last.0, column));
        }
    }

    /// These rows are not shown.
    pub fn hide(&mut self, first: u32, rows: u32) {
        let has_room = self.hidden.len() < MOST_RANGES;
        match self.hidden.last_mut() {
            Some((start, count)) if start.saturating_add(*count) == first => *count = count.saturating_add(rows),
            _ if has_room => self.hidden.push((first, rows)),
            _ => {}
        }
    }

    /// A formula stands there, and its result is not in the file.
    pub fn unsolved(&mut self, row: u32, column: u32) {
        if self.unsolved.len() < NAMED {
            self.unsolved.push((row, column));
        }
    }

    pub fn finish(mut self, name: String) -> Read<Sheet> {
        if !self.cells.is_sorted_by_key(|cell| (cell.row, cell.column)) {
            self.cells.sort_by_key(|cell| (cell.row, cell.column));
        }
        self.cells.dedup_by_key(|cell| (cell.row, cell.column));
        let filled = self.fill()?;
        let mut rows: Vec<usize> = Vec::new();
        for (at, cell) in self.cells.iter().enumerate() {
            if at == 0 || self.cells[at - 1].row != cell.row {
                rows.push(at);
            }
        }
        self.hidden.sort_unstable();
        let is_hidden = |row: u32| {
            let at = self.hidden.partition_point(|(first, _)| *first <= row);
            at > 0 && row - self.hidden[at - 1].0 < self.hidden[at - 1].1
        };
        let hidden = rows.iter().map(|at| self.cells[*at].row).filter(|row| is_hidden(*row));
        let width = self.cells.iter().map(|cell| usize::from(cell.column) + 1).max();
        Ok(Sheet {
            name,
            width: width.unwrap_or_default(),
            hidden: hidden.clone().take(NAMED).map(number).collect(),
            all_hidden: hidden.count(),
            filled,
            unsolved: self.unsolved,
            beyond: self.beyond,
            text: self.text,
            cells: self.cells,
            rows,
        })
    }

    /// Gives each row of merged cells the value that is shown over all of them; how many cells that were.
    fn fill(&mut self) -> Read<usize> {
        let mut filled: BTreeMap<(u32, u16), (u32, u32)> = BTreeMap::new();
        let key = |cell: &Cell| (cell.row, cell.column);
        for (first, last, column) in &self.merged {
            let Ok(at) = self.cells.binary_search_by_key(&(*first, *column), key) else {
                continue;
            };
            let value = (self.cells[at].start, self.cells[at].end);
            // Only rows in which something else stands.
            let mut row = first + 1;
            while row <= *last {
                let at = self.cells.partition_point(|cell| cell.row < row);
                let Some(next) = self.cells.get(at).filter(|cell| cell.row <= *last) else {
                    break;
                };
                row = next.row;
                if self.cells.binary_search_by_key(&(row, *column), key).is_err() {
                    filled.insert((row, *column), value);
                }
                if self.cells.len() + filled.len() > MOST_CELLS {
                    return Err(msg!("sheet-too-large"));
                }
                row += 1;
            }
        }
        let count = filled.len();
        let new = filled.into_iter().map(|((row, column), (start, end))| Cell {
            row,
            column,
            start,
            end,
        });
        self.cells.extend(new);
        if count > 0 {
            self.cells.sort_by_key(key);
        }
        Ok(count)
    }
}

fn end_of(text: &str) -> u32 {
    // No text is longer than MOST_TEXT.
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// A row's number as people see it.
fn number(row: u32) -> usize {
    row as usize + 1
}

/// One sheet of a spreadsheet. What stands in it is read once and kept, so it cannot change while letters are made of it.
#[derive(Debug)]
pub struct Sheet {
    pub name: String,
    /// How many columns have anything in them, from the first on.
    pub width: usize,
    /// The first rows with something in them that are not shown, by their numbers, and how many they are in all.
    pub hidden: Vec<usize>,
    pub all_hidden: usize,
    /// How many cells got the value of merged cells that they are part of.
    pub filled: usize,
    unsolved: Vec<(u32, u32)>,
    beyond: Option<(u32, u32)>,
    text: String,
    cells: Vec<Cell>,
    /// Where the cells of each row begin.
    rows: Vec<usize>,
}

impl Sheet {
    /// The first rows, as far as the one that names the columns is looked for among them; blank ones are left out. With
    /// each, which row of the sheet it is.
    pub fn first_rows(&self, most: usize) -> Vec<(usize, Vec<String>)> {
        let rows = (0..self.rows.len()).map(|nth| {
            let mut values = vec![String::new(); self.width];
            for cell in self.row(nth) {
                self.text_of(cell).clone_into(&mut values[usize::from(cell.column)]);
            }
            (nth, values)
        });
        rows.filter(|(_, values)| values.iter().any(|value| !value.trim().is_empty()))
            .take(most)
            .collect()
    }

    /// Formulas without a result, and the first cell beyond the last column that is read.
    pub fn unsolved(&self, shown: &str) -> Vec<Place> {
        let places = self.unsolved.iter();
        places
            .map(|(row, column)| self.at(shown, number(*row), Some(*column as usize)))
            .collect()
    }

    pub fn beyond(&self, shown: &str) -> Option<Place> {
        let (row, column) = self.beyond?;
        Some(self.at(shown, number(row), Some(column as usize)))
    }

    /// A cell, or a row, of which nothing is shown.
    pub fn at(&self, shown: &str, number: usize, column: Option<usize>) -> Place {
        Place {
            sheet: Some(self.name.clone()),
            line: Some(number),
            column: column.map(|column| column + 1),
            ..Place::file(shown)
        }
    }

    /// A value of a row, with its text.
    pub fn place(&self, shown: &str, nth: usize, column: Option<usize>) -> Place {
        let cells = self.row(nth);
        let row = cells.first().map_or(0, |cell| cell.row);
        let cell = column.and_then(|column| cells.iter().find(|cell| usize::from(cell.column) == column));
        let shown_of_cell = cell.map(|cell| self.text_of(cell)).filter(|text| !text.contains('\n'));
        Place {
            excerpt: shown_of_cell.map(|text| Excerpt::around(text, 0..text.len())),
            ..self.at(shown, number(row), column)
        }
    }

    fn row(&self, nth: usize) -> &[Cell] {
        let start = self.rows.get(nth).copied().unwrap_or(self.cells.len());
        let end = self.rows.get(nth + 1).copied().unwrap_or(self.cells.len());
        &self.cells[start..end]
    }

    fn text_of(&self, cell: &Cell) -> &str {
        self.text
            .get(cell.start as usize..cell.end as usize)
            .unwrap_or_default()
    }
}

/// One pass over the rows of a sheet.
pub struct SheetRows {
    at: Row,
    /// The next row.
    next: usize,
    record: StringRecord,
}

/// The row at hand.
struct Row {
    sheet: Arc<Sheet>,
    shown: String,
    nth: usize,
}

impl SheetRows {
    /// Begins behind a row of the sheet, the one that names the columns.
    pub fn new(sheet: &Arc<Sheet>, heading: usize, shown: &str) -> Self {
        Self {
            at: Row {
                sheet: Arc::clone(sheet),
                shown: shown.to_owned(),
                nth: heading,
            },
            next: heading + 1,
            record: StringRecord::new(),
        }
    }
}

impl Rows for SheetRows {
    fn advance(&mut self) -> io::Result<bool> {
        let sheet = &self.at.sheet;
        if self.next >= sheet.rows.len() {
            return Ok(false);
        }
        self.at.nth = self.next;
        self.next += 1;
        self.record.clear();
        for cell in sheet.row(self.at.nth) {
            while self.record.len() < usize::from(cell.column) {
                self.record.push_field("");
            }
            self.record.push_field(sheet.text_of(cell));
        }
        while self.record.len() < sheet.width {
            self.record.push_field("");
        }
        Ok(true)
    }

    fn values(&self) -> &StringRecord {
        &self.record
    }

    fn number(&self) -> usize {
        self.at
            .sheet
            .row(self.at.nth)
            .first()
            .map_or(0, |cell| number(cell.row))
    }

    fn parts(&mut self) -> (&StringRecord, &mut dyn Spot) {
        (&self.record, &mut self.at)
    }
}

impl Spot for Row {
    fn place(&mut self, column: Option<usize>) -> Place {
        self.sheet.place(&self.shown, self.nth, column)
    }
}
