//! Inputs as long as they get, of one thing each: a step that costs more than its share is seen in the first second.

/// No input is longer.
const LONGEST: usize = 64 << 10;

const CONFIG: &str = "[campaign]\nid = \"c\"\ntitle = \"Free them\"\nlanguage = \"en\"\n[sender]\nname = \"Ann Activist\"\n\
    email = \"ann@home.example\"\ncountry = \"BE\"\n[[letter]]\nid = \"protest\"\nto = [\"embassy\"]\n";
const ROWS: &str = "role,name,email,cc,language,country\n";
const LETTER: &str = "Subject: x\n\n";
const MARKDOWN: &str = "Subject: x\nFormat: markdown\n\n";

/// The same thing, with its number, as often as there is room.
fn many(begin: &str, each: impl Fn(usize) -> String, end: &str) -> String {
    let mut text = begin.to_owned();
    for number in 0.. {
        let next = each(number);
        if text.len() + next.len() + end.len() > LONGEST {
            break;
        }
        text += &next;
    }
    text + end
}

fn all(begin: &str, each: &str, end: &str) -> String {
    many(begin, |_| each.to_owned(), end)
}

fn times(begin: &str, each: &str, count: usize, end: &str) -> String {
    begin.to_owned() + &each.repeat(count) + end
}

/// Those of a target, by name.
pub fn inputs(target: &str) -> Vec<Input> {
    match target {
        "config" => config(),
        "recipients" => recipients(),
        "template" => template(),
        "smtp" => smtp(),
        _ => Vec::new(),
    }
}

