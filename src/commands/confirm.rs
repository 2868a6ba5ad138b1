//! The question before the first letter: who gets what, from whom, in which language; and how a question is asked.

use std::io::{IsTerminal, Write};

use appel_core::letter::Skip;
use appel_core::words::{visible, visible_line};
use jiff::Timestamp;

use super::Context;
use crate::failure::{Failure, Style};
use crate::input::Input;
use crate::input::config::{Rate, Smtp};
use crate::outbox::quota::Quota;
use crate::report::leaving;
use crate::report::moment::{clock_time, until};
use crate::report::screen::{count, seconds_in_words};
use crate::report::table::table;
use crate::run::preflight::{Checked, Preflight, SHOWN_LETTERS};
use crate::wrap::push_wrapped;

/// Shows what will happen, and asks; `Ok(false)` is a no.
///
/// # Errors
/// When nobody can be asked (exit 2).
pub fn confirm(
    context: &Context,
    input: &Input,
    smtp: &Smtp,
    preflight: &Preflight,
    timetable: &Timetable,
    yes: bool,
) -> Result<bool, Failure> {
    let overview = overview(input, smtp, preflight, timetable, &context.style);
    if yes {
        context.say(&overview);
        return Ok(true);
    }
    // A question means nothing without what it is about, also with --quiet.
    super::to_stderr(&overview, context.style.color);
    let question = format!("Send {}?", count(preflight.due, "letter"));
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
pub fn overview(input: &Input, smtp: &Smtp, preflight: &Preflight, timetable: &Timetable, style: &Style) -> String {
    let Input { campaign, sender, .. } = input;
    let mut text = format!(
        "{}\nFrom {} <{}>, through {}\n\n",
        visible_line(&campaign.title),
        visible_line(&sender.name),
        sender.email,
        visible_line(&smtp.host)
    );
    text.push_str(&letters(preflight, style));
    text.push_str(&left_out(preflight, style));
    text.push_str(&held_back(preflight, timetable.now, style));
    text.push_str(&style.say(&leaving::in_all(&preflight.leaving)));
    text.push('\n');
    text.push_str(&timetable.of(preflight));
    text
}

/// When the letters of a run leave.
pub struct Timetable {
    rate: Rate,
    /// To how many addresses `daily-limit` lets letters leave now.
    room: Option<usize>,
    /// Letters that leave now, of those seen.
    leave: usize,
    /// To how many addresses the first one goes.
    first: usize,
    quota: Quota,
    now: Timestamp,
}

impl Timetable {
    pub fn new(rate: Rate, quota: &mut Quota, now: Timestamp) -> Self {
        Self {
            rate,
            room: quota.room(now),
            leave: 0,
            first: 0,
            quota: quota.clone(),
            now,
        }
    }

    /// A letter due, in its order: the first one that has no room ends the run.
    pub fn see(&mut self, seen: &Checked) {
        let Checked::Due { letter, .. } = seen else { return };
        let addresses = 1 + letter.envelope.cc.len();
        if self.first == 0 {
            self.first = addresses;
        }
        match &mut self.room {
            None => self.leave += 1,
            Some(room) if *room >= addresses => {
                *room -= addresses;
                self.leave += 1;
            }
            Some(room) => *room = 0,
        }
    }

    /// How many letters leave, how long that takes and until when, and what `daily-limit` leaves for another day.
    fn of(&self, preflight: &Preflight) -> String {
        let leave = self.leave;
        let mut text = count(preflight.due, "letter");
        if leave < preflight.due {
            text.push_str(&format!(
                ", of which smtp.daily-limit lets {leave} leave now (it counts the addresses of the last 24 hours)"
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
            && let Some(again) = self.quota.again(self.first)
        {
            text.push_str(&format!("The next can leave after {}.\n", until(again.from, self.now)));
        }
        text
    }
}

/// The first letters one by one, the others counted.
pub fn letters(preflight: &Preflight, style: &Style) -> String {
    let mut text = table(
        &["letter", "to", "language", "copies"],
        preflight.first.iter().map(|row| row.to_vec()),
        style,
    );
    if preflight.due > SHOWN_LETTERS {
        text.push_str(&format!(
            "  … and {} more. In all:\n",
            count(preflight.due - SHOWN_LETTERS, "letter")
        ));
        let rows = preflight
            .kinds
            .iter()
            .map(|((letter, language), number)| vec![letter.clone(), language.clone(), number.to_string()]);
        text.push_str(&table(&["letter", "language", "letters"], rows, style));
    }
    text.push('\n');
    text.push_str(&leaving::shown(&preflight.leaving, style));
    text
}

/// Which letters are held back because an address has had enough, by name, and until when.
pub fn held_back(preflight: &Preflight, now: Timestamp, style: &Style) -> String {
    let mut text = String::new();
    let mut push = |line: &str, indent: &str, hanging: &str| {
        let width = style.width.saturating_sub(indent.len() + 1).max(20);
        push_wrapped(&mut text, line, indent, hanging, width);
    };
    let mut said = None;
    for held in &preflight.over {
        if said != Some(&held.over) {
            push(&format!("{}.", style.say(&held.over.message())), "  ", "");
            let until = until(held.over.from, now);
            push(&format!("Held back, not before {until}:"), "  ", "");
            said = Some(&held.over);
        }
        push(&format!("{} to {}", visible_line(&held.letter), held.to), "    ", "  ");
    }
    let more = preflight
        .skipped(Skip::AddressLimit)
        .saturating_sub(preflight.over.len());
    if more > 0 {
        push(
            &format!(
                "… and {} more held back; `appel send --dry-run --json` names them all",
                count(more, "letter")
            ),
            "  ",
            "",
        );
    }
    text
}

/// Who is left out, and why.
pub fn left_out(preflight: &Preflight, style: &Style) -> String {
    let lines: Vec<String> = preflight.left_out().iter().map(|line| style.say(line)).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("Not sent: {}.\n", lines.join("; "))
}
