//! The pages for people: every link leads somewhere, every page is led to, and README.md stays short.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Pages that lead out of this repository lead to these, and to nobody else: whoever reads should not have to trust more.
const ELSEWHERE: [&str; 6] = [
    "keepachangelog.com",
    "llvm.org",
    "rustup.rs",
    "projectfluent.org",
    "www.torproject.org",
    "insta.rs",
];

struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All pages by their name, `docs/guide/README.md`.
fn pages() -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    let mut folders = vec![PathBuf::new(), ".github".into(), "docs".into()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let name = folder.join(entry.unwrap().file_name());
            if root().join(&name).is_dir() {
                // At the top only what is named above: build folders are there too.
                if folder != Path::new("") {
                    folders.push(name);
                }
            } else if name.extension().is_some_and(|kind| kind == "md") {
                let text = fs::read_to_string(root().join(&name)).unwrap();
                pages.insert(name.to_string_lossy().into_owned(), read(&text));
            }
        }
    }
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/guide/activist.md",
        "docs/release.md",
    ] {
        assert!(pages.contains_key(page), "{page} is elsewhere");
    }
    pages
}

fn read(text: &str) -> Page {
    let (mut links, mut anchors) = (Vec::new(), BTreeSet::new());
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push(dest_url.into_string())
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                // The second of one name gets a number, as forges give it.
                let numbered = (1..).map(|number| format!("{anchor}-{number}"));
                let free = std::iter::once(anchor.clone()).chain(numbered);
                anchors.extend(free.into_iter().find(|name| !anchors.contains(name)));
            }
            _ => {}
        }
    }
    Page { links, anchors }
}

/// What a forge makes of a heading: small letters, digits, `-` and `_`; a blank is a `-`; the rest is left out.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c })
        .collect::<String>()
        .to_lowercase()
}

/// Where a link of this page leads: a path of the repository.
fn target(page: &str, link: &str) -> String {
    let mut path = PathBuf::from(page);
    path.pop();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{page}: {link} leads out of the repository"),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path.to_string_lossy().into_owned()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let (mut wrong, mut looked_at) = (Vec::new(), 0);
    for (name, page) in &pages {
        for link in &page.links {
            looked_at += 1;
            if link.contains("://") {
                let host = link
                    .strip_prefix("https://")
                    .map(|rest| rest.split('/').next().unwrap());
                if !host.is_some_and(|host| ELSEWHERE.contains(&host)) {
                    wrong.push(format!(
                        "{name}: {link} is no https link to a place of the list in this test"
                    ));
                }
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = if path.is_empty() {
                name.clone()
            } else {
                target(name, path)
            };
            if !root().join(&path).exists() {
                wrong.push(format!("{name}: {link} leads to nothing"));
            } else if !anchor.is_empty() && !pages.get(&path).is_some_and(|page| page.anchors.contains(anchor)) {
                wrong.push(format!("{name}: {link}: there is no such heading"));
            }
        }
    }
    assert!(looked_at > 100, "only {looked_at} links were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let pages = pages();
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut next = vec!["README.md".to_owned()];
    while let Some(name) = next.pop() {
        for link in pages[&name].links.iter().filter(|link| !link.contains("://")) {
            let path = link.split('#').next().unwrap();
            let path = target(&name, path);
            if pages.contains_key(&path) && reached.insert(path.clone()) {
                next.push(path);
            }
        }
    }
    for name in pages.keys().filter(|name| !name.starts_with(".github/")) {
        assert!(reached.contains(name), "nothing leads to {name}");
    }
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(
        lines <= 160,
        "README.md has {lines} lines: what is more than a first look belongs in docs/guide/"
    );
}

#[test]
fn anchors_are_those_of_forges() {
    assert_eq!(anchor("1. Install `appel`"), "1-install-appel");
    assert_eq!(anchor("What `appel` cannot hide"), "what-appel-cannot-hide");
    let twice = read("# A b\n\n# A b\n\n# What's _new_?\n");
    assert_eq!(
        twice.anchors.into_iter().collect::<Vec<_>>(),
        ["a-b", "a-b-1", "whats-new"]
    );
}

#[test]
fn what_a_forge_runs_can_read_and_nothing_else() {
    let text = fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
    assert!(text.contains("\npermissions:\n  contents: read\n"));
    assert_eq!(text.matches("permissions:").count(), 1, "a job asks for more");
    assert!(!text.contains("secrets."), "no job gets a secret");
    for action in text.lines().filter_map(|line| line.trim().strip_prefix("- uses: ")) {
        let version = action.split_once("@v").map_or("", |(_, version)| version);
        assert_eq!(version.split('.').count(), 3, "{action} has no version of its own");
    }
}

#[test]
fn the_compiler_is_the_one_that_the_program_asks_for() {
    let read = |file: &str| -> toml::Table { fs::read_to_string(root().join(file)).unwrap().parse().unwrap() };
    let asked = read("Cargo.toml")["workspace"]["package"]["rust-version"]
        .as_str()
        .unwrap()
        .to_owned();
    let channel = read("rust-toolchain.toml")["toolchain"]["channel"].clone();
    assert_eq!(
        channel.as_str(),
        Some("stable"),
        "the channel that has {asked} and all that came after it"
    );
    for page in ["README.md", "docs/guide/activist.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        assert!(
            text.contains(&format!("{asked} or newer")),
            "{page} tells of another compiler"
        );
    }
}
