//! A message as its reader gets it, read by a parser that others wrote (mail-parser), and its lines put together as
//! RFC 3676 says.

use base64::prelude::{BASE64_STANDARD, Engine};
use mail_parser::{Address, HeaderName, MessageParser, MimeHeaders, PartType};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a reader gets, as each of the parsers tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub subject: String,
    /// `Name <address>`, or the address alone.
    pub from: Vec<String>,
    pub reply_to: Vec<String>,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    /// The text, its lines put together.
    pub text: String,
    pub html: Option<String>,
    pub files: Vec<FileRead>,
}

/// An attachment as a reader gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRead {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// Of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// What only the form of a message tells.
pub struct Form {
    /// Each header with its value, unfolded.
    pub headers: Vec<(String, String)>,
    /// The media types of the parts that hold something.
    pub parts: Vec<String>,
    /// The text's encoding.
    pub encoding: String,
    /// The text's lines as they leave.
    pub lines: Vec<String>,
    /// The charset of each attachment that has one.
    pub charsets: Vec<Option<String>>,
}

pub fn read(bytes: &[u8]) -> (Reading, Form) {
    let message = MessageParser::default().parse(bytes).expect("a message");
    let mut form = Form {
        headers: headers(bytes),
        parts: Vec::new(),
        encoding: String::new(),
        lines: Vec::new(),
        charsets: Vec::new(),
    };
    let mut reading = Reading {
        subject: message.subject().unwrap_or_default().to_owned(),
        from: addresses(message.from()),
        reply_to: addresses(message.reply_to()),
        to: addresses(message.to()),
        cc: addresses(message.cc()),
        ..Reading::default()
    };
    for part in &message.parts {
        if matches!(part.body, PartType::Multipart(_)) {
            continue;
        }
        let kind = part.content_type().expect("each part has a type");
        let media_type = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase();
        let is_file = part.content_disposition().is_some_and(|it| it.is_attachment());
        form.parts.push(media_type.clone());
        if is_file {
            let raw = &bytes[part.raw_body_offset() as usize..part.raw_end_offset() as usize];
            let digits: Vec<u8> = raw.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            let content = BASE64_STANDARD.decode(digits).expect("an attachment is base64");
            form.charsets.push(kind.attribute("charset").map(str::to_owned));
            reading.files.push(FileRead {
                name: part.attachment_name().unwrap_or_default().to_owned(),
                kind: media_type,
                sha256: hex(&Sha256::digest(content)),
            });
        } else if let PartType::Html(html) = &part.body {
            reading.html = Some(lf(html));
        } else if let PartType::Text(text) = &part.body {
            let is = |name: &str, value: &str| kind.attribute(name).is_some_and(|it| it.eq_ignore_ascii_case(value));
            assert!(is("charset", "utf-8") && is("format", "flowed"), "{kind:?}");
            let text = lf(text);
            reading.text = unflowed(&text, is("delsp", "yes"));
            form.lines = text.split('\n').map(str::to_owned).collect();
            form.encoding = part
                .headers
                .iter()
                .find(|header| header.name == HeaderName::ContentTransferEncoding)
                .and_then(|header| header.value.as_text())
                .unwrap_or_default()
                .to_ascii_lowercase();
        }
    }
    (reading, form)
}

/// The headers of a message, unfolded, as they are written.
pub fn headers(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once("\r\n\r\n").expect("a message has a head");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", "\t");
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        (name.to_owned(), value.trim_start().to_owned())
    };
    unfolded.split("\r\n").map(header).collect()
}

fn addresses(list: Option<&Address<'_>>) -> Vec<String> {
    let list = list.into_iter().flat_map(|list| list.iter());
    list.map(|one| named(one.name().unwrap_or_default(), one.address().unwrap_or_default()))
        .collect()
}

/// As in [`Reading::from`].
pub fn named(name: &str, address: &str) -> String {
    if name.is_empty() {
        address.to_owned()
    } else {
        format!("{name} <{address}>")
    }
}

pub fn lf(text: &str) -> String {
    text.replace("\r\n", "\n")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 3676 §4.4 to §4.6, for text without quotation marks of its own: a line that ends with a blank goes on in the next,
/// unless that is quoted to another depth or is a signature's; `delsp` takes this blank away.
pub fn unflowed(text: &str, delsp: bool) -> String {
    let mut paragraphs: Vec<(usize, String, bool)> = Vec::new();
    for line in text.split('\n') {
        let depth = line.chars().take_while(|c| *c == '>').count();
        let rest = &line[depth..];
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let signature = rest == "-- ";
        let goes_on = rest.ends_with(' ') && !signature;
        let said = match rest.strip_suffix(' ') {
            Some(said) if goes_on && delsp => said,
            _ => rest,
        };
        match paragraphs.last_mut() {
            Some((before, paragraph, open)) if *open && *before == depth && !signature => {
                paragraph.push_str(said);
                *open = goes_on;
            }
            _ => paragraphs.push((depth, said.to_owned(), goes_on)),
        }
    }
    let lines = paragraphs.into_iter().map(|(depth, said, _)| {
        let blank = if depth > 0 && !said.is_empty() { " " } else { "" };
        format!("{}{blank}{said}", ">".repeat(depth))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn lines_are_put_together_as_the_standard_says() {
    for (text, delsp, read) in [
        ("a \nb\nc\n", false, "a b\nc\n"),
        ("a \nb", true, "ab"),
        (" From\n >x\n  y", false, "From\n>x\n y"),
        ("> a \n> b\n>> c \nd", false, "> a b\n>> c \nd"),
        ("a \n-- \nb", false, "a \n-- \nb"),
        (">\n> b", false, ">\n> b"),
    ] {
        assert_eq!(unflowed(text, delsp), read, "{text:?}");
    }
}
