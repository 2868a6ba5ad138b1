//! Lists as people have them: spreadsheets, columns in their own language, and the slips of those who fill them in.

use std::path::Path;

use crate::support::{Campaign, Run};

const LETTERS: &str = "[[letter]]\nid = \"protest\"\nto = [\"embassy\"]\n";
const HEADER: &str = "role,name,email,country,language,salutation\n";

/// A campaign with one letter to embassies.
fn campaign() -> Campaign {
    Campaign::new().letters(LETTERS)
}

/// What is said of a list that is a text.
fn check(list: impl AsRef<[u8]>) -> Run {
    let campaign = campaign();
    campaign.put("recipients.csv", list);
    campaign.check(&[])
}

/// The same, of rows below the usual columns.
fn rows(rows: &str) -> Run {
    check(format!("{HEADER}{rows}"))
}

/// A campaign with a list of `tests/lists/`, perhaps one of its sheets.
fn with_file(name: &str, sheet: &str) -> Campaign {
    let campaign = campaign().set("campaign.recipients", &format!("{name}{sheet}"));
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists").join(name);
    campaign.put(name, std::fs::read(from).unwrap());
    campaign
}

/// The texts of a campaign's letters, each with its address.
fn letters(campaign: &Campaign) -> Vec<(String, String)> {
    let preview = campaign.preview(&["--json"]);
    let letters = preview.exits(0).json_events().into_iter();
    let text = |letter: &serde_json::Value, key: &str| letter[key].as_str().unwrap().to_owned();
    letters
        .map(|letter| (text(&letter, "to"), text(&letter, "text")))
        .collect()
}

// L11
#[test]
fn every_spreadsheet_is_read_as_if_it_were_text() {
    for name in ["en.xlsx", "en.ods", "de.xlsx", "fr.xlsx", "fr.xls", "nl.xlsx"] {
        let campaign = with_file(name, "");
        campaign.check(&[]).exits(0);
        let letters = letters(&campaign);
        assert_eq!(letters.len(), 6, "{name}");
        assert!(letters[0].0.contains("info1@etat1.example"), "{name}: {}", letters[0].0);
        assert!(
            letters[0].1.contains("Monsieur l’Ambassadeur,"),
            "{name}: {}",
            letters[0].1
        );
    }
}

#[test]
fn a_spreadsheet_is_read_whatever_its_name_ends_in() {
    for (name, other) in [
        ("en.xlsx", "list.ods"),
        ("en.ods", "list.xls"),
        ("fr.xls", "recipients.csv"),
    ] {
        let campaign = with_file(name, "").set("campaign.recipients", other);
        std::fs::rename(campaign.path(name), campaign.path(other)).unwrap();
        campaign.check(&[]).exits(0);
    }
}

#[test]
fn cells_are_read_as_they_are_shown_and_what_is_not_shown_is_said() {
    for name in ["office.xlsx", "office.ods", "office.xls"] {
        let campaign = with_file(name, "").letter(
            "protest",
            "en",
            "Subject: S\n\n{{recipient.salutation}}\n\nRoom {{recipient.room}}, {{recipient.price}}, {{recipient.day}}.\n",
        );
        let check = campaign.check(&[]);
        check.exits(0).says(&[
            "the first sheet is read: `Embassies`; there are also `Notes`",
            "1 row is hidden in the spreadsheet, and gets its letters all the same: row 4",
            "merged cells are read as if each had the value that is shown over all of them (2 cells)",
            "skipped: 1 row above the column names",
        ]);
        let letters = letters(&campaign);
        let texts: Vec<&str> = letters.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts.len(), 3, "{name}: {texts:?}");
        assert!(
            texts[0].contains("Room 007, 1,234.50, 26/11/2026."),
            "{name}: {}",
            texts[0]
        );
        assert!(texts[2].contains("Room 012"), "{name}: {}", texts[2]);
    }
}

