//! Who a letter is from and to, and the id that it keeps for ever.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::address::Address;

/// A letter's id: 128 bits of a SHA-256 over campaign id, letter id, sender and recipient (both folded), never over
/// its text, so that fixing a typo mails nobody again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId([u8; 16]);

impl LetterId {
    /// The id of the one letter that these four parts name.
    #[must_use]
    pub fn new(campaign: &str, letter: &str, sender: &Address, recipient: &Address) -> Self {
        let mut hash = Sha256::new();
        for part in [campaign, letter, sender.folded(), recipient.folded()] {
            // The length first, so that no two different lists of parts give the same bytes.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    /// The id of what is known of one copy of this letter, where that is not what is known of the letter.
    #[must_use]
    pub fn of_copy(&self, copy: &Address) -> Self {
        let mut hash = Sha256::new();
        for part in [b"copy", &self.0[..], copy.folded().as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    /// The bytes, for the ledger.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From the ledger.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// `<id@domain of the sender>`, the same on every retry.
    #[must_use]
    pub fn message_id(&self, sender: &Address) -> String {
        format!("<{self}@{}>", sender.domain())
    }
}

impl fmt::Display for LetterId {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // A digit at a time through `write!` would cost more than the hash itself, for every letter several times.
        let mut text = [0; 32];
        for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(self.0) {
            *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for LetterId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LetterId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<str>>::deserialize(deserializer)?;
        text.parse()
            .map_err(|NoLetterId| D::Error::invalid_value(Unexpected::Str(&text), &"LetterId"))
    }
}

impl fmt::Debug for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no letter id: those have 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoLetterId;

impl FromStr for LetterId {
    type Err = NoLetterId;
    fn from_str(text: &str) -> Result<Self, NoLetterId> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoLetterId);
        }
        let mut id = [0; 16];
        for (at, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| NoLetterId)?;
        }
        Ok(Self(id))
    }
}

/// One sender, one To, any number of copies: never empty, and no address twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// MAIL FROM, and the address in From.
    pub from: Address,
    /// The To.
    pub to: Address,
    /// The copies, in order; neither the To nor any address twice among them.
    pub cc: Vec<Address>,
}

/// How many copies are compared one by one.
const FEW: usize = 25;

impl Envelope {
    /// An envelope whose copies are only those that the To and earlier copies do not already reach.
    #[must_use]
    pub fn new(from: Address, to: Address, copies: impl IntoIterator<Item = Address>) -> Self {
        let mut cc: Vec<Address> = Vec::new();
        // A few copies are compared with one another; a thousand would take a million steps for each letter.
        let mut many: HashSet<String> = HashSet::new();
        for copy in copies {
            if cc.len() == FEW && many.is_empty() {
                many.extend(cc.iter().map(|known| known.folded().to_owned()));
            }
            let is_known = copy.folded() == to.folded()
                || if cc.len() < FEW {
                    cc.iter().any(|known| known.folded() == copy.folded())
                } else {
                    !many.insert(copy.folded().to_owned())
                };
            if !is_known {
                cc.push(copy);
            }
        }
        Self { from, to, cc }
    }

    /// Everyone the message goes to: the To first.
    pub fn recipients(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.to).chain(&self.cc)
    }

    /// The sender, unless the message goes there anyway.
    #[must_use]
    pub fn sender_without_copy(&self) -> Option<&Address> {
        let gets_it = self.recipients().any(|address| address.folded() == self.from.folded());
        (!gets_it).then_some(&self.from)
    }

    /// Whether any address needs SMTPUTF8.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        self.from.needs_smtputf8() || self.recipients().any(Address::needs_smtputf8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn a_letter_id_depends_on_its_four_parts_and_on_nothing_else() {
        let id = |campaign, letter, from, to| LetterId::new(campaign, letter, &address(from), &address(to)).to_string();
        let one = id("c", "protest", "me@a.example", "x@b.example");
        assert_eq!(one, "63391fb4d4c7ce207b762678818d7f46");
        assert_eq!(one, id("c", "protest", "ME@A.example", "X@B.EXAMPLE"));
        for other in [
            id("d", "protest", "me@a.example", "x@b.example"),
            id("c", "solidarity", "me@a.example", "x@b.example"),
            id("c", "protest", "you@a.example", "x@b.example"),
            id("c", "protest", "me@a.example", "y@b.example"),
            id("cp", "rotest", "me@a.example", "x@b.example"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(one.parse::<LetterId>().unwrap().to_string(), one);
        assert!("é".repeat(16).parse::<LetterId>().is_err());
    }

    #[test]
    fn a_copy_has_an_id_of_its_own_however_its_address_is_written() {
        let letter = LetterId::from_bytes([7; 16]);
        let copy = letter.of_copy(&address("Press@x.example"));
        assert_eq!(copy, letter.of_copy(&address("press@X.example")));
        assert_eq!(copy.to_string(), "a61681b6b9d78ff455780c2a6e808426");
        for other in [
            letter,
            letter.of_copy(&address("press@y.example")),
            LetterId::from_bytes([8; 16]).of_copy(&address("press@x.example")),
        ] {
            assert_ne!(copy, other);
        }
    }

    #[test]
    #[expect(clippy::disallowed_types, reason = "how long it takes is what is tested")]
    fn many_copies_are_told_apart_like_few_and_in_time_that_grows_with_them() {
        let copies = || (0..60_000).map(|nth| address(&format!("C{}@x.example", nth % 50_000)));
        let began = std::time::Instant::now();
        let envelope = Envelope::new(address("me@x.example"), address("c7@x.example"), copies());
        assert_eq!(envelope.cc.len(), 49_999);
        assert!(envelope.cc.iter().take(100).zip(0..).all(|(copy, nth)| {
            let nth = if nth < 7 { nth } else { nth + 1 };
            copy.folded() == format!("c{nth}@x.example")
        }));
        // Compared one by one they took minutes.
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    #[test]
    fn a_copy_to_somebody_who_gets_it_already_is_dropped() {
        let copies = ["b@x.example", "A@x.example", "B@X.example", "c@x.example"].map(address);
        let envelope = Envelope::new(address("me@x.example"), address("a@x.example"), copies);
        let cc: Vec<_> = envelope.cc.iter().map(Address::as_str).collect();
        assert_eq!(cc, ["b@x.example", "c@x.example"]);
    }
}
