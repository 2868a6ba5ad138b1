//! Text as mail carries it: header values in encoded words and folded, texts in 7bit or quoted-printable.
//!
//! lettre's own header encoder is not used: it does not fold lists of addresses (a long Cc passes 998), lets lines with
//! encoded words pass 76, cuts every encoded file name into pieces, and sends a text that merely looks like an encoded
//! word as it is.

use std::fmt::Write as _;

use lettre::message::Body;
use lettre::message::header::ContentTransferEncoding;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::address::Address;

/// RFC 5322 §2.1.1: what a line should not pass, without its CRLF.
const LINE: usize = 78;
/// RFC 2045 §6.7 and §6.8, RFC 2047 §2: what an encoded line must not pass.
const ENCODED_LINE: usize = 76;
/// RFC 2047 §2: what an encoded word must not pass.
const ENCODED_WORD: usize = 75;
const BASE64_WORD: &str = "=?utf-8?b?";
const QUOTED_WORD: &str = "=?utf-8?q?";
const WORD_ENDS: &str = "?=";
/// Longest word, quoted string or file name that leaves as it is: with what stands around it, it stays well within 998.
const PLAIN_WORD: usize = 900;
/// Longest display name in quotes, if it can do without them.
const QUOTED_WORDS: usize = 60;
/// How much of a file's name, and of the end that says its kind, stands in the one for old programs: a line holds both.
const LONGEST_ASCII_NAME: usize = 48;
const LONGEST_KIND: usize = 12;

/// The value of an unstructured header (RFC 5322 §3.6.5), after `used` characters of its first line.
pub(super) fn unstructured(used: usize, text: &str) -> String {
    if !is_plain(text) {
        return encoded_words(used, text);
    }
    if !looks_encoded(text) {
        return folded(used, text);
    }
    // Only the words that could be taken for encoded ones are encoded, those beside each other together: blanks between
    // two encoded words would be lost.
    let mut whole = String::with_capacity(text.len() * 2);
    let mut column = used;
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        let piece = if looks_begun(word) {
            let mut run = word.to_owned();
            while let Some(next) = words.next_if(|next| looks_begun(next)) {
                run.push(' ');
                run.push_str(next);
            }
            quoted_words(column + 1, &run)
        } else {
            word.to_owned()
        };
        if !whole.is_empty() {
            let first = piece.find("\r\n").unwrap_or(piece.len());
            if column + 1 + first > ENCODED_LINE {
                whole.push_str("\r\n");
                column = 0;
            }
            whole.push(' ');
            column += 1;
        }
        column = match piece.rfind('\n') {
            Some(at) => piece.len() - at - 1,
            None => column + piece.len(),
        };
        whole.push_str(&piece);
    }
    whole
}

/// Text that leaves as it is, in lines of 78 where it has blanks to fold at. (A word that is longer stays in one piece.)
fn folded(used: usize, text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 8);
    let mut column = used;
    let mut rest = text;
    loop {
        let (piece, after) = match lone_blank(rest) {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        if !folded.is_empty() {
            if column + 1 + piece.len() > LINE {
                folded.push_str("\r\n");
                column = 0;
            }
            folded.push(' ');
            column += 1;
        }
        folded.push_str(piece);
        column += piece.len();
        match after {
            Some(after) => rest = after,
            None => return folded,
        }
    }
}

/// The first blank with none beside it: some programs make one of all that stands where a line was folded.
fn lone_blank(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_blank = |at: usize| bytes.get(at) == Some(&b' ');
    memchr::memchr_iter(b' ', bytes).find(|at| *at > 0 && !is_blank(at - 1) && !is_blank(at + 1))
}

/// One mailbox (RFC 5322 §3.4), with its display name when it has one.
pub(super) fn mailbox(used: usize, name: &str, address: &Address) -> String {
    let address = address.as_str();
    if name.is_empty() {
        return address.to_owned();
    }
    let mut text = if !is_plain(name) {
        encoded_words(used, name)
    } else if looks_encoded(name) {
        // Nothing encoded may stand in quotes (RFC 2047 §5), nor anything that looks like it.
        quoted_words(used, name)
    } else {
        let quoted = quoted(name);
        let fits = quoted.len() <= QUOTED_WORDS;
        let is_phrase = !name.contains("  ") && name.bytes().all(|byte| is_atext(byte) || byte == b' ');
        // RFC 5322 §3.2.4: a quoted string is folded at its blanks like any other text.
        folded(used, if fits || !is_phrase { &quoted } else { name })
    };
    let column = text.rfind('\n').map_or(used + text.len(), |at| text.len() - at - 1);
    // A line that holds an encoded word must not pass 76 either.
    if column + " <>".len() + address.len() > ENCODED_LINE {
        text.push_str("\r\n");
    }
    text.push_str(" <");
    text.push_str(address);
    text.push('>');
    text
}

