//! Who is written to: a row of the recipients file, valid.

use crate::address::Address;
use crate::place::{Country, Language};

/// One row of the recipients file, valid.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The line its record begins on, 1-based.
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
    /// What `{{recipient.COLUMN}}` gives, in the order of the columns.
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
