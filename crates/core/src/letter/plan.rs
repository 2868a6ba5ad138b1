//! Who gets which letter in which language, and who does not and why.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use appel_messages::msg;

use super::decision::{Decision, Skip, skipped};
use super::envelope::LetterId;
use super::flood::hash_of;
use super::recurring::{Finder, Recurring};
use super::selection::Selection;
use crate::campaign::{Campaign, LetterSpec, Limits, Sender};
use crate::place::{Country, Language};
use crate::problem::{Place, Problem, Problems, Severity};
use crate::recipients::{Recipient, Rows, Serves};

/// A row and a letter of its role, before anybody has asked what became of it.
#[derive(Clone, Debug)]
pub enum Candidate {
    /// What the ledger knows of it decides.
    Open(Open),
    /// Decided, whatever the ledger knows: it goes to nobody of its own, or the rows can no longer be read.
    Decided(Decision),
}

/// A candidate that the ledger has to be asked about.
#[derive(Clone, Debug)]
pub struct Open {
    /// The letter's id.
    pub id: LetterId,
    /// The letters to the same recipient that it follows, the first one first: mostly none.
    pub(super) follows: Vec<LetterId>,
    pub(super) spec: Arc<LetterSpec>,
    pub(super) row: Recipient,
}

/// What the rows of one role hold for this sender.
#[derive(Debug, Default)]
pub(super) struct Role {
    /// Positions in the campaign of the letters that go to it and are selected.
    pub letters: Vec<usize>,
    rows: usize,
    names_sender: bool,
    /// A row that serves everyone.
    pub everyone: bool,
    /// A row with `*`.
    pub others: bool,
    /// The countries that its rows name.
    pub countries: BTreeSet<Country>,
}

impl Role {
    fn covers_sender(&self) -> bool {
        self.names_sender || self.everyone || self.others
    }

    fn serves(&self, row: &Recipient, sender: Country) -> bool {
        match &row.serves {
            Serves::Everyone => true,
            Serves::Others => !self.names_sender,
            Serves::Countries(countries) => countries.contains(&sender),
        }
    }
}

/// A campaign's letters for one sender, worked out row by row: a million recipients take no more memory than four bytes
/// each while the plan is made, and a part of the hashes of recurring addresses afterwards.
#[derive(Debug)]
pub struct Plan {
    pub(super) campaign: Arc<Campaign>,
    pub(super) sender: Sender,
    pub(super) limits: Limits,
    pub(super) selection: Selection,
    pub(super) roles: HashMap<String, Role>,
    pub(super) recurring: Arc<Recurring>,
    /// By the ids of letters that follow others: the ids of those, the first one first.
    chains: HashMap<String, Vec<String>>,
}

/// So many letters are named at most that a letter follows, one following the other: the last ones.
const LONGEST_CHAIN: usize = 20;

/// Which letters each letter follows; those that follow none are not in it.
fn chains(letters: &[Arc<LetterSpec>]) -> HashMap<String, Vec<String>> {
    let follows = |id: &str| letters.iter().find(|spec| spec.id == id)?.follows.clone();
    let chain = |spec: &LetterSpec| {
        let first = spec.follows.clone();
        let mut chain: Vec<String> = std::iter::successors(first, |id| follows(id))
            .take(LONGEST_CHAIN)
            .collect();
        chain.reverse();
        chain
    };
    let following = letters.iter().filter(|spec| spec.follows.is_some());
    following.map(|spec| (spec.id.clone(), chain(spec))).collect()
}

impl Plan {
    /// Reads the rows once: which roles have a row that names the sender's country, and which addresses recur.
    ///
    /// # Errors
    /// When the rows can no longer be read.
    pub fn new(
        campaign: &Arc<Campaign>,
        sender: &Sender,
        limits: Limits,
        selection: Selection,
    ) -> Result<Arc<Self>, Problem> {
        let mut roles: HashMap<String, Role> = HashMap::new();
        for (position, spec) in campaign.letters.iter().enumerate() {
            if !selection.has_letter(&spec.id) {
                continue;
            }
            for role in spec.to.iter().filter(|role| selection.has_role(role)) {
                let letters = &mut roles.entry(role.clone()).or_default().letters;
                // `to = ["embassy", "embassy"]` is one letter.
                if letters.last() != Some(&position) {
                    letters.push(position);
                }
            }
        }
        let mut recurring = Finder::new(campaign.recipients.count());
        for copy in campaign.letters.iter().flat_map(|spec| &spec.cc) {
            // A letter's own copies go with more than one row.
            recurring.add_copy(hash_of(&copy.mailbox()));
            recurring.add_copy(hash_of(&copy.mailbox()));
        }
        for row in campaign.recipients.outlines() {
            let row = row?;
            let Some(role) = roles.get_mut(&row.role) else {
                continue;
            };
            role.rows += 1;
            match &row.serves {
                Serves::Everyone => role.everyone = true,
                Serves::Others => role.others = true,
                Serves::Countries(countries) => {
                    role.names_sender |= countries.contains(&sender.country);
                    role.countries.extend(countries);
                }
            }
            let mailbox = row.email.mailbox();
            recurring.add(hash_of(&mailbox));
            if *mailbox != *row.email.folded() {
                // Addresses that are different, and lead to one mailbox, are no duplicates.
                recurring.add(hash_of(row.email.folded()));
            }
            for copy in &row.cc {
                recurring.add_copy(hash_of(&copy.mailbox()));
            }
        }
        Ok(Arc::new(Self {
            campaign: Arc::clone(campaign),
            sender: sender.clone(),
            limits,
            selection,
            roles,
            recurring: Arc::new(recurring.finish()),
            chains: chains(&campaign.letters),
        }))
    }

