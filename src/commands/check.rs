//! `appel check`: validate everything, send nothing.

mod crowd;

use std::io;
use std::path::Path;
use std::sync::Arc;

use appel_core::campaign::Campaign;
use appel_core::letter::Rules;
use appel_messages::{Message, Value, msg};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use self::crowd::Crowd;
use super::{Context, on_hold, selection};
use crate::cli;
use crate::failure::{Exit, Failure, More, Problem, Problems, Severity};
use crate::input::Input;
use crate::outbox::ledger::NoLedger;
use crate::report::problems::{order, write_csv};
use crate::report::{coverage, edition};
use crate::run::alike::Alike;
use crate::run::compose::Composer;
use crate::run::corrections::warnings;
use crate::run::figures::{odd_times, said_by_letters};
use crate::run::matrix::Matrix;
use crate::run::preflight::{Checked, preflight};
use crate::run::tried::Tried;

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Check) -> Result<Exit, Failure> {
    let Found {
        problems,
        due,
        off,
        matrix,
        campaign,
        ask,
    } = problems(context, arguments).await?;
    if let Some(file) = &arguments.csv {
        write_csv(file, &problems, context.style.catalog()).map_err(|error| csv_unwritten(file, &error))?;
    }
    let exit = if problems.any_error() {
        Exit::Invalid
    } else {
        Exit::Done
    };
    if context.global.json {
        #[derive(Serialize)]
        struct Report<'a> {
            problems: Vec<&'a Problem>,
            /// Those that are only counted: by code, the worst first.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            more: Vec<More>,
            /// The warnings of style that are switched off.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            off: Vec<&'static str>,
            /// Which edition of the campaign's files was looked at, when they can be read and say so.
            #[serde(skip_serializing_if = "Option::is_none")]
            campaign: Option<Edition<'a>>,
            /// Who gets what from senders anywhere.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            coverage: Vec<coverage::Line<'a>>,
        }
        context.print_json(&Report {
            problems: problems.iter().collect(),
            more: problems.more().collect(),
            off,
            campaign: campaign.as_deref().and_then(Edition::of),
            coverage: matrix
                .as_ref()
                .filter(|matrix| matrix.tells_senders_apart())
                .map(coverage::lines)
                .unwrap_or_default(),
        })?;
        return Ok(exit);
    }
    context.say_problems(&problems);
    if let Some(matrix) = matrix.filter(Matrix::tells_senders_apart) {
        context.write_out(&coverage::shown(&matrix, &context.out));
    }
    context.print(&verdict(context, &problems, due));
    let lines: Vec<Message> = match (&campaign, ask) {
        (Some(campaign), _) => edition::lines(campaign).collect(),
        (None, ask) => ask.into_iter().collect(),
    };
    for line in &lines {
        context.print_line(line);
    }
    if !off.is_empty() {
        let file = appel_core::words::path(&context.global.config);
        let said = msg!("style-off", file = file, names = Value::list(off));
        context.print(&(context.out.say(&said) + "\n"));
    }
    Ok(exit)
}

/// The table of problems could not be written.
fn csv_unwritten(file: &Path, error: &io::Error) -> Failure {
    let path = appel_core::words::path(file);
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Failure::cannot_deliver(msg!("check-csv-another", path = path));
    }
    Failure::cannot_deliver(msg!("cannot-write-to", folder = path)).because(error)
}

fn verdict(context: &Context, problems: &Problems, due: usize) -> String {
    let errors = problems.count(Severity::Error);
    let warnings = problems.count(Severity::Warning);
    let file = appel_core::words::path(&context.global.config);
    let verdict = match (errors, warnings) {
        (0, 0) => msg!("check-fine", file = file, letters = due),
        (0, _) => msg!("check-warnings", file = file, warnings = warnings, letters = due),
        (_, 0) => msg!("check-errors", file = file, errors = errors),
        _ => msg!(
            "check-errors-and-warnings",
            file = file,
            errors = errors,
            warnings = warnings
        ),
    };
    context.out.say(&verdict) + "\n"
}

/// Which edition of a campaign's files it is, for programs.
#[derive(Serialize)]
struct Edition<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
    /// Why nothing is to be sent for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<&'a str>,
}

impl<'a> Edition<'a> {
    /// `None` when the campaign says nothing of it.
    fn of(campaign: &'a Campaign) -> Option<Self> {
        let edition = Self {
            version: campaign.version.as_deref(),
            updated: campaign.updated.as_deref(),
            contact: campaign.contact.as_deref(),
            hold: campaign.hold.as_ref().map(|hold| &*hold.reason),
        };
        let all = [edition.version, edition.updated, edition.contact, edition.hold];
        all.iter().any(Option::is_some).then_some(edition)
    }
}

