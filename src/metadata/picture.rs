//! Pictures of all kinds, be they files or parts of one.

use super::format::Format;
use super::told::Found;
use super::{chunks, isobmff, jpeg, tiff};

/// What a picture tells, be it a file or a part of one.
pub fn read(bytes: &[u8], found: &mut Found) {
    match Format::of(bytes) {
        Format::Jpeg => jpeg::read(bytes, found),
        Format::Png => chunks::read_png(bytes, found),
        Format::Webp => chunks::read_webp(bytes, found),
        Format::Tiff => tiff::read(bytes, found),
        Format::Heif => isobmff::read(bytes, found),
        _ => {}
    }
}

/// The same picture without what it tells.
pub fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    match Format::of(bytes) {
        Format::Jpeg => jpeg::clean(bytes),
        Format::Png => chunks::clean_png(bytes),
        Format::Webp => chunks::clean_webp(bytes),
        Format::Tiff => tiff::clean(bytes),
        Format::Heif => Some(isobmff::clean(bytes)),
        _ => None,
    }
}
