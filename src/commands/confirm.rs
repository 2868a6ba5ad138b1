//! The question before the first letter: who gets what, from whom, in which language; and how a question is asked.

use std::io::{IsTerminal, Write};

use jiff::Timestamp;

use super::Context;
use super::survey::{SHOWN_LETTERS, Survey};
use crate::campaign::Campaign;
use crate::campaign::config::{Rate, Smtp};
use crate::failure::{Failure, Style};
use crate::outbox::day::{Again, Day};
use crate::report::moment::{clock_time, until};
use crate::report::screen::{count, seconds_in_words};
use crate::report::table::table;
use crate::words::{visible, visible_line};

/// Shows what will happen, and asks; `Ok(false)` is a no.
///
/// # Errors
/// When nobody can be asked (exit 2).
pub fn confirm(
    context: &Context,
    campaign: &Campaign,
    smtp: &Smtp,
    survey: &Survey,
    timetable: &Timetable,
    yes: bool,
) -> Result<bool, Failure> {
    context.say(&overview(campaign, smtp, survey, timetable, &context.style));
    if yes {
        return Ok(true);
    }
    let question = format!("Send {}?", count(survey.due, "letter"));
    ask(&question, "look at `appel send --dry-run`, then send with --yes")
}

/// Asks a question whose answer, without another word, is no.
///
/// A line of the terminal's own, read as the terminal gives it: Ctrl-C ends the program and leaves the terminal as it
/// was, which a prompt that hides the cursor does not.
///
/// # Errors
/// When nobody can be asked (exit 2): then `hint` says what to do.
pub fn ask(question: &str, hint: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage("nobody is here to confirm").hint(hint));
    }
    let nobody = |error: std::io::Error| Failure::usage("nobody answered").because(&error);
    let mut terminal = std::io::stderr();
    write!(terminal, "{} [y/N] ", visible(question))
        .and_then(|()| terminal.flush())
        .map_err(nobody)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(nobody)?;
    if !answer.ends_with('\n') {
        // Ctrl-D: what is said next begins a line of its own.
        let _ = terminal.write_all(b"\n");
    }
    Ok(["y", "yes"].contains(&&*answer.trim().to_lowercase()))
}

/// The campaign, the sender, the letters, who is left out, and how long it will take.
pub fn overview(campaign: &Campaign, smtp: &Smtp, survey: &Survey, timetable: &Timetable, style: &Style) -> String {
    let config = &campaign.config;
    let sender = &config.sender;
    let mut text = format!(
        "{}\nFrom {} <{}>, through {}\n\n",
        visible_line(&config.title),
        visible_line(&sender.name),
        sender.email,
        visible_line(&smtp.host)
    );
    text.push_str(&letters(survey, style));
    text.push_str(&left_out(survey));
    text.push_str(&timetable.of(survey.due));
    text
}

/// When the letters of a run leave.
pub struct Timetable {
    rate: Rate,
    /// How many `daily-limit` lets leave now.
    room: Option<usize>,
    again: Option<Again>,
    now: Timestamp,
}

impl Timetable {
    pub fn new(rate: Rate, day: &mut Day, now: Timestamp) -> Self {
        Self {
            rate,
            room: day.room(now),
            again: day.again(),
            now,
        }
    }

    /// How many letters leave, how long that takes and until when, and what `daily-limit` leaves for another day.
    fn of(&self, due: usize) -> String {
        let leave = self.room.map_or(due, |room| room.min(due));
        let mut text = count(due, "letter");
        if leave < due {
            text.push_str(&format!(
                ", of which smtp.daily-limit lets {leave} leave now (it counts the last 24 hours)"
            ));
        }
        if let Rate::Every(interval) = self.rate
            && let Ok(pauses) = u32::try_from(leave.saturating_sub(1))
            && pauses > 0
        {
            let takes = interval.saturating_mul(pauses);
            let words = seconds_in_words(takes.as_secs() + 1);
            text.push_str(&format!(", about {} at this pace", words.trim_start_matches("about ")));
            if takes.as_secs() >= 60
                && let Ok(end) = self.now.checked_add(takes)
            {
                text.push_str(&format!(", until {}", clock_time(end, self.now)));
            }
        }
        text.push_str(".\n");
        if leave == 0
            && let Some(again) = &self.again
        {
            text.push_str(&format!("The next can leave after {}.\n", until(again.from, self.now)));
        }
        text
    }
}

/// The first letters one by one, the others counted.
pub fn letters(survey: &Survey, style: &Style) -> String {
    let mut text = table(
        &["letter", "to", "language", "copies"],
        survey.first.iter().map(|row| row.to_vec()),
        style,
    );
    if survey.due > SHOWN_LETTERS {
        text.push_str(&format!(
            "  … and {} more. In all:\n",
            count(survey.due - SHOWN_LETTERS, "letter")
        ));
        let rows = survey
            .kinds
            .iter()
            .map(|((letter, language), number)| vec![letter.clone(), language.clone(), number.to_string()]);
        text.push_str(&table(&["letter", "language", "letters"], rows, style));
    }
    text.push('\n');
    text
}

/// Who is left out, and why.
pub fn left_out(survey: &Survey) -> String {
    let lines = survey.left_out();
    if lines.is_empty() {
        return String::new();
    }
    format!("Not sent: {}.\n", lines.join("; "))
}
