//! What a file tells of whoever made it, and a copy of it without that.
//!
//! A file may be a stranger's, and made to harm: nothing is unpacked beyond a limit, nothing is looked at more often than
//! the file is long, and what cannot be read is said, never passed over. What is cleaned is read again, by the same eyes:
//! where anything is left, there is no copy.

mod chunks;
mod danger;
mod exif;
mod format;
mod inflate;
mod iptc;
mod isobmff;
mod jpeg;
mod office;
mod pdf;
mod picture;
mod tiff;
mod told;
mod xml;
mod xmp;
pub(crate) mod zip;

pub use danger::{Danger, dangers};
pub use format::Format;
pub use told::{Closed, Found, Told, What};

/// How much of one file is unpacked.
const ROOM: usize = 64 << 20;

/// What a file tells. `room` is how much of it, and of others after it, may be unpacked.
#[must_use]
pub fn read_in(room: &mut usize, bytes: &[u8]) -> Found {
    let mut found = Found::new((*room).min(ROOM));
    let before = found.room;
    look(bytes, &mut found);
    *room -= before - found.room;
    found
}

fn read(bytes: &[u8]) -> Found {
    read_in(&mut { ROOM }, bytes)
}

fn look(bytes: &[u8], found: &mut Found) {
    match Format::of(bytes) {
        Format::Pdf => pdf::read(bytes, found),
        Format::Office | Format::OpenDocument => office::read(bytes, found),
        Format::OldOffice | Format::RichText | Format::Film | Format::Sound | Format::Drawing | Format::Gif => {
            found.close(Closed::Unreadable);
        }
        Format::Archive => found.close(Closed::Files),
        Format::Jpeg | Format::Png | Format::Webp | Format::Tiff | Format::Heif => picture::read(bytes, found),
        Format::Text | Format::Unknown => {}
    }
}

/// What became of a file that was to be cleaned.
#[derive(Debug)]
pub enum Cleaned {
    /// Nothing is in it that would have to go.
    Nothing,
    /// A copy, and what is no longer in it.
    Copy(Vec<u8>, Vec<Told>),
    /// Not of a kind that is known.
    Unknown,
    /// It cannot be cleaned fully, for these reasons.
    Closed(Vec<Closed>),
    /// These would still be in it.
    Left(Vec<Told>),
}

/// Makes the copy, and reads it again.
#[must_use]
pub fn clean(bytes: &[u8]) -> Cleaned {
    let format = Format::of(bytes);
    let found = read(bytes);
    if !found.closed.is_empty() {
        return Cleaned::Closed(found.closed);
    }
    if format == Format::Unknown {
        return Cleaned::Unknown;
    }
    if found.told.is_empty() {
        return Cleaned::Nothing;
    }
    let copy = match format {
        Format::Pdf => pdf::clean(bytes, ROOM),
        Format::Office | Format::OpenDocument => office::clean(bytes),
        _ => picture::clean(bytes),
    };
    let Some(copy) = copy else {
        return Cleaned::Left(found.told);
    };
    let again = read(&copy);
    if !again.closed.is_empty() || Format::of(&copy) != format {
        return Cleaned::Closed(vec![Closed::Damaged]);
    }
    if again.told.is_empty() {
        Cleaned::Copy(copy, found.told)
    } else {
        Cleaned::Left(again.told)
    }
}

#[cfg(test)]
mod tests;
