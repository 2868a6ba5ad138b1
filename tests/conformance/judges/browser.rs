//! HTML letters in Chromium: on a wide screen and a narrow one, light and dark, whole and as webmail shows them, which takes
//! away all that is around the body.
//!
//! With `APPEL_PICTURES=FOLDER` each view is drawn into a file there, to be looked at.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::json;

use super::{is_installed, nothing_is_wrong, script};
use crate::{
    read,
    sent::{self, Sent},
};

/// The case whose letters are looked at: one in each of these languages.
const CASE: &str = "markdown-whole-letter";
const LANGUAGES: [&str; 3] = ["en", "ru", "ar"];
/// What a text needs to be read (WCAG 2.1, 1.4.3).
const READABLE: f64 = 4.5;

#[derive(Debug, Deserialize)]
struct Measured {
    page_width: f64,
    direction: String,
    block_left: f64,
    block_right: f64,
    first: Line,
    most_characters: usize,
    too_wide: Vec<String>,
    contrast: f64,
    background: [f64; 3],
    resources: Vec<String>,
    requests: Vec<String>,
    images: usize,
    font_size: f64,
    list: Vec<Line>,
    spans: Vec<String>,
}

/// A line as it is drawn.
#[derive(Debug, Deserialize)]
struct Line {
    left: f64,
    right: f64,
}

/// A letter in a window.
struct View {
    name: String,
    is_right_to_left: bool,
    width: u32,
    scheme: &'static str,
    html: String,
}

#[test]
fn html_letters_are_readable_on_every_screen_and_in_webmail() {
    if !is_installed("chromium") {
        return;
    }
    let Some(sent) = sent::all().iter().find(|sent| sent.case.name == CASE) else {
        return;
    };
    let (views, others) = (views(sent), of_all_cases());
    let mut measured = look(&views.iter().chain(&others).collect::<Vec<_>>());
    let of_others = measured.split_off(views.len());
    let whole = views
        .iter()
        .zip(&measured)
        .map(|(view, measured)| (view, measured, faults(view, measured)));
    let in_part = others
        .iter()
        .zip(&of_others)
        .map(|(view, measured)| (view, measured, of_any(view, measured)));
    let wrong: Vec<String> = whole
        .chain(in_part)
        .flat_map(|(view, measured, faults)| {
            let about = move |what: String| format!("{}: {what}\n{measured:?}", view.name);
            faults.into_iter().map(about)
        })
        .collect();
    assert_eq!(measured.len(), 24);
    assert_eq!(of_others.len(), others.len());
    nothing_is_wrong(&wrong);
}

fn views(sent: &Sent) -> Vec<View> {
    let mut views = Vec::new();
    for language in LANGUAGES {
        let letter = sent.letters.iter().find(|letter| letter.to[0].starts_with(language));
        let (reading, _) = read::read(&letter.expect("a letter in each language").data);
        let html = reading.html.expect("a letter in Markdown");
        let (_, body) = html.split_once("<body>").expect("a body");
        let (block, _) = body.split_once("</body>").expect("its end");
        for scheme in ["light", "dark"] {
            for width in [800, 400] {
                for (place, html) in [("whole", html.clone()), ("webmail", webmail(scheme, block))] {
                    views.push(View {
                        name: format!("{language}-{width}-{scheme}-{place}"),
                        is_right_to_left: language == "ar",
                        width,
                        scheme,
                        html,
                    });
                }
            }
        }
    }
    views
}

/// Every other letter in HTML, on a narrow screen.
fn of_all_cases() -> Vec<View> {
    let letters = sent::all()
        .iter()
        .flat_map(|sent| sent.letters.iter().map(|letter| (&sent.case.name, letter)));
    letters
        .filter_map(|(name, letter)| {
            let html = read::read(&letter.data).0.html?;
            Some(View {
                name: format!("{name}-{}-400", letter.to[0]),
                is_right_to_left: html.contains("<html lang=\"ar\""),
                width: 400,
                scheme: "light",
                html,
            })
        })
        .collect()
}