/// Bare addresses, folded between them.
pub(super) fn addresses(used: usize, list: &[Address]) -> String {
    let mut text = String::new();
    let mut column = used;
    for (at, address) in list.iter().enumerate() {
        let address = address.as_str();
        if at > 0 {
            text.push(',');
            // One more for the comma that may follow.
            if column + 3 + address.len() > LINE {
                text.push_str("\r\n");
                column = 0;
            }
            text.push(' ');
            column += 2;
        }
        text.push_str(address);
        column += address.len();
    }
    text
}

/// `attachment` with a file's name (RFC 2183), after `used` characters of the first line.
///
/// A name that RFC 2231 has to encode has another one in ASCII behind it, for programs that do not read that: behind, since
/// of two names they read the first.
pub(super) fn disposition(used: usize, file_name: &str) -> String {
    let mut text = "attachment".to_owned();
    parameter(&mut text, used, "filename", file_name);
    if !in_one_piece(file_name) {
        let _ = write!(text, ";\r\n filename=\"{}\"", in_ascii(file_name));
    }
    text
}

/// A media type, with the file's name once more where [`disposition`] has to encode it: some programs look only here.
pub(super) fn media_type(used: usize, essence: &str, file_name: &str) -> String {
    let mut text = essence.to_owned();
    if !in_one_piece(file_name) {
        parameter(&mut text, used, "name", file_name);
    }
    text
}

/// Whether a file's name leaves as it is, in quotes.
fn in_one_piece(file_name: &str) -> bool {
    is_plain(file_name) && !looks_encoded(file_name) && !file_name.contains(['"', '\\'])
}

/// A parameter, in quotes, or in the percent encoding of RFC 2231 when it needs one.
fn parameter(text: &mut String, used: usize, name: &str, value: &str) {
    text.push(';');
    if in_one_piece(value) {
        if used + text.len() + name.len() + value.len() + " =\"\"".len() > LINE {
            text.push_str("\r\n");
        }
        let _ = write!(text, " {name}=\"{value}\"");
        return;
    }
    // In pieces only when one line cannot hold it: fewer programs read those (RFC 2231 §3).
    let mut pieces = vec![String::new()];
    let room = LINE - name.len() - " *99*=utf-8'';".len();
    for c in value.chars() {
        let encoded = percent_encoded(c);
        match pieces.last_mut() {
            Some(last) if last.len() + encoded.len() <= room => last.push_str(&encoded),
            _ => pieces.push(encoded),
        }
    }
    let several = pieces.len() > 1;
    for (at, piece) in pieces.iter().enumerate() {
        let number = if several { format!("*{at}") } else { String::new() };
        let charset = if at == 0 { "utf-8''" } else { "" };
        let more = if at + 1 < pieces.len() { ";" } else { "" };
        let _ = write!(text, "\r\n {name}{number}*={charset}{piece}{more}");
    }
}

/// A file's name for programs that read nothing but ASCII: letters without their marks, and `_` for what has none.
fn in_ascii(file_name: &str) -> String {
    let mut ascii = String::with_capacity(file_name.len());
    for c in file_name.nfd() {
        match c {
            '"' => ascii.push('\''),
            ' '..='~' if c != '\\' => ascii.push(c),
            _ if is_combining_mark(c) || ascii.ends_with('_') => {}
            _ => ascii.push('_'),
        }
    }
    let ascii = ascii.replace("=?", "=_");
    // The end says what kind of file it is, and programs go by it.
    let (stem, kind) = ascii.rsplit_once('.').unwrap_or((&ascii, ""));
    let says_something = |part: &str| part.bytes().any(|byte| byte.is_ascii_alphanumeric());
    let stem = if says_something(stem) { stem } else { "attachment" };
    let mut short: String = stem.chars().take(LONGEST_ASCII_NAME).collect();
    if says_something(kind) && kind.len() <= LONGEST_KIND {
        short.push('.');
        short.push_str(kind);
    }
    short
}

