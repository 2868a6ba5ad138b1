//! The question before the first letter: who gets what, from whom, in which language; and how a question is asked.

use std::io::{IsTerminal, Write};

use appel_core::words::{visible, visible_line};
use appel_messages::{Message, msg};
use jiff::Timestamp;

use super::Context;
use crate::failure::{Failure, Style};
use crate::input::Input;
use crate::input::config::{Rate, Smtp};
use crate::outbox::quota::Quota;
use crate::report::moment::{about, clock_time, until};
use crate::report::table::table;
use crate::report::{edition, leaving};
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
        context.say_text(&overview);
        return Ok(true);
    }
    // A question means nothing without what it is about, also with --quiet.
    super::to_stderr(&overview, context.style.color);
    let question = msg!("ask-send", letters = preflight.due + preflight.copies);
    ask(&context.style, &question, Some(msg!("ask-send-hint")))
}

/// Asks a question whose answer, without another word, is no.
///
/// A line of the terminal's own, read as the terminal gives it: Ctrl-C ends the program and leaves the terminal as it
/// was, which a prompt that hides the cursor does not.
///
/// # Errors
/// When nobody can be asked (exit 2): then `hint` says what to do.
pub fn ask(style: &Style, question: &Message, hint: Option<Message>) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let mut failure = Failure::usage(msg!("nobody-to-confirm"));
        failure.hints.extend(hint);
        return Err(failure);
    }
    let nobody = |error: std::io::Error| Failure::usage(msg!("nobody-answered")).because(&error);
    let mut terminal = std::io::stderr();
    let question = msg!("ask", question = question);
    write!(terminal, "{} ", visible(&style.say(&question)))
        .and_then(|()| terminal.flush())
        .map_err(nobody)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(nobody)?;
    if !answer.ends_with('\n') {
        // Ctrl-D: what is said next begins a line of its own.
        let _ = terminal.write_all(b"\n");
    }
    let answer = answer.trim().to_lowercase();
    Ok(style.say(&msg!("ask-yes")).split_whitespace().any(|yes| yes == answer))
}

/// The campaign, the sender, the letters, who is left out, and how long it will take.
pub fn overview(input: &Input, smtp: &Smtp, preflight: &Preflight, timetable: &Timetable, style: &Style) -> String {
    let Input { campaign, sender, .. } = input;
    let from = msg!(
        "overview-from",
        name = visible_line(&sender.name),
        email = sender.email.to_string(),
        host = visible_line(&smtp.host),
    );
    let mut text = format!("{}\n{}\n", visible_line(&campaign.title), style.say(&from));
    for line in edition::lines(campaign) {
        push_wrapped(
            &mut text,
            &style.say(&line),
            "",
            "",
            style.width.saturating_sub(1).max(20),
        );
    }
    text.push('\n');
    text.push_str(&letters(preflight, style));
    text.push_str(&copies_again(preflight, style));
    if sender.copy_to_self && preflight.due > 0 {
        let own = msg!(
            "overview-copies-to-self",
            letters = preflight.due,
            address = &sender.email
        );
        text.push_str(&(style.say(&own) + "\n"));
    }
    text.push_str(&left_out(preflight, style));
    text.push_str(&held_back(preflight, timetable.now, style));
    text.push_str(&style.say(&leaving::in_all(&preflight.leaving)));
    text.push('\n');
    text.push_str(&timetable.of(preflight, style));
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
        let (Checked::Due { letter, .. } | Checked::Copy { letter }) = seen else {
            return;
        };
        let addresses = letter.addresses();
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
    fn of(&self, preflight: &Preflight, style: &Style) -> String {
        let (letters, leave) = (preflight.due + preflight.copies, self.leave);
        let how_many = if leave < letters {
            msg!("timetable-limited", letters = letters, leave = leave)
        } else {
            msg!("timetable-all", letters = letters)
        };
        let mut text = style.say(&self.takes(how_many)) + "\n";
        if leave == 0
            && let Some(again) = self.quota.again(self.first)
        {
            let next = msg!("timetable-next", until = until(again.from, self.now));
            text.push_str(&style.say(&next));
            text.push('\n');
        }
        text
    }

    /// So many letters, with how long they take.
    fn takes(&self, how_many: Message) -> Message {
        let pauses = u32::try_from(self.leave.saturating_sub(1)).unwrap_or(0);
        let takes = match self.rate {
            Rate::Every(interval) if pauses > 0 => interval.saturating_mul(pauses),
            _ => return msg!("timetable", letters = how_many),
        };
        let wait = about(takes.as_secs() + 1);
        match self.now.checked_add(takes) {
            Ok(end) if takes.as_secs() >= 60 => {
                msg!(
                    "timetable-until",
                    letters = how_many,
                    wait = wait,
                    end = clock_time(end, self.now)
                )
            }
            _ => msg!("timetable-takes", letters = how_many, wait = wait),
        }
    }
}

/// The first letters one by one, the others counted.
pub fn letters(preflight: &Preflight, style: &Style) -> String {
    if preflight.due == 0 {
        return String::new();
    }
    let [letter, to, language, copies, letters] = [
        msg!("column-letter"),
        msg!("column-to"),
        msg!("column-language"),
        msg!("column-copies"),
        msg!("column-letters"),
    ]
    .map(|heading| style.say(&heading));
    let mut text = table(
        &[&letter, &to, &language, &copies],
        preflight.first.iter().map(|row| row.to_vec()),
        style,
    );
    if preflight.due > SHOWN_LETTERS {
        let more = msg!("letters-more-in-all", letters = preflight.due - SHOWN_LETTERS);
        text.push_str(&format!("  {}\n", style.say(&more)));
        let rows = preflight
            .kinds
            .iter()
            .map(|((letter, language), number)| vec![letter.clone(), language.clone(), number.to_string()]);
        text.push_str(&table(&[&letter, &language, &letters], rows, style));
    }
    text.push('\n');
    text.push_str(&leaving::shown(&preflight.leaving, style));
    text
}

/// How many copies are tried again that their letters left without.
pub fn copies_again(preflight: &Preflight, style: &Style) -> String {
    match preflight.copies {
        0 => String::new(),
        copies => style.say(&msg!("copies-again", copies = copies)) + "\n",
    }
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
            let until = msg!("held-back-until", until = until(held.over.from, now));
            push(&style.say(&until), "  ", "");
            said = Some(&held.over);
        }
        let whom = msg!(
            "letter-to",
            letter = visible_line(&held.letter),
            to = held.to.to_string()
        );
        push(&style.say(&whom), "    ", "  ");
    }
    let more = preflight.held_back().saturating_sub(preflight.over.len());
    if more > 0 {
        push(&style.say(&msg!("held-back-more", letters = more)), "  ", "");
    }
    text
}

/// Who is left out, and why.
pub fn left_out(preflight: &Preflight, style: &Style) -> String {
    let lines: Vec<String> = preflight.left_out().map(|left_out| style.say(&left_out.line)).collect();
    if lines.is_empty() {
        return String::new();
    }
    style.say(&msg!("not-sent", reasons = lines.join("; "))) + "\n"
}
