//! `appel send`: send what is due.

use std::io::{IsTerminal, stdout};
use std::sync::Arc;

use appel_core::address::Address;
use appel_core::campaign::{Campaign, Sender};
use appel_core::letter::{Over, Resend, Rules};
use appel_messages::msg;

use super::conclude::{conclude, nothing_due};
use super::confirm::{self, confirm};
use super::interrupts::watch_interrupts;
use super::{Context, demand_words, password, personal, selection, trust};
use crate::account::hosts::{Findings, Hosts};
use crate::cli;
use crate::failure::{Exit, Failure, Problem};
use crate::input::config::{Smtp, is_loopback};
use crate::outbox::delivery::{Ended, Learned, Stop};
use crate::outbox::event::{Event, LetterEvent, Listener, Summary, Verdict};
use crate::outbox::kept::Kept;
use crate::outbox::ledger::{self, Ledger, LedgerError, LedgerReader, Location};
use crate::outbox::quota::Quota;
use crate::private::{self, Unfit};
use crate::report::curtain::Curtain;
use crate::report::json::JsonLines;
use crate::report::leaving::{self, LetterList};
use crate::report::log::LogFile;
use crate::run::compose::{Composer, clock_behind, open_copies, recent};
use crate::run::preflight::{Checked, Preflight, SHOWN_PROBLEMS, preflight};
use crate::run::send::{SendSettings, Sending};
use crate::transport::ConnectError;
use crate::transport::files::EmlFolder;
use crate::transport::smtp::{self, Login, Settings, SmtpTransport, Trust};

