use std::fs;

use proptest::prelude::*;

use super::edit::{Expires, NotSet, Setting, set};
use super::file::Opened;
use super::*;

fn each(texts: &[(&str, &str)]) -> Texts {
    let texts = texts.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned()));
    Texts::Each(texts.collect())
}

fn one(text: &str) -> Texts {
    Texts::One(text.to_owned())
}

fn setting(value: Texts, source: Texts) -> Setting {
    Setting {
        name: "killed".to_owned(),
        value,
        source,
        as_of: "2026-11-25T10:00:00Z".parse().unwrap(),
        expires: Expires::Stays,
    }
}

const WRITTEN: &str = "# A campaign.\n\n[campaign]  # its table\nid = 'c'   # keep\n\n# Figures.\n[facts.killed] # the dead\n\
     as-of = 2026-11-22T18:00:00+02:00   # when\n# before the value\nvalue.en = \"at least 14\"  # English\n\
     value.fr = 'au moins 14'\nsource.en = \"committee\"\nsource.fr = \"comité\" # qui\n# after\n\n[[letter]]\nid = \"protest\"\n\
     # the end, without a line end";

const SET: &str = "# A campaign.\n\n[campaign]  # its table\nid = 'c'   # keep\n\n# Figures.\n[facts.killed] # the dead\n\
     as-of = 2026-11-25T10:00:00Z   # when\n# before the value\nvalue.en = \"at least 70\"  # English\n\
     value.fr = \"au moins 70\"\nsource.en = \"committee\"\nsource.fr = \"comité\" # qui\n# after\n\n[[letter]]\nid = \"protest\"\n\
     # the end, without a line end";

fn seventy() -> Setting {
    setting(
        each(&[("en", "at least 70"), ("fr", "au moins 70")]),
        each(&[("en", "committee"), ("fr", "comité")]),
    )
}

#[test]
fn what_is_not_the_figure_stays_to_the_byte() {
    assert_eq!(set(WRITTEN, &seventy()).unwrap(), SET);
    // Whatever its lines end in, all or some of them, and with a byte order mark.
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(set(&crlf(WRITTEN), &seventy()).unwrap(), crlf(SET));
    let marked = |text: &str| format!("\u{feff}{text}");
    assert_eq!(set(&marked(WRITTEN), &seventy()).unwrap(), marked(SET));
    assert_eq!(set(&marked(&crlf(WRITTEN)), &seventy()).unwrap(), marked(&crlf(SET)));
    let mixed = |text: &str| {
        text.replace("\n# Figures", "\r\n# Figures")
            .replace("keep\n", "keep\r\n")
    };
    assert_eq!(set(&mixed(WRITTEN), &seventy()).unwrap(), mixed(SET));
    // What is set already is not written anew.
    assert_eq!(set(SET, &seventy()).unwrap(), SET);
}

