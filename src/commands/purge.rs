//! `appel purge`: forgets a campaign, after asking.

use std::path::{Path, PathBuf};

use appel_core::words::visible_line;
use appel_messages::{Message, msg};

use super::{Context, confirm};
use crate::account::titles::Titles;
use crate::account::trust::Folders;
use crate::cli;
use crate::failure::{Exit, Failure, Style};
use crate::input::Identity;
use crate::input::config::or_here;
use crate::outbox::kept::Kept;
use crate::outbox::ledger::{self, Holdings, Ledger, Location};
use crate::outbox::quota::Quota;
use crate::private::{self, Erasable, Unfit};
use crate::wrap::push_wrapped;

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Purge) -> Result<Exit, Failure> {
    let identity = context.identity()?;
    let location = context.ledger()?;
    let now = context.clock.now();
    // To take the lock would make a ledger where there is none.
    let mut ledger: Option<Box<dyn Ledger>> = if location.is_there()? {
        Some(ledger::open(&location, now).await?)
    } else {
        None
    };
    // Opened before anything is asked or removed: what cannot be erased is said while all is there.
    let purged = match log_of(&identity.id) {
        Ok(log) => purge(context, arguments, &identity, &location, &mut ledger, log).await,
        Err(failure) => Err(failure),
    };
    if let Some(ledger) = ledger {
        // That it ended is worth writing down, but no reason to fail.
        let _ = ledger.close(context.clock.now()).await;
    }
    purged
}

async fn purge(
    context: &Context,
    arguments: &cli::Purge,
    identity: &Identity,
    location: &Location,
    ledger: &mut Option<Box<dyn Ledger>>,
    log: Option<Erasable>,
) -> Result<Exit, Failure> {
    let since = Quota::since(context.clock.now());
    let holdings = match ledger {
        Some(ledger) => ledger.holdings(&identity.id, since).await?,
        None => Holdings::default(),
    };
    let word = Said::of(&context.global.config)?;
    let nothing = holdings.letters() == 0 && log.is_none() && word.is_none();
    if !nothing {
        let log = log.as_ref().map(Erasable::path);
        let mut text = overview(identity, location, log, &holdings, &context.style);
        if word.is_some() {
            text.push_str(&context.style.say(&msg!("purge-word")));
            text.push('\n');
        }
        context.say_text(&text);
        let hint = Some(msg!("ask-purge-hint"));
        if !arguments.yes && !confirm::ask(&context.style, &msg!("ask-purge"), hint)? {
            context.say(&msg!("purge-nothing-removed"));
            return Ok(Exit::Done);
        }
    }
    if let Some(ledger) = ledger {
        // Also where nothing is left to forget: an earlier purge may have been in somebody's way.
        if !ledger.purge(&identity.id, since).await? {
            let traces = msg!("purge-traces-stay", ledger = location.to_string());
            return Err(Failure::cannot_deliver(traces));
        }
        if let Some(path) = location.path() {
            // Of a campaign that is forgotten no letter is needed any more.
            Kept::beside(path).tidy(&mut **ledger).await?;
        }
    }
    let has_log = log.is_some();
    if let Some(log) = log {
        let path = log.path().to_owned();
        log.erase().map_err(|error| {
            let stays = msg!("purge-log-stays", log = appel_core::words::path(&path));
            Failure::cannot_deliver(stays).because(&error)
        })?;
    }
    if let Some(word) = word {
        word.forget()?;
    }
    Titles::read()
        .forget(&identity.id)
        .map_err(|error| Failure::cannot_deliver(msg!("purge-title-stays")).because(&error))?;
    if context.global.json {
        context.print_json(&serde_json::json!({
            "event": "purged",
            "campaign": identity.id,
            "letters": holdings.letters(),
            "attempts": holdings.attempts,
            "senders": holdings.senders,
            "log": has_log,
        }))?;
    } else if nothing {
        context.print_line(&msg!("purge-nothing"));
    } else {
        let (letters, attempts) = (holdings.letters(), holdings.attempts);
        let removed = if has_log {
            msg!("purge-removed-with-log", letters = letters, attempts = attempts)
        } else {
            msg!("purge-removed", letters = letters, attempts = attempts)
        };
        context.print_line(&removed);
    }
    Ok(Exit::Done)
}

