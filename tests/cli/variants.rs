//! In one's own words: variants of a paragraph, letters that want a paragraph of their sender's own, and how alike letters
//! are.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{
    Campaign,
    smtp::{Server, Step},
};

/// A letter whose opening is one of several, and which is nothing to compare otherwise.
const LETTER: &str = "Subject: S\n\nDear Ms Ada,\n\n{{variant \"opening\"}}\n\nWe ask.\n";

fn with_variants() -> Campaign {
    Campaign::new()
        .letter("protest", "en", LETTER)
        .file(
            "templates/variants/opening/law.en.hbs",
            "\nThe law of {{sender.city}}.\n\n",
        )
        .file(
            "templates/variants/opening/families.en.hbs",
            "The families, {{recipient.name}}.\n",
        )
}

/// What each letter says, by its address.
fn bodies(campaign: &Campaign) -> BTreeMap<String, String> {
    let events = campaign.preview(&["--json"]).exits(0).json_events();
    let text = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap().to_owned();
    events
        .iter()
        .map(|event| (text(event, "to"), text(event, "text")))
        .collect()
}

#[test]
fn each_letter_says_one_variant_and_the_same_in_every_run() {
    let campaign = with_variants().people(20);
    campaign.check(&[]).exits(0).prints(&["no problem found"]);
    let first = bodies(&campaign);
    let law = first
        .values()
        .filter(|text| text.contains("\n\nThe law of Brussels.\n\nWe ask."))
        .count();
    let families = first
        .iter()
        .filter(|(_, text)| text.contains("\n\nThe families, Ministry "))
        .count();
    assert_eq!(law + families, 20, "{first:#?}");
    assert!(law > 3 && families > 3, "{law} and {families}");
    assert_eq!(bodies(&campaign), first);
    // What a list says besides, and in which order, is nothing to a letter.
    let shorter = with_variants().recipients("ministry,Ministry 7,m7@mfa.example,,,,Your Excellency\n");
    assert_eq!(bodies(&shorter)["m7@mfa.example"], first["m7@mfa.example"]);
}

#[test]
fn preview_rehearsal_files_and_the_wire_say_the_same_variant_and_a_second_run_nothing() {
    let server = Server::builder().start();
    let campaign = with_variants().people(6).smtp(&server);
    let out = campaign.path("out");
    let rehearsed = campaign.path("rehearsed");
    campaign
        .appel(&["rehearse", "--keep", rehearsed.to_str().unwrap()])
        .exits(0);
    campaign.send(&["--out", out.to_str().unwrap()]).exits(0);
    campaign.send(&[]).exits(0);
    let previews = bodies(&campaign);
    let taken = server.taken();
    assert_eq!(taken.len(), 6);
    let mut of_files: Vec<Vec<u8>> = files(&out);
    let mut of_rehearsal: Vec<Vec<u8>> = files(&rehearsed);
    let mut of_wire: Vec<Vec<u8>> = taken.iter().map(|message| message.data.clone()).collect();
    for all in [&mut of_files, &mut of_rehearsal, &mut of_wire] {
        all.sort();
    }
    assert_eq!(of_files, of_wire);
    assert_eq!(of_rehearsal.len(), 6);
    assert_eq!(of_rehearsal, of_wire);
    for message in &of_wire {
        let text = String::from_utf8(message.clone()).unwrap().replace("\r\n", "\n");
        let said = previews.values().any(|preview| text.contains(preview.trim()));
        assert!(said, "{text}");
    }
}