#[test]
fn a_figure_is_set_however_it_is_written() {
    let check = |text: &str, setting: &Setting, expect: &str| {
        assert_eq!(set(text, setting).unwrap(), expect, "{text}");
    };
    let plain = setting(one("70"), one("S"));
    check(
        "[facts.killed]\nvalue = \"14\" # v\n",
        &plain,
        "[facts.killed]\nvalue = \"70\" # v\nsource = \"S\"\nas-of = 2026-11-25T10:00:00Z\n",
    );
    check(
        "facts.killed.value = \"14\"\nx = 1\n",
        &plain,
        "facts.killed.value = \"70\"\nfacts.killed.source = \"S\"\nfacts.killed.as-of = 2026-11-25T10:00:00Z\nx = 1\n",
    );
    check(
        "facts = { killed = { value = \"14\" }, b = 2 } # f\n",
        &plain,
        "facts = { killed = { value = \"70\", source = \"S\", as-of = 2026-11-25T10:00:00Z }, b = 2 } # f\n",
    );
    let both = setting(each(&[("en", "70"), ("fr", "septante")]), one("S"));
    check(
        "[facts.killed]\nvalue = { EN = \"14\" } # v\n",
        &both,
        "[facts.killed]\nvalue = { EN = \"70\", fr = \"septante\" } # v\nsource = \"S\"\nas-of = 2026-11-25T10:00:00Z\n",
    );
    check(
        "[facts.killed]\nas-of = 2026-11-25T10:00:00Z\n[facts.killed.value]\nen = \"14\"\n",
        &both,
        "[facts.killed]\nas-of = 2026-11-25T10:00:00Z\nsource = \"S\"\n[facts.killed.value]\nen = \"70\"\nfr = \"septante\"\n",
    );
    check(
        "[facts.killed]\nvalue = \"14\" # v\n",
        &both,
        "[facts.killed]\nvalue = { en = \"70\", fr = \"septante\" } # v\nsource = \"S\"\nas-of = 2026-11-25T10:00:00Z\n",
    );
    check(
        "[campaign]\nid = 1\n",
        &plain,
        "[campaign]\nid = 1\n\n[facts.killed]\nvalue = \"70\"\nsource = \"S\"\nas-of = 2026-11-25T10:00:00Z\n",
    );
    let expiring = Setting {
        expires: Expires::Is("2026-11-26T10:00:00Z".parse().unwrap()),
        ..plain.clone()
    };
    let with = "[facts.killed]\nvalue = \"70\"\nsource = \"S\"\nas-of = 2026-11-25T10:00:00Z\nexpires = 2026-11-26T10:00:00Z\n";
    check("[facts.killed]\nvalue = \"14\"\n", &expiring, with);
    let gone = Setting {
        expires: Expires::Goes,
        ..plain.clone()
    };
    check(with, &gone, &with.replace("expires = 2026-11-26T10:00:00Z\n", ""));
    for wrong in ["facts = 3\n", "[facts]\nkilled = 3\n", "x = \n", "[[facts]]\n"] {
        assert_eq!(set(wrong, &plain), Err(NotSet), "{wrong}");
    }
}

proptest! {
    /// Any value, in any place, is read as what was written, and every other line stays.
    #[test]
    fn any_text_is_written_so_that_it_is_read_as_it_is(text in "[^\\r\\n]{1,40}", crlf: bool, before in "[a-z #]{0,20}") {
        let written = format!("# {before}\n[facts.killed]\nvalue = \"1\" # {before}\n[x]\ny = 2 # {before}\n");
        let written = if crlf { written.replace('\n', "\r\n") } else { written };
        let set = set(&written, &setting(one(&text), one(&text))).unwrap();
        let table: toml::Table = set.parse().unwrap();
        prop_assert_eq!(table["facts"]["killed"]["value"].as_str(), Some(&*text));
        prop_assert_eq!(table["facts"]["killed"]["source"].as_str(), Some(&*text));
        let lines: Vec<&str> = set.split_inclusive('\n').collect();
        for line in written.split_inclusive('\n').filter(|line| !line.starts_with("value")) {
            prop_assert!(lines.contains(&line), "{:?} in {:?}", line, set);
        }
    }
}

#[test]
fn a_file_that_changed_since_it_was_read_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, "a = 1\n").unwrap();
    let opened = Opened::read(&path).unwrap();
    fs::write(&path, "a = 2\n").unwrap();
    assert!(opened.replace("a = 3\n").is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "a = 2\n");
    Opened::read(&path).unwrap().replace("a = 3\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a = 3\n");
    // One that came meanwhile, and one that went.
    let new = folder.path().join("facts.log.toml");
    let nothing = Opened::read(&new).unwrap();
    fs::write(&new, "b = 1\n").unwrap();
    assert!(nothing.replace("b = 2\n").is_err());
    let there = Opened::read(&new).unwrap();
    fs::remove_file(&new).unwrap();
    assert!(there.replace("b = 2\n").is_err());
    assert!(!new.exists());
    // Nothing else is left in the folder.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions_and_is_written_through_no_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for mode in [0o600, 0o640, 0o664] {
        fs::write(at("config.toml"), "a = 1\n").unwrap();
        fs::set_permissions(at("config.toml"), fs::Permissions::from_mode(mode)).unwrap();
        Opened::read(&at("config.toml")).unwrap().replace("a = 2\n").unwrap();
        let now = fs::metadata(at("config.toml")).unwrap().permissions().mode();
        assert_eq!(now & 0o777, mode);
    }
    symlink(at("config.toml"), at("link.toml")).unwrap();
    assert!(Opened::read(&at("link.toml")).is_err());
    fs::hard_link(at("config.toml"), at("second.toml")).unwrap();
    assert!(Opened::read(&at("second.toml")).is_err());
}
