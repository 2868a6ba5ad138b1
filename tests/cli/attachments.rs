//! Files that go with letters: which rows have them, how heavy they are, and what they tell of whoever made them.

use mail_parser::{MessageParser, MimeHeaders};

use crate::support::{Campaign, Server, files};

const LETTERS: &str = "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [\"all.txt\"]\n";

/// The names of what goes with a message, in order.
fn attached(message: &[u8]) -> Vec<String> {
    let message = MessageParser::default().parse(message).unwrap();
    let names = message
        .attachments()
        .map(|part| part.attachment_name().unwrap().to_owned());
    names.collect()
}

/// One letter to three ministries, with these files in their rows.
fn rows(cells: [&str; 3]) -> Campaign {
    let mut rows = "role,name,email,attach\n".to_owned();
    for (nth, cell) in cells.iter().enumerate() {
        rows.push_str(&format!("ministry,M{nth},m{nth}@mfa.example,\"{cell}\"\n"));
    }
    Campaign::new()
        .letters(LETTERS)
        .letter("protest", "en", "Subject: S\nAttach: text.txt\n\nDear friends,\n")
        .recipients(&rows)
        .file("all.txt", "for all\n")
        .file("text.txt", "of the template\n")
        .file("one, or two.txt", "with a comma\n")
        .file("b c.txt", "with a blank\n")
        .file("deep/d.txt", "in a folder\n")
        .file("r\u{e9}sum\u{e9}.txt", "accents\n")
}

#[test]
fn a_row_has_files_of_its_own_behind_those_of_the_letter_and_the_template() {
    let server = Server::builder().start();
    let campaign = rows([
        "deep/d.txt; b c.txt, ./all.txt re\u{301}sume\u{301}.txt",
        "",
        "one, or two.txt",
    ])
    .smtp(&server);
    let dry = campaign.send(&["--dry-run"]);
    dry.exits(0);
    for line in [
        "all.txt          8 bytes   3",
        "d.txt            12 bytes  1",
        "b c.txt          13 bytes  1",
    ] {
        assert!(dry.stdout.contains(line), "{}", dry.stdout);
    }
    campaign.check(&[]).exits(0);
    campaign.send(&["--out", "out"]).exits(0);
    campaign.send(&[]).exits(0).says(&["r\u{e9}sum\u{e9}.txt"]);
    let taken = server.taken();
    let of = |nth: usize| {
        let to = format!("m{nth}@mfa.example");
        let letter = taken.iter().find(|letter| letter.to.contains(&to)).unwrap();
        attached(&letter.data)
    };
    assert_eq!(
        of(0),
        ["all.txt", "text.txt", "d.txt", "b c.txt", "r\u{e9}sum\u{e9}.txt"]
    );
    assert_eq!(of(1), ["all.txt", "text.txt"]);
    assert_eq!(of(2), ["all.txt", "text.txt", "one, or two.txt"]);
    assert_eq!(server.violations(), [""; 0]);
    campaign
        .preview(&["--to", "m2@mfa.example"])
        .exits(0)
        .prints(&["one, or two.txt"]);
}

#[test]
fn a_letter_without_files_in_its_row_is_the_same_letter_with_and_without_the_column() {
    let message = |campaign: &Campaign| {
        campaign.send(&["--out", "out"]).exits(0);
        let written = std::fs::read_dir(campaign.path("out")).unwrap();
        let mut all: Vec<Vec<u8>> = written
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .collect();
        all.sort();
        all
    };
    let without = Campaign::new().recipients("role,name,email\nministry,M,m@mfa.example\n");
    let with = Campaign::new().recipients("role,name,email,attach\nministry,M,m@mfa.example,\n");
    for campaign in [&without, &with] {
        campaign.put("templates/protest.en.hbs", "Subject: S\n\nDear {{recipient.name}},\n");
    }
    assert_eq!(message(&without), message(&with));
}

