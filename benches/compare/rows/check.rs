//! How long an organiser waits until the letters of senders everywhere were looked at.

use std::fmt::Write as _;
use std::fs;

use crate::Bench;
use crate::campaign::{self, Sending};
use crate::ours::Campaign;
use crate::program::watch;
use crate::table::{Goal, Measured, grouped, median, spread};

/// Countries that the list serves; each of half of its rows names them all.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH \
                         CI CL CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR";
/// Letters that each row gets.
const LETTERS: usize = 4;

/// A list of rows for sixty countries, four letters to each, whose text asks where the sender is: every letter is another one
/// for each country.
pub fn run(bench: &Bench) -> Vec<Measured> {
    let many = made(bench, "check-many", bench.scaled(1000));
    let few = made(bench, "check-few", bench.scaled(100));
    let (mut seconds, mut mine, mut of_many, mut of_few) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=bench.rounds {
        let everywhere = watch(&mut many.command(&["check"]));
        seconds.push(everywhere.seconds);
        of_many.push(everywhere.memory);
        mine.push(watch(&mut many.command(&["check", "--mine"])).seconds);
        of_few.push(watch(&mut few.command(&["check"])).memory);
        eprintln!(
            "check, round {round}: {:.2} s, {:.1} MiB",
            everywhere.seconds, everywhere.memory
        );
    }
    let rows = |campaign: &Campaign| grouped(campaign.letters.into(), 0);
    let what = format!("check of {} rows, 60 countries, {LETTERS} letters", rows(&many));
    let memory = format!("memory, check: {} rows against {}", rows(&many), rows(&few));
    vec![
        Measured::new(what, " s", 2, seconds)
            .must(Goal::AtMost(2.0))
            .behind(format!("one's own letters alone: {}", spread(&mine, 2, " s"))),
        Measured::times(memory, &of_many, &of_few)
            .must(Goal::AtMost(1.3))
            .behind(format!("{:.1} MiB", median(&of_many))),
    ]
}

fn made(bench: &Bench, name: &str, rows: u32) -> Campaign {
    let campaign = Campaign::new(&bench.folder.path().join(name), rows, &Sending::plain(25, 1));
    let put = |path: &str, text: &str| fs::write(campaign.folder().join(path), text).expect("a file of ours");
    let mut list = "role,name,email,country,language,salutation\n".to_owned();
    for n in 0..rows {
        let countries = if n % 2 == 0 { COUNTRIES } else { "" };
        let _ = writeln!(
            list,
            "ministry,Ministry {n},m{n}@mfa{n}.example,{countries},en,Your Excellency"
        );
    }
    put("recipients.csv", &list);
    let asks = campaign::TEMPLATE.replace(
        "{{sender.city}}",
        "{{sender.city}}{{#if (eq sender.country \"BE\")}}, Belgium{{/if}}",
    );
    let mut config = fs::read_to_string(campaign.folder().join("config.toml")).expect("a file of ours");
    for letter in 1..LETTERS {
        let _ = write!(
            config,
            "\n[[letter]]\nid = \"protest{letter}\"\nto = [\"ministry\"]\ntemplate = \"protest\"\n"
        );
    }
    put("config.toml", &config);
    put("templates/protest.en.hbs", &asks);
    campaign
}
