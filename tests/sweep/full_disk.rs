//! Rows 35 and 36 of the faults, on a real disk that is full.

use crate::{
    audit::{Known, MOST_IN_DOUBT, Mailing, SEND, finish},
    io_errors::{FULL, complaints},
    small_disk::SmallDisk,
    support::{Campaign, Server, Step},
    walk::Tally,
};

#[test]
fn a_disk_that_is_full_before_an_intent_sends_nothing_and_says_to_make_room() {
    let server = Server::builder().start();
    let campaign = Campaign::in_memory().people(3).smtp(&server);
    let Some((disk, campaign)) = SmallDisk::of(campaign, 64) else {
        return;
    };
    disk.fill(&campaign);
    campaign
        .send_json(&[])
        .exits(4)
        .says(&["the ledger", "the disk is full", "make room on that disk"]);
    assert_eq!(server.connections(), 0, "nothing is sent that cannot be noted first");
    disk.make_room(&campaign);
    campaign.send_json(&[]).exits(0);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (3, 0));
    assert_eq!(campaign.standing(), [3, 0, 0, 0, 0]);
}

#[test]
fn a_disk_that_is_full_after_the_final_dot_ends_the_run_and_the_letter_is_known_or_in_doubt() {
    let server = Server::builder().on(Step::FinalDot).letter(2).hold().start();
    // At this pace each letter is claimed by itself: the third one cannot be.
    let campaign = Campaign::in_memory().people(4).smtp(&server).set("smtp.rate", "99/s");
    let Some((disk, campaign)) = SmallDisk::of(campaign, 256) else {
        return;
    };
    let run = campaign.spawn(&["send", "--yes", "--json"]);
    // What was accepted before is told, so the disk knows it.
    run.wait_for_words("1/4  accepted");
    server.wait_for_holds(1);
    disk.fill(&campaign);
    server.release();
    let run = run.wait();
    run.exits(4)
        .says(&["cannot be written: the disk is full", "make room on that disk"]);
    let named = run.outcomes();
    assert_eq!(
        named,
        [
            "m1@mfa.example accepted",
            "m2@mfa.example in-doubt",
            "m3@mfa.example deferred",
            "m4@mfa.example deferred"
        ]
    );

    disk.make_room(&campaign);
    let again = campaign.send_json(&[]);
    let [accepted, deferred, refused, in_doubt, due] = campaign.standing();
    assert_eq!((accepted + in_doubt, deferred, refused, due), (4, 0, 0, 0));
    assert!(in_doubt <= MOST_IN_DOUBT as u64, "{in_doubt} in doubt");
    again.exits(i32::from(in_doubt > 0));
    assert_eq!(server.taken_twice(), [""; 0]);
    assert!(server.taken().len() as u64 >= accepted);
}

#[test]
fn a_disk_of_any_size_that_is_too_small_loses_and_doubles_nothing() {
    for (letters, connections) in [(6, 1), (12, 4)] {
        // At this pace each letter is claimed, and each outcome noted, by itself.
        let mailing = Mailing::new(letters, connections).paced();
        let tally = Tally::new();
        let mut failed_while_sending = 0;
        for kib in (4..).step_by(4) {
            let (server, campaign) = mailing.scene();
            let Some((disk, campaign)) = SmallDisk::of(campaign, kib) else {
                return;
            };
            let run = campaign.appel(SEND);
            if run.status == Some(0) && kib > 64 {
                break;
            }
            failed_while_sending += usize::from(!server.taken_so_far().is_empty());
            let mut known = Known::default();
            known.hear(&run);
            let wrong = complaints(mailing, &run, &server, FULL);
            disk.make_room(&campaign);
            let mut found = finish(mailing, &campaign, &server, known);
            found.wrong.extend(wrong);
            tally.count(&format!("{kib} KiB"), found);
        }
        tally
            .say(&format!("too small a disk, {mailing}"))
            .hold(MOST_IN_DOUBT * mailing.connections);
        assert!(failed_while_sending > 1, "no run ran out of room on its way");
    }
}
