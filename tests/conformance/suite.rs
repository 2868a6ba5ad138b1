//! Every case, rehearsed, written to files and sent, and its letters held against what is expected of them.

use std::{collections::BTreeMap, fs};

use sha2::{Digest, Sha256};

use crate::{
    case::{self, Case, Letter},
    form,
    read::{self, Form, Reading, named},
    sent::{self, Sent},
    support::Taken,
};

/// The headers of a letter that asks for nothing particular, in their order; the others stand between or behind them.
const EACH_HAS: [&str; 8] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

#[test]
fn every_case_arrives_as_its_folder_says() {
    let cases = sent::all();
    let failures: Vec<String> = cases
        .iter()
        .flat_map(|sent| {
            let about = |what| format!("{}: {what}", sent.case.name);
            judged(sent).into_iter().map(about)
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} failures\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    assert!(
        std::env::var_os("APPEL_CASE").is_some() || cases.len() >= 80,
        "{} cases",
        cases.len()
    );
}

#[test]
fn every_case_says_what_it_is_about_and_no_two_say_the_same() {
    let mut said = BTreeMap::new();
    for case in case::all() {
        let about = case.expect.about.trim().to_owned();
        assert!(about.ends_with('.') && about.len() > 20, "{}: {about:?}", case.name);
        assert!(!case.expect.letters.is_empty(), "{} expects nothing", case.name);
        if let Some(other) = said.insert(about, case.name.clone()) {
            panic!("{} and {other} are about the same", case.name);
        }
    }
}

/// What is wrong with a case's letters.
fn judged(sent: &Sent) -> Vec<String> {
    let Sent {
        case,
        earlier,
        letters,
        wrong,
    } = sent;
    let mut wrong = wrong.clone();
    if letters.len() != case.expect.letters.len() {
        let to: Vec<_> = letters.iter().map(|letter| letter.to.join(" ")).collect();
        wrong.push(format!("{} letters: {to:?}", letters.len()));
    }
    for expected in &case.expect.letters {
        match letters.iter().find(|letter| letter.to.first() == Some(&expected.to)) {
            Some(letter) => {
                let about = |what| format!("to {}: {what}", expected.to);
                wrong.extend(differences(case, expected, letter, earlier).into_iter().map(about));
            }
            None => wrong.push(format!("no letter to {}", expected.to)),
        }
    }
    wrong
}

fn differences(case: &Case, expected: &Letter, letter: &Taken, earlier: &[Taken]) -> Vec<String> {
    let utf8 = !expected.to.is_ascii() || !expected.copies.iter().all(|copy| copy.is_ascii());
    let mut wrong = form::faults(&letter.data, utf8);
    let (reading, form) = read::read(&letter.data);
    envelope(expected, letter, &mut wrong);
    head(expected, &reading, &form, earlier, &mut wrong);
    content(expected, &reading, &form, &mut wrong);
    attachments(case, expected, &reading, &form, &mut wrong);
    let raw = read::lf(&String::from_utf8_lossy(&letter.data));
    holds("the message", &raw, &expected.raw_has, &expected.raw_lacks, &mut wrong);
    wrong
}

fn same<T: std::fmt::Debug + PartialEq>(what: &str, is: &T, expected: &T, wrong: &mut Vec<String>) {
    if is != expected {
        wrong.push(format!("{what}:\n      is {is:?}\n  not as {expected:?}"));
    }
}

fn holds(what: &str, is: &str, has: &[String], lacks: &[String], wrong: &mut Vec<String>) {
    for words in has.iter().filter(|words| !is.contains(words.as_str())) {
        wrong.push(format!("{what} has no {words:?}:\n{is}"));
    }
    for words in lacks.iter().filter(|words| is.contains(words.as_str())) {
        wrong.push(format!("{what} has {words:?}:\n{is}"));
    }
}

fn envelope(expected: &Letter, letter: &Taken, wrong: &mut Vec<String>) {
    same("envelope from", &letter.from, &expected.from, wrong);
    let addresses: Vec<String> = std::iter::once(&expected.to).chain(&expected.copies).cloned().collect();
    same("envelope to", &letter.to, &addresses, wrong);
}

fn head(expected: &Letter, reading: &Reading, form: &Form, earlier: &[Taken], wrong: &mut Vec<String>) {
    same("subject", &reading.subject, &expected.subject, wrong);
    same(
        "from",
        &reading.from,
        &vec![named(&expected.from_name, &expected.from)],
        wrong,
    );
    same("to", &reading.to, &vec![named(&expected.to_name, &expected.to)], wrong);
    same("cc", &reading.cc, &expected.copies, wrong);
    let reply_to: Vec<String> = expected
        .reply_to
        .iter()
        .map(|to| named(&expected.from_name, to))
        .collect();
    same("reply-to", &reading.reply_to, &reply_to, wrong);

    let mut headers = expected.headers.clone();
    if let Some(reader) = &expected.answers {
        let answered = earlier.iter().find(|letter| letter.to.first() == Some(reader));
        let id = answered
            .and_then(|letter| letter.message_id.clone())
            .unwrap_or_default();
        headers.insert("In-Reply-To".to_owned(), id.clone());
        headers.entry("References".to_owned()).or_insert(id);
    }
    let is_multipart = expected.parts.len() > 1;
    let mut names: Vec<&str> = EACH_HAS
        .into_iter()
        .filter(|name| !(is_multipart && *name == "Content-Transfer-Encoding"))
        .chain((!expected.copies.is_empty()).then_some("Cc"))
        .chain(expected.reply_to.is_some().then_some("Reply-To"))
        .chain(headers.keys().map(String::as_str))
        .collect();
    let mut are: Vec<&str> = form.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    are.sort_unstable();
    same("names of headers", &are, &names, wrong);
    for (name, value) in &headers {
        let is = form.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value);
        same(name, &is, &Some(value), wrong);
    }
}

