//! `appel preview`: the letters as they would leave.

use appel_core::letter::{Letter, Message, Rules};
use appel_core::words::{visible, visible_line};

use appel_messages::msg;

use super::{Context, personal, selection, without_words};
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::outbox::event::{Event, LetterEvent, Verdict};
use crate::outbox::ledger::NoLedger;
use crate::report::letter::Shown;
use crate::run::compose::Composer;
use crate::run::preflight::{Checked, SHOWN_PROBLEMS, preflight};

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Preview) -> Result<Exit, Failure> {
    let mut input = context.input()?;
    arguments.sender.stand_in(&mut input.sender);
    let selection = selection(&arguments.select, &input.campaign)?;
    let personal = personal(&arguments.personal)?;
    let now = context.clock.now();
    let composer = Composer::new(input, selection, personal.as_deref())?;
    context.say_problems(&composer.plan.uncovered());
    let mut shown = 0_usize;
    // A preview shows the letters, whatever was sent of them already.
    let preflight = preflight(&composer, &mut NoLedger, &Rules::to_look(now), SHOWN_PROBLEMS, |seen| {
        let Checked::Due { letter, text, date } = seen else {
            return Ok(());
        };
        let message = composer.message(letter, text, date).map_err(Failure::from)?;
        let read = Shown::read(&message.bytes).ok_or_else(|| Failure::cannot_deliver(msg!("letter-unreadable")))?;
        if context.global.json {
            context.print_json(&event(letter, &message, &read, now))?;
        } else if context.global.verbose {
            context.print(&visible(&String::from_utf8_lossy(&message.bytes).replace("\r\n", "\n")));
            context.print("\n");
        } else {
            if shown > 0 {
                context.print(&format!("{}\n\n", "─".repeat(context.out.width.min(72))));
            }
            let title = msg!(
                "preview-title",
                letter = visible_line(&letter.spec.id),
                language = letter.language.to_string()
            );
            context.print_line(&title);
            context.print(&read.on_screen("", &context.out));
            context.print("\n");
        }
        shown += 1;
        Ok(())
    })
    .await?;
    context.say_problems(&without_words(&composer, &preflight).into_iter().collect());
    if shown == 0 && !context.global.json {
        context.print_line(&msg!("preview-none"));
    }
    Ok(Exit::Done)
}

fn event(letter: &Letter, message: &Message, read: &Shown, now: jiff::Timestamp) -> Event {
    Event::Preview(Box::new(LetterEvent {
        subject: Some(message.subject.clone()),
        text: Some(read.text.clone()),
        ..LetterEvent::of(letter, Verdict::DryRun, now)
    }))
}
