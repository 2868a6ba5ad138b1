//! In what order a run that nothing happens to does what it does: what a power cut must not take is on the disk before
//! the next step.

use crate::{
    audit::{Mailing, SEND},
    strace,
};

const STEPS: &str = "?write,?writev,?pwrite64,?pwritev,?pwritev2,?sendto,?sendmsg,?fsync,?fdatasync";

/// What a system call did, as far as it matters here.
#[derive(Debug)]
enum Did<'t> {
    /// Wrote this into what the ledger has before it is folded in.
    Wrote(&'t str),
    /// Had the disk keep that.
    Synced,
    /// Said this to the server, or to whoever reads what is told.
    Said(&'t str),
}

fn did(call: &str) -> Did<'_> {
    let (name, arguments) = call.split_once('(').expect("a call has arguments");
    let to_ledger = arguments.split_once('>').is_some_and(|(to, _)| to.ends_with("-wal"));
    match name.rsplit(' ').next() {
        Some("fsync" | "fdatasync") if to_ledger => Did::Synced,
        Some(name) if to_ledger && name.starts_with("pwrite") => Did::Wrote(arguments),
        _ => Did::Said(arguments),
    }
}

fn hold(mailing: Mailing) {
    let (server, campaign) = mailing.scene();
    let (run, calls) = strace::calls(&campaign, SEND, STEPS);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert_eq!(server.taken().len(), mailing.letters);
    let steps: Vec<Did> = calls.iter().map(|call| did(call)).collect();
    for person in mailing.people() {
        // As the page of a table has it, `RCPT` and what is told.
        let (rcpt, accepted) = (format!("RCPT TO:<{person}>"), format!("\\\"{person}\\\""));
        let first = |what: &dyn Fn(&Did) -> bool| steps.iter().position(what).expect("it is a step of the run");
        let claimed = first(&|did| matches!(did, Did::Wrote(page) if page.contains(&person)));
        let began = first(&|did| matches!(did, Did::Said(words) if words.contains(&rcpt)));
        let told = first(
            &|did| matches!(did, Did::Said(words) if words.contains(&accepted) && words.contains("\\\"accepted\\\"")),
        );
        assert!(claimed < began && began < told, "{person}: {claimed}, {began}, {told}");
        let synced = |from: usize, to: usize| steps[from..to].iter().any(|did| matches!(did, Did::Synced));
        assert!(
            synced(claimed, began),
            "{person} begins before its claim is on the disk"
        );
        let written = steps[..told]
            .iter()
            .rposition(|did| matches!(did, Did::Wrote(_)))
            .unwrap();
        assert!(written > began, "{person} is told before anything is written of it");
        assert!(
            synced(written, told),
            "{person} is told before what is written of it is on the disk"
        );
    }
}

#[test]
fn a_claim_is_on_the_disk_before_its_letter_begins_and_an_outcome_before_it_is_told() {
    if strace::is_there() {
        hold(Mailing::new(8, 1));
        hold(Mailing::new(8, 2).copies());
        hold(Mailing::new(4, 1).paced());
    }
}
