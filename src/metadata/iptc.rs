//! IPTC: what picture agencies write about a photograph, in Photoshop's blocks.

use super::told::{Found, What};

/// Reads what stands behind the name of a JPEG's segment, or in a TIFF's entry.
pub fn read(bytes: &[u8], found: &mut Found) {
    found.tell(What::Other, "Photoshop");
    let mut rest = bytes;
    while let Some(block) = rest.strip_prefix(b"8BIM") {
        let Some(&[high, low, name]) = block.first_chunk::<3>() else {
            return;
        };
        // The name, with its length, is padded to an even number; so is the content.
        let name = (usize::from(name) + 2) & !1;
        let Some(size) = block.get(2 + name..6 + name).and_then(|size| size.first_chunk::<4>()) else {
            return;
        };
        let size = u32::from_be_bytes(*size) as usize;
        let from = 6 + name;
        let Some(content) = from.checked_add(size).and_then(|end| block.get(from..end)) else {
            return;
        };
        if [high, low] == [4, 4] {
            records(content, found);
        }
        rest = block.get(from + size + (size & 1)..).unwrap_or_default();
    }
    if rest.len() == bytes.len() {
        records(bytes, found);
    }
}

fn records(bytes: &[u8], found: &mut Found) {
    let mut rest = bytes;
    while let [0x1c, record, number, high, low, behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(value) = behind.get(..length) else { return };
        let what = match (record, number) {
            (2, 80 | 110 | 122) => Some(What::Author),
            (2, 90 | 92 | 95 | 101) => Some(What::Place),
            (2, 55 | 60) => Some(What::Taken),
            (2, 116) => Some(What::Rights),
            (2, 65) => Some(What::Program),
            (2, 5 | 25 | 105 | 120) => Some(What::Title),
            (2, 40 | 118) => Some(What::Remark),
            _ => None,
        };
        if let Some(what) = what {
            found.tell(what, &String::from_utf8_lossy(value));
        }
        rest = &behind[length..];
    }
}
