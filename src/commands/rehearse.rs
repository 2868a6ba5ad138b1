//! `appel rehearse`: the real send against the built-in mail server, then what arrived there.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use appel_core::letter::{Rules, Skip};
use appel_core::recipients::Recipients;
use appel_messages::msg;
use secrecy::SecretString;

use super::conclude::conclude;
use super::interrupts::watch_interrupts;
use super::{Context, personal, selection, without_words};
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::input::config::Rate;
use crate::outbox::delivery::Ended;
use crate::outbox::event::{Event, Listener, Verdict};
use crate::outbox::ledger::{self, Location};
use crate::outbox::quota::Quota;
use crate::rehearsal::inbox::{Contents, Inbox};
use crate::report::curtain::Curtain;
use crate::report::letter::Shown;
use crate::report::table::table;
use crate::run::compose::Composer;
use crate::run::preflight::{Preflight, SHOWN_PROBLEMS, preflight};
use crate::run::rehearse::rehearse;
use crate::run::send::{SendSettings, Sending};

/// How many letters that arrived are shown one by one.
const SHOWN: usize = 25;

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Rehearse) -> Result<Exit, Failure> {
    let mut input = context.input()?;
    arguments.sender.stand_in(&mut input.sender);
    let selection = selection(&arguments.select, &input.campaign)?;
    let personal = personal(&arguments.personal)?;
    let now = context.clock.now();
    let composer = Composer::new(input, selection, personal.as_deref())?;
    context.say_problems(&composer.plan.uncovered());
    // A ledger that is thrown away: a rehearsal starts from nothing every time, and leaves nothing behind.
    let folder =
        tempfile::tempdir().map_err(|error| Failure::cannot_deliver(msg!("no-temporary-folder")).because(&error))?;
    let mut ledger = ledger::open(&Location::from(folder.path().join("ledger")), now).await?;
    let rules = Rules {
        recent: Some(Arc::default()),
        as_if_received: false,
        ..Rules::to_look(now)
    };
    let mut preflight = preflight(&composer, &mut *ledger, &rules, SHOWN_PROBLEMS, |_| Ok(())).await?;
    context.say_problems(&without_words(&composer, &preflight).into_iter().collect());
    let found = std::mem::take(&mut preflight.found);

    let languages = Languages::default();
    let inbox = inbox(arguments.keep.as_deref())?;
    let mut listeners = context.story(preflight.due, 0, &Curtain::default());
    listeners.push(Box::new(languages.clone()));
    let sending = Sending {
        composer: Arc::clone(&composer),
        rules,
        // Without the campaign's pace: nobody is kept waiting by a rehearsal.
        settings: SendSettings {
            connections: composer.input.smtp.as_ref().map_or(2, |smtp| smtp.connections),
            rate: Rate::Unlimited,
            retry_for: Duration::from_secs(10),
            quota: Quota::default(),
            letters_per_connection: None,
            signs_in: true,
            // What arrives is what readers get.
            copy_to_self: false,
        },
        kept: None,
        clock: context.clock,
        listeners,
    };
    let password = SecretString::from(folder.path().display().to_string());
    let ended = rehearse(sending, ledger, found, &inbox, password, || {
        watch_interrupts(context.style)
    })
    .await?;
    let contents = inbox.into_contents();
    if let Some(error) = &contents.failure {
        return Err(Failure::cannot_deliver(msg!("rehearse-not-kept")).because(error));
    }
    if !context.global.json {
        context.print(&arrived(
            context,
            &contents,
            &ended,
            &languages,
            arguments.keep.as_deref(),
        ));
    }
    finish(context, &*composer.input.campaign.recipients, &ended, &preflight)
}

fn finish(
    context: &Context,
    recipients: &dyn Recipients,
    ended: &Ended,
    preflight: &Preflight,
) -> Result<Exit, Failure> {
    let exit = conclude(context, recipients, ended, preflight)?;
    let following = preflight.skipped(Skip::NotReceived);
    if following > 0 {
        context.say(&msg!("rehearse-follows", letters = following));
    }
    context.say(&msg!("rehearse-was-one"));
    Ok(exit)
}

fn inbox(keep: Option<&Path>) -> Result<Inbox, Failure> {
    match keep {
        None => Ok(Inbox::remembering(SHOWN)),
        Some(folder) => Inbox::keeping(SHOWN, folder)
            .map_err(|error| Failure::cannot_deliver(error.message()).for_this(error.cause())),
    }
}

/// Remembers the languages of the first letters: a message does not say its own.
#[derive(Clone, Default)]
struct Languages(Arc<Mutex<HashMap<String, String>>>);

impl Listener for Languages {
    fn hear(&mut self, event: &Event) {
        let mut languages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Event::Letter(letter) = event
            && letter.outcome == Verdict::Accepted
            && languages.len() < 4 * SHOWN
            && let Some(language) = &letter.language
        {
            let message_id = letter
                .message_id
                .as_deref()
                .unwrap_or_default()
                .trim_matches(['<', '>']);
            languages.insert(message_id.to_owned(), language.clone());
        }
    }
}

/// What the server got: a row a letter, and the first letter in full.
fn arrived(
    context: &Context,
    contents: &Contents,
    ended: &Ended,
    languages: &Languages,
    keep: Option<&Path>,
) -> String {
    let languages = languages.0.lock().unwrap_or_else(PoisonError::into_inner);
    let read: Vec<Shown> = contents
        .letters
        .iter()
        .filter_map(|letter| Shown::read(&letter.bytes))
        .collect();
    let style = &context.out;
    let mut text = String::new();
    if !read.is_empty() {
        text.push_str(&style.say(&msg!("rehearse-arrived")));
        text.push_str("\n\n");
        let rows = read.iter().map(|letter| {
            let language = languages.get(&letter.message_id).cloned().unwrap_or_default();
            vec![
                letter.to.replace(" <", "\n<"),
                language,
                letter.subject.clone(),
                letter.cc.join("\n"),
            ]
        });
        let [to, language, subject, copies] = [
            msg!("column-to"),
            msg!("column-language"),
            msg!("column-subject"),
            msg!("column-copies"),
        ]
        .map(|heading| style.say(&heading));
        text.push_str(&table(&[&to, &language, &subject, &copies], rows, style));
        let more = usize::try_from(contents.accepted)
            .unwrap_or(usize::MAX)
            .saturating_sub(read.len());
        if more > 0 {
            text.push_str(&format!("  {}\n", style.say(&msg!("rehearse-more", letters = more))));
        }
    }
    if let Some(first) = read.first() {
        text.push_str(&format!("\n{}\n\n", style.say(&msg!("rehearse-first"))));
        text.push_str(&first.on_screen("  ", style));
        text.push('\n');
    }
    if let Some(folder) = keep {
        let kept = msg!(
            "rehearse-kept",
            letters = contents.accepted,
            folder = appel_core::words::path(folder)
        );
        text.push_str(&(style.say(&kept) + "\n"));
    }
    if contents.accepted != ended.summary.accepted as u64 {
        let differ = msg!(
            "rehearse-differ",
            taken = contents.accepted,
            known = ended.summary.accepted
        );
        text.push_str(&(style.say(&differ) + "\n"));
    }
    text
}
