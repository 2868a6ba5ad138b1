//! Who signs in, with what: a password that is tried once, unless a person has another one, or a token that is renewed
//! once when it is refused; and which mechanisms the server would not have.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appel_messages::Message;
use secrecy::{ExposeSecret, SecretString};

use super::mechanism::Mechanism;
use super::redact::Redactor;
use crate::input::config::Auth;
use crate::transport::{ConnectError, Reply};

/// A user name with its password or token, the same one for all connections of a run.
#[derive(Clone)]
pub struct Login {
    username: String,
    kind: Kind,
    shared: Arc<Shared>,
}

#[derive(Clone)]
enum Kind {
    Password {
        /// Where it came from, in words.
        from: Option<Message>,
        /// The person, who is asked once.
        another: Option<Arc<dyn SecretSource>>,
    },
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
    /// Fetches one in place of another, which was refused for this reason. Not called again before it has answered or
    /// was dropped.
    fn fetch(&self, refused: ConnectError) -> Fetching<'_>;
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
    /// The mechanisms that the server offers and would not have, with its words.
    passed_over: Vec<(Mechanism, Reply)>,
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
    /// A password that the server has taken before in this run.
    TakenBefore,
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
        let kind = Kind::Password {
            from: None,
            another: None,
        };
        Self::new(username.into(), kind, password)
    }

    /// The same, with where the password came from, and whom to ask for another one should it be refused.
    #[must_use]
    pub fn whose_password_is(mut self, origin: Message, person: Option<Arc<dyn SecretSource>>) -> Self {
        if let Kind::Password { from, another } = &mut self.kind {
            *from = Some(origin);
            *another = person;
        }
        self
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
            passed_over: Vec::new(),
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
            Kind::Password { .. } => Auth::Password,
            Kind::Token(_) => Auth::Xoauth2,
        }
    }

    /// Where the first password came from, when that is known.
    pub(super) const fn origin(&self) -> Option<&Message> {
        match &self.kind {
            Kind::Password { from, .. } => from.as_ref(),
            Kind::Token(_) => None,
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

    /// The server offers a mechanism, and will not have it: no connection tries it again.
    pub(super) fn pass_over(&self, mechanism: Mechanism, reply: Reply) {
        let mut held = self.held();
        if !held.passed_over.iter().any(|(passed, _)| *passed == mechanism) {
            held.passed_over.push((mechanism, reply));
        }
    }

    /// The mechanisms passed over so far, with the server's words.
    pub(super) fn passed_over(&self) -> Vec<(Mechanism, Reply)> {
        self.held().passed_over.clone()
    }

    /// Until this is dropped, no other connection begins to sign in.
    pub(super) async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.alone.lock().await
    }

    /// Another secret in place of one that the server refused: fetched, unless another connection has done so
    /// meanwhile. To be asked for [`alone`](Self::alone).
    pub(super) async fn renew(&self, refused: &Attempt, why: ConnectError) -> Result<Attempt, Spent> {
        let source = match &self.kind {
            Kind::Password { another: None, .. } => return Err(Spent::Password),
            Kind::Password {
                another: Some(person), ..
            } => person,
            Kind::Token(Renewal::ByHand(how)) => return Err(Spent::ByHand(how.clone())),
            Kind::Token(Renewal::From(source)) => source,
        };
        {
            let held = self.held();
            match &held.standing {
                Standing::GivenUp(error) => return Err(Spent::GivenUp(error.clone())),
                _ if held.generation != refused.generation => return Ok(held.attempt()),
                Standing::Fresh => return Err(Spent::FreshOneToo),
                // What was right before has not become wrong: nobody is asked for another one in the middle of a run.
                Standing::Accepted if self.auth() == Auth::Password => return Err(Spent::TakenBefore),
                Standing::Given | Standing::Accepted => {}
            }
        }
        let fetched = source.fetch(why).await.map_err(Spent::NoOther)?;
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
