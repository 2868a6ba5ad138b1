//! The style of letters in `check`: what is warned about, under which name, and how it is switched off.

use serde_json::json;

use crate::support::Campaign;

/// A letter that shouts nothing, and has a place left over.
const LEFT_OVER: &str = "Subject: An inquiry\n\nDear [NAME],\n\nWe ask for one.\n";

#[test]
fn a_warning_of_style_is_shown_with_its_name_and_switched_off_by_it() {
    let campaign = Campaign::new().letter("protest", "en", LEFT_OVER);
    let check = campaign.check(&[]);
    check
        .exits(0)
        .says(&["warning[left-over]: `[NAME]` looks like a place that was to be filled in"]);
    check.prints(&["1 warning, nothing that stops a run"]);
    let found = &campaign.check(&["--json"]).json_events()[0]["problems"][0];
    assert_eq!(
        [&found["code"], &found["style"]],
        [&json!("text-placeholder"), &json!("left-over")]
    );

    let campaign = campaign.config("[check]\nallow = [\"left-over\", \"long\"]\n");
    let check = campaign.check(&[]);
    assert_eq!(
        check.exits(0).stdout,
        "config.toml: no problem found. 1 letter for this sender.\n\
         Switched off in config.toml ([check] allow): left-over, long.\n"
    );
    assert!(!check.stderr.contains("warning"), "{}", check.stderr);
    let report = &campaign.check(&["--json"]).json_events()[0];
    assert_eq!(report["off"], json!(["left-over", "long"]));
    // What is switched off is switched off for whoever sends as well.
    let run = campaign.send(&["--dry-run"]);
    assert!(!run.exits(0).stderr.contains("[NAME]"), "{}", run.stderr);
}

#[test]
fn a_warning_about_safety_is_never_switched_off() {
    let campaign = Campaign::new().config("[check]\nallow = [\"link-for-some\"]\n");
    campaign.check(&[]).exits(3).says(&[
        "\"link-for-some\" is about safety, and cannot be switched off",
        "can be switched off: file-name, first-words",
    ]);
}

/// The names of style that `check` warns under, each as often as it does, and the first words of each.
fn warned(campaign: &Campaign) -> Vec<String> {
    let check = campaign.check(&[]);
    let titles = check.exits(0).stderr.lines().filter(|line| line.starts_with("warning"));
    titles.map(ToOwned::to_owned).collect()
}

#[test]
fn a_subject_that_shouts_is_warned_about_and_a_name_in_capitals_is_not() {
    let with = |subject: &str| {
        warned(&Campaign::new().letter(
            "protest",
            "en",
            &format!("Subject: {subject}\n\nDear Ms Ada,\n\nWe ask.\n"),
        ))
    };
    assert_eq!(
        with("STOP THE KILLINGS in Luvessa"),
        ["warning[shouting]: the subject is mostly in capitals: STOP THE KILLINGS in Luvessa"]
    );
    assert_eq!(with("СРОЧНО ОСВОБОДИТЕ рабочих").len(), 1);
    assert_eq!(
        with("Stop it! Now!"),
        ["warning[shouting]: the subject has several exclamation marks"]
    );
    for fine in [
        "Luvessa: an inquiry!",
        "UN, WHO and ILO on Luvessa",
        "AMNESTY on LUVESSA and those detained there",
        "NATO",
        "{{campaign.title}}",
        "LUVESSA-2026: an inquiry",
    ] {
        assert_eq!(with(fine), [""; 0], "{fine}");
    }
}

