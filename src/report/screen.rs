//! The story for a person: a progress bar on a terminal, plain lines when piped, and the words for every ending.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use appel_core::words::{visible, visible_line};
use appel_messages::{Message, Value, msg};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::curtain::{Curtain, TICK};
use super::moment::{clock_time, duration, pace};
use crate::failure::Style;
use crate::outbox::event::{Event, LetterEvent, Listener, Notice, Summary, Verdict};

/// How often a plain line may come when there are many letters and nobody watches a bar.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// Up to so many letters each one gets a plain line.
const FEW: u64 = 50;
/// A wait of so many seconds gets a plain line.
const PLAIN_WAIT: u64 = 300;

/// So many letters that were not tried are shown one by one.
const FEW_UNTRIED: u64 = 10;

/// Tells progress and trouble on stderr.
#[derive(Debug)]
pub struct Screen {
    bar: Option<ProgressBar>,
    due: u64,
    told: u64,
    /// Letters that the run did not come to.
    untried: u64,
    quiet: bool,
    style: Style,
    last: Instant,
}

impl Screen {
    /// For a run that has so many letters to send, as a person reads it.
    #[must_use]
    pub fn new(due: usize, quiet: bool, style: Style) -> Self {
        let due = due as u64;
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(due), ProgressDrawTarget::stderr());
            let left = style.say(&msg!("screen-time-left", time = "{eta}"));
            let template = ["{bar:30} {pos}/{len}  {per_sec}  ", &left, "  {msg}"].concat();
            bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            bar,
            due,
            told: 0,
            untried: 0,
            quiet,
            style,
            last: Instant::now(),
        }
    }

    /// The same, behind this curtain.
    #[must_use]
    pub fn behind(self, curtain: &Curtain) -> Self {
        if let Some(bar) = &self.bar {
            curtain.is_before(bar);
        }
        self
    }

    fn tell(&self, message: &Message) {
        self.say(&self.style.say(message));
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(visible(line)),
            // A closed stderr must not end a run.
            None => drop(writeln!(std::io::stderr(), "{}", visible(line))),
        }
    }

    fn letter(&mut self, letter: &LetterEvent) {
        self.told += 1;
        if letter.subject.is_none() {
            // Its text was never written. When a run stops early there can be thousands, all for one reason.
            self.untried += 1;
            if self.untried == FEW_UNTRIED + 1 {
                self.tell(&msg!("screen-others-not-tried"));
            }
            if self.untried > FEW_UNTRIED {
                return;
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_message("");
            bar.set_position(self.told);
        }
        let copies_differ = letter
            .recipients
            .iter()
            .any(|recipient| Verdict::from(recipient.outcome) != letter.outcome);
        let trouble = !matches!(letter.outcome, Verdict::Accepted) || copies_differ;
        let due_for_a_line = self.due <= FEW || self.last.elapsed() >= PLAIN_EVERY || self.told == self.due;
        if trouble || (self.bar.is_none() && !self.quiet && due_for_a_line) {
            self.last = Instant::now();
            self.say(&format!(
                "{}/{}  {}",
                self.told,
                self.due,
                letter_line(letter, &self.style)
            ));
        }
    }
}

impl Screen {
    /// A copy that went its own way; one that the run did not come to is named at its end.
    fn copy(&self, copy: &LetterEvent) {
        let trouble = !matches!(copy.outcome, Verdict::Accepted | Verdict::NotTried);
        if trouble || (self.bar.is_none() && !self.quiet && copy.outcome == Verdict::Accepted) {
            let outcome = copy.outcome.told();
            let line = msg!("screen-copy", outcome = outcome, address = copy_line(copy, &self.style));
            self.tell(&line);
        }
    }
}