/// The letters of this sender, or of whoever stands in for them.
fn composer(context: &Context, arguments: &cli::Send, is_dry: bool) -> Result<Arc<Composer>, Failure> {
    let mut input = context.input()?;
    if arguments.sender.is_given() && !is_dry {
        return Err(Failure::usage(msg!("usage-as-dry")));
    }
    arguments.sender.stand_in(&mut input.sender);
    let selection = selection(&arguments.select, &input.campaign)?;
    let personal = personal(&arguments.personal)?;
    let composer = Composer::new(input, selection, personal.as_deref())?;
    context.say_problems(&composer.plan.uncovered());
    Ok(composer)
}

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Send) -> Result<Exit, Failure> {
    let is_dry = arguments.dry_run || arguments.out.is_some();
    let composer = composer(context, arguments, is_dry)?;
    let now = context.clock.now();
    let resend = Resend {
        in_doubt: arguments.resend_in_doubt,
        refused: arguments.retry_refused,
    };
    let location = context.ledger()?;

    if is_dry {
        let mut ledger = ledger::read(&location, now).await?;
        return dry_run(context, arguments, &composer, &mut *ledger, resend).await;
    }

    let input = &composer.input;
    let account = input.smtp.as_ref().ok_or_else(no_smtp)?;
    let word = trust::word(context, input, account, arguments.own_folder)?;
    if !location.path().is_some_and(private::is_in_state_folder) {
        // The log is there all the same.
        private::check_state_folder()?;
    }
    let mut ledger = ledger::open(&location, now).await?;
    let kept = kept(&location, &mut *ledger).await?;
    let rules = Rules {
        resend,
        recent: Some(Arc::new(recent(&mut *ledger, input, now).await?)),
        copies: open_copies(&mut *ledger, input).await?,
        as_if_received: false,
        ..Rules::to_look(now)
    };
    let mut quota = quota(&mut *ledger, &input.sender.email, account, now).await?;
    let hosts = Hosts::read(now);
    let known = hosts.of(&account.host, account.port);
    let rate = known.pace.map_or(account.rate, |pace| account.rate.at_most_every(pace));
    let mut plan = confirm::Timetable::new(rate, &mut quota, now);
    let mut preflight = preflight(&composer, &mut *ledger, &rules, SHOWN_PROBLEMS, |seen| {
        plan.see(&seen);
        Ok(())
    })
    .await?;
    refuse_unready(&composer, &preflight, account)?;
    // The log names each letter that is held back.
    if preflight.nothing_due() && !context.global.json && preflight.held_back() == 0 {
        return nothing_to_deliver(context, &input.campaign, ledger, &preflight).await;
    }
    if !preflight.nothing_due()
        && let Some(warning) = clock_behind(&mut *ledger, &input.sender.email, now).await?
    {
        context.say_problem(&warning);
    }
    if !preflight.nothing_due() && !confirm(context, input, account, &preflight, &plan, arguments.yes)? {
        context.say(&msg!("nothing-was-sent"));
        // A run that never began needs no look from the next one.
        let _ = ledger.close(context.clock.now()).await;
        return Ok(Exit::Done);
    }

    // Nobody is asked for a password for nothing; and before the story begins, whose bar would be drawn over the question.
    let learned = smtp::Learned::knowing(smtp::Found {
        wants_domain: known.wants_domain,
        pipelining: known.no_pipelining.then_some(false),
        ..smtp::Found::default()
    });
    let curtain = Curtain::default();
    let transport = (!preflight.nothing_due()).then(|| {
        let login = password::login(account, word, &context.style, &curtain)?;
        prepare(account, login, input.sender.email.domain(), learned.clone())
    });
    let listeners = listeners(context, &input.campaign, &preflight, &curtain);
    let sending = Sending {
        composer: Arc::clone(&composer),
        rules,
        settings: SendSettings {
            connections: account.connections,
            rate,
            retry_for: arguments.retry_for.unwrap_or(account.retry_for),
            quota,
            letters_per_connection: known.letters_per_connection,
            signs_in: account.username.is_some(),
            copy_to_self: input.sender.copy_to_self,
        },
        kept: kept.clone(),
        clock: context.clock,
        listeners,
    };
    let found = std::mem::take(&mut preflight.found);
    let (ended, mut ledger) = match transport {
        None => (sending.tell(found, None), ledger),
        Some(Err(error)) => (sending.tell(found, Some(error.into())), ledger),
        Some(Ok(transport)) => {
            let interrupts = || watch_interrupts(context.style);
            let (ended, ledger) = sending.deliver(transport, ledger, found, interrupts).await?;
            let server = (&*account.host, account.port);
            hosts.learn(server, findings(known, &learned, &ended), context.clock.now());
            (ended, ledger)
        }
    };
    if let Some(kept) = &kept {
        tidy_at_the_end(kept, &mut *ledger, &ended).await;
    }
    // That the run ended is worth writing down, but no reason to fail it.
    let _ = ledger.close(context.clock.now()).await;
    conclude(context, &*input.campaign.recipients, &ended, &preflight)
}

/// Who hears of the run.
fn listeners(
    context: &Context,
    campaign: &Campaign,
    preflight: &Preflight,
    curtain: &Curtain,
) -> Vec<Box<dyn Listener>> {
    let mut listeners = context.story(preflight.due, preflight.copies, curtain);
    match open_log(context, &campaign.id) {
        Ok(log) => listeners.push(Box::new(log)),
        Err(problem) => context.say_problem(&problem),
    }
    listeners
}

/// The bytes that are kept of letters: of what a killed run left, those that are needed.
async fn kept(location: &Location, ledger: &mut dyn Ledger) -> Result<Option<Arc<Kept>>, LedgerError> {
    let Some(path) = location.path() else { return Ok(None) };
    let kept = Kept::beside(path);
    kept.tidy(ledger).await?;
    Ok(Some(Arc::new(kept)))
}

/// Erases what no letter needs any more.
async fn tidy_at_the_end(kept: &Kept, ledger: &mut dyn Ledger, ended: &Ended) {
    // What was on its way when the ledger was lost is settled, and kept, by whoever opens it next.
    if !matches!(ended.stop, Some(Stop::Ledger(_))) {
        let _ = kept.tidy(ledger).await;
    }
}

