//! E-mail addresses from outside: parsed once, folded for comparison, ready for the wire.

use std::borrow::Cow;
use std::fmt;

use appel_messages::{Message, Value, msg};
use icu_properties::CodePointSetData;
use icu_properties::props::{Dash, QuotationMark};

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
        if text.starts_with('\'') {
            return Err(AddressError::LeadingQuote);
        }
        if !text.is_ascii()
            && let Some((at, c)) = text.chars().enumerate().find(|(_, c)| is_typographic(*c))
        {
            return Err(AddressError::Typographic(c, at + 1));
        }
        if let Some(slip) = slip(text) {
            return Err(slip);
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
            return Err(unfit(text, local, |c| c == '.' || is_atext(c)).unwrap_or(AddressError::Local));
        }
        if local.len() > 64 {
            return Err(AddressError::LocalTooLong);
        }
        let domain = ascii_domain(domain).map_err(|error| match error {
            AddressError::Domain => {
                let fits = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
                unfit(text, domain, fits).unwrap_or(error)
            }
            error => error,
        })?;
        if local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::TooLong);
        }
        // Checked above, and more exactly: lettre's own check refuses accents that stand as characters of their own.
        let wire = lettre::Address::new_dangerous(local, &domain);
        let folded = [&fold(local), "@", &domain].concat();
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

    /// Whether a text is this address, however it is spelled.
    #[must_use]
    pub fn is_spelled(&self, text: &str) -> bool {
        text.eq_ignore_ascii_case(self.as_str()) || Self::parse(text).is_ok_and(|other| other.folded == self.folded)
    }

    /// The mailbox it leads to, as far as that can be told: folded, and without what stands behind a `+`. Most providers
    /// put `ann+list@x.example` where `ann@x.example` goes.
    #[must_use]
    pub fn mailbox(&self) -> Cow<'_, str> {
        without_tag(&self.folded)
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

/// The mailbox of an address that is kept as text, as a ledger does; of text that is not an address, whatever it is.
#[must_use]
pub fn mailbox_of(text: &str) -> String {
    // One that is ASCII has been through the checks, and needs no more than lower case.
    let parsed = if text.is_ascii() {
        None
    } else {
        Address::parse(text).ok()
    };
    match parsed {
        Some(address) => address.mailbox().into_owned(),
        None => without_tag(&text.to_ascii_lowercase()).into_owned(),
    }
}

fn without_tag(folded: &str) -> Cow<'_, str> {
    match folded.rsplit_once('@').map(|(local, domain)| (local.find('+'), domain)) {
        Some((Some(at @ 1..), domain)) => Cow::Owned(format!("{}@{domain}", &folded[..at])),
        _ => Cow::Borrowed(folded),
    }
}

/// `info@mid.example` as `i…@mid.example`; text that is not an address is masked whole.
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