#[test]
fn a_sheet_is_chosen_by_its_name_and_one_that_is_not_there_is_said_with_those_that_are() {
    for name in ["office.xlsx", "office.ods", "office.xls"] {
        let chosen = with_file(name, "#Embassies").check(&[]);
        chosen.exits(0);
        assert!(!chosen.stderr.contains("Notes"), "{name}: {}", chosen.stderr);
        with_file(name, "#embasies")
            .check(&[])
            .exits(3)
            .says(&["there is no sheet `embasies`; there is `Embassies`"]);
        with_file(name, "#2026")
            .check(&[])
            .exits(3)
            .says(&["there is no sheet `2026`; there are `Old`, `Embassies` and `Notes`"]);
        with_file(name, "#Notes").check(&[]).exits(3).says(&["are missing"]);
        // A hidden sheet is read when it is named.
        let said = if name == "office.xlsx" {
            "there is no recipient"
        } else {
            "there is nothing"
        };
        with_file(name, "#Old").check(&[]).exits(3).says(&[said]);
    }
}

#[test]
fn what_is_wrong_in_a_spreadsheet_is_said_with_its_cell() {
    for name in ["messy.xlsx", "messy.ods"] {
        let check = with_file(name, "").check(&[]);
        check.exits(3).says(&[
            &format!("{name}:Sheet!B4"),
            &format!("{name}:Sheet!C5"),
            &format!("{name}:Sheet!C7"),
            "the hidden character U+00A0",
            "its character 6 is `‑` (U+2011)",
            "skipped: 1 row above the column names, 3 empty columns and 1 empty row",
        ]);
        let json = with_file(name, "").check(&["--json"]);
        let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        let cells: Vec<&str> = report["problems"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|problem| problem["reference"].as_str())
            .collect();
        assert_eq!(cells, ["B4", "C5", "C7"], "{name}");
    }
}

#[test]
fn a_formula_whose_result_is_not_in_the_file_is_refused() {
    with_file("unsolved.xlsx", "").check(&[]).exits(3).says(&[
        "unsolved.xlsx:Sheet!B2",
        "the result of this formula is not in the file",
    ]);
}

#[test]
fn what_is_no_spreadsheet_says_what_it_is() {
    let campaign = campaign().set("campaign.recipients", "list.xlsx");
    campaign.put("list.xlsx", "PK\u{3}\u{4}and nothing else");
    campaign.check(&[]).exits(3).says(&["it is damaged, or no spreadsheet"]);
    // A text that was only named so is read as what it is.
    campaign.put("list.xlsx", format!("{HEADER}embassy,E,e@mfa.example,BE,en,Dear Sir\n"));
    campaign.check(&[]).exits(0);
}

// L1
#[test]
fn columns_are_known_in_six_languages_and_said_once() {
    for (header, said) in [
        (
            "role,name,email,Pays,Langue,Copie",
            "`Pays` as country, `Langue` as language and `Copie` as cc",
        ),
        (
            "role,name,email,Land,Sprache,Anrede",
            "`Land` as country, `Sprache` as language and `Anrede` as salutation",
        ),
        (
            "role,name,email,countries,lang,copies",
            "`countries` as country, `lang` as language and `copies` as cc",
        ),
        (
            "role,name,Adresse e-mail,country,language,cc",
            "read `Adresse e-mail` as email",
        ),
        (
            "role,name,E-Mail-Adresse,country,language,cc",
            "read `E-Mail-Adresse` as email",
        ),
        (
            "role,name,E-mailadres,country,language,cc",
            "read `E-mailadres` as email",
        ),
        (
            "Rol,Nombre,Correo electrónico,País,Idioma,Copia",
            "`Correo electrónico` as email, `País` as country",
        ),
        (
            "Роль,Имя,Эл. почта,Страна,Язык,Копия",
            "`Эл. почта` as email, `Страна` as country, `Язык` as language",
        ),
        ("ROLE,Name,EMAIL,COUNTRY,Language,CC", ""),
    ] {
        let list = check(format!("{header}\nembassy,E,e@mfa.example,BE,en,\n"));
        list.exits(0);
        if said.is_empty() {
            assert!(!list.stderr.contains("read `"), "{}", list.stderr);
        } else {
            list.says(&[said]);
        }
    }
}

