//! A letter and its text as the bytes of one message (RFC 5322, MIME), the same in preview, dry run and send.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use appel_messages::{Message as Words, msg};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use jiff::Timestamp;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Date, Header, HeaderName, HeaderValue, Headers, MIME_VERSION_1_0,
};
use lettre::message::{Body, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::decision::Letter;
use super::encode::{self, Ending, Lines};
use super::envelope::{Envelope, LetterId};
use super::flowed::Flow;
use super::text::Text;
use crate::address::Address;
use crate::campaign::{Attachment, Sender};
use crate::place::Language;
use crate::problem::Problem;

/// RFC 5322 §2.1.1: what no line may pass, without its CRLF.
const LONGEST_LINE: usize = 998;
/// 9999-12-31T23:59:59Z: RFC 5322 §3.3 has four digits for the year.
const LAST_SECOND: u64 = 253_402_300_799;
/// How much of a file is looked at to find out its charset.
const MOST_LOOKED_AT: usize = 64 * 1024;

/// One message, ready to leave.
#[derive(Clone, Debug)]
pub struct Message {
    /// The letter's id.
    pub id: LetterId,
    /// Which letter of the campaign (`protest`).
    pub letter: String,
    /// The language of its text.
    pub language: Language,
    /// Who it goes from and to.
    pub envelope: Envelope,
    /// The subject, as a reader sees it.
    pub subject: String,
    /// `<id@domain of the sender>`.
    pub message_id: String,
    /// The facts its text used, with the words it used for them, as a JSON object.
    pub facts: Arc<str>,
    /// What leaves: CRLF only, no line over 998 octets, dots not yet doubled.
    pub bytes: Vec<u8>,
}

impl Message {
    /// The SHA-256 of the bytes, for the ledger.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// The message for a server that takes ASCII addresses alone (RFC 6531): without the copies whose addresses are not,
    /// which are given too. They leave the Cc header as well, where such a server need not bear them.
    ///
    /// A To or a sender that is not ASCII stays: without them there is no letter.
    #[must_use]
    pub fn without_smtputf8(mut self) -> (Self, Vec<Address>) {
        if self.envelope.from.needs_smtputf8() {
            return (self, Vec::new());
        }
        let left_out: Vec<Address> = self.envelope.cc.extract_if(.., |copy| copy.needs_smtputf8()).collect();
        if !self.envelope.to.needs_smtputf8() {
            self.bytes = ascii_copies(self.bytes);
        }
        (self, left_out)
    }
}

/// A message whose Cc header names ASCII addresses alone, or that has no such header any more.
fn ascii_copies(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.is_ascii() {
        return bytes;
    }
    let Some(header) = header(&bytes, b"Cc: ").filter(|header| !bytes[header.clone()].is_ascii()) else {
        return bytes;
    };
    let text = String::from_utf8_lossy(&bytes[header.start + "Cc: ".len()..header.end]);
    let copies: Vec<Address> = text
        .split(',')
        .filter_map(|copy| Address::parse(copy.trim()).ok())
        .filter(|copy| !copy.needs_smtputf8())
        .collect();
    let mut new = bytes[..header.start].to_vec();
    if !copies.is_empty() {
        new.extend_from_slice(b"Cc: ");
        new.extend_from_slice(encode::addresses("Cc: ".len(), &copies).as_bytes());
        new.extend_from_slice(b"\r\n");
    }
    new.extend_from_slice(&bytes[header.end..]);
    new
}

/// Where a header stands that begins so, with all its lines.
fn header(bytes: &[u8], name: &[u8]) -> Option<Range<usize>> {
    let mut begins = None;
    let mut at = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        let line = &bytes[at..=end];
        let goes_on = line.starts_with(b" ") || line.starts_with(b"\t");
        if let Some(start) = begins
            && !goes_on
        {
            return Some(start..at);
        }
        if line == b"\r\n" {
            return None;
        }
        if line.starts_with(name) {
            begins = Some(at);
        }
        at = end + 1;
    }
    None
}

