//! The log file: JSON lines, addresses masked unless asked otherwise, readable by its owner only.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use appel_core::address::mask;
use appel_core::letter::Skip;
use appel_messages::{Catalog, Message, msg};
use serde::Serialize;

use crate::clock::Clock;
use crate::outbox::event::{AddressEvent, Event, LetterEvent, Listener, Notice, Verdict};
use crate::private;

/// `$XDG_STATE_HOME/appel/log/CAMPAIGN.jsonl`; `None` when there is no home.
#[must_use]
pub fn default_path(campaign: &str) -> Option<PathBuf> {
    let state = private::state_folder()?;
    Some(state.join("log").join(format!("{campaign}.jsonl")))
}

/// Refuses a log's folder that is a link, or that others could change; one that is not there will do.
///
/// # Errors
/// What is wrong with it ([`private::Unfit`]).
pub fn check_folder(log: &Path) -> io::Result<()> {
    let Some(folder) = log.parent() else { return Ok(()) };
    match std::fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => private::look(folder).map(|_| ())?,
        Ok(_) => private::check_folder(folder)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Appends the story of a run to a file.
#[derive(Debug)]
pub struct LogFile {
    file: Option<BufWriter<File>>,
    path: PathBuf,
    in_full: bool,
    clock: Clock,
    /// What is said to a person when it cannot be written.
    catalog: &'static Catalog,
}

impl LogFile {
    /// Opens a log (0600 in a folder 0700), making it when it is not there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path, in_full: bool, clock: Clock, catalog: &'static Catalog) -> io::Result<Self> {
        check_folder(path)?;
        if let Some(folder) = path.parent() {
            private::own_folder(folder)?;
        }
        let file = private::open_own(path, private::options().append(true).create(true))?;
        Ok(Self {
            file: Some(BufWriter::new(file)),
            path: path.to_owned(),
            in_full,
            clock,
            catalog,
        })
    }

    fn line(&mut self, object: &impl Serialize) {
        let Some(file) = &mut self.file else { return };
        let Ok(line) = serde_json::to_string(object) else {
            return;
        };
        let written = writeln!(file, "{}", appel_core::words::json_for_screen(line));
        self.went(written);
    }

    /// The ledger, not the log, is what must not fail: a log that cannot be written is said once and left.
    fn went(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            let path = appel_core::words::path(&self.path);
            let cause = appel_core::words::visible_line(&error.to_string());
            let words = self.catalog.say(&msg!("log-not-written", path = path, cause = cause));
            let _ = writeln!(io::stderr(), "{words}");
            self.file = None;
        }
    }
}

impl Listener for LogFile {
    fn hear(&mut self, event: &Event) {
        match event {
            // Left out again and again, run after run: that is no event.
            Event::Letter(letter) | Event::Copy(letter)
                if letter.outcome == Verdict::Skipped && letter.reason != Some(Skip::AddressLimit) => {}
            Event::Letter(letter) | Event::Copy(letter) if !self.in_full => self.line(&masked(letter).told()),
            Event::Letter(_) | Event::Copy(_) | Event::Summary(_) => self.line(event),
            Event::Notice(Notice::Retrying { reason, seconds }) => {
                let at = self.clock.now();
                let reason = reason.in_english();
                let reason = if self.in_full { reason } else { mask_all(&reason) };
                self.line(&serde_json::json!({ "event": "retrying", "reason": reason, "seconds": seconds, "at": at }));
            }
            Event::Notice(Notice::Told { what }) => {
                let at = self.clock.now();
                let what = what.in_english();
                let what = if self.in_full { what } else { mask_all(&what) };
                self.line(&serde_json::json!({ "event": "notice", "what": what, "at": at }));
            }
            Event::Notice(Notice::Slower { reason, seconds, every }) => {
                let at = self.clock.now();
                let reason = reason.in_english();
                let reason = if self.in_full { reason } else { mask_all(&reason) };
                let every = every.as_secs_f64();
                self.line(&serde_json::json!({
                    "event": "slower", "reason": reason, "seconds": seconds, "seconds_a_letter": every, "at": at
                }));
            }
            // Nothing happened, or it is said with another event, or not in a run.
            Event::Notice(Notice::Waiting { .. } | Notice::Trying { .. }) | Event::Attempt(_) | Event::Preview(_) => {}
        }
    }

    fn pause(&mut self) {
        if let Some(file) = &mut self.file {
            let written = file.flush();
            self.went(written);
        }
    }
}

/// What the log may have of a letter. Each field is named, so that a new one is thought of here.
fn masked(letter: &LetterEvent) -> LetterEvent {
    let LetterEvent {
        id,
        copy_id,
        letter,
        language,
        from,
        to,
        cc,
        subject: _,
        message_id,
        outcome,
        reason,
        code,
        reply,
        at,
        recipients,
        sha256,
        facts: _,
        settled,
        own_copy: _,
        text: _,
    } = letter;
    let masked_address = |its: &AddressEvent| AddressEvent {
        address: mask(&its.address),
        outcome: its.outcome,
        code: its.code,
        reply: its.reply.clone().map(masked_words),
    };
    LetterEvent {
        id: *id,
        copy_id: *copy_id,
        letter: letter.clone(),
        language: language.clone(),
        from: from.as_deref().map(mask),
        to: mask(to),
        cc: cc.as_ref().map(|cc| cc.iter().map(|address| mask(address)).collect()),
        subject: None,
        message_id: message_id.as_deref().map(mask_all),
        outcome: *outcome,
        reason: *reason,
        code: *code,
        reply: reply.clone().map(masked_words),
        at: *at,
        recipients: recipients.iter().map(masked_address).collect(),
        sha256: sha256.clone(),
        facts: None,
        settled: *settled,
        own_copy: None,
        text: None,
    }
}

/// In English, which is what the log has, with addresses masked.
fn masked_words(message: Message) -> Message {
    match message.quoted() {
        Some(words) if !words.contains('@') => message,
        _ => Message::quote(mask_all(&message.in_english())),
    }
}

/// Every word with an @ in it, masked: servers like to repeat the address that they speak of.
fn mask_all(text: &str) -> String {
    if !text.contains('@') {
        return text.to_owned();
    }
    let is_address = |c: char| c.is_alphanumeric() || "@.-_+=/'~!#$%&*?^`{|}".contains(c);
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let start = rest[..at]
            .char_indices()
            .rev()
            .take_while(|(_, c)| is_address(*c))
            .last()
            .map_or(at, |(i, _)| i);
        let end = rest[at..].find(|c| !is_address(c)).map_or(rest.len(), |end| at + end);
        masked.push_str(&rest[..start]);
        masked.push_str(&mask(&rest[start..end]));
        rest = &rest[end..];
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_a_servers_words_are_masked() {
        let check = |text: &str, expect: &str| assert_eq!(mask_all(text), expect);
        check(
            "550 5.1.1 <info@mid.example>: unknown",
            "550 5.1.1 <i…@mid.example>: unknown",
        );
        check("a@b.example,c@d.example", "a…@b.example,c…@d.example");
        check("nothing here", "nothing here");
        check("@", "…@");
    }
}