#[test]
fn a_country_in_another_language_keeps_the_belgian_from_writing_to_berlin_and_without_the_copy() {
    let campaign = campaign();
    campaign.put(
        "recipients.csv",
        "role,name,email,Pays,Langue,Copie\nembassy,Brussels,b@mfa.example,BE,en,c@mfa.example\nembassy,Berlin,d@mfa.example,DE,en,\n",
    );
    let preview = campaign.preview(&["--json"]);
    let letters = preview.exits(0).json_events();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].to_string().contains("c@mfa.example"), "{}", letters[0]);
}

#[test]
fn two_columns_that_mean_the_same_are_both_named() {
    check("role,name,email,country,Pays\nembassy,E,e@mfa.example,BE,BE\n")
        .exits(3)
        .says(&["the columns `country` and `Pays` both mean `country`"]);
}

#[test]
fn columns_that_are_not_known_are_named_where_a_country_or_language_is_missing() {
    check("role,name,email,Zemlja,Jezik\nembassy,E,e@mfa.example,BE,en\n")
        .exits(0)
        .says(&[
            "no column for `country` and `language` is found; `Zemlja` and `Jezik` are taken as columns of your own",
        ]);
    let known = check("role,name,email,country,language,office\nembassy,E,e@mfa.example,BE,en,3\n");
    assert!(!known.exits(0).stderr.contains("of your own"), "{}", known.stderr);
}

// L2
#[test]
fn titles_and_what_is_empty_around_a_list_are_skipped_and_said_once() {
    let list = "\n;;;;;;;\nListe 2026;;;;;;;\n;;;;;;;\nrole;name;email;;country;language;;\n\
                embassy;E;e@mfa.example;;BE;en;;\n;;;;;;;\nembassy;F;f@mfa.example;;BE;en;;\n;;;;;;;\n";
    let said = check(list);
    said.exits(0)
        .says(&["skipped: 1 row above the column names, 3 empty columns and 2 empty rows"]);
    assert_eq!(said.stderr.matches("skipped").count(), 1);
    check("sep=;\r\nrole;name;email;country;language\r\nembassy;E, the;e@mfa.example;BE;en\r\n").exits(0);
    for name in ["messy-1252.csv", "messy-utf16.csv"] {
        let said = with_file(name, "").check(&[]);
        said.exits(3)
            .says(&["skipped: 1 row above the column names, 3 empty columns and 12 empty rows"]);
        assert!(said.stdout.contains("errors to fix") && said.stderr.matches("error").count() < 8);
    }
    check("role,name,email,\nembassy,E,e@mfa.example,more\n")
        .exits(3)
        .says(&["something stands in a column that has no name"]);
}

// L3
#[test]
fn every_slip_in_an_address_is_named() {
    for (address, said) in [
        ("'info@mfa.example", "the address begins with '"),
        ("info@mfa‑kz.example", "(U+2011), not the plain hyphen"),
        ("info@mfa.example”", "is `”` (U+201D), a quotation mark"),
        ("“info@mfa.example”", "is `“` (U+201C), a quotation mark"),
        ("info’x@mfa.example", "(U+2019)"),
        ("mailto:x@y.example", "`mailto:` stands before the address"),
        ("MAILTO:x@y.example", "`mailto:` stands before the address"),
        ("a@@b.example", "two @ stand side by side"),
        ("\"a@b,example\"", "its character 4 is a comma where a dot belongs"),
        ("a@b.example / c@d.example", "there is more than one address here"),
        ("a@b..example", "a dot stands where none can"),
        ("a.@b.example", "a dot stands where none can"),
        ("a@b.example.", "a dot stands where none can"),
        ("a:b@c.example", "its character 2 is `:`, which no address has there"),
        ("a@b_c.example", "its character 4 is `_`, which no address has there"),
        ("a\u{a0}@b.example", "the hidden character U+00A0"),
        ("info(at)mfa.example", "needs an @"),
    ] {
        rows(&format!("embassy,E,{address},BE,en,Dear Sir\n"))
            .exits(3)
            .says(&[said]);
    }
}