type Input = (&'static str, String);

fn config() -> Vec<Input> {
    vec![
        ("keys", many(CONFIG, |n| format!("key{n} = 1\n"), "")),
        ("facts", many(CONFIG, |n| format!("[facts.f{n}]\nvalue = \"x\"\n"), "")),
        (
            "letters",
            many(CONFIG, |n| format!("[[letter]]\nid = \"l{n}\"\nto = [\"e\"]\n"), ""),
        ),
        (
            "same-letters",
            all(CONFIG, "[[letter]]\nid = \"a\"\nto = [\"e\"]\n", ""),
        ),
        (
            "roles",
            many(&CONFIG.replace("\"embassy\"]\n", ""), |n| format!("\"r{n}\","), "]\n"),
        ),
        (
            "same-roles",
            all(&CONFIG.replace("\"embassy\"]\n", ""), "\"r\",", "]\n"),
        ),
        (
            "copies",
            many(&format!("{CONFIG}cc = ["), |n| format!("\"a{n}\","), "]\n"),
        ),
        (
            "alike",
            many(&format!("{CONFIG}cc = ["), |n| format!("\"а{n}@х.example\","), "]\n"),
        ),
        (
            "files",
            many(&format!("{CONFIG}attach = ["), |n| format!("\"a{n}\","), "]\n"),
        ),
        ("deep-path", all(&format!("{CONFIG}attach = [\""), "a/", "\"]\n")),
        (
            "details",
            many(
                &CONFIG.replace("[[letter]]\nid = \"protest\"\nto = [\"embassy\"]\n", ""),
                |n| format!("nam{n} = 1\n"),
                "",
            ),
        ),
        (
            "languages",
            many(
                &format!("{CONFIG}[facts.f]\n"),
                |n| format!("value.{} = \"x\"\n", letters(n)),
                "",
            ),
        ),
        ("long-key", all(CONFIG, "x", " = 1\n")),
        (
            "long-language",
            all(
                &CONFIG.replace("\"en\"", "\"en").replace("[sender]", "\"\n[sender]"),
                "e",
                "\"",
            ),
        ),
        ("brackets", all("a = ", "[", "")),
        ("dots", all("a", ".a", " = 1\n")),
        ("tables", all("a = ", "{a=", "")),
    ]
}

fn recipients() -> Vec<Input> {
    vec![
        ("wrong", all(ROWS, "embassy,E,e\n", "")),
        ("roles", many(ROWS, |n| format!("embass{n},E,e{n}@x.example\n"), "")),
        ("ragged", all(ROWS, ",,,,,,,,,\n", "")),
        ("commas", all("", ",", "")),
        (
            "columns",
            many("role,name,email", |n| format!(",c{n}"), "\nembassy,E,e@x.example\n"),
        ),
        (
            "same-columns",
            all("role,name,email", ",c", "\nembassy,E,e@x.example\n"),
        ),
        ("near-columns", many("", |n| format!("emai{n},"), "\n")),
        ("lines-in-a-cell", all(&format!("{ROWS}embassy,E,\""), "x\n", "\"\n")),
        (
            "copies",
            many(
                &format!("{ROWS}embassy,E,e@x.example,\""),
                |n| format!("a{n}@x.example "),
                "\"\n",
            ),
        ),
        (
            "wrong-copies",
            many(&format!("{ROWS}embassy,E,e@x.example,\""), |n| format!("a{n} "), "\"\n"),
        ),
        (
            "languages",
            many(
                &format!("{ROWS}embassy,E,e@x.example,,\""),
                |n| format!("{} ", letters(n)),
                "\"\n",
            ),
        ),
        (
            "countries",
            many(
                &format!("{ROWS}embassy,E,e@x.example,,,\""),
                |n| format!("{} ", letters(n)),
                "\"\n",
            ),
        ),
        ("quotes", all(ROWS, "\"a\"b", "")),
        ("quotes-in-lines", all(ROWS, "a\"b\n", "")),
        (
            "long-role",
            times(ROWS, &("r".repeat(30_000) + ",E,e@x.example\n"), 2, ""),
        ),
        ("long-name", all(&format!("{ROWS}embassy,E,e@"), "ü", ".example\n")),
        (
            "idn",
            many(ROWS, |n| format!("embassy,E,e{n}@ü{n}.ä.ä.ä.ä.ä.ä.example\n"), ""),
        ),
        ("lines", all("", "\n", "")),
        ("accents", all(ROWS, "embassy,É,é@x.example\n", "")),
    ]
}

fn template() -> Vec<Input> {
    vec![
        ("undefined", times(LETTER, "{{recipient.nme}}", 1990, "")),
        (
            "others-undefined",
            many(LETTER, |n| format!("{{{{recipient.n{n}}}}}"), ""),
        ),
        ("facts", many(LETTER, |n| format!("{{{{fact \"k{n}\"}}}}"), "")),
        ("tags", all(LETTER, "{{date}}", "")),
        ("braces", all(LETTER, "{{{", "")),
        ("escapes", all(LETTER, "\\{{", "")),
        ("backslashes", all(LETTER, "\\", "{{date}}")),
        ("some-backslashes", all(LETTER, &("\\".repeat(32) + "x"), "\n")),
        ("comments", all(LETTER, "{{! a }}", "x\n")),
        ("long-comments", times(LETTER, "{{!-- a }}", 1990, &"x".repeat(40_000))),
        ("blocks", all(LETTER, "{{#if message}}x{{/if}}", "\n")),
        ("names", times(LETTER, "{{recipient.[office]}}", 1990, "\n")),
        ("figures", times(LETTER, "{{fact \"killed\"}}", 1990, "\n")),
        ("placeholders", all(LETTER, "[NAME] ", "")),
        ("links", all(LETTER, "http://a.example/{{recipient.name}} ", "")),
        ("one-link", all(LETTER, "http://a.example/", "")),
        (
            "partials",
            times(LETTER, "{{> p}}", 1990, "\n#####\n{{sender.name}}{{> q}}{{> q}}"),
        ),
        (
            "arguments",
            many(LETTER, |n| format!("{{{{> p a{n}=date}}}}"), "\n#####\n{{b}}\n"),
        ),
        ("withs", times(LETTER, "{{#with sender}}", 30, &"{{nme}}".repeat(1900))),
        (
            "calls",
            times(
                LETTER,
                &format!(
                    "{{{{#if {}message{}}}}}x{{{{/if}}}}",
                    "(and ".repeat(16),
                    ")".repeat(16)
                ),
                100,
                "",
            ),
        ),
        ("headers", all("", "X: y\n", "")),
        ("files", all("Subject: x\n", "Attach: files/a\n", "")),
        ("lines", all(LETTER, "\n", "x\n")),
        ("one-line", all(LETTER, "*_`", "\n")),
        ("accents", all(LETTER, "é", "\n")),
        ("blanks", all(LETTER, " ", "x\n")),
        ("rich-links", all(MARKDOWN, "[a](http://", "\n")),
        ("rich-signs", all(MARKDOWN, "*_`", "\n")),
        ("rich-quotes", all(MARKDOWN, "> ", "x\n")),
        ("rich-lists", all(MARKDOWN, "- ", "x\n")),
        ("rich-references", all(MARKDOWN, "[a]: b\n", "x\n")),
        ("rich-tags", all(MARKDOWN, "<a ", "\n")),
    ]
}

fn smtp() -> Vec<Input> {
    vec![
        ("greeting", all("\u{0}", "220-x\r\n", "220 x\r\n")),
        ("one-line", all("\u{0}220 ", "x", "\r\n")),
        ("offers", all("\u{1}220 a\r\n\u{0}", "250-AUTH X\r\n", "250 x\r\n")),
        ("turns", all("\u{0}220 a\r\n", "\u{0}250 ok\r\n", "")),
        (
            "challenge",
            all("\u{2}220 a\r\n\u{0}250-a\r\n250 AUTH XOAUTH2\r\n\u{0}334 ", "A", "\r\n"),
        ),
        (
            "challenges",
            all(
                "\u{2}220 a\r\n\u{0}250-a\r\n250 AUTH XOAUTH2\r\n\u{0}",
                "334-A\r\n",
                "334 A\r\n\u{0}535 x\r\n",
            ),
        ),
    ]
}

/// A word of three letters, another one for each number.
fn letters(number: usize) -> String {
    let letter = |power| char::from(b'a' + u8::try_from(number / power % 26).unwrap_or_default());
    [676, 26, 1].map(letter).iter().collect()
}
