//! A letter filled in, before it is a message.

use std::sync::Arc;

use crate::campaign::Attachment;

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// One line, not empty, at most 255 characters.
    pub subject: String,
    /// Plain text, of Markdown what is read of it; lines end in LF, and the last one does.
    pub body: String,
    /// The HTML alternative of a Markdown letter: a whole document.
    pub html: Option<String>,
    /// The letter's files, then the template's, none twice.
    pub attachments: Vec<Attachment>,
    /// The names of the facts it uses.
    pub fact_names: Arc<[String]>,
    /// The facts it uses, with the words it uses for them, as a JSON object.
    pub facts: Arc<str>,
}
