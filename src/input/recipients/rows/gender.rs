//! `gender`: what people write for it, as the one set of values that letters compare with.

use appel_core::words::visible_line;
use appel_messages::msg;

use super::{Done, Report, Severity};
use crate::input::recipients::said::What;

/// Each value that letters know, with what else people write for it in six languages; without dots, in small letters.
const WRITTEN: [(&str, &[&str]); 4] = [
    (
        "f",
        &[
            "female",
            "woman",
            "ms",
            "mrs",
            "miss",
            "she",
            "femme",
            "féminin",
            "mme",
            "mlle",
            "madame",
            "vrouw",
            "v",
            "vrouwelijk",
            "mevr",
            "mevrouw",
            "w",
            "frau",
            "fr",
            "weiblich",
            "mujer",
            "femenino",
            "femenina",
            "sra",
            "señora",
            "ж",
            "жен",
            "женский",
            "женщина",
            "г-жа",
            "госпожа",
        ],
    ),
    (
        "m",
        &[
            "male",
            "man",
            "mr",
            "he",
            "homme",
            "masculin",
            "monsieur",
            "mannelijk",
            "dhr",
            "de heer",
            "heer",
            "mann",
            "männlich",
            "herr",
            "hombre",
            "h",
            "masculino",
            "masculina",
            "sr",
            "señor",
            "varón",
            "м",
            "муж",
            "мужской",
            "мужчина",
            "г-н",
            "господин",
        ],
    ),
    (
        "x",
        &[
            "d",
            "divers",
            "diverse",
            "non-binary",
            "nonbinary",
            "non binaire",
            "non-binaire",
            "other",
            "autre",
            "anders",
            "otro",
            "mx",
            "другое",
            "they",
        ],
    ),
    (
        "",
        &[
            "-",
            "–",
            "—",
            "?",
            "n/a",
            "na",
            "unknown",
            "inconnu",
            "inconnue",
            "onbekend",
            "unbekannt",
            "desconocido",
            "desconocida",
            "неизвестно",
            "неизвестен",
            "none",
        ],
    ),
];

/// A gender as letters know it: `f`, `m`, `x`, or empty where it is not known. `None` when it is none of them, which is
/// said.
pub fn read(cell: &str, column: usize, report: &mut dyn Report) -> Option<&'static str> {
    if let Some((known, _)) = WRITTEN.iter().find(|(known, _)| *known == cell) {
        return Some(known);
    }
    let lower = cell.to_lowercase();
    // A Cyrillic letter on its own may stand among Latin ones.
    let word = lower.trim_end_matches('.');
    let found = WRITTEN
        .iter()
        .find(|(known, written)| *known == word || written.contains(&word));
    if let Some((known, _)) = found {
        report.done(Done {
            what: What::Gender,
            column,
            written: cell,
            read: if known.is_empty() { "–" } else { known },
        });
        return Some(known);
    }
    let finding = super::Finding {
        severity: Severity::Warning,
        code: "row-gender-unknown",
        column: Some(column),
    };
    report.report(finding, &|| {
        (msg!("row-gender-unknown", written = visible_line(cell)), None)
    });
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_one_of_three_and_no_word_is_two() {
        let read = |cell: &str| read(cell, 0, &mut super::super::Silent);
        for (written, known) in [
            ("f", "f"),
            ("F", "f"),
            ("Mme", "f"),
            ("w", "f"),
            ("жен.", "f"),
            ("М", "m"),
            ("M.", "m"),
            ("Herr", "m"),
            ("divers", "x"),
            ("", ""),
            ("Unbekannt", ""),
        ] {
            assert_eq!(read(written), Some(known), "{written}");
        }
        assert_eq!(read("plural"), None);
        let mut seen = std::collections::BTreeSet::new();
        for (known, written) in WRITTEN {
            assert!(
                written.iter().chain([&known]).all(|word| seen.insert(word.to_owned())),
                "{known}"
            );
        }
    }
}
