//! Whether a candidate leaves, and why not: by what the ledger knows of it, and by what left before it.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use appel_messages::msg;
use jiff::Timestamp;

use super::chosen::Chosen;
use super::copies::{OpenCopies, OpenCopy};
use super::corrections::Corrections;
use super::decision::{Copy, Decision, Letter, Past, Skip, skipped, was_tried};
use super::envelope::{Envelope, LetterId};
use super::flood::{Recent, Tally};
use super::plan::{Candidate, Open, Plan};
use crate::address::Address;
use crate::campaign::LetterSpec;
use crate::outcome::Status;
use crate::place::Language;
use crate::problem::Problem;
use crate::recipients::Recipient;

/// Which letters of the past leave again; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resend {
    /// Those that the server may have taken (`--resend-in-doubt`).
    pub in_doubt: bool,
    /// Those that the server refused.
    pub refused: bool,
}

/// Whether a letter with this past may leave, and then that past. `None`: nothing is known of it, or an intent that surely
/// never began. `late`: after the deadline.
///
/// # Errors
/// Why it may not.
pub const fn may_leave(past: Option<Past>, resend: Resend, late: bool) -> Result<Option<Past>, Skip> {
    match past {
        Some(past) => match past.status {
            Status::Accepted => Err(Skip::AlreadyAccepted),
            Status::Refused if !resend.refused => Err(Skip::Refused),
            Status::InDoubt if !resend.in_doubt => Err(Skip::InDoubt),
            _ if late => Err(Skip::Deadline),
            Status::Deferred | Status::Refused | Status::InDoubt | Status::NotTried => Ok(Some(past)),
        },
        None if late => Err(Skip::Deadline),
        None => Ok(None),
    }
}

/// What a run goes by, beside the campaign and what became of each letter.
#[derive(Clone, Debug)]
pub struct Rules {
    /// When it began.
    pub now: Timestamp,
    /// Which letters leave again.
    pub resend: Resend,
    /// What the sender handed over in the last 24 hours, in whatever campaign. `None`: every letter counts as due, however
    /// much its addresses get; for looking at letters, not for sending.
    pub recent: Option<Arc<Recent>>,
    /// Copies that letters left without.
    pub copies: Arc<OpenCopies>,
    /// Letters that follow others count as if those had been received; for looking at letters, not for sending.
    pub as_if_received: bool,
    /// Whom letters go to that correct a fact.
    pub corrections: Arc<Corrections>,
    /// Which of those that may leave do so. `None`: as `--limit` has it of letters that nobody tried.
    pub chosen: Option<Chosen>,
}

impl Rules {
    /// For looking at letters.
    #[must_use]
    pub fn to_look(now: Timestamp) -> Self {
        Self {
            now,
            resend: Resend::default(),
            recent: None,
            copies: Arc::default(),
            as_if_received: true,
            corrections: Arc::default(),
            chosen: None,
        }
    }
}

impl Plan {
    /// So many letters may leave in one run.
    #[must_use]
    pub const fn limit(&self) -> Option<usize> {
        self.selection.limit
    }

    /// Decides the candidates, in their order.
    #[must_use]
    pub fn decider(self: &Arc<Self>, rules: &Rules) -> Decider {
        let tally = |recent| Tally::new(recent, self.limits, &self.sender.email, rules.now, &self.recurring);
        Decider {
            plan: Arc::clone(self),
            resend: rules.resend,
            // "No letter leaves after it": the deadline's own moment is still in time.
            late: self.campaign.deadline.is_some_and(|deadline| rules.now > deadline),
            tally: rules.recent.as_ref().map(tally),
            chosen: (rules.chosen.clone()).unwrap_or_else(|| Chosen::at_first(self.selection.limit)),
            copies: Arc::clone(&rules.copies),
            as_if_received: rules.as_if_received,
            corrections: Arc::clone(&rules.corrections),
            of_letter: VecDeque::new(),
        }
    }

    /// What is decided when nothing was ever tried.
    pub fn decisions(self: &Arc<Self>, rules: &Rules) -> impl Iterator<Item = Decision> + Send + use<> {
        let may_leave = self.decider(rules).may_leave(None);
        self.decisions_by(rules, std::iter::repeat(may_leave))
    }

