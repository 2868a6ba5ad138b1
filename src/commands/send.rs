//! `appel send`: send what is due.

use std::io::{IsTerminal, stdout};
use std::sync::Arc;

use tokio::sync::watch;

use super::conclude::{conclude, nothing_due};
use super::confirm::{self, confirm};
use super::{Context, password, personal, print, selection, trust};
use crate::account::trust::Word;
use crate::ahead;
use crate::campaign::Campaign;
use crate::campaign::config::{Config, Smtp, is_loopback};
use crate::cli;
use crate::failure::{Exit, Failure, Problem};
use crate::letter::plan::{Notes, Resend, Rules};
use crate::letter::{Envelope, LetterId, Skip};
use crate::outbox::day::Day;
use crate::outbox::delivery::{Ended, Interrupt, Options, deliver};
use crate::outbox::event::{Event, LetterEvent, Listener, Summary, Verdict};
use crate::outbox::ledger::{LedgerError, SqliteLedger, SqliteLocked};
use crate::outbox::pace::Pace;
use crate::private::{self, Unfit};
use crate::report::json::JsonLines;
use crate::report::log::LogFile;
use crate::report::screen::{Screen, count};
use crate::run::compose::{MANY, Outgoing, Workshop, clock_behind, recent};
use crate::run::for_good;
use crate::run::leaving::{Lines, plain_line};
use crate::run::preflight::{SHOWN_PROBLEMS, Survey, Surveyed, survey};
use crate::transport::files::EmlFolder;
use crate::transport::smtp::{Settings, SmtpSession, SmtpTransport, Trust};
use crate::transport::{ConnectError, Reply, Transport};

/// Runs it.
pub fn run(context: &Context, arguments: &cli::Send) -> Result<Exit, Failure> {
    let campaign = context.campaign()?;
    let selection = selection(&arguments.select, campaign)?;
    let personal = personal(&arguments.personal)?;
    let now = context.clock.now();
    let resend = Resend {
        in_doubt: arguments.resend_in_doubt,
        refused: arguments.retry_refused,
    };
    let workshop = for_good(Workshop::new(campaign, selection, personal.as_deref())?);
    context.say_problems(&workshop.plan.uncovered());
    let path = context.ledger_path()?;

    if arguments.dry_run || arguments.out.is_some() {
        let ledger = SqliteLedger::read(&path, now)?;
        return dry_run(context, arguments, workshop, ledger.as_ref(), resend);
    }

    let smtp = campaign.config.smtp.as_ref().ok_or_else(no_smtp)?;
    let word = trust::word(context, &campaign.config, smtp, arguments.own_folder)?;
    if !private::is_in_state_folder(&path) {
        // The log is there all the same.
        private::check_state_folder()?;
    }
    let ledger = SqliteLocked::acquire(&path, now)?;
    let reader = ledger.reader()?;
    let rules = Rules {
        now,
        resend,
        recent: Some(for_good(recent(Some(&reader), &campaign.config, now)?)),
    };
    let mut day = day(&reader, &campaign.config.sender.email, smtp, now)?;
    let mut plan = confirm::Timetable::new(smtp.rate, &mut day, now);
    let mut survey = survey(workshop, Some(&reader), rules, SHOWN_PROBLEMS, |seen| {
        plan.see(&seen);
        Ok(())
    })?;
    refuse_examples(&survey, &campaign.config, smtp)?;
    // The log names each letter that is held back.
    let tells = context.global.json || survey.skipped(Skip::AddressLimit) > 0;
    if survey.due == 0 && !tells {
        return nothing_to_deliver(context, campaign, ledger, &survey);
    }
    if survey.due > 0
        && let Some(warning) = clock_behind(&reader, &campaign.config.sender.email, now)?
    {
        context.say_problem(&warning);
    }
    if survey.due > 0 && !confirm(context, campaign, smtp, &survey, &plan, arguments.yes)? {
        context.say("Nothing was sent.");
        // A run that never began needs no look from the next one.
        let _ = ledger.close(context.clock.now());
        return Ok(Exit::Done);
    }

    let sending = Sending {
        context,
        workshop,
        rules,
        smtp,
        retry_for: arguments.retry_for,
        due: survey.due,
        day,
    };
    let mut listeners: Vec<Box<dyn Listener>> = Vec::new();
    match open_log(context, &campaign.config.id) {
        Ok(log) => listeners.push(Box::new(log)),
        Err(problem) => context.say_problem(&problem),
    }
    // Nobody is asked for a password for nothing; the story is told all the same.
    let transport = if survey.due == 0 {
        Err(nothing_due_any_more())
    } else {
        prepare(smtp, word)
    };
    let notes = std::mem::take(&mut survey.notes);
    let (ended, ledger) = sending.run(Prepared(transport), ledger, notes, listeners)?;
    // That the run ended is worth writing down, but no reason to fail it.
    let _ = ledger.close(context.clock.now());
    conclude(context, &campaign.roster, &ended, &survey)
}