fn files(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn a_new_variant_takes_few_letters_and_moves_none_between_the_others() {
    let campaign = with_variants().people(200);
    let before = bodies(&campaign);
    let campaign = campaign.file("templates/variants/opening/witness.en.hbs", "I was there.");
    let after = bodies(&campaign);
    let mut moved = 0;
    for (to, text) in &after {
        if *text != before[to] {
            assert!(text.contains("I was there."), "{to} moved between the others");
            moved += 1;
        }
    }
    assert!((40..95).contains(&moved), "one of three: {moved} of 200");
}

#[test]
fn a_letter_chooses_among_the_variants_of_its_language_and_gaps_are_told() {
    let campaign = with_variants()
        .letter(
            "protest",
            "fr",
            "Subject: S\n\nMadame Ada,\n\n{{variant \"opening\"}}\n\nMerci.\n",
        )
        .file("templates/variants/opening/law.fr.hbs", "Le droit.")
        .recipients("ministry,A,a@mfa.example,,fr,,\nministry,B,b@mfa.example,,fr,,\nministry,C,c@mfa.example,,fr,,\n");
    let check = campaign.check(&[]);
    check.exits(0).says(&[
        "warning[missing-language]: the variant `families` of `opening` has no text in fr",
        "letters in fr choose among the others; to translate it, write templates/variants/opening/families.fr.hbs",
    ]);
    assert_eq!(check.stderr.matches("warning").count(), 1, "{}", check.stderr);
    assert!(bodies(&campaign).values().all(|text| text.contains("Le droit.")));
    std::fs::remove_file(campaign.path("templates/variants/opening/law.fr.hbs")).unwrap();
    campaign.check(&[]).exits(3).says(&[
        "error: no variant of `opening` has a text in fr",
        "templates/protest.fr.hbs:5:",
        "write one to templates/variants/opening/NAME.fr.hbs",
    ]);
}

#[test]
fn a_slip_in_a_variant_is_named_with_its_file_and_line_whoever_says_it() {
    // One letter says one variant; the other is looked at all the same.
    for name in ["law", "families"] {
        let broken = |text: &str, words: &[&str]| {
            let campaign = with_variants().file(&format!("templates/variants/opening/{name}.en.hbs"), text);
            let check = campaign.check(&[]);
            check.exits(3).says(words);
            assert_eq!(check.stderr.matches("error: ").count(), 1, "{}", check.stderr);
            campaign.send(&["--dry-run"]).exits(3).says(words);
        };
        let at = |line: usize| format!("templates/variants/opening/{name}.en.hbs:{line}:");
        broken(
            "\n\nWe, {{recipient.nam}},\n",
            &[&at(3), "did you mean recipient.name?"],
        );
        broken("{{#if message}}x\n", &[&at(1), "is opened here and never closed"]);
        broken("Yes.\n{{fact \"killed\"}}", &[&at(2), "there is no fact `killed`"]);
        broken(
            "{{variant \"opening\"}}",
            &[&at(1), "a variant cannot stand in a variant"],
        );
        broken(
            "\n \n",
            &[
                &format!("templates/variants/opening/{name}.en.hbs"),
                "this variant says nothing",
            ],
        );
    }
    // What shows only when it is filled in, whether this letter says it or the other.
    for (name, other) in [("law", "families"), ("families", "law")] {
        let long = with_variants().file(&format!("templates/variants/opening/{name}.en.hbs"), "x".repeat(70_000));
        let check = long.check(&[]);
        check.exits(3).says(&[
            &format!("templates/variants/opening/{name}.en.hbs"),
            "templates/protest.en.hbs makes no letter",
            "the body is longer than 65,536 bytes",
        ]);
        assert!(!check.stderr.contains(&format!("{other}.en.hbs")), "{}", check.stderr);
    }
}

#[test]
fn a_group_that_is_not_there_gets_the_nearest_and_a_call_its_repair() {
    let refused = |tag: &str, words: &[&str]| {
        let campaign = with_variants().letter("protest", "en", &format!("Subject: S\n\nDear Ms Ada,\n\n{tag}\n"));
        let check = campaign.check(&[]);
        check.exits(3).says(words);
        assert_eq!(check.stderr.matches("error: ").count(), 1, "{}", check.stderr);
    };
    refused(
        "{{variant \"openning\"}}",
        &[
            "there are no variants of `openning`",
            "did you mean `opening`?",
            "protest.en.hbs:5:",
        ],
    );
    refused("{{variant \"zzz\"}}", &["there are variants of: opening"]);
    for call in [
        "{{variant}}",
        "{{variant opening}}",
        "{{variant \"opening\" \"x\"}}",
        "{{variant \"opening\" a=\"b\"}}",
    ] {
        refused(
            call,
            &["name one group of variants, in quotes: {{variant \"opening\"}}"],
        );
    }
    let none = Campaign::new().letter("protest", "en", LETTER);
    none.check(&[])
        .exits(3)
        .says(&["write the first to templates/variants/opening/NAME.en.hbs"]);
    let subject = with_variants().letter("protest", "en", "Subject: {{variant \"opening\"}}\n\nDear Ms Ada,\n");
    subject
        .check(&[])
        .exits(3)
        .says(&["a variant cannot stand in the subject", "protest.en.hbs:1:"]);
}

#[test]
fn variants_that_no_letter_says_are_told() {
    let campaign = with_variants()
        .file("templates/variants/demand/a.en.hbs", "Now.")
        .file("templates/variants/opening/law.ru.hbs", "Закон.");
    let check = campaign.check(&[]);
    check.exits(0).says(&[
        "warning[unused-variants]: no letter says a variant of `demand`",
        "in templates/variants/demand",
        "warning[unused-variants]: no letter in ru says a variant of `opening`",
        "in templates/variants/opening/law.ru.hbs",
    ]);
    let off = campaign.config("[check]\nallow = [\"unused-variants\"]\n");
    assert!(!off.check(&[]).exits(0).stderr.contains("warning"));
}

#[test]
fn files_that_are_no_variants_are_named() {
    let campaign = with_variants()
        .file("templates/variants/opening/witness.en.hbs.txt", "I was there.")
        .file("templates/variants/opening/far-fr.txt", "De loin.")
        .file("templates/variants/README.md", "x");
    campaign.check(&[]).exits(0).says(&[
        "warning[file-name]: templates/variants/opening/witness.en.hbs.txt is not read",
        "rename it to witness.en.hbs",
        "rename it to far.fr.hbs",
    ]);
    let campaign = with_variants().file("templates/variants/opening/witness.hbs", "I was there.");
    campaign.check(&[]).exits(3).says(&[
        "the name of templates/variants/opening/witness.hbs says no language",
        "rename it: witness.en.hbs",
    ]);
    let campaign = with_variants().file("templates/variants/witness.en.hbs", "I was there.");
    campaign
        .check(&[])
        .exits(3)
        .says(&["templates/variants/witness.en.hbs stands in no group of variants"]);
    let campaign = with_variants().file("templates/variants/opening/law.xq.hbs", "?");
    campaign
        .check(&[])
        .exits(3)
        .says(&["there is no language with the code xq"]);
}

#[test]
fn a_hostile_folder_of_variants_is_refused_and_read_up_to_a_limit() {
    let campaign = with_variants().file("templates/variants/opening/big.en.hbs", "x".repeat(2 << 20));
    campaign.check(&[]).exits(3).says(&["big.en.hbs is too long"]);

    let campaign = with_variants();
    let outside = campaign.path("../outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("x.en.hbs"), "secret").unwrap();
    let link = |from: &std::path::Path, to: &str| std::os::unix::fs::symlink(from, campaign.path(to)).unwrap();
    link(&outside.join("x.en.hbs"), "templates/variants/opening/x.en.hbs");
    link(&outside, "templates/variants/other");
    let check = campaign.check(&[]);
    check.exits(3).says(&[
        "templates/variants/opening/x.en.hbs leads out of the campaign's folder",
        "templates/variants/other leads out of the campaign's folder",
    ]);
    assert!(!check.stderr.contains("secret"));

    let campaign = with_variants();
    for nth in 0..1001 {
        campaign.put(&format!("templates/variants/opening/v{nth}.en.hbs"), "x");
    }
    campaign
        .check(&[])
        .exits(3)
        .says(&["there are more than 1,000 files in templates/variants/opening"]);
    let campaign = with_variants();
    for nth in 0..201 {
        campaign.put(&format!("templates/variants/g{nth}/v.en.hbs"), "x");
    }
    campaign
        .check(&[])
        .exits(3)
        .says(&["there are more than 200 files in templates/variants"]);
    // A pipe would never end.
    let campaign = with_variants();
    let pipe = campaign.path("templates/variants/opening/pipe.en.hbs");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    campaign.check(&[]).exits(3).says(&["pipe.en.hbs is not a file"]);
}

#[test]
fn a_variant_cannot_be_attached_and_tells_no_reader_apart_by_its_links() {
    let campaign = with_variants().letters(
        "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [\"templates/variants/opening/law.en.hbs\"]\n",
    );
    campaign
        .check(&[])
        .exits(3)
        .says(&["`templates/variants/opening/law.en.hbs` is a template"]);

    let campaign = with_variants()
        .file(
            "templates/variants/opening/law.en.hbs",
            "See https://a.example/1 for more.",
        )
        .file(
            "templates/variants/opening/families.en.hbs",
            "See https://a.example/2 for more.",
        );
    campaign.check(&[]).exits(3).says(&[
        "error: another variant has another link: https://a.example/1",
        "templates/variants/opening/law.en.hbs:1:5",
    ]);
    let same = campaign.file(
        "templates/variants/opening/families.en.hbs",
        "More: https://a.example/1 (long).",
    );
    same.check(&[]).exits(0);
    let of_reader = same.file(
        "templates/variants/opening/law.en.hbs",
        "See https://a.example/1?{{recipient.name}} for more.",
    );
    of_reader
        .check(&[])
        .exits(3)
        .says(&["it differs from reader to reader"]);
}

#[test]
fn values_in_a_variant_are_text() {
    let campaign = with_variants()
        .letter(
            "protest",
            "en",
            "Subject: S\nFormat: markdown\n\nDear Ms Ada,\n\n{{variant \"opening\"}}\n",
        )
        .file(
            "templates/variants/opening/law.en.hbs",
            "*Law*: {{recipient.name}} {{message}}",
        )
        .file(
            "templates/variants/opening/families.en.hbs",
            "*Law*: {{recipient.name}} {{message}}",
        )
        .recipients("ministry,*A* {{sender.city}},a@mfa.example,,,,\n");
    let run = campaign.preview(&["--json", "--message", "{{variant \"opening\"}} & *mine*"]);
    let text = run.exits(0).json_events()[0]["text"].as_str().unwrap().to_owned();
    assert!(
        text.contains("Law: *A* {{sender.city}} {{variant \"opening\"}} & *mine*"),
        "{text}"
    );
}

#[test]
fn a_letter_in_doubt_is_sent_again_as_it_was_whatever_was_changed_since() {
    let doubtful = || {
        let server = Server::builder()
            .on(Step::FinalDot)
            .letter(1)
            .accept_then_reset()
            .start();
        let campaign = wants_words()
            .letter(
                "protest",
                "en",
                "Subject: S\n\nDear Ms Ada,\n\n{{variant \"opening\"}}\n\n{{message}}\n",
            )
            .file("templates/variants/opening/law.en.hbs", "The law.")
            .smtp(&server);
        campaign.send(&["--message", "I met a family."]).exits(1);
        assert_eq!(campaign.standing()[3], 1, "in doubt");
        std::fs::remove_file(campaign.path("templates/variants/opening/law.en.hbs")).unwrap();
        campaign.put("templates/variants/opening/other.en.hbs", "Something else.");
        (server, campaign)
    };
    let (server, campaign) = doubtful();
    // Its own words are in it.
    campaign.send(&["--resend-in-doubt"]).exits(0);
    let taken = server.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].data, taken[1].data);
    let text = String::from_utf8_lossy(&taken[1].data);
    assert!(text.contains("The law.") && text.contains("I met a family."), "{text}");

    // Where its bytes were lost, it does not leave without them.
    let (server, campaign) = doubtful();
    let kept: Vec<_> = campaign
        .files_under("state")
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    for path in kept.iter().filter(|path| path.contains(".letters/")) {
        std::fs::remove_file(path).unwrap();
    }
    let run = campaign.send(&["--resend-in-doubt"]);
    assert_eq!(server.taken().len(), 1, "{}", run.stderr);
    run.says(&["may have left with your own words, and they are no longer there"]);
    campaign
        .send(&["--resend-in-doubt", "--message", "I met a family."])
        .exits(0);
    assert_eq!(server.taken().len(), 2);
}

