use appel_core::letter::{Attachments, Past, compose};
use appel_core::outcome::Status;
use appel_core::testing::{given, moment};

use super::*;
use crate::outbox::ledger::NoLedger;

/// A letter, and its message with a subject and facts that are not ASCII.
fn letter() -> (Letter, Message) {
    let made = given().made();
    let letter = made.due().swap_remove(0);
    let date = jiff::civil::date(2011, 12, 16);
    let text = made.renderer(None).render(&letter, date).unwrap();
    let mut message = compose(
        &letter,
        &text,
        &made.sender,
        &Attachments::new(),
        moment("2011-12-16T18:54:03Z"),
    )
    .unwrap();
    message.subject = "Libérez-les\nnow".to_owned();
    message.facts = "{\"killed\":\"à 14\"}".into();
    (letter, message)
}

fn kept(folder: &Path) -> Kept {
    Kept::beside(&folder.join("ledger"))
}

fn is_the_same(found: &Message, message: &Message) {
    assert_eq!(
        (&found.subject, &found.facts, &found.bytes, &found.message_id),
        (&message.subject, &message.facts, &message.bytes, &message.message_id)
    );
}

#[test]
fn what_is_kept_comes_back_as_it_was_and_only_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (letter, message) = letter();
    let kept = kept(folder.path());
    assert!(!kept.has(letter.id) && kept.message(&letter).is_none());
    kept.keep(&message, &message.sha256()).unwrap();
    assert!(kept.has(letter.id));
    is_the_same(&kept.message(&letter).unwrap(), &message);
    let path = kept.path(letter.id);
    let whole = fs::read(&path).unwrap();
    for cut in [0, 10, 80, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(kept.message(&letter).is_none(), "cut at {cut}");
    }
    let mut other = whole.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&path, other).unwrap();
    assert!(kept.message(&letter).is_none());
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (letter, message) = letter();
    let kept = kept(folder.path());
    kept.put_in_slot(0, &message, &message.sha256());
    kept.keep(&message, &message.sha256()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        [
            mode(&kept.folder),
            mode(&kept.path(letter.id)),
            mode(&kept.folder.join("slot-0"))
        ],
        [0o700, 0o600, 0o600]
    );
}

/// As a ledger would have it that needs these letters.
async fn tidy(kept: &Kept, needed: &[LetterId]) -> bool {
    let answer = async |ids: &[LetterId]| Ok(ids.iter().map(|id| needed.contains(id)).collect());
    kept.tidy_by(answer).await.unwrap()
}

#[tokio::test]
async fn a_slot_of_a_killed_run_becomes_a_kept_letter_where_the_ledger_needs_it_and_is_gone_where_not() {
    let folder = tempfile::tempdir().unwrap();
    let (mut letter, message) = letter();
    let mut longer = message.clone();
    longer.id = LetterId::from_bytes([9; 16]);
    longer.bytes.extend_from_slice(&[b'x'; 500]);
    let killed = kept(folder.path());
    // A shorter letter leaves the end of a longer one behind it.
    killed.put_in_slot(0, &longer, &longer.sha256());
    killed.put_in_slot(0, &message, &message.sha256());
    killed.put_in_slot(1, &longer, &longer.sha256());
    drop(killed);
    let next = kept(folder.path());
    assert!(!tidy(&next, &[letter.id]).await);
    letter.past = Some(Past {
        status: Status::InDoubt,
        first_date: moment("2011-12-16T18:54:03Z"),
    });
    is_the_same(&next.message(&letter).unwrap(), &message);
    let names: Vec<_> = fs::read_dir(&next.folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(names, [next.path(letter.id)]);
    // Needed no more, nothing is left of it.
    assert!(next.tidy(&mut NoLedger).await.unwrap());
    assert!(!next.folder.exists());
}

#[tokio::test]
async fn what_is_in_flight_when_a_run_stops_at_once_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (letter, message) = letter();
    let kept = kept(folder.path());
    kept.put_in_slot(3, &message, &message.sha256());
    kept.keep_what_is_in_a_slot(LetterId::from_bytes([1; 16]));
    kept.keep_what_is_in_a_slot(letter.id);
    assert!(!tidy(&kept, &[letter.id]).await);
    is_the_same(&kept.message(&letter).unwrap(), &message);
}

#[cfg(unix)]
#[test]
fn nothing_is_kept_or_found_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (letter, message) = letter();
    let kept = kept(folder.path());
    std::os::unix::fs::symlink(elsewhere.path(), &kept.folder).unwrap();
    assert!(kept.keep(&message, &message.sha256()).is_err());
    kept.put_in_slot(0, &message, &message.sha256());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    assert!(kept.message(&letter).is_none());
}