#[test]
fn blanks_that_are_no_spaces_are_taken_off_and_said() {
    let campaign = campaign();
    let list = format!(
        "{HEADER}embassy\u{a0},E,e@mfa.example,BE\u{a0},en\u{202f},Dear Sir\nembassy,F,f@mfa.example,DE\u{a0}BE,en,Dear Sir\n"
    );
    campaign.put("recipients.csv", list);
    campaign
        .check(&[])
        .exits(0)
        .says(&["blanks that are no plain spaces were taken off around 3 values"]);
    assert_eq!(letters(&campaign).len(), 2);
}

// L4
#[test]
fn what_a_spreadsheet_shows_where_a_formula_failed_is_refused() {
    for failed in ["#REF!", "#N/A", "#WERT!", "#NOM?", "#ССЫЛКА!", "Err:502"] {
        rows(&format!("embassy,{failed},e@mfa.example,BE,en,Dear Sir\n"))
            .exits(3)
            .says(&[&format!("{failed} in `name`: a formula of the spreadsheet failed")]);
    }
    rows("embassy,0,e@mfa.example,BE,en,Dear Sir\n")
        .exits(3)
        .says(&["0 in `name`"]);
    rows("embassy,E,e@mfa.example,BE,en,0\n")
        .exits(3)
        .says(&["0 in `salutation`"]);
}

#[test]
fn text_in_the_wrong_encoding_is_never_sent() {
    for words in [
        "Ã©tÃ©",
        "lâ€™Ambassade",
        "Ambass\u{fffd}de",
        "BŸro fŸr Kšln",
        "ƒthiopie",
    ] {
        rows(&format!("embassy,{words},e@mfa.example,BE,en,Dear Sir\n"))
            .exits(3)
            .says(&["was read with the wrong encoding"]);
    }
    let bytes = |text: &str| encoding_rs::MACINTOSH.encode(text).0.into_owned();
    let campaign = campaign().letter("protest", "en", "Subject: S\n\nTo {{recipient.name}}.\n");
    campaign.put(
        "recipients.csv",
        bytes(&format!(
            "{HEADER}embassy,Büro für Köln,e@mfa.example,BE,en,Sehr geehrte Exzellenz\n"
        )),
    );
    campaign.check(&[]).exits(0).says(&["it was read as Mac Roman"]);
    assert!(campaign.preview(&["--json"]).stdout.contains("Büro für Köln"));
    // The same bytes are Köln on a Mac and Kšln on Windows.
    check(bytes(&format!("{HEADER}embassy,Köln,e@mfa.example,BE,en,Dear Sir\n")))
        .exits(3)
        .says(&["cannot be read for certain"]);
}

// L5
#[test]
fn a_letter_that_would_begin_with_a_comma_is_said_with_its_rows() {
    let campaign = campaign().letter("protest", "en", "Subject: S\n\n{{recipient.salutation}},\n\nText.\n");
    campaign.put(
        "recipients.csv",
        format!("{HEADER}embassy,E,e@mfa.example,BE,en,Dear Sir\nembassy,F,f@mfa.example,BE,en,\nembassy,G,g@mfa.example,BE,en,\n"),
    );
    campaign
        .check(&[])
        .exits(0)
        .says(&["the letter `protest` begins with a salutation, and 2 rows have none: rows 3, 4"]);
    campaign.put(
        "recipients.csv",
        "role,name,email,country,language\nembassy,E,e@mfa.example,BE,en\n",
    );
    campaign
        .check(&[])
        .exits(0)
        .says(&["begins with a salutation, and 1 row has none: row 2"]);
    let asked = campaign.letter(
        "protest",
        "en",
        "Subject: S\n\n{{#if recipient.salutation}}{{recipient.salutation}}{{else}}Sir{{/if}},\n\nText.\n",
    );
    let said = asked.check(&[]);
    assert!(!said.exits(0).stderr.contains("salutation"), "{}", said.stderr);
}

