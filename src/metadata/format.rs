//! What a file is, by what is in it: a name is only what somebody called it.

use appel_messages::{Message, msg};

use super::zip::Archive;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// .pdf.
    Pdf,
    /// .docx and its like.
    Office,
    /// .odt and its like.
    OpenDocument,
    /// .doc and its like, and .docx that are encrypted.
    OldOffice,
    /// .rtf.
    RichText,
    /// .jpg.
    Jpeg,
    /// .png.
    Png,
    /// .webp.
    Webp,
    /// .tif.
    Tiff,
    /// .heic, .avif.
    Heif,
    /// .gif.
    Gif,
    /// .svg.
    Drawing,
    /// .mp4, .mov.
    Film,
    /// .mp3, .wav.
    Sound,
    /// .zip, and others that hold files.
    Archive,
    /// Nothing but text.
    Text,
    /// Anything else.
    Unknown,
}

/// How much of a file tells whether it is text.
const ENOUGH: usize = 64 << 10;

impl Format {
    /// The kind of a file.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(1024)];
        let begins = |mark: &[u8]| bytes.starts_with(mark);
        // Readers take what stands before it.
        if memchr::memmem::find(head, b"%PDF-").is_some() {
            return Self::Pdf;
        }
        if begins(b"\xff\xd8\xff") {
            return Self::Jpeg;
        }
        if begins(b"\x89PNG\r\n\x1a\n") {
            return Self::Png;
        }
        if begins(b"GIF8") {
            return Self::Gif;
        }
        if begins(b"II*\0") || begins(b"MM\0*") {
            return Self::Tiff;
        }
        if begins(b"RIFF") {
            return match bytes.get(8..12) {
                Some(b"WEBP") => Self::Webp,
                Some(b"WAVE") => Self::Sound,
                _ => Self::Film,
            };
        }
        if bytes.get(4..8) == Some(b"ftyp") {
            let brands = bytes.get(8..64).unwrap_or_default();
            let pictures: [&[u8]; 6] = [b"heic", b"heix", b"mif1", b"msf1", b"avif", b"heim"];
            let is_picture = brands.chunks_exact(4).any(|brand| pictures.contains(&brand));
            return if is_picture { Self::Heif } else { Self::Film };
        }
        if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return Self::OldOffice;
        }
        if begins(b"{\\rtf") {
            return Self::RichText;
        }
        if begins(b"ID3") || begins(b"OggS") || begins(b"fLaC") {
            return Self::Sound;
        }
        if begins(b"\x1a\x45\xdf\xa3") {
            return Self::Film;
        }
        if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") {
            return Archive::read(bytes)
                .and_then(|archive| of_archive(&archive))
                .unwrap_or(Self::Archive);
        }
        let archives: [&[u8]; 4] = [b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x1f\x8b", b"BZh"];
        if archives.into_iter().any(begins) {
            return Self::Archive;
        }
        let enough = &bytes[..bytes.len().min(ENOUGH)];
        let is_text = match std::str::from_utf8(enough) {
            Ok(text) => !text.contains('\0'),
            // The last character may be cut.
            Err(error) => error.error_len().is_none() && error.valid_up_to() + 4 > enough.len(),
        };
        if memchr::memmem::find(head, b"<svg").is_some() {
            return Self::Drawing;
        }
        if is_text && !bytes.is_empty() {
            Self::Text
        } else {
            Self::Unknown
        }
    }

    /// What people call it.
    #[must_use]
    pub fn message(self) -> Message {
        match self {
            Self::Pdf => msg!("format-pdf"),
            Self::Office => msg!("format-office"),
            Self::OpenDocument => msg!("format-open-document"),
            Self::OldOffice => msg!("format-old-office"),
            Self::RichText => msg!("format-rich-text"),
            Self::Jpeg => msg!("format-jpeg"),
            Self::Png => msg!("format-png"),
            Self::Webp => msg!("format-webp"),
            Self::Tiff => msg!("format-tiff"),
            Self::Heif => msg!("format-heif"),
            Self::Gif => msg!("format-gif"),
            Self::Drawing => msg!("format-drawing"),
            Self::Film => msg!("format-film"),
            Self::Sound => msg!("format-sound"),
            Self::Archive => msg!("format-archive"),
            Self::Text => msg!("format-text"),
            Self::Unknown => msg!("format-unknown"),
        }
    }

    /// What a file with this ending is, where its ending says it plainly.
    #[must_use]
    pub fn by_ending(ending: &str) -> Option<Self> {
        Some(match ending {
            "pdf" => Self::Pdf,
            "docx" | "xlsx" | "pptx" | "dotx" => Self::Office,
            "odt" | "ods" | "odp" => Self::OpenDocument,
            "doc" | "xls" | "ppt" => Self::OldOffice,
            "rtf" => Self::RichText,
            "jpg" | "jpeg" => Self::Jpeg,
            "png" => Self::Png,
            "webp" => Self::Webp,
            "tif" | "tiff" => Self::Tiff,
            "heic" | "heif" | "avif" => Self::Heif,
            "gif" => Self::Gif,
            _ => return None,
        })
    }
}

/// Which kind of document an archive is, if it is one.
fn of_archive(archive: &Archive<'_>) -> Option<Format> {
    if archive.get("[Content_Types].xml").is_some() {
        return Some(Format::Office);
    }
    let kind = archive.unpacked(archive.get("mimetype")?, 200)?;
    kind.starts_with(b"application/vnd.oasis.opendocument")
        .then_some(Format::OpenDocument)
}
