use jiff::civil::date;

use super::*;
use crate::facts::ByLanguage;
use crate::letter::{Renderer, Text as LetterText};
use crate::testing::{Given, address, given, language};

fn id(recipient: &str) -> LetterId {
    LetterId::new("test", "protest", &address("ann@home.example"), &address(recipient))
}

fn chosen<'n>(id: &LetterId, names: &[&'n str]) -> &'n str {
    names.iter().max_by_key(|name| weight(id, "opening", name)).unwrap()
}

/// Were one of these ever another, letters that are sent again would say something else.
#[test]
fn what_a_letter_chooses_is_the_same_for_ever() {
    let weight = weight(&id("m1@mfa.example"), "opening", "law");
    let parts = [weight[..16].try_into().unwrap(), weight[16..].try_into().unwrap()];
    let [first, second] = parts.map(u128::from_be_bytes);
    assert_eq!(
        format!("{first:032x}{second:032x}"),
        "d32dd3c594422cfaff92b0dea742a1321e25fc13f7e735d0054fae1cd663ad29"
    );
    let names = ["families", "law", "witness"];
    let all: Vec<&str> = (1..=12)
        .map(|nth| chosen(&id(&format!("m{nth}@mfa.example")), &names))
        .collect();
    assert_eq!(
        all.join(" "),
        "law witness witness families law families law witness law witness families law"
    );
}

#[test]
fn a_new_variant_takes_its_share_and_moves_no_letter_between_the_others() {
    let before = ["a", "b", "c", "d"];
    let after = ["a", "b", "bb", "c", "d"];
    let mut moved = 0;
    let mut shares: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for nth in 0..5000 {
        let id = id(&format!("m{nth}@mfa.example"));
        let (old, new) = (chosen(&id, &before), chosen(&id, &after));
        *shares.entry(new).or_default() += 1;
        if old != new {
            assert_eq!(new, "bb", "moved between the others");
            moved += 1;
        }
    }
    // One of five, of 5000: 1000, give or take.
    assert!((900..1100).contains(&moved), "{moved}");
    assert!(shares.values().all(|share| (900..1100).contains(share)), "{shares:?}");
}

#[test]
fn groups_choose_independently_of_each_other() {
    let same = (0..2000)
        .map(|nth| id(&format!("m{nth}@mfa.example")))
        .filter(|id| {
            let of = |group: &str| *["a", "b"].iter().max_by_key(|name| weight(id, group, name)).unwrap();
            of("opening") == of("demand")
        })
        .count();
    assert!((900..1100).contains(&same), "{same}");
}

fn with_opening(template: &str) -> Given {
    given()
        .template("protest.en.hbs", template)
        .template("variants/opening/a.en.hbs", "A from {{sender.city}}")
        .template("variants/opening/b.en.hbs", "B to {{recipient.name}}")
}

fn text_of(renderer: &Renderer, given: &Given) -> Vec<LetterText> {
    let letters = given.clone().made().due();
    let texts = letters
        .iter()
        .map(|letter| renderer.render(letter, date(2026, 1, 2)).unwrap());
    texts.collect()
}

fn texts(given: &Given, personal: Option<&str>) -> Vec<LetterText> {
    text_of(&given.clone().made().renderer(personal), given)
}

fn rows(count: usize) -> String {
    let rows = (0..count).map(|nth| format!("embassy,E {nth},e{nth}@kz.example\n"));
    "role,name,email\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn each_letter_says_the_variant_that_its_id_chooses() {
    let given = with_opening("Subject: S\n\nFirst.\n\n{{variant \"opening\"}}\n\nLast.\n").rows(&rows(20));
    let letters = given.clone().made().due();
    let all = texts(&given, None);
    for (nth, (letter, text)) in letters.iter().zip(&all).enumerate() {
        let says = match chosen(&letter.id, &["a", "b"]) {
            "a" => "A from Brussels".to_owned(),
            _ => format!("B to E {nth}"),
        };
        assert_eq!(text.body, format!("First.\n\n{says}\n\nLast.\n"));
    }
    let of_a = all.iter().filter(|text| text.body.contains("A from")).count();
    assert!((5..=15).contains(&of_a), "{of_a}");
    assert_eq!(all, texts(&given, None), "and again");
}

#[test]
fn names_in_a_variant_mean_what_they_mean_at_the_top_wherever_it_stands() {
    for template in [
        "{{#with recipient}}{{variant \"opening\"}}{{/with}}",
        "{{#if recipient.name}}{{variant \"opening\"}}{{/if}}",
        "{{> p name=\"other\"}}",
        "{{> p}}",
        "{{#with sender}}{{> p}}{{/with}}",
    ] {
        let given = with_opening(&format!("Subject: S\n\n{template}\n"))
            .template("partials/p.hbs", "{{variant \"opening\"}}")
            .rows(&rows(12));
        for text in texts(&given, None) {
            let body = text.body.trim();
            assert!(
                body == "A from Brussels" || body.starts_with("B to E "),
                "{template}: {body}"
            );
        }
    }
}

