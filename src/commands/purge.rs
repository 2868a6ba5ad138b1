//! `appel purge`: forgets a campaign, after asking.

use std::path::{Path, PathBuf};

use appel_core::words::visible_line;

use super::{Context, confirm, print, print_json};
use crate::account::trust::Folders;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::input::Identity;
use crate::input::config::or_here;
use crate::outbox::ledger::{self, Holdings, Ledger, Location};
use crate::outbox::quota::Quota;
use crate::private::{self, Erasable, Unfit};
use crate::report::screen::count;
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
        let mut text = overview(identity, location, log, &holdings, context.style.width);
        if word.is_some() {
            text.push_str("To be removed: that you called the campaign's folder your own\n");
        }
        context.say(&text);
        let hint = "read what would be forgotten, then purge with --yes";
        if !arguments.yes && !confirm::ask("Forget all of it?", hint)? {
            context.say("Nothing was removed.");
            return Ok(Exit::Done);
        }
    }
    if let Some(ledger) = ledger {
        // Also where nothing is left to forget: an earlier purge may have been in somebody's way.
        if !ledger.purge(&identity.id, since).await? {
            return Err(Failure::cannot_deliver(format!(
                "the records are removed, but traces stay in the files of the ledger {location}: another program is reading it"
            ))
            .hint("close it, then run `appel purge` again"));
        }
    }
    let has_log = log.is_some();
    if let Some(log) = log {
        let path = log.path().to_owned();
        log.erase().map_err(|error| {
            Failure::cannot_deliver(format!(
                "the records are removed, but the log {} is not",
                appel_core::words::path(&path)
            ))
            .because(&error)
            .hint("remove it by hand, or run `appel purge` again")
        })?;
    }
    if let Some(word) = word {
        word.forget()?;
    }
    if context.global.json {
        print_json(&serde_json::json!({
            "event": "purged",
            "campaign": identity.id,
            "letters": holdings.letters(),
            "attempts": holdings.attempts,
            "senders": holdings.senders,
            "log": has_log,
        }))?;
    } else if nothing {
        print("Nothing is recorded of this campaign.\n");
    } else {
        let log = if has_log { ", and the log" } else { "" };
        print(&format!(
            "Removed: {}, {}{log}.\n",
            count(holdings.letters(), "letter"),
            count(holdings.attempts, "attempt")
        ));
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
            Err(error) => {
                let failure =
                    Failure::cannot_deliver("what you said of folders cannot be read, so nothing was removed");
                Err(failure
                    .because(&error)
                    .hint("look at folders.json in your state folder"))
            }
        }
    }

    fn forget(&self) -> Result<(), Failure> {
        self.folders.forget(&self.folder).map_err(|error| {
            Failure::cannot_deliver("the records are removed, but not what you said of the campaign's folder")
                .because(&error)
                .hint("run `appel purge` again")
        })
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
            Failure::cannot_deliver(format!("the log cannot be erased, so nothing was removed: {unfit}"))
                .hint(unfit.hint)
        })
}

/// What will be forgotten, and what comes of it.
fn overview(identity: &Identity, location: &Location, log: Option<&Path>, holdings: &Holdings, width: usize) -> String {
    let width = width.saturating_sub(1).max(20);
    let mut text = format!("{} ({})\n\n", visible_line(&identity.title), visible_line(&identity.id));
    for (number, word) in [
        (holdings.accepted, "accepted"),
        (holdings.deferred, "deferred (due again)"),
        (holdings.refused, "refused"),
        (holdings.in_doubt, "in doubt (held)"),
        (holdings.untried, "never tried"),
    ] {
        text.push_str(&format!("{number:>9}  {word}\n"));
    }
    text.push('\n');
    // A path stays whole, so that it can be copied.
    if holdings.letters() > 0 {
        let what = format!(
            "To be removed: these {}, with {} by {}, from the ledger",
            count(holdings.letters(), "letter"),
            count(holdings.attempts, "attempt"),
            count(holdings.senders, "sender"),
        );
        push_wrapped(&mut text, &what, "", "", width);
        text.push_str(&format!("  {location}\n"));
    }
    if let Some(log) = log {
        let log = appel_core::words::path(log);
        text.push_str(&format!("To be removed: the log\n  {log}\n"));
    }
    let mut push = |line: &str| push_wrapped(&mut text, line, "", "", width);
    push("Records of other campaigns stay. This cannot be undone.");
    if holdings.accepted > 0 {
        push(&format!(
            "What was sent is forgotten: a later `appel send` would send {} again.",
            count(holdings.accepted, "letter")
        ));
    }
    if holdings.in_doubt > 0 {
        push(&format!(
            "{} in doubt, which may have arrived, would be sent again too.",
            count(holdings.in_doubt, "letter")
        ));
    }
    if holdings.in_the_last_day > 0 {
        push(
            "So that nobody gets too much, a salted hash of each address stays until the first `appel send` after 24 hours; who guesses an address can test it.",
        );
        push(&format!(
            "smtp.daily-limit will no longer count {} of the last 24 hours; your provider does.",
            count(holdings.in_the_last_day, "letter")
        ));
    }
    text
}
