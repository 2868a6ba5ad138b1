//! `appel check`: validate everything, send nothing.

use std::sync::Arc;

use appel_core::letter::{Decision, Over, Rules};
use appel_core::recipients::Recipients;
use appel_messages::{Value, msg};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Context, selection};
use crate::cli;
use crate::failure::{Exit, Failure, More, Place, Problem, Problems, Severity};
use crate::input::Input;
use crate::outbox::ledger::{self, LedgerReader, NoLedger};
use crate::run::compose::{Composer, recent};
use crate::run::planning::Planning;
use crate::run::preflight::{Preflight, preflight};

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Check) -> Result<Exit, Failure> {
    let Found { problems, due, off } = problems(context, arguments).await?;
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
        }
        context.print_json(&Report {
            problems: problems.iter().collect(),
            more: problems.more().collect(),
            off,
        })?;
        return Ok(exit);
    }
    context.say_problems(&problems);
    context.print(&verdict(context, &problems, due));
    if !off.is_empty() {
        let file = appel_core::words::path(&context.global.config);
        let said = msg!("style-off", file = file, names = Value::list(off));
        context.print(&(context.out.say(&said) + "\n"));
    }
    Ok(exit)
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

/// So many addresses that would get too much are named.
const NAMED: usize = 10;

/// Letters that the next run would hold back, by the address that has had enough.
#[derive(Default)]
struct Crowd {
    /// The first addresses, each with its first letter's line, and how many letters.
    first: Vec<(Over, usize, usize)>,
    /// Letters for others.
    more: usize,
}

impl Crowd {
    /// Plans the next run, as far as the ledger can be read.
    async fn look(&mut self, composer: &Composer, context: &Context, now: Timestamp) -> Result<(), Failure> {
        let mut ledger = ledger::read(&context.ledger()?, now).await?;
        self.plan(composer, &mut *ledger, now).await
    }

    async fn plan(
        &mut self,
        composer: &Composer,
        ledger: &mut dyn LedgerReader,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let plan = &composer.plan;
        let recent = recent(ledger, &composer.input, now).await?;
        let rules = Rules {
            recent: Some(Arc::new(recent)),
            as_if_received: false,
            ..Rules::to_look(now)
        };
        let mut planning = Planning::new(plan.decider(&rules), plan.candidates(), ledger);
        while let Some(decision) = planning.next().await? {
            if let Decision::Skipped {
                over: Some(over), line, ..
            } = decision
            {
                self.add(*over, line);
            }
        }
        Ok(())
    }

    fn add(&mut self, over: Over, line: usize) {
        let same = |other: &Over| other.copy == over.copy && other.address.mailbox() == over.address.mailbox();
        if let Some((_, _, letters)) = self.first.iter_mut().find(|(other, ..)| same(other)) {
            *letters += 1;
        } else if self.first.len() < NAMED {
            self.first.push((over, line, 1));
        } else {
            self.more += 1;
        }
    }

    fn warnings(self, recipients: &dyn Recipients) -> Vec<Problem> {
        let named = self.first.into_iter().map(|(over, line, letters)| {
            let place = recipients.place(line, Some(if over.copy { "cc" } else { "email" }));
            Problem::warning(msg!("check-crowded", over = over.message(), letters = letters)).at(place)
        });
        let mut warnings: Vec<Problem> = named.collect();
        if self.more > 0 {
            let others = Problem::warning(msg!("check-crowded-others", letters = self.more));
            warnings.push(others.at(Place::file(recipients.shown())));
        }
        warnings
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
}

async fn problems(context: &Context, arguments: &cli::Check) -> Result<Found, Failure> {
    let now = context.clock.now();
    let loaded = crate::input::load(&context.sources(), now);
    let (mut problems, off) = (loaded.problems, loaded.off);
    let Some(input) = loaded.input else {
        return Ok(Found { problems, due: 0, off });
    };
    if input.smtp.is_none() {
        problems.push(Problem::note(msg!("check-no-smtp")));
    }
    let written = look(context, arguments, input, now, &mut problems).await;
    let due = match written {
        Ok(preflight) => preflight.due,
        Err(failure) if failure.exit == Exit::Invalid => {
            problems.absorb(failure.problems);
            0
        }
        Err(failure) => return Err(failure),
    };
    problems.switch_off(&off);
    Ok(Found { problems, due, off })
}

/// What was sent already cannot be told, for this reason.
fn untold(failure: Failure) -> Problem {
    let why = failure.what.map_or_else(|| Value::from(""), Value::from);
    let problem = Problem::warning(msg!("check-ledger-unread", why = why));
    failure.hints.into_iter().fold(problem, Problem::hint)
}

/// Looks at every letter, and at what the next run would hold back.
async fn look(
    context: &Context,
    arguments: &cli::Check,
    input: Input,
    now: Timestamp,
    problems: &mut Problems,
) -> Result<Preflight, Failure> {
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
    let checked = preflight(&composer, &mut NoLedger, &Rules::to_look(now), usize::MAX, |_| Ok(())).await;
    let today = now.to_zoned(TimeZone::UTC).date();
    crate::input::style::look(&composer.input, today, problems);
    problems.extend(crowd.warnings(&*composer.input.campaign.recipients));
    checked
}
