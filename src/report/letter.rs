//! A message as its reader sees it, taken from its bytes.

use std::fmt;

use mail_parser::{Address, MessageParser, MimeHeaders};

use crate::failure::{visible, visible_line};

/// What a mail program shows of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Without its angle brackets.
    pub message_id: String,
    /// `Name <address>`.
    pub from: String,
    /// The same.
    pub to: String,
    /// The same, one each.
    pub cc: Vec<String>,
    /// Decoded.
    pub subject: String,
    /// Decoded, lines ending in LF.
    pub text: String,
    /// File names.
    pub attachments: Vec<String>,
}

impl Shown {
    /// Reads a message back; `None` when it is none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(bytes)?;
        let attachments = message
            .attachments()
            .map(|part| part.attachment_name().unwrap_or("(without a name)").to_owned())
            .collect();
        Some(Self {
            message_id: message.message_id().unwrap_or_default().to_owned(),
            from: addresses(message.from()).join(", "),
            to: addresses(message.to()).join(", "),
            cc: addresses(message.cc()),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
            attachments,
        })
    }
}

fn addresses(header: Option<&Address>) -> Vec<String> {
    header
        .into_iter()
        .flat_map(|header| header.iter())
        .map(|address| match (address.name(), address.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (_, address) => address.unwrap_or_default().to_owned(),
        })
        .collect()
}

impl fmt::Display for Shown {
    /// Header lines, a blank line, the text; safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "From:    {}", visible_line(&self.from))?;
        writeln!(f, "To:      {}", visible_line(&self.to))?;
        if !self.cc.is_empty() {
            writeln!(f, "Cc:      {}", visible_line(&self.cc.join(", ")))?;
        }
        writeln!(f, "Subject: {}", visible_line(&self.subject))?;
        for attachment in &self.attachments {
            writeln!(f, "File:    {}", visible_line(attachment))?;
        }
        write!(f, "\n{}", visible(&self.text))
    }
}
