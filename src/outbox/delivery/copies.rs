//! Copies that a letter leaves without: put off by the server, they are tried again alone, with the bytes that left.

use std::time::Duration;

use appel_core::address::Address;
use appel_core::letter::{Copy, Left, Message, Past};
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};
use tokio::time::Instant;

use super::dispatcher::Dispatcher;
use super::evidence::hints;
use super::job::{Job, Retry};
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
            Status::Accepted => sent.recipients.iter().any(is_put_off),
            Status::Deferred | Status::NotTried => job.letter.copy.is_some(),
            Status::Refused => false,
        };
        // Where it cannot be kept, the message is written again, and leaves only if it is the same.
        if needed && !(job.letter.copy.is_some() && kept.has(message.id)) {
            let _ = kept.keep(message, &message.sha256());
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
    let job = Job {
        letter,
        date: job.date,
        tries: 1,
        began: job.began,
        first_try: Some(Instant::now()),
        // How it stands its letter tells.
        deferred: None,
    };
    let wait = hints::wait_of_letter(&its.outcome.reply);
    Some(PutOff { job, wait })
}
