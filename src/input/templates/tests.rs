//! Templates, as people who mistype them see them; and what passes is rendered.

use std::fs;

use appel_core::campaign::Format;
use appel_core::templates::Templates;
use handlebars::{Handlebars, handlebars_helper};
use proptest::prelude::*;

use super::*;
use crate::failure::Style;
use crate::input::{Loaded, Sources};

const CONFIG: &str = r#"
[campaign]
id = "c"
title = "T"
language = "en"
[sender]
name = "Me"
email = "me@home.example"
country = "BE"
city = "Brussels"
[[letter]]
id = "protest"
to = ["embassy"]
[facts.killed]
value = { en = "at least 70", fr = "au moins 70" }
as-of = 2011-12-16T18:54:00+01:00
source = "the strikers' committee"
[facts.jailed]
value = { en = "16" }
[facts.stale]
value = "1"
source = "the committee"
expires = 2011-12-16T00:00:00Z
"#;
const RECIPIENTS: &str = "role,name,email,salutation,note,First Name,country,language\n\
    embassy,A,a@b.example,Excellency,n,Zo,,\n";
const HEAD: &str = "Subject: S\n\n";

fn load_files(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Loaded, String) {
    let dir = tempfile::tempdir().unwrap();
    let base: [(&str, &[u8]); 2] = [
        ("config.toml", CONFIG.as_bytes()),
        ("recipients.csv", RECIPIENTS.as_bytes()),
    ];
    for (name, bytes) in base.iter().chain(files) {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let (loaded, said) = load_in(dir.path());
    (dir, loaded, said)
}

fn load_in(dir: &Path) -> (Loaded, String) {
    let sources = Sources {
        config: dir.join("config.toml"),
        account: None,
        account_required: false,
        private: crate::input::Private::default(),
    };
    let loaded = crate::input::load(&sources, "2011-12-17T00:00:00Z".parse().unwrap());
    let said: Vec<String> = loaded
        .problems
        .iter()
        .map(|problem| Style::PLAIN.render(problem))
        .collect();
    let said = said.join("\n\n").replace(&format!("{}/", dir.display()), "");
    (loaded, said)
}

/// What people read about a campaign with these templates.
fn check(files: &[(&str, &str)]) -> String {
    let files: Vec<(String, &[u8])> = files
        .iter()
        .map(|(name, text)| (format!("templates/{name}"), text.as_bytes()))
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    load_files(&files).2
}

/// What people read about a letter with this body.
fn body(body: &str) -> String {
    check(&[("protest.en.hbs", &format!("{HEAD}{body}\n"))])
}

/// What people read about a letter with these header lines.
fn head(head: &str) -> String {
    check(&[("protest.en.hbs", &format!("{head}\n\nText.\n"))])
}

#[test]
fn everything_that_may_be_named_is_accepted() {
    assert_eq!(
        body(
            "{{sender.name}} {{sender.email}} {{sender.country}} {{sender.language}} {{sender.city}} {{recipient.role}}\n\
             {{recipient.salutation}} {{recipient.gender}} {{recipient.[First Name]}} {{campaign.id}} {{campaign.title}}\n\
             {{campaign.language}} {{campaign.deadline}} {{date}} {{{sender.name}}} {{&sender.name}} {{~sender.name~}}\n\
             {{fact \"killed\"}} {{source \"killed\"}} {{as_of 'killed'}} \\{{literal}} {{! comment {{}} {{!-- {{nope}} --}}\n\
             {{#if message}}{{message}}{{else if (eq recipient.gender \"f\")}}a{{else}}b{{/if}}\n\
             {{#unless (and message (not recipient.title))}}x{{/unless}}{{#with sender}}{{name}} {{../message}} {{@root.date}}{{/with}}\n\
             {{#if (or (ne sender.city \"x\") (gt (len message) 3))}}y{{/if}}{{#eq sender.city \"Brussels\"}}z{{else}}w{{/eq}}"
        ),
        ""
    );
}

#[test]
fn what_the_parser_would_look_at_for_ever_is_refused() {
    assert_eq!(body(&format!("a {} b", "\\".repeat(32))), "");
    insta::assert_snapshot!(body(&format!("a {} b", "\\".repeat(33))), @r"
    error: more than 32 backslashes stand in a row
     --> templates/protest.en.hbs:3:3
      |
    3 | a \\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\ b
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: take most of them out
    ");
    insta::assert_snapshot!(body("a {{!-- b }} c"), @r"
    error: a comment is opened with {{!-- here and not closed
     --> templates/protest.en.hbs:3:3
      |
    3 | a {{!-- b }} c
      |   ^^^^^
      |
      = help: close it with --}}, or open it with {{! alone
    ");
}

#[test]
fn comments_count_among_what_the_parser_looks_for_from_the_beginning() {
    let long = "x\n".repeat(500_000);
    assert_eq!(body(&format!("{long}{}", "{{! a }}".repeat(10))), "");
    let said = body(&format!("{long}{}", "{{! a }}".repeat(1990)));
    assert!(said.contains("too much text and too many {{ }} together"), "{said}");
}

#[test]
fn blocks_cannot_hide_behind_a_blank_that_is_none_to_the_parser() {
    let deep = "{{#if message}}".repeat(40) + "x" + &"{{/if}}".repeat(40);
    assert_eq!(body(&format!("a {{{{! -- {deep} --}}}} b")), "");
    for blank in ['\u{a0}', '\u{2003}', '\u{c}', '\u{b}', '\u{85}'] {
        let said = body(&format!("a {{{{!{blank}-- }}}} {deep} --}}}} b"));
        assert!(
            said.contains("blocks stand more than 32 deep in one another"),
            "{blank:?}: {said}"
        );
    }
}

// 33
#[test]
fn an_undefined_name_is_found_wherever_it_stands() {
    insta::assert_snapshot!(check(&[
        (
            "protest.en.hbs",
            "Subject: {{campaign.titel}}\n\nDear {{recipient.Salutation}},\n{{#if mesage}}{{sender.town}}{{else if recipient.vip}}{{name}}{{/if}}\n\
             {{#unless (eq sender.citty \"x\")}}{{/unless}}{{> signature office=recipient.ofice}}\n{{#each recipient.friends}}{{frend}}{{/each}}\n"
        ),
        ("partials/signature.hbs", "{{sender.naam}} {{office}} {{ofice}}\n"),
    ]), @r#"
    error: `campaign.titel` is not defined
     --> templates/protest.en.hbs:1:12
      |
    1 | Subject: {{campaign.titel}}
      |            ^^^^^^^^^^^^^^
      |
      = help: did you mean campaign.title?

    error: `recipient.Salutation` is not defined
     --> templates/protest.en.hbs:3:8
      |
    3 | Dear {{recipient.Salutation}},
      |        ^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean recipient.salutation?

    error: `mesage` is not defined
     --> templates/protest.en.hbs:4:7
      |
    4 | {{#if mesage}}{{sender.town}}{{else if recipient.vip}}{{name}}{{/if}}
      |       ^^^^^^
      |
      = help: did you mean message?

    error: `sender.town` is not defined
     --> templates/protest.en.hbs:4:17
      |
    4 | {{#if mesage}}{{sender.town}}{{else if recipient.vip}}{{name}}{{/if}}
      |                 ^^^^^^^^^^^
      |
      = help: write a line `town = "…"` under [sender], or use one of: city, country, email, language, name

    error: `recipient.vip` is not defined
     --> templates/protest.en.hbs:4:40
      |
    4 | {{#if mesage}}{{sender.town}}{{else if recipient.vip}}{{name}}{{/if}}
      |                                        ^^^^^^^^^^^^^
      |
      = help: the recipients have these columns: role, name, email, salutation, First Name, country, language, cc, title, gender, attach

    error: `name` is not defined
     --> templates/protest.en.hbs:4:57
      |
    4 | {{#if mesage}}{{sender.town}}{{else if recipient.vip}}{{name}}{{/if}}
      |                                                         ^^^^
      |
      = help: did you mean sender.name or recipient.name?

    error: `sender.citty` is not defined
     --> templates/protest.en.hbs:5:15
      |
    5 | {{#unless (eq sender.citty "x")}}{{/unless}}{{> signature office=recipient.ofice}}
      |               ^^^^^^^^^^^^
      |
      = help: did you mean sender.city?

    error: `recipient.ofice` is not defined
     --> templates/protest.en.hbs:5:66
      |
    5 | {{#unless (eq sender.citty "x")}}{{/unless}}{{> signature office=recipient.ofice}}
      |                                                                  ^^^^^^^^^^^^^^^
      |
      = help: the recipients have these columns: role, name, email, salutation, First Name, country, language, cc, title, gender, attach

    error: `sender.naam` is not defined
     --> templates/partials/signature.hbs:1:3
      |
    1 | {{sender.naam}} {{office}} {{ofice}}
      |   ^^^^^^^^^^^
      |
      = help: did you mean sender.name?

    error: `ofice` is not defined
     --> templates/partials/signature.hbs:1:30
      |
    1 | {{sender.naam}} {{office}} {{ofice}}
      |                              ^^^^^
      |
      = help: a template knows sender.*, recipient.*, campaign.*, date and message; figures are written {{fact "name"}}

    error: `each` cannot be used like this
     --> templates/protest.en.hbs:6:4
      |
    6 | {{#each recipient.friends}}{{frend}}{{/each}}
      |    ^^^^
      |
      = help: nothing here is a list; write {{#if recipient.title}} … {{/if}} to ask whether a text is there

    error: `recipient.friends` is not defined
     --> templates/protest.en.hbs:6:9
      |
    6 | {{#each recipient.friends}}{{frend}}{{/each}}
      |         ^^^^^^^^^^^^^^^^^
      |
      = help: the recipients have these columns: role, name, email, salutation, First Name, country, language, cc, title, gender, attach

    error: `frend` is not defined
     --> templates/protest.en.hbs:6:30
      |
    6 | {{#each recipient.friends}}{{frend}}{{/each}}
      |                              ^^^^^
      |
      = help: a template knows sender.*, recipient.*, campaign.*, date and message; figures are written {{fact "name"}}
    "#);
}

#[test]
fn a_group_is_not_a_text_and_a_text_has_nothing_inside() {
    insta::assert_snapshot!(body("{{sender}} {{message.first}} {{sender.name.first}} {{this}} {{@index}} {{../message}}"), @r"
    error: `sender` is not one text
     --> templates/protest.en.hbs:3:3
      |
    3 | {{sender}} {{message.first}} {{sender.name.first}} {{this}} {{@index}} {{../message}}
      |   ^^^^^^
      |
      = help: say which part: sender.name

    error: `message.first` is not defined
     --> templates/protest.en.hbs:3:14
      |
    3 | {{sender}} {{message.first}} {{sender.name.first}} {{this}} {{@index}} {{../message}}
      |              ^^^^^^^^^^^^^
      |
      = help: message is one text, there is nothing inside it

    error: `sender.name.first` is not defined
     --> templates/protest.en.hbs:3:32
      |
    3 | {{sender}} {{message.first}} {{sender.name.first}} {{this}} {{@index}} {{../message}}
      |                                ^^^^^^^^^^^^^^^^^
      |
      = help: sender.name is one text, there is nothing inside it

    error: `this` is not defined
     --> templates/protest.en.hbs:3:54
      |
    3 | {{sender}} {{message.first}} {{sender.name.first}} {{this}} {{@index}} {{../message}}
      |                                                      ^^^^
      |
      = help: say which text you mean: {{sender.name}}

    error: `@index` is not defined
     --> templates/protest.en.hbs:3:63
      |
    3 | {{sender}} {{message.first}} {{sender.name.first}} {{this}} {{@index}} {{../message}}
      |                                                               ^^^^^^
      |
      = help: names that begin with @ belong inside {{#each}}; nothing here is a list

    error: `../message` is not defined
     --> templates/protest.en.hbs:3:74
      |
    3 | {{sender}} {{message.first}} {{sender.name.first}} {{this}} {{@index}} {{../message}}
      |                                                                          ^^^^^^^^^^
      |
      = help: there is nothing above this: leave the ../ out
    ");
}

#[test]
fn the_note_column_is_never_part_of_a_letter() {
    insta::assert_snapshot!(body("{{recipient.note}}"), @r"
    error: `recipient.note` is not defined
     --> templates/protest.en.hbs:3:3
      |
    3 | {{recipient.note}}
      |   ^^^^^^^^^^^^^^
      |
      = help: the column `note` is for you: it is never part of a letter
    ");
}

#[test]
fn what_cannot_be_called_is_named() {
    insta::assert_snapshot!(body(
        "{{uppercase sender.name}}{{#sender}}x{{/sender}}{{#iff message}}x{{/iff}}{{lookup sender \"name\"}}{{log \"x\"}}{{eq message}}{{if message}}\n\
         {{#if message sender.city}}x{{/if}}{{#with message}}x{{/with}}{{#if (message)}}x{{/if}}{{len}}"
    ), @r#"
    error: `uppercase` is nothing that can be called
     --> templates/protest.en.hbs:3:3
      |
    3 | {{uppercase sender.name}}{{#sender}}x{{/sender}}{{#iff message}}x{{/iff}}{{lookup sender "nam...
      |   ^^^^^^^^^
      |
      = help: what can be called: if, unless, with, each, eq, ne, gt, gte, lt, lte, and, or, not, fact, source, as_of, variant

    error: `sender` is nothing that can be called
     --> templates/protest.en.hbs:3:29
      |
    3 | {{uppercase sender.name}}{{#sender}}x{{/sender}}{{#iff message}}x{{/iff}}{{lookup sender "nam...
      |                             ^^^^^^
      |
      = help: name one of its texts: {{sender.name}}

    error: `iff` is nothing that can be called
     --> templates/protest.en.hbs:3:52
      |
    3 | {{uppercase sender.name}}{{#sender}}x{{/sender}}{{#iff message}}x{{/iff}}{{lookup sender "nam...
      |                                                    ^^^
      |
      = help: did you mean `if`?

    error: `lookup` cannot be used like this
     --> templates/protest.en.hbs:3:76
      |
    3 | {{uppercase sender.name}}{{#sender}}x{{/sender}}{{#iff message}}x{{/iff}}{{lookup sender "nam...
      |                                                                            ^^^^^^
      |
      = help: a name that is put together cannot be checked; write it out: {{sender.city}}

    error: `log` cannot be used like this
     --> templates/protest.en.hbs:3:100
      |
    3 | ...essage}}x{{/iff}}{{lookup sender "name"}}{{log "x"}}{{eq message}}{{if message}}
      |                                               ^^^
      |
      = help: it has no place in a letter; take it out

    error: `eq` cannot be used like this
     --> templates/protest.en.hbs:3:111
      |
    3 | ...{/iff}}{{lookup sender "name"}}{{log "x"}}{{eq message}}{{if message}}
      |                                                ^^
      |
      = help: it needs two values, here are 1; for example (eq recipient.gender "f")

    error: `if` cannot be used like this
     --> templates/protest.en.hbs:3:125
      |
    3 | ...p sender "name"}}{{log "x"}}{{eq message}}{{if message}}
      |                                                ^^
      |
      = help: write {{#if …}} … {{/if}}

    error: `if` cannot be used like this
     --> templates/protest.en.hbs:4:4
      |
    4 | {{#if message sender.city}}x{{/if}}{{#with message}}x{{/with}}{{#if (message)}}x{{/if}}{{len}}
      |    ^^
      |
      = help: it needs one name, here are 2; for example {{#if message}}

    error: `with` cannot be used like this
     --> templates/protest.en.hbs:4:39
      |
    4 | {{#if message sender.city}}x{{/if}}{{#with message}}x{{/with}}{{#if (message)}}x{{/if}}{{len}}
      |                                       ^^^^
      |
      = help: {{#with}} goes into sender, recipient or campaign: {{#with sender}} {{name}} {{/with}}

    error: `message` is nothing that can be called
     --> templates/protest.en.hbs:4:70
      |
    4 | {{#if message sender.city}}x{{/if}}{{#with message}}x{{/with}}{{#if (message)}}x{{/if}}{{len}}
      |                                                                      ^^^^^^^
      |
      = help: take the brackets off: it is a name, not a call

    error: `len` cannot be used like this
     --> templates/protest.en.hbs:4:90
      |
    4 | {{#if message sender.city}}x{{/if}}{{#with message}}x{{/with}}{{#if (message)}}x{{/if}}{{len}}
      |                                                                                          ^^^
      |
      = help: it needs one name, here are 0; for example (not message)
    "#);
}

#[test]
fn each_has_nothing_to_go_over() {
    insta::assert_snapshot!(body("{{#each recipient.name}}{{this}}{{@index}}{{/each}}"), @r"
    error: `each` cannot be used like this
     --> templates/protest.en.hbs:3:4
      |
    3 | {{#each recipient.name}}{{this}}{{@index}}{{/each}}
      |    ^^^^
      |
      = help: nothing here is a list; write {{#if recipient.title}} … {{/if}} to ask whether a text is there
    ");
}

// 34
#[test]
fn braces_that_are_no_tags_are_shown() {
    insta::assert_snapshot!(body("a {{sender.name"), @r"
    error: {{ is opened here and not closed
     --> templates/protest.en.hbs:3:3
      |
    3 | a {{sender.name
      |   ^^
      |
      = help: close it with }}; to write two braces as they are, put a backslash before them: \{{
    ");
    insta::assert_snapshot!(body("a {{sender.name}\n}"), @r"
    error: a } stands where it closes nothing
     --> templates/protest.en.hbs:3:16
      |
    3 | a {{sender.name}
      |                ^
      |
      = help: {{ closes with }}, and {{{ with }}}
    ");
    insta::assert_snapshot!(body("a {{{{raw}}}} b {{{{/raw}}}}"), @r"
    error: four braces are not used here
     --> templates/protest.en.hbs:3:3
      |
    3 | a {{{{raw}}}} b {{{{/raw}}}}
      |   ^^^^
      |
      = help: write {{ and }}
    ");
    insta::assert_snapshot!(body("a {{fact \"killed}} b"), @r#"
    error: a quote is opened here and not closed
     --> templates/protest.en.hbs:3:10
      |
    3 | a {{fact "killed}} b
      |          ^
      |
      = help: close the quote inside the {{ }}; backslashes and braces cannot stand in it
    "#);
    insta::assert_snapshot!(body("a {{sender.na\\me}} b"), @r"
    error: a backslash stands inside {{ }}
     --> templates/protest.en.hbs:3:14
      |
    3 | a {{sender.na\me}} b
      |              ^
      |
      = help: take it out: inside {{ }} a backslash means nothing
    ");
    insta::assert_snapshot!(body("a {{}} b"), @r#"
    error: this cannot be read as a part of a template
     --> templates/protest.en.hbs:3:3
      |
    3 | a {{}} b
      |   ^^^^
      |
      = help: names look like {{sender.name}}, blocks like {{#if message}} … {{/if}}, figures like {{fact "killed"}}
    "#);
    insta::assert_snapshot!(body("a {{sender name=}} b"), @r#"
    error: this cannot be read as a part of a template
     --> templates/protest.en.hbs:3:3
      |
    3 | a {{sender name=}} b
      |   ^^^^^^^^^^^^^^^^
      |
      = help: names look like {{sender.name}}, blocks like {{#if message}} … {{/if}}, figures like {{fact "killed"}}
    "#);
}

#[test]
fn blocks_close_what_they_opened() {
    insta::assert_snapshot!(body("{{#if message}}\nx"), @r"
    error: {{#if}} is opened here and never closed
     --> templates/protest.en.hbs:3:1
      |
    3 | {{#if message}}
      | ^^^^^^^^^^^^^^^
      |
      = help: close it where the block ends, for example {{/if}}
    ");
    insta::assert_snapshot!(body("{{#if message}}x{{/unless}}"), @r"
    error: {{#if}} is closed by {{/unless}}
     --> templates/protest.en.hbs:3:17
      |
    3 | {{#if message}}x{{/unless}}
      |                 ^^^^^^^^^^^
      |
      = help: close the block that was opened last first
    ");
    insta::assert_snapshot!(body("x{{/if}}"), @r"
    error: {{/if}} closes a block that was never opened
     --> templates/protest.en.hbs:3:2
      |
    3 | x{{/if}}
      |  ^^^^^^^
      |
      = help: take it out, or open the block above
    ");
    insta::assert_snapshot!(body("x{{else}}y"), @r"
    error: {{else}} stands outside any block
     --> templates/protest.en.hbs:3:2
      |
    3 | x{{else}}y
      |  ^^^^^^^^
      |
      = help: open the block above it: {{#if message}}
    ");
    insta::assert_snapshot!(body("{{#> signature}}x{{/signature}}"), @r"
    error: {{#> …}} is not used here
     --> templates/protest.en.hbs:3:1
      |
    3 | {{#> signature}}x{{/signature}}
      | ^^^^^^^^^^^^^^^^
      |
      = help: a part that several letters share stands in templates/partials and is called with {{> name}}
    ");
    insta::assert_snapshot!(body("{{#*inline \"x\"}}x{{/inline}}"), @r#"
    error: {{#* …}} is not used here
     --> templates/protest.en.hbs:3:1
      |
    3 | {{#*inline "x"}}x{{/inline}}
      | ^^^^^^^^^^^^^^^^
      |
      = help: a part that several letters share stands in templates/partials and is called with {{> name}}
    "#);
}

// 35
#[test]
fn partials_in_a_circle_are_refused() {
    insta::assert_snapshot!(check(&[
        ("protest.en.hbs", "Subject: S\n\n{{> a}}\n"),
        ("partials/a.hbs", "{{> b}}"),
        ("partials/b.hbs", "x {{> a}}"),
    ]), @r"
    error: partials call each other in a circle: a → b → a
     --> templates/partials/b.hbs:1:7
      |
    1 | x {{> a}}
      |       ^
      |
      = help: take one of the calls out
    ");
}

// 35
#[test]
fn what_would_overflow_the_stack_is_refused_before_it_is_parsed() {
    let deep = |open: &str, close: &str, times: usize| body(&format!("{}x{}", open.repeat(times), close.repeat(times)));
    assert_eq!(deep("{{#if message}}", "{{/if}}", 32), "");
    insta::assert_snapshot!(deep("{{#if message}}", "{{/if}}", 5000).lines().next().unwrap(), @"error: blocks stand more than 32 deep in one another");
    let calls = |times: usize| {
        body(&format!(
            "{{{{#if {}message{}}}}}x{{{{/if}}}}",
            "(not ".repeat(times),
            ")".repeat(times)
        ))
    };
    assert_eq!(calls(16), "");
    insta::assert_snapshot!(calls(10_000).lines().next().unwrap(), @"error: brackets stand more than 16 deep in one another");
    let chain = format!(
        "{{{{#if message}}}}x{}{{{{/if}}}}",
        "{{else if message}}y".repeat(10_000)
    );
    insta::assert_snapshot!(body(&chain).lines().next().unwrap(), @"error: blocks stand more than 32 deep in one another");
    let lists = format!("{{{{eq message {}}}}}", "[".repeat(10_000));
    assert!(body(&lists).contains("a [ is opened here and not closed"));
    assert!(body(&"{{message}} ".repeat(2001)).contains("more than 2,000"));
    assert!(body(&"x".repeat((1 << 20) - HEAD.len() - 1)).is_empty());
    assert!(body(&"x".repeat(1 << 20)).contains("is too long: 1.1 MiB"));
}

// 35
#[test]
fn partials_that_grow_without_end_are_refused() {
    let mut files = vec![("protest.en.hbs".to_owned(), format!("{HEAD}{{{{> p0}}}}\n"))];
    for nth in 0..12 {
        let text = format!("{{{{> p{}}}}}", nth + 1).repeat(10);
        files.push((format!("partials/p{nth}.hbs"), text));
    }
    files.push(("partials/p12.hbs".to_owned(), "boom".to_owned()));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    insta::assert_snapshot!(check(&files), @r"
    error: with its partials the letter comes to more than 1 MiB
     |
     = in templates/protest.en.hbs
     = help: a letter has one page: call fewer partials
    ");
}

// 35
#[test]
fn partials_that_call_one_another_too_deep_are_refused() {
    let chain = |length: usize| {
        let mut files = vec![("protest.en.hbs".to_owned(), format!("{HEAD}{{{{> p1}}}}\n"))];
        for nth in 1..length {
            files.push((format!("partials/p{nth}.hbs"), format!("{{{{> p{}}}}}", nth + 1)));
        }
        files.push((format!("partials/p{length}.hbs"), "end".to_owned()));
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        check(&files)
    };
    assert_eq!(chain(16), "");
    insta::assert_snapshot!(chain(17), @r"
    error: partials call one another more than 16 deep
     --> templates/partials/p16.hbs:1:5
      |
    1 | {{> p17}}
      |     ^^^
      |
      = help: put some of them together
    ");
}

#[test]
fn a_partial_that_is_not_there_is_named_with_those_that_are() {
    insta::assert_snapshot!(check(&[
        ("protest.en.hbs", "Subject: {{> signature}}\n\n{{> signatur}} {{> closing}} {{> legal}} {{> (x)}} {{> signature message}} {{> signature sender.nam}}\n"),
        ("partials/signature.hbs", "x"),
        ("partials/legal.fr.hbs", "x"),
    ]), @r"
    error: a partial cannot stand in the subject
     --> templates/protest.en.hbs:1:10
      |
    1 | Subject: {{> signature}}
      |          ^^^^^^^^^^^^^^^
      |
      = help: write its text out

    error: there is no partial `signatur`
     --> templates/protest.en.hbs:3:5
      |
    3 | {{> signatur}} {{> closing}} {{> legal}} {{> (x)}} {{> signature message}} {{> signature send...
      |     ^^^^^^^^
      |
      = help: did you mean `signature`?

    error: there is no partial `closing`
     --> templates/protest.en.hbs:3:20
      |
    3 | {{> signatur}} {{> closing}} {{> legal}} {{> (x)}} {{> signature message}} {{> signature send...
      |                    ^^^^^^^
      |
      = help: there are: legal, signature

    error: the partial `legal` has no text in en
     --> templates/protest.en.hbs:3:34
      |
    3 | {{> signatur}} {{> closing}} {{> legal}} {{> (x)}} {{> signature message}} {{> signature send...
      |                                  ^^^^^
      |
      = help: write it to templates/partials/legal.en.hbs, or for all languages to templates/partials/legal.hbs

    error: a partial's name cannot be put together
     --> templates/protest.en.hbs:3:42
      |
    3 | {{> signatur}} {{> closing}} {{> legal}} {{> (x)}} {{> signature message}} {{> signature send...
      |                                          ^^^^^^^^^
      |
      = help: write its name out: {{> signature}}

    error: a partial is called with a whole group, or with names
     --> templates/protest.en.hbs:3:52
      |
    3 | {{> signatur}} {{> closing}} {{> legal}} {{> (x)}} {{> signature message}} {{> signature send...
      |                                                    ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: give it a name: {{> signature office=recipient.office}}

    error: `sender.nam` is not defined
     --> templates/protest.en.hbs:3:90
      |
    3 | ...} {{> signature message}} {{> signature sender.nam}}
      |                                            ^^^^^^^^^^
      |
      = help: did you mean sender.name?
    ");
}

#[test]
fn a_partial_knows_what_its_call_gives_it() {
    assert_eq!(
        check(&[
            (
                "protest.en.hbs",
                "Subject: S\n\n{{> a sender}}{{> b x=message y=\"z\"}}{{#with recipient}}{{> c}}{{/with}}\n"
            ),
            ("partials/a.hbs", "{{name}} {{city}}"),
            ("partials/b.hbs", "{{x}} {{y}} {{message}} {{> d}}"),
            ("partials/c.hbs", "{{salutation}}"),
            ("partials/d.hbs", "{{x}}"),
        ]),
        ""
    );
    insta::assert_snapshot!(check(&[
        ("protest.en.hbs", "Subject: S\n\n{{> a sender}} {{> b message=\"x\"}}\n"),
        ("partials/a.hbs", "{{sender.name}} {{citty}} {{message}} {{name.first}} {{x}}"),
        ("partials/b.hbs", "x"),
    ]), @r#"
    error: `sender.name` is not defined
     --> templates/partials/a.hbs:1:3
      |
    1 | {{sender.name}} {{citty}} {{message}} {{name.first}} {{x}}
      |   ^^^^^^^^^^^
      |
      = help: you are inside sender here: write {{name}}

    error: `citty` is not defined
     --> templates/partials/a.hbs:1:19
      |
    1 | {{sender.name}} {{citty}} {{message}} {{name.first}} {{x}}
      |                   ^^^^^
      |
      = help: did you mean city?

    error: `message` is not defined
     --> templates/partials/a.hbs:1:29
      |
    1 | {{sender.name}} {{citty}} {{message}} {{name.first}} {{x}}
      |                             ^^^^^^^
      |
      = help: you are inside sender here: write {{@root.message}}

    error: `name.first` is not defined
     --> templates/partials/a.hbs:1:41
      |
    1 | {{sender.name}} {{citty}} {{message}} {{name.first}} {{x}}
      |                                         ^^^^^^^^^^
      |
      = help: sender.name is one text, there is nothing inside it

    error: `x` is not defined
     --> templates/partials/a.hbs:1:56
      |
    1 | {{sender.name}} {{citty}} {{message}} {{name.first}} {{x}}
      |                                                        ^
      |
      = help: you are inside sender here, which has: city, country, email, language, name

    error: `message` means something else already
     --> templates/protest.en.hbs:3:22
      |
    3 | {{> a sender}} {{> b message="x"}}
      |                      ^^^^^^^
      |
      = help: give it another name
    "#);
}

// 36
#[cfg(unix)]
#[test]
fn a_file_that_leads_out_of_the_folder_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.hbs"), "Subject: S\n\nsecret\n").unwrap();
    let (dir, ..) = load_files(&[(
        "templates/protest.en.hbs",
        b"Subject: S\n\n{{> x}} {{> ../x}} {{> /etc/passwd}}\n",
    )]);
    fs::create_dir(dir.path().join("templates/partials")).unwrap();
    std::os::unix::fs::symlink(
        outside.path().join("x.hbs"),
        dir.path().join("templates/partials/x.hbs"),
    )
    .unwrap();
    std::os::unix::fs::symlink(
        outside.path().join("x.hbs"),
        dir.path().join("templates/protest.fr.hbs"),
    )
    .unwrap();
    insta::assert_snapshot!(load_in(dir.path()).1, @r"
    error: templates/protest.fr.hbs leads out of the campaign's folder
     |
     = in templates/protest.fr.hbs
     = help: put the file itself there instead of a link: a campaign must be whole when it is handed on

    error: templates/partials/x.hbs leads out of the campaign's folder
     |
     = in templates/partials/x.hbs
     = help: put the file itself there instead of a link: a campaign must be whole when it is handed on

    error: there is no partial `x`
     --> templates/protest.en.hbs:3:5
      |
    3 | {{> x}} {{> ../x}} {{> /etc/passwd}}
      |     ^
      |
      = help: write it to templates/partials/x.hbs

    error: there is no partial `../x`
     --> templates/protest.en.hbs:3:13
      |
    3 | {{> x}} {{> ../x}} {{> /etc/passwd}}
      |             ^^^^
      |
      = help: a partial is a file of templates/partials, named without folder, ending and quotes

    error: there is no partial `/etc/passwd`
     --> templates/protest.en.hbs:3:24
      |
    3 | {{> x}} {{> ../x}} {{> /etc/passwd}}
      |                        ^^^^^^^^^^^
      |
      = help: a partial is a file of templates/partials, named without folder, ending and quotes
    ");
}

// 37
#[test]
fn a_letter_needs_one_subject_on_one_line() {
    insta::assert_snapshot!(head("Format: text"), @r"
    error: the letter has no subject
     --> templates/protest.en.hbs:1:1
      |
    1 | Format: text
      | ^^^^^^^^^^^^
      |
      = help: begin the file with a line `Subject: …`, then an empty line, then the letter
    ");
    insta::assert_snapshot!(head("Subject:  "), @r"
    error: the subject is empty
     --> templates/protest.en.hbs:1:1
      |
    1 | Subject:  
      | ^^^^^^^^^^
      |
      = help: write it after `Subject:`
    ");
    insta::assert_snapshot!(head("Subject: a\nsubject: b"), @r"
    error: the letter has two subjects
     --> templates/protest.en.hbs:2:1
      |
    2 | subject: b
      | ^^^^^^^
      |
      = help: keep one `Subject:` line
    ");
    insta::assert_snapshot!(head("Subject: a\n b"), @r"
    error: a header line goes on here
     --> templates/protest.en.hbs:2:1
      |
    2 |  b
      | ^^
      |
      = help: write each header on one line, however long it is
    ");
    insta::assert_snapshot!(head("Dear Sir or Madam,"), @r"
    error: this is not a header line, and there is no empty line above it
     --> templates/protest.en.hbs:1:1
      |
    1 | Dear Sir or Madam,
      | ^^^^^^^^^^^^^^^^^^
      |
      = help: put an empty line between the header lines and the letter
    ");
    insta::assert_snapshot!(check(&[("protest.en.hbs", "")]), @r"
    error: the letter has no subject
     --> templates/protest.en.hbs:1:1
      |
    1 |
      | ^
      |
      = help: begin the file with a line `Subject: …`, then an empty line, then the letter
    ");
    assert_eq!(head(&format!("Subject: {}", "é".repeat(255))), "");
    assert!(head(&format!("Subject: {}", "é".repeat(256))).contains("the subject is too long: 256 characters"));
}

// 38
#[test]
fn a_letter_needs_a_text() {
    insta::assert_snapshot!(check(&[("protest.en.hbs", "Subject: S\n\n \n{{! nothing }}\n")]), @r"
    error: the letter has no text
     |
     = in templates/protest.en.hbs
     = help: write it below the header lines, after an empty line
    ");
    insta::assert_snapshot!(check(&[("protest.en.hbs", "Subject: S\n")]), @r"
    error: the letter has no text
     |
     = in templates/protest.en.hbs
     = help: write it below the header lines, after an empty line
    ");
}

// 40
#[test]
fn what_a_draft_leaves_behind_is_warned_about() {
    insta::assert_snapshot!(body("Dear [NAME], TODO: XXX Lorem ipsum dolor [VOTRE VILLE] [UN](https://un.example) [1] [see] mastodon {{recipient.[First Name]}}"), @r"
    warning[left-over]: `[NAME]` looks like a place that was to be filled in
     --> templates/protest.en.hbs:3:6
      |
    3 | Dear [NAME], TODO: XXX Lorem ipsum dolor [VOTRE VILLE] [UN](https://un.example) [1] [see] mas...
      |      ^^^^^^
      |
      = help: write what belongs there, or take it out

    warning[left-over]: `TODO` looks left over from a draft
     --> templates/protest.en.hbs:3:14
      |
    3 | Dear [NAME], TODO: XXX Lorem ipsum dolor [VOTRE VILLE] [UN](https://un.example) [1] [see] mas...
      |              ^^^^
      |
      = help: write what belongs there, or take it out

    warning[left-over]: `XXX` looks left over from a draft
     --> templates/protest.en.hbs:3:20
      |
    3 | Dear [NAME], TODO: XXX Lorem ipsum dolor [VOTRE VILLE] [UN](https://un.example) [1] [see] mas...
      |                    ^^^
      |
      = help: write what belongs there, or take it out

    warning[left-over]: `Lorem ipsum` looks left over from a draft
     --> templates/protest.en.hbs:3:24
      |
    3 | Dear [NAME], TODO: XXX Lorem ipsum dolor [VOTRE VILLE] [UN](https://un.example) [1] [see] mas...
      |                        ^^^^^^^^^^^
      |
      = help: write what belongs there, or take it out

    warning[left-over]: `[VOTRE VILLE]` looks like a place that was to be filled in
     --> templates/protest.en.hbs:3:42
      |
    3 | Dear [NAME], TODO: XXX Lorem ipsum dolor [VOTRE VILLE] [UN](https://un.example) [1] [see] mas...
      |                                          ^^^^^^^^^^^^^
      |
      = help: write what belongs there, or take it out
    ");
}

#[test]
fn hidden_characters_in_a_letter_are_named() {
    insta::assert_snapshot!(check(&[("protest.en.hbs", "Subject: a\u{1b}b\n\nc\u{0}d\n{{date}}e\u{202e}f\n")]), @r"
    error: the text contains the hidden character U+001B
     --> templates/protest.en.hbs:1:11
      |
    1 | Subject: a^[b
      |           ^^
      |
      = help: delete it and what stands beside it, and type that again

    error: the text contains the hidden character U+0000
     --> templates/protest.en.hbs:3:2
      |
    3 | c^@d
      |  ^^
      |
      = help: delete it and what stands beside it, and type that again

    warning: the text contains the hidden character U+202E
     --> templates/protest.en.hbs:4:10
      |
    4 | {{date}}e<U+202E>f
      |          ^^^^^^^^
      |
      = help: it turns the direction of the text; if that is not meant, delete it
    ");
}

// 41
#[test]
fn a_template_never_adds_an_address() {
    insta::assert_snapshot!(head("Subject: S\nBcc: x@y.example\nTo : a\nReply-To: b\nX-Mailer: c\nSubjekt: d"), @r"
    error: `Bcc` cannot stand in a template: a template never adds an address
     --> templates/protest.en.hbs:2:1
      |
    2 | Bcc: x@y.example
      | ^^^
      |
      = help: addresses come from recipients.csv, from `cc` in a [[letter]] and from [sender] only; take the line out

    error: `To` cannot stand in a template: a template never adds an address
     --> templates/protest.en.hbs:3:1
      |
    3 | To : a
      | ^^^
      |
      = help: addresses come from recipients.csv, from `cc` in a [[letter]] and from [sender] only; take the line out

    error: `Reply-To` cannot stand in a template: a template never adds an address
     --> templates/protest.en.hbs:4:1
      |
    4 | Reply-To: b
      | ^^^^^^^^
      |
      = help: addresses come from recipients.csv, from `cc` in a [[letter]] and from [sender] only; take the line out

    error: unknown header line `X-Mailer`
     --> templates/protest.en.hbs:5:1
      |
    5 | X-Mailer: c
      | ^^^^^^^^
      |
      = help: only Subject, Format and Attach may stand above the empty line; if this belongs to the letter, put an empty line above it

    error: unknown header line `Subjekt`
     --> templates/protest.en.hbs:6:1
      |
    6 | Subjekt: d
      | ^^^^^^^
      |
      = help: did you mean `Subject`?
    ");
}

#[test]
fn format_and_attach_are_read() {
    let files: [(&str, &[u8]); 3] = [
        (
            "templates/protest.en.hbs",
            b"subject: S\r\nFORMAT: markdown\r\nAttach: a.pdf, b.pdf\r\nAttach: a.pdf\r\n\r\nText\r\nend",
        ),
        ("a.pdf", b""),
        ("b.pdf", b""),
    ];
    let (_dir, loaded, said) = load_files(&files);
    assert_eq!(said, "");
    let templates = loaded.input.unwrap().campaign.templates.clone();
    let (_, _, template) = templates.iter().next().unwrap();
    assert_eq!(template.format, Some(Format::Markdown));
    let names: Vec<&str> = template.attach.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a.pdf", "b.pdf"]);
    assert_eq!(Handlebars::new().render_template("x", &()).unwrap(), "x");
    insta::assert_snapshot!(head("Subject: S\nFormat: html\nAttach: , ../x.pdf, none.pdf"), @r"
    error: `Format` cannot be `html`
     --> templates/protest.en.hbs:2:9
      |
    2 | Format: html
      |         ^^^^
      |
      = help: write `Format: text` or `Format: markdown`

    error: a path is empty
     --> templates/protest.en.hbs:3:9
      |
    3 | Attach: , ../x.pdf, none.pdf
      |         ^^^^^^^^^^^^^^^^^^^^
      |
      = help: write paths with commas between them

    error: `../x.pdf` leads out of the campaign's folder
     --> templates/protest.en.hbs:3:11
      |
    3 | Attach: , ../x.pdf, none.pdf
      |           ^^^^^^^^
      |
      = help: copy the file into the folder and name it from there: a campaign must be whole when it is handed on

    error: there is no file `none.pdf`
     --> templates/protest.en.hbs:3:21
      |
    3 | Attach: , ../x.pdf, none.pdf
      |                     ^^^^^^^^
      |
      = help: put the file there, or fix the path
    ");
}

// 42
#[test]
fn a_stale_fact_stops_the_letters_that_use_it() {
    insta::assert_snapshot!(check(&[
        ("protest.en.hbs", "Subject: S\n\n{{> figures}}\n"),
        ("partials/figures.hbs", "{{fact \"stale\"}}"),
        ("unused.en.hbs", "Subject: S\n\n{{fact \"stale\"}}\n"),
    ]), @r#"
    warning: no letter uses the template `unused`
     |
     = in templates
     = help: name it under `template` in a [[letter]], or delete it

    error: the fact `stale` is out of date since 2011-12-16T00:00:00Z
     --> templates/partials/figures.hbs:1:9
      |
    1 | {{fact "stale"}}
      |         ^^^^^
      |
      = help: ask whoever gave you this campaign for the campaign's new files, and put in no figure of your own; whoever organises it asks the committee, and writes the new figure, as-of and expires under [facts.stale] in config.toml
    "#);
}

#[test]
fn a_fact_must_be_there_in_the_letters_language() {
    insta::assert_snapshot!(check(&[
        ("protest.en.hbs", "Subject: S\n\n{{fact \"kiled\"}} {{fact killed}} {{fact \"x\" \"y\"}} {{as_of \"jailed\"}} {{source \"jailed\"}} {{fact \"other\"}}\n"),
        ("protest.fr.hbs", "Subject: S\n\n{{fact \"killed\"}} {{fact \"jailed\"}}\n"),
    ]), @r#"
    error: there is no fact `kiled`
     --> templates/protest.en.hbs:3:9
      |
    3 | {{fact "kiled"}} {{fact killed}} {{fact "x" "y"}} {{as_of "jailed"}} {{source "jailed"}} {{fa...
      |         ^^^^^
      |
      = help: did you mean "killed"?

    error: `fact` cannot be used like this
     --> templates/protest.en.hbs:3:20
      |
    3 | {{fact "kiled"}} {{fact killed}} {{fact "x" "y"}} {{as_of "jailed"}} {{source "jailed"}} {{fa...
      |                    ^^^^
      |
      = help: name one fact, in quotes: {{fact "killed"}}

    error: `fact` cannot be used like this
     --> templates/protest.en.hbs:3:36
      |
    3 | {{fact "kiled"}} {{fact killed}} {{fact "x" "y"}} {{as_of "jailed"}} {{source "jailed"}} {{fa...
      |                                    ^^^^
      |
      = help: name one fact, in quotes: {{fact "killed"}}

    error: the fact `jailed` has no time
     --> templates/protest.en.hbs:3:60
      |
    3 | {{fact "kiled"}} {{fact killed}} {{fact "x" "y"}} {{as_of "jailed"}} {{source "jailed"}} {{fa...
      |                                                            ^^^^^^
      |
      = help: add one under [facts.jailed]: as-of = 2011-12-16T18:54:00+01:00

    error: the fact `jailed` has no source
     --> templates/protest.en.hbs:3:80
      |
    3 | {{fact "kiled"}} {{fact killed}} {{fact "x" "y"}} {{as_of "jailed"}} {{source "jailed"}} {{fa...
      |                                                                                ^^^^^^
      |
      = help: add one under [facts.jailed]: source = "who says so"

    error: there is no fact `other`
     --> templates/protest.en.hbs:3:98
      |
    3 | ...of "jailed"}} {{source "jailed"}} {{fact "other"}}
      |                                              ^^^^^
      |
      = help: add it to config.toml:
              [facts.other]
              value = "…"

    error: the fact `jailed` has no text in fr
     --> templates/protest.fr.hbs:3:27
      |
    3 | {{fact "killed"}} {{fact "jailed"}}
      |                           ^^^^^^
      |
      = help: add one under [facts.jailed]: value = { …, fr = "…" }
    "#);
    let files: [(&str, &[u8]); 2] = [
        ("templates/protest.en.hbs", b"Subject: {{fact \"jailed\"}}\n\n{{> p}}\n"),
        (
            "templates/partials/p.hbs",
            b"{{#if message}}{{source \"killed\"}}{{/if}}",
        ),
    ];
    let (_dir, loaded, said) = load_files(&files);
    assert_eq!(said, "");
    let templates = loaded.input.unwrap().campaign.templates.clone();
    let facts: Vec<&str> = templates
        .iter()
        .flat_map(|(_, _, template)| &template.facts)
        .map(String::as_str)
        .collect();
    assert_eq!(facts, ["jailed", "killed"]);
}

// 43
#[test]
fn a_template_that_is_no_utf_8_says_where() {
    let (_dir, _, said) = load_files(&[("templates/protest.en.hbs", b"Subject: S\n\nZ\xfcrich\n")]);
    insta::assert_snapshot!(said, @r"
    error: the file is written in an old encoding such as Latin-1 or Windows-1252, not in UTF-8
     --> templates/protest.en.hbs:3:2
      |
    3 | Z�rich
      |  ^
      |
      = help: open it in a text editor and save it again with the encoding UTF-8 (in Notepad: Save as, Encoding: UTF-8)
    ");
    assert_eq!(check(&[("protest.en.hbs", "\u{feff}Subject: S\n\nx\n")]), "");
}

// 44
#[test]
fn a_language_that_one_letter_lacks_is_warned_about() {
    let config = CONFIG.replace(
        "[facts.killed]",
        "[[letter]]\nid = \"thanks\"\nto = [\"embassy\"]\n[facts.killed]",
    );
    let text = b"Subject: S\n\nx\n";
    let (_dir, _, said) = load_files(&[
        ("config.toml", config.as_bytes()),
        ("templates/protest.en.hbs", text),
        ("templates/protest.fr.hbs", text),
        ("templates/thanks.nl.hbs", text),
    ]);
    insta::assert_snapshot!(said, @r"
    warning[missing-language]: the letter `protest` has no text in nl, and `thanks` has
     |
     = in templates
     = help: whoever reads only that gets it in another language; to translate it, write templates/protest.nl.hbs

    warning[missing-language]: the letter `thanks` has no text in en, the campaign's language
     |
     = in templates
     = help: whoever reads none of its other languages cannot be written to; to translate it, write templates/thanks.en.hbs

    warning[missing-language]: the letter `thanks` has no text in fr, and `protest` has
     |
     = in templates
     = help: whoever reads only that gets it in another language; to translate it, write templates/thanks.fr.hbs
    ");
}

#[test]
fn a_letter_without_any_file_is_refused() {
    insta::assert_snapshot!(check(&[("portest.en.hbs", "Subject: S\n\nx\n")]), @r#"
    error: the letter `protest` has no text in any language
     |
     = in templates
     = help: write it to templates/protest.en.hbs; or did you mean `template = "portest"` in its [[letter]]?

    warning: no letter uses the template `portest`
     |
     = in templates
     = help: name it under `template` in a [[letter]], or delete it
    "#);
    insta::assert_snapshot!(load_files(&[]).2, @r"
    error: there is no folder templates
     |
     = in templates
     = help: make it and write the letters there: protest.en.hbs; or start from the example: appel new DIR
    ");
}

#[test]
fn a_files_name_says_letter_and_language() {
    insta::assert_snapshot!(check(&[
        ("protest.en.hbs", "Subject: S\n\nx\n"),
        ("protest.EN.hbs", "Subject: S\n\nx\n"),
        ("protest.hbs", "Subject: S\n\nx\n"),
        ("protest.fre.hbs", "Subject: S\n\nx\n"),
        ("notes.txt", "x"),
    ]), @r"
    error: templates/protest.en.hbs and templates/protest.EN.hbs are for the same letter and language
     |
     = in templates/protest.en.hbs
     = help: keep one of them

    error: there is no language with the code fre
     |
     = in templates/protest.fre.hbs
     = help: did you mean protest.fr.hbs?

    error: the name of templates/protest.hbs says no language
     |
     = in templates/protest.hbs
     = help: rename it: protest.en.hbs
    ");
}

#[test]
fn nothing_is_fetched_and_no_link_tells_readers_apart() {
    insta::assert_snapshot!(check(&[
        (
            "protest.en.hbs",
            "Subject: S\nFormat: markdown\n\n![logo](https://x.example/a.png) <img src=\"x\"> [us](https://x.example/?u={{recipient.email}})\n\n{{> p}}\n"
        ),
        ("partials/p.hbs", "![pixel][p]\n\n[p]: https://x.example/p.gif\n"),
    ]), @r#"
    error: the link holds `recipient.email`: it differs from reader to reader
     --> templates/protest.en.hbs:4:53
      |
    4 | ![logo](https://x.example/a.png) <img src="x"> [us](https://x.example/?u={{recipient.email}})
      |                                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: use the same link for everyone: one of its own tells who opened the letter

    error: pictures cannot stand in a letter
     --> templates/protest.en.hbs:4:1
      |
    4 | ![logo](https://x.example/a.png) <img src="x"> [us](https://x.example/?u={{recipient.email}})
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: attach the picture instead (`attach` in the [[letter]]): one that is fetched tells who opened the letter, and when

    error: this HTML can fetch something from elsewhere
     --> templates/protest.en.hbs:4:34
      |
    4 | ![logo](https://x.example/a.png) <img src="x"> [us](https://x.example/?u={{recipient.email}})
      |                                  ^^^^^^^^^^^^^
      |
      = help: take it out: what is fetched when the letter is opened tells who opened it, and when

    error: pictures cannot stand in a letter
     --> templates/partials/p.hbs:1:1
      |
    1 | ![pixel][p]
      | ^^^^^^^^^^^
      |
      = help: attach the picture instead (`attach` in the [[letter]]): one that is fetched tells who opened the letter, and when
    "#);
    assert_eq!(
        body(
            "<img> ![x](y) https://x.example/?c={{campaign.id}} {{recipient.email}} https://x.example/ {{recipient.email}}"
        ),
        ""
    );
}

#[test]
fn partials_are_those_of_the_letters_language() {
    let (_dir, loaded, said) = load_files(&[
        ("templates/protest.en.hbs", b"Subject: S\n\n{{> p}}\n"),
        ("templates/protest.fr-BE.hbs", b"Subject: S\n\n{{> p}}\n"),
        ("templates/partials/p.hbs", b"general"),
        ("templates/partials/p.fr.hbs", b"french"),
    ]);
    assert_eq!(said, "");
    let templates = loaded.input.unwrap().campaign.templates.clone();
    let text = |tag: &str| {
        let language = Language::parse(tag).unwrap();
        let (name, partial) = templates.partials(&language).next().unwrap();
        assert_eq!(name, "p");
        format!("{:?}", partial.elements)
    };
    assert_eq!(text("fr-BE"), "[RawString(\"french\")]");
    assert_eq!(text("en"), "[RawString(\"general\")]");
}

/// Renders a letter as strictly as it will be rendered, `filled` in every place where something may be missing.
fn render(templates: &Templates, filled: &str) -> Result<String, String> {
    handlebars_helper!(text: |name: String| name);
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(handlebars::no_escape);
    for helper in ["fact", "source", "as_of"] {
        registry.register_helper(helper, Box::new(text));
    }
    let (_, language, template) = templates.iter().next().unwrap();
    for (name, partial) in templates.partials(language) {
        registry.register_template(name, partial.clone());
    }
    registry.register_template("subject\0", template.subject.clone());
    registry.register_template("body\0", template.body.clone());
    let recipient: BTreeMap<&str, &str> = [
        "role",
        "name",
        "email",
        "salutation",
        "First Name",
        "country",
        "language",
        "cc",
        "title",
        "gender",
    ]
    .map(|column| (column, filled))
    .into();
    let data = serde_json::json!({
        "sender": {"name": "Me", "email": "e", "country": "BE", "language": "en", "city": "B"}, "recipient": recipient,
        "campaign": {"id": "c", "title": "T", "language": "en", "deadline": filled}, "message": filled, "date": "d",
    });
    let render = |name| registry.render(name, &data).map_err(|error| error.to_string());
    Ok(render("subject\0")? + "\n" + &render("body\0")?)
}

#[test]
fn places_are_those_of_the_file_when_rendering_too() {
    let (_dir, loaded, _) = load_files(&[(
        "templates/protest.en.hbs",
        b"Format: text\nSubject: {{date}}\n\na\n  {{#if message}}\n{{date}}{{/if}}",
    )]);
    let templates = loaded.input.unwrap().campaign.templates.clone();
    let (_, _, template) = templates.iter().next().unwrap();
    let place = |template: &handlebars::Template, at: usize| (template.mapping[at].0, template.mapping[at].1);
    assert_eq!(place(&template.subject, 0), (2, 10));
    assert_eq!(place(&template.body, 1), (5, 3));
    assert_eq!(render(&templates, "").unwrap(), "d\na\n");
    assert_eq!(render(&templates, "x").unwrap(), "d\na\nd");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let letter = [HEAD.as_bytes(), &bytes].concat();
        load_files(&[("templates/protest.en.hbs", &letter), ("templates/protest.fr.hbs", &bytes), ("templates/partials/p.hbs", &bytes)]);
    }

    #[test]
    fn no_text_makes_it_panic(
        subject in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..6),
        body in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..30),
        partial in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..12),
    ) {
        let letter = format!("Subject: S{}\n\nx{}", subject.concat(), body.concat());
        load_files(&[("templates/protest.en.hbs", letter.as_bytes()), ("templates/partials/p.hbs", partial.concat().as_bytes())]);
    }

    #[test]
    fn what_passes_is_rendered(letter in some_text(), partial in some_text(), other in some_text()) {
        let letter = format!("Subject: S {{{{date}}}}\n\nx{letter}");
        let files: [(&str, &[u8]); 3] = [
            ("templates/protest.en.hbs", letter.as_bytes()),
            ("templates/partials/p.hbs", partial.as_bytes()),
            ("templates/partials/q.hbs", other.as_bytes()),
        ];
        let (_dir, loaded, said) = load_files(&files);
        match loaded.input {
            Some(input) => {
                for filled in ["", "d"] {
                    let rendered = render(&input.campaign.templates, filled);
                    prop_assert!(rendered.is_ok(), "{rendered:?} of {letter:?} {partial:?} {other:?}");
                }
            }
            // Every text is one that the parser can read: only the lint has something to say.
            None => prop_assert!(!said.contains("cannot be read"), "{said}"),
        }
    }
}

/// A text in which most names mean something, somewhere.
fn some_text() -> impl Strategy<Value = String> {
    let one = |from: &'static [&'static str]| prop::sample::select(from.to_vec()).prop_map(ToOwned::to_owned);
    let leaf = prop_oneof![4 => one(GOOD), 1 => one(ODD)];
    let text = leaf.prop_recursive(4, 24, 5, move |inner| {
        let inside = prop::collection::vec(inner, 0..5).prop_map(|parts| parts.concat());
        prop_oneof![
            inside.clone(),
            (prop::sample::select(QUESTIONS.to_vec()), inside.clone(), inside.clone()).prop_map(
                |(question, yes, no)| format!(
                    "{{{{#{question}}}}}{yes}{{{{else}}}}{no}{{{{/{}}}}}",
                    question.split(' ').next().unwrap()
                )
            ),
            inside.prop_map(|inner| format!("{{{{#if message}}}}{inner}{{{{else if (not date)}}}}{inner}{{{{/if}}}}")),
        ]
    });
    prop::collection::vec(text, 0..3).prop_map(|parts| parts.concat())
}

const GOOD: &[&str] = &[
    "{{date}}",
    "{{message}}",
    "{{sender.name}}",
    "{{recipient.[First Name]}}",
    "{{fact \"killed\"}}",
    "{{@root.sender.city}}",
    "\n",
    " x ",
    "{{! c }}",
    "{{~@root.date~}}",
    "\\{{x}}",
    "{{> p}}",
    "{{> q}}",
    "{{> q x=@root.date}}",
];
const ODD: &[&str] = &[
    "{{name}}",
    "{{../date}}",
    "{{../../date}}",
    "{{@root.x}}",
    "{{x}}",
    "{{this.name}}",
    "{{this}}",
    "{{@index}}",
    "{{sender}}",
    "{{> q sender}}",
    "{{> p @root.recipient}}",
    "{{> q x=name}}",
    "{{sender/name}}",
    "{{./date}}",
    "{{len message}}",
    "{{eq date 'x'}}",
    "{{@root.recipient.name}}",
    "{{city}}",
    "{{> q this}}",
    "{{salutation}}",
    "{{#with @root.sender}}{{> q}}{{/with}}",
    "{{#with sender}}{{name}}{{../message}}{{/with}}",
];
const QUESTIONS: &[&str] = &[
    "if message",
    "if (eq date \"d\")",
    "unless sender.city",
    "with sender",
    "with @root.recipient",
    "with campaign",
    "if (and message @root.date)",
    "eq @root.date @root.message",
    "with this",
    "with ../sender",
    "if name",
    "unless (not x)",
    "if ../date",
];

const PARTS: &[&str] = &[
    "{{",
    "}}",
    "{{{",
    "}}}",
    "{{#if ",
    "{{/if}}",
    "{{#with sender}}",
    "{{/with}}",
    "{{else}}",
    "{{else if ",
    "{{^}}",
    "{{#each ",
    "{{/each}}",
    "{{> p}}",
    "{{> p sender}}",
    "{{> p x=message}}",
    "{{x}}",
    "message",
    "sender.name",
    "recipient.[First Name]",
    "name",
    "../message",
    "@root.date",
    "this",
    ".",
    "(eq message \"x\")",
    "(not ",
    "(fact \"killed\")",
    ")",
    "{{fact \"killed\"}}",
    "{{source \"killed\"}}",
    "{{!",
    "{{!--",
    "--}}",
    "~",
    "\\",
    "\\{{",
    "\"",
    "'",
    " ",
    " ",
    "\n",
    "  ",
    "é",
    "{{message}}",
    "{{name}}",
    "{{~date~}}",
    "{{#if message}}",
    "{{#unless date}}",
    "{{/unless}}",
    "[",
    "]",
    "&",
    "{{#if (or message (ne date 'x'))}}",
    "{{&sender.city}}",
    "{{{date}}}",
    "as |x|",
    "=",
    "*",
    ">",
    "#",
    "/",
    "{{len message}}",
    "{{@root.sender.city}}",
];

/// What is said of links in a letter with this body.
fn links_in(body: &str) -> Vec<String> {
    links_of(&[("protest.en.hbs", &format!("{HEAD}{body}\n"))])
}

fn links_of(files: &[(&str, &str)]) -> Vec<String> {
    let said = check(files);
    let mut found: Vec<String> = Vec::new();
    let mut lines = said.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with("error: ") && !line.starts_with("warning: ") {
            continue;
        }
        let place = lines.clone().find_map(|line| {
            let line = line.trim_start();
            line.strip_prefix("--> templates/")
                .or(line.strip_prefix("= in templates/"))
        });
        found.push(format!("{line} @{}", place.unwrap_or_default()));
    }
    found
}

fn tells(body: &str, expect: &str) {
    let found = links_in(body);
    assert_eq!(found.first().map(String::as_str), Some(expect), "{body}: {found:#?}");
}

fn tells_nothing(body: &str) {
    assert_eq!(links_in(body), [""; 0], "{body}");
}

#[test]
fn a_link_that_holds_a_value_is_refused_where_it_stands() {
    let email = "error: the link holds `recipient.email`: it differs from reader to reader";
    tells(
        "x https://x.example/?u={{recipient.email}} y",
        &format!("{email} @protest.en.hbs:3:3"),
    );
    tells(
        "x WWW.x.example/{{recipient.email}}",
        &format!("{email} @protest.en.hbs:3:3"),
    );
    tells("x.example/{{recipient.email}}", &format!("{email} @protest.en.hbs:3:1"));
    tells(
        "https://{{recipient.email}}@x.example/",
        &format!("{email} @protest.en.hbs:3:1"),
    );
    tells(
        "https://{{recipient.email}}.x.example/",
        &format!("{email} @protest.en.hbs:3:1"),
    );
    tells(
        "{{recipient.email}}.www.x.example/",
        &format!("{email} @protest.en.hbs:3:1"),
    );
    tells("{{recipient.email}}.x.example", &format!("{email} @protest.en.hbs:3:1"));
    tells(
        "{{recipient.email}}://x.example",
        &format!("{email} @protest.en.hbs:3:1"),
    );
    tells(
        "<https://x.example/\n{{recipient.email}}>",
        &format!("{email} @protest.en.hbs:4:1"),
    );
    tells(
        "ht\u{200b}tps:\u{200b}//x.example/{{recipient.email}}",
        &format!("{email} @protest.en.hbs:3:35"),
    );
    tells(
        "mailto:a+{{recipient.email}}@x.example",
        &format!("{email} @protest.en.hbs:3:1"),
    );
    tells(
        "{{#with recipient}}https://x.example/{{email}}{{/with}}",
        &format!("{email} @protest.en.hbs:3:20"),
    );
    tells(
        "{{#with sender}}https://x.example/{{@root.recipient.email}}{{/with}}",
        &format!("{email} @protest.en.hbs:3:17"),
    );
    tells(
        "{{#if message}}a{{else}}https://x.example/{{recipient.email}}{{/if}}b",
        &format!("{email} @protest.en.hbs:3:25"),
    );
    tells(
        "https://x.example/{{sender.city}}",
        "error: the link holds `sender.city`: it differs from sender to sender @protest.en.hbs:3:1",
    );
    tells(
        "https://x.example/{{message}}",
        "error: the link holds `message`: it differs from sender to sender @protest.en.hbs:3:1",
    );
    tells(
        "https://x.example/{{eq recipient.email \"a\"}}",
        "error: the link holds `(eq recipient.email \"a\")`: it differs from reader to reader @protest.en.hbs:3:1",
    );
}

#[test]
fn a_link_that_a_condition_chooses_is_refused() {
    let chooses = |what: &str, whom: &str| {
        format!("error: which link stands here depends on `{what}`: it differs from {whom} to {whom}")
    };
    for (body, what, whom) in [
        (
            "{{#if (eq recipient.email \"f\")}}https://a.example{{else}}https://b.example{{/if}}",
            "(eq recipient.email \"f\")",
            "reader",
        ),
        (
            "{{#if recipient.name}}see https://a.example/\n{{else}}see https://b.example/\n{{/if}}",
            "recipient.name",
            "reader",
        ),
        (
            "https://a.example/{{#if recipient.name}}1{{/if}}",
            "recipient.name",
            "reader",
        ),
        (
            "https://a.example/{{#unless sender.city}}1{{else}}2{{/unless}}",
            "sender.city",
            "sender",
        ),
        (
            "{{#if (not message)}}www.a.example{{else}}www.b.example{{/if}}",
            "(not message)",
            "sender",
        ),
        (
            "htt{{#if recipient.name}}p{{else}}ps{{/if}}://a.example",
            "recipient.name",
            "reader",
        ),
        (
            "{{#with recipient}}{{#if name}}a.example/1{{else}}a.example/2{{/if}}{{/with}}",
            "recipient.name",
            "reader",
        ),
        (
            "{{#if recipient.name}}a{{else if (and sender.city message)}}www.a.example {{else}}www.b.example {{/if}}",
            "(and sender.city message)",
            "sender",
        ),
    ] {
        let found = links_in(body);
        assert!(
            found.iter().any(|said| said.starts_with(&chooses(what, whom))),
            "{body}: {found:#?}"
        );
    }
}

#[test]
fn one_part_with_links_may_be_for_some_only_and_not_two() {
    let part = links_in("{{#if recipient.salutation}}See https://a.example/.\n{{/if}}\nhttps://b.example");
    assert_eq!(
        part,
        ["warning: this link is only there for some, depending on `recipient.salutation` @protest.en.hbs:3:33"]
    );
    let parts = links_in(
        "{{#if (gt sender.email \"m\")}}https://a.example/ {{/if}}{{#if (gt sender.email \"s\")}}https://a.example/ {{/if}}",
    );
    assert_eq!(parts.len(), 1, "{parts:#?}");
    assert!(
        parts[0].starts_with("error: several links are there for some and not for others"),
        "{parts:#?}"
    );
}

#[test]
fn links_in_partials_subjects_and_markdown_are_looked_at() {
    let found = links_of(&[
        ("protest.en.hbs", "Subject: S\n\n{{> p who=recipient.email}}\n"),
        ("partials/p.hbs", "https://x.example/?u={{who}}\n"),
    ]);
    assert_eq!(
        found,
        ["error: the link holds `recipient.email`: it differs from reader to reader @partials/p.hbs:1:1"]
    );
    let found = links_of(&[
        ("protest.en.hbs", "Subject: S\n\nhttps://x.example/{{> p recipient}}\n"),
        ("partials/p.hbs", "{{name}}"),
    ]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let found = links_of(&[("protest.en.hbs", "Subject: www.x.example/{{sender.city}}\n\nx\n")]);
    assert_eq!(
        found,
        ["error: the link holds `sender.city`: it differs from sender to sender @protest.en.hbs:1:10"]
    );
    for body in [
        "[a](https&#58;//x.example/{{sender.city}})",
        "[a](https\\://x.example/{{sender.city}})",
        "[a][r]\n\n[r]: https://x.example/{{sender.city}}",
        "[a][{{sender.city}}]\n\n[f]: https://x.example/1\n[m]: https://x.example/2",
        "[a][f]\n\n[{{sender.city}}]: https://x.example/1\n[f]: https://x.example/2",
    ] {
        let found = links_of(&[("protest.en.hbs", &format!("Subject: S\nFormat: markdown\n\n{body}\n"))]);
        assert_eq!(found.len(), 1, "{body}: {found:#?}");
        assert!(found[0].contains("sender.city"), "{body}: {found:#?}");
    }
}

#[test]
fn a_link_that_leads_nowhere_from_a_letter_is_warned_of() {
    let said = |format: &str, body: &str| {
        let found = check(&[("protest.en.hbs", &format!("Subject: S\nFormat: {format}\n\n{body}\n"))]);
        found
            .lines()
            .filter(|line| line.contains("leads nowhere"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for nowhere in ["page.html", "/a", "#a", "ftp://x.example/a", "javascript:x"] {
        assert_eq!(
            said("markdown", &format!("| a |\n|---|\n| [a]({nowhere}) |")),
            [format!("warning: from a letter this link leads nowhere: {nowhere}")]
        );
        assert_eq!(said("text", &format!("[a]({nowhere})")), [""; 0]);
    }
    let fine = "[a](https://x.example) [b](tel:+321) <c@x.example> [d](MAILTO:d@x.example) [e]({{sender.city}}) [f]";
    assert_eq!(said("markdown", fine), [""; 0]);
}

#[test]
fn a_link_that_is_the_same_for_all_is_fine() {
    tells_nothing("{{recipient.name}}, see https://x.example/a?b={{fact \"killed\"}}.\n{{sender.email}}");
    tells_nothing("({{recipient.name}}) [{{sender.name}}](https://x.example) {{message}}");
    tells_nothing("Dear {{#if recipient.name}}Sir/Madam{{else}}all{{/if}}, https://x.example");
    tells_nothing("https://x.example/{{#if recipient.name}} a{{else}} b{{/if}}");
    tells_nothing("{{#if (eq campaign.language \"en\")}}https://a.example{{else}}https://b.example{{/if}}");
    tells_nothing("[me](mailto:{{sender.email}}) {{recipient.name}}/{{recipient.email}} and/or {{sender.city}}.");
    tells_nothing("{{#if recipient.name}}see https://a.example{{else}}see https://a.example{{/if}}");
}

#[test]
fn letters_that_come_to_too_much_text_are_refused_before_it_takes_long() {
    let part =
        "{{#if recipient.name}}see{{else}}so{{/if}} {{recipient.name}} words\n".repeat(50) + &"word ".repeat(5000);
    let letters = ["ar", "cs", "da", "de", "el", "en", "es", "fr", "it", "nl"].map(|tag| format!("protest.{tag}.hbs"));
    let mut files = vec![("partials/p.hbs", part.as_str())];
    let text = format!("{HEAD}{}", "{{> p}}\n".repeat(6));
    files.extend(letters.iter().map(|name| (name.as_str(), text.as_str())));
    let said = links_of(&files);
    assert!(
        said.iter().any(|said| said.contains("the letters are too long")),
        "{said:#?}"
    );
}
