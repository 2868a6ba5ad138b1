//! What README.md and the guide tell people to type is typed, and what they show is what comes.
//!
//! Each page has a machine of its own: an empty home, an empty folder, an empty environment, and a scripted mail server.
//! Its blocks are taken from top to bottom, by the comment on the line before each:
//!
//! | comment | the block after it |
//! | --- | --- |
//! | `<!-- run -->` | is typed into a shell that goes on from block to block, and ends with 0 |
//! | `<!-- run, once it is installed -->` | the same, in README.md: without `cargo run` |
//! | `<!-- run with a mail server -->` | the same, where it takes an account and a server that are lent here |
//! | `<!-- run, exit 1 -->` | is typed, and its last command ends with 1 |
//! | `<!-- shows -->` | is what the block typed before it put on the screen; `…` stands for what is left out |
//! | `<!-- file: PATH -->` | is written to this file |
//! | `<!-- not run: WHY -->` | is not typed |
//!
//! Three more stand alone: `<!-- account: Ann's -->` lends an account file, and `<!-- server: loses the line to ADDRESS -->`
//! (once, after it took the letter) and `<!-- server: refuses ADDRESS -->` say what the server does.
//!
//! What is lent: where `appel` would ask before it sends, `--yes` is said; the account file names the scripted server in
//! place of a provider's; the password comes from the environment. `cargo run … --` in README.md is `appel` here;
//! `scripts/test` runs those lines as they stand.

use std::{fmt::Write as _, fs, path::Path};

use crate::support::{Campaign, PASSWORD, Running, Server, Step};

/// What is left out of something shown.
const CUT: &str = "…";
/// Stands between the blocks in what the shell prints: no program prints it.
const MARK: char = '\u{1e}';

/// A fenced block of a page, with the comment before it.
struct Block {
    line: usize,
    language: String,
    comment: String,
    text: String,
}

struct Page {
    name: String,
    blocks: Vec<Block>,
    /// Comments that stand alone.
    comments: Vec<String>,
}

impl Page {
    fn read(name: &str) -> Self {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        let (mut blocks, mut comments): (Vec<Block>, Vec<String>) = (Vec::new(), Vec::new());
        let (mut comment, mut open) = (String::new(), false);
        for (number, line) in text.lines().enumerate() {
            if open {
                if line == "```" {
                    open = false;
                } else {
                    let block = blocks.last_mut().expect("it is open");
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            } else if let Some(language) = line.strip_prefix("```") {
                open = true;
                blocks.push(Block {
                    line: number + 1,
                    language: language.to_owned(),
                    comment: std::mem::take(&mut comment),
                    text: String::new(),
                });
            } else if let Some(said) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
                comment = said.to_owned();
                comments.push(said.to_owned());
            } else if !line.is_empty() {
                comment.clear();
            }
        }
        assert!(!open, "{name}: a block has no end");
        let name = name.to_owned();
        Self { name, blocks, comments }
    }

