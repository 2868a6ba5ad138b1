use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::facts::{ByLanguage, Fact};
use crate::testing::{self, Given, given, language, moment};

const TODAY: jiff::civil::Date = jiff::civil::date(2011, 12, 16);

fn filled_in(given: Given) -> Result<Text, Problem> {
    let made = given.made();
    made.renderer(None).render(&made.due()[0], TODAY)
}

fn with_body(body: &str) -> Given {
    given().template("protest.en.hbs", &format!("Subject: Free them\n\n{body}"))
}

fn with_subject(subject: &str) -> Given {
    given().template("protest.en.hbs", &format!("Subject: {subject}\n\nBody\n"))
}

fn check(given: Given, expect: &str) {
    assert_eq!(
        filled_in(given)
            .map_err(|problem| testing::told(&problem))
            .unwrap()
            .body,
        expect
    );
}

fn check_problem(given: Given, expect: &str) {
    let problem = filled_in(given).unwrap_err();
    assert_eq!(
        problem.what.in_english(),
        format!("templates/protest.en.hbs makes no letter of this row: {expect}")
    );
    assert_eq!(
        problem.place.map(|place| place.to_string()).as_deref(),
        Some("recipients.csv:2")
    );
}

fn killed(given: &mut Given) {
    let each = |en: &str, fr: &str| {
        let texts = [("en", en), ("fr", fr)].map(|(tag, text)| (language(tag), text.to_owned()));
        ByLanguage::Each(BTreeMap::from(texts))
    };
    let fact = Fact {
        value: each("at least 70", "au moins 70"),
        as_of: Some((moment("2011-12-16T18:54:00+01:00"), jiff::tz::offset(1))),
        source: Some(each("strikers' committee {{date}}", "comité de grève")),
        expires: None,
    };
    given.facts.insert("killed".to_owned(), fact);
}

#[test]
fn every_name_gives_its_value() {
    check(
        with_body(
            "{{sender.name}}|{{sender.email}}|{{sender.country}}|{{sender.language}}|{{sender.city}}\n\
             {{recipient.role}}|{{recipient.name}}|{{recipient.email}}|{{recipient.office}}|{{recipient.title}}\n\
             {{campaign.id}}|{{campaign.title}}|{{campaign.language}}|{{campaign.deadline}}|{{date}}|{{message}}\n",
        )
        .with(|config| config.deadline = Some(moment("2012-01-31T23:59:00Z")))
        .rows("role,name,email,office\nembassy,The Embassy,embassy@kz.example,Visa\n"),
        "Ann Activist|ann@home.example|BE|en|Brussels\n\
         embassy|The Embassy|embassy@kz.example|Visa|\n\
         test|Free them|en|January 31, 2012|December 16, 2011|\n",
    );
}

#[test]
fn facts_speak_the_letters_language_and_travel_with_the_text() {
    let body = "Subject: {{fact \"killed\"}}\n\n{{fact \"killed\"}} ({{source \"killed\"}}, {{as_of \"killed\"}})\n";
    let given = given()
        .with(killed)
        .template("protest.en.hbs", body)
        .template("protest.fr.hbs", body);
    let rows = "role,name,email,language\nembassy,A,a@x.example,fr\n";
    let text = filled_in(given.rows(rows)).unwrap();
    assert_eq!(text.subject, "au moins 70");
    assert_eq!(
        text.body,
        "au moins 70 (comité de grève, 16 décembre 2011, 18:54 (UTC+1))\n"
    );
    assert_eq!(&*text.facts, "{\"killed\":\"au moins 70\"}");
    assert_eq!(text.fact_names[..], ["killed".to_owned()]);
}

#[test]
fn values_are_never_read_as_template_text_and_never_escaped_in_a_text() {
    check(
        with_body("{{recipient.name}} {{{recipient.name}}} {{source \"killed\"}} {{sender.city}}\n")
            .with(killed)
            .with(|config| {
                config
                    .sender
                    .extra
                    .insert("city".to_owned(), "<{{> x}} & \"y\">".to_owned());
            })
            .rows("role,name,email\nembassy,\"{{sender.name}} <b> & \"\"c\"\" *d*\",a@x.example\n"),
        "{{sender.name}} <b> & \"c\" *d* {{sender.name}} <b> & \"c\" *d* strikers' committee {{date}} <{{> x}} & \"y\">\n",
    );
}

#[test]
fn the_activists_own_paragraph_stands_where_the_template_puts_it() {
    let campaign = with_body("A\n\n{{#if message}}{{message}}\n\n{{/if}}B\n").made();
    let letters = campaign.due();
    let body = |message: Option<&str>| {
        let renderer = campaign.renderer(message);
        renderer.render(&letters[0], TODAY).unwrap().body
    };
    assert_eq!(body(None), "A\n\nB\n");
    assert_eq!(body(Some("{{date}}\nline")), "A\n\n{{date}}\nline\n\nB\n");
}

