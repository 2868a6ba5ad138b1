//! E-mail addresses from outside: parsed once, folded for comparison, ready for the wire.

use std::fmt;

/// No address is longer as people write it, in bytes: in A-labels a domain is hardly ever shorter. What is longer is not
/// even taken apart.
const LONGEST_WRITTEN: usize = 1000;

/// One mailbox's address: `local@domain`, the domain as A-labels (RFC 5891), never more and never less.
///
/// There is no display name, no comment and no group in it, and it holds no control, space or invisible character,
/// so it can stand in a command or a header as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    wire: lettre::Address,
    folded: String,
}

impl Address {
    /// Reads one address.
    ///
    /// # Errors
    /// When the text is not exactly one address that mail can be sent to; the error says why.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim_matches(' ');
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > LONGEST_WRITTEN {
            return Err(AddressError::TooLong);
        }
        // Nearly every address is plain; the characters are only looked at when a byte gives a reason.
        if !text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
            && let Some(c) = text.chars().find(|c| is_hidden(*c))
        {
            return Err(AddressError::Hidden(c));
        }
        if text.contains(['<', '>']) {
            return Err(AddressError::NameInside);
        }
        if text.matches('@').count() > 1 || text.contains([',', ';', ' ']) {
            return Err(AddressError::SeveralOrSpace);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        if text.starts_with('-') {
            return Err(AddressError::LeadingHyphen);
        }
        // RFC 5322 §3.2.3 dot-atom, with the letters of all scripts (RFC 6532 §3.2); quoted local parts are not accepted.
        if !local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
        {
            return Err(AddressError::Local);
        }
        if local.len() > 64 {
            return Err(AddressError::LocalTooLong);
        }
        let domain = ascii_domain(domain)?;
        if local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::TooLong);
        }
        // Checked above, and more exactly: lettre's own check refuses accents that stand as characters of their own.
        let wire = lettre::Address::new_dangerous(local, &domain);
        let folded = format!("{}@{domain}", fold(local));
        Ok(Self { wire, folded })
    }

    /// As it leaves: the local part as written, the domain as A-labels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.wire.as_ref()
    }

    /// What two spellings of one address share: lower case, NFC, A-labels.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The domain as A-labels, lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.wire.domain()
    }

    /// Whether the server must offer SMTPUTF8 (RFC 6531) to take it.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.as_str().is_ascii()
    }

    /// For the commands and headers that lettre writes.
    #[must_use]
    pub const fn wire(&self) -> &lettre::Address {
        &self.wire
    }

    /// Whether it is in a domain that reaches nobody, kept for examples (RFC 2606 §2 and §3).
    #[must_use]
    pub fn is_for_examples(&self) -> bool {
        let domain = self.domain();
        let mut labels = domain.rsplit('.');
        match labels.next() {
            Some("example" | "test" | "invalid" | "localhost") => true,
            Some("com" | "net" | "org") => labels.next() == Some("example"),
            _ => false,
        }
    }

    /// As logs show it: `i…@mid.example`.
    #[must_use]
    pub fn masked(&self) -> String {
        mask(self.as_str())
    }
}

/// `info@mid.example` as `i…@mid.example`; text that is no address is masked whole.
#[must_use]
pub fn mask(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}…@{domain}")
        }
        None => "…".to_owned(),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.as_str())
    }
}

/// Why a text is no address; `Display` is a clause that fits after the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("the address is empty")]
    Empty,
    /// A control, space or invisible character.
    #[error("the address contains the hidden character U+{:04X}", u32::from(*.0))]
    Hidden(char),
    /// `Name <a@b.example>`.
    #[error("only the bare address belongs here, without a name and without < >")]
    NameInside,
    /// `a@b.example, c@d.example`, or a space.
    #[error("there is more than one address here, or a space inside one")]
    SeveralOrSpace,
    /// No `@`.
    #[error("an address needs an @")]
    NoAt,
    /// Could be read as a flag by other programs.
    #[error("an address that begins with - is not accepted")]
    LeadingHyphen,
    /// The part before the `@`.
    #[error("the part before the @ is not written as an address can be")]
    Local,
    /// RFC 5321 §4.5.3.1.1.
    #[error("the part before the @ is longer than 64 bytes")]
    LocalTooLong,
    /// RFC 5321 §4.5.3.1.3, less the angle brackets.
    #[error("the address is longer than 254 bytes")]
    TooLong,
    /// `localhost`, `[127.0.0.1]`.
    #[error("the domain after the @ needs a dot, and cannot be an IP address")]
    DomainNoDot,
    /// Not a name that DNS can hold.
    #[error("the domain after the @ is no valid domain name")]
    Domain,
}

