//! The question before the first letter: who gets what, from whom, in which language.

use std::io::IsTerminal;

use super::Context;
use super::survey::{SHOWN_LETTERS, Survey};
use crate::campaign::Campaign;
use crate::campaign::config::{Rate, Smtp};
use crate::failure::{Failure, Style};
use crate::report::screen::{count, seconds_in_words};
use crate::report::table::table;
use crate::words::visible;

/// Shows what will happen, and asks; `Ok(false)` is a no.
///
/// # Errors
/// When nobody can be asked (exit 2).
pub fn confirm(
    context: &Context,
    campaign: &Campaign,
    smtp: &Smtp,
    survey: &Survey,
    yes: bool,
) -> Result<bool, Failure> {
    context.say(&overview(campaign, smtp, survey, &context.style));
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(
            Failure::usage("nobody is here to confirm").hint("look at `appel send --dry-run`, then send with --yes")
        );
    }
    let question = format!("Send {}?", count(survey.due, "letter"));
    dialoguer::Confirm::new()
        .with_prompt(question)
        .default(false)
        .wait_for_newline(true)
        .interact()
        .map_err(|error| Failure::usage("nobody answered").because(&error))
}

/// The campaign, the sender, the letters, who is left out, and how long it will take.
pub fn overview(campaign: &Campaign, smtp: &Smtp, survey: &Survey, style: &Style) -> String {
    let config = &campaign.config;
    let sender = &config.sender;
    let mut text = format!(
        "{}\nFrom {} <{}>, through {}\n\n",
        visible(&config.title),
        visible(&sender.name),
        sender.email,
        visible(&smtp.host)
    );
    text.push_str(&letters(survey, style));
    text.push_str(&left_out(survey));
    let mut how = count(survey.due, "letter");
    if let Rate::Every(interval) = smtp.rate
        && let Ok(pauses) = u32::try_from(survey.due.saturating_sub(1))
        && pauses > 0
    {
        let time = seconds_in_words(interval.saturating_mul(pauses).as_secs() + 1);
        how.push_str(&format!(", about {} at this pace", time.trim_start_matches("about ")));
    }
    text.push_str(&format!("{how}.\n"));
    text
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