#[test]
fn a_partial_reads_the_same_as_its_text_in_its_place() {
    let partials = |given: Given| {
        given
            .template("partials/signature.hbs", "{{sender.name}}\n{{> place}}\n")
            .template("partials/place.hbs", "{{sender.city}}, {{date}}\n")
    };
    check(
        partials(with_body(
            "Yours,\n{{> signature}}\nP.S. {{#if recipient.name}}{{> place}}{{/if}}!\n",
        )),
        "Yours,\nAnn Activist\nBrussels, December 16, 2011\nP.S. Brussels, December 16, 2011\n!\n",
    );
    // Where the call is indented, so is every line.
    check(
        partials(with_body("Yours,\n  {{> signature}}\nP.S.\n")),
        "Yours,\n  Ann Activist\n  Brussels, December 16, 2011\nP.S.\n",
    );
}

#[test]
fn the_text_leaves_as_written_but_for_blanks_at_the_ends_of_lines() {
    check(
        with_body("\n  A  b \t\n \n\n\n-- \nC\t\n \n\n"),
        "\n  A  b\n\n\n\n-- \nC\n",
    );
    check(with_body("no line end"), "no line end\n");
}

#[test]
fn each_row_gets_its_own_values() {
    let campaign = with_body("{{recipient.name}}/{{recipient.office}}\n")
        .rows(
            "role,name,email,office\nembassy,A,a@x.example,One\nembassy,B,b@x.example,\nembassy,C,c@x.example,Three\n",
        )
        .made();
    let renderer = campaign.renderer(None);
    let bodies: Vec<String> = campaign
        .due()
        .iter()
        .map(|letter| renderer.render(letter, TODAY).unwrap().body)
        .collect();
    assert_eq!(bodies, ["A/One\n", "B/\n", "C/Three\n"]);
}

#[test]
fn a_subject_that_data_spoils_is_a_problem_of_the_row() {
    check_problem(with_subject("{{recipient.title}}"), "the subject is empty");
    let two_lines = |given: &mut Given| {
        given
            .sender
            .extra
            .insert("city".to_owned(), "a\r\nBcc: spy@x.example".to_owned());
    };
    check_problem(
        with_subject("x {{sender.city}}").with(two_lines),
        "the subject has a line break",
    );
    let spoilt = |text: &str| {
        let text = text.to_owned();
        with_subject("x {{sender.city}}y").with(|config| {
            config.sender.extra.insert("city".to_owned(), text);
        })
    };
    check_problem(spoilt("\u{1b}"), "the subject holds the character U+001B");
    check_problem(spoilt("\u{2028}"), "the subject holds the character U+2028");
    check_problem(spoilt(&"é".repeat(253)), "the subject is longer than 255 characters");
    check_problem(spoilt(&"é".repeat(999)), "the subject is longer than 1,020 bytes");
    assert!(filled_in(spoilt(&"é".repeat(252))).is_ok());
}

#[test]
fn a_body_that_data_spoils_is_a_problem_of_the_row() {
    check_problem(with_body("{{recipient.title}}\n"), "the body is empty");
    let spoilt = |text: &str| {
        let text = text.to_owned();
        with_body("{{sender.city}}\n").with(|config| {
            config.sender.extra.insert("city".to_owned(), text);
        })
    };
    check_problem(spoilt("a\0"), "the body holds the control character U+0000");
    check_problem(spoilt("a\u{85}"), "the body holds the control character U+0085");
    check_problem(spoilt(&"a".repeat(65_536)), "the body is longer than 65,536 bytes");
    check(spoilt("à\u{a0}Å\tb\r\nc\rd"), "à\u{a0}Å\tb\nc\nd\n");
}

/// What stands in the block inside the body.
fn in_body(text: &Text) -> &str {
    let (_, html) = text
        .html
        .as_ref()
        .unwrap()
        .split_once("overflow-wrap:break-word\">\n")
        .unwrap();
    html.strip_suffix("</div>\n</body>\n</html>\n").unwrap()
}