/// What the person said of a campaign's folder.
struct Said {
    folders: Folders,
    folder: PathBuf,
}

impl Said {
    /// If they said anything.
    fn of(config: &Path) -> Result<Option<Self>, Failure> {
        let Some(state) = private::state_folder() else {
            return Ok(None);
        };
        let folder = config.parent().map_or(config, or_here);
        let said = Self {
            folders: Folders::in_state_folder(&state),
            folder: folder.to_owned(),
        };
        match said.folders.has(folder) {
            Ok(has) => Ok(has.then_some(said)),
            Err(error) => Err(Failure::cannot_deliver(msg!("purge-word-unread")).because(&error)),
        }
    }

    fn forget(&self) -> Result<(), Failure> {
        let forgotten = self.folders.forget(&self.folder);
        forgotten.map_err(|error| Failure::cannot_deliver(msg!("purge-word-stays")).because(&error))
    }
}

/// The campaign's log, if there is one.
fn log_of(campaign: &str) -> Result<Option<Erasable>, Failure> {
    // An id that is no plain name never had a log, and would lead out of the folder of logs.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let path = crate::report::log::default_path(campaign).filter(|_| campaign.chars().all(plain));
    let Some(path) = path else { return Ok(None) };
    private::check_state_folder()?;
    crate::report::log::check_folder(&path)
        .and_then(|()| Erasable::open(&path))
        .map_err(|error| {
            let unfit = Unfit::from_io(&path, &error);
            Failure::cannot_deliver(msg!("purge-log-unfit", why = unfit.what)).hint(unfit.hint)
        })
}

/// What will be forgotten, and what comes of it.
fn overview(
    identity: &Identity,
    location: &Location,
    log: Option<&Path>,
    holdings: &Holdings,
    style: &Style,
) -> String {
    let width = style.width.saturating_sub(1).max(20);
    let mut text = format!("{} ({})\n\n", visible_line(&identity.title), visible_line(&identity.id));
    for (number, word) in [
        (holdings.accepted, msg!("count-accepted")),
        (holdings.deferred, msg!("count-deferred")),
        (holdings.refused, msg!("count-refused")),
        (holdings.in_doubt, msg!("count-in-doubt")),
        (holdings.untried, msg!("count-untried")),
    ] {
        text.push_str(&format!("{number:>9}  {}\n", style.say(&word)));
    }
    text.push('\n');
    let push = |text: &mut String, line: &Message| push_wrapped(text, &style.say(line), "", "", width);
    // A path stays whole, so that it can be copied.
    if holdings.letters() > 0 {
        let what = msg!(
            "purge-records",
            letters = holdings.letters(),
            attempts = holdings.attempts,
            senders = holdings.senders,
        );
        push(&mut text, &what);
        text.push_str(&format!("  {location}\n"));
    }
    if let Some(log) = log {
        push(&mut text, &msg!("purge-log"));
        text.push_str(&format!("  {}\n", appel_core::words::path(log)));
    }
    push(&mut text, &msg!("purge-for-good"));
    if holdings.accepted > 0 {
        push(&mut text, &msg!("purge-accepted", letters = holdings.accepted));
    }
    if holdings.in_doubt > 0 {
        push(&mut text, &msg!("purge-in-doubt", letters = holdings.in_doubt));
    }
    if holdings.in_the_last_day > 0 {
        push(&mut text, &msg!("purge-hashes-stay"));
        push(
            &mut text,
            &msg!("purge-daily-limit", letters = holdings.in_the_last_day),
        );
    }
    text
}