fn content(expected: &Letter, reading: &Reading, form: &Form, wrong: &mut Vec<String>) {
    same("parts", &form.parts, &expected.parts, wrong);
    if let Some(text) = &expected.text {
        same("text", &reading.text, text, wrong);
    }
    holds(
        "the text",
        &reading.text,
        &expected.text_has,
        &expected.text_lacks,
        wrong,
    );
    for line in &expected.lines {
        if !form.lines.iter().any(|is| *is == line.replace('·', " ")) {
            wrong.push(format!(
                "no line {line:?} in\n{}",
                form.lines.join("\n").replace(" \n", "·\n")
            ));
        }
    }
    // 72 columns, but for what cannot be broken.
    for line in form
        .lines
        .iter()
        .filter(|line| console::measure_text_width(line.trim_end()) > 72)
    {
        if line.trim().contains(' ') && !line.trim_start().starts_with("-- ") {
            wrong.push(format!("a line of the text passes 72 columns: {line:?}"));
        }
    }
    if let Some(encoding) = &expected.encoding {
        same("encoding", &form.encoding, encoding, wrong);
    }
    let html = reading.html.as_deref().unwrap_or_default();
    holds("the HTML", html, &expected.html_has, &expected.html_lacks, wrong);
}

fn attachments(case: &Case, expected: &Letter, reading: &Reading, form: &Form, wrong: &mut Vec<String>) {
    let names: Vec<&str> = reading.files.iter().map(|file| file.name.as_str()).collect();
    let expected_names: Vec<&str> = expected.files.iter().map(|file| file.name.as_str()).collect();
    same("names of files", &names, &expected_names, wrong);
    for (number, (file, is)) in expected.files.iter().zip(&reading.files).enumerate() {
        let bytes = fs::read(case.folder.join(&file.path)).expect("an attachment of the case");
        same(&file.name, &is.sha256, &read::hex(&Sha256::digest(bytes)), wrong);
        same("charset", &form.charsets[number], &file.charset, wrong);
    }
}