impl AddressError {
    /// What is wrong, as a clause that fits after the address.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Empty => msg!("address-empty"),
            Self::Hidden(c) => msg!("address-hidden", code = code_point(*c)),
            Self::Typographic(c, at) => typographic(*c, *at),
            Self::LeadingQuote => msg!("address-quote"),
            Self::NameInside => msg!("address-name"),
            Self::SeveralOrSpace => msg!("address-several"),
            Self::Scheme => msg!("address-scheme"),
            Self::TwoAts => msg!("address-two-ats"),
            Self::Comma(at) => msg!("address-comma", at = at.to_string()),
            Self::Dots => msg!("address-dots"),
            Self::Unfit(c, at) => msg!("address-unfit", at = at.to_string(), character = *c),
            Self::NoAt => msg!("address-no-at"),
            Self::LeadingHyphen => msg!("address-hyphen"),
            Self::Local => msg!("address-local"),
            Self::LocalTooLong => msg!("address-local-long"),
            Self::TooLong => msg!("address-long"),
            Self::DomainNoDot => msg!("address-domain-dot"),
            Self::Domain => msg!("address-domain"),
        }
    }

    /// What to do about characters that a person did not mean to write; for the others, where it stands decides.
    #[must_use]
    pub fn hint(&self) -> Option<Message> {
        match self {
            Self::Hidden(_) => Some(msg!("address-hidden-hint")),
            Self::Typographic(..) => Some(msg!("address-typographic-hint")),
            Self::LeadingQuote => Some(msg!("address-quote-hint")),
            Self::Scheme => Some(msg!("address-scheme-hint")),
            Self::TwoAts => Some(msg!("address-two-ats-hint")),
            Self::Comma(_) => Some(msg!("address-comma-hint")),
            Self::Dots => Some(msg!("address-dots-hint")),
            Self::Unfit(c, _) => Some(msg!("address-unfit-hint", character = *c)),
            _ => None,
        }
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

impl From<&Address> for Value {
    fn from(address: &Address) -> Self {
        Self::from(address.as_str())
    }
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// Nothing there.
    Empty,
    /// A control, space or invisible character.
    Hidden(char),
    /// What a word processor, a PDF or another keyboard puts in place of a plain character; which, and as which one of the
    /// address.
    Typographic(char, usize),
    /// `'info@mid.example`: what marks a text in a spreadsheet.
    LeadingQuote,
    /// `Name <a@b.example>`.
    NameInside,
    /// `a@b.example, c@d.example`, or a space.
    SeveralOrSpace,
    /// `mailto:info@mid.example`.
    Scheme,
    /// `a@@b.example`.
    TwoAts,
    /// `a@b,example`: as which character of the address the comma stands there.
    Comma(usize),
    /// `a@b..example`, `a.@b.example`, `a@b.example.`
    Dots,
    /// An ASCII character that no address has, and as which one of the address.
    Unfit(char, usize),
    /// No `@`.
    NoAt,
    /// Could be read as a flag by other programs.
    LeadingHyphen,
    /// The part before the `@`.
    Local,
    /// RFC 5321 §4.5.3.1.1.
    LocalTooLong,
    /// RFC 5321 §4.5.3.1.3, less the angle brackets.
    TooLong,
    /// `localhost`, `[127.0.0.1]`.
    DomainNoDot,
    /// Not a name that DNS can hold.
    Domain,
}

/// What a hand does wrong that means to write one address, and one only.
fn slip(text: &str) -> Option<AddressError> {
    const SCHEME: &str = "mailto:";
    if text
        .get(..SCHEME.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(SCHEME))
    {
        return Some(AddressError::Scheme);
    }
    if text.contains("@@") {
        return Some(AddressError::TwoAts);
    }
    if text.contains([' ', ';']) || text.matches('@').count() != 1 {
        return None;
    }
    let (local, domain) = text.rsplit_once('@')?;
    if let [before, behind] = domain.split(',').collect::<Vec<_>>()[..]
        && !local.contains(',')
        && !before.is_empty()
        && !behind.is_empty()
    {
        let at = text.chars().take_while(|c| *c != ',').count() + 1;
        return Some(AddressError::Comma(at));
    }
    let has_loose_dot = |part: &str| part.starts_with('.') || part.ends_with('.') || part.contains("..");
    (has_loose_dot(local) || has_loose_dot(domain)).then_some(AddressError::Dots)
}

/// The first character of a part of `text` that does not fit.
fn unfit(text: &str, part: &str, fits: impl Fn(char) -> bool) -> Option<AddressError> {
    let (at, c) = part.char_indices().find(|(_, c)| !fits(*c))?;
    let start = text.rfind(part)?;
    Some(AddressError::Unfit(c, text[..start + at].chars().count() + 1))
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
    let mut labels = ascii.as_bytes().split(|byte| *byte == b'.');
    if labels.clone().any(<[u8]>::is_empty) {
        return Err(AddressError::Domain);
    }
    // What cannot be written by hand cannot be written as an A-label either.
    if labels.any(|label| label.starts_with(b"xn--")) {
        let (shown, _) = idna::domain_to_unicode(&ascii);
        if let Some(c) = shown.chars().find(|c| is_hidden(*c)) {
            return Err(AddressError::Hidden(c));
        }
        if let Some((at, c)) = shown.chars().enumerate().find(|(_, c)| is_typographic(*c)) {
            return Err(AddressError::Typographic(c, at + 1));
        }
    }
    Ok(ascii)
}

/// Whether `c` stands for a plain character that belongs there, by Unicode's own data: dashes and quotation marks of every
/// kind, and what is mapped to ASCII or drawn like it, letters excepted.
fn is_typographic(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    CodePointSetData::new::<Dash>().contains(c)
        || CodePointSetData::new::<QuotationMark>().contains(c)
        || plain(c).is_some()
        || (!c.is_alphanumeric() && crate::lookalike::ascii_twin(c).is_some())
}

/// What an address would leave with instead (UTS 46): full-width forms, ligatures, ideographic full stops.
fn plain(c: char) -> Option<String> {
    let (mapped, _) = idna::domain_to_unicode(c.encode_utf8(&mut [0; 4]));
    (!mapped.is_empty() && mapped.is_ascii()).then_some(mapped)
}

/// What is said of a character that stands in place of a plain one: which it is, and which one of the address.
fn typographic(c: char, at: usize) -> Message {
    let twin = crate::lookalike::ascii_twin(c);
    let (at, code) = (at.to_string(), code_point(c));
    match plain(c) {
        Some(plain) => msg!(
            "address-typographic",
            at = at,
            character = c,
            code = code,
            plain = plain
        ),
        None if twin == Some('-') || CodePointSetData::new::<Dash>().contains(c) => {
            msg!("address-dash", at = at, character = c, code = code)
        }
        None => match twin {
            Some(twin) if twin != '\'' => {
                msg!("address-typographic", at = at, character = c, code = code, plain = twin)
            }
            _ => msg!("address-quotation-mark", at = at, character = c, code = code),
        },
    }
}

/// A character by its number, as everybody writes it behind `U+`.
fn code_point(c: char) -> String {
    format!("{:04X}", u32::from(c))
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
            .map_err(|error| error.message().in_english());
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
    fn whatever_stands_behind_a_plus_is_the_same_mailbox() {
        let mailbox = |text| Address::parse(text).unwrap().mailbox().into_owned();
        for same in ["info+1@x.example", "INFO+a+b@X.example", "info@x.example"] {
            assert_eq!(mailbox(same), "info@x.example");
            assert_eq!(mailbox_of(same), "info@x.example");
        }
        assert_eq!(mailbox("+info@x.example"), "+info@x.example");
        assert_eq!(mailbox("JOSÉ+1@bücher.example"), "josé@xn--bcher-kva.example");
        assert_eq!(mailbox_of("JOSÉ+1@bücher.example"), "josé@xn--bcher-kva.example");
        assert_eq!(mailbox_of("no address"), "no address");
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
            Err("a dot stands where none can: beside another one, beside the @, or at an end"),
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
            Err("its character 1 is `\"`, which no address has there"),
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
        check(
            "a@b..org",
            Err("a dot stands where none can: beside another one, beside the @, or at an end"),
        );
        check("a@b!c.org", Err("its character 4 is `!`, which no address has there"));
        check("mailto:a@b.org", Err("`mailto:` stands before the address"));
        check("a@@b.org", Err("two @ stand side by side"));
        check("a@b,org", Err("its character 4 is a comma where a dot belongs"));
        check("a@-b.org", Err("the domain after the @ is not a valid domain name"));
        check(
            &format!("{}@b.org", "a".repeat(65)),
            Err("the part before the @ is longer than 64 bytes"),
        );
    }

    #[test]
    fn an_a_label_is_no_way_to_write_what_is_refused() {
        for (label, c) in [("xn--mfakz-iu3b.be", '\u{2011}'), ("xn--mfakz-ho3b.be", '\u{2010}')] {
            let domain = idna::domain_to_unicode(label).0;
            if domain.contains(c) {
                let parsed = Address::parse(&format!("info@{label}"));
                assert!(
                    matches!(parsed, Err(AddressError::Typographic(found, _)) if found == c),
                    "{parsed:?}"
                );
            }
        }
        assert!(Address::parse("info@xn--mfakz-iu3b.be").is_err());
        for fine in ["info@xn--mnchen-3ya.example", "info@xn--80aswg.xn--p1ai"] {
            assert!(Address::parse(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn typographic_characters_are_refused_by_name_wherever_they_stand() {
        let refused = |text: &str, what: &str| check(text, Err(what));
        refused(
            "info@mfa\u{2011}kz.be",
            "its character 9 is `\u{2011}` (U+2011), not the plain hyphen -",
        );
        refused(
            "in\u{2013}fo@x.example",
            "its character 3 is `\u{2013}` (U+2013), not the plain hyphen -",
        );
        for dash in "\u{2010}\u{2012}\u{2014}\u{2015}\u{2212}\u{fe58}\u{2043}\u{2d7}\u{301c}".chars() {
            assert!(
                matches!(
                    Address::parse(&format!("a{dash}b@x.example")),
                    Err(AddressError::Typographic(found, 2)) if found == dash
                ),
                "{dash}"
            );
            assert!(Address::parse(&format!("a@x{dash}y.example")).is_err(), "{dash}");
        }
        for quote in "‘’‚‛“”„«»‹›「」\u{ff02}\u{ff07}\u{2032}\u{b4}".chars() {
            assert!(
                matches!(
                    Address::parse(&format!("o{quote}brien@x.example")),
                    Err(AddressError::Typographic(found, 2)) if found == quote
                ),
                "{quote}"
            );
        }
        refused("‘info@x.example’", "its character 1 is `‘` (U+2018), a quotation mark");
        refused("info＠x.example", "its character 5 is `＠` (U+FF20), not the plain @");
        refused("info﹫x.example", "its character 5 is `﹫` (U+FE6B), not the plain @");
        refused("info@x．example", "its character 7 is `．` (U+FF0E), not the plain .");
        refused("info@x。example", "its character 7 is `。` (U+3002), not the plain .");
        refused("info@x․example", "its character 7 is `․` (U+2024), not the plain .");
        refused("ｉnfo@x.example", "its character 1 is `ｉ` (U+FF49), not the plain i");
        refused("oﬃce@x.example", "its character 2 is `ﬃ` (U+FB03), not the plain ffi");
        refused(
            "info@x-\u{ff0d}y.example",
            "its character 8 is `\u{ff0d}` (U+FF0D), not the plain -",
        );
        refused(
            "info@x\u{ad}y.example",
            "the address contains the hidden character U+00AD",
        );
        refused(
            "info\u{202f}@x.example",
            "the address contains the hidden character U+202F",
        );
        refused(
            "info@\u{fe0f}x.example",
            "the address contains the hidden character U+FE0F",
        );
        refused(
            "'info@x.example",
            "the address begins with ', which marks a text in a spreadsheet",
        );
        check("o'brien@x.example", Ok(("o'brien@x.example", "o'brien@x.example")));
        assert!(Address::parse("посольство@мид.рф").is_ok());
        assert!(Address::parse("お問い合わせ@ドメイン.example").is_ok());
        assert!(Address::parse("ørsted@çà.example").is_ok());
    }

    #[test]
    fn a_masked_address_keeps_its_first_letter_and_domain() {
        assert_eq!(mask("info@mid.example"), "i…@mid.example");
        assert_eq!(mask("no address"), "…");
    }
}