/// The end of a run in which nothing is due, and of which nobody is told letter by letter.
fn nothing_to_deliver(
    context: &Context,
    campaign: &Campaign,
    ledger: SqliteLocked,
    survey: &Survey,
) -> Result<Exit, Failure> {
    let summary = Summary {
        skipped: survey.skipped.values().sum(),
        ..Summary::default()
    };
    match open_log(context, &campaign.config.id) {
        Ok(mut log) => {
            log.hear(&Event::Summary(summary));
            log.pause();
        }
        Err(problem) => context.say_problem(&problem),
    }
    let _ = ledger.close(context.clock.now());
    let ended = Ended {
        summary,
        copies_not_taken: 0,
        stop: None,
    };
    conclude(context, &campaign.roster, &ended, survey)
}

fn no_smtp() -> Failure {
    Failure::from(Problem::error("there is no [smtp] table: appel does not know how your mail leaves").hint(
        "write it into your account file, with host, and password-command or none to be asked:\n[smtp]\nhost = \"smtp.example.org\"",
    ))
}

/// The built-in example reaches nobody: sending it is a slip, unless the server is on this computer.
fn refuse_examples(survey: &Survey, config: &Config, smtp: &Smtp) -> Result<(), Failure> {
    if is_loopback(&smtp.host) || survey.due == 0 {
        return Ok(());
    }
    let who = if config.sender.email.is_for_examples() {
        format!("your address {} is", config.sender.email)
    } else if let Some(to) = &survey.for_examples {
        format!("the recipient {to} is")
    } else {
        return Ok(());
    };
    Err(Failure::from(
        Problem::error(format!("{who} an example's, which reaches nobody"))
            .hint("put the real addresses in, or rehearse: appel rehearse"),
    ))
}

/// What the sender handed over in the last 24 hours.
fn day(
    ledger: &SqliteLedger,
    sender: &crate::campaign::Address,
    smtp: &Smtp,
    now: jiff::Timestamp,
) -> Result<Day, LedgerError> {
    let limit = smtp
        .daily_limit
        .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let sent = ledger.handed_over_since(sender, Day::begins(now), limit.is_some())?;
    Ok(Day::new(limit, sent))
}

fn open_log(context: &Context, campaign: &str) -> Result<LogFile, Problem> {
    let path = crate::report::log::default_path(campaign)
        .ok_or_else(|| Problem::warning("there is no home folder to keep a log in"))?;
    LogFile::open(&path, context.global.verbose, context.clock).map_err(|error| {
        let unfit = Unfit::from_io(&path, &error);
        Problem::warning(format!("no log is written: {unfit}")).hint(unfit.hint)
    })
}

/// One run of the send path, over whatever transport.
pub struct Sending<'r> {
    pub context: &'r Context,
    pub workshop: &'static Workshop,
    pub rules: Rules<'static>,
    pub smtp: &'r Smtp,
    pub retry_for: Option<std::time::Duration>,
    pub due: usize,
    pub day: Day,
}

