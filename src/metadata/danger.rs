//! Files that mail servers refuse and readers should not open: programs, macros, nothing at all, and names that hide it.

use appel_messages::{Message, msg};

use super::format::Format;
use super::zip;

/// Endings of what runs when it is opened.
const PROGRAMS: [&str; 39] = [
    "apk", "app", "appimage", "bat", "bin", "cmd", "com", "command", "cpl", "deb", "desktop", "dll", "dmg", "elf",
    "exe", "gadget", "hta", "img", "iso", "jar", "js", "jse", "lnk", "msc", "msi", "msp", "pif", "ps1", "psm1", "py",
    "reg", "rpm", "scr", "sh", "url", "vb", "vbe", "vbs", "wsf",
];
/// Endings of documents that carry macros.
const MACROS: [&str; 9] = ["docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppsm"];
/// Endings that look harmless in front of another.
const HARMLESS: [&str; 16] = [
    "pdf", "doc", "docx", "odt", "xls", "xlsx", "ods", "ppt", "pptx", "jpg", "jpeg", "png", "txt", "csv", "zip", "html",
];

/// Why a file should not go with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Danger {
    /// There is nothing in it.
    Empty,
    /// It runs when it is opened, by its ending or by what is in it.
    Program,
    /// Its name ends as if it were something else: `.pdf.exe`.
    TwoEndings(String),
    /// A document that carries macros.
    Macros,
    /// An archive with a program of this name in it.
    ProgramInside(String),
    /// Its name says one kind, and it is another.
    OtherKind(String, Format),
}

impl Danger {
    /// In words, of a file.
    #[must_use]
    pub fn message(&self, name: &str) -> Message {
        match self {
            Self::Empty => msg!("attachment-empty", name = name),
            Self::Program => msg!("attachment-program", name = name),
            Self::TwoEndings(ending) => msg!("attachment-two-endings", name = name, ending = ending),
            Self::Macros => msg!("attachment-macros", name = name),
            Self::ProgramInside(inside) => msg!("attachment-program-inside", name = name, inside = inside),
            Self::OtherKind(ending, format) => {
                msg!(
                    "attachment-other-kind",
                    name = name,
                    ending = ending,
                    kind = format.message()
                )
            }
        }
    }
}

/// What is wrong with a file as such.
#[must_use]
pub fn dangers(name: &str, bytes: &[u8]) -> Vec<Danger> {
    if bytes.is_empty() {
        return vec![Danger::Empty];
    }
    let mut dangers = Vec::new();
    let name = name.trim_end_matches(['.', ' ']).to_lowercase();
    let mut endings = name.rsplit('.');
    let ending = endings
        .next()
        .filter(|ending| ending.len() < name.len())
        .unwrap_or_default();
    let before = endings.next().map(str::trim).unwrap_or_default();
    let format = Format::of(bytes);
    let is_program = PROGRAMS.contains(&ending);
    if is_program && HARMLESS.contains(&before) {
        dangers.push(Danger::TwoEndings(format!(".{before}.{ending}")));
    } else if is_program || runs(bytes) {
        dangers.push(Danger::Program);
    } else if MACROS.contains(&ending) || has_macros(bytes, format) {
        dangers.push(Danger::Macros);
    } else if let Some(named) = Format::by_ending(ending)
        && named != format
        // What is encrypted is packed as the old ones are.
        && !(named == Format::Office && format == Format::OldOffice)
        && !(named == Format::OldOffice && matches!(format, Format::RichText | Format::Office))
    {
        dangers.push(Danger::OtherKind(format!(".{ending}"), format));
    }
    if format == Format::Archive
        && let Some(archive) = zip::Archive::read(bytes)
    {
        let is_one = |name: &str| {
            let ending = name.rsplit('.').next().unwrap_or_default().to_lowercase();
            PROGRAMS.contains(&&*ending) || MACROS.contains(&&*ending)
        };
        let inside = archive
            .entries
            .iter()
            .find(|entry| entry.name.contains('.') && is_one(&entry.name));
        dangers.extend(inside.map(|entry| Danger::ProgramInside(entry.name.clone())));
    }
    dangers
}

/// Whether the system would run it: the beginnings of programs for Windows, Linux and macOS, of scripts and of shortcuts.
fn runs(bytes: &[u8]) -> bool {
    let begins = |mark: &[u8]| bytes.starts_with(mark);
    let is_pe = begins(b"MZ") && {
        let at = bytes
            .get(0x3c..0x40)
            .and_then(|at| at.first_chunk())
            .map(|at| u32::from_le_bytes(*at) as usize);
        at.and_then(|at| bytes.get(at..at.checked_add(4)?)) == Some(b"PE\0\0")
    };
    let macs: [&[u8]; 5] = [
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
    ];
    is_pe
        || (begins(b"MZ") && !bytes[..bytes.len().min(4096)].is_ascii())
        || begins(b"\x7fELF")
        || macs.into_iter().any(begins)
        || (begins(b"#!") && bytes.get(2).is_some_and(|byte| matches!(byte, b'/' | b' ')))
        || begins(b"L\0\0\0\x01\x14\x02\0")
}

fn has_macros(bytes: &[u8], format: Format) -> bool {
    match format {
        Format::Office => zip::Archive::read(bytes).is_some_and(|archive| {
            let is_macro = |name: &str| name.to_ascii_lowercase().ends_with("vbaproject.bin");
            archive.entries.iter().any(|entry| is_macro(&entry.name))
        }),
        Format::OpenDocument => zip::Archive::read(bytes).is_some_and(|archive| {
            let is_code = |name: &str| {
                name.starts_with("Basic/") && name.matches('/').count() > 1 && !name.ends_with("script-lb.xml")
            };
            archive
                .entries
                .iter()
                .any(|entry| is_code(&entry.name) || entry.name.starts_with("Scripts/"))
        }),
        Format::OldOffice => {
            let name: Vec<u8> = "_VBA_PROJECT".encode_utf16().flat_map(u16::to_le_bytes).collect();
            memchr::memmem::find(bytes, &name).is_some()
        }
        _ => false,
    }
}