/// A letter that leaves with its sender's own words or not at all.
fn wants_words() -> Campaign {
    Campaign::new()
        .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nmessage = \"required\"\n")
        .letter(
            "protest",
            "en",
            "Subject: S\n\nDear Ms Ada,\n\n{{message}}\n\nWe ask.\n",
        )
}

#[test]
fn a_letter_that_wants_words_of_ones_own_does_not_leave_without() {
    let server = Server::builder().start();
    let campaign = wants_words().people(3).smtp(&server);
    let wanted = [
        "3 letters want a paragraph of your own, and have none: protest",
        "appel send --message \"…\"",
        "appel send --message @words.txt",
    ];
    campaign.send(&[]).exits(2).says(&wanted);
    campaign.put("empty.txt", "\u{feff} \n\n");
    campaign.put("draft.txt", "[your own paragraph]\n");
    for none in [
        "",
        "  \n",
        "…",
        "...",
        "-",
        "TODO",
        "[your message]",
        "<YOUR TEXT>",
        "xxx",
        "Your own words.",
        "Lorem ipsum dolor sit amet",
        "@empty.txt",
        "@draft.txt",
    ] {
        let run = campaign.send(&["--message", none]);
        assert_eq!(run.status, Some(2), "{none}");
        run.says(&wanted[..1]);
    }
    let out = campaign.path("out");
    campaign.send(&["--out", out.to_str().unwrap()]).exits(2).says(&wanted);
    assert!(!out.exists() || files(&out).is_empty());
    campaign.send(&["--dry-run"]).exits(2).says(&wanted);
    assert_eq!(server.taken().len(), 0, "nothing left");
    assert_eq!(campaign.standing()[4], 3, "due");
    campaign.send(&["--message", "I met a family from Luvessa."]).exits(0);
    assert_eq!(server.taken().len(), 3);
    for message in server.taken() {
        assert!(String::from_utf8_lossy(&message.data).contains("I met a family from Luvessa."));
    }
    // Nothing is due, and nothing wanted.
    campaign.send(&[]).exits(0);
}