impl Sending<'_> {
    /// Delivers everything due and tells it to screen, JSON and whoever else listens.
    pub fn run<T: Transport>(
        &self,
        transport: T,
        ledger: SqliteLocked,
        notes: Notes,
        listeners: Vec<Box<dyn Listener>>,
    ) -> Result<(Ended, SqliteLocked), Failure> {
        // One thread: the letters, the ledger and all connections take turns on it without waking each other up.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::cannot_deliver("cannot start").because(&error))?;
        let delivered = runtime.block_on(self.deliver(transport, ledger, notes, listeners));
        // A look-up that the resolver never answers must not keep a run from ending that is over.
        runtime.shutdown_background();
        delivered
    }

    /// Whether the list is so long, and letters leave so fast, that it pays to go through it on another processor.
    fn works_ahead(&self) -> bool {
        self.workshop.campaign.roster.len() >= MANY && !Pace::new(self.smtp.rate).is_slow() && ahead::has_room()
    }

    /// The same, inside a runtime that is there already.
    pub async fn deliver<T: Transport>(
        &self,
        transport: T,
        mut ledger: SqliteLocked,
        notes: Notes,
        listeners: Vec<Box<dyn Listener>>,
    ) -> Result<(Ended, SqliteLocked), Failure> {
        let global = &self.context.global;
        let config = &self.workshop.campaign.config;
        let mut story: Vec<Box<dyn Listener>> = vec![Box::new(Screen::new(self.due, global.quiet || self.due == 0))];
        if global.json {
            story.push(Box::new(JsonLines::new(stdout())));
        }
        story.extend(listeners);
        let options = Options {
            campaign: config.id.clone(),
            sender: config.sender.email.clone(),
            connections: self.smtp.connections,
            rate: self.smtp.rate,
            retry_for: self.retry_for.unwrap_or(self.smtp.retry_for),
            deadline: config.deadline,
            day: self.day.clone(),
            clock: self.context.clock,
            seed: u64::from(std::process::id()),
        };
        let mut letters = Outgoing::new(self.workshop, self.context.clock, self.rules, notes);
        if self.works_ahead() {
            letters = letters.ahead();
        }
        let interrupt = watch_interrupts().map_err(|error| Failure::cannot_deliver("cannot start").because(&error))?;
        // A task of its own, because waking the one that the runtime itself waits for costs a system call each time.
        let run = tokio::spawn(async move {
            let letters = Box::new(letters);
            let ended = deliver(
                Arc::new(transport),
                &mut ledger,
                letters,
                options,
                interrupt,
                &mut story,
            )
            .await;
            story.hear(&Event::Summary(ended.summary));
            story.pause();
            (ended, ledger)
        });
        run.await.map_err(|error| {
            Failure::cannot_deliver("the run broke off")
                .because(&error)
                .hint("please report this")
        })
    }
}

/// Ctrl-C, SIGTERM and SIGHUP: the first asks to finish, the second to stop at once.
fn watch_interrupts() -> std::io::Result<watch::Receiver<Interrupt>> {
    #[cfg(unix)]
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(Interrupt::None);
    #[cfg(unix)]
    let mut terminate = signal(SignalKind::terminate())?;
    // The terminal's window was closed.
    #[cfg(unix)]
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        for next in [Interrupt::Finish, Interrupt::Now] {
            #[cfg(unix)]
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            #[cfg(not(unix))]
            let _ = tokio::signal::ctrl_c().await;
            if next == Interrupt::Finish {
                use std::io::Write;
                let _ = writeln!(
                    std::io::stderr(),
                    "finishing what is on its way; press Ctrl-C again to stop at once (those letters will be in doubt)"
                );
            }
            sender.send_replace(next);
        }
        sender.closed().await;
    });
    Ok(receiver)
}

/// The way to the account's mail server, with its password.
fn prepare(smtp: &Smtp, word: Word) -> Result<SmtpTransport, ConnectError> {
    let login = password::login(smtp, word)?;
    let trust = Trust::System {
        ca_file: smtp.own.ca_file.clone(),
    };
    SmtpTransport::new(Settings::new(smtp, login), &trust)
}

fn nothing_due_any_more() -> ConnectError {
    ConnectError::Temporary(Reply::none("nothing was due when the run began"))
}

/// A transport that is ready, or the reason why there is none: then every letter due is told as not tried.
struct Prepared(Result<SmtpTransport, ConnectError>);

impl Transport for Prepared {
    type Session = SmtpSession;

    async fn connect(&self) -> Result<SmtpSession, ConnectError> {
        match &self.0 {
            Ok(transport) => transport.connect().await,
            Err(error) => Err(error.clone()),
        }
    }
}

/// A connection that could not even be prepared.
pub fn connect_failure(error: ConnectError) -> Failure {
    match error {
        ConnectError::Temporary(reply) => Failure::cannot_deliver(reply.to_string()),
        ConnectError::Fatal { message, cause, hint } => {
            let mut failure = Failure::cannot_deliver(message).hint(hint);
            failure.causes.push(cause);
            failure
        }
    }
}