impl Listener for Screen {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Letter(letter) if letter.outcome == Verdict::Skipped => {}
            Event::Attempt(_) | Event::Preview(_) => {}
            Event::Copy(copy) if copy.outcome == Verdict::Skipped => {}
            Event::Letter(letter) => self.letter(letter),
            Event::Copy(copy) => self.copy(copy),
            Event::Notice(Notice::Retrying { reason, seconds }) => {
                let line = self
                    .style
                    .say(&msg!("screen-retrying", reason = reason, wait = duration(*seconds)));
                match &self.bar {
                    Some(bar) => bar.set_message(visible_line(&line)),
                    None if !self.quiet => self.say(&line),
                    None => {}
                }
            }
            // To be read while one waits: a line of the bar is too short for it.
            Event::Notice(Notice::Trying { .. } | Notice::Told { .. }) if self.quiet => {}
            Event::Notice(Notice::Trying { at, until, hint }) => {
                let until = clock_time(*until, *at);
                self.tell(&match hint {
                    Some(hint) => msg!("screen-trying-hint", until = until, hint = hint),
                    None => msg!("screen-trying", until = until),
                });
            }
            Event::Notice(Notice::Told { what }) => self.tell(what),
            Event::Notice(Notice::Slower { reason, seconds, every }) => {
                let line = self.style.say(&msg!(
                    "screen-slower",
                    reason = reason,
                    wait = duration(*seconds),
                    pace = pace(*every),
                ));
                match &self.bar {
                    Some(bar) => bar.println(visible_line(&line)),
                    None if !self.quiet => self.say(&line),
                    None => {}
                }
            }
            Event::Notice(Notice::Waiting { seconds }) => {
                let line = self.style.say(&msg!("screen-waiting", wait = duration(*seconds)));
                match &self.bar {
                    Some(bar) => bar.set_message(visible_line(&line)),
                    // Nobody sits before a plain log; a line for every letter says as much, unless it takes long.
                    None if !self.quiet && *seconds >= PLAIN_WAIT => self.say(&line),
                    None => {}
                }
            }
            Event::Summary(_) => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

/// `refused  protest  fr  info@mid.example: 550 5.1.1 no such user`
#[must_use]
pub fn letter_line(letter: &LetterEvent, style: &Style) -> String {
    let mut line = format!("{}  {}", style.say(&letter.outcome.told()), letter.letter);
    if let Some(language) = &letter.language {
        line.push_str("  ");
        line.push_str(language);
    }
    line.push_str("  ");
    line.push_str(&letter.to);
    if letter.outcome != Verdict::Accepted {
        push_reply(&mut line, letter.code, letter.reply.as_ref(), style);
    }
    for copy in letter.recipients.iter().skip(1) {
        if Verdict::from(copy.outcome) != letter.outcome {
            let what = msg!("screen-copy", outcome = copy.outcome.told(), address = &copy.address);
            line.push_str(&format!("\n    {}", style.say(&what)));
            push_reply(&mut line, copy.code, copy.reply.as_ref(), style);
        }
    }
    line
}

/// `protest  press@mid.example: 450 4.2.0 Greylisted`
#[must_use]
pub fn copy_line(copy: &LetterEvent, style: &Style) -> String {
    let mut line = format!("{}  {}", copy.letter, copy.to);
    if copy.outcome != Verdict::Accepted {
        push_reply(&mut line, copy.code, copy.reply.as_ref(), style);
    }
    line
}

fn push_reply(line: &mut String, code: Option<u16>, reply: Option<&Message>, style: &Style) {
    if code.is_none() && reply.is_none() {
        return;
    }
    line.push(':');
    if let Some(code) = code {
        line.push_str(&format!(" {code}"));
    }
    if let Some(reply) = reply {
        line.push(' ');
        line.push_str(&visible_line(&style.say(reply)));
    }
}

/// `3 letters: 2 accepted, 1 refused.`
#[must_use]
pub fn summary_line(summary: &Summary) -> Message {
    let parts = [
        (summary.accepted > 0).then(|| msg!("summary-accepted", count = summary.accepted)),
        (summary.deferred > 0).then(|| msg!("summary-deferred", count = summary.deferred)),
        (summary.refused > 0).then(|| msg!("summary-refused", count = summary.refused)),
        (summary.in_doubt > 0).then(|| msg!("summary-in-doubt", count = summary.in_doubt)),
    ];
    let parts: Vec<Message> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        msg!("summary-letters", letters = summary.due)
    } else {
        msg!("summary", letters = summary.due, parts = Value::list(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_in_words() {
        let summary = Summary {
            due: 3,
            accepted: 2,
            refused: 1,
            ..Summary::default()
        };
        assert_eq!(summary_line(&summary).in_english(), "3 letters: 2 accepted, 1 refused.");
        assert_eq!(
            summary_line(&Summary {
                due: 1,
                accepted: 1,
                ..Summary::default()
            })
            .in_english(),
            "1 letter: 1 accepted."
        );
        let many = Summary {
            due: 1_234_567,
            ..Summary::default()
        };
        assert_eq!(summary_line(&many).in_english(), "1,234,567 letters.");
    }
}