fn percent_encoded(c: char) -> String {
    if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') {
        return c.to_string();
    }
    let mut bytes = [0; 4];
    let mut encoded = String::with_capacity(12);
    for byte in c.encode_utf8(&mut bytes).bytes() {
        encoded.push('%');
        encoded.push(char::from(hex(byte >> 4)));
        encoded.push(char::from(hex(byte & 15)));
    }
    encoded
}

/// Printable ASCII that begins and ends with a character, no word of it too long for a line.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && (text.len() <= PLAIN_WORD || text.split(' ').all(|word| word.len() <= PLAIN_WORD))
}

/// Whether a reader could take a part of it for an encoded word; some do across blanks.
fn looks_encoded(text: &str) -> bool {
    text.split_once("=?").is_some_and(|(_, behind)| behind.contains("?="))
}

/// Whether an encoded word could begin in this one, or end.
fn looks_begun(word: &str) -> bool {
    word.contains("=?") || word.contains("?=")
}

/// RFC 5322 §3.2.3: what stands in a phrase without quotes.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// RFC 5322 §3.2.4.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// RFC 2047 in base64: words of whole characters, each on a line of its own but the first.
fn encoded_words(used: usize, text: &str) -> String {
    let frame = BASE64_WORD.len() + WORD_ENDS.len();
    let mut encoded = String::with_capacity(text.len() * 2 + frame);
    let mut rest = text;
    let mut room = ENCODED_LINE.saturating_sub(used);
    while !rest.is_empty() {
        let bytes = room.min(ENCODED_WORD).saturating_sub(frame) / 4 * 3;
        let mut end = rest.floor_char_boundary(bytes.min(rest.len()));
        if end == 0 {
            end = rest.chars().next().map_or(rest.len(), char::len_utf8);
        }
        let (word, after) = rest.split_at(end);
        if rest.len() < text.len() {
            encoded.push_str("\r\n ");
        }
        encoded.push_str(BASE64_WORD);
        encoded.push_str(&String::from_utf8_lossy(&base64(word.as_bytes().to_vec())));
        encoded.push_str(WORD_ENDS);
        rest = after;
        room = ENCODED_LINE - 1;
    }
    encoded
}

/// RFC 2047 in its Q encoding, as it may also stand in a display name; of ASCII.
fn quoted_words(used: usize, text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    let mut room = ENCODED_LINE.saturating_sub(used).min(ENCODED_WORD);
    let mut column = 0;
    for c in text.chars() {
        let character = match c {
            ' ' => "_".to_owned(),
            _ if c.is_ascii_alphanumeric() || matches!(c, '!' | '*' | '+' | '-' | '/') => c.to_string(),
            _ => format!("={:02X}", u32::from(c)),
        };
        if column == 0 || column + character.len() + WORD_ENDS.len() > room {
            if column > 0 {
                encoded.push_str(WORD_ENDS);
                encoded.push_str("\r\n ");
                room = ENCODED_LINE - 1;
            }
            encoded.push_str(QUOTED_WORD);
            column = QUOTED_WORD.len();
        }
        encoded.push_str(&character);
        column += character.len();
    }
    encoded.push_str(WORD_ENDS);
    encoded
}

/// Base64 in lines of 76, the last one without its end.
pub(super) fn base64(bytes: Vec<u8>) -> Vec<u8> {
    Body::new_with_encoding(bytes, ContentTransferEncoding::Base64).map_or_else(|bytes| bytes, Body::into_vec)
}

/// Whether the part's text ends with its own line break, or with the one that ends the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The part is the message: the line break that ends it is the text's own.
    Message,
    /// The line break before a boundary belongs to the boundary (RFC 2046 §5.1.1).
    Boundary,
}

/// What a blank at the end of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// Something that may be lost on the way.
    Fixed,
    /// What says that the line goes on (RFC 3676): where it is lost, lines stay as they are, and nothing else is.
    Flowed,
}

