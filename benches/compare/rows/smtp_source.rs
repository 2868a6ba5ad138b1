//! Beside Postfix's load generator, `smtp-source`: it sends one text that it made before, over and over, remembers
//! nothing, and looks at nothing but reply codes. Both send letters of the same length, each to one recipient, to
//! Postfix's `smtp-sink`.

use std::time::Duration;

use super::{Side, cheaper, faster, in_turn};
use crate::Bench;
use crate::campaign::Sending;
use crate::ours::Campaign;
use crate::program::{Where, copy, run};
use crate::proxy::Proxy;
use crate::sink::{Sink, smtp_source};
use crate::table::{Goal, Measured, grouped};

/// Everything on one processor: what a letter costs, client and server together.
pub fn one_connection(bench: &Bench) -> Result<Vec<Measured>, String> {
    Ok(compare(bench, 1, Where::OneCpu)?.into())
}

/// As fast as it goes.
pub fn ten_connections(bench: &Bench) -> Result<Vec<Measured>, String> {
    let [measured, by_cpu] = compare(bench, 10, Where::Anywhere)?;
    Ok(vec![measured.must(Goal::AtLeast(0.8)).aim(Goal::AtLeast(1.2)), by_cpu])
}

fn compare(bench: &Bench, connections: usize, place: Where) -> Result<[Measured; 2], String> {
    let sink = Sink::start(bench, place)?;
    let folder = bench.folder.path().join(format!("connections-{connections}"));
    let sending = Sending::plain(sink.port, connections);
    let campaign = Campaign::new(&folder, bench.letters, &sending);
    let even = even(bench, &campaign, &sink)?;
    campaign.configure(&sending);

    let letters = bench.letters;
    let what = match place {
        Where::OneCpu => format!(
            "{} letters, {connections} connection, one CPU",
            grouped(letters.into(), 0)
        ),
        Where::Anywhere => format!("{} letters, {connections} connections", grouped(letters.into(), 0)),
    };
    let ours = || sink.serving(|| campaign.send(place));
    let source = smtp_source(bench, sink.port, connections, letters, even.length)?;
    let theirs = || sink.serving(|| run(&mut place.hold(copy(&source))));
    let side = |name, run| Side { name, letters, run };
    let rounds = in_turn(bench, &what, &side("appel", &ours), &side("smtp-source -d", &theirs));
    let measured = faster(&what, &rounds);
    let behind = format!("{}; {}", measured.behind, even.shown);
    Ok([measured.behind(behind), cheaper(&rounds)])
}

/// Letters of the same length.
pub struct Even {
    /// What `smtp-source` has to be told.
    pub length: u32,
    /// Proof of it.
    shown: String,
}

/// Counts what both send, and finds the length of text that makes them even. The campaign is pointed elsewhere by it.
pub fn even(bench: &Bench, campaign: &Campaign, sink: &Sink) -> Result<Even, String> {
    let proxy = Proxy::start(sink.port, Duration::ZERO);
    let counted = |letters: u32| {
        let bytes = std::mem::take(&mut proxy.passed().up);
        f64::from(u32::try_from(bytes).expect("a few megabytes")) / f64::from(letters)
    };
    campaign.configure(&Sending::plain(proxy.port, 1));
    campaign.send(Where::Anywhere);
    let ours = counted(campaign.letters);
    let theirs = |length: u32| {
        let few = 50;
        run(&mut smtp_source(bench, proxy.port, 1, few, length)?);
        Ok::<f64, String>(counted(few))
    };
    let guess = 1200;
    let more = ours - theirs(guess)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred bytes"
    )]
    let length = (f64::from(guess) + more.round()) as u32;
    let shown = format!(
        "bytes a letter, commands and all: {} and {}",
        grouped(ours, 0),
        grouped(theirs(length)?, 0)
    );
    Ok(Even { length, shown })
}
