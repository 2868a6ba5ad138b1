//! How a server is spoken to, and what was learned of it meanwhile: one for all connections of a run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appel_messages::{Message, msg};

use crate::input::config::is_loopback;

/// Says nothing about the machine (RFC 5321 §4.1.3 allows it where there is no name to give).
const NO_NAME: &str = "[127.0.0.1]";

/// How a server is spoken to.
#[derive(Clone, Debug)]
pub struct Manner {
    /// `smtp.helo`. What a person set is replaced by nothing else.
    pub helo: Option<String>,
    /// The sender's domain, for servers that want a name. They read it in MAIL anyway.
    pub domain: Option<String>,
    /// `smtp.pipelining`.
    pub pipelining: bool,
    /// What was learned.
    pub learned: Learned,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            helo: None,
            domain: None,
            pipelining: true,
            learned: Learned::default(),
        }
    }
}

/// What was found out about a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// It wants the sender's domain in EHLO, and no address literal.
    pub wants_domain: bool,
    /// It has taken a letter's recipients from somebody who said the name at hand: the name is not what it minds.
    pub name_is_fine: bool,
    /// Letters running for which it minded the name, and there was no other one.
    pub name_refused: u32,
    /// Whether it keeps to the PIPELINING that it offers; `None` while nobody knows.
    pub pipelining: Option<bool>,
    /// That it does not is a guess from a lost line, good for one run.
    pub pipelining_is_a_guess: bool,
}

/// What was found out, shared.
#[derive(Clone, Debug, Default)]
pub struct Learned(Arc<Mutex<Found>>);

impl Learned {
    /// What was found out before.
    #[must_use]
    pub fn knowing(found: Found) -> Self {
        Self(Arc::new(Mutex::new(found)))
    }

    /// All of it, as it is now.
    #[must_use]
    pub fn found(&self) -> Found {
        *self.lock()
    }

    pub(super) fn note<T>(&self, change: impl FnOnce(&mut Found) -> T) -> T {
        change(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        // Nothing can panic half-way through a change of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Manner {
    /// What EHLO says now.
    pub(super) fn name(&self) -> &str {
        match (&self.helo, &self.domain) {
            (Some(helo), _) => helo,
            (None, Some(domain)) if self.learned.found().wants_domain => domain,
            _ => NO_NAME,
        }
    }

    /// The same where others can read it.
    pub(super) fn name_in_clear(&self) -> &str {
        self.helo.as_deref().unwrap_or(NO_NAME)
    }

    /// Whether whoever sees to which host one connects knows the domain by that, or nobody sees it.
    pub(super) fn domain_is_known_by(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let under = |domain: &str| {
            host.strip_suffix(domain)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        is_loopback(&host) || self.domain.as_deref().is_some_and(under)
    }

    /// What it may say when the server does not take `name`.
    pub(super) fn other_name(&self, name: &str) -> Option<&str> {
        let domain = self.domain.as_deref().filter(|domain| *domain != name);
        domain.filter(|_| self.helo.is_none())
    }

    /// What to do about a name that the server does not take.
    pub(super) fn hint(&self, name: &str) -> Message {
        match self.helo {
            Some(_) => msg!("smtp-hint-helo-changed", name = name),
            None => msg!("smtp-hint-helo"),
        }
    }

    /// Whether commands may go in groups to a server that offers it.
    pub(super) fn pipelines(&self) -> bool {
        self.pipelining && self.learned.found().pipelining != Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_persons_own_or_says_nothing_until_the_domain_is_wanted() {
        let manner = Manner {
            domain: Some("home.example".to_owned()),
            ..Manner::default()
        };
        assert_eq!(
            (manner.name(), manner.other_name(manner.name())),
            ("[127.0.0.1]", Some("home.example"))
        );
        manner.learned.note(|found| found.wants_domain = true);
        assert_eq!(
            (manner.name(), manner.other_name(manner.name())),
            ("home.example", None)
        );
        assert_eq!(manner.name_in_clear(), "[127.0.0.1]");
        for (host, known) in [
            ("127.0.0.1", true),
            ("localhost", true),
            ("smtp.home.example", true),
            ("HOME.example.", true),
            ("smtp.provider.example", false),
            ("nothome.example", false),
        ] {
            assert_eq!(manner.domain_is_known_by(host), known, "{host}");
        }
        let own = Manner {
            helo: Some("mail.home.example".to_owned()),
            ..manner
        };
        assert_eq!((own.name(), own.other_name(own.name())), ("mail.home.example", None));
    }
}
