use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refused(result: io::Result<impl std::fmt::Debug>) -> Unfit {
    let error = result.unwrap_err();
    Unfit::of(&error).unwrap_or_else(|| panic!("{error}")).clone()
}

#[test]
fn a_folder_that_others_can_write_is_refused_with_the_command_that_mends_it() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a folder");
    check_folder(&folder).unwrap();
    own_folder(&folder).unwrap();
    for open in [0o770, 0o702, 0o777, 0o1777] {
        mode(&folder, open);
        let unfit = refused(own_folder(&folder));
        assert!(unfit.to_string().contains("can write to"), "{unfit:?}");
        let hint = format!("run: chmod go-w '{}'", folder.display());
        assert_eq!(unfit.hint.in_english(), hint);
    }
    for fine in [0o700, 0o755] {
        mode(&folder, fine);
        own_folder(&folder).unwrap();
    }
    // A link to a folder of one's own, and one that leads nowhere.
    let link = dir.path().join("link");
    symlink(&folder, &link).unwrap();
    own_folder(&link).unwrap();
    mode(&folder, 0o777);
    assert!(check_folder(&link).is_err());
    fs::remove_dir(&folder).unwrap();
    assert!(
        check_folder(&link)
            .unwrap_err()
            .to_string()
            .contains("where there is nothing")
    );
    fs::write(&folder, "").unwrap();
    assert!(
        check_folder(&folder)
            .unwrap_err()
            .to_string()
            .contains("is not a folder")
    );
}

#[test]
fn nothing_is_opened_but_a_file_of_ones_own_with_one_name() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("file"), "mine").unwrap();
    symlink(at("file"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    symlink(at("loop"), at("loop")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap();
    assert!(made.success());
    for name in ["link", "dangling", "loop", "folder", "fifo"] {
        for options in [
            options().read(true),
            options().write(true),
            options().append(true).create(true),
        ] {
            let unfit = refused(open(&at(name), options));
            assert!(unfit.to_string().contains(name), "{unfit:?}");
            refused(open_own(&at(name), options));
        }
        refused(read_to_string_no_follow(&at(name)));
        refused(Erasable::open(&at(name)));
    }
    assert!(!at("nowhere").exists());
    assert_eq!(read_to_string_no_follow(&at("file")).unwrap(), "mine");
    fs::hard_link(at("file"), at("name")).unwrap();
    let unfit = refused(open(&at("file"), options().read(true)));
    assert!(unfit.to_string().contains("hard link"), "{unfit:?}");
    refused(Erasable::open(&at("name")));
    fs::remove_file(at("name")).unwrap();
    mode(&at("file"), 0o620);
    assert!(
        refused(open_own(&at("file"), options().read(true)))
            .hint
            .in_english()
            .starts_with("run: chmod go-w ")
    );
    open(&at("file"), options().read(true)).unwrap();
}

#[test]
fn without_the_look_before_the_system_itself_follows_no_link() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("file"), dir.path().join("link"));
    fs::write(&file, "mine").unwrap();
    symlink(&file, &link).unwrap();
    assert!(options().read(true).open(&link).is_err());
    assert!(options().write(true).create(true).open(&link).is_err());
}

#[test]
fn a_file_is_replaced_whole_and_nothing_is_written_through_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let (file, other) = (dir.path().join("file"), dir.path().join("other"));
    fs::write(&other, "another's").unwrap();
    symlink(&other, &file).unwrap();
    for text in ["one", "two, longer", ""] {
        write_atomic(&file, text.as_bytes()).unwrap();
        assert_eq!(read_to_string_no_follow(&file).unwrap(), text);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_to_string(&other).unwrap(), "another's");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        2,
        "nothing is left beside it"
    );
    assert!(write_atomic(&dir.path().join("no/such/folder"), b"").is_err());
}

#[test]
fn what_is_erased_is_overwritten_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "secret").unwrap();
    let mut kept = File::open(&path).unwrap();
    let erasable = Erasable::open(&path).unwrap().unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "secret",
        "opening it changes nothing"
    );
    erasable.erase().unwrap();
    assert!(!path.exists() && Erasable::open(&path).unwrap().is_none());
    let mut left = String::new();
    kept.read_to_string(&mut left).unwrap();
    assert_eq!(left, "\0".repeat(6));
}

#[test]
fn a_path_is_quoted_for_a_shell_where_it_has_to_be() {
    for (path, expect) in [
        ("/home/ann/.local", "/home/ann/.local"),
        ("-rf", "./-rf"),
        ("a b", "'a b'"),
        ("it's $HOME", r"'it'\''s $HOME'"),
        ("~/x", "'~/x'"),
    ] {
        assert_eq!(quoted(Path::new(path)), expect);
    }
}