/// `--dry-run` and `--out`.
fn dry_run(
    context: &Context,
    arguments: &cli::Send,
    workshop: &'static Workshop,
    ledger: Option<&SqliteLedger>,
    resend: Resend,
) -> Result<Exit, Failure> {
    let now = context.clock.now();
    let recent = recent(ledger, &workshop.campaign.config, now)?;
    let rules = Rules {
        now,
        resend,
        recent: Some(&recent),
    };
    let mut folder = match &arguments.out {
        Some(path) => Some(EmlFolder::create(path).map_err(|error| {
            Failure::cannot_deliver(format!("cannot write to {}", crate::words::path(path))).because(&error)
        })?),
        None => None,
    };
    let json = context.global.json;
    // A list may be long, and a table would keep all of it: where nobody sits before it, a letter is told as it comes.
    let lists = !json && !stdout().is_terminal();
    let mut list = Lines::new(stdout().lock());
    let mut lines = JsonLines::new(stdout().lock());
    let survey = survey(workshop, ledger, rules, SHOWN_PROBLEMS, |seen| {
        if let (Surveyed::Due { letter, text, date }, Some(folder)) = (&seen, &mut folder) {
            let message = workshop.message(letter, text, *date).map_err(Failure::from)?;
            let name = format!("{}.{}.{}", letter.spec.id, letter.language, letter.id);
            folder.write(&name, &message.bytes).map_err(|error| {
                Failure::cannot_deliver("cannot write a letter to the folder")
                    .because(&error)
                    .hint("is there room on the disk?")
            })?;
        }
        if lists && let Surveyed::Due { letter, .. } = &seen {
            list.push(&plain_line(letter));
        }
        if json {
            lines.line(&Event::Letter(Box::new(dry_event(&seen, workshop, now))));
        }
        Ok(())
    })?;
    if json {
        let skipped = survey.skipped.values().sum();
        lines.line(&Event::Summary(Summary {
            due: survey.due,
            skipped,
            ..Summary::default()
        }));
        return Ok(Exit::Done);
    }
    drop(lines);
    drop(list);
    let mut text = String::new();
    if survey.due == 0 {
        text.push_str(&nothing_due(&survey, context));
    } else {
        if lists {
            text.push('\n');
            text.push_str(&survey.leaving.shown(&context.out));
        } else {
            text.push_str(&confirm::letters(&survey, &context.out));
        }
        text.push_str(&confirm::left_out(&survey));
        text.push_str(&confirm::held_back(&survey, now, &context.out));
        text.push_str(&survey.leaving.in_all());
        let done = match &arguments.out {
            Some(path) => format!(
                "Written to {}: {}. Nothing was sent.\n",
                crate::words::path(path),
                count(survey.due, "letter")
            ),
            None => format!(
                "Dry run: {} would be sent. Nothing was sent.\n",
                count(survey.due, "letter")
            ),
        };
        text.push_str(&done);
    }
    print(&text);
    Ok(Exit::Done)
}

fn dry_event(seen: &Surveyed, workshop: &Workshop, now: jiff::Timestamp) -> LetterEvent {
    let sender = &workshop.campaign.config.sender.email;
    let blank = |id: LetterId, letter: &str, to: String, outcome| LetterEvent {
        id,
        letter: letter.to_owned(),
        language: None,
        to,
        cc: None,
        subject: None,
        message_id: id.message_id(sender),
        outcome,
        reason: None,
        code: None,
        reply: None,
        at: now,
        recipients: Vec::new(),
    };
    match seen {
        Surveyed::Due { letter, text, .. } => {
            let Envelope { to, cc, .. } = &letter.envelope;
            LetterEvent {
                language: Some(letter.language.to_string()),
                cc: Some(cc.iter().map(ToString::to_string).collect()),
                subject: Some(text.subject.clone()),
                ..blank(letter.id, &letter.spec.id, to.to_string(), Verdict::DryRun)
            }
        }
        Surveyed::Skipped {
            id,
            letter,
            to,
            reason,
            over,
        } => LetterEvent {
            reason: Some(*reason),
            reply: over.map(ToString::to_string),
            ..blank(*id, letter, to.to_string(), Verdict::Skipped)
        },
    }
}
