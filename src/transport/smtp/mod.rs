//! SMTP (RFC 5321): the dialogue is our own, over a stream of our own, with the phase of every failure known.

mod auth;
mod connect;
mod dial;
mod dialogue;
mod login;
mod mechanism;
mod redact;
mod session;
mod socks;
mod stream;
#[cfg(test)]
mod tests;
mod tls;

/// For tests and fuzzing, which bring a line of their own.
#[doc(hidden)]
pub use connect::over;
pub use login::{Fetching, Login, Renewal, SecretSource};
pub use session::SmtpSession;
pub use tls::Trust;

use std::sync::Arc;
use std::time::Duration;

use redact::Redactor;

use super::{ConnectError, Transport};
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
}

impl Settings {
    /// Those of an account, with its login.
    #[must_use]
    pub fn new(smtp: &Smtp, login: Option<Login>) -> Self {
        Self {
            host: smtp.host.clone(),
            port: smtp.port,
            security: smtp.security,
            login,
            timeout: smtp.timeout,
            proxy: smtp.own.proxy.clone(),
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
        Ok(Self { settings, tls })
    }
}

impl Transport for SmtpTransport {
    type Session = SmtpSession;

    async fn connect(&self) -> Result<SmtpSession, ConnectError> {
        connect::open(&self.settings, self.tls.as_ref()).await
    }
}
