//! Documents of word processors, spreadsheets and slides: OOXML (.docx, .xlsx, .pptx) and
//! `OpenDocument` (.odt, .ods, .odp).

use std::ops::Range;

use super::picture;
use super::told::{Closed, EMPTY, Found, What};
use super::xml::{self, Value};
use super::zip::{Archive, Entry};

/// How much of one part is unpacked.
const MOST_PART: usize = 32 << 20;

/// What a part is to a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// All of it is about the document.
    About,
    /// Text, with names in it here and there.
    Text,
    /// Where other parts, and other files, are.
    Links,
    Picture,
    Signature,
    /// Another document.
    Document,
    Other,
}

fn role(name: &str) -> Role {
    let name = name.to_ascii_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if name.starts_with("_xmlsignatures/") || name == "meta-inf/documentsignatures.xml" {
        Role::Signature
    } else if name.starts_with("docprops/") && ends(&[".xml"]) || ends(&["meta.xml"]) {
        Role::About
    } else if ends(&[".rels"]) {
        Role::Links
    } else if ends(&[".xml"]) {
        Role::Text
    } else if ends(&[
        ".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".heic", ".gif",
    ]) {
        Role::Picture
    } else if ends(&[
        ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".doc", ".xls", ".ppt", ".pdf", ".bin",
    ]) && name.contains("embed")
    {
        Role::Document
    } else {
        Role::Other
    }
}

/// What a document tells.
pub fn read(bytes: &[u8], found: &mut Found) {
    let Some(archive) = Archive::read(bytes) else {
        return found.close(Closed::Damaged);
    };
    if archive.has_more {
        found.tell(What::Other, "ZIP");
    }
    for entry in &archive.entries {
        let role = role(&entry.name);
        match role {
            Role::Other => continue,
            Role::Signature => {
                found.close(Closed::Signed);
                continue;
            }
            Role::Document => {
                found.close(Closed::Files);
                continue;
            }
            _ => {}
        }
        let Some(content) = found.unpacked(archive.unpacked(entry, found.room.min(MOST_PART))) else {
            continue;
        };
        if role == Role::Picture {
            picture::read(&content, found);
            continue;
        }
        let Some(text) = xml::decoded(&content) else {
            found.close(Closed::Damaged);
            continue;
        };
        if entry.name == "META-INF/manifest.xml" && text.contains("encryption-data") {
            found.close(Closed::Encrypted);
        }
        each(&text, role, &entry.name, &mut |what, value, _| found.tell(what, value));
    }
}

/// What a part tells, with the places that can be emptied.
fn each(text: &str, role: Role, part: &str, seen: &mut dyn FnMut(What, &str, Range<usize>)) {
    // The name of a property, or of a setting, in front of its value.
    let mut name = String::new();
    xml::each(text, &mut |value| {
        if value.attribute == Some("name") && matches!(value.innermost(), "property" | "user-defined" | "config-item") {
            name = value.text();
        }
        let what = match role {
            Role::About => about(value),
            Role::Links => (value.attribute == Some("Target") && is_path(value.raw)).then_some(What::Path),
            _ => in_text(value, part, &name),
        };
        let Some(what) = what else { return };
        let mut words = value.text();
        if what == What::Remark && role == Role::About && !name.is_empty() {
            words = format!("{name}: {words}");
        }
        if !words.trim().is_empty() {
            seen(what, &words, value.span.clone());
        }
    });
}

fn about(value: &Value<'_>) -> Option<What> {
    if let Some(attribute) = value.attribute {
        return (value.innermost() == "template" && attribute == "href").then_some(What::Path);
    }
    Some(match value.innermost() {
        "creator" | "initial-creator" | "contributor" => What::Author,
        "lastModifiedBy" | "printed-by" => What::ChangedBy,
        "Company" | "Manager" | "publisher" => What::Company,
        "HyperlinkBase" => What::Path,
        // What nobody has changed names nobody.
        "Template" if !matches!(value.raw.trim(), "Normal" | "Normal.dotm" | "Normal.dotx") => What::Path,
        "Template" | "Application" | "generator" => What::Program,
        "created" | "modified" | "date" | "creation-date" | "print-date" | "lastPrinted" => What::Date,
        "title" | "subject" | "description" | "keywords" | "keyword" | "category" => What::Title,
        // The names of sheets and slides stand in the text as well.
        "lpwstr" | "lpstr" | "bstr" if value.elements.contains(&"property") => What::Remark,
        "user-defined" => What::Remark,
        "revision" | "TotalTime" | "editing-duration" | "editing-cycles" => What::Other,
        _ => return None,
    })
}