/// A text of any line ends, in 7bit where that carries it well, else in quoted-printable: shorter or not, filters take
/// base64 around a text for something to hide.
pub(super) fn body(text: &str, ending: Ending, lines: Lines) -> Body {
    let normal;
    let text = if memchr::memchr(b'\r', text.as_bytes()).is_some() {
        normal = text.replace("\r\n", "\n").replace('\r', "\n");
        normal.as_str()
    } else {
        text
    };
    let open = match ending {
        Ending::Message => text.strip_suffix('\n').unwrap_or(text),
        Ending::Boundary => text,
    };
    if leaves_as_it_is(text, lines) {
        return Body::dangerous_pre_encoded(crlf(open), ContentTransferEncoding::SevenBit);
    }
    Body::dangerous_pre_encoded(quoted_printable(open), ContentTransferEncoding::QuotedPrintable)
}

fn crlf(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 16);
    for (at, line) in lines_of(text).enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(line.as_bytes());
    }
    out
}

/// As `split('\n')`, in a fraction of its time: every byte of every letter goes through here.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    memchr::memchr_iter(b'\n', text.as_bytes())
        .chain([text.len()])
        .map(move |end| {
            let line = &text[from..end];
            from = end + 1;
            line
        })
}

/// Lines that no server on the way has a reason to touch (RFC 2049 §3), and that cannot be taken for a boundary.
fn leaves_as_it_is(text: &str, lines: Lines) -> bool {
    // All bytes together first, whatever the first of them is: that takes no time.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n');
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
        && memchr::memmem::find(text.as_bytes(), b"=_").is_none()
        && lines_of(text).all(|line| {
            line.len() <= ENCODED_LINE
                && !line.ends_with('\t')
                && (lines == Lines::Flowed || !line.ends_with(' '))
                && !is_touched(line)
        })
}

/// A leading dot may be lost where SMTP is spoken carelessly, and mailbox files put `>` before `From `.
fn is_touched(rest_of_line: &str) -> bool {
    rest_of_line.starts_with('.') || rest_of_line.starts_with("From ")
}

fn needs_quoting(byte: u8) -> bool {
    !matches!(byte, b' '..=b'<' | b'>'..=b'~' | b'\t' | b'\n')
}

/// How many bytes need no quoting, of as many as a line can take. They are looked at several at a time, all of them whatever the first one is: that is
/// quicker than to stop at it.
fn plain_run(bytes: &[u8]) -> usize {
    // Looked through to its end for each line made of it, a long one would cost its length squared.
    let bytes = &bytes[..bytes.len().min(ENCODED_LINE)];
    let quoted_in = |chunk: &[u8]| chunk.iter().fold(false, |any, byte| any | needs_quoting(*byte));
    let plain = bytes
        .chunks(16)
        .take_while(|chunk| !quoted_in(chunk))
        .map(<[u8]>::len)
        .sum();
    let rest = &bytes[plain..];
    plain + rest.iter().position(|byte| needs_quoting(*byte)).unwrap_or(rest.len())
}

/// RFC 2045 §6.7, in whole characters.
fn quoted_printable(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 2);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\r\n");
        }
        quoted_printable_line(line, &mut out);
    }
    out
}

