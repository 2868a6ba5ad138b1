//! A message as its reader sees it, taken from its bytes.

use appel_core::words::{visible, visible_line};
use mail_parser::{Address, MessageParser, MimeHeaders};

use crate::wrap::push_wrapped;

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

impl Shown {
    /// Header lines, a blank line, the text, indented and with long lines broken for a screen of so many columns; safe
    /// to show.
    #[must_use]
    pub fn on_screen(&self, indent: &str, width: usize) -> String {
        let width = width.saturating_sub(indent.len() + 1).clamp(20, 80);
        let mut screen = String::new();
        for (name, value) in self.headers() {
            let header = format!("{name:<9}{}", visible_line(&value));
            push_wrapped(&mut screen, &header, indent, &" ".repeat(9), width);
        }
        screen.push('\n');
        for line in visible(&self.text).lines() {
            push_wrapped(&mut screen, line, indent, "", width);
        }
        screen
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("From:", self.from.clone()), ("To:", self.to.clone())];
        if !self.cc.is_empty() {
            headers.push(("Cc:", self.cc.join(", ")));
        }
        headers.push(("Subject:", self.subject.clone()));
        headers.extend(self.attachments.iter().map(|name| ("File:", name.clone())));
        headers
    }
}