#[test]
fn what_looks_at_letters_says_that_they_want_words_and_goes_on() {
    let campaign = wants_words().people(2);
    let note = ["note: 2 letters leave only with a paragraph of the sender's own: protest"];
    campaign.check(&[]).exits(0).says(&note).prints(&["no problem found"]);
    campaign.preview(&[]).exits(0).says(&note);
    campaign.appel(&["rehearse"]).exits(0).says(&note);
    let with = ["--message", "I met a family."];
    assert!(!campaign.preview(&with).exits(0).stderr.contains("leave only"));
    campaign.send(&["--dry-run", "--message", "I met a family."]).exits(0);
    // Only letters that are due want any.
    let none = campaign.letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nmessage = \"optional\"\n");
    assert!(!none.check(&[]).exits(0).stderr.contains("leave only"));
}

#[test]
fn the_text_of_a_letter_that_wants_words_has_a_place_for_them() {
    let with = |text: &str| wants_words().letter("protest", "en", &format!("Subject: S\n\nDear Ms Ada,\n\n{text}\n"));
    let nowhere = "the letter `protest` wants the sender's own words, and has no place for them";
    for text in [
        "We ask.",
        "{{#if message}}We ask.{{/if}}",
        "{{#unless message}}{{message}}{{/unless}}We.",
        "{{!-- {{message}} --}}We.",
    ] {
        with(text).check(&[]).exits(3).says(&[
            nowhere,
            "write {{message}} where they are to stand",
            "templates/protest.en.hbs",
        ]);
    }
    for text in [
        "{{#if message}}{{message}}{{/if}}",
        "{{#unless message}}None.{{else}}{{message}}{{/unless}}",
        "{{#if recipient.salutation}}A {{message}}{{else}}B {{message}}{{/if}}",
        "{{> words}}",
        "{{variant \"words\"}}",
        "{{#with sender}}{{@root.message}}{{/with}}",
    ] {
        let campaign = with(text)
            .file("templates/partials/words.hbs", "{{message}}")
            .file("templates/variants/words/a.en.hbs", "A: {{message}}")
            .file("templates/variants/words/b.en.hbs", "{{#if message}}{{message}}{{/if}}");
        let said = campaign.check(&[]).exits(0).stderr.clone();
        assert!(!said.contains("wants"), "{text}: {said}");
    }
    for text in [
        "{{#if recipient.salutation}}{{message}}{{/if}}We.",
        "{{variant \"words\"}}",
    ] {
        let campaign = with(text)
            .file("templates/variants/words/a.en.hbs", "A: {{message}}")
            .file("templates/variants/words/b.en.hbs", "None.");
        campaign
            .check(&[])
            .exits(0)
            .says(&["has a place for them only in some letters"]);
    }
    let other = Campaign::new().letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nmessage = \"requierd\"\n");
    other
        .check(&[])
        .exits(3)
        .says(&["requierd", "did you mean \"required\"?"]);
}

