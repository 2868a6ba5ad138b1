//! The same address in two rows that the same sender writes to: it gets the letter once, and both rows are named.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use appel_core::campaign::LetterSpec;
use appel_core::problem::{Problem, Problems, Severity};
use appel_core::recipients::{Outline, Serves};
use appel_messages::msg;

use crate::input::Input;

/// So many rows of one address are held against each other.
const HELD: usize = 20;
/// So many pairs are told.
const TOLD: usize = 50;

/// Looks at every row twice: which addresses recur, and then which of their rows. Eight bytes a row are kept meanwhile.
pub fn look(input: &Input, problems: &mut Problems) {
    let recipients = &input.campaign.recipients;
    let keys = RandomState::new();
    let outlines = || recipients.outlines().map_while(Result::ok);
    let mut hashes: Vec<u64> = outlines().map(|row| keys.hash_one(row.email.folded())).collect();
    hashes.sort_unstable();
    let recurs = |row: &Outline| {
        let hash = keys.hash_one(row.email.folded());
        let at = hashes.partition_point(|other| *other < hash);
        hashes.get(at + 1) == Some(&hash)
    };
    if !hashes.windows(2).any(|pair| pair[0] == pair[1]) {
        return;
    }
    let letters: Vec<&LetterSpec> = input.campaign.letters.iter().map(AsRef::as_ref).collect();
    let mut before: HashMap<String, Vec<(usize, Outline)>> = HashMap::new();
    let mut told = 0;
    // Outlines do not say their lines.
    for row in recipients.rows().map_while(Result::ok) {
        let outline = Outline {
            role: row.role,
            email: row.email,
            serves: row.serves,
            cc: Vec::new(),
        };
        if !recurs(&outline) {
            continue;
        }
        let rows = before.entry(outline.email.folded().to_owned()).or_default();
        let twin = rows.iter().find(|(_, other)| {
            share_a_letter(&letters, &outline, other) && share_a_sender(&outline.serves, &other.serves)
        });
        if let Some((first, _)) = twin {
            told += 1;
            if told > TOLD {
                problems.count_only(Severity::Warning, "row-address-twice");
            } else {
                let mut first = recipients.place(*first, Some("email"));
                first.field = None;
                let what = msg!("row-address-twice", address = &outline.email, first = first.to_string());
                problems.push(Problem::warning(what).at(recipients.place(row.line, Some("email"))));
            }
        }
        if rows.len() < HELD {
            rows.push((row.line, outline));
        }
    }
}

fn share_a_letter(letters: &[&LetterSpec], one: &Outline, other: &Outline) -> bool {
    letters
        .iter()
        .any(|letter| letter.to.contains(&one.role) && letter.to.contains(&other.role))
}

/// Whether there is a sender whom both rows serve. Whom `*` serves depends on the other rows: it is taken for nobody
/// whom another row names, and for everybody beside another `*`.
fn share_a_sender(one: &Serves, other: &Serves) -> bool {
    match (one, other) {
        (Serves::Countries(some), Serves::Countries(others)) => {
            let some: BTreeSet<_> = some.iter().collect();
            others.iter().any(|country| some.contains(country))
        }
        (Serves::Others, Serves::Countries(_)) | (Serves::Countries(_), Serves::Others) => false,
        _ => true,
    }
}
