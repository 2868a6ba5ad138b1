//! Copies that a letter leaves without: put off by the server, they are tried again alone, with the bytes that left.

use std::borrow::Cow;
use std::time::Duration;

use appel_core::address::Address;
use appel_core::letter::{Copy, Left, Message, Past};
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};
use tokio::time::Instant;

use super::dispatcher::Dispatcher;
use super::evidence::hints;
use super::job::{Job, Retry};
use super::own_copy;
use crate::transport::Sent;

/// A copy that is to be tried again, and not before a while, if the server said so.
pub struct PutOff {
    job: Job,
    wait: Option<Duration>,
}

/// Copies that the server cannot be asked to carry have an outcome of their own, whatever the letter's is.
pub fn tell_left_out(sent: &mut Sent, left_out: Vec<Address>) {
    let refused = || Outcome::new(Status::Refused, Reply::none(Reason::NeedsSmtputf8, ""));
    sent.recipients
        .extend(left_out.into_iter().map(|address| AddressOutcome {
            address: address.to_string(),
            outcome: refused(),
        }));
}

/// A letter's message, without the copies at which the server hung up: those go alone, later.
pub struct Apart<'m> {
    message: Cow<'m, Message>,
    copies: Vec<AddressOutcome>,
}

impl<'m> Apart<'m> {
    /// With all of its copies, at first.
    pub const fn of(message: &'m Message) -> Self {
        Self {
            message: Cow::Borrowed(message),
            copies: Vec::new(),
        }
    }

    /// What is to be handed over.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Whether the server hung up at a copy. Then that is left out from now on, and so are those behind it, which the
    /// server was not asked to take.
    pub fn leaves_out(&mut self, sent: &Sent) -> bool {
        let Some(place) = sent.hung_up_at_copy() else {
            return false;
        };
        let copies = &mut self.message.to_mut().envelope.cc;
        let left_out = copies.split_off(place.min(copies.len()));
        let mut reply = sent.outcome.reply.clone();
        self.copies.extend(left_out.into_iter().map(|address| AddressOutcome {
            address: address.to_string(),
            outcome: Outcome::new(
                Status::Deferred,
                std::mem::replace(&mut reply, Reply::none(Reason::NotAsked, "")),
            ),
        }));
        true
    }

    /// Adds what became of them to the outcome of a letter that left without, or may have.
    pub fn tell(self, sent: &mut Sent) {
        let may_have_left = matches!(sent.outcome.status, Status::Accepted | Status::InDoubt);
        if self.copies.is_empty() || !may_have_left {
            return;
        }
        if sent.recipients.is_empty() {
            let taken = self.message.envelope.recipients().map(|address| AddressOutcome {
                address: address.to_string(),
                outcome: sent.outcome.clone(),
            });
            sent.recipients.extend(taken);
        }
        sent.recipients.extend(self.copies);
    }
}

/// Whether an address was put off while the letter was taken.
fn is_put_off(its: &AddressOutcome) -> bool {
    its.outcome.status == Status::Deferred
}

/// The copies that the server put off although it took the letter.
pub fn put_off(job: &Job, message: &Message, sent: &Sent) -> Vec<PutOff> {
    if sent.outcome.status != Status::Accepted || job.letter.copy.is_some() {
        return Vec::new();
    }
    let put_off = sent.recipients.iter().skip(1).filter(|its| is_put_off(its));
    put_off.filter_map(|its| again(job, message, its)).collect()
}

impl Dispatcher {
    /// Before an outcome is recorded: keeps the bytes when they are needed again, safe from a power cut.
    pub fn keep(&self, job: &Job, message: &Message, sent: &Sent) {
        let Some(kept) = &self.options.kept else { return };
        let needed = match sent.outcome.status {
            Status::InDoubt => true,
            Status::Accepted => {
                sent.recipients.iter().any(is_put_off) || own_copy::of(&job.letter, &self.options).is_some()
            }
            Status::Deferred | Status::NotTried => job.letter.copy.is_some(),
            Status::Refused => false,
        };
        // Where it cannot be kept, the message is written again, and leaves only if it is the same.
        if needed && !(job.letter.copy.is_some() && kept.has(message.id)) {
            let _ = kept.keep(message, &message.sha256());
        }
    }

    /// Has the sender's own copy of a letter that was taken wait behind all letters.
    pub fn copy_to_self(&self, job: &Job, message: &Message, sent: &Sent) -> Option<Job> {
        let to = own_copy::of(&job.letter, &self.options).filter(|_| sent.outcome.status == Status::Accepted)?;
        let mut copy = by_itself(job, message, to);
        // The server was not asked yet.
        copy.first_try = None;
        Some(copy)
    }

    /// It waits from when its letter is recorded.
    pub fn take_own(&self, copy: Option<Job>) {
        if let Some(copy) = copy {
            self.state().own.push_back(copy);
            self.wake();
        }
    }

    /// Tries them again, as it would letters that were put off; what would be too late is left for the next run.
    pub fn take_on(&self, put_off: Vec<PutOff>) {
        if put_off.is_empty() {
            return;
        }
        for PutOff { job, wait } in put_off {
            if let Some(at) = self.later(&job, wait) {
                self.state().retries.push(Retry { at, job });
            }
        }
        self.wake();
    }
}

/// A copy of a letter that has left, to be tried again alone.
fn again(job: &Job, message: &Message, its: &AddressOutcome) -> Option<PutOff> {
    let of = &job.letter;
    let to = of.envelope.cc.iter().find(|copy| copy.as_str() == its.address)?;
    let job = by_itself(job, message, to);
    let wait = hints::wait_of_letter(&its.outcome.reply);
    Some(PutOff { job, wait })
}

/// A copy of a letter that has just left, to this address.
fn by_itself(job: &Job, message: &Message, to: &Address) -> Job {
    let of = &job.letter;
    let mut letter = of.clone();
    letter.past = Some(Past {
        status: Status::Deferred,
        first_date: job.date,
    });
    letter.copy = Some(Box::new(Copy {
        id: of.id.of_copy(to),
        to: to.clone(),
        left: Some(Left {
            sha256: message.sha256(),
            facts: message.facts.clone(),
        }),
    }));
    Job {
        letter,
        date: job.date,
        tries: 1,
        began: job.began,
        first_try: Some(Instant::now()),
        // How it stands its letter tells.
        deferred: None,
    }
}
