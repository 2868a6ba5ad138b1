//! `config.toml` and the account file, read and validated.

mod account;
mod draft;
mod facts;
mod general;
mod kept_back;
mod letters;
mod limits;
mod login;
mod paths;
mod permissions;
mod read;
mod server;
mod source;
mod style;
mod value;

use std::path::PathBuf;
use std::time::Duration;

pub(super) use account::has_own;
pub(super) use draft::{Draft, not_utf8, read};
pub use kept_back::KeptBack;
pub(super) use letters::MOST_ATTACHMENTS;
pub(crate) use paths::{MOST_ATTACHED, or_here, read_attachment};
pub(super) use paths::{Refused, attachment, is_there, too_heavy};
pub(super) use permissions::{is_missing, writable_by_others};
pub use server::is_loopback;

/// Which tables come from the campaign's folder, because the account file has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FromFolder {
    /// `[sender]`.
    pub sender: bool,
    /// `[smtp]`.
    pub smtp: bool,
}

impl FromFolder {
    /// Whether any does.
    #[must_use]
    pub const fn any(self) -> bool {
        self.sender || self.smtp
    }
}

/// The mail account (`[smtp]`).
#[derive(Clone, Debug)]
pub struct Smtp {
    /// `smtp.host`: a DNS name or an IP address.
    pub host: String,
    /// `smtp.port`; by default 465, 587 or 25 after `security`, which in its turn follows a port that stands alone.
    pub port: u16,
    /// `smtp.security`.
    pub security: Security,
    /// `smtp.username`, by default the sender's address; `None` when it is `""`: no authentication.
    pub username: Option<String>,
    /// `smtp.auth`.
    pub auth: Auth,
    /// `smtp.connections`: 1 to 50.
    pub connections: usize,
    /// `smtp.rate`.
    pub rate: Rate,
    /// `smtp.daily-limit`: addresses, To and copies, in any 24 hours; `None` when there is no limit.
    pub daily_limit: Option<u64>,
    /// `smtp.retry-for`.
    pub retry_for: Duration,
    /// `smtp.timeout`: one reply; the reply to the final dot has ten minutes, or this when it is longer.
    pub timeout: Duration,
    /// `smtp.helo`: what EHLO says, a DNS name or an address literal; `None` leaves it to the program.
    pub helo: Option<String>,
    /// `smtp.pipelining`: whether commands go in groups where the server offers it.
    pub pipelining: bool,
    /// `smtp.dsn`: whether to ask for delivery status notifications where the server offers it (RFC 3461).
    pub dsn: bool,
    /// What only the account file can say.
    pub own: Own,
}

impl Smtp {
    /// `smtp.timeout` where it is left out.
    pub const USUAL_TIMEOUT: Duration = Duration::from_mins(1);
}

/// What runs a command, changes whom to trust, or leads letters another way: only the account file can say it, and a
/// campaign's folder never has any of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// `smtp.password-command`.
    pub password_command: Option<PasswordCommand>,
    /// `smtp.ca-file`: an extra trust root, as a path that can be opened.
    pub ca_file: Option<PathBuf>,
    /// `smtp.proxy`.
    pub proxy: Option<Proxy>,
}

/// A shell command whose first line of output is the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordCommand {
    /// As written.
    pub line: String,
    /// Where it runs: in the account file's folder, never in a campaign's, whose files it could take for its own.
    pub folder: PathBuf,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3).
    Tls,
    /// TLS after `STARTTLS` (RFC 3207), refused when not offered.
    Starttls,
    /// None: loopback hosts only.
    None,
}

/// What the password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A password, for PLAIN or LOGIN.
    Password,
    /// An OAuth 2 access token, for XOAUTH2.
    Xoauth2,
}

/// How fast letters may begin, over all connections together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// As fast as the server takes them.
    Unlimited,
    /// One letter each so long, evenly.
    Every(Duration),
}

impl Rate {
    /// The same, or slower: one letter each so long.
    #[must_use]
    pub fn at_most_every(self, interval: Duration) -> Self {
        match self {
            Self::Unlimited => Self::Every(interval),
            Self::Every(own) => Self::Every(own.max(interval)),
        }
    }
}

/// A SOCKS5 proxy that resolves names itself (`socks5h://host:port`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
}

#[cfg(test)]
mod tests;
