//! A folder from a stranger: whatever is in it, it is refused soon, without much memory, and with words that help.

use std::fs::File;
use std::process::Command;

use serde_json::json;

use crate::support::{Campaign, Run};

const MIB: usize = 1 << 20;
const LETTERS: &str = "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\n";
const HEADER: &str = "role,name,email,country,language,cc,salutation\n";

/// A campaign whose runs have ten times the memory that a refusal may take; that they end, the harness sees to.
fn guarded() -> Campaign {
    let limit = ["sh", "-c", "ulimit -v 2621440 && exec \"$0\" \"$@\""].map(str::to_owned);
    Campaign::new().through(limit.to_vec())
}

#[track_caller]
fn refused(campaign: &Campaign, words: &[&str]) -> Run {
    let run = campaign.check(&[]);
    run.exits(3).says(words);
    assert!(run.stderr.len() < 2 * MIB, "{} bytes are said", run.stderr.len());
    run
}

#[track_caller]
fn accepted(campaign: &Campaign) {
    campaign.check(&[]).exits(0);
}

/// `text`, which goes on with comments until it has `length` bytes.
fn padded(text: &str, length: usize) -> String {
    let mut text = text.to_owned() + "\n";
    while text.len() + 1000 < length {
        text.push_str(&format!("#{}\n", "-".repeat(500)));
    }
    let rest = length - text.len();
    text + "#" + &"-".repeat(rest - 1)
}

fn sparse(campaign: &Campaign, path: &str, begin: &str, length: u64) {
    campaign.put(path, begin);
    let file = File::options().write(true).open(campaign.path(path)).unwrap();
    file.set_len(length).unwrap();
}

