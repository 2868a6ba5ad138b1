//! The last words of a run: what became of its letters, why it ended, what to do now, and the exit code.

use appel_core::address::Address;
use appel_core::outcome::Reason;
use appel_core::recipients::Recipients;
use appel_messages::{Message, msg};

use super::{Context, confirm};
use crate::failure::{Exit, Failure, Place, Problem, Style};
use crate::outbox::delivery::{Ended, Stop};
use crate::outbox::event::{LetterEvent, Verdict};
use crate::report::moment::until;
use crate::report::screen::{copy_line, summary_line};
use crate::run::conclude::Conclusion;
use crate::run::preflight::Preflight;
use crate::transport::limits::Limit;

/// The last words and the exit code of a run.
pub fn conclude(
    context: &Context,
    recipients: &dyn Recipients,
    ended: &Ended,
    preflight: &Preflight,
) -> Result<Exit, Failure> {
    let summary = &ended.summary;
    if !context.global.json {
        context.print(&overview(ended, preflight, context));
    }
    let conclusion = Conclusion::new(preflight, ended, recipients.is_lost());
    // Whatever else ended the run: nobody must take what was named for all that there is.
    if conclusion.unnamed > 0 {
        context.say_problem(&unnamed(conclusion.unnamed, recipients.shown()));
    }
    let exit = conclusion.exit();
    if exit != Exit::Done {
        let advice: Vec<String> = advice(&conclusion).iter().map(|line| context.style.say(line)).collect();
        context.say_text(&advice.join("\n"));
    }
    let Some(stop) = &ended.stop else {
        return Ok(exit);
    };
    let (now, letters) = (context.clock.now(), summary.deferred);
    let said = match stop {
        Stop::Interrupted => msg!("stop-interrupted", letters = letters),
        Stop::GaveUp(reply) => msg!("stop-gave-up", reply = reply.told_with_code(), letters = letters),
        Stop::DailyLimit(None) => msg!("stop-daily-limit", letters = letters),
        Stop::DailyLimit(Some(again)) if again.whole == again.from => {
            msg!(
                "stop-daily-limit-until",
                letters = letters,
                until = until(again.whole, now)
            )
        }
        Stop::DailyLimit(Some(again)) => msg!(
            "stop-daily-limit-in-parts",
            letters = letters,
            from = until(again.from, now),
            whole = until(again.whole, now),
        ),
        Stop::Limited {
            reply,
            limit: Limit::Day,
            from,
        } => msg!(
            "stop-limited-by-day",
            reply = reply.told_with_code(),
            letters = letters,
            until = until(*from, now)
        ),
        Stop::Limited {
            reply,
            limit: Limit::Rate(_),
            from,
        } => msg!(
            "stop-limited-by-rate",
            reply = reply.told_with_code(),
            letters = letters,
            until = until(*from, now)
        ),
        Stop::Deadline => msg!("stop-deadline", letters = letters),
        Stop::Cannot { message, cause, hint } => {
            let unsent = msg!("stop-unsent", letters = letters);
            let mut failure = Failure::new(exit, message.clone());
            failure.causes.extend(cause.clone());
            failure.hints.extend(hint.clone());
            return Err(failure.hint(unsent));
        }
        Stop::Account {
            reply,
            letters: said_of,
            meaning,
        } => {
            let said = msg!("account-said", letters = *said_of, reply = reply.told_with_code());
            let mut failure = Failure::new(exit, msg!("account-refused"));
            failure.causes.push(said);
            return Err(failure
                .hint(meaning.clone())
                .hint(msg!("account-due-again", letters = letters)));
        }
        Stop::Ledger(error) => return Err(error.into()),
        Stop::Letter(problem) => {
            let what = if recipients.is_lost() {
                msg!("stop-recipients-lost")
            } else {
                msg!("stop-letter-unwritten")
            };
            let mut failure = Failure::new(exit, what);
            failure.problems.push(problem.clone());
            return Err(failure);
        }
    };
    context.say(&said);
    if let Stop::GaveUp(reply) = stop
        && reply.reason == Some(Reason::NotConnected)
    {
        context.say(&msg!("stop-hint-not-connected"));
    }
    Ok(exit)
}

