//! What is the same in two replies: their codes and words, without the addresses, numbers and ids that differ.

use std::collections::BTreeSet;

use appel_core::address::Address;

use crate::transport::Reply;
use crate::transport::limits::enhanced;

/// So many words of a reply are looked at.
const MOST_WORDS: usize = 100;

/// A reply, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gist {
    code: Option<u16>,
    enhanced: Option<String>,
    words: BTreeSet<String>,
}

impl Gist {
    /// Of a reply to a letter to this address.
    pub fn of(reply: &Reply, to: &Address) -> Self {
        let own: BTreeSet<String> = parts(&to.as_str().to_lowercase())
            .chain(parts(&to.wire().to_string().to_lowercase()))
            .collect();
        // Small letters, then a capital one: no word is written so, but ids are.
        let is_mixed = |word: &str| {
            let pairs = word.as_bytes().windows(2);
            pairs
                .into_iter()
                .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        };
        let differs = |word: &str| {
            word.contains('@')
                || word.contains("://")
                || word.bytes().any(|byte| byte.is_ascii_digit())
                || is_mixed(word)
        };
        let said = reply.text.split_whitespace().take(MOST_WORDS);
        let mut words: BTreeSet<String> = said
            .filter(|word| !differs(word))
            .flat_map(|word| parts(&word.to_lowercase()).collect::<Vec<_>>())
            .filter(|part| !own.contains(part))
            .collect();
        if words.is_empty() {
            // Nothing but addresses, numbers and links: of which kind they are is all that is known.
            let kinds = ["@", "://"].into_iter().filter(|kind| reply.text.contains(kind));
            words.extend(kinds.map(str::to_owned));
        }
        Self {
            code: reply.code,
            enhanced: enhanced(&reply.text).map(str::to_owned),
            words,
        }
    }

    /// Whether the codes of two are the same.
    pub fn has_codes_of(&self, other: &Self) -> bool {
        self.code == other.code && self.enhanced == other.enhanced
    }

    /// Whether two say the same: the same codes, and three in five of all their words. (An id may have no digit in it.)
    pub fn is_like(&self, other: &Self) -> bool {
        let common = self.words.intersection(&other.words).count();
        let all = self.words.union(&other.words).count();
        self.has_codes_of(other) && common * 5 >= all * 3
    }
}

fn parts(word: &str) -> impl Iterator<Item = String> + use<'_> {
    word.split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gist(said: &str, to: &str) -> Gist {
        let (code, text) = said.split_at(3);
        Gist::of(
            &Reply::said(code.parse().unwrap(), text.trim_start()),
            &Address::parse(to).unwrap(),
        )
    }

    #[test]
    fn replies_are_the_same_whatever_address_number_or_id_is_in_them() {
        for (one, other) in [
            ("554 5.7.1 <one@a.example>: no", "554 5.7.1 <two@b.example>: no"),
            (
                "550 one at a.example is unknown here",
                "550 two at b.example is unknown here",
            ),
            (
                "554 5.2.0 refused [AM0PR04.eu.example 2026-11-28T00:00:01Z 08DE]",
                "554 5.2.0 refused [VI1PR02.eu.example 2026-11-28T00:00:09Z 08DF]",
            ),
            (
                "550 see https://p.example/?c=qwe for more",
                "550 see https://p.example/?c=rty for more",
            ),
            (
                "554 rejected by our policy, id QWERTY",
                "554 rejected by our policy, id ASDFGH",
            ),
            ("554 no: 4F1A 7bd2-9c3e, a1", "554 no: 5a1b 8ce3-1d2f, b2"),
            (
                "554 Message rejected. pLIixMEOLeMa",
                "554 Message rejected. aqWErtZUiop",
            ),
            ("550", "550"),
            ("554 拒否されました", "554 拒否されました"),
        ] {
            assert!(
                gist(one, "one@a.example").is_like(&gist(other, "two@b.example")),
                "{one}"
            );
        }
    }

    #[test]
    fn replies_that_say_something_else_are_not_the_same() {
        for (one, other) in [
            ("550 5.1.1 no", "550 5.1.2 no"),
            ("550 no", "554 no"),
            ("550 mailbox full", "550 mailbox unavailable"),
            ("550 unknown", "550 blocked"),
            ("554 too long", "554 too many letters today"),
            ("550 http://one.example", "550 two@b.example"),
        ] {
            assert!(
                !gist(one, "one@a.example").is_like(&gist(other, "two@b.example")),
                "{one}"
            );
        }
    }
}