/// So many words that stand nowhere else, as a paragraph.
fn words(name: &str, count: usize) -> String {
    let words: Vec<String> = (0..count).map(|nth| format!("{name}{nth}")).collect();
    words.join(" ") + "."
}

fn likeness_of(body: &str, rows: &str) -> Campaign {
    Campaign::new()
        .letter(
            "protest",
            "en",
            &format!("Subject: S\n\nDear Ms Ada,\n\n{body}\n\nYours sincerely,\n\n{{{{sender.name}}}}\n"),
        )
        .file("recipients.csv", format!("role,name,email,own\n{rows}"))
}

/// Two letters with so many words in common, and as many of their own.
fn two(common: usize, own: usize) -> Campaign {
    let rows = format!(
        "ministry,A,a@mfa.example,{}\nministry,B,b@mfa.example,{}\n",
        words("left", own),
        words("right", own)
    );
    likeness_of(&format!("{}\n\n{{{{recipient.own}}}}", words("common", common)), &rows)
}

#[test]
fn letters_of_one_campaign_that_are_alike_by_half_are_told_once() {
    // Two shingles go across the paragraphs: of 102 words 100 are the common ones'.
    let check = two(102, 100).check(&[]);
    check.exits(0).says(&[
        "warning[likeness]: 50 percent of what the 2 letters `protest` in en say is the same",
        "\"common0 common1 common2",
        "in templates/protest.en.hbs",
        "{{message}}",
        "{{variant \"NAME\"}}",
    ]);
    assert!(!two(102, 103).check(&[]).exits(0).stderr.contains("likeness"));
    let off = two(102, 100).config("[check]\nallow = [\"likeness\"]\n");
    assert!(!off.check(&[]).exits(0).stderr.contains("likeness"));
    let report = &two(102, 100).check(&["--json"]).json_events()[0];
    let problems = report["problems"].as_array().unwrap();
    let found = problems.iter().find(|problem| problem["style"] == "likeness").unwrap();
    assert_eq!(
        [&found["code"], &found["severity"]],
        [&json!("letters-alike"), &json!("warning")]
    );
    // However many there are, it is said once.
    let many = Campaign::new()
        .letter(
            "protest",
            "en",
            &format!("Subject: S\n\nDear Ms Ada,\n\n{}\n", words("common", 100)),
        )
        .people(50);
    let check = many.check(&[]);
    check
        .exits(0)
        .says(&["100 percent of what the 50 letters `protest` in en say is the same"]);
    assert_eq!(check.stderr.matches("warning").count(), 1, "{}", check.stderr);
}