    fn typed(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| block.is_typed())
    }

    /// The server that this page needs.
    fn server(&self) -> Server {
        let mut server = Server::builder().password("ann@example.org", PASSWORD);
        for comment in &self.comments {
            let Some(does) = comment.strip_prefix("server: ") else {
                continue;
            };
            server = if let Some(address) = does.strip_prefix("loses the line to ") {
                server.on(Step::FinalDot).to(address).times(1).accept_then_reset()
            } else if let Some(address) = does.strip_prefix("refuses ") {
                let no = "550 5.1.1 no such user here";
                server.on(Step::Rcpt).to(address).reply(no)
            } else {
                panic!("{}: no server does that: {comment}", self.name);
            };
        }
        server.start()
    }

    /// Types everything, and looks at what came.
    fn run(&self) {
        let server = self.server();
        let machine = Campaign::empty();
        let [home, here] = ["home", "campaign"].map(|folder| machine.root().join(folder));
        example(&here);
        let bin = machine.root().join("bin");
        put(&bin.join("appel"), SAYS_YES);
        executable(&bin.join("appel"));

        if self.comments.iter().any(|comment| comment == "account: Ann's") {
            put(&home.join(ACCOUNT), &lent(ANN, ACCOUNT, &server));
        }

        let mut script = "exec 2>&1\n".to_owned();
        for (at, block) in self.blocks.iter().enumerate() {
            if let Some(path) = block.comment.strip_prefix("file: ") {
                let kept = machine.root().join(format!("files/{at}"));
                put(&kept, &lent(&block.text, path, &server));
                let path = match path.strip_prefix("~/") {
                    Some(path) => home.join(path),
                    None => here.join(path),
                };
                let folder = path.parent().unwrap().display();
                let _ = writeln!(
                    script,
                    "mkdir -p '{folder}' && cp '{}' '{}'",
                    kept.display(),
                    path.display()
                );
            } else if block.is_typed() {
                let typed = block
                    .text
                    .replace("cargo run --release -- ", "appel ")
                    .replace("cargo run -q --release -- ", "appel ");
                let careful = if block.code() == 0 { "set -e" } else { "set +e" };
                let _ = write!(
                    script,
                    "printf '{MARK}'\n{careful}\n{typed}\nprintf '{MARK}%s{MARK}' $?\n"
                );
            }
        }
        let file = machine.root().join("typed.sh");
        put(&file, &script);
        let mut command = machine.other_command(Path::new("/bin/sh"), &[&file.display().to_string()]);
        for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(variable);
        }
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
        command
            .env("PATH", path)
            .env("APPEL", env!("CARGO_BIN_EXE_appel"))
            .env("APPEL_SMTP_PASSWORD", PASSWORD);
        let run = Running::start(command).wait();
        let said = run
            .stdout
            .replace(&home.display().to_string(), "/home/ann")
            .replace(&here.display().to_string(), "/home/ann/campaigns");

        // Before each mark what belongs to no block, then what a block said, then how it ended.
        let mut parts = said.split(MARK).skip(1);
        let mut last: Option<&str> = None;
        for block in &self.blocks {
            let at = format!("{}:{}", self.name, block.line);
            if block.is_typed() {
                let said = parts.next().unwrap_or_default();
                let code = parts.next().unwrap_or("nothing: it ended here");
                // Seen when the test fails, or with `--nocapture`: what to show on the page.
                println!("--- {at}\n{}---\n{said}", block.text);
                assert_eq!(code, block.code().to_string(), "{at} ended otherwise");
                parts.next();
                last = Some(said);
            } else if block.comment == "shows" {
                let said = last.unwrap_or_else(|| panic!("{at}: nothing was typed before it"));
                assert!(shows(&block.text, said), "{at}: this did not come:\n{}", block.text);
            }
        }
        assert_eq!(
            server.unfired(),
            [""; 0],
            "{}: what the server was to do did not come about",
            self.name
        );
    }
}

impl Block {
    fn is_typed(&self) -> bool {
        self.comment == "run" || self.comment.starts_with("run ") || self.comment.starts_with("run,")
    }

    /// What its last command ends with.
    fn code(&self) -> u8 {
        let code = self.comment.rsplit_once("exit ").map(|(_, code)| code.parse().unwrap());
        code.unwrap_or(0)
    }
}

/// A person at a terminal, who says yes.
const SAYS_YES: &str = "#!/bin/sh\ncase $1 in\nsend | purge) set -- \"$@\" --yes ;;\nesac\nexec \"$APPEL\" \"$@\"\n";

/// Where the account file is, in one's home.
const ACCOUNT: &str = ".config/appel/config.toml";
/// One for pages that are not about it.
const ANN: &str = "[sender]\nname = \"Ann Peeters\"\nemail = \"ann@example.org\"\ncountry = \"BE\"\nlanguage = \"fr\"\n\
    city = \"Brussels\"\n\n[smtp]\nhost = \"smtp.example.org\"\n";

/// What a person has who cloned the repository: the example.
fn example(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec!["templates".to_owned()];
    let mut files = vec!["config.example.toml".to_owned(), "recipients.example.csv".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(name);
            } else {
                files.push(name);
            }
        }
    }
    for file in files {
        put(&folder.join(&file), &fs::read_to_string(root.join(&file)).unwrap());
    }
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The account file with the scripted server in place of a provider's, and in no hurry.
fn lent(text: &str, path: &str, server: &Server) -> String {
    if !path.ends_with(ACCOUNT) {
        return text.to_owned();
    }
    let mut lent = String::new();
    for line in text.lines() {
        let key = line.split('=').next().unwrap_or_default().trim();
        match key {
            "host" => {
                let port = server.port();
                lent.push_str("host = \"127.0.0.1\"\nsecurity = \"none\"\nrate = \"unlimited\"\nretry-for = \"1ms\"\n");
                // One connection: letters leave in the same order each time.
                let _ = writeln!(lent, "port = {port}\nconnections = 1");
            }
            "port" | "security" | "rate" | "retry-for" | "connections" => {}
            _ => {
                lent.push_str(line);
                lent.push('\n');
            }
        }
    }
    lent
}

