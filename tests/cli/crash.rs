//! A run that is killed, at any moment: nothing is sent twice, and nothing is lost in silence.

use std::collections::BTreeSet;

use crate::support::{Campaign, Server, Step};

/// After the run to the end: every letter is accepted or in doubt, the server has none twice and knows all accepted.
#[track_caller]
fn nothing_is_lost_or_doubled(campaign: &Campaign, server: &Server, letters: u64, connections: u64) -> u64 {
    let [accepted, deferred, refused, in_doubt, due] = campaign.standing();
    assert_eq!((deferred, refused, due), (0, 0, 0));
    assert_eq!(
        accepted + in_doubt,
        letters,
        "a letter is neither accepted nor in doubt"
    );
    assert!(in_doubt <= 2 * connections, "{in_doubt} letters in doubt");
    assert_eq!(server.taken_twice(), [""; 0]);
    let ids: BTreeSet<_> = server
        .taken()
        .into_iter()
        .filter_map(|letter| letter.message_id)
        .collect();
    let taken = ids.len() as u64;
    assert!(
        (accepted..=letters).contains(&taken),
        "{accepted} accepted, {in_doubt} in doubt, {taken} taken"
    );
    in_doubt
}

/// Kills a run when the nth step of the dialogue is reached, for each n until a run is through without.
fn kill_at_every_step(connections: u64, letters: u64) {
    let mut doubts = 0;
    for n in 1.. {
        let server = Server::builder().on(Step::Any).nth(n).stall().start();
        let campaign = Campaign::new()
            .people(usize::try_from(letters).unwrap())
            .smtp(&server)
            .set_toml("smtp.connections", &connections.to_string());
        let run = campaign.spawn(&["send", "--yes", "-q"]);
        if !stalls_or_ends(&server, run) {
            assert!(n > letters as usize * 4, "the run ended too early: {n}");
            break;
        }
        let again = campaign.send(&["-q"]);
        let held = nothing_is_lost_or_doubled(&campaign, &server, letters, connections);
        again.exits(i32::from(held > 0));
        doubts += held;
    }
    assert!(doubts > 0, "a kill after the final dot leaves a letter in doubt");
}

/// Kills the run when the server stalls it; false when it ends by itself.
fn stalls_or_ends(server: &Server, run: crate::support::Running) -> bool {
    let mut run = Some(run);
    loop {
        if server.stalls() > 0 {
            run.take().unwrap().kill();
            return true;
        }
        if run.as_mut().unwrap().has_ended() {
            run.take().unwrap().wait().exits(0);
            return false;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[test]
fn killed_at_any_step_of_one_connection_nothing_is_sent_twice_or_lost() {
    kill_at_every_step(1, 3);
}

#[test]
fn killed_at_any_step_of_two_connections_nothing_is_sent_twice_or_lost() {
    kill_at_every_step(2, 4);
}
