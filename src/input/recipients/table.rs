//! What a list holds, whatever kind of file it is in: rows of values, one after the other, each in a place.

use std::io::Result;

use csv::StringRecord;

use super::scan::QuoteSlip;
use crate::failure::Place;

/// One pass over the rows behind the one that names the columns.
///
/// What a row means is read of its values alone (`rows.rs`), what is wrong in it is said of a place: neither knows
/// whether it stands in a text or in a spreadsheet.
pub trait Rows: Send {
    /// Moves to the next row; whether there was one.
    ///
    /// # Errors
    /// When the file can no longer be read; after that there is no row.
    fn advance(&mut self) -> Result<bool>;

    /// The values of the row at hand.
    fn values(&self) -> &StringRecord;

    /// The number by which people find it, 1-based: the line it begins on, or its row in the sheet.
    fn number(&self) -> usize;

    /// The values of the row at hand, and who knows where they stand.
    fn parts(&mut self) -> (&StringRecord, &mut dyn Spot);

    /// A slip with quotes in the row at hand: nothing certain can be said of its values.
    fn slip(&self) -> Option<QuoteSlip> {
        None
    }
}

/// Who knows where the values of the row at hand stand. Asked only where something is said of one.
pub trait Spot {
    /// Where a value stands; without one, where the row does.
    fn place(&mut self, column: Option<usize>) -> Place;

    /// Where the row begins.
    fn beginning(&mut self) -> Place {
        self.place(None)
    }

    /// Where a slip with quotes is.
    fn slip_place(&mut self, _slip: QuoteSlip) -> Place {
        self.place(None)
    }

    /// The slip by which a row has no end, when it is that.
    fn endless(&mut self) -> Option<QuoteSlip> {
        None
    }
}