/// What a check found.
struct Found {
    /// Everything worth saying.
    problems: Problems,
    /// How many letters this sender would send.
    due: usize,
    /// The warnings of style that are switched off.
    off: Vec<&'static str>,
    /// What senders elsewhere would send.
    matrix: Option<Matrix>,
    /// What was looked at, when it can be read.
    campaign: Option<Arc<Campaign>>,
    /// Whom to ask for mended files.
    ask: Option<Message>,
}

async fn problems(context: &Context, arguments: &cli::Check) -> Result<Found, Failure> {
    let now = context.clock.now();
    let loaded = crate::input::load(&context.sources(), now);
    let (mut problems, off) = (loaded.problems, loaded.off);
    let ask = context.ask_for_mended_files(&loaded.organiser, &problems);
    let (mut due, mut matrix, mut campaign) = (0, None, None);
    if let Some(mut input) = loaded.input {
        campaign = Some(Arc::clone(&input.campaign));
        problems.extend(input.campaign.hold.as_ref().map(on_hold));
        arguments.sender.stand_in(&mut input.sender);
        if input.smtp.is_none() {
            problems.push(Problem::note(msg!("check-no-smtp")));
        }
        match look(context, arguments, input, now, &mut problems).await {
            Ok(looked) => (due, matrix) = looked,
            Err(failure) if failure.exit == Exit::Invalid => problems.absorb(failure.problems),
            Err(failure) => return Err(failure),
        }
        problems.switch_off(&off);
    }
    problems.sort_by_key(order);
    Ok(Found {
        problems,
        due,
        off,
        matrix,
        campaign,
        ask,
    })
}

/// What was sent already cannot be told, for this reason.
pub(super) fn untold(failure: Failure) -> Problem {
    let why = failure.what.map_or_else(|| Value::from(""), Value::from);
    let problem = Problem::warning(msg!("check-ledger-unread", why = why));
    failure.hints.into_iter().fold(problem, Problem::hint)
}

/// Looks at every letter, whoever sends it, and at what the next run would hold back. Gives how many letters this sender has
/// to send.
async fn look(
    context: &Context,
    arguments: &cli::Check,
    input: Input,
    now: Timestamp,
    problems: &mut Problems,
) -> Result<(usize, Option<Matrix>), Failure> {
    let selection = selection(&arguments.select, &input.campaign)?;
    let composer = Composer::new(input, selection, None)?;
    problems.absorb(composer.plan.uncovered());
    let mut crowd = Crowd::default();
    // A warning when what was sent already cannot be told; then the list alone is looked at.
    if let Err(failure) = crowd.look(&composer, context, now).await {
        problems.push(untold(failure));
        crowd = Crowd::default();
        crowd.plan(&composer, &mut NoLedger, now).await?;
    }
    // A check looks at the letters, not at what was sent of them; and it says all, however much that is.
    let (mut alike, mut tried) = (Alike::default(), Tried::default());
    let checked = preflight(&composer, &mut NoLedger, &Rules::to_look(now), usize::MAX, |seen| {
        if let Checked::Due { letter, text, date } = seen {
            alike.see(&composer, letter, text, date);
            let templates = &composer.input.campaign.templates;
            tried.look(templates, composer.renderer(), letter, None, date);
        }
        Ok(())
    })
    .await;
    let today = now.to_zoned(TimeZone::UTC).date();
    crate::input::style::look(&composer.input, today, problems);
    let config = context.global.config.display().to_string();
    let (facts, said) = (
        &composer.input.campaign.facts,
        said_by_letters(&composer.input.campaign),
    );
    problems.extend(odd_times(facts, &said, &config, now));
    problems.extend(warnings(&composer.input.campaign, &crowd.corrections, &config));
    problems.extend(alike.problems(&composer));
    if let Ok(preflight) = &checked {
        problems.extend(super::without_words(&composer, preflight));
    }
    crate::run::attached::look(&composer, &context.global.config, problems);
    problems.extend(crowd.warnings(&*composer.input.campaign.recipients));
    let due = match checked {
        Ok(preflight) => preflight.due,
        Err(failure) if failure.exit == Exit::Invalid => {
            problems.absorb(failure.problems);
            0
        }
        Err(failure) => return Err(failure),
    };
    let alone = arguments.mine || arguments.sender.is_given();
    let matrix = (!alone).then(|| Matrix::look(&composer, now, &mut tried, problems));
    problems.absorb(tried.problems);
    Ok((due, matrix))
}
