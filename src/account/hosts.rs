//! What runs found out about mail servers, so that the next one need not: `hosts.toml` in the state folder, for seven days.
//!
//! A file that can be deleted, and that nobody needs: where it cannot be read or written, runs find out again.

use std::collections::BTreeMap;
use std::time::Duration;

use appel_messages::msg;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::private;

/// Its name, in the state folder.
const FILE: &str = "hosts.toml";
/// So long it holds.
const HOLDS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many are kept, the newest.
const MOST: usize = 100;
/// No pace is slower than a letter in so many seconds.
const SLOWEST: f64 = 3600.0;
/// What was found out about a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Known {
    /// When.
    seen: Timestamp,
    /// How many letters a connection takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letters_per_connection: Option<u32>,
    /// It offers PIPELINING and does not keep to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pipelining: Option<bool>,
    /// It wants the sender's domain in EHLO.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wants_domain: Option<bool>,
    /// How fast letters may come: so many seconds each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds_per_letter: Option<f64>,
}

/// The same, as a run has use for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many letters a connection takes.
    pub letters_per_connection: Option<u32>,
    /// It offers PIPELINING and does not keep to it.
    pub no_pipelining: bool,
    /// It wants the sender's domain in EHLO.
    pub wants_domain: bool,
    /// No letter leaves sooner behind another.
    pub pace: Option<Duration>,
}

impl Known {
    fn new(found: Findings, seen: Timestamp) -> Self {
        Self {
            seen,
            letters_per_connection: found.letters_per_connection,
            pipelining: found.no_pipelining.then_some(false),
            wants_domain: found.wants_domain.then_some(true),
            seconds_per_letter: found.pace.map(|pace| pace.as_secs_f64()),
        }
    }

    /// For a run.
    #[must_use]
    pub fn findings(&self) -> Findings {
        let seconds = self
            .seconds_per_letter
            .filter(|seconds| (0.0..=SLOWEST).contains(seconds) && *seconds > 0.0);
        Findings {
            letters_per_connection: self.letters_per_connection.filter(|letters| *letters > 0),
            no_pipelining: self.pipelining == Some(false),
            wants_domain: self.wants_domain == Some(true),
            pace: seconds.map(Duration::from_secs_f64),
        }
    }

    fn holds(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.seen);
        // A clock that was set back makes nothing hold for longer.
        (SignedDuration::ZERO..=HOLDS).contains(&age)
    }
}

/// All that is known, by host and port.
#[derive(Clone, Debug, Default)]
pub struct Hosts(BTreeMap<String, Known>);

impl Hosts {
    /// Reads what holds now. What cannot be read is not known.
    #[must_use]
    pub fn read(now: Timestamp) -> Self {
        let text = private::state_folder()
            .and_then(|folder| private::read_to_string_no_follow(&folder.join(FILE)).ok())
            .unwrap_or_default();
        Self::parse(&text, now)
    }

    fn parse(text: &str, now: Timestamp) -> Self {
        let mut hosts: BTreeMap<String, Known> = toml::from_str(text).unwrap_or_default();
        hosts.retain(|_, known| known.holds(now));
        Self(hosts)
    }

    /// What is known of a server.
    #[must_use]
    pub fn of(&self, host: &str, port: u16) -> Findings {
        self.0.get(&key(host, port)).map(Known::findings).unwrap_or_default()
    }

    /// Every host with what is known of it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Findings)> {
        self.0.iter().map(|(host, known)| (host.as_str(), known.findings()))
    }

    /// A run ended: what it found out goes beside what was known, if it is news. That it cannot be kept is no reason to fail
    /// a run.
    pub fn learn(mut self, (host, port): (&str, u16), found: Findings, now: Timestamp) {
        if !self.note(host, port, found, now) {
            return;
        }
        let Some(folder) = private::state_folder() else { return };
        let Ok(text) = toml::to_string(&self.0) else { return };
        let text = format!("# {}\n\n{text}", msg!("hosts-file").in_english());
        let _ = private::own_folder(&folder).and_then(|()| private::write_atomic(&folder.join(FILE), text.as_bytes()));
    }

    /// Whether anything is news.
    fn note(&mut self, host: &str, port: u16, found: Findings, now: Timestamp) -> bool {
        if found == self.of(host, port) {
            return false;
        }
        if found == Findings::default() {
            self.0.remove(&key(host, port));
        } else {
            self.0.insert(key(host, port), Known::new(found, now));
        }
        while self.0.len() > MOST {
            let oldest = self.0.iter().min_by_key(|(_, known)| known.seen);
            let Some(oldest) = oldest.map(|(host, _)| host.clone()) else {
                break;
            };
            self.0.remove(&oldest);
        }
        true
    }
}

/// Another port may be another program.
fn key(host: &str, port: u16) -> String {
    format!("{}:{port}", host.trim_end_matches('.').to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i8) -> Timestamp {
        format!("2026-11-{day:02}T10:00:00Z").parse().unwrap()
    }

    const ALL: Findings = Findings {
        letters_per_connection: Some(100),
        no_pipelining: true,
        wants_domain: true,
        pace: Some(Duration::from_millis(2500)),
    };

    #[test]
    fn what_was_found_is_written_as_it_is_read_and_holds_for_seven_days() {
        let mut hosts = Hosts::default();
        assert!(hosts.note("Smtp.X.example.", 465, ALL, at(1)));
        assert!(!hosts.note("smtp.x.example", 465, ALL, at(2)), "that is no news");
        assert!(!hosts.note("smtp.x.example", 587, Findings::default(), at(2)));
        let text = toml::to_string(&hosts.0).unwrap();
        insta::assert_snapshot!(text, @r#"
        ["smtp.x.example:465"]
        seen = "2026-11-01T10:00:00Z"
        letters-per-connection = 100
        pipelining = false
        wants-domain = true
        seconds-per-letter = 2.5
        "#);
        for (day, expect) in [(1, ALL), (8, ALL), (9, Findings::default())] {
            assert_eq!(Hosts::parse(&text, at(day)).of("smtp.x.example", 465), expect, "{day}");
        }
        // Nor does it hold where the clock says that it is yet to come.
        let before: Timestamp = "2026-10-31T10:00:00Z".parse().unwrap();
        assert_eq!(
            Hosts::parse(&text, before).of("smtp.x.example", 465),
            Findings::default()
        );
    }

    #[test]
    fn a_file_that_makes_no_sense_is_not_known() {
        for text in [
            "nonsense",
            "[\"a\"]\nseen = 7\n",
            "[\"smtp.x.example:465\"]\nseen = \"2026-11-01T10:00:00Z\"\nseconds-per-letter = nan\nletters-per-connection = 0\n",
            "[\"smtp.x.example:465\"]\nseen = \"2026-11-01T10:00:00Z\"\nseconds-per-letter = 1e300\n",
            "[\"smtp.x.example:465\"]\nseen = \"2026-11-01T10:00:00Z\"\nseconds-per-letter = -1.0\n",
        ] {
            assert_eq!(
                Hosts::parse(text, at(2)).of("smtp.x.example", 465),
                Findings::default(),
                "{text}"
            );
        }
    }

    #[test]
    fn no_more_than_a_hundred_hosts_are_kept_the_newest() {
        let mut hosts = Hosts::default();
        for number in 0..150 {
            let seen = at(1) + SignedDuration::from_mins(number);
            hosts.note(&format!("h{number}.example"), 25, ALL, seen);
        }
        assert_eq!(hosts.0.len(), MOST);
        assert_eq!(
            (hosts.of("h49.example", 25), hosts.of("h50.example", 25)),
            (Findings::default(), ALL)
        );
    }
}
