//! The picture of a run in README.md is drawn from a real one, so it cannot show what is no longer so.
//!
//! `APPEL_DRAW=1 cargo test --test cli picture` draws it anew.

use std::{fmt::Write as _, fs, path::Path};

use crate::support::Campaign;

const FILE: &str = "docs/rehearse.svg";
const TYPED: &str = "appel rehearse --letter protest";
/// How many lines of a letter make it one.
const LETTER: usize = 12;

/// What a rehearsal of the example puts on the screen, without most of the letter that it shows.
fn screen() -> Vec<String> {
    let campaign = Campaign::example();
    let config = fs::read_to_string(campaign.path("config.toml")).unwrap();
    // One connection: letters arrive in the same order each time.
    let config = config
        .replace("Your Name", "Ann Peeters")
        .replace("you@", "ann@")
        .replace("# connections = 2", "connections = 1");
    campaign.put("config.toml", config);
    let run = campaign.redirected("2>&1", &TYPED.split(' ').skip(1).collect::<Vec<_>>());
    let lines: Vec<String> = run
        .exits(0)
        .stdout
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();

    // The letter is set in; it begins with its From, and ends where the next line is not.
    let is_letter = |line: &String| line.is_empty() || line.starts_with("  ");
    let begin = lines.iter().position(|line| line.starts_with("  From:")).unwrap();
    let end = begin + lines[begin..].iter().position(|line| !is_letter(line)).unwrap();
    assert!(end - begin > LETTER, "the letter is short: {lines:#?}");
    let mut screen = lines[..begin + LETTER].to_vec();
    screen.push("  …".to_owned());
    screen.push(String::new());
    screen.extend_from_slice(&lines[end..]);
    screen
}

/// A terminal with this on it, in the colours that its reader has chosen.
fn draw(screen: &[String]) -> String {
    const LINE: usize = 18;
    const TOP: usize = 62;
    let columns = screen.iter().map(|line| line.chars().count()).max().unwrap();
    // A character of 13 pixels is 7.8 wide in most fonts of one width, and 8 in the widest.
    let width = 40 + columns * 8;
    let height = TOP + (screen.len() + 1) * LINE;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title">
  <title id="title">A rehearsal of the example campaign in a terminal</title>
  <style>
    text {{ font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace; font-size: 13px; fill: #1f2328; white-space: pre }}
    .paper {{ fill: #ffffff; stroke: #d0d7de }}
    .bar {{ fill: #d0d7de }}
    .prompt {{ fill: #1a7f37 }}
    .typed {{ font-weight: 600 }}
    .cut {{ fill: #59636e }}
    @media (prefers-color-scheme: dark) {{
      text {{ fill: #e6edf3 }}
      .paper {{ fill: #0d1117; stroke: #3d444d }}
      .bar {{ fill: #3d444d }}
      .prompt {{ fill: #3fb950 }}
      .cut {{ fill: #9198a1 }}
    }}
  </style>
  <rect class="paper" x="0.5" y="0.5" width="{}" height="{}" rx="8"/>
  <circle class="bar" cx="22" cy="20" r="6"/>
  <circle class="bar" cx="42" cy="20" r="6"/>
  <circle class="bar" cx="62" cy="20" r="6"/>
  <text x="20" y="{}" xml:space="preserve"><tspan class="prompt">$</tspan> <tspan class="typed">{TYPED}</tspan></text>
"##,
        width - 1,
        height - 1,
        TOP - LINE / 4,
    );
    for (at, line) in screen.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let y = TOP - LINE / 4 + (at + 1) * LINE;
        let class = if line.trim() == "…" { r#" class="cut""# } else { "" };
        let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(
            svg,
            r#"  <text{class} x="20" y="{y}" xml:space="preserve">{line}</text>"#
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[test]
fn the_picture_of_a_run_shows_what_a_run_shows() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let drawn = draw(&screen());
    if std::env::var_os("APPEL_DRAW").is_some_and(|value| !value.is_empty()) {
        fs::write(&file, &drawn).unwrap();
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == drawn,
        "{FILE} shows something else; APPEL_DRAW=1 cargo test --test cli picture draws it anew:\n{drawn}"
    );
}