/// The end of a run in which nothing is due, and of which nobody is told letter by letter.
async fn nothing_to_deliver(
    context: &Context,
    campaign: &Campaign,
    ledger: Box<dyn Ledger>,
    preflight: &Preflight,
) -> Result<Exit, Failure> {
    let summary = Summary {
        skipped: preflight.skipped.values().sum(),
        ..Summary::default()
    };
    match open_log(context, &campaign.id) {
        Ok(mut log) => {
            log.hear(&Event::Summary(summary));
            log.pause();
        }
        Err(problem) => context.say_problem(&problem),
    }
    let _ = ledger.close(context.clock.now()).await;
    let ended = Ended {
        summary,
        copies: Vec::new(),
        learned: Learned::default(),
        stop: None,
    };
    conclude(context, &*campaign.recipients, &ended, preflight)
}

fn no_smtp() -> Failure {
    Failure::from(Problem::error(msg!("send-no-smtp")))
}

/// What is wrong with a run only when it is for real.
fn refuse_unready(composer: &Composer, preflight: &Preflight, account: &Smtp) -> Result<(), Failure> {
    demand_words(composer, preflight)?;
    refuse_examples(preflight, &composer.input.sender, account)
}

/// The built-in example reaches nobody: sending it is a slip, unless the server is on this computer.
fn refuse_examples(preflight: &Preflight, sender: &Sender, smtp: &Smtp) -> Result<(), Failure> {
    if is_loopback(&smtp.host) || preflight.nothing_due() {
        return Ok(());
    }
    let what = if sender.email.is_for_examples() {
        msg!("send-from-an-example", address = sender.email.to_string())
    } else if let Some(to) = &preflight.for_examples {
        msg!("send-to-an-example", address = to.to_string())
    } else {
        return Ok(());
    };
    Err(Failure::from(Problem::error(what)))
}

/// What the sender handed over in the last 24 hours.
async fn quota(
    ledger: &mut dyn LedgerReader,
    sender: &Address,
    smtp: &Smtp,
    now: jiff::Timestamp,
) -> Result<Quota, LedgerError> {
    let limit = smtp
        .daily_limit
        .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let sent = ledger
        .handed_over_since(sender, Quota::since(now), limit.is_some())
        .await?;
    Ok(Quota::new(limit, sent))
}

fn open_log(context: &Context, campaign: &str) -> Result<LogFile, Problem> {
    let path = crate::report::log::default_path(campaign).ok_or_else(|| Problem::warning(msg!("log-no-home")))?;
    LogFile::open(&path, context.global.verbose, context.clock, context.style.catalog()).map_err(|error| {
        let unfit = Unfit::from_io(&path, &error);
        Problem::warning(msg!("log-unfit", why = unfit.what)).hint(unfit.hint)
    })
}

/// The way to the account's mail server.
fn prepare(
    smtp: &Smtp,
    login: Option<Login>,
    domain: &str,
    learned: smtp::Learned,
) -> Result<SmtpTransport, ConnectError> {
    let trust = Trust::System {
        ca_file: smtp.own.ca_file.clone(),
    };
    SmtpTransport::new(Settings::new(smtp, login, domain, learned), &trust)
}

/// What is known of the server now.
fn findings(before: Findings, learned: &smtp::Learned, ended: &Ended) -> Findings {
    let found = learned.found();
    Findings {
        letters_per_connection: ended.learned.letters_per_connection,
        no_pipelining: found.pipelining == Some(false) && !found.pipelining_is_a_guess,
        wants_domain: found.wants_domain,
        pace: ended.learned.pace.or(before.pace),
    }
}