#[test]
fn a_letter_that_begins_as_filters_know_it_is_warned_about() {
    let with = |body: &str| {
        let body = format!("Subject: S\n\n{body}\n\nWe ask.\n");
        warned(
            &Campaign::new()
                .recipients("ministry,A,a@mfa.example,,,,\n")
                .letter("protest", "en", &body),
        )
    };
    assert_eq!(
        with("My name is {{sender.name}}."),
        ["warning[first-words]: the letter begins with \"My name is\""]
    );
    assert_eq!(
        with("Je m’appelle Ann."),
        ["warning[first-words]: the letter begins with \"Je m’appelle\""]
    );
    assert_eq!(
        with("Brussels, {{date}}\n\nDear  Madam,"),
        ["warning[salutation]: \"Dear  Madam,\" addresses nobody by name"]
    );
    for fine in [
        "Dear Madam Ambassador,",
        "Dear {{recipient.name}},",
        "Madame, Monsieur,",
        "Sehr geehrte Damen und Herren,",
        "{{#if recipient.salutation}}{{recipient.salutation}}{{else}}Dear Sir or Madam,{{/if}}",
        "{{#if (eq recipient.gender \"f\")}}Dear Madam,{{else}}Dear Sir,{{/if}}",
        "Dear friends,\n\nMy name is {{sender.name}}.",
        "We are not just a name. My name is one of them.",
    ] {
        assert_eq!(with(fine), [""; 0], "{fine}");
    }
}

#[test]
fn a_salutation_that_the_rows_have_and_no_text_uses_is_warned_about() {
    let campaign = Campaign::new().recipients("ministry,A,a@mfa.example,,,,\nministry,B,b@mfa.example,,,,Madame la Ministre\nministry,C,c@mfa.example,,,,Monsieur le Ministre\n");
    let campaign = campaign.letter("protest", "en", "Subject: S\n\nMadame, Monsieur,\n\nWe ask.\n");
    let check = campaign.check(&[]);
    check.exits(0).says(&[
        "warning[salutation]: 2 rows have a salutation, and the letter `protest` does not use it",
        "in recipients.csv:3 salutation",
    ]);
    let used = "Subject: S\n\n{{#if recipient.salutation}}{{recipient.salutation}}{{else}}Madame, Monsieur{{/if}},\n\nWe ask.\n";
    assert_eq!(warned(&campaign.letter("protest", "en", used)), [""; 0]);
}

#[test]
fn a_letter_over_a_page_is_warned_about_with_its_length() {
    let with = |sentences: usize| {
        let body = "Ten letters and a few more words. ".repeat(sentences);
        let partial = "Subject: S\n\nDear Ms Ada,\n\n{{#if message}}{{message}}{{else}}{{> long}}{{/if}}\n";
        warned(
            &Campaign::new()
                .letter("protest", "en", partial)
                .file("templates/partials/long.hbs", body),
        )
    };
    assert_eq!(with(87), [""; 0]);
    assert_eq!(
        with(88),
        [
            "warning[long]: the letter is longer than a page: 619 words, 3,005 characters, not counting what is filled in"
        ]
    );
}

#[test]
fn a_link_that_shows_another_address_than_it_leads_to_is_warned_about() {
    let with = |link: &str| {
        let body = format!("Subject: S\nFormat: markdown\n\nDear Ms Ada,\n\nSee {link} for more.\n");
        warned(&Campaign::new().letter("protest", "en", &body))
    };
    for link in [
        "[www.un.example](https://track.example/x)",
        "[https://un.example/a](https://other.example/a)",
        "[un.org](https://un.example/)",
    ] {
        let said = with(link);
        assert!(
            said.len() == 1 && said[0].starts_with("warning[link-text]: the link shows "),
            "{link}: {said:?}"
        );
    }
    for fine in [
        "[un.example/report](https://www.un.example/report)",
        "[the report](https://un.example/report)",
        "<https://un.example/report>",
        "https://un.example/report",
        "[UN.org](http://un.org)",
        "[report.pdf](https://un.example/report.pdf)",
        "[Art. 6](https://un.example)",
        "[info@un.org](mailto:info@un.org)",
    ] {
        assert_eq!(with(fine), [""; 0], "{fine}");
    }
}

