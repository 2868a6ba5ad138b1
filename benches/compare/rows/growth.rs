//! How a run grows with its recipients: time and memory, from a thousand to a million, in half steps of ten.

use std::fs;

use crate::Bench;
use crate::campaign::Sending;
use crate::ours::Campaign;
use crate::plot::{Panel, Plot, Series, figure};
use crate::program::{Used, Where, watch};
use crate::sink::Sink;
use crate::table::{Measured, grouped, median};

/// Of runs with a campaign of their own; the last step is the campaign of a million that rows share.
const RECIPIENTS: [u32; 6] = [1000, 3162, 10_000, 31_623, 100_000, 316_228];
/// Up to here runs are short, and what else the machine does weighs more: they are done once a round.
const SHORT: u32 = 10_000;

/// What a number of recipients took.
struct Step {
    recipients: u32,
    dry: Took,
    sent: Took,
}

/// One kind of run, round by round.
struct Took {
    seconds: Vec<f64>,
    /// In MiB. Looking now and then can miss the most, never exceed it: so it is the most of all rounds.
    memory: f64,
}

pub fn run(bench: &Bench) -> Result<Vec<Measured>, String> {
    let sink = Sink::start(bench, Where::Anywhere)?;
    let mut steps = Vec::new();
    for recipients in RECIPIENTS {
        let rounds = if recipients <= SHORT { bench.rounds } else { 1 };
        steps.push(own(bench, bench.scaled(recipients), rounds, &sink));
    }
    let recipients = bench.million().letters;
    let step = Step {
        recipients,
        dry: Took::of(&[bench.dry_run_million()]),
        sent: Took::of(&[bench.send_million()?]),
    };
    step.tell();
    steps.push(step);

    let svg = plot(&steps).svg();
    if let Some(path) = &bench.plot {
        fs::write(path, svg).map_err(|error| format!("{}: {error}", path.display()))?;
        eprintln!("drawn: {}", path.display());
    }
    let mut figures: Vec<Measured> = steps.iter().flat_map(Step::figures).collect();
    // Two half steps.
    if let [.., tenth, _, all] = &steps[..] {
        figures.push(times("dry run", tenth, all, |step| &step.dry));
        figures.push(times("real run", tenth, all, |step| &step.sent));
    }
    Ok(figures)
}

fn own(bench: &Bench, recipients: u32, rounds: usize, sink: &Sink) -> Step {
    let folder = bench.folder.path().join("growth");
    let campaign = Campaign::new(&folder, recipients, &Sending::plain(sink.port, 1));
    let (mut dry, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        dry.push(watch(&mut campaign.dry_run()));
        sent.push(campaign.watched());
    }
    let step = Step {
        recipients,
        dry: Took::of(&dry),
        sent: Took::of(&sent),
    };
    step.tell();
    fs::remove_dir_all(&folder).expect("a folder of ours");
    step
}

impl Took {
    fn of(runs: &[Used]) -> Self {
        Self {
            seconds: runs.iter().map(|used| used.seconds).collect(),
            memory: runs.iter().map(|used| used.memory).fold(0.0, f64::max),
        }
    }

    fn shown(&self) -> String {
        format!("{} s, {} MiB", figure(median(&self.seconds)), figure(self.memory))
    }
}

impl Step {
    fn tell(&self) {
        eprintln!(
            "growth, {} recipients: dry run {}; real run {}",
            grouped(self.recipients.into(), 0),
            self.dry.shown(),
            self.sent.shown()
        );
    }

    fn figures(&self) -> [Measured; 2] {
        let recipients = f64::from(self.recipients);
        let one = |what: &str, took: &Took| {
            let behind = format!(
                "{} MiB; {} µs a letter",
                grouped(took.memory, 1),
                grouped(median(&took.seconds) / recipients * 1e6, 1)
            );
            let what = format!("{what} to {} recipients", grouped(recipients, 0));
            Measured::new(what, " s", 3, took.seconds.clone()).behind(behind)
        };
        [one("dry run", &self.dry), one("real run", &self.sent)]
    }
}

/// What ten times the recipients cost.
fn times(what: &str, tenth: &Step, all: &Step, of: impl Fn(&Step) -> &Took) -> Measured {
    let (few, many) = (of(tenth), of(all));
    let recipients = |step: &Step| grouped(step.recipients.into(), 0);
    Measured::times(
        format!(
            "time of a {what} to {} recipients against {}",
            recipients(all),
            recipients(tenth)
        ),
        &many.seconds,
        &few.seconds,
    )
    .behind(format!("memory: {}×", grouped(many.memory / few.memory, 2)))
}

fn plot(steps: &[Step]) -> Plot {
    let series = |name, of: &dyn Fn(&Step) -> f64| Series {
        name,
        points: steps
            .iter()
            .map(|step| (f64::from(step.recipients), of(step)))
            .collect(),
    };
    let told: Vec<String> = steps
        .iter()
        .map(|step| {
            let recipients = grouped(step.recipients.into(), 0);
            format!(
                "{recipients} recipients: dry run {}; real run {}.",
                step.dry.shown(),
                step.sent.shown()
            )
        })
        .collect();
    Plot {
        title: "What a run takes, by the number of recipients".to_owned(),
        description: format!(
            "Two charts with logarithmic axes: the time and the most memory of a dry run and of a real run over one connection. {}",
            told.join(" ")
        ),
        across: "Recipients",
        panels: [
            Panel {
                title: "Time",
                unit: "s",
                series: [
                    series("dry run", &|step| median(&step.dry.seconds)),
                    series("real run", &|step| median(&step.sent.seconds)),
                ],
            },
            Panel {
                title: "Most memory at once",
                unit: "MiB",
                series: [
                    series("dry run", &|step| step.dry.memory),
                    series("real run", &|step| step.sent.memory),
                ],
            },
        ],
    }
}