#[test]
fn what_a_row_names_stays_inside_the_folder_and_is_there() {
    for (cell, says) in [
        ("/etc/passwd", "leads out of the campaign's folder"),
        ("../x.txt", "leads out of the campaign's folder"),
        ("deep/../../x.txt", "leads out of the campaign's folder"),
        ("deep\\\\d.txt", "backslash"),
        ("gone.pdf", "there is no file"),
        ("all.txt; gone.pdf", "there is no file `gone.pdf`"),
        ("all.tx", "all.txt"),
        ("deep", "is a folder"),
        ("config.toml", "the campaign's own configuration"),
        ("./recipients.csv", "the list of recipients"),
        ("templates/protest.en.hbs", "a template"),
    ] {
        let run = rows(["", cell, ""]).check(&[]);
        let said = run.exits(3).stderr.replace('\n', " ");
        assert!(said.contains(says), "{cell}: {said}");
        assert!(said.contains("recipients.csv:3:"), "{cell}: {said}");
        assert!(said.contains(" attach"), "{cell}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_a_row_out_of_the_folder() {
    let campaign = rows(["", "way/out.txt", ""]);
    std::fs::write(campaign.root().join("out.txt"), "elsewhere").unwrap();
    std::os::unix::fs::symlink(campaign.root(), campaign.path("way")).unwrap();
    campaign.check(&[]).exits(3).says(&["way/out.txt", "recipients.csv:3:"]);
    campaign.send(&[]).exits(3);
}

#[test]
fn the_files_of_a_row_are_weighed_together_with_those_of_its_letter() {
    let campaign = rows(["", "big.bin", ""]).file("big.bin", vec![b'x'; 25 << 20]);
    campaign
        .check(&[])
        .exits(3)
        .says(&["recipients.csv:3", "25.1 MiB", "at most 25 MiB"]);
    // Alone it is too much at once.
    let campaign = rows(["", "big.bin more.bin", ""])
        .file("big.bin", vec![b'x'; 20 << 20])
        .file("more.bin", vec![b'x'; 6 << 20]);
    campaign
        .check(&[])
        .exits(3)
        .says(&["recipients.csv:3:", "26 MiB", "at most 25 MiB"]);
}

#[test]
fn a_file_that_many_rows_name_is_looked_at_once() {
    let mut list = "role,name,email,attach\n".to_owned();
    for n in 0..3000 {
        list.push_str(&format!(
            "ministry,M,m{n}@mfa.example,{}\n",
            ["one.txt", "", "deep/d.txt"][n % 3]
        ));
    }
    let campaign = rows(["", "", ""]).file("one.txt", "one\n");
    campaign.put("recipients.csv", &list);
    let run = campaign.send(&["--dry-run"]);
    run.exits(0)
        .prints(&["one.txt     4 bytes   1000", "d.txt       12 bytes  1000"]);
}

/// A campaign whose one letter has this file, as `check` sees it.
fn with(name: &str, bytes: &[u8]) -> Campaign {
    Campaign::new()
        .set("smtp.host", "mail.home.example")
        .letters(&format!(
            "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [\"files/{name}\"]\n"
        ))
        .file(&format!("files/{name}"), bytes)
}

/// What `check` says of a file, in a line.
#[track_caller]
fn said_of(name: &str, bytes: &[u8]) -> String {
    let campaign = with(name, bytes);
    let run = campaign.check(&[]);
    run.exits(0).stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_letter_of_ten_megabytes_is_warned_about_with_figures() {
    // 7,300,000 bytes are 9,990,000 in base64; 7,320,000 are over ten million.
    let light = with("big.bin", &vec![b'x'; 7_300_000]);
    assert!(!light.check(&[]).exits(0).stderr.contains("MB"));
    let heavy = with("big.bin", &vec![b'x'; 7_320_000]);
    heavy.check(&[]).exits(0).says(&[
        "the attachments of the letter `protest` come to 10.1 MB as they leave (7.4 MB as files)",
        "config.toml attach",
    ]);
    // Together, and with those of a row.
    let rows = rows(["", "half.bin", ""]).file("half.bin", vec![b'x'; 4_000_000]);
    rows.put("all.txt", vec![b'x'; 4_000_000]);
    rows.check(&[]).exits(0).says(&[
        "come to 11.0 MB as they leave (8.1 MB as files)",
        "recipients.csv:3 attach",
    ]);
}

#[test]
fn no_campaign_switches_off_what_is_said_of_its_files() {
    let campaign = with("a.pdf", &files::pdf_by("/Author (Jane Doe)"))
        .config("[check]\nallow = [\"file-name\", \"first-words\", \"left-over\", \"link-text\", \"long\", \"missing-language\", \
        \"salutation\", \"shouting\", \"word-processor\", \"wrong-encoding\"]\n");
    campaign.check(&[]).exits(0).says(&["author Jane Doe"]);
    let found = &campaign.check(&["--json"]).json_events()[0]["problems"][0];
    assert_eq!(found["code"], "attachment-tells");
    assert_eq!(found["severity"], "warning");
    assert!(found.get("style").is_none(), "{found}");
}

#[test]
fn what_mail_servers_refuse_is_warned_about() {
    let pe = [b"MZ".as_slice(), &[0; 58], &[64, 0, 0, 0], b"PE\0\0"].concat();
    let macros = files::docx(&[("word/vbaProject.bin", b"macro")]);
    for (name, bytes, says) in [
        ("empty.pdf", b"".as_slice(), "`empty.pdf` is empty"),
        ("setup.exe", b"MZ", "`setup.exe` is a program"),
        ("saver.SCR", b"x", "is a program"),
        ("run.js", b"alert()", "is a program"),
        ("run.vbs", b"x", "is a program"),
        ("go.bat", b"x", "is a program"),
        ("go.cmd", b"x", "is a program"),
        ("way.lnk", b"x", "is a program"),
        ("box.jar", b"x", "is a program"),
        ("box.msi", b"x", "is a program"),
        ("s.ps1", b"x", "is a program"),
        ("page.hta", b"x", "is a program"),
        ("harmless.pdf", &pe, "`harmless.pdf` is a program"),
        ("harmless", b"\x7fELF\x02\x01\x01", "is a program"),
        ("notes.txt", b"#!/bin/sh\necho\n", "is a program"),
        ("mac.dat", b"\xcf\xfa\xed\xfe\x07\0\0\x01", "is a program"),
        ("statement.pdf.exe", b"x", "ends in .pdf.exe"),
        ("statement.pdf .scr", b"x", "ends in .pdf.scr"),
        ("letter.docm", b"x", "carries macros"),
        ("letter.docx", &macros, "carries macros"),
        (
            "all.zip",
            &files::zip(&[("a.txt", b"a"), ("deep/run.exe", b"x")]),
            "has a program in it, `deep/run.exe`",
        ),
        ("photo.pdf", &files::png(&[]), "ends in .pdf and is a PNG picture"),
    ] {
        let said = said_of(name, bytes);
        assert!(said.contains(says), "{name}: {said}");
        assert!(said.contains(&format!("files/{name}")), "{name}: {said}");
    }
    for (name, bytes) in [
        ("statement.pdf", files::pdf_by("")),
        ("plain.docx.pdf", files::pdf_by("")),
        ("photo.JPG", files::jpeg(&[])),
        ("list.csv", b"a,b\n".to_vec()),
        ("notes.txt", b"# notes\n".to_vec()),
        ("minutes.json", b"{}".to_vec()),
    ] {
        assert_eq!(said_of(name, &bytes), "", "{name}");
    }
}
