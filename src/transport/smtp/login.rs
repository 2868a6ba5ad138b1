//! Who signs in, with what: a password that is tried once, or a token that is renewed once when it is refused.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appel_messages::Message;
use secrecy::{ExposeSecret, SecretString};

use super::redact::Redactor;
use crate::input::config::Auth;
use crate::transport::ConnectError;

/// A user name with its password or token, the same one for all connections of a run.
#[derive(Clone)]
pub struct Login {
    username: String,
    kind: Kind,
    shared: Arc<Shared>,
}

#[derive(Clone)]
enum Kind {
    Password,
    Token(Renewal),
}

/// How another token is had when the server refuses the one at hand.
#[derive(Clone)]
pub enum Renewal {
    /// By asking for it.
    From(Arc<dyn SecretSource>),
    /// By the person alone, who is told this.
    ByHand(Message),
}

/// A secret on its way.
pub type Fetching<'s> = Pin<Box<dyn Future<Output = Result<SecretString, ConnectError>> + Send + 's>>;

/// Where secrets come from.
pub trait SecretSource: Send + Sync {
    /// Fetches one. Not called again before it has answered or was dropped.
    fn fetch(&self) -> Fetching<'_>;
}

struct Shared {
    /// Hides every secret of this login, past ones too, from the moment it is known.
    redactor: Arc<Redactor>,
    /// Locked for a moment at a time.
    held: Mutex<Held>,
    /// Locked while one connection has another secret fetched and tries it: until then nobody else signs in.
    alone: tokio::sync::Mutex<()>,
}

struct Held {
    secret: SecretString,
    /// How many secrets there were before this one.
    generation: u32,
    standing: Standing,
}

/// What the server thinks of the secret at hand, as far as is known.
enum Standing {
    /// It was there when the run began.
    Given,
    /// It is another one's successor, and not accepted yet.
    Fresh,
    Accepted,
    /// Nobody tries anything again.
    GivenUp(ConnectError),
}

/// A secret to try.
pub(super) struct Attempt {
    pub secret: SecretString,
    generation: u32,
}

/// Why a refusal is the last word.
pub(super) enum Spent {
    /// A password is tried once.
    Password,
    /// The server does not want a token at all.
    NotAtAll,
    /// Only the person can get another token, and is told how.
    ByHand(Message),
    /// The source gave the same token again.
    Same,
    /// What was refused is what a source had just given.
    FreshOneToo,
    /// The source failed.
    NoOther(ConnectError),
    /// Another connection has given up.
    GivenUp(ConnectError),
}

impl Login {
    /// Signs in with a password.
    #[must_use]
    pub fn password(username: impl Into<String>, password: SecretString) -> Self {
        Self::new(username.into(), Kind::Password, password)
    }

    /// Signs in with an OAuth 2 access token.
    #[must_use]
    pub fn token(username: impl Into<String>, token: SecretString, renewal: Renewal) -> Self {
        Self::new(username.into(), Kind::Token(renewal), token)
    }

    fn new(username: String, kind: Kind, secret: SecretString) -> Self {
        let redactor = Arc::new(Redactor::new(&username));
        redactor.learn(&secret);
        let held = Mutex::new(Held {
            secret,
            generation: 0,
            standing: Standing::Given,
        });
        let alone = tokio::sync::Mutex::new(());
        Self {
            username,
            kind,
            shared: Arc::new(Shared { redactor, held, alone }),
        }
    }

    /// The user name.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Whether it signs in with a password or with a token.
    #[must_use]
    pub const fn auth(&self) -> Auth {
        match self.kind {
            Kind::Password => Auth::Password,
            Kind::Token(_) => Auth::Xoauth2,
        }
    }

    /// What keeps the secrets of this login out of a server's words.
    pub(super) fn redactor(&self) -> Arc<Redactor> {
        self.shared.redactor.clone()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing can panic half-way through a change of it.
        self.shared.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The secret to sign in with, once no other connection is about to replace it.
    pub(super) async fn attempt(&self) -> Result<Attempt, ConnectError> {
        let _nobody_replaces_it = self.alone().await;
        let held = self.held();
        match &held.standing {
            Standing::GivenUp(error) => Err(error.clone()),
            _ => Ok(held.attempt()),
        }
    }

    /// The server took it: should it be refused later, it has expired meanwhile.
    pub(super) fn accepted(&self, attempt: &Attempt) {
        let mut held = self.held();
        if held.generation == attempt.generation {
            held.standing = Standing::Accepted;
        }
    }

    /// Nobody signs in any more: whoever tries gets this error.
    pub(super) fn give_up(&self, error: &ConnectError) {
        self.held().standing = Standing::GivenUp(error.clone());
    }

    /// Until this is dropped, no other connection begins to sign in.
    pub(super) async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.alone.lock().await
    }

    /// Another secret in place of one that the server refused: fetched, unless another connection has done so
    /// meanwhile. To be asked for [`alone`](Self::alone).
    pub(super) async fn renew(&self, refused: &Attempt) -> Result<Attempt, Spent> {
        let source = match &self.kind {
            Kind::Password => return Err(Spent::Password),
            Kind::Token(Renewal::ByHand(how)) => return Err(Spent::ByHand(how.clone())),
            Kind::Token(Renewal::From(source)) => source,
        };
        {
            let held = self.held();
            match &held.standing {
                Standing::GivenUp(error) => return Err(Spent::GivenUp(error.clone())),
                _ if held.generation != refused.generation => return Ok(held.attempt()),
                Standing::Fresh => return Err(Spent::FreshOneToo),
                Standing::Given | Standing::Accepted => {}
            }
        }
        let fetched = source.fetch().await.map_err(Spent::NoOther)?;
        self.shared.redactor.learn(&fetched);
        let mut held = self.held();
        if fetched.expose_secret() == held.secret.expose_secret() {
            return Err(Spent::Same);
        }
        held.secret = fetched;
        held.generation += 1;
        held.standing = Standing::Fresh;
        Ok(held.attempt())
    }
}

impl Held {
    fn attempt(&self) -> Attempt {
        Attempt {
            secret: self.secret.clone(),
            generation: self.generation,
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .field("auth", &self.auth())
            .finish_non_exhaustive()
    }
}
