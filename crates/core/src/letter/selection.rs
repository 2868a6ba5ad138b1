//! What part of a campaign is asked for: `--letter`, `--role`, `--to`, `--limit`.

use std::collections::{BTreeSet, HashSet};

use appel_messages::{Value, msg};

use crate::address::Address;
use crate::campaign::Campaign;
use crate::problem::{Problem, Problems};
use crate::words::distance;

/// How many characters of a word count when it is compared with others.
const LONGEST_COMPARED: usize = 64;
/// How many known addresses a hint lists.
const LISTED: usize = 10;

/// A part of a campaign; empty lists mean all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Letter ids (`--letter`).
    pub letters: Vec<String>,
    /// Roles (`--role`).
    pub roles: Vec<String>,
    /// Addresses in To (`--to`).
    pub to: Vec<Address>,
    /// At most so many due letters (`--limit`).
    pub limit: Option<usize>,
}

impl Selection {
    /// What is asked for and not there, with the known ones in the hint.
    #[must_use]
    pub fn check(&self, campaign: &Campaign) -> Problems {
        let letters: Vec<&str> = campaign.letters.iter().map(|spec| spec.id.as_str()).collect();
        let roles: BTreeSet<&str> = campaign
            .letters
            .iter()
            .flat_map(|spec| spec.to.iter().map(String::as_str))
            .collect();
        let roles: Vec<&str> = roles.into_iter().collect();
        let mut problems = Problems::new();
        problems.extend(unknown(&self.letters, &letters).map(|(name, known)| {
            let known = Value::list(known);
            Problem::error(msg!("letter-unknown", letter = name, known = known))
        }));
        problems.extend(unknown(&self.roles, &roles).map(|(name, known)| {
            let known = Value::list(known);
            Problem::error(msg!("role-unknown", role = name, known = known))
        }));
        if problems.is_empty() && !self.some_letter_goes_to_some_role(campaign) {
            problems.push(Problem::error(msg!("letters-without-roles")));
        }
        problems.extend(self.unknown_addresses(campaign));
        problems
    }

    pub(super) fn has_letter(&self, id: &str) -> bool {
        self.letters.is_empty() || self.letters.iter().any(|letter| letter == id)
    }

    pub(super) fn has_role(&self, name: &str) -> bool {
        self.roles.is_empty() || self.roles.iter().any(|role| role == name)
    }

    pub(super) fn has_address(&self, address: &Address) -> bool {
        self.to.is_empty() || self.to.iter().any(|to| to.folded() == address.folded())
    }

    fn some_letter_goes_to_some_role(&self, campaign: &Campaign) -> bool {
        campaign
            .letters
            .iter()
            .any(|spec| self.has_letter(&spec.id) && spec.to.iter().any(|role| self.has_role(role)))
    }

    fn unknown_addresses(&self, campaign: &Campaign) -> Vec<Problem> {
        let mut missing: HashSet<&str> = self.to.iter().map(Address::folded).collect();
        let mut rows = campaign.recipients.outlines();
        while !missing.is_empty() {
            match rows.next() {
                Some(Ok(row)) => missing.remove(row.email.folded()),
                Some(Err(problem)) => return vec![problem],
                None => break,
            };
        }
        self.to
            .iter()
            .filter(|address| missing.contains(address.folded()))
            .map(|address| {
                let known = Value::list(nearest_addresses(address, campaign));
                Problem::error(msg!("recipient-unknown", address = address, known = known))
            })
            .collect()
    }
}

/// The names that are not known, each with those that are, the nearest first.
fn unknown<'a>(wanted: &'a [String], known: &'a [&str]) -> impl Iterator<Item = (&'a String, Vec<&'a str>)> {
    let unknown = wanted.iter().filter(|name| !known.contains(&name.as_str()));
    unknown.map(|name| {
        let written: Vec<char> = name.chars().take(LONGEST_COMPARED).collect();
        let mut nearest_first = known.to_vec();
        nearest_first.sort_by_cached_key(|known| distance(&written, known, LONGEST_COMPARED / 2).unwrap_or(usize::MAX));
        (name, nearest_first)
    })
}

