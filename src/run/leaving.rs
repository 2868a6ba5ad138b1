//! What is about to leave: who gets copies, which files go with the letters, and how many addresses that is in all.
//!
//! A campaign's folder comes from somebody else: nothing that leaves may hide behind the first letters.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use appel_core::address::Address;
use appel_core::letter::Text;
use appel_core::letter::{Attachments, Letter};

/// So many are counted one by one, and so many of their domains: a list of copies as long as that of the recipients must
/// not be kept.
const COUNTED: usize = 2_000;

/// What a run's letters carry, counted as they come.
#[derive(Debug, Default)]
pub struct Leaving {
    /// To and copies, over all letters.
    pub addresses: usize,
    /// Copies, over all letters.
    pub copies: usize,
    /// By the folded address: how it is written first, how many letters, and which in order.
    each: HashMap<String, Copy>,
    /// Whether there are more addresses than that.
    more: bool,
    /// Copies by their domain.
    domains: HashMap<String, usize>,
    /// Those in domains that are not counted one by one.
    elsewhere: usize,
    files: BTreeMap<PathBuf, File>,
}

#[derive(Debug)]
struct Copy {
    written: String,
    letters: usize,
    nth: usize,
}

/// A file that goes with letters.
#[derive(Debug)]
pub struct File {
    /// As readers see it.
    pub name: String,
    /// In bytes.
    pub size: usize,
    /// With how many letters.
    pub letters: usize,
}

impl Leaving {
    /// One more letter.
    pub fn count(&mut self, letter: &Letter, text: &Text, attachments: &Attachments) {
        let envelope = &letter.envelope;
        self.addresses += 1;
        self.count_copies(&envelope.cc);
        for file in &text.attachments {
            if let Some(known) = self.files.get_mut(&file.path) {
                known.letters += 1;
            } else {
                let known = File {
                    name: file.name.clone(),
                    size: attachments.size(&file.path).unwrap_or(0),
                    letters: 1,
                };
                self.files.insert(file.path.clone(), known);
            }
        }
    }

    /// The copies of one more letter.
    pub fn count_copies(&mut self, copies: &[Address]) {
        self.addresses += copies.len();
        self.copies += copies.len();
        for copy in copies {
            self.count_copy(copy);
        }
    }

    fn count_copy(&mut self, copy: &Address) {
        let nth = self.each.len();
        if let Some(known) = self.each.get_mut(copy.folded()) {
            known.letters += 1;
        } else if nth < COUNTED {
            let known = Copy {
                written: copy.to_string(),
                letters: 1,
                nth,
            };
            self.each.insert(copy.folded().to_owned(), known);
        } else {
            self.more = true;
        }
        let domains = self.domains.len();
        if let Some(known) = self.domains.get_mut(copy.domain()) {
            *known += 1;
        } else if domains < COUNTED {
            self.domains.insert(copy.domain().to_owned(), 1);
        } else {
            self.elsewhere += 1;
        }
    }

    /// Whether anybody gets a copy.
    #[must_use]
    pub fn has_copies(&self) -> bool {
        !self.each.is_empty()
    }

    /// The addresses that get copies, as they are written first, and how many letters each gets, in the order that they
    /// came in; of a long list the beginning.
    #[must_use]
    pub fn addresses_of_copies(&self) -> Vec<(&str, usize)> {
        let mut each: Vec<&Copy> = self.each.values().collect();
        each.sort_unstable_by_key(|copy| copy.nth);
        each.iter().map(|copy| (&*copy.written, copy.letters)).collect()
    }

    /// Whether there are more of them than that.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.more
    }

    /// Copies by their domain, and those in domains that are not counted one by one.
    #[must_use]
    pub fn domains(&self) -> (Vec<(&str, usize)>, usize) {
        let domains = self.domains.iter().map(|(domain, number)| (&**domain, *number));
        (domains.collect(), self.elsewhere)
    }

    /// The files that go with letters.
    #[must_use]
    pub fn files(&self) -> impl ExactSizeIterator<Item = &File> {
        self.files.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use appel_core::testing::address;

    #[test]
    fn however_many_addresses_get_copies_few_are_kept_and_all_are_counted() {
        let mut leaving = Leaving::default();
        for number in 0..10_000 {
            leaving.count_copies(&[
                address(&format!("c{number}@d{number}.example")),
                address("hidden@elsewhere.example"),
            ]);
        }
        assert_eq!((leaving.each.len(), leaving.domains.len()), (COUNTED, COUNTED));
        assert_eq!((leaving.addresses, leaving.copies), (20_000, 20_000));
        assert!(leaving.has_more());
        let (domains, elsewhere) = leaving.domains();
        let counted: usize = domains.iter().map(|(_, number)| number).sum();
        assert_eq!(counted + elsewhere, 20_000);
        assert!(
            leaving
                .addresses_of_copies()
                .contains(&("hidden@elsewhere.example", 10_000))
        );
    }
}
