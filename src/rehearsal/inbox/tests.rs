//! What is counted, what is remembered, and how files are named and guarded.

use super::*;

fn letter(text: &str) -> Arrived {
    Arrived {
        from: "anna@example.org".into(),
        to: vec!["info@example.com".into()],
        bytes: text.into(),
    }
}

fn check_name(message: &str, expected: &str) {
    assert_eq!(file_name(7, message.as_bytes()), expected, "{message:?}");
}

#[test]
fn files_are_named_after_the_message_id() {
    check_name("Message-ID: <4f2a@example.org>\r\n\r\n", "0007-4f2a.eml");
    check_name("From: a\r\nMESSAGE-id:<4f2a@example.org>\r\n\r\n", "0007-4f2a.eml");
    check_name("Message-ID:\r\n <4f2a@example.org>\r\n\r\n", "0007-4f2a.eml");
    check_name("Message-ID: <no-domain>\r\n\r\n", "0007-no-domain.eml");
    check_name(
        "Message-ID: <../../etc/passwd@example.org>\r\n\r\n",
        "0007-.._.._etc_passwd.eml",
    );
    check_name("Message-ID: <é\0x@example.org>\r\n\r\n", "0007-__x.eml");
    check_name(
        &format!("Message-ID: <{}@example.org>\r\n", "x".repeat(300)),
        &format!("0007-{}.eml", "x".repeat(100)),
    );
}

#[test]
fn a_letter_without_a_message_id_has_a_plain_name() {
    check_name("", "0007-letter.eml");
    check_name("From: a\r\n\r\nMessage-ID: <body@example.org>\r\n", "0007-letter.eml");
    check_name("X-Message-ID: <other@example.org>\r\n\r\n", "0007-letter.eml");
    check_name("Message-ID:\r\n\r\n", "0007-letter.eml");
    check_name("Message-ID: <unclosed\r\n\r\n>", "0007-letter.eml");
    check_name("Message-ID:\r\n\r\n<html>", "0007-letter.eml");
    check_name("Message-ID:\r\nTo: <b@example.org>\r\n\r\n", "0007-letter.eml");
    check_name("Message-ID: <@example.org>\r\n\r\n", "0007-letter.eml");
    assert_eq!(file_name(1_234_567, b""), "1234567-letter.eml");
}

#[test]
fn the_first_letters_are_remembered_and_all_are_counted() {
    let inbox = Inbox::remembering(2);
    let mut sink = inbox.sink();
    for number in 1..=1000 {
        sink(letter(&number.to_string())).unwrap();
    }
    let contents = inbox.into_contents();
    assert_eq!(contents.accepted, 1000);
    assert_eq!(contents.letters, [letter("1"), letter("2")]);
    assert!(contents.failure.is_none());
}

#[test]
fn letters_too_large_to_remember_are_counted() {
    let inbox = Inbox::remembering(20);
    let mut sink = inbox.sink();
    let large = "x".repeat(REMEMBERED_BYTES - 1);
    for text in ["first", &large, "third"] {
        sink(letter(text)).unwrap();
    }
    let contents = inbox.into_contents();
    assert_eq!((contents.accepted, contents.letters), (3, vec![letter("first")]));
}

#[test]
fn every_letter_is_kept_as_a_private_file() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("kept/letters");
    let inbox = Inbox::keeping(3, &folder).unwrap();
    let mut sink = inbox.sink();
    let text = "Message-ID: <same@example.org>\r\n\r\n.\r\nbare \r and \n\r\n";
    sink(letter(text)).unwrap();
    sink(letter(text)).unwrap();
    assert_eq!(inbox.into_contents().accepted, 2);
    for name in ["0001-same.eml", "0002-same.eml"] {
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), text);
    }
    #[cfg(unix)]
    for (path, mode) in [(folder.clone(), 0o700), (folder.join("0001-same.eml"), 0o600)] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            mode,
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_folder_in_use_is_refused() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("0001-old.eml"), "").unwrap();
    assert!(matches!(Inbox::keeping(3, home.path()), Err(KeepError::NotEmpty(_))));
    let file = home.path().join("0001-old.eml");
    let error = Inbox::keeping(3, &file).unwrap_err();
    let said = format!("cannot keep letters in {}", file.display());
    assert_eq!(error.message().in_english(), said);
}

#[test]
fn the_first_failure_is_kept_and_the_letter_is_not_counted() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("letters");
    let inbox = Inbox::keeping(3, &folder).unwrap();
    let mut sink = inbox.sink();
    sink(letter("kept")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    sink(letter("lost")).unwrap_err();
    fs::create_dir(&folder).unwrap();
    sink(letter("kept again")).unwrap();
    let contents = inbox.into_contents();
    assert_eq!(contents.accepted, 2);
    let failure = contents.failure.unwrap();
    assert_eq!(failure.kind(), io::ErrorKind::NotFound);
    assert!(failure.to_string().contains("0002-letter.eml: "), "{failure}");
}
