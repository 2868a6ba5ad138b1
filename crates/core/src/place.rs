//! Countries (ISO 3166-1 alpha-2) and languages (BCP 47), as a campaign names them.

mod names;

use std::fmt;
use std::str::FromStr;

use appel_messages::Value;
use icu_locale_core::LanguageIdentifier;

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads a code, in either case.
    ///
    /// # Errors
    /// When no country has it.
    pub fn parse(text: &str) -> Result<Self, UnknownCode> {
        if let [a, b] = *text.as_bytes() {
            let code = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
            if is_in(COUNTRIES, code) {
                return Ok(Self(code));
            }
        }
        Err(UnknownCode {
            text: text.to_owned(),
            of: Codes::Countries,
        })
    }

    /// The country that is called so in one of six languages, or has this code of three letters.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        names::country(name).and_then(|code| Self::parse(code).ok())
    }

    /// Every one, by its code.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTRIES.split(' ').filter_map(|code| Self::parse(code).ok())
    }

    /// The code, in upper case.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Country> for Value {
    fn from(country: Country) -> Self {
        Self::from(country.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A code that names nothing, and the code that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCode {
    /// As written.
    pub text: String,
    of: Codes,
}

/// What a code was looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codes {
    Countries,
    Languages,
}

impl UnknownCode {
    /// What was probably meant. Looked for when it is asked for: a long list can hold a million wrong codes.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        if self.text.len() > LONGEST_CODE {
            return None;
        }
        match self.of {
            Codes::Countries => nearest_country(&self.text.to_ascii_uppercase()),
            Codes::Languages => nearest_language(&self.text.to_lowercase()),
        }
    }
}

/// Nothing longer is taken for a code, or for the name of a language, in bytes.
const LONGEST_CODE: usize = 100;

/// Whether a code is in one of the lists below: sorted, two letters and a space each. Long files ask a million times.
fn is_in(codes: &str, code: [u8; 2]) -> bool {
    let bytes = codes.as_bytes();
    let (mut low, mut high) = (0, bytes.len().div_ceil(3));
    while low < high {
        let middle = usize::midpoint(low, high);
        match bytes[3 * middle..3 * middle + 2].cmp(&code) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    false
}

/// What people write where ISO wants another code.
const MISTAKEN: &[(&str, &str)] = &[
    ("UK", "GB"),
    ("EN", "GB"),
    ("EL", "GR"),
    ("USA", "US"),
    ("SU", "RU"),
    ("GER", "DE"),
    ("ENG", "GB"),
];

fn nearest_country(upper: &str) -> Option<&'static str> {
    if let Some((_, right)) = MISTAKEN.iter().find(|(wrong, _)| *wrong == upper) {
        return Some(right);
    }
    crate::words::nearest(upper, COUNTRIES.split(' '))
}

const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS \
IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA \
RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT \
TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// A language by its BCP 47 tag: `fr`, `pt-BR`, `sr-Cyrl`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Language(LanguageIdentifier);

impl Language {
    /// Reads a tag, in any case, with `-` or `_`.
    ///
    /// # Errors
    /// When it is no tag, or begins with no language of ISO 639-1 or 639-3 form.
    pub fn parse(text: &str) -> Result<Self, UnknownCode> {
        let unknown = || UnknownCode {
            text: text.to_owned(),
            of: Codes::Languages,
        };
        if text.len() > LONGEST_CODE {
            return Err(unknown());
        }
        let id = if text.contains('_') {
            LanguageIdentifier::from_str(&text.replace('_', "-"))
        } else {
            LanguageIdentifier::from_str(text)
        };
        let id = id.map_err(|_| unknown())?;
        match *id.language.as_str().as_bytes() {
            [a, b] if is_in(LANGUAGES, [a, b]) => {}
            // ISO 639-3, but not for a language that has two letters: the tags would not be seen to be the same.
            [_, _, _] if !id.language.is_unknown() && mistaken_language(id.language.as_str()).is_none() => {}
            _ => return Err(unknown()),
        }
        Ok(Self(id))
    }