/// The files that letters carry, encoded once for all of them.
#[derive(Clone, Debug, Default)]
pub struct Attachments(BTreeMap<PathBuf, Encoded>);

/// A file, ready to leave.
#[derive(Clone, Debug)]
struct Encoded {
    /// In base64, in lines.
    lines: Arc<[u8]>,
    /// How many octets it has without the encoding.
    length: usize,
    /// What it is to be read in, if it is text.
    charset: Option<&'static str>,
}

impl Attachments {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the content of the file that [`Attachment::path`] names.
    pub fn insert(&mut self, path: impl Into<PathBuf>, content: Vec<u8>) {
        let path = path.into();
        let charset = charset(&path, &content);
        let length = content.len();
        let lines = encode::base64(content).into();
        self.0.insert(path, Encoded { lines, length, charset });
    }

    /// How many octets a file has.
    #[must_use]
    pub fn size(&self, path: &Path) -> Option<usize> {
        Some(self.0.get(path)?.length)
    }

    /// How many octets it has as it leaves: base64, in lines.
    #[must_use]
    pub fn encoded_size(&self, path: &Path) -> Option<usize> {
        Some(self.0.get(path)?.lines.len())
    }

    /// Every file.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }
}

impl FromIterator<(PathBuf, Vec<u8>)> for Attachments {
    fn from_iter<I: IntoIterator<Item = (PathBuf, Vec<u8>)>>(files: I) -> Self {
        let mut attachments = Self::new();
        for (path, content) in files {
            attachments.insert(path, content);
        }
        attachments
    }
}

/// Writes a message; `date` is when its first attempt began.
///
/// # Errors
/// When the date is none that mail can carry (before 1970 or after 9999), an attachment was not handed in, or a name
/// holds what no header can.
pub fn compose(
    letter: &Letter,
    text: &Text,
    sender: &Sender,
    attachments: &Attachments,
    date: Timestamp,
) -> Result<Message, Problem> {
    let failed = |why: Words| {
        Problem::error(msg!(
            "letter-not-written",
            letter = &letter.spec.id,
            to = &letter.envelope.to,
            why = why,
        ))
    };
    let message_id = letter.id.message_id(&sender.email);
    let subject = letter.subject(text);
    let headers = headers(letter, &subject, sender, &message_id, date).map_err(failed)?;
    let mut bytes = headers.to_string().into_bytes();
    bytes.extend_from_slice(&content(letter, text, attachments).map_err(failed)?);
    if let Some(why) = unfit(&bytes) {
        return Err(failed(why));
    }
    Ok(Message {
        id: letter.id,
        letter: letter.spec.id.clone(),
        language: letter.language.clone(),
        envelope: letter.envelope.clone(),
        subject: subject.into_owned(),
        message_id,
        facts: Arc::clone(&text.facts),
        bytes,
    })
}

