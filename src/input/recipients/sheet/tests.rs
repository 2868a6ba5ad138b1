//! Spreadsheets, and what is no spreadsheet.

use super::*;

#[test]
fn what_is_no_spreadsheet_is_none() {
    for bytes in [&b"PK\x03\x04rest"[..], COMPOUND, b"PK\x03\x04", b""] {
        assert!(open(bytes.to_vec(), None).is_err());
    }
}
