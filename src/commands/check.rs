//! `appel check`: validate everything, send nothing.

use serde::Serialize;

use super::outgoing::{Memory, Workshop};
use super::survey::survey;
use super::{Context, for_good, print, print_json, selection};
use crate::cli;
use crate::failure::{Exit, Failure, More, Problem, Problems, Severity};
use crate::letter::plan::Resend;
use crate::report::screen::count;

/// Runs it.
pub fn run(context: &Context, arguments: &cli::Check) -> Result<Exit, Failure> {
    let (problems, due) = problems(context, arguments)?;
    let exit = if problems.any_error() {
        Exit::Invalid
    } else {
        Exit::Done
    };
    if context.global.json {
        #[derive(Serialize)]
        struct Report<'a> {
            problems: Vec<&'a Problem>,
            /// Those that are only counted: by kind, the worst first.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            more: Vec<More<'a>>,
        }
        print_json(&Report {
            problems: problems.iter().collect(),
            more: problems.more().collect(),
        })?;
        return Ok(exit);
    }
    context.say_problems(&problems);
    print(&verdict(context, &problems, due));
    Ok(exit)
}

fn verdict(context: &Context, problems: &Problems, due: usize) -> String {
    let errors = problems.count(Severity::Error);
    let warnings = problems.count(Severity::Warning);
    let file = context.global.config.display();
    match (errors, warnings) {
        (0, 0) => format!("{file}: no problem found. {} for this sender.\n", count(due, "letter")),
        (0, _) => format!(
            "{file}: {}, nothing that stops a run. {} for this sender.\n",
            count(warnings, "warning"),
            count(due, "letter")
        ),
        (_, 0) => format!(
            "{file}: {} to mend before anything can be sent.\n",
            count(errors, "error")
        ),
        _ => format!(
            "{file}: {} to mend before anything can be sent, and {}.\n",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    }
}

/// Everything worth saying, and how many letters this sender would send.
fn problems(context: &Context, arguments: &cli::Check) -> Result<(Problems, usize), Failure> {
    let now = context.clock.now();
    let loaded = crate::campaign::load(&context.sources(), now);
    let mut problems = loaded.problems;
    let Some(campaign) = loaded.campaign.map(super::for_good) else {
        return Ok((problems, 0));
    };
    if campaign.config.smtp.is_none() {
        problems.push(
            Problem::note("there is no [smtp] table: this campaign can be checked and rehearsed, but not sent")
                .hint("write it into your account file: [smtp] with host, port and security"),
        );
    }
    let workshop =
        selection(&arguments.select, campaign).and_then(|selection| Workshop::new(campaign, selection, None));
    let written = workshop.and_then(|workshop| {
        let workshop = for_good(workshop);
        problems.absorb(workshop.plan.uncovered());
        // A check looks at the letters, not at what was sent of them; and it says all, however much that is.
        survey(workshop, &Memory::Nothing, now, Resend::default(), usize::MAX, |_| {
            Ok(())
        })
    });
    match written {
        Ok(survey) => Ok((problems, survey.due)),
        Err(failure) if failure.exit == Exit::Invalid => {
            problems.absorb(failure.problems);
            Ok((problems, 0))
        }
        Err(failure) => Err(failure),
    }
}