#[test]
fn salutation_and_closing_make_no_letters_alike_and_a_short_text_is_not_compared() {
    assert!(!two(1, 60).check(&[]).exits(0).stderr.contains("likeness"));
    let short = likeness_of(
        "We ask for an inquiry at once.",
        "ministry,A,a@mfa.example,\nministry,B,b@mfa.example,\n",
    );
    assert!(!short.check(&[]).exits(0).stderr.contains("likeness"));
}

#[test]
fn a_few_letters_with_a_place_for_ones_own_words_are_nothing_to_speak_of() {
    let text = format!(
        "Subject: S\n\nDear Ms Ada,\n\n{}\n\n{{{{message}}}}\n",
        words("common", 100)
    );
    let few = Campaign::new().letter("protest", "en", &text).people(2);
    assert!(!few.check(&[]).exits(0).stderr.contains("likeness"));
    let many = few.people(3);
    many.check(&[])
        .exits(0)
        .says(&["percent of what the 3 letters `protest` in en"]);
}

#[test]
fn letters_in_scripts_without_spaces_and_from_right_to_left_are_compared_too() {
    let chinese = "我请求塔尔莫里亚政府立即对卢韦萨枪击事件展开独立公正的调查，公布调查结果，并将责任人绳之以法。我深感不安，因为那些只要求谈判工资的人遭到了枪击。";
    let arabic = "أطلب من حكومة تالموريا أن تفتح فورا تحقيقا مستقلا ونزيها في إطلاق النار على العمال المضربين في لوفيسا، وأن تنشر نتائجه، وأن تقدم المسؤولين عنه إلى العدالة. إنني أشعر بقلق بالغ.";
    for (language, text) in [("zh", chinese), ("ar", arabic)] {
        let campaign = Campaign::new()
            .set("campaign.language", language)
            .letter(
                "protest",
                language,
                &format!("Subject: S\n\n{{{{recipient.name}}}}\n\n{text}\n"),
            )
            .people(4);
        std::fs::remove_file(campaign.path("templates/protest.en.hbs")).unwrap();
        campaign.check(&[]).exits(0).says(&[&format!(
            "percent of what the 4 letters `protest` in {language} say is the same"
        )]);
    }
}