#[test]
fn rows_that_read_no_language_of_the_letter_are_counted() {
    let campaign = Campaign::new().set("sender.language", "fr").recipients(
        "ministry,A,a@mfa.example,,de,,\nministry,B,b@mfa.example,,de nl,,\nministry,C,c@mfa.example,,de,,\n\
         ministry,D,d@mfa.example,,de fr,,\nministry,E,e@mfa.example,,,,\nembassy,F,f@mfa.example,,de,,\n",
    );
    let campaign = campaign.letter("protest", "en", "Subject: S\n\nDear Ms Ada,\n").letter(
        "protest",
        "fr",
        "Subject: S\n\nDear Ms Ada,\n",
    );
    let said: Vec<String> = warned(&campaign)
        .into_iter()
        .filter(|line| line.contains("read"))
        .collect();
    assert_eq!(
        said,
        [
            "warning[missing-language]: 2 rows read only de, and get `protest` in fr",
            "warning[missing-language]: 1 row reads only de nl, and gets `protest` in fr",
        ]
    );
    campaign
        .check(&[])
        .says(&["in recipients.csv:2 language", "in recipients.csv:3 language"]);
    let off = campaign.config("[check]\nallow = [\"missing-language\"]\n");
    assert!(
        warned(&off).iter().all(|line| !line.contains("read")),
        "{:?}",
        warned(&off)
    );
}

#[test]
fn what_was_left_in_cells_is_warned_about_where_a_letter_uses_them() {
    let campaign = Campaign::new()
        .file(
            "recipients.csv",
            "role,name,email,country,language,salutation,status,note\n\
             ministry,[TITRE] Ada,a@mfa.example,,,Madam,TODO,TODO\n\
             ministry,[TITRE] Eva,b@mfa.example,,,Dear\u{ad} Eva,TODO,TODO\n",
        )
        .letter("protest", "en", "Subject: S\n\n{{recipient.salutation}}\n\nWe ask.\n");
    let check = campaign.check(&[]);
    assert_eq!(
        warned(&campaign),
        [
            "warning[left-over]: `[TITRE]` in the column `name` looks left over from a draft; so it is in 2 rows",
            "warning[word-processor]: a soft hyphen (U+00AD) stands in the column `salutation`",
        ],
        "{}",
        check.stderr
    );
    check.says(&["in recipients.csv:2 name", "in recipients.csv:3 salutation"]);
}

#[test]
fn a_text_with_another_ending_is_named_with_the_name_it_should_have() {
    let campaign = Campaign::new().letter("protest", "en", "Subject: S\n\nDear Ms Ada,\n");
    for (name, better) in [
        ("protest.nl.hbs.txt", "protest.nl.hbs"),
        ("protest.nl.docx", "protest.nl.hbs"),
        ("protest_fr.txt", "protest.fr.hbs"),
        ("protest (de).odt", "protest.de.hbs"),
        ("protest.nl.HBS", "protest.nl.hbs"),
        ("partials/signature.hbs.txt", "signature.hbs"),
    ] {
        let path = format!("templates/{name}");
        campaign.put(&path, "Subject: S\n\nDear Ms Ada,\n");
        let check = campaign.check(&[]);
        check
            .exits(0)
            .says(&["warning[file-name]", &path, "is not read", better]);
        std::fs::remove_file(campaign.path(&path)).unwrap();
    }
    for fine in [
        "README.md",
        "notes.txt",
        "glossary.nl.txt",
        "protest.en.docx",
        "protest.txt",
        ".protest.nl.hbs.txt",
        "protest.nl.hbs~",
        "draft.doc",
    ] {
        campaign.put(&format!("templates/{fine}"), "x");
    }
    assert_eq!(warned(&campaign), [""; 0]);
    campaign.put("templates/protest-nl.hbs", "Subject: S\n\nDear Ms Ada,\n");
    campaign.check(&[]).exits(3).says(&[
        "the name of templates/protest-nl.hbs says no language",
        "rename it: protest.nl.hbs",
    ]);
}