fn unnamed(number: usize, file: &str) -> Problem {
    Problem::error(msg!("letters-unnamed", letters = number)).at(Place::file(file))
}

fn overview(ended: &Ended, preflight: &Preflight, context: &Context) -> String {
    let summary = &ended.summary;
    if summary.due == 0 && preflight.copies == 0 {
        return nothing_due(preflight, context);
    }
    let style = &context.out;
    let mut text = String::new();
    if summary.due > 0 {
        text = style.say(&summary_line(summary)) + "\n";
    }
    if preflight.copies > 0 {
        text.push_str(&style.say(&msg!("copies-tried-again", copies = preflight.copies)));
        text.push('\n');
    }
    text.push_str(&copies(ended, style));
    text.push_str(&confirm::left_out(preflight, style));
    text.push_str(&confirm::held_back(preflight, context.clock.now(), &context.out));
    text
}

/// The copies that were not taken although their letters were, by name.
fn copies(ended: &Ended, style: &Style) -> String {
    let summary = &ended.summary;
    let mut text = String::new();
    for (verdict, number, heading) in [
        (
            Verdict::Deferred,
            summary.copies_deferred,
            msg!("copies-deferred", copies = summary.copies_deferred),
        ),
        (
            Verdict::Refused,
            summary.copies_refused,
            msg!("copies-refused", copies = summary.copies_refused),
        ),
        (
            Verdict::InDoubt,
            summary.copies_in_doubt,
            msg!("copies-in-doubt", copies = summary.copies_in_doubt),
        ),
    ] {
        if number == 0 {
            continue;
        }
        text.push_str(&style.say(&heading));
        text.push('\n');
        let is_one = |copy: &&LetterEvent| {
            copy.outcome == verdict || verdict == Verdict::Deferred && copy.outcome == Verdict::NotTried
        };
        let mut named = 0;
        for copy in ended.copies.iter().filter(is_one) {
            text.push_str(&format!("  {}\n", copy_line(copy, style)));
            named += 1;
        }
        if named < number {
            text.push_str(&format!(
                "  {}\n",
                style.say(&msg!("copies-more", copies = number - named))
            ));
        }
    }
    text
}

/// Why there is nothing to send.
pub fn nothing_due(preflight: &Preflight, context: &Context) -> String {
    let nothing = match preflight.held_back() {
        0 => msg!("nothing-is-due"),
        _ => msg!("nothing-can-leave"),
    };
    let mut text = context.out.say(&nothing) + "\n";
    for left_out in preflight.left_out() {
        text.push_str(&format!("  {}\n", context.out.say(&left_out.line)));
        if let Some((first, number)) = left_out.refused {
            text.push_str(&refused_earlier(&first, number, context));
        }
    }
    text.push_str(&confirm::held_back(preflight, context.clock.now(), &context.out));
    text
}

/// The letters or copies that the server refused earlier, by name: nobody takes "nothing is due" for "all have theirs".
fn refused_earlier(first: &[(String, Address)], number: usize, context: &Context) -> String {
    let mut text = String::new();
    for (letter, to) in first {
        text.push_str(&format!("    {letter}  {to}\n"));
    }
    let more = number - first.len();
    if more > 0 {
        text.push_str(&format!(
            "    {}\n",
            context.out.say(&msg!("refused-earlier-more", letters = more))
        ));
    }
    text
}

/// What to do about letters that did not go; deferred ones only when the run did not end early, which is said apart.
fn advice(conclusion: &Conclusion) -> Vec<Message> {
    let (summary, stop) = (&conclusion.ended.summary, &conclusion.ended.stop);
    let mut lines = Vec::new();
    if stop.is_none() && summary.deferred > 0 {
        lines.push(msg!("advice-deferred"));
    }
    if summary.refused > 0 {
        lines.push(msg!("advice-refused"));
    }
    if summary.in_doubt + conclusion.held_in_doubt > 0 {
        lines.push(msg!("advice-in-doubt"));
    }
    if conclusion.copies_in_doubt > 0 {
        lines.push(msg!("advice-copies-in-doubt"));
    }
    if conclusion.over_limit > 0 {
        lines.push(msg!("advice-held-back"));
    }
    lines
}