#[test]
fn a_letter_chooses_among_the_variants_of_its_language() {
    let given = given()
        .rows("role,name,email,language\nembassy,A,a@kz.example,fr\nembassy,B,b@kz.example,en\n")
        .template("protest.en.hbs", "Subject: S\n\n{{variant \"opening\"}}\n")
        .template("protest.fr.hbs", "Subject: S\n\n{{variant \"opening\"}}\n")
        .template("variants/opening/only.en.hbs", "English")
        .template("variants/opening/seul.fr.hbs", "Français");
    let bodies: Vec<String> = texts(&given, None).into_iter().map(|text| text.body).collect();
    assert_eq!(bodies, ["Français\n", "English\n"]);
    assert_eq!(
        given
            .made()
            .campaign
            .templates
            .variants("opening", &language("fr-BE"))
            .count(),
        1
    );
}

#[test]
fn values_in_a_variant_are_escaped_in_markdown_and_never_read_again() {
    let given = with_opening("Subject: S\nFormat: markdown\n\n{{variant \"opening\"}}\n")
        .template("variants/opening/a.en.hbs", "*Dear* {{recipient.name}}: {{message}}")
        .template("variants/opening/b.en.hbs", "*Dear* {{recipient.name}}: {{message}}")
        .rows("role,name,email\nembassy,*A* {{sender.city}} <b>,a@kz.example\n");
    let text = texts(&given, Some("{{variant \"opening\"}} *mine*")).remove(0);
    assert_eq!(
        text.body,
        "Dear *A* {{sender.city}} <b>: {{variant \"opening\"}} *mine*\n"
    );
    let html = text.html.unwrap();
    assert!(html.contains("<em>Dear</em> *A* {{sender.city}} &lt;b&gt;"), "{html}");
}

#[test]
fn a_letter_names_the_facts_of_the_variant_that_it_says_and_no_others() {
    let given = with_opening("Subject: S\n\n{{fact \"killed\"}} {{variant \"opening\"}}\n")
        .template(
            "variants/opening/a.en.hbs",
            "{{#if (eq (fact \"jailed\") \"7\")}}J{{/if}}",
        )
        .template("variants/opening/b.en.hbs", "{{> figures}}")
        .template("partials/figures.hbs", "{{fact \"wounded\"}}")
        .rows(&rows(12))
        .with(|given| {
            for (name, value) in [("killed", "14"), ("jailed", "7"), ("wounded", "60")] {
                let fact = Fact {
                    value: ByLanguage::One(value.to_owned()),
                    as_of: None,
                    source: None,
                    expires: None,
                };
                given.facts.insert(name.to_owned(), fact);
            }
        });
    let mut made = given.made();
    // The letter's own, as the lint tells them.
    let campaign = Arc::make_mut(&mut made.campaign);
    let versions = campaign.templates.letters.remove("protest").unwrap();
    let versions = versions.map(|mut template| {
        template.facts = BTreeSet::from(["killed".to_owned()]);
        template
    });
    campaign.templates.letters.insert("protest".to_owned(), versions);
    let renderer = made.renderer(None);
    let mut seen = BTreeSet::new();
    for letter in made.due() {
        let text = renderer.render(&letter, date(2026, 1, 2)).unwrap();
        seen.insert((
            text.body.trim().to_owned(),
            text.facts.to_string(),
            text.fact_names.join(" "),
        ));
    }
    let expected = [
        ("14 60", "{\"killed\":\"14\",\"wounded\":\"60\"}", "killed wounded"),
        ("14 J", "{\"jailed\":\"7\",\"killed\":\"14\"}", "jailed killed"),
    ];
    assert_eq!(
        seen,
        expected
            .map(|(body, facts, names)| (body.to_owned(), facts.to_owned(), names.to_owned()))
            .into()
    );
}

#[test]
fn each_variant_is_tried_once_also_the_one_that_this_letter_does_not_have() {
    let long = "x".repeat(70_000);
    let given = with_opening("Subject: S\n\n{{variant \"opening\"}} {{variant \"demand\"}}\n")
        .template("variants/opening/c.en.hbs", &long)
        .template("variants/demand/a.en.hbs", "Now.")
        .template("variants/demand/b.en.hbs", "At once.");
    let made = given.made();
    let renderer = made.renderer(None);
    let letter = &made.due()[0];
    let (tried, problems) = renderer.try_variants(letter, date(2026, 1, 2), 100);
    assert_eq!(tried, 5, "of each group by itself");
    let said: Vec<String> = problems
        .iter()
        .map(|problem| problem.place.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(said, ["templates/variants/opening/c.en.hbs"]);
    assert_eq!(
        renderer.try_variants(letter, date(2026, 1, 2), 2).1.len(),
        0,
        "as many as are wanted"
    );
}

#[test]
fn variants_in_variants_and_ones_that_come_to_too_much_are_refused() {
    let refused = |given: Given| {
        let made = given.made();
        Renderer::new(&made.campaign, &made.sender, None)
            .unwrap_err()
            .what
            .code()
    };
    let within = with_opening("Subject: S\n\n{{variant \"opening\"}}\n")
        .template("variants/opening/c.en.hbs", "{{> p}}")
        .template("partials/p.hbs", "{{variant \"opening\"}}");
    assert_eq!(refused(within), "letter-template-deep");
    let long = "{{recipient.name}} ".repeat(5000);
    let many = with_opening(&format!("Subject: S\n\n{}\n", "{{variant \"opening\"}} ".repeat(3)))
        .template("variants/opening/c.en.hbs", &long);
    assert_eq!(refused(many), "letter-template-long");
}
