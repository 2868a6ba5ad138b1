//! What columns are called: the names that the program knows, and what people who write in six languages call them.

use std::collections::HashMap;
use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;

/// The columns that mean something to the program, in the order in which templates know them.
pub const KNOWN: [&str; 13] = [
    "role",
    "name",
    "email",
    "country",
    "language",
    "cc",
    "salutation",
    "title",
    "gender",
    "note",
    "attach",
    "source",
    "verified",
];

/// Those that are for the organiser alone: no template may name them, so they leave with no letter.
pub const KEPT_BACK: [&str; 3] = ["note", "source", "verified"];

/// What else each of them is called in English, French, Dutch, German, Spanish and Russian. Case, accents, blanks and
/// punctuation make no difference. Words that often mean something else (address, contact, type, function) are left out.
const CALLED: [(&str, &[&str]); 13] = [
    ("role", &["roles", "rol", "rolle", "función", "роль"]),
    (
        "name",
        &[
            "names",
            "full name",
            "nom",
            "nom complet",
            "naam",
            "volledige naam",
            "vollständiger name",
            "nombre",
            "nombre completo",
            "имя",
            "полное имя",
            "название",
            "наименование",
            "фио",
        ],
    ),
    (
        "email",
        &[
            "mail",
            "emails",
            "e-mail address",
            "mail address",
            "email addresses",
            "courriel",
            "adresse e-mail",
            "adresse mail",
            "adresse courriel",
            "adresse électronique",
            "mél",
            "e-mailadres",
            "mailadres",
            "e-mail-adresse",
            "e-mailadressen",
            "Mailadresse",
            "correo",
            "correo electrónico",
            "dirección de correo",
            "dirección de correo electrónico",
            "dirección de email",
            "dirección electrónica",
            "электронная почта",
            "эл. почта",
            "почта",
            "адрес электронной почты",
            "адрес эл. почты",
            "эл. адрес",
            "электронный адрес",
            "имейл",
            "e-mail адрес",
        ],
    ),
    (
        "country",
        &[
            "countries",
            "country code",
            "country codes",
            "pays",
            "code pays",
            "land",
            "landen",
            "landcode",
            "länder",
            "ländercode",
            "landeskürzel",
            "länderkürzel",
            "país",
            "países",
            "código de país",
            "código del país",
            "страна",
            "страны",
            "код страны",
        ],
    ),
    (
        "language",
        &[
            "lang",
            "languages",
            "language code",
            "langue",
            "langues",
            "code langue",
            "taal",
            "talen",
            "taalcode",
            "sprache",
            "sprachen",
            "sprachcode",
            "idioma",
            "idiomas",
            "lengua",
            "lenguas",
            "язык",
            "языки",
            "код языка",
        ],
    ),
    (
        "cc",
        &[
            "copy",
            "copies",
            "copy to",
            "carbon copy",
            "copie",
            "en copie",
            "copie à",
            "copies à",
            "kopie",
            "kopieën",
            "in kopie",
            "kopie aan",
            "kopien",
            "kopie an",
            "copia",
            "copias",
            "en copia",
            "con copia",
            "копия",
            "копии",
        ],
    ),
    (
        "salutation",
        &[
            "salutations",
            "greeting",
            "formule d'appel",
            "formule de politesse",
            "aanhef",
            "aanspreking",
            "anrede",
            "briefanrede",
            "saludo",
            "encabezamiento",
            "обращение",
            "приветствие",
        ],
    ),
    (
        "title",
        &["titre", "civilité", "titel", "título", "tratamiento", "титул", "звание"],
    ),
    (
        "gender",
        &[
            "sex",
            "genre",
            "sexe",
            "geslacht",
            "geschlecht",
            "género",
            "sexo",
            "пол",
        ],
    ),
    (
        "note",
        &[
            "notes",
            "remark",
            "remarks",
            "comment",
            "comments",
            "remarque",
            "remarques",
            "commentaire",
            "commentaires",
            "opmerking",
            "opmerkingen",
            "notitie",
            "notities",
            "notiz",
            "notizen",
            "bemerkung",
            "bemerkungen",
            "anmerkung",
            "anmerkungen",
            "nota",
            "notas",
            "observaciones",
            "comentario",
            "comentarios",
            "примечание",
            "примечания",
            "заметка",
            "заметки",
            "комментарий",
        ],
    ),
    (
        "attach",
        &[
            "attachment",
            "attachments",
            "pièce jointe",
            "pièces jointes",
            "bijlage",
            "bijlagen",
            "anhang",
            "anhänge",
            "anlage",
            "anlagen",
            "adjunto",
            "adjuntos",
            "вложение",
            "вложения",
        ],
    ),
    ("source", &["sources", "bron", "quelle", "fuente", "источник"]),
    (
        "verified",
        &[
            "verified on",
            "checked",
            "checked on",
            "vérifié",
            "vérifié le",
            "vérifiée le",
            "geverifieerd",
            "geverifieerd op",
            "gecontroleerd",
            "gecontroleerd op",
            "geprüft",
            "geprüft am",
            "überprüft",
            "überprüft am",
            "verificado",
            "verificado el",
            "comprobado",
            "проверено",
            "проверен",
            "дата проверки",
        ],
    ),
];

/// A name without what people write now one way and now another: case, accents, blanks and punctuation.
pub fn folded(name: &str) -> String {
    name.nfkd()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The known column that is called so, if there is one.
pub fn meaning(written: &str) -> Option<&'static str> {
    /// None is called anything longer, in bytes.
    const LONGEST: usize = 100;
    static ALL: OnceLock<HashMap<String, &'static str>> = OnceLock::new();
    if written.len() > LONGEST {
        return None;
    }
    let all = ALL.get_or_init(|| {
        let names = CALLED.iter().flat_map(|(known, others)| {
            let words = others.iter().copied().chain([*known]);
            words.map(|word| (folded(word), *known))
        });
        names.collect()
    });
    all.get(&folded(written)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_however_it_is_written() {
        for (written, known) in [
            ("E-MAIL", "email"),
            ("Adresse e-mail", "email"),
            ("E-Mail-Adresse", "email"),
            ("E-mailadres", "email"),
            ("Correo electronico", "email"),
            ("Эл. почта", "email"),
            ("Pays", "country"),
            ("PAÍS", "country"),
            ("pai\u{301}s", "country"),
            ("LÄNDER", "country"),
            ("Страна", "country"),
            ("Lang.", "language"),
            ("Formule d’appel :", "salutation"),
            ("Adresse\ne-mail", "email"),
            ("Geprüft am", "verified"),
        ] {
            assert_eq!(meaning(written), Some(known), "{written}");
        }
        for other in [
            "",
            "…",
            "office",
            "nom d'usage",
            "Adresse",
            "Téléphone",
            "Band",
            "prénom",
        ] {
            assert_eq!(meaning(other), None, "{other}");
        }
    }

    #[test]
    fn no_word_means_two_columns() {
        let mut seen = std::collections::BTreeMap::new();
        for (known, others) in CALLED {
            assert!(KNOWN.contains(&known));
            for word in others.iter().chain([&known]) {
                let before = seen.insert(folded(word), (known, *word));
                assert!(before.is_none(), "{word} is {known}, and {before:?}");
            }
        }
        assert!(KNOWN.iter().all(|known| meaning(known) == Some(known)));
    }
}