    /// The language that is called so in one of six languages or in itself, or has this code of three letters.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        names::language(name).and_then(|code| Self::parse(code).ok())
    }

    /// For the libraries that format by language.
    #[must_use]
    pub const fn id(&self) -> &LanguageIdentifier {
        &self.0
    }

    /// Whether it is written from right to left.
    #[must_use]
    pub fn is_right_to_left(&self) -> bool {
        match self.0.script {
            // ISO 15924.
            Some(script) => matches!(
                script.as_str(),
                "Adlm"
                    | "Arab"
                    | "Aran"
                    | "Hebr"
                    | "Mand"
                    | "Mend"
                    | "Nkoo"
                    | "Rohg"
                    | "Samr"
                    | "Syrc"
                    | "Thaa"
                    | "Yezi"
            ),
            None => matches!(
                self.0.language.as_str(),
                "ar" | "aeb"
                    | "aii"
                    | "ajp"
                    | "apc"
                    | "apd"
                    | "arb"
                    | "arc"
                    | "arq"
                    | "ars"
                    | "ary"
                    | "arz"
                    | "ayl"
                    | "azb"
                    | "bal"
                    | "bcc"
                    | "bft"
                    | "bgn"
                    | "brh"
                    | "ckb"
                    | "dv"
                    | "fa"
                    | "glk"
                    | "haz"
                    | "he"
                    | "khw"
                    | "ks"
                    | "lki"
                    | "lrc"
                    | "luz"
                    | "mzn"
                    | "nqo"
                    | "pes"
                    | "pnb"
                    | "prs"
                    | "ps"
                    | "sd"
                    | "sdh"
                    | "skr"
                    | "syc"
                    | "syr"
                    | "ug"
                    | "ur"
                    | "ydd"
                    | "yi"
            ),
        }
    }

    /// Whether it is written without spaces between words.
    #[must_use]
    pub fn is_without_spaces(&self) -> bool {
        let is_romanised = || self.0.script.is_some_and(|script| script.as_str() == "Latn");
        matches!(
            self.0.language.as_str(),
            "bo" | "cdo"
                | "cjy"
                | "cmn"
                | "cpx"
                | "dz"
                | "gan"
                | "hak"
                | "hsn"
                | "ja"
                | "kjp"
                | "km"
                | "ksw"
                | "lo"
                | "lzh"
                | "mnw"
                | "my"
                | "nan"
                | "ryu"
                | "shn"
                | "th"
                | "wuu"
                | "yue"
                | "zh"
        ) && !is_romanised()
    }

    /// The best of `available` for a person who reads this language, if any of them will do.
    ///
    /// RFC 4647 §3.4 (lookup): the tag itself, then shorter and shorter; then a text in the same language for another
    /// region (`pt-BR` reads `pt-PT` rather than nothing), unless both name a script and not the same one.
    #[must_use]
    pub fn best_of<'a>(&self, available: &'a [Language]) -> Option<&'a Language> {
        let exactly = |wanted: &LanguageIdentifier| available.iter().find(|have| have.0 == *wanted);
        let mut shorter = self.0.clone();
        exactly(&shorter)
            .or_else(|| {
                shorter.variants.clear();
                exactly(&shorter)
            })
            .or_else(|| {
                shorter.region = None;
                exactly(&shorter)
            })
            .or_else(|| {
                let (language, script) = (self.0.language, self.0.script);
                let same = |have: &&Language| have.0.language == language && have.0.script == script;
                let open =
                    |have: &&Language| have.0.language == language && (have.0.script.is_none() || script.is_none());
                available.iter().find(same).or_else(|| available.iter().find(open))
            })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<&Language> for Value {
    fn from(language: &Language) -> Self {
        Self::from(language.to_string())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl PartialOrd for Language {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Language {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// What people write for a language that has a code of two letters: longer codes, country codes, names.
const MISTAKEN_LANGUAGES: &[(&str, &str)] = &[
    ("ara", "ar"),
    ("arabic", "ar"),
    ("chi", "zh"),
    ("chinese", "zh"),
    ("cn", "zh"),
    ("cz", "cs"),
    ("cze", "cs"),
    ("deu", "de"),
    ("deutsch", "de"),
    ("dk", "da"),
    ("dut", "nl"),
    ("dutch", "nl"),
    ("eng", "en"),
    ("english", "en"),
    ("español", "es"),
    ("fas", "fa"),
    ("fra", "fr"),
    ("français", "fr"),
    ("francais", "fr"),
    ("fre", "fr"),
    ("french", "fr"),
    ("ger", "de"),
    ("german", "de"),
    ("gr", "el"),
    ("heb", "he"),
    ("hun", "hu"),
    ("in", "id"),
    ("ita", "it"),
    ("italian", "it"),
    ("iw", "he"),
    ("japanese", "ja"),
    ("jp", "ja"),
    ("jpn", "ja"),
    ("kaz", "kk"),
    ("kazakh", "kk"),
    ("kor", "ko"),
    ("kz", "kk"),
    ("nederlands", "nl"),
    ("nld", "nl"),
    ("per", "fa"),
    ("persian", "fa"),
    ("pol", "pl"),
    ("polish", "pl"),
    ("por", "pt"),
    ("portuguese", "pt"),
    ("rus", "ru"),
    ("russian", "ru"),
    ("spa", "es"),
    ("spanish", "es"),
    ("swe", "sv"),
    ("tur", "tr"),
    ("turkish", "tr"),
    ("ua", "uk"),
    ("ukr", "uk"),
    ("ukrainian", "uk"),
    ("zho", "zh"),
];

fn mistaken_language(written: &str) -> Option<&'static str> {
    MISTAKEN_LANGUAGES
        .iter()
        .find(|(wrong, _)| *wrong == written)
        .map(|(_, right)| *right)
}

fn nearest_language(lower: &str) -> Option<&'static str> {
    mistaken_language(lower).or_else(|| {
        // `fr_Belgium`, `english-GB`: the first part is enough to guess by.
        let first = lower.split(['-', '_']).next().unwrap_or_default();
        mistaken_language(first).or_else(|| crate::words::nearest(first, LANGUAGES.split(' ')))
    })
}

/// ISO 639-1; longer codes (639-3) are taken as they are.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da \
de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io \
is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my \
na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so \
sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

#[cfg(test)]
mod tests {
    use super::*;

    fn languages(tags: &[&str]) -> Vec<Language> {
        tags.iter().map(|tag| Language::parse(tag).unwrap()).collect()
    }

    #[test]
    fn what_is_as_long_as_a_file_is_no_code_and_nobody_looks_for_what_was_meant() {
        let long = "q".repeat(1 << 20);
        assert_eq!(Country::parse(&long).unwrap_err().nearest(), None);
        assert_eq!(Language::parse(&long).unwrap_err().nearest(), None);
    }

    #[test]
    fn a_country_is_known_by_its_code_and_a_mistaken_one_gets_the_right_one() {
        assert_eq!(Country::parse("be").unwrap().code(), "BE");
        assert_eq!(Country::parse("UK").unwrap_err().nearest(), Some("GB"));
        assert!(Country::parse("").is_err());
        assert!(Country::parse("Belgium").is_err());
        assert!(Country::parse("é").is_err());
    }

    #[test]
    fn a_language_tells_how_it_is_written() {
        let [right, left]: [&[&str]; 2] = [
            &[
                "ar", "ar-SY", "he", "fa", "prs", "ur", "ps", "ckb", "yi", "dv", "ug", "az-Arab", "pa-Arab",
            ],
            &["en", "ru", "ku", "az", "ar-Latn", "ug-Cyrl", "zh", "tr"],
        ];
        assert!(languages(right).iter().all(Language::is_right_to_left), "{right:?}");
        assert!(!languages(left).iter().any(Language::is_right_to_left), "{left:?}");
        let [without, with]: [&[&str]; 2] = [
            &["zh", "zh-Hant-TW", "ja", "th", "km", "lo", "my", "yue"],
            &["ko", "vi", "en", "zh-Latn"],
        ];
        assert!(
            languages(without).iter().all(Language::is_without_spaces),
            "{without:?}"
        );
        assert!(!languages(with).iter().any(Language::is_without_spaces), "{with:?}");
    }

    #[test]
    fn a_reader_gets_the_nearest_text_there_is() {
        let best = |wanted: &str, available: &[&str]| {
            let available = languages(available);
            Language::parse(wanted)
                .unwrap()
                .best_of(&available)
                .map(ToString::to_string)
        };
        assert_eq!(best("fr", &["en", "fr"]).as_deref(), Some("fr"));
        assert_eq!(best("fr-BE", &["en", "fr"]).as_deref(), Some("fr"));
        assert_eq!(best("pt-BR", &["pt-PT", "en"]).as_deref(), Some("pt-PT"));
        assert_eq!(best("zh-Hant", &["zh-Hans", "en"]), None);
        assert_eq!(best("zh", &["zh-Hans", "en"]).as_deref(), Some("zh-Hans"));
        assert_eq!(best("sr-Cyrl", &["sr-Latn", "sr"]).as_deref(), Some("sr"));
        assert_eq!(best("de", &["en", "fr"]), None);
    }

    #[test]
    fn a_tag_is_read_in_any_case_and_an_unknown_language_is_not() {
        assert_eq!(Language::parse("PT_br").unwrap().to_string(), "pt-BR");
        assert!(Language::parse("xx").is_err());
        assert!(Language::parse("").is_err());
        assert!(Language::parse("und").is_err());
        assert!(Language::parse("short").is_err());
        assert_eq!(Language::parse("ckb").unwrap().to_string(), "ckb");
        assert_eq!(Language::parse("eng").unwrap_err().nearest(), Some("en"));
        assert_eq!(Language::parse("Français").unwrap_err().nearest(), Some("fr"));
        assert_eq!(Language::parse("jp").unwrap_err().nearest(), Some("ja"));
    }

    #[test]
    fn every_code_of_the_lists_is_found() {
        assert!(COUNTRIES.split(' ').all(|code| Country::parse(code).is_ok()));
        assert!(
            LANGUAGES
                .split(' ')
                .all(|tag| mistaken_language(tag).is_some() || Language::parse(tag).is_ok())
        );
        assert!(COUNTRIES.split(' ').is_sorted() && LANGUAGES.split(' ').is_sorted());
    }
}