fn quoted_printable_line(line: &str, out: &mut Vec<u8>) {
    let bytes = line.as_bytes();
    // A blank at the end of a line may be lost on the way.
    let plain_end = bytes.len() - usize::from(line.ends_with([' ', '\t']));
    let (mut at, mut column) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let touched = column == 0 && matches!(byte, b'.' | b'F') && is_touched(&line[at..]);
        let rest = bytes.get(at..plain_end).unwrap_or_default();
        let run = if touched || !byte.is_ascii() {
            0
        } else {
            plain_run(rest)
        };
        let width = match byte {
            0..0x80 => 1,
            0xf0.. => 4,
            0xe0.. => 3,
            _ => 2,
        };
        // One column is kept for the `=` of a soft line break.
        let room = ENCODED_LINE - 1 - column;
        if room < if run > 0 || touched { 1 } else { 3 * width } {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        } else if run > 0 {
            let run = run.min(room);
            out.extend_from_slice(&bytes[at..at + run]);
            column += run;
            at += run;
        } else {
            for byte in &bytes[at..(at + width).min(bytes.len())] {
                out.extend_from_slice(&[b'=', hex(byte >> 4), hex(byte & 15)]);
            }
            column += 3 * width;
            at += width;
        }
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        0..=9 => b'0' + digit,
        _ => b'A' + digit - 10,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::address;

    fn check(value: &str, expect: &str) {
        assert_eq!(value.replace("\r\n", "\n"), expect);
    }

    #[test]
    fn a_line_that_does_not_end_costs_as_much_as_it_is_long() {
        let processor_time = || {
            let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
            Duration::try_from(time).unwrap_or_default()
        };
        let time = |length| {
            let line = "*_`".repeat(length / 3);
            let attempt = || {
                let began = processor_time();
                assert!(quoted_printable(&line).len() > length);
                processor_time().saturating_sub(began)
            };
            (0..2).map(|_| attempt()).min().unwrap_or_default()
        };
        let (once, four_times) = (time(30_000), time(120_000));
        let allowed = once.max(Duration::from_millis(5)) * 10;
        assert!(four_times < allowed, "{once:?}, four times as much: {four_times:?}");
    }

    #[test]
    fn lines_are_those_that_split_gives() {
        for text in ["", "\n", "a", "a\n", "\na\n\nb", "é\n\n"] {
            assert_eq!(
                lines_of(text).collect::<Vec<_>>(),
                text.split('\n').collect::<Vec<_>>(),
                "{text:?}"
            );
            assert_eq!(crlf(text), text.replace('\n', "\r\n").as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn plain_text_leaves_plain_and_folds_between_words() {
        check(&unstructured(9, "Free them"), "Free them");
        let words = ["twelve chars"; 8].join(" ");
        check(
            &unstructured(9, &words),
            "twelve chars twelve chars twelve chars twelve chars twelve chars\n \
             twelve chars twelve chars twelve chars",
        );
    }

    #[test]
    fn ascii_stays_ascii_and_only_words_that_look_encoded_are_encoded() {
        check(&unstructured(9, "a  b"), "a  b");
        check(&unstructured(9, "Why =? and what?"), "Why =? and what?");
        let long = "w".repeat(200);
        check(&unstructured(9, &long), &long);
        check(
            &unstructured(9, &format!("See {long} now")),
            &format!("See\n {long}\n now"),
        );
        check(
            &unstructured(9, "Re: =?us-ascii?q?a?= and more"),
            "Re: =?utf-8?q?=3D=3Fus-ascii=3Fq=3Fa=3F=3D?= and more",
        );
        // Some programs decode what has a blank in it as well.
        check(
            &unstructured(9, "=?utf-8?q?Pay up?="),
            "=?utf-8?q?=3D=3Futf-8=3Fq=3FPay_up=3F=3D?=",
        );
        check(
            &unstructured(9, &format!("Free =?utf-8?q?{}?= now", "a".repeat(60))),
            "Free =?utf-8?q?=3D=3Futf-8=3Fq=3Faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?=\n \
             =?utf-8?q?aaaaaaaaaaaaaaaaaaaaaaaaaaaa=3F=3D?= now",
        );
    }

    #[test]
    fn a_line_is_folded_where_one_blank_stands_alone_and_in_time() {
        let words = ["word"; 13].join(" ");
        check(
            &unstructured(9, &format!("{words}   gap   more")),
            "word word word word word word word word word word word word\n word   gap   more",
        );
        check(
            &unstructured(9, &format!("{words}   g")),
            "word word word word word word word word word word word word word   g",
        );
        check(&unstructured(9, "a  b"), "a  b");
    }

    #[test]
    fn text_that_no_header_can_hold_as_it_is_is_encoded() {
        check(&unstructured(9, "tab\there"), "=?utf-8?b?dGFiCWhlcmU=?=");
        let endless = unstructured(9, &"w".repeat(1000));
        assert!(
            endless.split("\r\n").all(|line| line.len() <= ENCODED_LINE),
            "{endless}"
        );
    }

    #[test]
    fn an_encoded_word_holds_whole_characters() {
        let encoded = unstructured(9, &"é🌍".repeat(30));
        for word in encoded.split("\r\n ") {
            assert!(word.len() <= ENCODED_WORD, "{word}");
            let word = word
                .strip_prefix(BASE64_WORD)
                .and_then(|word| word.strip_suffix(WORD_ENDS))
                .unwrap();
            assert!(matches!(word.len() % 4, 0));
        }
    }

    #[test]
    fn a_display_name_is_quoted_folded_or_encoded() {
        let ann = address("ann@home.example");
        check(&mailbox(6, "", &ann), "ann@home.example");
        check(&mailbox(6, "Ann", &ann), "\"Ann\" <ann@home.example>");
        check(
            &mailbox(6, "Ann \"A\" \\", &ann),
            "\"Ann \\\"A\\\" \\\\\" <ann@home.example>",
        );
        check(
            &mailbox(6, "ann@elsewhere.example, Ann", &ann),
            "\"ann@elsewhere.example, Ann\" <ann@home.example>",
        );
        check(
            &mailbox(6, &["Ann"; 20].join(" "), &ann),
            "Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann Ann\n Ann Ann <ann@home.example>",
        );
        check(
            &mailbox(6, &["St."; 20].join(" "), &ann),
            "\"St. St. St. St. St. St. St. St. St. St. St. St. St. St. St. St. St. St.\n St. St.\" <ann@home.example>",
        );
        check(
            &mailbox(6, "=?utf-8?q?Ann?=, \"A\"", &ann),
            "=?utf-8?q?=3D=3Futf-8=3Fq=3FAnn=3F=3D=2C_=22A=22?= <ann@home.example>",
        );
        let long = address(&format!("{}@home.example", "a".repeat(64)));
        check(&mailbox(6, "Ann", &long), &format!("\"Ann\"\n <{long}>"));
    }

    #[test]
    fn an_address_outside_ascii_stays_as_it_is_for_servers_that_take_it() {
        check(
            &mailbox(6, "Zoë", &address("zoë@bücher.example")),
            "=?utf-8?b?Wm/Dqw==?= <zoë@xn--bcher-kva.example>",
        );
    }

    #[test]
    fn many_copies_are_folded_and_none_is_lost() {
        let list: Vec<Address> = (0..200)
            .map(|n| address(&format!("copy{n}@elsewhere.example")))
            .collect();
        let folded = addresses(4, &list);
        assert!(format!("Cc: {folded}").split("\r\n").all(|line| line.len() <= LINE));
        let unfolded = folded.replace("\r\n", "");
        let found: Vec<&str> = unfolded.split(", ").collect();
        assert_eq!(found, list.iter().map(Address::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_name_of_ascii_stays_in_one_piece_however_long() {
        check(&disposition(21, "a b.pdf"), "attachment; filename=\"a b.pdf\"");
        let name = "Statement_of_the_Strike_Committee_and_Families_2026-11-22_final.pdf";
        check(&disposition(21, name), &format!("attachment;\n filename=\"{name}\""));
        let name = format!("{}.pdf", "a".repeat(200));
        check(&disposition(21, &name), &format!("attachment;\n filename=\"{name}\""));
        check(&media_type(14, "application/pdf", &name), "application/pdf");
    }

    #[test]
    fn a_file_name_that_is_encoded_has_one_in_ascii_behind_it() {
        check(
            &disposition(21, "é;'.pdf"),
            "attachment;\n filename*=utf-8''%C3%A9%3B%27.pdf;\n filename=\"e;'.pdf\"",
        );
        check(
            &media_type(14, "application/pdf", "é;'.pdf"),
            "application/pdf;\n name*=utf-8''%C3%A9%3B%27.pdf",
        );
        check(
            &disposition(21, "say \"no\".pdf"),
            "attachment;\n filename*=utf-8''say%20%22no%22.pdf;\n filename=\"say 'no'.pdf\"",
        );
        check(
            &disposition(21, &"é".repeat(12)),
            "attachment;\n filename*0*=utf-8''%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9;\n \
             filename*1*=%C3%A9%C3%A9%C3%A9;\n filename=\"eeeeeeeeeeee\"",
        );
        for (name, ascii) in [
            ("Заявление.pdf", "attachment.pdf"),
            ("Заявление 2026.pdf", "_ 2026.pdf"),
            ("声明", "attachment"),
            ("Ångström «б».tar", "Angstrom _.tar"),
            ("a\\é.ж", "a_e"),
        ] {
            assert_eq!(in_ascii(name), ascii, "{name}");
        }
    }
}