    /// What is decided when it is known whether each open candidate may leave, in their order; ends with the last that
    /// this is known of.
    pub fn decisions_by<Known: Iterator<Item = Result<Option<Past>, Skip>>>(
        self: &Arc<Self>,
        rules: &Rules,
        mut known: Known,
    ) -> impl Iterator<Item = Decision> + use<Known> {
        let mut decider = self.decider(rules);
        let mut candidates = self.candidates();
        std::iter::from_fn(move || {
            loop {
                if let Some(copy) = decider.copy() {
                    return Some(copy);
                }
                if !decider.goes_on() {
                    return None;
                }
                let decision = match candidates.next()? {
                    Candidate::Open(open) => decider.decide(open, known.next()?),
                    Candidate::Decided(decision) => Some(decision),
                };
                if decision.is_some() {
                    return decision;
                }
            }
        })
    }
}

/// Decides candidates, in their order: what each may do counts for those after it.
#[derive(Debug)]
pub struct Decider {
    plan: Arc<Plan>,
    resend: Resend,
    late: bool,
    /// What addresses get; `None` when that is not limited.
    tally: Option<Tally>,
    /// Those that are yet to come.
    chosen: Chosen,
    copies: Arc<OpenCopies>,
    as_if_received: bool,
    corrections: Arc<Corrections>,
    /// Decisions on the copies of the letter that was decided last.
    of_letter: VecDeque<Decision>,
}

