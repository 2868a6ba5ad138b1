//! However wrong a folder is: four times as much of it takes about four times as long, not sixteen times.

use std::fs;
use std::time::Duration;

use super::*;

const CONFIG: &str = "[campaign]\nid = \"c\"\ntitle = \"T\"\nlanguage = \"en\"\n[sender]\nname = \"Me\"\n\
    email = \"me@home.example\"\ncountry = \"BE\"\n";
const LETTER: &str = "[[letter]]\nid = \"protest\"\nto = [\"embassy\"]\n";
const ROW: &str = "role,name,email,country,language,cc\nembassy,A,a@x.example,,,\n";

/// The files of a folder that differ from those of one that is fine.
type Files = Vec<(String, String)>;

fn time(files: &Files) -> Duration {
    let dir = tempfile::tempdir().unwrap();
    let base = [
        ("config.toml".to_owned(), CONFIG.to_owned() + LETTER),
        ("recipients.csv".to_owned(), ROW.to_owned()),
        ("templates/protest.en.hbs".to_owned(), "Subject: S\n\nText\n".to_owned()),
    ];
    for (name, text) in base.iter().chain(files) {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let sources = Sources {
        config: dir.path().join("config.toml"),
        account: None,
        account_required: false,
        private: super::Private::default(),
    };
    let began = processor_time();
    let loaded = load(&sources, Timestamp::UNIX_EPOCH);
    let took = processor_time().saturating_sub(began);
    assert!(loaded.problems.iter().count() <= crate::failure::MOST_PROBLEMS);
    took
}

/// What this thread alone has taken of a processor: other work on the machine is nothing to it.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Of two attempts the quickest counts: on a busy machine some are slow for another reason.
#[track_caller]
fn check(size: usize, files: impl Fn(usize) -> Files) {
    let (small, large) = (files(size), files(4 * size));
    let quickest = |files: &Files| (0..2).map(|_| time(files)).min().unwrap_or_default();
    let (once, four_times) = (quickest(&small), quickest(&large));
    let allowed = once.max(Duration::from_millis(5)) * 10;
    assert!(
        four_times < allowed,
        "{size}: {once:?}, four times as much: {four_times:?}"
    );
}

fn config(text: impl AsRef<str>) -> Files {
    vec![("config.toml".to_owned(), CONFIG.to_owned() + LETTER + text.as_ref())]
}

fn recipients(rows: &str) -> Files {
    let head = "role,name,email,country,language,cc\n";
    vec![("recipients.csv".to_owned(), head.to_owned() + rows)]
}

fn template(text: String) -> Files {
    vec![("templates/protest.en.hbs".to_owned(), text)]
}

fn many(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect()
}

#[test]
fn unknown_keys_cost_as_much_as_there_are() {
    check(15_000, |n| config(many(n, |nth| format!("key{nth} = 1\n"))));
    check(200_000, |n| config("k".repeat(n) + " = 1\n"));
}

#[test]
fn letters_cost_as_much_as_there_are() {
    check(5_000, |n| {
        config(many(n, |nth| {
            format!("[[letter]]\nid = \"l{nth}\"\nto = [\"embassy\"]\n")
        }))
    });
    // Texts for none of them, with nearly their names.
    check(250, |n| {
        let letters = many(n, |nth| {
            format!("[[letter]]\nid = \"letter-{nth}\"\nto = [\"embassy\"]\n")
        });
        let texts = (0..n).map(|nth| {
            (
                format!("templates/lettre-{nth}.en.hbs"),
                "Subject: S\n\nText\n".to_owned(),
            )
        });
        config(letters).into_iter().chain(texts).collect()
    });
}

#[test]
fn lists_of_a_letter_cost_as_much_as_they_name() {
    check(20_000, |n| {
        config(format!(
            "[[letter]]\nid = \"b\"\nto = [{}]\n",
            many(n, |nth| format!("\"r{nth}\","))
        ))
    });
    check(10_000, |n| {
        let copies = many(n, |nth| format!("\"c{nth}@x.example\","));
        config(format!("[[letter]]\nid = \"b\"\nto = [\"embassy\"]\ncc = [{copies}]\n"))
    });
    check(20_000, |n| {
        let files = many(n, |nth| format!("\"f{nth}\","));
        config(format!(
            "[[letter]]\nid = \"b\"\nto = [\"embassy\"]\nattach = [{files}]\n"
        ))
    });
}

#[test]
fn wrong_rows_cost_as_much_as_there_are() {
    check(10_000, |n| recipients(&"embassy,A,nonsense,,,\n".repeat(n)));
    check(10_000, |n| {
        recipients(&"embassy,A,a@x.example,QQ QX,qq xx,\n".repeat(n))
    });
    check(10_000, |n| {
        recipients(&many(n, |nth| format!("role{nth},A,a@x.example,,,\n")))
    });
    check(50_000, |n| {
        recipients(&format!("embassy,A,a@x.example,{},,\n", "QQ ".repeat(n)))
    });
    check(200_000, |n| {
        recipients(&format!("embassy,A,a@x.example,{},,\n", "Q".repeat(n)))
    });
    check(200_000, |n| {
        recipients(&format!("embassy,A,a@{}.example,,,\n", "é".repeat(n / 2)))
    });
    check(200_000, |n| {
        recipients(&format!("embassy,\"A,a@x.example,,,\n{}", "\n".repeat(n)))
    });
    check(50_000, |n| {
        vec![(
            "recipients.csv".to_owned(),
            format!("role,name,email,{}\n", many(n, |nth| format!("c{nth},"))),
        )]
    });
}

#[test]
fn wrong_templates_cost_as_much_as_they_say() {
    check(50_000, |n| template("x\n".repeat(n)));
    check(50_000, |n| template(format!("Subject: S\n\n{}", "TODO ".repeat(n))));
    check(15_000, |n| template(format!("Subject: S\n\n{}", "\\".repeat(n))));
    check(50_000, |n| {
        let comments = "{{!-- a }}".repeat(n / 50);
        template(format!("Subject: S\n\n{comments}{}", "x\n".repeat(n)))
    });
    // The parser itself looks for the place of each tag from the beginning: that has a bound, and no growth.
    check(100, |n| {
        template(format!("Subject: S\n\n{}", "{{recipient.nam}}\n".repeat(n)))
    });
}

#[test]
fn a_partial_costs_as_much_as_it_is_called() {
    check(20, |n| {
        let letters = many(n, |nth| format!("[[letter]]\nid = \"l{nth}\"\nto = [\"embassy\"]\n"));
        let texts = (0..n).map(|nth| {
            (
                format!("templates/l{nth}.en.hbs"),
                "Subject: S\n\nText {{> big}}\n".to_owned(),
            )
        });
        let partial = (
            "templates/partials/big.hbs".to_owned(),
            "x {{recipient.nam}}\n".repeat(500),
        );
        config(letters).into_iter().chain(texts).chain([partial]).collect()
    });
}

#[test]
fn variants_cost_as_much_as_they_are_called_and_named() {
    let variants = |n: usize, text: &str| -> Files {
        let file = |nth| format!("templates/variants/opening/v{nth}.en.hbs");
        (0..n).map(|nth| (file(nth), text.to_owned())).collect()
    };
    // More variants of one call.
    check(100, |n| {
        let mut files = variants(n, "x {{recipient.nam}} https://x.example/1\n");
        files.extend(template("Subject: S\n\nText {{variant \"opening\"}}\n".to_owned()));
        files
    });
    // More calls of as many variants, in a language that has none of them as well.
    for language in ["en", "fr"] {
        check(100, |n| {
            let mut files = variants(200, "x\n");
            let calls = "{{variant \"opening\"}}\n".repeat(n);
            files.push((
                format!("templates/protest.{language}.hbs"),
                format!("Subject: S\n\n{calls}"),
            ));
            files
        });
    }
}
