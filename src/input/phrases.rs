//! What letters say, in the languages that most are written in: words that ask to be filled in, forms of address that
//! name nobody, first words that filters know.

/// What stands in brackets where something was to be filled in.
const TO_FILL_IN: [&str; 86] = [
    "name",
    "your name",
    "full name",
    "first name",
    "last name",
    "surname",
    "title",
    "your title",
    "city",
    "your city",
    "date",
    "address",
    "your address",
    "country",
    "signature",
    "insert name",
    "to be completed",
    "to complete",
    "to fill in",
    "fill in",
    "nom",
    "prénom",
    "nom et prénom",
    "votre nom",
    "nom complet",
    "titre",
    "ville",
    "votre ville",
    "adresse",
    "pays",
    "à compléter",
    "a compléter",
    "à completer",
    "a completer",
    "à remplir",
    "à préciser",
    "compléter",
    "insérer",
    "naam",
    "voornaam",
    "achternaam",
    "uw naam",
    "je naam",
    "titel",
    "stad",
    "woonplaats",
    "adres",
    "land",
    "handtekening",
    "in te vullen",
    "aan te vullen",
    "invullen",
    "nader te bepalen",
    "vorname",
    "nachname",
    "ihr name",
    "vor- und nachname",
    "anrede",
    "ort",
    "stadt",
    "datum",
    "unterschrift",
    "einfügen",
    "ausfüllen",
    "bitte ausfüllen",
    "einzusetzen",
    "noch einzufügen",
    "nombre",
    "apellido",
    "apellidos",
    "nombre y apellido",
    "su nombre",
    "tu nombre",
    "título",
    "ciudad",
    "fecha",
    "país",
    "firma",
    "dirección",
    "completar",
    "por completar",
    "a completar",
    "rellenar",
    "имя",
    "фамилия",
    "ваше имя",
];
/// More of these.
const TO_FILL_IN_RUSSIAN: [&str; 9] = [
    "фио",
    "имя и фамилия",
    "должность",
    "город",
    "дата",
    "адрес",
    "страна",
    "подпись",
    "заполнить",
];
/// What such a place may begin with.
const FILL_IN: [&str; 12] = [
    "insert ",
    "your ",
    "votre ",
    "insérer ",
    "indiquer ",
    "vul ",
    "ihr ",
    "ihre ",
    "insertar ",
    "indicar ",
    "вставить ",
    "укажите ",
];

/// Whether words in brackets ask to be replaced.
pub fn is_placeholder(inner: &str) -> bool {
    let inner = inner.trim().trim_end_matches(['.', '…', ':', '!']).to_lowercase();
    TO_FILL_IN.contains(&inner.as_str())
        || TO_FILL_IN_RUSSIAN.contains(&inner.as_str())
        || (inner.split_whitespace().count() <= 4 && FILL_IN.iter().any(|begin| inner.starts_with(begin)))
}

/// Whether words stand where somebody's own belong, and are none: what a manual or a form says in their place.
pub fn stands_for_words(words: &str) -> bool {
    const INSTEAD: [&str; 48] = [
        "message",
        "my message",
        "your message",
        "your message here",
        "text",
        "my text",
        "your text",
        "your text here",
        "your words",
        "your own words",
        "my own words",
        "in my own words",
        "in your own words",
        "your own paragraph",
        "my own paragraph",
        "a personal paragraph",
        "personal paragraph",
        "personal message",
        "own paragraph",
        "paragraph",
        "words",
        "test",
        "test test",
        "n/a",
        "none",
        "nothing",
        "mon message",
        "votre message",
        "texte",
        "mon texte",
        "votre texte",
        "votre paragraphe",
        "nachricht",
        "ihre nachricht",
        "deine nachricht",
        "ihr text",
        "dein text",
        "bericht",
        "uw bericht",
        "je bericht",
        "tekst",
        "uw tekst",
        "mensaje",
        "su mensaje",
        "tu mensaje",
        "сообщение",
        "ваше сообщение",
        "текст",
    ];
    let spaced = words.split_whitespace().collect::<Vec<_>>().join(" ");
    INSTEAD.contains(&spaced.as_str()) || spaced.starts_with("lorem ipsum")
}

/// Whether words in guillemets are a field of a form letter. In French, Spanish and Russian any word may be quoted so: only
/// fields that nobody quotes count.
pub fn is_merge_field(inner: &str) -> bool {
    const FIELDS: [&str; 19] = [
        "Nom",
        "NOM",
        "Prénom",
        "Prenom",
        "PRÉNOM",
        "PRENOM",
        "Name",
        "name",
        "NAME",
        "First Name",
        "Last Name",
        "Vorname",
        "Nachname",
        "Anrede",
        "Naam",
        "naam",
        "Voornaam",
        "Achternaam",
        "Aanhef",
    ];
    FIELDS.contains(&inner)
}

/// Whether it is a tag of HTML, in capitals.
pub fn is_html(inner: &str) -> bool {
    const TAGS: [&str; 22] = [
        "BR",
        "HR",
        "UL",
        "OL",
        "LI",
        "EM",
        "STRONG",
        "DIV",
        "SPAN",
        "TABLE",
        "TR",
        "TD",
        "TH",
        "PRE",
        "CODE",
        "SUP",
        "SUB",
        "DL",
        "DT",
        "DD",
        "BLOCKQUOTE",
        "CENTER",
    ];
    TAGS.contains(&inner.trim().trim_end_matches('/').trim_end())
}

