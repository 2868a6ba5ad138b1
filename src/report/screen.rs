//! The story for a person: a progress bar on a terminal, plain lines when piped, and the words for every ending.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use appel_core::words::{thousands, visible, visible_line};
use appel_messages::Message;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
    last: Instant,
}

impl Screen {
    /// For a run that has so many letters to send.
    #[must_use]
    pub fn new(due: usize, quiet: bool) -> Self {
        let due = due as u64;
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(due), ProgressDrawTarget::stderr());
            let style = "{bar:30} {pos}/{len}  {per_sec}  {eta} left  {msg}";
            bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self {
            bar,
            due,
            told: 0,
            untried: 0,
            quiet,
            last: Instant::now(),
        }
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
                self.say("… and others that were not tried; --json and the log name them all");
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
            self.say(&format!("{}/{}  {}", self.told, self.due, letter_line(letter)));
        }
    }
}

impl Listener for Screen {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Letter(letter) if letter.outcome == Verdict::Skipped => {}
            Event::Attempt(_) | Event::Preview(_) => {}
            Event::Letter(letter) => self.letter(letter),
            Event::Notice(Notice::Retrying { reason, seconds }) => {
                let line = format!("{}; next try in {}", reason.in_english(), seconds_in_words(*seconds));
                match &self.bar {
                    Some(bar) => bar.set_message(visible_line(&line)),
                    None if !self.quiet => self.say(&line),
                    None => {}
                }
            }
            Event::Notice(Notice::Waiting { seconds }) => {
                let line = format!("next letter in {}", seconds_in_words(*seconds));
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
pub fn letter_line(letter: &LetterEvent) -> String {
    let mut line = format!("{}  {}", letter.outcome.told().in_english(), letter.letter);
    if let Some(language) = &letter.language {
        line.push_str("  ");
        line.push_str(language);
    }
    line.push_str("  ");
    line.push_str(&letter.to);
    if letter.outcome != Verdict::Accepted {
        push_reply(&mut line, letter.code, letter.reply.as_ref());
    }
    for copy in letter.recipients.iter().skip(1) {
        if Verdict::from(copy.outcome) != letter.outcome {
            line.push_str(&format!(
                "\n    copy {}  {}",
                copy.outcome.told().in_english(),
                copy.address
            ));
            push_reply(&mut line, copy.code, copy.reply.as_ref());
        }
    }
    line
}

fn push_reply(line: &mut String, code: Option<u16>, reply: Option<&Message>) {
    if code.is_none() && reply.is_none() {
        return;
    }
    line.push(':');
    if let Some(code) = code {
        line.push_str(&format!(" {code}"));
    }
    if let Some(reply) = reply {
        line.push(' ');
        line.push_str(&visible_line(&reply.in_english()));
    }
}

/// `3 letters: 2 accepted, 1 refused.`
#[must_use]
pub fn summary_line(summary: &Summary) -> String {
    let parts: Vec<String> = [
        (summary.accepted, "accepted"),
        (summary.deferred, "deferred"),
        (summary.refused, "refused"),
        (summary.in_doubt, "in doubt"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    let letters = count(summary.due, "letter");
    if parts.is_empty() {
        format!("{letters}.")
    } else {
        format!("{letters}: {}.", parts.join(", "))
    }
}

/// `1 letter`, `2 letters`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => match noun.strip_suffix('y') {
            Some(stem) => format!("{} {stem}ies", thousands(number)),
            None if noun.ends_with('s') => format!("{} {noun}es", thousands(number)),
            None => format!("{} {noun}s", thousands(number)),
        },
    }
}

/// `4 seconds`, `2 minutes`, `about 3 hours`.
#[must_use]
pub fn seconds_in_words(seconds: u64) -> String {
    match seconds {
        0..=119 => count(usize::try_from(seconds).unwrap_or(0), "second"),
        120..=7199 => count(usize::try_from(seconds.div_ceil(60)).unwrap_or(0), "minute"),
        _ => format!(
            "about {}",
            count(usize::try_from(seconds.div_ceil(3600)).unwrap_or(0), "hour")
        ),
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
        assert_eq!(summary_line(&summary), "3 letters: 2 accepted, 1 refused.");
        assert_eq!(
            summary_line(&Summary {
                due: 1,
                accepted: 1,
                ..Summary::default()
            }),
            "1 letter: 1 accepted."
        );
        assert_eq!(count(1_234_567, "letter"), "1,234,567 letters");
        assert_eq!(count(2, "copy"), "2 copies");
    }

    #[test]
    fn waiting_is_told_in_the_unit_that_fits() {
        assert_eq!(seconds_in_words(1), "1 second");
        assert_eq!(seconds_in_words(90), "90 seconds");
        assert_eq!(seconds_in_words(150), "3 minutes");
        assert_eq!(seconds_in_words(9000), "about 3 hours");
    }
}
