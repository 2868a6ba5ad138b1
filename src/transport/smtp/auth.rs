//! Signing in (RFC 4954): the mechanisms that the server offers one after the other, until one is no mere matter of
//! form; then a password is tried once, a token and its successor once each.

mod exchange;
mod oddity;
mod refusal;
mod scram;

use appel_messages::{Message, msg};
use secrecy::ExposeSecret;

use super::Settings;
use super::dialogue::Offers;
use super::login::{Attempt, Login, Spent};
use super::mechanism::Mechanism;
use super::stream::{Stream, StreamError};
use crate::input::config::{Auth, Security};
use crate::transport::{ConnectError, Reply};
use exchange::{Refusal, Verdict};
use oddity::oddity;
use refusal::About;

/// Why nobody is signed in.
#[derive(Debug)]
pub enum NotSignedIn {
    /// As for any connection.
    Failed(ConnectError),
    /// There is something left to try, and the server would not hear of it on the same connection: a new one may.
    OnceMore(ConnectError),
}

impl<E: Into<ConnectError>> From<E> for NotSignedIn {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Signs in. A mechanism that the server will not have gives way to the next one. A password is tried once, as a second
/// try could lock the account, unless a person gives another one; a token that is refused may have expired, and another
/// one is tried.
pub async fn authenticate(
    stream: &mut Stream,
    offers: &Offers,
    login: &Login,
    settings: &Settings,
) -> Result<(), NotSignedIn> {
    let mut ways = Mechanism::fitting(offers, login.auth());
    if ways.is_empty() {
        return Err(not_offered(offers, login, settings).into());
    }
    let first = login.attempt().await?;
    let passed_over = login.passed_over();
    ways.retain(|way| passed_over.iter().all(|(passed, _)| passed != way));
    let mut is_first = true;
    for way in ways {
        match way.attempt(stream, login, &first, settings).await {
            Ok(Verdict::Accepted) => {
                login.accepted(&first);
                return Ok(());
            }
            Ok(Verdict::Unproven) => return Err(give_up(login, unproven(login, settings))),
            // Servers need not hear two tries on one connection: some hang up, others call it a wrong sequence of
            // commands.
            Ok(Verdict::NotNow(reply)) if !is_first && reply.code == Some(421) => {
                return Err(NotSignedIn::OnceMore(ConnectError::Temporary(reply)));
            }
            Ok(Verdict::NotNow(reply)) => return Err(ConnectError::Temporary(reply).into()),
            Ok(Verdict::Refused(Refusal {
                reply,
                about: About::Mechanism,
                ..
            })) => {
                if !is_first && reply.code == Some(503) {
                    return Err(NotSignedIn::OnceMore(ConnectError::Temporary(reply)));
                }
                login.pass_over(way, reply);
                is_first = false;
            }
            Ok(Verdict::Refused(refusal)) => {
                return another(stream, way, &refusal, &first, login, settings).await;
            }
            Err(error @ StreamError::Lost(_)) if !is_first => return Err(NotSignedIn::OnceMore(error.into())),
            Err(error) => return Err(error.into()),
        }
    }
    Err(give_up(login, no_way_works(login, settings)))
}

/// What comes after a refused secret: another one, if there is one.
async fn another(
    stream: &mut Stream,
    way: Mechanism,
    refusal: &Refusal,
    first: &Attempt,
    login: &Login,
    settings: &Settings,
) -> Result<(), NotSignedIn> {
    let is_the_last_word = |spent, attempt: &Attempt| {
        let error = refused(refusal, spent, attempt, login, settings);
        give_up(login, error)
    };
    if refusal.about != About::Secret {
        let spent = match login.auth() {
            Auth::Password => Spent::Password,
            Auth::Xoauth2 => Spent::NotAtAll,
        };
        return Err(is_the_last_word(spent, first));
    }

    let _alone = login.alone().await;
    let why = refused(refusal, Spent::Password, first, login, settings);
    let second = match login.renew(first, why).await {
        Ok(second) => second,
        Err(Spent::NoOther(ConnectError::Temporary(reply))) => return Err(ConnectError::Temporary(reply).into()),
        Err(spent) => return Err(is_the_last_word(spent, first)),
    };
    if login.auth() == Auth::Password {
        // Nobody types as fast as a server waits.
        return Err(NotSignedIn::OnceMore(ConnectError::Temporary(refusal.reply.clone())));
    }
    match way.attempt(stream, login, &second, settings).await {
        Ok(Verdict::Accepted) => {
            login.accepted(&second);
            Ok(())
        }
        Ok(Verdict::Refused(refusal)) if refusal.about == About::Secret => {
            let error = refused(&refusal, Spent::FreshOneToo, &second, login, settings);
            Err(give_up(login, error))
        }
        Ok(Verdict::Unproven) => Err(give_up(login, unproven(login, settings))),
        Ok(Verdict::Refused(Refusal { reply, .. }) | Verdict::NotNow(reply)) => {
            Err(NotSignedIn::OnceMore(ConnectError::Temporary(reply)))
        }
        Err(error @ StreamError::Lost(_)) => Err(NotSignedIn::OnceMore(error.into())),
        Err(error) => Err(error.into()),
    }
}

/// The last word, for all connections.
fn give_up(login: &Login, error: ConnectError) -> NotSignedIn {
    login.give_up(&error);
    NotSignedIn::Failed(error)
}

/// Names of mechanisms, as they are told.
fn names(ways: &[Mechanism]) -> String {
    ways.iter().map(|way| way.name()).collect::<Vec<_>>().join(", ")
}

/// Nothing that is offered fits what there is to sign in with.
fn not_offered(offers: &Offers, login: &Login, settings: &Settings) -> ConnectError {
    let auth = login.auth();
    let (ours, other) = match auth {
        Auth::Password => (names(&Mechanism::OF_PASSWORDS), Auth::Xoauth2),
        Auth::Xoauth2 => (names(&Mechanism::OF_TOKENS), Auth::Password),
    };
    let fits_the_other = !Mechanism::fitting(offers, other).is_empty();
    let hint = match (offers.auth.is_empty(), auth) {
        _ if settings.security == Security::None && offers.starttls => msg!("sign-in-hint-starttls"),
        (true, _) => msg!("sign-in-hint-not-offered"),
        (false, Auth::Password) if fits_the_other => msg!("sign-in-hint-wants-token"),
        (false, Auth::Xoauth2) if fits_the_other => msg!("sign-in-hint-wants-password"),
        (false, _) => msg!("sign-in-hint-foreign"),
    };
    let cause = if offers.auth.is_empty() {
        msg!("sign-in-no-way-offered")
    } else {
        let ways = settings.redacted(offers.auth.join(", "));
        match auth {
            Auth::Password => msg!("sign-in-ways-for-password", ways = ways, ours = ours),
            Auth::Xoauth2 => msg!("sign-in-ways-for-token", ways = ways, ours = ours),
        }
    };
    ConnectError::Fatal {
        what: msg!("sign-in-not-offered", host = &settings.host),
        cause: Some(cause),
        hint,
    }
}

/// The server offers mechanisms, and would have none of those that fit.
fn no_way_works(login: &Login, settings: &Settings) -> ConnectError {
    let words = |(way, reply): &(Mechanism, Reply)| {
        msg!("sign-in-way-refused", way = way.name(), reply = reply.told_with_code())
    };
    let refusals = login.passed_over();
    ConnectError::Fatal {
        what: msg!("sign-in-no-way-works", host = &settings.host),
        cause: refusals.iter().map(words).reduce(then),
        hint: match login.auth() {
            Auth::Password => msg!("sign-in-hint-no-way-works"),
            Auth::Xoauth2 => msg!("sign-in-hint-no-tokens"),
        },
    }
}

/// The server says yes to a password that it does not know.
fn unproven(login: &Login, settings: &Settings) -> ConnectError {
    ConnectError::Fatal {
        what: msg!("sign-in-unproven", host = &settings.host, user = login.username()),
        cause: Some(msg!("sign-in-unproven-why", way = Mechanism::ScramSha256.name())),
        hint: msg!("sign-in-hint-unproven"),
    }
}

fn then(before: Message, next: Message) -> Message {
    msg!("sign-in-then", before = before, next = next)
}

fn refused(refusal: &Refusal, spent: Spent, attempt: &Attempt, login: &Login, settings: &Settings) -> ConnectError {
    let (host, username) = (&settings.host, login.username());
    let reply = refusal.reply.told_with_code();
    let said = match refusal.reason.as_deref() {
        None | Some("") => reply,
        Some(reason) => msg!("sign-in-refused-because", reply = reply, reason = reason),
    };
    let hint = match spent {
        Spent::GivenUp(error) | Spent::NoOther(error @ ConnectError::Temporary(_)) => return error,
        Spent::NoOther(ConnectError::Fatal { what, cause, hint }) => {
            return ConnectError::Fatal {
                what: match login.auth() {
                    Auth::Password => msg!("sign-in-no-other-password", host = host, user = username),
                    Auth::Xoauth2 => msg!("sign-in-no-other-token", host = host, user = username),
                },
                cause: Some([Some(what), cause].into_iter().flatten().fold(said, then)),
                hint,
            };
        }
        Spent::Password if refusal.about == About::Passwords => msg!("sign-in-hint-no-passwords"),
        Spent::Password => match login.origin() {
            None => msg!("sign-in-hint-password"),
            Some(origin) => msg!("sign-in-hint-password-from", origin = origin.clone()),
        },
        Spent::TakenBefore => msg!("sign-in-hint-taken-before"),
        Spent::NotAtAll => msg!("sign-in-hint-no-tokens"),
        Spent::ByHand(how) => how,
        Spent::Same if login.auth() == Auth::Password => msg!("sign-in-hint-same-password"),
        Spent::Same => msg!("sign-in-hint-same-token"),
        Spent::FreshOneToo if login.auth() == Auth::Password => msg!("sign-in-hint-other-password-too"),
        Spent::FreshOneToo => msg!("sign-in-hint-fresh-token-too"),
    };
    ConnectError::Fatal {
        what: match login.auth() {
            Auth::Password => msg!("sign-in-password-refused", host = host, user = username),
            Auth::Xoauth2 => msg!("sign-in-token-refused", host = host, user = username),
        },
        cause: Some(said),
        hint: match odd(attempt, login) {
            Some(odd) => msg!("sign-in-hint-odd", odd = odd, hint = hint),
            None => hint,
        },
    }
}

/// What is odd in what was refused.
fn odd(attempt: &Attempt, login: &Login) -> Option<Message> {
    if let Some(odd) = oddity(attempt.secret.expose_secret()) {
        let (character, place) = (odd.character, odd.place);
        return Some(match login.auth() {
            Auth::Password => msg!("sign-in-odd-password", character = character, place = place),
            Auth::Xoauth2 => msg!("sign-in-odd-token", character = character, place = place),
        });
    }
    let odd = oddity(login.username())?;
    Some(msg!(
        "sign-in-odd-username",
        character = odd.character,
        place = odd.place
    ))
}