fn pipe(campaign: &Campaign, path: &str) {
    let path = campaign.path(path);
    let _ = std::fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_configuration_has_a_mebibyte_and_not_a_byte_more() {
    let campaign = guarded();
    let config = std::fs::read_to_string(campaign.path("config.toml")).unwrap();
    campaign.put("config.toml", padded(&config, MIB));
    accepted(&campaign);
    campaign.put("config.toml", padded(&config, MIB + 1));
    refused(&campaign, &["config.toml is too long: 1.1 MiB", "at most 1 MiB"]);

    campaign.put("config.toml", config);
    let account = std::fs::read_to_string(campaign.account()).unwrap();
    campaign.put("account.toml", padded(&account, MIB));
    campaign.check(&["--account", "account.toml"]).exits(0);
    campaign.put("account.toml", padded(&account, MIB + 1));
    campaign
        .check(&["--account", "account.toml"])
        .exits(3)
        .says(&["account.toml is too long"]);
}

#[test]
fn a_template_and_a_partial_have_a_mebibyte_and_not_a_byte_more() {
    let text = |head: &str, length: usize| {
        let (open, close) = ("{{!-- ", " --}}\n");
        head.to_owned() + open + &"-".repeat(length - head.len() - open.len() - close.len()) + close
    };
    let letter = "Subject: S\n\nText {{> note}}\n";
    let campaign = guarded();
    campaign.put("templates/protest.en.hbs", text(letter, MIB));
    campaign.put("templates/partials/note.hbs", text("Note\n", MIB));
    accepted(&campaign);
    campaign.put("templates/partials/note.hbs", text("Note\n", MIB + 1));
    refused(&campaign, &["note.hbs is too long", "at most 1 MiB"]);
    campaign.put("templates/partials/note.hbs", "Note\n");
    campaign.put("templates/protest.en.hbs", text(letter, MIB + 1));
    refused(&campaign, &["protest.en.hbs is too long", "at most 1 MiB"]);
}

#[test]
fn a_record_has_a_mebibyte_and_not_a_byte_more() {
    let row = |length: usize| {
        let (begin, end) = ("ministry,M,m@mfa.example,,,,", "\n");
        HEADER.to_owned() + begin + &"x".repeat(length - begin.len()) + end + "ministry,N,n@mfa.example,,,,\n"
    };
    let campaign = guarded();
    // The text of a letter is not made of it.
    campaign.put("templates/protest.en.hbs", "Subject: S\n\nText\n");
    campaign.put("recipients.csv", row(MIB));
    accepted(&campaign);
    campaign.put("recipients.csv", row(MIB + 1));
    refused(
        &campaign,
        &["recipients.csv:2", "the row that begins here is longer than 1 MiB"],
    );
    // One that a quote keeps open says so, where it is.
    let open = format!(
        "{HEADER}ministry,\"M,m@mfa.example,,,,\n{}",
        "ministry,N,n@mfa.example,,,,\n".repeat(100_000)
    );
    campaign.put("recipients.csv", open);
    refused(
        &campaign,
        &["recipients.csv:2:10", "a quote is opened here and never closed"],
    );
}

#[test]
fn a_list_has_256_columns_with_names_that_are_names() {
    let list = |columns: usize| {
        let names: Vec<String> = (3..columns).map(|nth| format!("c{nth}")).collect();
        let (names, cells) = (names.join(","), ",".repeat(columns - 3));
        format!("role,name,email,{names}\nministry,M,m@mfa.example{cells}\n")
    };
    let campaign = guarded();
    campaign.put("templates/protest.en.hbs", "Subject: S\n\nText\n");
    campaign.put("recipients.csv", list(256));
    accepted(&campaign);
    campaign.put("recipients.csv", list(257));
    refused(&campaign, &["there are 257 columns, at most 256"]);
    campaign.put("recipients.csv", list(100_000));
    refused(&campaign, &["there are 100,000 columns, at most 256"]);
    campaign.put("recipients.csv", format!("role,name,email,{}\n", "c".repeat(500_000)));
    refused(&campaign, &["the name of column 4 is longer than 200 bytes"]);
    campaign.put("recipients.csv", "c".repeat(5_000_000));
    refused(&campaign, &["the line with the column names is longer than 1 MiB"]);
}

#[test]
fn a_campaign_has_a_thousand_letters_and_not_one_more() {
    let letters = |count: usize| -> String {
        (0..count)
            .map(|nth| format!("[[letter]]\nid = \"l{nth}\"\nto = [\"ministry\"]\ntemplate = \"protest\"\n"))
            .collect()
    };
    accepted(&guarded().letters(&letters(1000)));
    refused(
        &guarded().letters(&letters(1001)),
        &["there are more than 1,000 letters"],
    );
    refused(
        &guarded().letters(&letters(12_000)),
        &["there are more than 1,000 letters"],
    );
}

#[test]
fn lists_in_a_letter_and_in_a_row_have_bounds() {
    let many = |count: usize, each: &dyn Fn(usize) -> String| -> String { (0..count).map(each).collect() };
    let roles = |count| {
        format!(
            "[[letter]]\nid = \"protest\"\nto = [\"ministry\",{}]\n",
            many(count, &|nth| format!("\"r{nth}\","))
        )
    };
    accepted(&guarded().letters(&roles(99)));
    refused(&guarded().letters(&roles(100)), &["more than 100 roles"]);
    refused(&guarded().letters(&roles(80_000)), &["more than 100 roles"]);

    let facts = |count| LETTERS.to_owned() + &many(count, &|nth| format!("[facts.f{nth}]\nvalue = \"1\"\n"));
    accepted(&guarded().letters(&facts(1000)));
    refused(&guarded().letters(&facts(1001)), &["there are more than 1,000 facts"]);

    let row = |cell: &str| guarded().recipients(&format!("ministry,M,m@mfa.example,{cell}\n"));
    let tags = |count| {
        many(count, &|nth| {
            let letter = |nth: usize| char::from(b'a' + u8::try_from(nth % 26).unwrap());
            format!("x{}{}-BE ", letter(nth / 26), letter(nth))
        })
    };
    accepted(&row(&format!(",en {},,", tags(99))));
    refused(&row(&format!(",en {},,", tags(100))), &["more than 100 languages"]);
    refused(&row(&format!("{},,,", "BE ".repeat(301))), &["more than 300 countries"]);
    refused(
        &row(&format!(",,{},", many(40_000, &|nth| format!("c{nth}@x.example ")))),
        &["more than 1,000 copies"],
    );
    for cell in ["Q", "q", "é"] {
        let long = cell.repeat(400_000 / cell.len());
        refused(&row(&format!("{long},,,")), &["there is no country"]);
        refused(&row(&format!(",{long},,")), &["there is no language"]);
        refused(
            &row(&format!(",,{long}@x.example,")),
            &["the address is longer than 254 bytes"],
        );
    }
}

#[test]
fn a_letter_carries_25_mebibytes_and_not_a_byte_more_and_nothing_is_read_to_find_out() {
    let letters = LETTERS.to_owned() + "attach = [\"a\", \"b\"]\n";
    let campaign = guarded().file("a", "a").file("b", "b").letters(&letters);
    sparse(&campaign, "a", "a", 20 << 20);
    sparse(&campaign, "b", "b", 5 << 20);
    accepted(&campaign);
    sparse(&campaign, "b", "b", (5 << 20) + 1);
    refused(
        &campaign,
        &["config.toml:", "letter.attach", "25.1 MiB", "at most 25 MiB"],
    );
    sparse(&campaign, "b", "b", 1 << 40);
    refused(&campaign, &["1 TiB", "at most 25 MiB"]);

    // Those of the template count too, and those of both together.
    let campaign = guarded().file("a", "a").file("b", "b");
    campaign.put("templates/protest.en.hbs", "Subject: S\nAttach: a, b\n\nText\n");
    sparse(&campaign, "a", "a", 20 << 20);
    sparse(&campaign, "b", "b", (5 << 20) + 1);
    refused(&campaign, &["protest.en.hbs:2:12", "25.1 MiB"]);
    campaign.put("templates/protest.en.hbs", "Subject: S\nAttach: b\n\nText\n");
    let campaign = campaign.letters(&(LETTERS.to_owned() + "attach = [\"a\"]\n"));
    refused(&campaign, &["`protest`", "protest.en.hbs", "25.1 MiB together"]);

    // And those of all letters are in memory together.
    let letters = |count: usize| -> String {
        let letter = |nth| {
            format!("[[letter]]\nid = \"l{nth}\"\nto = [\"ministry\"]\ntemplate = \"protest\"\nattach = [\"f{nth}\"]\n")
        };
        (0..count).map(letter).collect()
    };
    let campaign = (0..60).fold(guarded(), |campaign, nth| campaign.file(&format!("f{nth}"), "f"));
    for nth in 0..60 {
        sparse(&campaign, &format!("f{nth}"), "f", 24 << 20);
    }
    refused(
        &campaign.letters(&letters(60)),
        &["all letters come to 1.5 GiB together", "100 MiB"],
    );
}

#[test]
fn no_command_waits_for_a_pipe_or_reads_a_device_as_a_configuration() {
    let commands: [&[&str]; 8] = [
        &["check"],
        &["status"],
        &["status", "--json"],
        &["log"],
        &["purge", "--yes"],
        &["settle", "0123456789abcdef0123456789abcdef", "--sent"],
        &["send", "--yes"],
        &["preview"],
    ];
    let campaign = guarded();
    let config = campaign.path("config.toml");
    let each = |words: &str| {
        for command in commands {
            let run = campaign.appel(command);
            assert_eq!(run.status, Some(3), "{command:?}: {}", run.stderr);
            run.says(&[words]);
        }
        let _ = std::fs::remove_file(&config).or_else(|_| std::fs::remove_dir(&config));
    };
    pipe(&campaign, "config.toml");
    each("config.toml is not a file");
    std::os::unix::fs::symlink("/dev/zero", &config).unwrap();
    each("config.toml is not a file");
    std::fs::create_dir(&config).unwrap();
    each("is not a file");
    sparse(&campaign, "config.toml", "", 1 << 36);
    each("config.toml is too long: 64 GiB");

    // Nor as an account file.
    let campaign = guarded();
    pipe(&campaign, "account.toml");
    for command in commands {
        let command = [command, &["--account", "account.toml"]].concat();
        let run = campaign.appel(&command);
        assert!(run.status.is_some(), "{command:?}: {}", run.stderr);
    }
}

#[test]
fn a_message_is_read_from_a_file_and_from_nothing_else() {
    let campaign = guarded();
    campaign.put("fine.txt", "a".repeat(1000));
    campaign.send(&["--dry-run", "--message", "@fine.txt"]).exits(0);
    pipe(&campaign, "pipe");
    let run = campaign.send(&["--dry-run", "--message", "@pipe"]);
    run.exits(3).says(&["pipe is a device or a pipe, not a file"]);
    let run = campaign.send(&["--dry-run", "--message", "@/dev/zero"]);
    run.exits(3).says(&["/dev/zero is a device or a pipe"]);
    sparse(&campaign, "big", "", 10 << 30);
    let run = campaign.send(&["--dry-run", "--message", "@big"]);
    run.exits(3).says(&["big is too long: 10 GiB", "at most 1 MiB"]);
}

#[test]
fn a_list_without_end_is_given_up_soon() {
    let campaign = guarded();
    // Nothing but zero bytes, and a terabyte of them; then behind a row.
    sparse(&campaign, "recipients.csv", "", 1 << 40);
    refused(&campaign, &["recipients.csv"]);
    let rows = "ministry,M,m@mfa.example,,,,\n".repeat(100);
    sparse(&campaign, "recipients.csv", &format!("{HEADER}{rows}"), 1 << 40);
    refused(
        &campaign,
        &["recipients.csv:102", "the rest of recipients.csv was not looked at"],
    );
    let line = format!("{HEADER}ministry,{}", "x".repeat(5 * MIB));
    campaign.put("recipients.csv", line);
    refused(&campaign, &["recipients.csv:2", "is longer than 1 MiB"]);
    campaign.put("recipients.csv", "\n".repeat(5 * MIB));
    refused(&campaign, &["there is nothing in the file"]);
    let western = b"role,name,email\nministry,Minist\xe8re,m@mfa.example\n".to_vec();
    campaign.put("recipients.csv", &western);
    accepted(&campaign);
    sparse(&campaign, "recipients.csv", "", 0);
    campaign.put(
        "recipients.csv",
        [western, b"ministry,M,m@mfa.example\n".repeat(1_400_000)].concat(),
    );
    refused(&campaign, &["is not in UTF-8, and too long", "UTF-8"]);
    pipe(&campaign, "recipients.csv");
    refused(&campaign, &["recipients.csv is not a file"]);
}

#[test]
fn of_many_problems_a_thousand_are_shown_and_the_others_counted_by_code() {
    let campaign = guarded();
    let rows = |bad: usize, worse: usize| {
        HEADER.to_owned() + &"ministry,M,nonsense,,,,\n".repeat(bad) + &"ministry,M,m@mfa.example,QQ,,,\n".repeat(worse)
    };
    campaign.put("recipients.csv", rows(1000, 0));
    let run = campaign.check(&["--json"]);
    run.exits(3);
    let report = &run.json_events()[0];
    assert_eq!(report["problems"].as_array().unwrap().len(), 1000);
    assert_eq!(report.get("more"), None);

    campaign.put("recipients.csv", rows(3000, 345));
    let run = campaign.check(&["--json"]);
    run.exits(3);
    let report = &run.json_events()[0];
    assert_eq!(report["problems"].as_array().unwrap().len(), 1000);
    assert_eq!(
        report["more"],
        json!([
            {
                "severity": "error",
                "code": "row-country-unknown",
                "kind": "codes of no country",
                "count": 345,
            },
            {
                "severity": "error",
                "code": "row-email-unfit",
                "kind": "addresses that are not e-mail addresses",
                "count": 2000,
            },
        ])
    );
    let counted = [
        "3,345 problems of 2 kinds:",
        "error: 3,000 × addresses that are not e-mail addresses",
        "error: 345 × codes of no country",
        "and 3,325 more",
        "appel check --csv",
    ];
    let run = campaign.check(&[]);
    run.exits(3).says(&counted).prints(&["3,345 errors to fix"]);
    campaign
        .send(&[])
        .exits(3)
        .says(&counted)
        .says(&["3,345 errors to fix; nothing was sent"]);
}

#[test]
fn an_error_behind_thousands_of_warnings_stops_the_run_and_is_shown() {
    let warnings = "ministry,,m@mfa.example,,,,\n".repeat(3000);
    let campaign = guarded();
    campaign.put("recipients.csv", HEADER.to_owned() + &warnings);
    campaign.check(&[]).exits(0);
    campaign.put(
        "recipients.csv",
        HEADER.to_owned() + &warnings + "ministry,M,nonsense,,,,\n",
    );
    refused(
        &campaign,
        &["recipients.csv:3002:12", "nonsense", "3,000 × empty names"],
    );
}

#[test]
fn a_problem_shows_what_stands_around_it_and_no_more() {
    let campaign = guarded();
    let far = "x".repeat(300_000);
    campaign.put("recipients.csv", format!("{HEADER}ministry,{far},nonsense,,,,{far}\n"));
    let run = refused(&campaign, &["recipients.csv:2:300011", "nonsense", "…xxx"]);
    assert!(run.stderr.len() < 3000, "{} bytes are said", run.stderr.len());
    // What is wrong is itself as long as a file.
    campaign.put("recipients.csv", format!("{HEADER}ministry,M,{far},,,,\n"));
    let run = refused(&campaign, &["the address is longer than 254 bytes"]);
    assert!(run.stderr.len() < 3000, "{} bytes are said", run.stderr.len());
    let run = campaign.check(&["--json"]);
    assert!(run.stdout.len() < 3000, "{} bytes are printed", run.stdout.len());

    let campaign = guarded().letters(&format!("{LETTERS}{far} = 1\n"));
    let run = refused(&campaign, &["unknown key"]);
    assert!(run.stderr.len() < 3000, "{} bytes are said", run.stderr.len());
}

#[test]
fn a_password_far_along_a_line_is_not_shown() {
    let secret = "Rdsch-zq7";
    let letters = format!(
        "{LETTERS}x = {{ a = \"{}\", password = \"{secret}\", y = 1 }}\n",
        "a".repeat(5000)
    );
    let campaign = guarded().letters(&letters);
    let run = refused(&campaign, &["unknown key `x`"]);
    assert!(!run.stderr.contains(secret), "{}", run.stderr);
}

#[test]
fn a_small_folder_does_not_exhaust_the_machine() {
    // Thirty-eight kilobytes: a hundred partials that call a long one three times, in twenty languages.
    let campaign = guarded().file("templates/partials/big.hbs", "{{recipient.name}} ".repeat(1900));
    for nth in 0..100 {
        campaign.put(&format!("templates/partials/q{nth}.hbs"), "{{> big}}{{> big}}{{> big}}");
    }
    for language in "ar bg cs da de el es et fi fr hr hu it ja ko nl pl pt ru tr".split(' ') {
        campaign.put(&format!("templates/protest.{language}.hbs"), "Subject: S\n\nText\n");
    }
    refused(&campaign, &["too long together with their partials"]);

    // Partials that call each of those after them, each under another name.
    let campaign = guarded();
    for nth in 0..200 {
        let calls: String = (nth + 1..nth + 8)
            .map(|other| format!("{{{{> p{other} a{nth}=recipient.name}}}}"))
            .collect();
        campaign.put(&format!("templates/partials/p{nth}.hbs"), calls);
    }
    campaign.put("templates/protest.en.hbs", "Subject: S\n\n{{> p0}}\n");
    refused(&campaign, &["the letter"]);

    // A thousand letters that call one partial with a slip in each of its tags.
    let letters = |count: usize| -> String {
        (0..count)
            .map(|nth| format!("[[letter]]\nid = \"l{nth}\"\nto = [\"ministry\"]\n"))
            .collect()
    };
    let campaign = guarded()
        .letters(&letters(300))
        .file("templates/partials/big.hbs", "x {{recipient.nam}}\n".repeat(1900));
    for nth in 0..300 {
        campaign.put(&format!("templates/l{nth}.en.hbs"), "Subject: S\n\n{{> big}}\n");
    }
    refused(&campaign, &["recipient.nam"]);

    // One line in which everything was left over from a draft.
    let campaign = guarded().letter("protest", "en", &format!("Subject: S\n\n{}\n", "TODO ".repeat(100_000)));
    let run = refused(&campaign, &["100,000 × `…` looks left over from a draft"]);
    run.prints(&["100,001 warnings"]);
}

#[test]
fn a_folder_of_templates_has_bounds() {
    let campaign = guarded();
    for nth in 0..10_001 {
        campaign.put(&format!("templates/t{nth}.en.hbs"), "");
    }
    refused(&campaign, &["there are more than 10,000 files in templates"]);
    let campaign = guarded();
    for nth in 0..20 {
        campaign.put(
            &format!("templates/t{nth}.en.hbs"),
            format!("Subject: S\n\n{}", "x".repeat(MIB - 100)),
        );
    }
    refused(&campaign, &["the templates come to more than 16 MiB together"]);
    let campaign = guarded();
    campaign.put(
        "templates/protest.en.hbs",
        format!("Subject: S\n\n{{{{eq {}}}}}", "a ".repeat(300_000)),
    );
    refused(&campaign, &["is longer than 4,096 bytes"]);
}