#[test]
fn a_markdown_letter_is_a_text_and_an_html_document() {
    let text = filled_in(
        with_body("# {{recipient.name}}\n\n**Free** [them](https://x.example) & {{{recipient.name}}}.\n")
            .with(|config| config.letters[0].format = Format::Markdown)
            .rows("role,name,email\nembassy,*A* <b> [c](http://d.example),a@x.example\n"),
    )
    .unwrap();
    let name = "*A* <b> [c](http://d.example)";
    assert_eq!(
        text.body,
        format!("{name}\n\nFree them (https://x.example) & {name}.\n")
    );
    let name = "*A* &lt;b&gt; [c](http://d.example)";
    assert_eq!(
        in_body(&text),
        format!(
            "<h1>{name}</h1>\n\
             <p><strong>Free</strong> <a href=\"https://x.example\">them</a> &amp; {name}.</p>\n"
        )
    );
}

#[test]
fn a_markdown_letter_keeps_the_lines_of_values_partials_and_the_senders_own_words() {
    let campaign = with_body(
        "{{sender.city}}\n\n{{#if message}}{{message}}\n\n{{/if}}Yours,\n{{> signature}}\n{{> place x=sender.name}}\n",
    )
    .template("partials/signature.hbs", "{{sender.name}}\n{{> place}}\n")
    .template("partials/place.hbs", "{{sender.email}}\n{{date}}\n")
    .with(|config| {
        config.letters[0].format = Format::Markdown;
        config
            .sender
            .extra
            .insert("city".to_owned(), "Street 1\n1000 Brussels\n".to_owned());
    })
    .made();
    let renderer = campaign.renderer(Some("{{date}}\r\n\r\n- <b>*a*</b>\r\n- b\r\n"));
    let text = renderer.render(&campaign.due()[0], TODAY).unwrap();
    let place = "ann@home.example\nDecember 16, 2011\n";
    assert_eq!(
        text.body,
        format!("Street 1\n1000 Brussels\n\n{{{{date}}}}\n\n- <b>*a*</b>\n- b\n\nYours,\nAnn Activist\n{place}{place}")
    );
    let place = "ann@home.example<br>\nDecember 16, 2011";
    assert_eq!(
        in_body(&text),
        format!(
            "<p>Street 1<br>\n1000 Brussels</p>\n<p>{{{{date}}}}</p>\n\
             <ul>\n<li>&lt;b&gt;*a*&lt;/b&gt;</li>\n<li>b</li>\n</ul>\n\
             <p>Yours,<br>\nAnn Activist<br>\n{place}<br>\n{place}</p>\n"
        )
    );
}

#[test]
fn a_markdown_letter_that_says_nothing_or_too_much_is_a_problem_of_the_row() {
    let markdown = |body: &str| with_body(body).with(|config| config.letters[0].format = Format::Markdown);
    check_problem(markdown("[a]: https://x.example\n"), "the body is empty");
    let long = |given: Given| {
        given.with(|config| {
            config.sender.extra.insert("city".to_owned(), "*".repeat(65_536));
        })
    };
    check_problem(
        long(markdown("{{sender.city}}\n")),
        "the body is longer than 65,536 bytes",
    );
    check_problem(
        long(markdown("{{sender.city}}{{sender.city}}\n")),
        "the body is longer than 65,536 bytes",
    );
}

#[test]
fn a_template_may_name_its_format_and_add_attachments() {
    let attachment = |name: &str| Attachment {
        path: name.into(),
        name: name.to_owned(),
    };
    let text = filled_in(
        given()
            .template("protest.en.hbs", "Subject: a\nFormat: markdown\n\nBody\n")
            .with(|config| config.letters[0].attach = vec![attachment("a.pdf"), attachment("b.pdf")]),
    )
    .unwrap();
    assert!(text.html.is_some());
    assert_eq!(text.attachments, [attachment("a.pdf"), attachment("b.pdf")]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "threads are what is tested")]
fn threads_render_the_same_letters_at_once() {
    let mut rows = "role,name,email\n".to_owned();
    for row in 0..200 {
        let _ = writeln!(rows, "embassy,Name {row},a{row}@x.example");
    }
    let campaign = with_body("{{recipient.name}}\n").rows(&rows).made();
    let renderer = campaign.renderer(None);
    let letters = campaign.due();
    std::thread::scope(|scope| {
        for part in letters.chunks(50) {
            let renderer = &renderer;
            scope.spawn(move || {
                for letter in part {
                    assert_eq!(
                        renderer.render(letter, TODAY).unwrap().body,
                        format!("{}\n", letter.recipient.name)
                    );
                }
            });
        }
    });
}

#[test]
fn a_letter_whose_template_is_not_there_is_a_problem() {
    let made = given().made();
    let letter = Letter {
        language: language("fr"),
        ..made.due().swap_remove(0)
    };
    let problem = made.renderer(None).render(&letter, TODAY).unwrap_err();
    assert_eq!(problem.what.in_english(), "there is no template `protest` in fr");
}