/// The headers of section 4 of the contract that do not describe the content, in its order.
fn headers(
    letter: &Letter,
    subject: &str,
    sender: &Sender,
    message_id: &str,
    date: Timestamp,
) -> Result<Headers, Words> {
    let envelope = &letter.envelope;
    if let Some(code) = control(&sender.name) {
        return Err(msg!("letter-sender-control", code = code));
    }
    if let Some(code) = control(&letter.recipient.name) {
        return Err(msg!("letter-recipient-control", code = code));
    }
    if let Some(code) = control(subject) {
        return Err(msg!("letter-subject-control", code = code));
    }
    let mut headers = Headers::with_capacity(12);
    headers.insert_raw(encoded_header("From", |used| {
        encode::mailbox(used, &sender.name, &envelope.from)
    }));
    if let Some(reply_to) = &sender.reply_to {
        headers.insert_raw(encoded_header("Reply-To", |used| {
            encode::mailbox(used, &sender.name, reply_to)
        }));
    }
    headers.insert_raw(encoded_header("To", |used| {
        encode::mailbox(used, &letter.recipient.name, &envelope.to)
    }));
    if !envelope.cc.is_empty() {
        headers.insert_raw(encoded_header("Cc", |used| encode::addresses(used, &envelope.cc)));
    }
    headers.insert_raw(encoded_header("Subject", |used| encode::unstructured(used, subject)));
    let second = u64::try_from(date.as_second())
        .ok()
        .filter(|second| *second <= LAST_SECOND)
        .ok_or_else(|| msg!("letter-date", date = date.to_string()))?;
    // lettre writes UTC as +0000.
    headers.set(Date::new(SystemTime::UNIX_EPOCH + Duration::from_secs(second)));
    headers.insert_raw(encoded_header("Message-ID", |_| message_id.to_owned()));
    if let Some(answered) = letter.follows.last() {
        // RFC 5322 §3.6.4; one on each line, which an id and a long domain fill.
        let answered = answered.message_id(&sender.email);
        let all: Vec<String> = letter.follows.iter().map(|id| id.message_id(&sender.email)).collect();
        headers.insert_raw(encoded_header("In-Reply-To", |_| answered));
        headers.insert_raw(encoded_header("References", |_| all.join("\r\n ")));
    }
    headers.set(MIME_VERSION_1_0);
    if letter.spec.says_language {
        headers.insert_raw(encoded_header("Content-Language", |_| letter.language.to_string()));
    }
    Ok(headers)
}

/// The first control character in what must be one line, by its number.
fn control(text: &str) -> Option<String> {
    let c = text.chars().find(|c| c.is_control())?;
    Some(format!("{:04X}", u32::from(c)))
}

/// The headers that describe the content, and the content.
fn content(letter: &Letter, text: &Text, attachments: &Attachments) -> Result<Vec<u8>, Words> {
    let id = letter.id;
    let flow = Flow {
        // Beside HTML a text keeps its words in one piece: filters hold the two parts against each other, word by word, and a
        // paragraph of Chinese is one.
        without_spaces: letter.language.is_without_spaces() && text.html.is_none(),
        quotes: text.html.is_some(),
    };
    let plain = |ending| {
        let lines = if memchr::memchr(b'\r', text.body.as_bytes()).is_some() {
            flow.wrapped(&text.body.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            flow.wrapped(&text.body)
        };
        SinglePart::builder()
            .header(Flowed(flow))
            .body(encode::body(&lines, ending, Lines::Flowed))
    };
    let alternative = match &text.html {
        Some(html) => {
            let html = SinglePart::builder()
                .content_type(ContentType::TEXT_HTML)
                .body(encode::body(html, Ending::Boundary, Lines::Fixed));
            // RFC 2046 §5.1.4: the richest last.
            let both = multipart("alternative", id)?
                .singlepart(plain(Ending::Boundary))
                .singlepart(html);
            Some(both)
        }
        None => None,
    };
    if text.attachments.is_empty() {
        return Ok(match alternative {
            Some(alternative) => alternative.formatted(),
            None => plain(Ending::Message).formatted(),
        });
    }
    let mixed = multipart("mixed", id)?;
    let mut mixed = match alternative {
        Some(alternative) => mixed.multipart(alternative),
        None => mixed.singlepart(plain(Ending::Boundary)),
    };
    for attachment in &text.attachments {
        mixed = mixed.singlepart(attached(attachment, attachments)?);
    }
    Ok(mixed.formatted())
}

/// With a boundary of its own: lettre's would be random, and preview, dry run and send differ.
fn multipart(subtype: &str, id: LetterId) -> Result<MultiPart, Words> {
    let id = id.to_string();
    // `=_` is in no quoted-printable, no base64 and, by `encode::body`, no 7bit line; 12 bytes keep the header within 78.
    let initial = &subtype[..1];
    let content_type = format!("multipart/{subtype}; boundary=\"=_{initial}{}\"", &id[..24]);
    let content_type = ContentType::parse(&content_type).map_err(|error| Words::quote(error.to_string()))?;
    Ok(MultiPart::builder().header(content_type).build())
}

fn attached(attachment: &Attachment, attachments: &Attachments) -> Result<SinglePart, Words> {
    let name = &attachment.name;
    let file = attachments
        .0
        .get(&attachment.path)
        .ok_or_else(|| msg!("letter-attachment-unread", name = name))?;
    let body = Body::dangerous_pre_encoded(file.lines.to_vec(), ContentTransferEncoding::Base64);
    Ok(SinglePart::builder()
        .header(FileType(media_type(name, file.charset), name.clone()))
        .header(Disposition(name.clone()))
        .body(body))
}

/// `Content-Type` of a letter's text.
#[derive(Clone, Copy)]
struct Flowed(Flow);

impl Header for Flowed {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Type")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Err(Box::new(std::fmt::Error))
    }

    fn display(&self) -> HeaderValue {
        let delsp = if self.0.without_spaces { "; delsp=yes" } else { "" };
        encoded_header("Content-Type", |_| {
            format!("text/plain; charset=utf-8; format=flowed{delsp}")
        })
    }
}