// L6
#[test]
fn genders_are_one_set_of_values_and_others_are_named() {
    let campaign = campaign().letter(
        "protest",
        "en",
        "Subject: S\n\n{{#if (eq recipient.gender \"f\")}}Madam{{else}}{{#if (eq recipient.gender \"m\")}}Sir{{else}}Friends{{/if}}{{/if}},\n\nText.\n",
    );
    for (written, greeting) in [
        ("F", "Madam"),
        ("Mme", "Madam"),
        ("w", "Madam"),
        ("жен", "Madam"),
        ("mujer", "Madam"),
        ("М", "Sir"),
        ("Herr", "Sir"),
        ("", "Friends"),
    ] {
        let list = format!("role,name,email,country,language,gender\nembassy,E,e@mfa.example,BE,en,{written}\n");
        campaign.put("recipients.csv", list);
        campaign.check(&[]).exits(0);
        let letters = letters(&campaign);
        assert!(letters[0].1.contains(greeting), "{written}: {}", letters[0].1);
    }
    campaign.put(
        "recipients.csv",
        "role,name,email,country,language,gender\nembassy,E,e@mfa.example,BE,en,plural\n",
    );
    campaign
        .check(&[])
        .exits(0)
        .says(&["`plural` is no gender that letters know"]);
}

// L7
#[test]
fn countries_and_languages_are_known_by_their_names_and_said_once() {
    let campaign = campaign();
    for (country, language) in [
        ("Belgique", "anglais"),
        ("Belgium", "English"),
        ("BEL", "eng"),
        ("Бельгия", "английский"),
        ("Bélgica", "inglés"),
        ("Belgien und Österreich", "Englisch"),
        ("België en Nederland", "Engels"),
        ("Pays-Bas / Belgique", "EN"),
        ("DE BE", "en_GB"),
    ] {
        campaign.put(
            "recipients.csv",
            format!("{HEADER}embassy,E,e@mfa.example,{country},{language},Dear Sir\n"),
        );
        let check = campaign.check(&[]);
        check.exits(0);
        assert_eq!(letters(&campaign).len(), 1, "{country} {language}: {}", check.stderr);
    }
    campaign.put(
        "recipients.csv",
        format!(
            "{HEADER}embassy,E,e@mfa.example,Allemagne,français,Dear Sir\nembassy,F,f@mfa.example,KAZ,en,Dear Sir\n"
        ),
    );
    campaign.check(&[]).says(&[
        "countries are read by their names: Allemagne as DE and KAZ as KZ",
        "français as fr",
    ]);
    rows("embassy,E,e@mfa.example,UK,en,Dear Sir\n")
        .exits(3)
        .says(&["did you mean GB?"]);
    rows("embassy,E,e@mfa.example,Atlantis,en,Dear Sir\n")
        .exits(3)
        .says(&["there is no country", "Atlantis"]);
}

// L8
#[test]
fn a_column_of_any_name_can_be_named_and_a_note_has_lines() {
    let campaign = campaign().letter(
        "protest",
        "en",
        "Subject: S\n\nDear {{recipient.[nom d'usage]}},\n\nText.\n",
    );
    campaign.put(
        "recipients.csv",
        "role,name,email,country,language,nom d'usage,note\nembassy,E,e@mfa.example,BE,en,Camille,\"one\ntwo\"\n",
    );
    campaign.check(&[]).exits(0);
    assert!(letters(&campaign)[0].1.contains("Dear Camille,"));
    // By the word that stands in the list, where that has another one here.
    let campaign = campaign.letter("protest", "en", "Subject: S\n\nText {{recipient.Pays}}.\n");
    campaign.put(
        "recipients.csv",
        "role,name,email,Pays,language\nembassy,E,e@mfa.example,BE,en\n",
    );
    campaign.check(&[]).exits(3).says(&["recipient.country"]);
}

// L10
#[test]
fn an_address_that_stands_twice_is_said_with_both_rows() {
    rows("embassy,E,e@mfa.example,BE,en,Dear Sir\nembassy,F,E@MFA.example,BE LU,en,Dear Sir\n")
        .exits(0)
        .says(&["recipients.csv:3", "E@mfa.example stands in recipients.csv:2 too"]);
    // One office, listed for each of its countries, gets one letter from anybody.
    let apart = rows("embassy,E,e@mfa.example,BE,en,Dear Sir\nembassy,F,e@mfa.example,LU,en,Dear Sir\n");
    assert!(!apart.exits(0).stderr.contains("stands in"), "{}", apart.stderr);
}

