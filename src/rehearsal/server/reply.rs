//! What the server says, apart from the replies that belong to one command alone.

use Reply::{Mistake, Say};

/// What the server says first (RFC 5321 §4.3.1).
pub(super) const GREETING: &str = "220 [127.0.0.1] ESMTP rehearsal: nothing leaves this computer\r\n";

/// The reply to EHLO: the extensions offered (RFC 5321 §4.1.1.1).
pub(super) const EHLO_REPLY: &str = "250-[127.0.0.1]\r\n\
    250-PIPELINING\r\n\
    250-8BITMIME\r\n\
    250-SMTPUTF8\r\n\
    250-SIZE 52428800\r\n\
    250-AUTH PLAIN LOGIN\r\n\
    250 ENHANCEDSTATUSCODES";

/// One reply, without its final CRLF.
pub(super) enum Reply {
    Say(&'static str),
    /// What no sound client gives cause for.
    Mistake(&'static str),
    /// A letter was accepted, with this number.
    Rehearsed(u64),
}

pub(super) const NOT_A_SENDER: Reply = Say("501 5.1.7 not a sender address");
pub(super) const NOT_A_RECIPIENT: Reply = Say("501 5.1.3 not a recipient address");
pub(super) const NEEDS_SMTPUTF8: Reply = Say("553 5.6.7 this address needs SMTPUTF8");
pub(super) const NOT_OFFERED: Reply = Mistake("555 5.5.4 parameter not offered");
pub(super) const TOO_LARGE: Reply = Say("552 5.3.4 larger than SIZE");

impl Reply {
    /// Appends the reply as it goes over the wire.
    pub(super) fn write(&self, replies: &mut Vec<u8>) {
        match self {
            Self::Say(text) | Self::Mistake(text) => replies.extend_from_slice(text.as_bytes()),
            Self::Rehearsed(number) => {
                replies.extend_from_slice(format!("250 2.0.0 rehearsed as {number}").as_bytes());
            }
        }
        replies.extend_from_slice(b"\r\n");
    }
}
