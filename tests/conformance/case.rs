//! A case: a campaign in a folder, and what is expected of its letters.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::support::{Campaign, Run};

/// Who sends where a case has no `account.toml` of its own.
const SENDER: &str = "[sender]\nname = \"Ann Activist\"\nemail = \"ann@home.example\"\ncountry = \"BE\"\n\
    language = \"en\"\ncity = \"Brussels\"\n";

pub struct Case {
    pub name: String,
    pub folder: PathBuf,
    pub expect: Expect,
}

/// `expect.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What the case is about, in a sentence.
    pub about: String,
    /// What `send`, `rehearse` and `send --out` are told beside.
    #[serde(default)]
    pub options: Vec<String>,
    /// Runs that came before, each as its arguments.
    #[serde(default)]
    pub before: Vec<Vec<String>>,
    #[serde(rename = "letter")]
    pub letters: Vec<Letter>,
}

/// What is expected of one letter. Text is compared as its reader sees it: decoded, and its lines put together again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Letter {
    /// The first address of the envelope, and the only one of the header.
    pub to: String,
    #[serde(default)]
    pub to_name: String,
    /// The other addresses of the envelope, and those of the Cc header, in their order.
    #[serde(default)]
    pub copies: Vec<String>,
    #[serde(default = "ann")]
    pub from: String,
    #[serde(default = "ann_activist")]
    pub from_name: String,
    #[serde(default)]
    pub reply_to: Option<String>,
    pub subject: String,
    /// Headers beside those that each letter has, as they are written, without their folding.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The address of the reader whose earlier letter this one answers, where it is a follow-up.
    #[serde(default)]
    pub answers: Option<String>,
    /// The whole text.
    #[serde(default)]
    pub text: Option<String>,
    /// Parts of it.
    #[serde(default)]
    pub text_has: Vec<String>,
    #[serde(default)]
    pub text_lacks: Vec<String>,
    /// Whole lines of the text as they leave, before anybody puts them together. A blank at an end is written as `·`.
    #[serde(default)]
    pub lines: Vec<String>,
    /// How the text is encoded: `7bit`, `quoted-printable`, `base64`.
    #[serde(default)]
    pub encoding: Option<String>,
    /// The media types of all parts that hold something, in their order.
    #[serde(default = "plain")]
    pub parts: Vec<String>,
    #[serde(default)]
    pub html_has: Vec<String>,
    #[serde(default)]
    pub html_lacks: Vec<String>,
    #[serde(default, rename = "file")]
    pub files: Vec<File>,
    /// Stands so in the message as it leaves (with LF at the ends of lines), or does not.
    #[serde(default)]
    pub raw_has: Vec<String>,
    #[serde(default)]
    pub raw_lacks: Vec<String>,
}

/// An attachment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name, as readers get it.
    pub name: String,
    /// Where in the campaign's folder it is.
    pub path: String,
    /// Its charset, of a text.
    #[serde(default)]
    pub charset: Option<String>,
}

fn ann() -> String {
    "ann@home.example".to_owned()
}

fn ann_activist() -> String {
    "Ann Activist".to_owned()
}

fn plain() -> Vec<String> {
    vec!["text/plain".to_owned()]
}

/// All cases, by their names; with `APPEL_CASE`, those that have this in their name.
pub fn all() -> Vec<Case> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases");
    let wanted = std::env::var("APPEL_CASE").unwrap_or_default();
    let mut found: Vec<Case> = fs::read_dir(cases)
        .expect("tests/conformance/cases")
        .map(|entry| Case::read(entry.expect("an entry of a folder").path()))
        .filter(|case| case.name.contains(&wanted))
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let name = folder.file_name().expect("a folder has a name");
        let name = name.to_str().expect("a case's name is ASCII").to_owned();
        let text = fs::read_to_string(folder.join("expect.toml")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expect = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}/expect.toml: {error}"));
        Self { name, folder, expect }
    }

    /// The campaign on a machine of its own, with a server that listens on this port.
    pub fn campaign(&self, port: u16) -> Campaign {
        let campaign = Campaign::empty();
        self.copy(&self.folder, &campaign);
        let account = fs::read_to_string(self.folder.join("account.toml")).unwrap_or_else(|_| SENDER.to_owned());
        let account = format!(
            "{account}\n[smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nusername = \"\"\n\
             connections = 1\nrate = \"unlimited\"\nretry-for = \"1ms\"\ntimeout = \"30s\"\n"
        );
        let path = campaign.account();
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder of ours");
        fs::write(&path, account).expect("a file of ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file of ours");
        campaign
    }

    fn copy(&self, folder: &Path, campaign: &Campaign) {
        for entry in fs::read_dir(folder).expect("a folder of the case") {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                self.copy(&path, campaign);
            } else if !path.ends_with("expect.toml") && !path.ends_with("account.toml") {
                let inside = path.strip_prefix(&self.folder).expect("a path of the case");
                let inside = inside.to_str().expect("a path in UTF-8");
                campaign.put(inside, fs::read(&path).expect("a file of the case"));
            }
        }
    }

    /// The runs that came before, on the wire.
    pub fn prepare(&self, campaign: &Campaign) {
        for arguments in &self.expect.before {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            campaign.send(&arguments).exits(0);
        }
    }

    /// A command with the case's options.
    pub fn run(&self, campaign: &Campaign, arguments: &[&str]) -> Run {
        let options = self.expect.options.iter().map(String::as_str);
        let arguments: Vec<&str> = arguments.iter().copied().chain(options).collect();
        campaign.appel(&arguments)
    }
}
