//! What a server's no is about, where only its words tell: the name in the greeting, commands in a group, the network one
//! is on, how many are there already. Whom a limit holds is another matter ([`limits`](crate::transport::limits)).

use appel_core::outcome::Reply;

/// Whether a reply minds the name in EHLO or HELO, as servers do that look at it only when a letter comes.
pub fn minds_the_name(reply: &Reply) -> bool {
    // 503: a command out of turn ("send HELO first").
    if !matches!(reply.code, Some(400..=502 | 504..=599)) {
        return false;
    }
    let text = reply.text.to_ascii_lowercase();
    // Not what stands in somebody's address.
    let words = text.split_ascii_whitespace().filter(|word| !word.contains('@'));
    let mut words = words.flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric()));
    if words.any(|word| matches!(word, "helo" | "ehlo")) {
        return true;
    }
    // The same is asked of addresses.
    if has(reply, &["address", "sender", "recipient", "client host"]) {
        return false;
    }
    let wants_a_name = [
        "fully-qualified hostname",
        "fully qualified hostname",
        "fully-qualified host name",
        "fully qualified host name",
        "fully-qualified domain name",
        "fully qualified domain name",
        "fqdn",
        "greeting name",
        "invalid hostname",
        "invalid host name",
        "bad hostname",
        "bad host name",
        "valid hostname",
        "valid host name",
        "not a valid host",
        "address literal",
        "domain literal",
    ];
    has(reply, &wants_a_name) || reply.code == Some(504)
}

/// Whether a reply minds that commands came in a group.
pub fn minds_groups(reply: &Reply) -> bool {
    is_no(reply) && has(reply, &["pipelin", "synchroni"])
}

/// Whether there are too many connections just now.
pub fn is_crowded(reply: &Reply) -> bool {
    is_no(reply)
        && has(reply, &["connection"])
        && has(
            reply,
            &["too many", "concurrent", "connection limit", "connection rate"],
        )
}

/// Whether a reply speaks of a limit of whatever kind.
pub fn names_a_limit(reply: &Reply) -> bool {
    is_no(reply)
        && has(
            reply,
            &["quota", "limit", "too many", "too much", "exceeded", "throttl"],
        )
}

/// Whether a reply minds where one comes from.
pub fn minds_the_network(reply: &Reply) -> bool {
    let words = [
        "block",
        "blacklist",
        "black list",
        "denylist",
        "listed",
        "dnsbl",
        "rbl",
        "reputation",
        "dynamic",
        "banned",
    ];
    is_no(reply) && has(reply, &words)
}

const fn is_no(reply: &Reply) -> bool {
    matches!(reply.code, Some(400..=599))
}

fn has(reply: &Reply, words: &[&str]) -> bool {
    let text = reply.text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_minds_the_name_is_known_by_its_words() {
        let check = |minds: bool, replies: &[(u16, &str)]| {
            for (code, text) in replies {
                assert_eq!(minds_the_name(&Reply::said(*code, *text)), minds, "{code} {text}");
            }
        };
        check(
            true,
            &[
                (
                    504,
                    "5.5.2 <[127.0.0.1]>: Helo command rejected: need fully-qualified hostname",
                ),
                (450, "4.7.1 <x>: Helo command rejected: Host not found"),
                (550, "Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"),
                (550, "5.7.1 EHLO/HELO must be a FQDN"),
                (554, "5.7.1 invalid hostname in greeting"),
                (504, "5.5.2 parameter not implemented"),
                (550, "Bad HELO - please see our help pages"),
                (501, "5.5.4 need a fully qualified domain name"),
            ],
        );
        check(
            false,
            &[
                (250, "helo to you too"),
                (503, "5.5.1 send HELO/EHLO first"),
                (550, "5.1.1 no such user"),
                (
                    504,
                    "5.5.2 <m>: Recipient address rejected: need fully-qualified address",
                ),
                (504, "5.5.2 <m>: Sender address rejected: need fully-qualified address"),
                (550, "5.7.1 Client host rejected: cannot find your hostname"),
                (550, "5.7.1 hello there, no"),
                (554, "5.7.1 we do not want this"),
            ],
        );
    }
}