/// The nearest first; a long list is read once, keeping only the best.
fn nearest_addresses(wanted: &Address, campaign: &Campaign) -> Vec<String> {
    let mut best: Vec<(usize, String)> = Vec::with_capacity(LISTED + 1);
    let written: Vec<char> = wanted.folded().chars().take(LONGEST_COMPARED).collect();
    for row in campaign.recipients.outlines().map_while(Result::ok) {
        let known = row.email.folded();
        let worst = best.last().map_or(usize::MAX, |(distance, _)| *distance);
        // Before there are ten, the farthest will do; after that, only what is nearer than one of them is worth looking at.
        let most = if best.len() == LISTED {
            worst.saturating_sub(1)
        } else {
            LONGEST_COMPARED
        };
        let distance = match distance(&written, known, most.min(LONGEST_COMPARED)) {
            Some(distance) => distance,
            None if best.len() < LISTED => LONGEST_COMPARED + 1,
            None => continue,
        };
        let at = best.partition_point(|(other, _)| *other <= distance);
        if !best.iter().any(|(_, address)| address == known) {
            best.insert(at, (distance, known.to_owned()));
            best.truncate(LISTED);
        }
    }
    best.into_iter().map(|(_, address)| address).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use appel_messages::{Catalog, Locale};

    use crate::testing::{address, given, letter};

    fn check(selection: &Selection, expect: &[(&str, &str)]) {
        let mut rows = "role,name,email\nembassy,A,embassy@kz.example\nsupport,B,families@kz.example\n".to_owned();
        for row in 0..20 {
            let _ = writeln!(rows, "support,C,other{row}@far-away.example");
        }
        let campaign = given()
            .with(|config| config.letters.push(letter("solidarity", &["support"])))
            .template("solidarity.en.hbs", "Subject: a\n\nb\n")
            .rows(&rows)
            .made();
        let problems = selection.check(&campaign.campaign);
        assert_eq!(problems.any_error(), !expect.is_empty());
        let english = Catalog::of(Locale::English);
        let said: Vec<(String, String)> = problems
            .iter()
            .map(|problem| (problem.says_in(english), problem.hint_in(english).unwrap_or_default()))
            .collect();
        let said: Vec<(&str, &str)> = said.iter().map(|(what, hint)| (&**what, &**hint)).collect();
        assert_eq!(said, expect);
    }

    #[test]
    fn what_is_there_is_no_problem() {
        check(&Selection::default(), &[]);
        check(
            &Selection {
                letters: vec!["protest".to_owned()],
                roles: vec!["embassy".to_owned()],
                to: vec![address("Embassy@KZ.example")],
                limit: Some(1),
            },
            &[],
        );
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is_the_nearest_first() {
        check(
            &Selection {
                letters: vec!["solidarty".to_owned()],
                roles: vec!["suport".to_owned(), "embassy".to_owned()],
                ..Selection::default()
            },
            &[
                (
                    "no letter `solidarty` in this campaign",
                    "letters there: solidarity, protest",
                ),
                ("no role `suport` in this campaign", "roles there: support, embassy"),
            ],
        );
    }

    #[test]
    fn an_unknown_address_lists_the_ten_nearest() {
        check(
            &Selection {
                to: vec![address("embasy@kz.example"), address("embassy@kz.example")],
                ..Selection::default()
            },
            &[(
                "no recipient has the address embasy@kz.example",
                "addresses there: embassy@kz.example, families@kz.example, other0@far-away.example, \
                 other1@far-away.example, other2@far-away.example, other3@far-away.example, other4@far-away.example, \
                 other5@far-away.example, other6@far-away.example, other7@far-away.example",
            )],
        );
    }

    #[test]
    fn a_letter_that_goes_to_none_of_the_roles_asked_for_is_said() {
        check(
            &Selection {
                letters: vec!["protest".to_owned()],
                roles: vec!["support".to_owned()],
                ..Selection::default()
            },
            &[(
                "none of the letters asked for goes to any of the roles asked for",
                "see `to` of the letters in the configuration",
            )],
        );
    }
}
