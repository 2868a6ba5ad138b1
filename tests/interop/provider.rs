//! What all servers here have in common: how they are reached, that they can be killed, and that what they took is found.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    daemon::Daemon,
    letters::Arrival,
    support::{Campaign, PASSWORD, Server},
};

/// Where a server is, and what it wants to know first.
#[derive(Clone, Debug)]
pub struct Access {
    pub port: u16,
    /// As `smtp.security` has it.
    pub security: &'static str,
    /// Who issued its certificate; `None` without TLS.
    pub authority: Option<PathBuf>,
    /// Who signs in, with [`PASSWORD`].
    pub user: Option<&'static str>,
}

impl Access {
    /// A server on this port that wants neither TLS nor a login.
    pub const fn open(port: u16) -> Self {
        Self {
            port,
            security: "none",
            authority: None,
            user: None,
        }
    }
}

impl Campaign {
    /// This server, two connections, and everything that could make a test slow turned off.
    pub fn at(self, access: &Access) -> Self {
        let campaign = self
            .set("smtp.host", "127.0.0.1")
            .set_toml("smtp.port", &access.port.to_string())
            .set("smtp.security", access.security)
            .set("smtp.username", "")
            .set_toml("smtp.connections", "2")
            .set("smtp.rate", "unlimited")
            .set("smtp.retry-for", "1ms")
            .set("smtp.timeout", "30s");
        let campaign = match &access.authority {
            Some(authority) => campaign.set("smtp.ca-file", &authority.display().to_string()),
            None => campaign,
        };
        match access.user {
            Some(user) => campaign.login(user, PASSWORD),
            None => campaign,
        }
    }
}

/// The sessions of a server that takes few letters in each.
#[derive(Debug)]
pub struct Sessions {
    pub begun: usize,
    /// How often a letter was one too many.
    pub overdrawn: usize,
}

/// A server that takes letters.
pub trait Provider {
    fn access(&self) -> Access;

    fn daemon(&mut self) -> &mut Daemon;

    /// What it took, once it has delivered that and is stopped.
    fn arrivals(&self) -> BTreeSet<Arrival>;

    /// What it says of its sessions, where they are short.
    fn sessions(&self) -> Option<Sessions> {
        None
    }

    /// Whether everything it took is delivered. Most do that before they say that they took it.
    fn has_delivered(&self) -> bool {
        true
    }
}

/// What came to the server behind one that passes letters on, which is stopped.
pub fn passed_on(behind: &Server) -> BTreeSet<Arrival> {
    let taken = behind.taken().into_iter().enumerate();
    taken
        .map(|(number, letter)| Arrival {
            message_id: letter.message_id.expect("a letter has a Message-ID"),
            taken_as: number.to_string(),
        })
        .collect()
}
