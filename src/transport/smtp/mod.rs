//! SMTP (RFC 5321): the dialogue is our own, over a stream of our own, with the phase of every failure known.

mod auth;
mod connect;
mod dial;
mod dialogue;
mod learned;
mod login;
mod mechanism;
mod overheard;
mod protocol;
mod redact;
mod said;
mod session;
mod socks;
mod stream;
#[cfg(test)]
mod tests;
mod tls;

/// For tests and fuzzing, which bring a line of their own.
#[doc(hidden)]
pub use connect::over;
pub use learned::{Found, Learned, Manner};
pub use login::{Fetching, Login, Renewal, SecretSource};
pub use session::SmtpSession;
pub use tls::Trust;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use appel_messages::Message;
use redact::Redactor;

use super::{ConnectError, Transport, Watcher};
use crate::input::config::{Proxy, Security, Smtp};

/// How long the first reply may take (RFC 5321 §4.5.3.2.1).
const GREETING_TIMEOUT: Duration = Duration::from_mins(5);
/// How long the reply to the final dot may take (RFC 5321 §4.5.3.2.6).
const FINAL_DOT_TIMEOUT: Duration = Duration::from_mins(10);

/// Everything a connection needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// DNS name or IP address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// `None`: no authentication.
    pub login: Option<Login>,
    /// One reply, one step of the connection.
    pub timeout: Duration,
    /// A SOCKS5 proxy; when set there is never a direct connection.
    pub proxy: Option<Proxy>,
    /// How the server is spoken to, and what was learned of it.
    pub manner: Manner,
}

impl Settings {
    /// Those of an account, with its login, for letters from an address in `domain`.
    #[must_use]
    pub fn new(smtp: &Smtp, login: Option<Login>, domain: &str, learned: Learned) -> Self {
        Self {
            host: smtp.host.clone(),
            port: smtp.port,
            security: smtp.security,
            login,
            timeout: smtp.timeout,
            proxy: smtp.own.proxy.clone(),
            manner: Manner {
                helo: smtp.helo.clone(),
                domain: Some(domain.to_owned()),
                pipelining: smtp.pipelining,
                dsn: smtp.dsn,
                learned,
            },
        }
    }

    /// How long the greeting may take: five minutes, or what a person set when that is longer, or shorter than is usual.
    fn greeting_timeout(&self) -> Duration {
        if self.timeout < Smtp::USUAL_TIMEOUT {
            self.timeout
        } else {
            self.timeout.max(GREETING_TIMEOUT)
        }
    }

    /// What knows the run's secrets, and keeps them out of what is read; `None` where there are none.
    fn redactor(&self) -> Option<Arc<Redactor>> {
        self.login.as_ref().map(Login::redactor)
    }

    /// Words from outside without the run's secrets.
    fn redacted(&self, words: String) -> String {
        match &self.login {
            Some(login) => login.redactor().words(words),
            None => words,
        }
    }
}

/// Letters leave over SMTP.
#[derive(Debug)]
pub struct SmtpTransport {
    settings: Settings,
    tls: Option<Arc<rustls::ClientConfig>>,
    /// Whether the person was told that it takes long, since there was a connection last.
    told: AtomicBool,
}

/// Tells that it takes long once, however often it is tried.
struct Once<'w> {
    watcher: &'w dyn Watcher,
    told: &'w AtomicBool,
}

impl Watcher for Once<'_> {
    fn tell(&self, what: Message) {
        if !self.told.swap(true, Ordering::Relaxed) {
            self.watcher.tell(what);
        }
    }
}

impl SmtpTransport {
    /// Prepares connections; opens none.
    ///
    /// # Errors
    /// When the trust roots cannot be read.
    pub fn new(settings: Settings, trust: &Trust) -> Result<Self, ConnectError> {
        let tls = match settings.security {
            Security::None => None,
            Security::Tls | Security::Starttls => Some(tls::client_config(trust)?),
        };
        Ok(Self {
            settings,
            tls,
            told: AtomicBool::new(false),
        })
    }
}

impl Transport for SmtpTransport {
    type Session = SmtpSession;

    async fn connect(&self, watcher: &dyn Watcher) -> Result<SmtpSession, ConnectError> {
        let once = Once {
            watcher,
            told: &self.told,
        };
        let session = connect::open(&self.settings, self.tls.as_ref(), &once).await?;
        self.told.store(false, Ordering::Relaxed);
        Ok(session)
    }
}
