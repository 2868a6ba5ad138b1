//! A message as its reader sees it, taken from its bytes.

use appel_core::letter::Flow;
use appel_core::words::{visible, visible_line};
use appel_messages::{Message, msg};
use mail_parser::{Address, MessageParser, MimeHeaders};

use crate::failure::Style;
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
    /// File names, of those that have one.
    pub attachments: Vec<Option<String>>,
}

impl Shown {
    /// Reads a message back; `None` when it is none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(bytes)?;
        let attachments = message
            .attachments()
            .map(|part| part.attachment_name().map(str::to_owned))
            .collect();
        Some(Self {
            message_id: message.message_id().unwrap_or_default().to_owned(),
            from: addresses(message.from()).join(", "),
            to: addresses(message.to()).join(", "),
            cc: addresses(message.cc()),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: text(&message),
            attachments,
        })
    }
}

/// The text, its paragraphs as they were before they were wrapped for the way.
fn text(message: &mail_parser::Message<'_>) -> String {
    let text = message.body_text(0).unwrap_or_default().replace("\r\n", "\n");
    let content_type = message.text_part(0).and_then(MimeHeaders::content_type);
    let says = |name, word: &str| {
        content_type
            .and_then(|known| known.attribute(name))
            .is_some_and(|said| said.eq_ignore_ascii_case(word))
    };
    if !says("format", "flowed") {
        return text;
    }
    let flow = Flow {
        without_spaces: says("delsp", "yes"),
        ..Flow::default()
    };
    flow.unwrapped(&text)
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
    /// Header lines, a blank line, the text, indented and with long lines broken for the screen; safe to show.
    #[must_use]
    pub fn on_screen(&self, indent: &str, style: &Style) -> String {
        let width = style.width.saturating_sub(indent.len() + 1).clamp(20, 80);
        let mut screen = String::new();
        for (name, value) in self.headers(style) {
            let header = format!("{:<9}{}", style.say(&name), visible_line(&value));
            push_wrapped(&mut screen, &header, indent, &" ".repeat(9), width);
        }
        screen.push('\n');
        for line in visible(&self.text).lines() {
            push_wrapped(&mut screen, line, indent, "", width);
        }
        screen
    }

    fn headers(&self, style: &Style) -> Vec<(Message, String)> {
        let mut headers = vec![
            (msg!("header-from"), self.from.clone()),
            (msg!("header-to"), self.to.clone()),
        ];
        if !self.cc.is_empty() {
            headers.push((msg!("header-cc"), self.cc.join(", ")));
        }
        headers.push((msg!("header-subject"), self.subject.clone()));
        headers.extend(self.attachments.iter().map(|name| {
            let name = name.clone();
            let name = name.unwrap_or_else(|| style.say(&msg!("file-without-name")));
            (msg!("header-file"), name)
        }));
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_that_was_wrapped_for_the_way_is_shown_as_one() {
        let read = |parameters: &str, text: &str| {
            let message = format!("Subject: S\r\nContent-Type: text/plain; charset=utf-8{parameters}\r\n\r\n{text}");
            Shown::read(message.as_bytes()).unwrap().text
        };
        let wrapped = "one \r\ntwo\r\n > three\r\n-- \r\nAnn\r\n";
        assert_eq!(read("; format=flowed", wrapped), "one two\n> three\n-- \nAnn\n");
        assert_eq!(
            read("; format=Flowed; DelSp=Yes", wrapped),
            "onetwo\n> three\n-- \nAnn\n"
        );
        assert_eq!(read("", wrapped), wrapped.replace("\r\n", "\n"));
    }
}