/// Lower-case NFC, as far as two mailboxes that differ only in it can be taken for one.
fn fold(local: &str) -> String {
    if local.is_ascii() {
        return local.to_ascii_lowercase();
    }
    let fold_atom = |atom: &str| {
        // idna's mapping (UTS 46) lower-cases and normalises to NFC; an atom that it refuses is only lower-cased.
        let (mapped, result) = idna::domain_to_unicode(atom);
        if result.is_ok() && !atom.is_ascii() {
            mapped
        } else {
            atom.to_lowercase()
        }
    };
    let atoms: Vec<String> = local.split('.').map(fold_atom).collect();
    atoms.join(".")
}

const fn is_atext(c: char) -> bool {
    !c.is_ascii()
        || c.is_ascii_alphanumeric()
        || matches!(
            c,
            '!' | '#'
                | '$'
                | '%'
                | '&'
                | '\''
                | '*'
                | '+'
                | '-'
                | '/'
                | '='
                | '?'
                | '^'
                | '_'
                | '`'
                | '{'
                | '|'
                | '}'
                | '~'
        )
}

fn ascii_domain(domain: &str) -> Result<String, AddressError> {
    if domain.starts_with('[') {
        return Err(AddressError::DomainNoDot);
    }
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| AddressError::Domain)?;
    let last = ascii.rsplit_once('.').map(|(_, last)| last);
    if last.is_none_or(|last| last.bytes().all(|b| b.is_ascii_digit())) {
        return Err(AddressError::DomainNoDot);
    }
    if ascii.split('.').any(str::is_empty) {
        return Err(AddressError::Domain);
    }
    Ok(ascii)
}

fn is_hidden(c: char) -> bool {
    c != ' ' && (c.is_whitespace() || crate::words::is_unsafe_to_show(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<(&str, &str), &str>) {
        let found = Address::parse(text);
        let found = found
            .as_ref()
            .map(|a| (a.as_str(), a.folded()))
            .map_err(ToString::to_string);
        assert_eq!(found.as_ref().map_err(String::as_str).copied(), expect, "{text:?}");
    }

    #[test]
    fn an_address_leaves_as_written_with_its_domain_in_a_labels() {
        check("Info@Mid.Example", Ok(("Info@mid.example", "info@mid.example")));
        check(
            " info@bücher.example ",
            Ok(("info@xn--bcher-kva.example", "info@xn--bcher-kva.example")),
        );
        check(
            "info@BÜCHER.example",
            Ok(("info@xn--bcher-kva.example", "info@xn--bcher-kva.example")),
        );
        check("a+b/c=d@x.example", Ok(("a+b/c=d@x.example", "a+b/c=d@x.example")));
    }

    #[test]
    fn two_spellings_of_one_address_fold_to_one() {
        let fold = |text| Address::parse(text).unwrap().folded().to_owned();
        assert_eq!(fold("Jose\u{301}@x.example"), fold("josé@X.example"));
        assert_eq!(
            fold("INFO@straße.example"),
            fold("info@STRASSE.example").replace("strasse", "xn--strae-oqa")
        );
    }

    #[test]
    fn what_is_not_exactly_one_address_is_refused() {
        check("", Err("the address is empty"));
        check(
            "Name <a@b.org>",
            Err("only the bare address belongs here, without a name and without < >"),
        );
        check(
            "a@b.org; c@d.org",
            Err("there is more than one address here, or a space inside one"),
        );
        check(
            "a b@c.org",
            Err("there is more than one address here, or a space inside one"),
        );
        check(
            "a..b@c.org",
            Err("the part before the @ is not written as an address can be"),
        );
        check("ab.org", Err("an address needs an @"));
        check("a\u{a0}@b.org", Err("the address contains the hidden character U+00A0"));
        check(
            "a\u{200b}@b.org",
            Err("the address contains the hidden character U+200B"),
        );
        check(
            "a\r\nRCPT@b.org",
            Err("the address contains the hidden character U+000D"),
        );
        check(
            "\"a\"@b.org",
            Err("the part before the @ is not written as an address can be"),
        );
        check("-a@b.org", Err("an address that begins with - is not accepted"));
        check(
            "a@localhost",
            Err("the domain after the @ needs a dot, and cannot be an IP address"),
        );
        check(
            "a@127.0.0.1",
            Err("the domain after the @ needs a dot, and cannot be an IP address"),
        );
        check(
            "a@[127.0.0.1]",
            Err("the domain after the @ needs a dot, and cannot be an IP address"),
        );
        check("a@b..org", Err("the domain after the @ is no valid domain name"));
        check(
            &format!("{}@b.org", "a".repeat(65)),
            Err("the part before the @ is longer than 64 bytes"),
        );
    }

    #[test]
    fn a_masked_address_keeps_its_first_letter_and_domain() {
        assert_eq!(mask("info@mid.example"), "i…@mid.example");
        assert_eq!(mask("no address"), "…");
    }
}
