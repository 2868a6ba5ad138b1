//! What is packed with deflate, unpacked up to a limit, and packed again.

use std::io::{Error, ErrorKind, Read, Result};

use miniz_oxide::inflate::stream::{InflateState, inflate as inflate_some};
use miniz_oxide::{DataFormat, MZFlush, MZStatus, inflate};

/// Bytes that are unpacked as they are read, in little memory however many they are.
pub struct Unpacking<'a> {
    rest: &'a [u8],
    /// Without it they are not packed.
    state: Option<Box<InflateState>>,
}

impl<'a> Unpacking<'a> {
    /// Bytes as they are.
    pub const fn plain(rest: &'a [u8]) -> Self {
        Self { rest, state: None }
    }

    /// What is packed with deflate.
    pub fn deflated(rest: &'a [u8]) -> Self {
        Self {
            rest,
            state: Some(InflateState::new_boxed(DataFormat::Raw)),
        }
    }
}

impl Read for Unpacking<'_> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        let Some(state) = &mut self.state else {
            return self.rest.read(to);
        };
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            let done = inflate_some(state, self.rest, to, MZFlush::None);
            self.rest = &self.rest[done.bytes_consumed..];
            match done.status {
                _ if done.bytes_written > 0 => return Ok(done.bytes_written),
                Ok(MZStatus::StreamEnd) => return Ok(0),
                Ok(_) if done.bytes_consumed > 0 => {}
                // It breaks off, or is none.
                _ => return Err(Error::from(ErrorKind::InvalidData)),
            }
        }
    }
}

/// What a stream of zlib unpacks to, when that is at most `most` bytes; and whether it is whole.
///
/// Programs read a stream that breaks off as far as it goes, so nothing in it may be overlooked.
pub fn zlib(bytes: &[u8], most: usize) -> Option<(Vec<u8>, bool)> {
    match inflate::decompress_to_vec_zlib_with_limit(bytes, most) {
        Ok(unpacked) => Some((unpacked, true)),
        Err(error) if error.status == inflate::TINFLStatus::HasMoreOutput => None,
        Err(error) => Some((error.output, false)),
    }
}

/// The same without a head.
pub fn raw(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    inflate::decompress_to_vec_with_limit(bytes, most).ok()
}

/// Packs bytes.
pub fn packed(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(bytes, 9)
}

/// Packs bytes with zlib's head.
pub fn packed_zlib(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, 9)
}

/// A stream of zlib that is so many bytes long and has nothing but blanks in it.
pub fn blanks(length: usize) -> Option<Vec<u8>> {
    // Two bytes at its beginning, four at its end, and five before each block of at most 65,535 that is not packed.
    let mut rest = length.checked_sub(6)?;
    let mut stream = vec![0x78, 0x01];
    let (mut one, mut two) = (1u32, 0u32);
    loop {
        let size = rest.checked_sub(5)?.min(0xffff);
        // What is left must have room for a block of its own.
        let left = rest - 5 - size;
        let size = if (1..5).contains(&left) { size - 5 } else { size };
        rest -= 5 + size;
        let short = u16::try_from(size).ok()?;
        stream.push(u8::from(rest == 0));
        stream.extend(short.to_le_bytes());
        stream.extend((!short).to_le_bytes());
        stream.resize(stream.len() + size, b' ');
        for _ in 0..size {
            one = (one + 32) % 65_521;
            two = (two + one) % 65_521;
        }
        if rest == 0 {
            break;
        }
    }
    stream.extend((two << 16 | one).to_be_bytes());
    Some(stream)
}

/// The check sum of PNG and ZIP.
pub fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0u32; 256];
        let (mut nth, mut number) = (0, 0);
        while nth < 256 {
            let mut sum = number;
            let mut bit = 0;
            while bit < 8 {
                sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
                bit += 1;
            }
            table[nth] = sum;
            nth += 1;
            number += 1;
        }
        table
    };
    let next = |sum: u32, byte: &u8| TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)] ^ sum >> 8;
    !bytes.iter().fold(!0, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_have_the_length_that_was_asked_for_and_unpack_to_blanks() {
        for length in (11..400).chain([65_545, 65_546, 65_547, 65_550, 65_551, 70_000, 200_000]) {
            let stream = blanks(length).unwrap();
            assert_eq!(stream.len(), length);
            let (text, whole) = zlib(&stream, 1 << 20).unwrap();
            assert!(whole && text.iter().all(|byte| *byte == b' '), "{length}");
        }
        assert!(blanks(10).is_none());
    }

    #[test]
    fn the_check_sum_is_the_one_of_everybody() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_unpacked() {
        let bomb = packed_zlib(&vec![0; 1 << 20]);
        assert!(bomb.len() < 5000);
        assert!(zlib(&bomb, 1000).is_none());
        assert_eq!(zlib(&bomb, 1 << 20).unwrap().0.len(), 1 << 20);
        assert!(raw(&packed(&[0; 5000]), 100).is_none());
    }
}