/// `--dry-run` and `--out`.
async fn dry_run(
    context: &Context,
    arguments: &cli::Send,
    composer: &Composer,
    ledger: &mut dyn LedgerReader,
    resend: Resend,
) -> Result<Exit, Failure> {
    let now = context.clock.now();
    let recent = recent(ledger, &composer.input, now).await?;
    let rules = Rules {
        resend,
        recent: Some(Arc::new(recent)),
        copies: open_copies(ledger, &composer.input).await?,
        as_if_received: false,
        ..Rules::to_look(now)
    };
    // Said before anything is written, as a run says it before anything is sent.
    if !composer.has_words() && composer.wants_words() {
        let first = preflight(composer, ledger, &rules, SHOWN_PROBLEMS, |_| Ok(())).await?;
        demand_words(composer, &first)?;
    }
    let mut folder = match &arguments.out {
        Some(path) => Some(EmlFolder::create(path).map_err(|error| {
            Failure::cannot_deliver(msg!("cannot-write-to", folder = appel_core::words::path(path))).because(&error)
        })?),
        None => None,
    };
    let json = context.global.json;
    // A list may be long, and a table would keep all of it: where nobody sits before it, a letter is told as it comes.
    let lists = !json && !stdout().is_terminal();
    let mut list = LetterList::new(stdout().lock(), &context.out);
    let mut lines = JsonLines::new(stdout().lock(), context.style.catalog());
    let preflight = preflight(composer, ledger, &rules, SHOWN_PROBLEMS, |seen| {
        if let (Checked::Due { letter, text, date }, Some(folder)) = (&seen, &mut folder) {
            let message = composer.message(letter, text, *date).map_err(Failure::from)?;
            let name = format!("{}.{}.{}", letter.spec.id, letter.language, letter.id);
            let written = folder.write(&name, &message.bytes);
            written.map_err(|error| Failure::cannot_deliver(msg!("letter-unwritten")).because(&error))?;
        }
        if lists && let Checked::Due { letter, .. } = &seen {
            list.push(letter);
        }
        if json {
            lines.line(&dry_event(&seen, composer, now).told());
        }
        Ok(())
    })
    .await?;
    if json {
        let skipped = preflight.skipped.values().sum();
        lines.line(&Event::Summary(Summary {
            due: preflight.due,
            skipped,
            ..Summary::default()
        }));
        return Ok(Exit::Done);
    }
    drop(lines);
    drop(list);
    let mut text = String::new();
    if preflight.nothing_due() {
        text.push_str(&nothing_due(&preflight, context));
    } else {
        if lists {
            text.push('\n');
            text.push_str(&leaving::shown(&preflight.leaving, &context.out));
        } else {
            text.push_str(&confirm::letters(&preflight, &context.out));
        }
        text.push_str(&confirm::copies_again(&preflight, &context.out));
        text.push_str(&confirm::left_out(&preflight, &context.out));
        text.push_str(&confirm::held_back(&preflight, now, &context.out));
        text.push_str(&(context.out.say(&leaving::in_all(&preflight.leaving)) + "\n"));
        let done = match &arguments.out {
            Some(path) => msg!(
                "written-to",
                folder = appel_core::words::path(path),
                letters = preflight.due
            ),
            None => msg!("dry-run", letters = preflight.due),
        };
        text.push_str(&(context.out.say(&done) + "\n"));
    }
    context.print(&text);
    Ok(Exit::Done)
}

fn dry_event(seen: &Checked, composer: &Composer, now: jiff::Timestamp) -> LetterEvent {
    match seen {
        Checked::Due { letter, text, .. } => LetterEvent {
            subject: Some(letter.subject(text).into_owned()),
            ..LetterEvent::of(letter, Verdict::DryRun, now)
        },
        Checked::Copy { letter } => LetterEvent::of(letter, Verdict::DryRun, now),
        Checked::Skipped {
            id,
            letter,
            to,
            reason,
            over,
            copy,
        } => LetterEvent {
            copy_id: *copy,
            message_id: Some(id.message_id(&composer.input.sender.email)),
            reason: Some(*reason),
            reply: over.map(Over::message),
            ..LetterEvent::new(*id, letter, to.as_str(), Verdict::Skipped, now)
        },
    }
}