/// What is said of a letter with these words, which cannot be read.
fn refused(text: &str, words: &[&str]) {
    let campaign = Campaign::new().letter("protest", "en", text);
    let check = campaign.check(&[]);
    check.exits(3).says(words);
    assert_eq!(check.stderr.matches("error: ").count(), 1, "{}", check.stderr);
}

#[test]
fn a_header_line_that_is_nearly_right_gets_its_repair() {
    refused(
        "Subject Appel\n\nDear Ms Ada,\n",
        &["put a colon behind the word: `Subject: Appel`"],
    );
    refused(
        "Subject Appel: the strike\n\nDear Ms Ada,\n",
        &["`Subject: Appel: the strike`"],
    );
    refused("Objet – Appel\n\nDear Ms Ada,\n", &["`Subject: Appel`"]);
    for word in ["Sujet", "Objet ", "Betreff", "Asunto", "Onderwerp", "Тема", "ТЕМА"] {
        let text = format!("{word}: Appel\n\nDear Ms Ada,\n");
        refused(&text, &["unknown header line", "write `Subject:` in its place"]);
    }
    refused(
        "Subject: S\nPièce jointe: x.pdf\n\nDear Ms Ada,\n",
        &["write `Attach:` in its place"],
    );
    for blank in ["\n", "  \n\n"] {
        let text = format!("{blank}Subject: Appel\n\nDear Ms Ada,\n");
        refused(
            &text,
            &["the letter has no subject", "the file begins with an empty line"],
        );
    }
    refused(
        "Dear Ms Ada,\n\nWe ask.\n",
        &["put an empty line between the header lines and the letter"],
    );
}

#[test]
fn a_comparison_as_other_languages_write_it_gets_its_repair() {
    let with = |tag: &str, words: &[&str]| refused(&format!("Subject: S\n\n{tag}x{{{{/if}}}}\n"), words);
    with(
        "{{#if recipient.salutation == \"f\"}}",
        &["write the comparison as a call: (eq recipient.salutation \"f\")"],
    );
    with(
        "{{#if recipient.salutation = ‘f’}}",
        &["(eq recipient.salutation \"f\")"],
    );
    with(
        "{{#if recipient.salutation eq \"f\"}}",
        &["(eq recipient.salutation \"f\")"],
    );
    with(
        "{{#if message && recipient.salutation}}",
        &["(and message recipient.salutation)"],
    );
    with("{{#if !message}}", &["write (not message)"]);
    with("{{#if (eq recipient.salutation “f”)}}", &["write straight quotes"]);
    refused("Subject: S\n\n{{fact “killed”}}\n", &["write straight quotes"]);
}

#[test]
fn a_column_named_in_ones_own_language_is_found() {
    for (name, meant) in [
        ("recipient.nom", "recipient.name"),
        ("recipient.Anrede", "recipient.salutation"),
        ("recipient.aanhef", "recipient.salutation"),
        ("recipient.имя", "recipient.name"),
        ("sender.ville", "sender.city"),
        ("nom", "recipient.name"),
    ] {
        refused(
            &format!("Subject: S\n\nDear {{{{ {name} }}}},\n"),
            &["is not defined", meant],
        );
    }
}

#[test]
fn whoever_sends_a_figure_that_is_out_of_date_is_sent_to_the_organiser() {
    let fact = "[facts.killed]\nvalue = \"14\"\nsource = \"lawyers\"\nexpires = 2026-11-24T00:00:00Z\n";
    let campaign = || {
        Campaign::new()
            .config(fact)
            .letter("protest", "en", "Subject: S\n\n{{fact \"killed\"}} were killed.\n")
    };
    campaign().check(&[]).exits(3).says(&[
        "ask whoever gave you this campaign for the campaign's new files, and put in no figure of your own",
        "whoever organises it asks lawyers",
    ]);
    let known = campaign().set("campaign.contact", "campaign@home.example");
    known
        .check(&[])
        .exits(3)
        .says(&["ask campaign@home.example for the campaign's new files"]);
    known
        .send(&["--dry-run"])
        .exits(3)
        .says(&["ask campaign@home.example for the campaign's new files"]);
}

