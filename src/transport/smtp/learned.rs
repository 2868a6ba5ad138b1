//! How a server is spoken to, and what was learned of it meanwhile: one for all connections of a run.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appel_core::letter::LetterId;
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
    /// `smtp.dsn`.
    pub dsn: bool,
    /// What was learned.
    pub learned: Learned,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            helo: None,
            domain: None,
            pipelining: true,
            dsn: false,
            learned: Learned::default(),
        }
    }
}

/// What was found out about a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// It wants a name in EHLO, and no address literal: the sender's domain, where nobody else hears it.
    pub wants_domain: bool,
    /// It has taken a letter's recipients from somebody who said the name at hand: the name is not what it minds.
    pub name_is_fine: bool,
    /// Letters running for which it minded the name, and there was no other one.
    pub name_refused: u32,
    /// Whether it keeps to the PIPELINING that it offers; `None` while nobody knows.
    pub pipelining: Option<bool>,
    /// It has taken a letter's recipients from somebody who asked for notifications (RFC 3461).
    pub dsn_is_fine: bool,
    /// The letter for which it minded to be asked for them: since then nobody asks.
    pub no_dsn: Option<LetterId>,
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
        self.said(self.domain.as_deref())
    }

    /// What it may say when the server does not take `name`.
    pub(super) fn other_name(&self, name: &str) -> Option<&str> {
        self.instead_of(name, self.domain.as_deref())
    }

    /// The same of a host where others can read it.
    pub(super) fn name_in_clear<'m>(&'m self, host: &'m str) -> &'m str {
        self.said(self.telling_nothing(host))
    }

    /// The same of a host where others can read it.
    pub(super) fn other_name_in_clear<'m>(&'m self, name: &str, host: &'m str) -> Option<&'m str> {
        // Who minds the address literal in a letter may mind its own name in a greeting.
        let literal = Some(NO_NAME).filter(|literal| self.helo.is_none() && *literal != name);
        self.instead_of(name, self.telling_nothing(host)).or(literal)
    }

    fn said<'m>(&'m self, wanted: Option<&'m str>) -> &'m str {
        match (&self.helo, wanted) {
            (Some(helo), _) => helo,
            (None, Some(wanted)) if self.learned.found().wants_domain => wanted,
            _ => NO_NAME,
        }
    }

    fn instead_of<'m>(&self, name: &str, wanted: Option<&'m str>) -> Option<&'m str> {
        wanted.filter(|wanted| self.helo.is_none() && *wanted != name)
    }

    /// A name for those that want one, from which whoever sees to which host one connects learns nothing: the sender's
    /// domain where the host's name has it, or nobody is on the way; else the host's own name.
    fn telling_nothing<'m>(&'m self, host: &'m str) -> Option<&'m str> {
        let name = host.trim_end_matches('.');
        let folded = name.to_ascii_lowercase();
        let is_known = |domain: &&str| {
            let rest = folded.strip_suffix(domain);
            is_loopback(&folded) || rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let domain = self.domain.as_deref().filter(is_known);
        domain.or_else(|| Some(name).filter(|name| name.parse::<IpAddr>().is_err()))
    }

    /// What to do about a name that the server does not take.
    pub(super) fn hint(&self, name: &str) -> Message {
        match self.helo {
            Some(_) => msg!("smtp-hint-helo-changed", name = name),
            None => msg!("smtp-hint-helo"),
        }
    }

    /// Whether to ask a server for notifications that offers them.
    pub(super) fn asks_for_dsn(&self) -> bool {
        self.dsn && self.learned.found().no_dsn.is_none()
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
        for (host, said) in [
            ("127.0.0.1", "home.example"),
            ("localhost", "home.example"),
            ("smtp.home.example", "home.example"),
            ("HOME.example.", "home.example"),
            ("smtp.provider.example.", "smtp.provider.example"),
            ("nothome.example", "nothome.example"),
            ("192.0.2.1", "[127.0.0.1]"),
            ("2001:db8::1", "[127.0.0.1]"),
        ] {
            assert_eq!(manner.name_in_clear(host), said);
            let other = manner.other_name_in_clear(NO_NAME, host);
            assert_eq!(other.unwrap_or(NO_NAME), said);
        }
        let own = Manner {
            helo: Some("mail.home.example".to_owned()),
            ..manner
        };
        assert_eq!((own.name(), own.other_name(own.name())), ("mail.home.example", None));
        let host = "smtp.provider.example";
        let learned = Manner {
            helo: None,
            ..own.clone()
        };
        assert_eq!(learned.name_in_clear(host), host);
        assert_eq!(learned.other_name_in_clear(host, host), Some("[127.0.0.1]"));
        let in_clear = (
            own.name_in_clear(host),
            own.other_name_in_clear("mail.home.example", host),
        );
        assert_eq!(in_clear, ("mail.home.example", None));
    }
}