/// A page of webmail, in its own language and colours, with what it keeps of a letter.
fn webmail(scheme: &str, block: &str) -> String {
    let colours = if scheme == "dark" {
        "background:#202124;color:#e8eaed"
    } else {
        "background:#fff;color:#202124"
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"nl\" style=\"color-scheme:{scheme}\"><head><meta charset=\"utf-8\"></head>\n\
         <body style=\"margin:0;font:14px/1.3 sans-serif;{colours}\"><main style=\"padding:16px\">{block}</main></body></html>"
    )
}

fn look(views: &[&View]) -> Vec<Measured> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let pictures = std::env::var("APPEL_PICTURES").ok();
    let asked: Vec<serde_json::Value> = views
        .iter()
        .map(|view| {
            let file = folder.path().join(format!("{}.html", view.name));
            fs::write(&file, &view.html).expect("a file of ours");
            let picture = pictures
                .as_ref()
                .map(|folder| Path::new(folder).join(format!("{}.png", view.name)));
            json!({ "file": file, "width": view.width, "scheme": view.scheme, "picture": picture })
        })
        .collect();
    let mut command: Command = script("node", "look.mjs");
    let mut child = command
        .env("HOME", folder.path())
        .arg(folder.path().join("profile"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node is there");
    let asked = serde_json::to_vec(&asked).expect("JSON");
    child
        .stdin
        .take()
        .expect("its stdin")
        .write_all(&asked)
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{stderr}"))
}

/// What is wrong with any letter.
fn of_any(view: &View, measured: &Measured) -> Vec<String> {
    let mut faults = Vec::new();
    let mut holds = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let width = f64::from(view.width);
    holds(measured.page_width <= width, "it is wider than the window");
    holds(measured.too_wide.is_empty(), "something in it is wider than the window");
    holds(
        measured.requests.is_empty() && measured.resources.is_empty(),
        "it asks for something elsewhere",
    );
    holds(measured.images == 0, "it has pictures");
    let direction = if view.is_right_to_left { "rtl" } else { "ltr" };
    holds(measured.direction == direction, "its direction is another");
    holds(measured.contrast >= READABLE, "its contrast is too low");
    let is_dark = measured.background.iter().sum::<f64>() < 3.0 * 128.0;
    holds(
        is_dark == (view.scheme == "dark"),
        "it is not as dark or light as its reader wants it",
    );
    faults
}

/// What is wrong with the letter that has everything.
fn faults(view: &View, measured: &Measured) -> Vec<String> {
    let mut faults = of_any(view, measured);
    let mut holds = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    // The first line is short: it stands where lines begin, and not where they end.
    let (begins, ends) = if view.is_right_to_left {
        (
            measured.block_right - measured.first.right,
            measured.first.left - measured.block_left,
        )
    } else {
        (
            measured.first.left - measured.block_left,
            measured.block_right - measured.first.right,
        )
    };
    holds(begins.abs() < 3.0 && ends > 20.0, "its lines begin on the wrong side");
    // The signs of a list have their room on that side too.
    holds(
        measured.list.iter().all(|line| {
            let room = if view.is_right_to_left {
                measured.block_right - line.right
            } else {
                line.left - measured.block_left
            };
            room > 15.0
        }),
        "a list has no room for its signs where its lines begin",
    );
    if view.is_right_to_left {
        holds(
            measured.block_right > f64::from(view.width) - 20.0,
            "it stands on the left of a wide window",
        );
        holds(
            measured.spans.iter().any(|direction| direction == "ltr"),
            "an address turns round",
        );
    }
    let most = measured.most_characters;
    if view.width == 800 {
        holds((50..=90).contains(&most), "its lines are not about 65 characters long");
        holds(
            measured.block_right - measured.block_left < 40.0 * measured.font_size,
            "it is too wide to be read",
        );
    } else {
        holds(most >= 25, "it does not use the width of a narrow screen");
    }
    faults
}