#[test]
fn a_configuration_that_another_program_changed_names_the_culprit_once() {
    let text = std::fs::read_to_string(Campaign::new().in_folder().path("config.toml")).unwrap();
    let with = |bytes: Vec<u8>, words: &[&str]| {
        let campaign = Campaign::new();
        campaign.put("config.toml", bytes);
        let check = campaign.check(&[]);
        check.exits(3).says(words);
        assert_eq!(check.stderr.matches("error: ").count(), 1, "{}", check.stderr);
    };
    let title = |title: &str| {
        let line = text.lines().find(|line| line.starts_with("title = ")).unwrap();
        text.replace(line, title).into_bytes()
    };
    for (line, found) in [
        ("title = “The title”", "“"),
        ("title = \"The title”", "”"),
        ("title = ‘The title’", "‘"),
        ("title = «T»", "«"),
    ] {
        with(
            title(line),
            &[
                "is a quotation mark of a word processor",
                found,
                "write straight quotes",
                "config.toml:",
            ],
        );
    }
    with(title("title\u{a0}= \"T\""), &["only looks like a space (U+00A0)"]);
    with(title("title ＝ \"T\""), &["only looks like \"=\" (U+FF1D)"]);
    for mark in [true, false] {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        with(units.flat_map(u16::to_le_bytes).collect(), &["UTF-16"]);
    }
    let latin: Vec<u8> = String::from_utf8(title("title = \"Été\""))
        .unwrap()
        .chars()
        .map(|c| c as u8)
        .collect();
    with(latin, &["an old encoding such as Latin-1 or Windows-1252", "UTF-8"]);
}

/// Letters as people write them, in six languages: with abbreviations, footnotes, quotations, no-break spaces, tables.
const WRITTEN: [(&str, &str); 10] = [
    ("en", include_str!("style/1.en.hbs")),
    ("fr", include_str!("style/2.fr.hbs")),
    ("de", include_str!("style/3.de.hbs")),
    ("nl", include_str!("style/4.nl.hbs")),
    ("es", include_str!("style/5.es.hbs")),
    ("ru", include_str!("style/6.ru.hbs")),
    ("en", include_str!("style/7.en.hbs")),
    ("fr", include_str!("style/8.fr.hbs")),
    ("de", include_str!("style/9.de.hbs")),
    ("es", include_str!("style/10.es.hbs")),
];

#[test]
fn letters_as_people_write_them_are_not_warned_about() {
    for (language, text) in WRITTEN {
        let campaign = Campaign::new()
            .set("campaign.language", language)
            .set("campaign.title", "Luvessa: an inquiry")
            .config(
                "[facts.killed]\nvalue = \"au moins 14\"\nsource = \"comité de grève\"\nas-of = 2026-11-22T18:00:00Z\n",
            )
            .recipients("ministry,Ministère de l’Intérieur (M. O’Brien),a@mfa.example,,,,\n")
            .file("templates/partials/signature.hbs", "{{sender.name}}\n")
            .letter("protest", language, text);
        if language != "en" {
            std::fs::remove_file(campaign.path("templates/protest.en.hbs")).unwrap();
        }
        assert_eq!(warned(&campaign), [""; 0], "{text}");
    }
}

#[test]
fn the_guide_has_every_name_of_style_and_no_other() {
    let page = include_str!("../../docs/guide/templates.md");
    let table = page.split("| name | what is warned about |").nth(1).unwrap();
    let rows = table
        .trim_start()
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let told: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(told, appel_core::problem::style::names().collect::<Vec<_>>());
}
