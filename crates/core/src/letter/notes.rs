//! What a first pass over a run's letters found of each, for a second one over the same rows: the ledger answers once.

use super::decision::{Past, Skip};

/// Whether each open candidate of a plan may leave, in their order: a byte each, and more only for one that leaves again.
#[derive(Debug, Default)]
pub struct Notes {
    kinds: Vec<Kind>,
    /// The pasts of those that leave again.
    pasts: Vec<Past>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    New,
    Again,
    Kept(Skip),
}

impl Notes {
    /// Notes the next one.
    pub fn push(&mut self, may_leave: Result<Option<Past>, Skip>) {
        self.kinds.push(match may_leave {
            Ok(None) => Kind::New,
            Ok(Some(past)) => {
                self.pasts.push(past);
                Kind::Again
            }
            Err(reason) => Kind::Kept(reason),
        });
    }
}

impl IntoIterator for Notes {
    type Item = Result<Option<Past>, Skip>;
    type IntoIter = Noted;

    fn into_iter(self) -> Noted {
        Noted {
            kinds: self.kinds.into_iter(),
            pasts: self.pasts.into_iter(),
        }
    }
}

/// What was noted, in order.
#[derive(Debug)]
pub struct Noted {
    kinds: std::vec::IntoIter<Kind>,
    pasts: std::vec::IntoIter<Past>,
}

impl Iterator for Noted {
    type Item = Result<Option<Past>, Skip>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.kinds.next()? {
            Kind::New => Ok(None),
            Kind::Again => Ok(Some(self.pasts.next()?)),
            Kind::Kept(reason) => Err(reason),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::outcome::Status;

    #[test]
    fn a_second_pass_is_told_what_the_first_found_and_a_letter_costs_a_byte() {
        let past = |status, first_date| Past { status, first_date };
        let found = [
            Ok(None),
            Err(Skip::AlreadyAccepted),
            Ok(Some(past(Status::Deferred, Timestamp::UNIX_EPOCH))),
            Err(Skip::InDoubt),
            Ok(None),
            Ok(Some(past(Status::InDoubt, Timestamp::MAX))),
        ];
        let mut notes = Notes::default();
        for may_leave in found {
            notes.push(may_leave);
        }
        assert_eq!(notes.into_iter().collect::<Vec<_>>(), found);
        assert_eq!(size_of::<Kind>(), 1);
    }
}