#[test]
fn an_office_that_gets_two_letters_which_say_the_same_is_told() {
    let letters =
        "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\n[[letter]]\nid = \"appeal\"\nto = [\"ministry\"]\n";
    let text = |own: &str| {
        format!(
            "Subject: S\n\nDear Ms Ada,\n\n{}\n\n{}\n",
            words("common", 100),
            words(own, 20)
        )
    };
    let campaign = Campaign::new()
        .letters(letters)
        .letter("protest", "en", &text("left"))
        .letter("appeal", "en", &text("right"));
    campaign.check(&[]).exits(0).says(&[
        "percent of what the letters `appeal` and `protest` in en say is the same, and 1 office gets both",
        "say something else in place of: \"common0",
    ]);
    let other = campaign.letter(
        "appeal",
        "en",
        &format!("Subject: S\n\nDear Ms Ada,\n\n{}\n", words("right", 100)),
    );
    assert!(!other.check(&[]).exits(0).stderr.contains("likeness"));
}

#[test]
fn what_several_senders_write_to_one_office_is_compared_where_letters_choose_variants() {
    let text = format!(
        "Subject: S\n\nDear Ms Ada,\n\n{{{{variant \"opening\"}}}}\n\n{}\n",
        words("common", 100)
    );
    let campaign = Campaign::new()
        .letter("protest", "en", &text)
        .file("templates/variants/opening/a.en.hbs", words("a", 40))
        .file("templates/variants/opening/b.en.hbs", words("b", 40));
    campaign.check(&[]).exits(0).says(&[
        "percent of what several senders write to one office in `protest` in en is the same",
        "write more variants, or variants of more: \"common0",
    ]);
    // Enough variants of enough.
    let mut enough = campaign.letter(
        "protest",
        "en",
        "Subject: S\n\nDear Ms Ada,\n\n{{variant \"opening\"}}\n\n{{variant \"demand\"}}\n",
    );
    for name in ["a", "b", "c", "d"] {
        enough = enough
            .file(&format!("templates/variants/opening/{name}.en.hbs"), words(name, 40))
            .file(
                &format!("templates/variants/demand/{name}.en.hbs"),
                words(&format!("d{name}"), 40),
            );
    }
    assert!(!enough.check(&[]).exits(0).stderr.contains("likeness"));
}

#[test]
fn the_example_is_quiet() {
    let campaign = Campaign::example();
    let check = campaign.check(&[]);
    assert!(!check.exits(0).stderr.contains("warning"), "{}", check.stderr);
    for country in ["GB", "US", "FR", "KZ"] {
        let campaign = Campaign::example();
        let config = std::fs::read_to_string(campaign.path("config.toml")).unwrap();
        campaign.put(
            "config.toml",
            config.replace("country = \"BE\"", &format!("country = \"{country}\"")),
        );
        let check = campaign.check(&[]);
        assert!(
            !check.exits(0).stderr.contains("warning"),
            "{country}: {}",
            check.stderr
        );
    }
}
