//! The mechanisms (RFC 4954): ways to sign in, and which of them fit what the server offers.

use super::dialogue::Offers;
use crate::input::config::Auth;

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 7677: the password itself is not sent.
    ScramSha256,
    /// RFC 4616.
    Plain,
    /// As old as it is common.
    Login,
    /// Google's and Microsoft's way of giving a token.
    Xoauth2,
    /// RFC 7628, the standard's.
    OauthBearer,
}

impl Mechanism {
    /// Those for a password, the best first.
    pub const OF_PASSWORDS: [Self; 3] = [Self::ScramSha256, Self::Plain, Self::Login];
    /// Those for a token.
    pub const OF_TOKENS: [Self; 2] = [Self::Xoauth2, Self::OauthBearer];

    /// Its name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Xoauth2 => "XOAUTH2",
            Self::OauthBearer => "OAUTHBEARER",
        }
    }

    /// Those that the server offers and that fit what one has, in the order in which they are tried. Those for a token
    /// are as good as each other: the server's own order counts.
    pub fn fitting(offers: &Offers, auth: Auth) -> Vec<Self> {
        let mut fitting: Vec<Self> = match auth {
            Auth::Password => Self::OF_PASSWORDS.to_vec(),
            Auth::Xoauth2 => Self::OF_TOKENS.to_vec(),
        };
        fitting.retain(|one| offers.mechanism(one.name()));
        if auth == Auth::Xoauth2 {
            fitting.sort_by_key(|one| offers.auth.iter().position(|offered| offered == one.name()));
        }
        fitting
    }
}