    /// Every selected row and letter, row by row in the order of the file, the letters of a row in the order of the
    /// configuration.
    #[must_use]
    pub fn candidates(self: &Arc<Self>) -> Candidates {
        Candidates {
            plan: Arc::clone(self),
            rows: self.campaign.recipients.rows(),
            row: None,
            seen: HashSet::new(),
        }
    }

    /// The letters that reach nobody in one of their roles, because no row serves this sender; who would have been
    /// served is in the hint.
    #[must_use]
    pub fn uncovered(&self) -> Problems {
        let country = self.sender.country;
        let file = self.campaign.recipients.shown();
        let mut problems = Problems::new();
        // Asked for by address, a letter to nobody else is what was asked for.
        if !self.selection.to.is_empty() {
            return problems;
        }
        for (position, spec) in self.campaign.letters.iter().enumerate() {
            for (at, name) in spec.to.iter().enumerate() {
                let Some(role) = self.roles.get(name.as_str()) else {
                    continue;
                };
                if role.covers_sender() || !role.letters.contains(&position) || spec.to[..at].contains(name) {
                    continue;
                }
                if !problems.has_room(Severity::Warning) {
                    problems.count_only(Severity::Warning, "letter-role-unserved");
                    continue;
                }
                let letter = &spec.id;
                let what = if role.rows == 0 {
                    msg!("letter-role-without-rows", letter = letter, role = name)
                } else {
                    let served: Vec<&str> = role.countries.iter().map(Country::code).collect();
                    let served = served.join(" ");
                    msg!(
                        "letter-role-unserved",
                        letter = letter,
                        role = name,
                        country = country,
                        served = served,
                    )
                };
                problems.push(Problem::warning(what).at(Place::file(file)));
            }
        }
        problems
    }

    /// The letters to a recipient that a letter to them follows.
    pub(super) fn follows(&self, spec: &LetterSpec, row: &Recipient) -> Vec<LetterId> {
        if spec.follows.is_none() {
            return Vec::new();
        }
        let chain = self.chains.get(&spec.id).into_iter().flatten();
        chain
            .map(|letter| LetterId::new(&self.campaign.id, letter, &self.sender.email, &row.email))
            .collect()
    }

    pub(super) fn language(&self, spec: &LetterSpec, row: &Recipient) -> Option<&Language> {
        let available = self.campaign.templates.languages(&spec.template);
        row.languages
            .iter()
            .chain([&self.sender.language, &self.campaign.language])
            .find_map(|wanted| wanted.best_of(available))
    }
}

/// The candidates of a [`Plan`], as far as they have not come yet.
pub struct Candidates {
    plan: Arc<Plan>,
    rows: Rows<Recipient>,
    /// The row at hand, and how many of its role's letters have come.
    row: Option<(Recipient, usize)>,
    /// The letters to recurring addresses that have come: of one letter to one address there is one id.
    seen: HashSet<LetterId>,
}

impl Iterator for Candidates {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        let plan = &*self.plan;
        loop {
            let (row, come) = match self.row.take() {
                Some(at) => at,
                None => match self.rows.next()? {
                    Ok(row) => (row, 0),
                    // Nothing comes after it.
                    Err(problem) => return Some(Candidate::Decided(Decision::Impossible(Box::new(problem)))),
                },
            };
            let Some(role) = plan.roles.get(row.role.as_str()) else {
                continue;
            };
            if come == 0 && !plan.selection.has_address(&row.email) {
                continue;
            }
            let Some(&position) = role.letters.get(come) else {
                continue;
            };
            if come + 1 < role.letters.len() {
                self.row = Some((row.clone(), come + 1));
            }
            let spec = &plan.campaign.letters[position];
            let id = LetterId::new(&plan.campaign.id, &spec.id, &plan.sender.email, &row.email);
            let reason = if !role.serves(&row, plan.sender.country) {
                Skip::OtherCountry
            } else if plan.recurring.has(hash_of(row.email.folded())) && !self.seen.insert(id) {
                Skip::Duplicate
            } else {
                let follows = plan.follows(spec, &row);
                let spec = Arc::clone(spec);
                return Some(Candidate::Open(Open { id, follows, spec, row }));
            };
            return Some(Candidate::Decided(skipped(id, spec, row, reason, None)));
        }
    }
}

#[cfg(test)]
mod tests;