impl Decider {
    /// Whether `--limit` lets any more letters be due; if not, nothing is decided any more.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.chosen.goes_on()
    }

    /// Which of those that may leave are yet to come.
    #[must_use]
    pub const fn chosen(&self) -> &Chosen {
        &self.chosen
    }

    /// See [`may_leave`].
    ///
    /// # Errors
    /// Why it may not.
    pub const fn may_leave(&self, past: Option<Past>) -> Result<Option<Past>, Skip> {
        may_leave(past, self.resend, self.late)
    }

    /// The letter without which a candidate is not due: what is known of it has to be asked too.
    #[must_use]
    pub fn first_of(&self, open: &Open) -> Option<LetterId> {
        open.follows.last().copied().filter(|_| !self.as_if_received)
    }

    /// See [`may_leave`], of a letter that follows another one, by what is known of that: it goes to whoever got it.
    ///
    /// # Errors
    /// Why it may not.
    pub fn may_follow(&self, open: &Open, past: Option<Past>, first: Option<Past>) -> Result<Option<Past>, Skip> {
        let past = self.may_leave(past)?;
        if first.is_none_or(|first| first.status != Status::Accepted) {
            return Err(Skip::NotReceived);
        }
        let corrects = open.spec.if_fact_was.is_some();
        let was_told = |first: &LetterId| self.corrections.has(&open.spec.id, *first);
        if corrects && !open.follows.last().is_some_and(was_told) {
            return Err(Skip::FactUnchanged);
        }
        Ok(past)
    }

    /// Decides one, by whether it may leave. `None`: `--limit` leaves it to another run.
    pub fn decide(&mut self, open: Open, may_leave: Result<Option<Past>, Skip>) -> Option<Decision> {
        let Open { id, follows, spec, row } = open;
        let past = match may_leave {
            Ok(past) => past,
            Err(reason) => {
                if reason == Skip::AlreadyAccepted {
                    self.decide_copies(id, &spec, &row);
                }
                return Some(skipped(id, &spec, row, reason, None));
            }
        };
        let was_tried = was_tried(past);
        if !self.chosen.has(id, was_tried) {
            return None;
        }
        let Some(language) = self.plan.language(&spec, &row).cloned() else {
            return Some(Decision::Impossible(Box::new(self.no_text(&spec, &row))));
        };
        if let Some(problem) = self.too_many_copies(&spec, &row) {
            return Some(Decision::Impossible(Box::new(problem)));
        }
        let copies = row.cc.iter().chain(&spec.cc).cloned();
        let envelope = Envelope::new(self.plan.sender.email.clone(), row.email.clone(), copies);
        if self.chosen.counts(was_tried)
            && let Some(tally) = &mut self.tally
            && let Err(over) = tally.admit(id, row.line, &envelope)
        {
            return Some(skipped(id, &spec, row, Skip::AddressLimit, Some(over)));
        }
        self.chosen.take(id, was_tried);
        Some(Decision::Due(Box::new(Letter {
            id,
            spec,
            recipient: row,
            language,
            envelope,
            follows,
            past,
            copy: None,
        })))
    }

    /// What is decided of a copy of the letter before: to be asked after each letter, until there is none.
    pub fn copy(&mut self) -> Option<Decision> {
        self.of_letter.pop_front()
    }

    /// Decides the copies that a letter left without, and that are still asked for.
    fn decide_copies(&mut self, letter: LetterId, spec: &Arc<LetterSpec>, row: &Recipient) {
        let copies = Arc::clone(&self.copies);
        let open = copies.of(letter);
        if open.is_empty() {
            return;
        }
        let asked_for = row.cc.iter().chain(&spec.cc).cloned();
        let envelope = Envelope::new(self.plan.sender.email.clone(), row.email.clone(), asked_for);
        let own = envelope.sender_without_copy().filter(|_| self.plan.sender.copy_to_self);
        for to in envelope.cc.iter().chain(own) {
            let id = letter.of_copy(to);
            if let Some(copy) = open.iter().find(|copy| copy.id == id)
                && self.chosen.has(id, true)
            {
                let decision = self.decide_copy(copy, to, spec, row, &envelope);
                self.of_letter.push_back(decision);
            }
        }
    }

    fn decide_copy(
        &mut self,
        copy: &OpenCopy,
        to: &Address,
        spec: &Arc<LetterSpec>,
        row: &Recipient,
        envelope: &Envelope,
    ) -> Decision {
        let skipped = |reason, over| Decision::Skipped {
            id: copy.letter,
            letter: spec.id.clone(),
            to: to.clone(),
            line: row.line,
            reason,
            over,
            copy: Some(copy.id),
        };
        let past = match self.may_leave(Some(copy.past)) {
            Ok(past) => past,
            Err(reason) => return skipped(reason, None),
        };
        if self.chosen.counts(true)
            && let Some(tally) = &mut self.tally
            && let Err(over) = tally.admit_copy(copy.id, to)
        {
            return skipped(Skip::AddressLimit, Some(over));
        }
        let Some(language) = copy.language().or_else(|| self.plan.language(spec, row).cloned()) else {
            return Decision::Impossible(Box::new(self.no_text(spec, row)));
        };
        self.chosen.take(copy.id, true);
        Decision::Due(Box::new(Letter {
            id: copy.letter,
            spec: Arc::clone(spec),
            recipient: row.clone(),
            language,
            envelope: envelope.clone(),
            follows: self.plan.follows(spec, row),
            past,
            copy: Some(Box::new(Copy {
                id: copy.id,
                to: to.clone(),
                left: copy.left.clone(),
            })),
        }))
    }

    /// Looked at before anything that grows with the square of their number.
    fn too_many_copies(&self, spec: &LetterSpec, row: &Recipient) -> Option<Problem> {
        let most = self.plan.limits.copies_per_letter;
        if row.cc.len() + spec.cc.len() <= most {
            return None;
        }
        let different: HashSet<&str> = row.cc.iter().chain(&spec.cc).map(Address::folded).collect();
        let number = different.len() - usize::from(different.contains(row.email.folded()));
        if number <= most {
            return None;
        }
        let place = self.plan.campaign.recipients.place(row.line, Some("cc"));
        let what = msg!(
            "letter-copies-too-many",
            letter = &spec.id,
            number = number,
            most = most,
            own = spec.cc.len(),
        );
        Some(Problem::error(what).at(place))
    }

    fn no_text(&self, spec: &LetterSpec, row: &Recipient) -> Problem {
        let Plan { campaign, sender, .. } = &*self.plan;
        let tags = |languages: &mut dyn Iterator<Item = &Language>| {
            languages.map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let wanted = row.languages.iter().chain([&sender.language, &campaign.language]);
        let mut once = Vec::new();
        for language in wanted {
            if !once.contains(&language) {
                once.push(language);
            }
        }
        let wanted = tags(&mut once.into_iter());
        let available = tags(&mut campaign.templates.languages(&spec.template).iter());
        let place = self.plan.campaign.recipients.place(row.line, Some("language"));
        Problem::error(msg!(
            "letter-no-text",
            letter = &spec.id,
            wanted = wanted,
            available = available,
        ))
        .at(place)
    }
}
