//! The last words of a run: what became of its letters, why it ended, what to do now, and the exit code.

use appel_core::letter::Skip;
use appel_core::recipients::Recipients;

use super::{Context, confirm, print};
use crate::failure::{Exit, Failure, Place, Problem};
use crate::outbox::delivery::{Ended, Stop};
use crate::report::moment::until;
use crate::report::screen::{count, summary_line};
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
        print(&overview(ended, preflight, context));
    }
    let conclusion = Conclusion::new(preflight, ended, recipients.is_lost());
    // Whatever else ended the run: nobody must take what was named for all that there is.
    if conclusion.unnamed > 0 {
        context.say_problem(&unnamed(conclusion.unnamed, recipients.shown()));
    }
    let exit = conclusion.exit();
    if exit != Exit::Done {
        context.say(&advice(&conclusion));
    }
    let Some(stop) = &ended.stop else {
        return Ok(exit);
    };
    let now = context.clock.now();
    let unsent = format!(
        "{} not sent; what was sent is recorded",
        count(summary.deferred, "letter")
    );
    match stop {
        Stop::Interrupted => {
            context.say(&format!("Interrupted: {unsent}. Run `appel send` again for the rest."));
            Ok(exit)
        }
        Stop::GaveUp(reply) => {
            context.say(&format!(
                "Gave up for now: {}\n{unsent}. Run `appel send` again later, or with a longer --retry-for.",
                context.style.say(&reply.told_with_code())
            ));
            Ok(exit)
        }
        Stop::DailyLimit(again) => {
            let when = again.as_ref().map_or_else(
                || "later".to_owned(),
                |again| match until(again.whole, now) {
                    whole if again.whole == again.from => format!("after {whole}"),
                    whole => format!(
                        "after {}, or for all that the limit allows after {whole}",
                        until(again.from, now)
                    ),
                },
            );
            context.say(&format!(
                "smtp.daily-limit is reached: {unsent}. It counts the last 24 hours. Run `appel send` again {when}."
            ));
            Ok(exit)
        }
        Stop::Limited { reply, limit, from } => {
            let why = match limit {
                Limit::Day => "most providers count the last 24 hours; smtp.daily-limit keeps you below their limit",
                Limit::Rate(_) => "a lower smtp.rate keeps you below their limit",
            };
            context.say(&format!(
                "The server takes no more letters from this account for now: {}\n\
                 {unsent}. Run `appel send` again after {} ({why}).",
                context.style.say(&reply.told_with_code()),
                until(*from, now)
            ));
            Ok(exit)
        }
        Stop::Deadline => {
            context.say(&format!("The campaign's deadline has passed: {unsent}."));
            Ok(exit)
        }
        Stop::Cannot { message, cause, hint } => {
            let mut failure = Failure::cannot_deliver(message.clone());
            failure.causes.extend(cause.clone());
            failure.hints.extend(hint.clone());
            Err(failure.hint(unsent))
        }
        Stop::Ledger(error) => Err(error.into()),
        Stop::Letter(problem) if recipients.is_lost() => {
            let mut failure = Failure::cannot_deliver("the list of recipients could not be read to its end")
                .hint("what was sent is recorded: it is not sent again");
            failure.problems.push(problem.clone());
            Err(failure)
        }
        Stop::Letter(problem) => {
            let mut failure =
                Failure::cannot_deliver("a letter could no longer be written, although it could at the start")
                    .hint("did the files change meanwhile? Run `appel check`, then `appel send` again");
            failure.problems.push(problem.clone());
            Err(failure)
        }
    }
}

fn unnamed(number: usize, file: &str) -> Problem {
    let letters = count(number, "letter");
    Problem::error(format!("{letters} that would have left could not even be named"))
        .at(Place::file(file))
        .hint("their rows can no longer be read; nothing was sent to them in this run")
}

fn overview(ended: &Ended, preflight: &Preflight, context: &Context) -> String {
    let summary = &ended.summary;
    if summary.due == 0 {
        return nothing_due(preflight, context);
    }
    let mut text = summary_line(summary);
    text.push('\n');
    if ended.copies_not_taken > 0 {
        let copies = count(ended.copies_not_taken, "copy");
        text.push_str(&format!(
            "{copies} not taken by the server, although the letter was: see `appel log`.\n"
        ));
    }
    text.push_str(&confirm::left_out(preflight, &context.out));
    text.push_str(&confirm::held_back(preflight, context.clock.now(), &context.out));
    text
}

/// Why there is nothing to send.
pub fn nothing_due(preflight: &Preflight, context: &Context) -> String {
    let mut text = match preflight.skipped(Skip::AddressLimit) {
        0 => "Nothing is due.\n".to_owned(),
        _ => "Nothing can leave now.\n".to_owned(),
    };
    for line in preflight.left_out() {
        text.push_str(&format!("  {}\n", context.out.say(&line)));
    }
    text.push_str(&confirm::held_back(preflight, context.clock.now(), &context.out));
    text
}

/// What to do about letters that did not go; deferred ones only when the run did not end early, which is said apart.
fn advice(conclusion: &Conclusion) -> String {
    let (summary, stop) = (&conclusion.ended.summary, &conclusion.ended.stop);
    let mut lines = Vec::new();
    if stop.is_none() && summary.deferred > 0 {
        lines.push("Deferred letters are sent by the next `appel send`.");
    }
    if summary.refused > 0 {
        lines.push(
            "Refused letters: `appel log` shows the server's words; fix the address, or try again with --retry-refused.",
        );
    }
    if summary.in_doubt + conclusion.held_in_doubt > 0 {
        lines.push(
            "Letters in doubt may have arrived: they are held. `appel status` lists them; `appel send --resend-in-doubt` sends them again.",
        );
    }
    if conclusion.over_limit > 0 {
        lines.push(
            "Letters held back are still due: run `appel send` again when their time has come. One address gets so many letters in 24 hours, in all your campaigns; [limits] in your account file can raise that.",
        );
    }
    lines.join("\n")
}