/// A file on somebody's disk, such as the template that a document was made with, or the picture that was put in.
fn is_path(written: &str) -> bool {
    written.starts_with("file:")
        || written.starts_with("\\\\")
        || written.get(1..3) == Some(":\\")
        || ["\\Users\\", "/Users/", "/home/"]
            .iter()
            .any(|home| written.contains(home))
}

fn in_text(value: &Value<'_>, part: &str, setting: &str) -> Option<What> {
    let part = part.rsplit('/').next().unwrap_or_default();
    let is_people = ["person", "people", "user"]
        .iter()
        .any(|people| part.starts_with(people))
        || part.contains("uthors");
    match value.attribute {
        Some("author" | "initials" | "userName" | "lastModifiedBy") => Some(What::Commenter),
        Some("displayName" | "userId" | "name") if is_people => Some(What::Commenter),
        Some("date" | "dt" | "dateUtc" | "dT") if is_change(value.innermost()) => Some(What::Date),
        // A link that readers can follow is text.
        Some(_) if is_path(value.raw) && !value.raw.starts_with("http") => Some(What::Path),
        Some(_) => None,
        None => {
            let of_note = value
                .elements
                .iter()
                .any(|name| matches!(*name, "annotation" | "change-info"));
            match value.innermost() {
                "creator" | "creator-initials" | "sender-initials" if of_note => Some(What::Commenter),
                "date" if of_note => Some(What::Date),
                "author" if part.starts_with("comment") => Some(What::Commenter),
                // The printer, by its name and by all that its driver remembers, and somebody's data base.
                "config-item" if SETTINGS.contains(&setting) => Some(What::Device),
                _ => None,
            }
        }
    }
}

/// The settings of `OpenDocument` that lead to a machine; all others are about the text.
const SETTINGS: [&str; 4] = [
    "PrinterName",
    "PrinterSetup",
    "CurrentDatabaseDataSource",
    "CurrentDatabaseCommand",
];

fn is_change(element: &str) -> bool {
    matches!(
        element,
        "ins" | "del" | "comment" | "cm" | "moveFrom" | "moveTo" | "threadedComment"
    ) || element.ends_with("Change")
}

/// The same document without what it tells: names are emptied where they stand, and what is all about the document is
/// empty.
pub fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let archive = Archive::read(bytes)?;
    archive.written(&|entry| part_cleaned(&archive, entry))
}

fn part_cleaned(archive: &Archive<'_>, entry: &Entry) -> Option<Vec<u8>> {
    let role = role(&entry.name);
    match role {
        Role::Other | Role::Signature | Role::Document => None,
        Role::Picture => picture::clean(&archive.unpacked(entry, MOST_PART)?),
        Role::About | Role::Text | Role::Links => {
            let text = xml::decoded(&archive.unpacked(entry, MOST_PART)?)?;
            let mut spans = Vec::new();
            each(&text, role, &entry.name, &mut |what, _, span| spans.push((what, span)));
            if spans.is_empty() {
                return None;
            }
            let mut left = String::with_capacity(text.len());
            let mut at = 0;
            for (what, span) in spans {
                left.push_str(&text[at..span.start.max(at)]);
                left.push_str(in_place_of(what, &text[span.clone()]));
                at = span.end.max(at);
            }
            left.push_str(&text[at..]);
            // What was in UTF-16 says so in its first line.
            Some(
                left.replacen("encoding=\"UTF-16\"", "encoding=\"UTF-8\"", 1)
                    .into_bytes(),
            )
        }
    }
}

/// What is the same for everybody in place of a moment, a number or a length of time; else nothing.
fn in_place_of(what: What, value: &str) -> &'static str {
    let value = value.trim();
    let is_moment = value.len() >= 19
        && value.as_bytes().get(10) == Some(&b'T')
        && value.bytes().take(4).all(|byte| byte.is_ascii_digit());
    if is_moment && what == What::Date {
        EMPTY[0]
    } else if what != What::Other {
        ""
    } else if value.bytes().all(|byte| byte.is_ascii_digit()) {
        EMPTY[1]
    } else if value.starts_with("PT") || value.starts_with("P0") {
        EMPTY[2]
    } else {
        ""
    }
}