/// Whether this is what was said, but for what was left out of it.
fn shows(shown: &str, said: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        let text = text.trim_matches('\n');
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    };
    matches(
        &lines(shown),
        &lines(said),
        |shown| shown.trim() == CUT,
        |shown, said| {
            let (shown, said): (Vec<char>, Vec<char>) = (shown.chars().collect(), said.chars().collect());
            matches(&shown, &said, |c| c.to_string() == CUT, |one, other| one == other)
        },
    )
}

/// Whether the one is the other, where a cut stands for any number of what is left out.
fn matches<T>(shown: &[T], said: &[T], cut: impl Fn(&T) -> bool, same: impl Fn(&T, &T) -> bool) -> bool {
    // How much of `shown` each beginning of `said` can be: the usual table, a row at a time.
    let mut row: Vec<bool> = vec![false; shown.len() + 1];
    row[0] = true;
    for at in 0..shown.len() {
        row[at + 1] = row[at] && cut(&shown[at]);
    }
    for word in said {
        let mut next = vec![false; shown.len() + 1];
        for at in 0..shown.len() {
            next[at + 1] = if cut(&shown[at]) {
                row[at + 1] || next[at]
            } else {
                row[at] && same(&shown[at], word)
            };
        }
        row = next;
    }
    row[shown.len()]
}

/// README.md and every page of the guide, which the guide's index names.
fn pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let mut pages: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .map(|name| format!("docs/guide/{name}"))
        .collect();
    pages.sort();
    pages.insert(0, "README.md".to_owned());
    pages
}

macro_rules! typed {
    ($($test:ident: $page:literal),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                Page::read($page).run();
            }
        )*

        #[test]
        fn every_page_is_typed() {
            let tested = [$($page),*];
            for page in pages() {
                assert!(tested.contains(&&*page), "no test types {page}");
                assert!(Page::read(&page).typed().count() > 0, "{page} has nothing to type");
            }
        }
    };
}

typed! {
    the_readme: "README.md",
    the_guides_index: "docs/guide/README.md",
    the_guide_for_activists: "docs/guide/activist.md",
    the_guide_for_organisers: "docs/guide/organiser.md",
    the_page_on_recipients: "docs/guide/recipients.md",
    the_page_on_templates: "docs/guide/templates.md",
    the_page_on_trouble: "docs/guide/trouble.md",
    the_page_on_privacy: "docs/guide/privacy.md",
    the_page_for_scripts: "docs/guide/scripts.md",
}

#[test]
fn what_is_not_typed_says_why() {
    for name in pages() {
        for block in Page::read(&name).blocks {
            let at = format!("{name}:{}", block.line);
            match &*block.language {
                "sh" => {
                    let why = block.comment.strip_prefix("not run: ");
                    assert!(
                        block.is_typed() || why.is_some_and(|why| !why.is_empty()),
                        "{at} is not typed, and nobody says why"
                    );
                }
                "toml" => {
                    let read = toml::from_str::<toml::Table>(&block.text);
                    assert!(read.is_ok(), "{at} is no TOML: {read:?}");
                }
                "json" => {
                    for line in block.text.lines().filter(|line| !line.contains(CUT)) {
                        let read = serde_json::from_str::<serde_json::Value>(line);
                        assert!(read.is_ok(), "{at} is no JSON: {read:?}");
                    }
                }
                "text" | "csv" | "handlebars" => {}
                other => panic!("{at}: what is {other:?}?"),
            }
        }
    }
}

#[test]
fn what_is_left_out_may_be_anything_and_the_rest_may_not() {
    assert!(shows("one\n…\nfour", "one\ntwo\nthree\nfour\n"));
    assert!(shows("…\nfour\n", "\none\nfour"));
    assert!(shows("a … c", "a b c  "));
    assert!(shows("…", ""));
    assert!(!shows("one\nfour", "one\ntwo\nfour"));
    assert!(!shows("one\n…\nfour", "one\ntwo"));
    assert!(!shows("a … c", "a b d"));
}

/// The test that CONTRIBUTING.md shows as one.
#[test]
fn a_refused_recipient_is_told() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("m2@mfa.example")
        .reply("550 5.1.1 no such user")
        .start();
    let campaign = Campaign::new().people(3).smtp(&server);
    campaign.send(&[]).exits(1).prints(&["2 accepted, 1 refused"]);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn the_test_that_is_shown_as_one_is_one() {
    let page = Page::read("CONTRIBUTING.md");
    let shown = page.blocks.iter().find(|block| block.language == "rust").unwrap();
    assert!(include_str!("guide.rs").contains(&shown.text), "{}", shown.text);
}