/// Words that introduce a name, and that filters know as the beginning of unwanted mail.
const FIRST_WORDS: [&str; 10] = [
    "my name is ",
    "je m'appelle ",
    "mon nom est ",
    "mijn naam is ",
    "ik heet ",
    "mein name ist ",
    "ich heiße ",
    "me llamo ",
    "mi nombre es ",
    "меня зовут ",
];

/// The words that `text` begins with, when they are such.
pub fn first_words(text: &str) -> Option<&str> {
    let plain = |c: char| if c == '’' { '\'' } else { c };
    FIRST_WORDS.iter().find_map(|words| {
        let begins = text
            .chars()
            .map(plain)
            .flat_map(char::to_lowercase)
            .zip(words.chars())
            .filter(|(written, word)| written == word)
            .count()
            == words.chars().count();
        let length: usize = text.chars().take(words.chars().count()).map(char::len_utf8).sum();
        begins.then(|| text[..length].trim_end())
    })
}

/// Forms of address with a kind of person and no name, as people write them who have none: whole lines.
const NOBODY: [&str; 44] = [
    "dear sir",
    "dear madam",
    "dear sirs",
    "dear sir or madam",
    "dear madam or sir",
    "dear sir/madam",
    "dear madam/sir",
    "dear sir, dear madam",
    "dear madam, dear sir",
    "dear madam, sir",
    "dear sir, madam",
    "dear madam, dear sirs",
    "to whom it may concern",
    "dear friend",
    "madame",
    "monsieur",
    "madame, monsieur",
    "monsieur, madame",
    "mesdames, messieurs",
    "madame ou monsieur",
    "sehr geehrte damen und herren",
    "sehr geehrte dame",
    "sehr geehrter herr",
    "sehr geehrte dame, sehr geehrter herr",
    "geachte heer",
    "geachte mevrouw",
    "geachte heer, mevrouw",
    "geachte heer/mevrouw",
    "geachte mevrouw, heer",
    "geachte mevrouw, geachte heer",
    "geachte heer of mevrouw",
    "geachte heer, geachte mevrouw",
    "mijne heren",
    "estimado señor",
    "estimada señora",
    "estimados señores",
    "estimado señor o señora",
    "muy señor mío",
    "muy señores míos",
    "señor",
    "señora",
    "уважаемые господа",
    "уважаемый господин",
    "уважаемая госпожа",
];

/// Whether a line is an address to nobody by name.
pub fn names_nobody(line: &str) -> bool {
    NOBODY.contains(&greeting(line).as_str())
}

/// The same, as filters have it: they know it in English only.
pub fn is_known_to_filters(line: &str) -> bool {
    let line = greeting(line);
    line.starts_with("dear ") && NOBODY.contains(&line.as_str())
}

fn greeting(line: &str) -> String {
    let line = line.trim().trim_end_matches([',', '.', ':', '!', ';']);
    line.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Header lines of a template, as people write them in their own language.
const HEADERS: [(&str, &[&str]); 3] = [
    (
        "Subject",
        &[
            "subject",
            "sujet",
            "objet",
            "betreff",
            "betrifft",
            "onderwerp",
            "betreft",
            "asunto",
            "тема",
            "oggetto",
            "assunto",
            "temat",
            "konu",
            "emne",
            "ämne",
            "topic",
        ],
    ),
    ("Format", &["format", "formaat", "formato", "формат", "opmaak"]),
    (
        "Attach",
        &[
            "attach",
            "attachment",
            "attachments",
            "pièce jointe",
            "pièces jointes",
            "anhang",
            "anlage",
            "anlagen",
            "bijlage",
            "bijlagen",
            "adjunto",
            "adjuntos",
            "вложение",
            "вложения",
            "приложение",
        ],
    ),
];

/// The header line that a word stands for, in whatever language it is.
pub fn header(word: &str) -> Option<&'static str> {
    let word = word.trim().to_lowercase();
    let found = HEADERS.iter().find(|(_, words)| words.contains(&word.as_str()));
    found.map(|(header, _)| *header)
}

/// Columns of the recipients and keys of the sender, as people name them in their own language.
const NAMES: [(&str, &[&str]); 9] = [
    (
        "name",
        &[
            "nom", "naam", "nombre", "имя", "vorname", "prénom", "prenom", "voornaam",
        ],
    ),
    (
        "email",
        &["mail", "e-mail", "courriel", "adresse", "mel", "correo", "почта"],
    ),
    ("country", &["pays", "land", "país", "pais", "страна"]),
    ("language", &["langue", "sprache", "taal", "idioma", "lengua", "язык"]),
    (
        "salutation",
        &[
            "anrede",
            "aanhef",
            "saludo",
            "tratamiento",
            "обращение",
            "formule",
            "appel",
            "greeting",
            "aanspreking",
            "civilité",
        ],
    ),
    (
        "title",
        &["titre", "titel", "título", "titulo", "fonction", "функция", "должность"],
    ),
    (
        "gender",
        &[
            "genre",
            "sexe",
            "geschlecht",
            "geslacht",
            "género",
            "genero",
            "sexo",
            "пол",
            "sex",
        ],
    ),
    ("role", &["rôle", "rolle", "rol", "роль"]),
    (
        "city",
        &[
            "ville",
            "stadt",
            "ort",
            "stad",
            "plaats",
            "woonplaats",
            "ciudad",
            "город",
        ],
    ),
];

/// The English word for what people call a column or a key.
pub fn in_english(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let found = NAMES.iter().find(|(_, words)| words.contains(&word.as_str()));
    found.map(|(name, _)| *name)
}
