//! The header lines of a letter: `Subject`, `Format` and `Attach`, and never an address.

use std::ops::Range;

use appel_core::campaign::Format;
use appel_core::words::nearest;
use appel_messages::msg;

use super::file::File;
use crate::failure::Problem;
use crate::input::phrases;

/// What stands above the first blank line.
pub struct Headers {
    /// The bytes of the file that hold the subject.
    pub subject: Option<Range<usize>>,
    pub format: Option<Format>,
    /// Each path, with its bytes.
    pub attach: Vec<(String, Range<usize>)>,
    /// Where the body begins.
    pub body: usize,
}

/// Reads the header lines of `file`; every problem is pushed to it.
pub fn read(file: &mut File<'_>) -> Headers {
    let text = file.text;
    let mut headers = Headers {
        subject: None,
        format: None,
        attach: Vec::new(),
        body: text.len(),
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches('\n');
        if line.trim().is_empty() {
            headers.body = at;
            break;
        }
        read_line(file, &mut headers, line, start);
    }
    if headers.subject.is_none() && !file.said {
        no_subject(file);
    }
    headers
}

/// Says that there is no subject, and when the file begins with an empty line above it, that.
fn no_subject(file: &mut File<'_>) {
    let text = file.text;
    let begins = text.len() - text.trim_start().len();
    let from = text[..begins].rfind('\n').map_or(0, |at| at + 1);
    let line = text[from..].lines().next().unwrap_or_default();
    let is_below = from > 0
        && line
            .split_once(':')
            .is_some_and(|(name, _)| phrases::header(name) == Some("Subject"));
    let problem = Problem::error(msg!("header-no-subject"));
    if is_below {
        let at = file.at(from..from + line.len());
        file.push(problem.at(at).hint(msg!("header-hint-blank-line")));
    } else {
        let at = file.at(0..text.find('\n').unwrap_or(text.len()));
        file.push(problem.at(at));
    }
}

/// A header line without a colon, as it should be: `Subject Appel`.
fn with_colon(line: &str) -> Option<String> {
    let (name, value) = line
        .trim()
        .split_once(|c: char| c.is_whitespace() || matches!(c, '：' | '=' | '-' | '–'))?;
    let name = phrases::header(name)?;
    let value = value.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '：' | ':' | '=' | '-' | '–'));
    Some(format!("{name}: {value}"))
}

fn read_line(file: &mut File<'_>, headers: &mut Headers, line: &str, start: usize) {
    let whole = start..start + line.len();
    if line.starts_with([' ', '\t']) {
        file.error(whole, msg!("header-goes-on"));
        return;
    }
    let Some((name, value)) = line.split_once(':') else {
        let hint = with_colon(line).map(|line| msg!("header-hint-colon", line = line));
        file.error_with(whole, msg!("header-not-one"), hint);
        return;
    };
    let from = start + name.len() + 1 + (value.len() - value.trim_start().len());
    let span = from..(start + line.trim_end().len()).max(from);
    let name_span = start..start + name.len();
    match name.trim().to_ascii_lowercase().as_str() {
        "subject" if headers.subject.is_some() => {
            file.error(name_span, msg!("header-two-subjects"));
        }
        "subject" => {
            if span.is_empty() {
                file.error(whole, msg!("header-subject-empty"));
            }
            headers.subject = Some(span);
        }
        "format" => match value.trim() {
            "text" => headers.format = Some(Format::Text),
            "markdown" => headers.format = Some(Format::Markdown),
            other => file.error(span, msg!("header-format-unknown", format = other)),
        },
        "attach" => {
            let mut at = from;
            for path in text_of(file, &span).split(',') {
                let begin = at + (path.len() - path.trim_start().len());
                at += path.len() + 1;
                if path.trim().is_empty() {
                    file.error(span.clone(), msg!("header-path-empty"));
                } else {
                    headers
                        .attach
                        .push((path.trim().to_owned(), begin..begin + path.trim().len()));
                }
            }
        }
        "to" | "cc" | "bcc" | "from" | "sender" | "reply-to" | "resent-to" | "resent-cc" | "resent-bcc" => {
            file.error(name_span, msg!("header-adds-address", header = name.trim()));
        }
        other => {
            let near = match nearest(other, ["subject", "format", "attach"]) {
                Some("subject") => Some("Subject"),
                Some("format") => Some("Format"),
                near => near.map(|_| "Attach"),
            };
            let hint = match phrases::header(other) {
                Some(header) => Some(msg!("header-hint-english", header = header)),
                None => with_colon(line)
                    .map(|line| msg!("header-hint-colon", line = line))
                    .or_else(|| near.map(|near| msg!("word-near", word = near))),
            };
            file.error_with(name_span, msg!("header-unknown", header = name.trim()), hint);
        }
    }
}

fn text_of<'a>(file: &File<'a>, span: &Range<usize>) -> &'a str {
    file.text.get(span.clone()).unwrap_or_default()
}
