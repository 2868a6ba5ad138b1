//! Who is written to: the rows of the recipients file, valid, and whatever can be asked for them.

use std::fmt;

use jiff::civil::Date;

use crate::address::Address;
use crate::place::{Country, Language};
use crate::problem::{Place, Problem};
use crate::spec::Attachment;

/// One row of the recipients file, valid.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The line its record begins on, or its row in a spreadsheet, 1-based.
    pub line: usize,
    /// `role`.
    pub role: String,
    /// `name`.
    pub name: String,
    /// `email`.
    pub email: Address,
    /// `country`.
    pub serves: Serves,
    /// `language`, best first.
    pub languages: Vec<Language>,
    /// `cc`.
    pub cc: Vec<Address>,
    /// `verified`: when somebody last looked whether the address is right.
    pub verified: Option<Date>,
    /// `attach`: files that go with this row's letters.
    pub attach: Vec<Attachment>,
    /// What `{{recipient.COLUMN}}` gives, in the order of [`Recipients::columns`].
    pub cells: Vec<String>,
}

/// As much of a row as tells who it is.
#[derive(Clone, Debug)]
pub struct Outline {
    /// `role`.
    pub role: String,
    /// `email`.
    pub email: Address,
    /// `country`.
    pub serves: Serves,
    /// `cc`.
    pub cc: Vec<Address>,
}

/// Which senders a row serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serves {
    /// Empty cell: everyone.
    Everyone,
    /// `*`: whoever no other row of the role names.
    Others,
    /// Codes.
    Countries(Vec<Country>),
}

/// Rows as they are read, in the order of the file. A problem is the last item: the rows behind it can no longer be read.
pub type Rows<Row> = Box<dyn Iterator<Item = Result<Row, Problem>> + Send>;

/// Everybody a campaign writes to, read as often as they are asked for: a list may be longer than the memory.
pub trait Recipients: fmt::Debug + Send + Sync {
    /// The file, as people know it.
    fn shown(&self) -> &str;

    /// What `{{recipient.COLUMN}}` may name: every column but `note`, and the known ones that the file leaves out.
    fn columns(&self) -> &[String];

    /// How many rows there are.
    fn count(&self) -> usize;

    /// Every row.
    fn rows(&self) -> Rows<Recipient>;

    /// The same, but only who each of them is, which is quicker.
    fn outlines(&self) -> Rows<Outline>;

    /// Every file that a row names, each once.
    fn files(&self) -> Vec<Attachment>;

    /// Where a row has its value for a column, or where the row is, as people find it: by the line of a text, or the cell of a spreadsheet.
    fn place(&self, line: usize, column: Option<&str>) -> Place {
        let place = Place {
            line: Some(line),
            ..Place::file(self.shown())
        };
        match column {
            Some(column) => place.field(column),
            None => place,
        }
    }

    /// Whether the list says when its addresses were verified.
    fn has_verified(&self) -> bool {
        false
    }

    /// Whether some rows could no longer be read, since the file changed or cannot be reached.
    fn is_lost(&self) -> bool;
}