/// `Content-Type` with this media type and file name.
#[derive(Clone)]
struct FileType(String, String);

impl Header for FileType {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Type")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Err(Box::new(std::fmt::Error))
    }

    fn display(&self) -> HeaderValue {
        encoded_header("Content-Type", |used| encode::media_type(used, &self.0, &self.1))
    }
}

/// `Content-Disposition: attachment` with this file name.
#[derive(Clone)]
struct Disposition(String);

impl Header for Disposition {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Disposition")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Err(Box::new(std::fmt::Error))
    }

    fn display(&self) -> HeaderValue {
        encoded_header("Content-Disposition", |used| encode::disposition(used, &self.0))
    }
}

/// A header whose value is encoded and folded already, after so many characters of its first line.
fn encoded_header(name: &'static str, value: impl FnOnce(usize) -> String) -> HeaderValue {
    let value = value(name.len() + ": ".len());
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), String::new(), value)
}

/// By the file's name; what may not be base64 (RFC 2046 §5.2.1) goes as plain bytes of no known type. Of text also the
/// charset, without which it would be read as ASCII (RFC 2046 §4.1.2).
fn media_type(name: &str, charset: Option<&str>) -> String {
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    match (guess.type_().as_str(), charset) {
        ("message" | "multipart", _) => "application/octet-stream".to_owned(),
        ("text", Some(charset)) => format!("{}; charset={charset}", guess.essence_str()),
        _ => guess.essence_str().to_owned(),
    }
}

/// In what charset a file is, if it is text.
fn charset(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    if mime_guess::from_path(path).first_or_octet_stream().type_() != "text" {
        return None;
    }
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Some("utf-16"),
        _ if std::str::from_utf8(bytes).is_ok() => return Some("utf-8"),
        _ => {}
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&bytes[..bytes.len().min(MOST_LOOKED_AT)], true);
    Some(detector.guess(None, Utf8Detection::Deny).name())
}

/// The last look before bytes can leave: bare CR or LF, or a line no server need take (RFC 5321 §4.5.3.1.6).
fn unfit(bytes: &[u8]) -> Option<Words> {
    let mut begins = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        let Some(line) = bytes[begins..end].strip_suffix(b"\r") else {
            return Some(no_line_end(&bytes[begins..end]));
        };
        if line.len() > LONGEST_LINE {
            return Some(msg!("letter-line-long", most = LONGEST_LINE));
        }
        begins = end + 1;
    }
    // Each line has one at its end; of those that are too many one stands somewhere else.
    let lines = memchr::memchr_iter(b'\n', bytes).count();
    if memchr::memchr_iter(b'\r', bytes).count() > lines {
        return Some(msg!("letter-bare-cr"));
    }
    (begins < bytes.len()).then(|| msg!("letter-line-end"))
}

/// Of a line without CR at its end.
fn no_line_end(line: &[u8]) -> Words {
    match memchr::memchr(b'\r', line) {
        Some(_) => msg!("letter-bare-cr"),
        None => msg!("letter-line-end"),
    }
}

#[cfg(test)]
mod tests;
