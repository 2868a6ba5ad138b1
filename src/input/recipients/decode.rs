//! Bytes to text: UTF-8, UTF-16 with a byte order mark, the Windows-1252 that Excel writes in
//! Western Europe, and the Mac Roman that it writes on Macs.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};

use appel_messages::msg;

use super::mac::{self, Mac};
use crate::failure::{Place, Problem};
use crate::input::bounded::looks_like_utf_16;

/// The byte order mark of UTF-8.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of `bytes`, and what there is to say about how it was read.
///
/// # Errors
/// The problem, when the bytes are no text that can be read without guessing.
pub fn decode(mut bytes: Vec<u8>, shown: &str) -> Result<(String, Option<Problem>), Problem> {
    if bytes.starts_with(b"\xff\xfe") {
        return utf_16(&bytes[2..], UTF_16LE, shown);
    }
    if bytes.starts_with(b"\xfe\xff") {
        return utf_16(&bytes[2..], UTF_16BE, shown);
    }
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if looks_like_utf_16(text.as_bytes()) => {
            return Err(Problem::error(msg!("recipients-utf-16-unmarked")).at(Place::file(shown)));
        }
        Ok(text) => return Ok((text, None)),
        Err(error) => error,
    };
    let bad = bytes.utf8_error().valid_up_to();
    let bytes = bytes.into_bytes();
    let is_windows =
        || guess(&bytes, bad) == WINDOWS_1252 && !bytes.iter().any(|byte| is_undefined_in_windows_1252(*byte));
    let read = match mac::looks_so(&bytes) {
        Mac::Yes => Some((MACINTOSH, msg!("recipients-mac-roman"))),
        Mac::No if is_windows() => Some((WINDOWS_1252, msg!("recipients-windows-1252"))),
        Mac::No | Mac::Unclear => None,
    };
    if let Some((encoding, said)) = read {
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        // What comes before is ASCII or was UTF-8 by chance; the line is the same.
        let breaks = bytes[..bad].split(|byte| *byte == b'\n').count() - 1;
        let start = match breaks.checked_sub(1) {
            Some(nth) => text.match_indices('\n').nth(nth).map_or(0, |(at, _)| at + 1),
            None => 0,
        };
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let note = Problem::note(said).at(Place::in_source(shown, &text, start..end));
        return Ok((text.into_owned(), Some(note)));
    }
    let text = String::from_utf8_lossy(&bytes);
    let place = Place::in_source(shown, &text, bad..bad + REPLACEMENT.len_utf8());
    Err(Problem::error(msg!("recipients-encoding-unknown")).at(place))
}

/// What stands for a character that cannot be read.
const REPLACEMENT: char = '\u{fffd}';

fn utf_16(bytes: &[u8], encoding: &'static Encoding, shown: &str) -> Result<(String, Option<Problem>), Problem> {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if !broken {
        return Ok((text.into_owned(), None));
    }
    let bad = text.find(REPLACEMENT).unwrap_or(0);
    let place = Place::in_source(shown, &text, bad..bad + REPLACEMENT.len_utf8());
    Err(Problem::error(msg!("recipients-utf-16-broken")).at(place))
}

/// How many bytes are looked at to guess how a file is written.
const ENOUGH: usize = 1 << 20;

/// How `bytes` are written, of which those at `bad` are no UTF-8.
fn guess(bytes: &[u8], bad: usize) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let from = if bytes.len() > ENOUGH {
        bad.min(bytes.len() - ENOUGH)
    } else {
        0
    };
    detector.feed(&bytes[from..bytes.len().min(from + ENOUGH)], true);
    detector.guess(None, Utf8Detection::Deny)
}

const fn is_undefined_in_windows_1252(byte: u8) -> bool {
    matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)
}