// 14.9
#[test]
fn addresses_that_nobody_looked_at_for_long_are_said_with_their_rows() {
    let header = "role,name,email,country,language,salutation,source,verified\n";
    let campaign = campaign();
    let list = format!(
        "{header}embassy,E,e@mfa.example,BE,en,Dear Sir,web,2026-11-01\nembassy,F,f@mfa.example,BE,en,Dear Sir,web,2026-05-01\n\
         embassy,G,g@mfa.example,BE,en,Dear Sir,,\nembassy,H,h@mfa.example,BE,en,Dear Sir,,05/06/2026\n"
    );
    campaign.put("recipients.csv", &list);
    campaign.check(&[]).exits(0).says(&[
        "1 address was last verified 208 days ago, 180 or more: row 3",
        "2 addresses have not been verified yet: rows 4, 5",
        "`05/06/2026` is no day that can be read for certain",
    ]);
    let longer = campaign.config("[check]\nverified-days = 300\n");
    let said = longer.check(&[]);
    assert!(!said.exits(0).stderr.contains("last verified"), "{}", said.stderr);
    // Where they come from is nobody else's business.
    let campaign = longer.letter("protest", "en", "Subject: S\n\nText {{recipient.source}}.\n");
    campaign.check(&[]).exits(3).says(&["the column `source` is for you"]);
}

#[test]
fn an_import_prints_rows_that_nobody_has_verified_and_says_what_it_could_not_read() {
    let campaign = campaign();
    campaign.put(
        "book.vcf",
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Embassy\r\nEMAIL:info@mfa.example\r\nTEL:+32 2\r\nEND:VCARD\r\n\
         BEGIN:VCARD\r\nFN:Nobody\r\nEND:VCARD\r\n",
    );
    let rows = "role,name,email,country,language,cc,salutation,title,gender,note,source,verified\n\
                embassy,Embassy,info@mfa.example,,,,,,,,book.vcf,\n";
    let printed = campaign.appel(&["import", "book.vcf", "--role", "embassy"]);
    printed.exits(0).says(&[
        "Embassy: not read: TEL +32 2",
        "Nobody: left out: the address is empty",
        "1 row, not verified yet.",
        "1 entry was left out.",
    ]);
    assert_eq!(printed.stdout, rows);
    let arguments = ["import", "book.vcf", "--role", "embassy", "--out", "recipients.csv"];
    campaign
        .appel(&arguments)
        .exits(3)
        .says(&["recipients.csv is there already"]);
    std::fs::remove_file(campaign.path("recipients.csv")).unwrap();
    campaign.appel(&arguments).exits(0);
    assert_eq!(std::fs::read_to_string(campaign.path("recipients.csv")).unwrap(), rows);
    // What was imported is a list.
    campaign
        .check(&[])
        .exits(0)
        .says(&["1 address has not been verified yet: row 2"]);
    campaign
        .appel(&["import", "book.vcf"])
        .exits(3)
        .says(&["it has no role"]);
    campaign
        .appel(&["import", "nothing.vcf", "--role", "embassy"])
        .exits(3)
        .says(&["nothing.vcf cannot be read"]);
}

#[test]
fn an_import_reads_any_table_and_people_in_office() {
    let campaign = with_file("fr.xlsx", "");
    let table = campaign.appel(&["import", "fr.xlsx#Sheet"]);
    table.exits(0).says(&["no letter needs the columns `Téléphone`"]);
    assert!(
        table.stdout.contains("embassy,Ambassade de l’État n°1"),
        "{}",
        table.stdout
    );
    campaign.put(
        "people.json",
        r#"{"persons": [{"name": "=Ann", "email": "ann@gov.example", "country": "Belgique"}]}"#,
    );
    let people = campaign.appel(&["import", "people.json", "--role", "deputy"]);
    people.exits(0);
    assert!(
        people.stdout.contains("deputy,'=Ann,ann@gov.example,BE,"),
        "{}",
        people.stdout
    );
    campaign.put("people.json", "{\"persons\": [");
    campaign
        .appel(&["import", "people.json", "--role", "deputy"])
        .exits(3)
        .says(&["no JSON"]);
}
