//! The header lines of a letter: `Subject`, `Format` and `Attach`, and never an address.

use std::ops::Range;

use appel_core::campaign::Format;
use appel_core::words::nearest;

use super::file::File;
use crate::failure::Problem;

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
        file.push(
            Problem::error("the letter has no subject").at(file.at(0..text.find('\n').unwrap_or(text.len()))),
            "begin the file with a line `Subject: …`, then an empty line, then the letter",
        );
    }
    headers
}

fn read_line(file: &mut File<'_>, headers: &mut Headers, line: &str, start: usize) {
    let whole = start..start + line.len();
    if line.starts_with([' ', '\t']) {
        file.error(
            whole,
            "a header line goes on here",
            "write each header on one line, however long it is",
        );
        return;
    }
    let Some((name, value)) = line.split_once(':') else {
        file.error(
            whole,
            "this is not a header line, and there is no empty line above it",
            "put an empty line between the header lines and the letter",
        );
        return;
    };
    let from = start + name.len() + 1 + (value.len() - value.trim_start().len());
    let span = from..(start + line.trim_end().len()).max(from);
    let name_span = start..start + name.len();
    match name.trim().to_ascii_lowercase().as_str() {
        "subject" if headers.subject.is_some() => {
            file.error(name_span, "the letter has two subjects", "keep one `Subject:` line");
        }
        "subject" => {
            if span.is_empty() {
                file.error(whole, "the subject is empty", "write it after `Subject:`");
            }
            headers.subject = Some(span);
        }
        "format" => match value.trim() {
            "text" => headers.format = Some(Format::Text),
            "markdown" => headers.format = Some(Format::Markdown),
            other => {
                let message = format!("`Format` cannot be `{other}`");
                file.error(span, message, "write `Format: text` or `Format: markdown`");
            }
        },
        "attach" => {
            let mut at = from;
            for path in text_of(file, &span).split(',') {
                let begin = at + (path.len() - path.trim_start().len());
                at += path.len() + 1;
                if path.trim().is_empty() {
                    file.error(span.clone(), "a path is empty", "write paths with commas between them");
                } else {
                    headers
                        .attach
                        .push((path.trim().to_owned(), begin..begin + path.trim().len()));
                }
            }
        }
        "to" | "cc" | "bcc" | "from" | "sender" | "reply-to" | "resent-to" | "resent-cc" | "resent-bcc" => {
            let message = format!(
                "`{}` cannot stand in a template: a template never adds an address",
                name.trim()
            );
            let hint = "addresses come from recipients.csv, from `cc` in a [[letter]] and from [sender] only; take the line out";
            file.error(name_span, message, hint);
        }
        other => {
            let hint = match nearest(other, ["subject", "format", "attach"]) {
                Some("subject") => "did you mean `Subject`?",
                Some("format") => "did you mean `Format`?",
                Some(_) => "did you mean `Attach`?",
                None => {
                    "only Subject, Format and Attach may stand above the empty line; if this belongs to the letter, put an empty line above it"
                }
            };
            let message = format!("unknown header line `{}`", name.trim());
            file.error(name_span, message, hint);
        }
    }
}

fn text_of<'a>(file: &File<'a>, span: &Range<usize>) -> &'a str {
    file.text.get(span.clone()).unwrap_or_default()
}
