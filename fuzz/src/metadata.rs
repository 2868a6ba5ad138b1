//! Files that go with letters: whatever they are, reading them ends, and a copy that is called clean is.

use appel::metadata::{self, Cleaned, What};

use crate::said;

/// How much may be unpacked of one input.
const ROOM: usize = 64 << 20;

/// One input.
///
/// # Panics
/// When a promise is broken.
pub fn check(input: &[u8]) {
    let mut room = ROOM;
    let found = metadata::read_in(&mut room, input);
    for told in &found.told {
        said::tell(|| told.message().in_english());
        said::fit_to_show(&told.message().in_english());
        assert!(told.value.chars().count() <= 201, "a value is a line");
    }
    for name in ["a.pdf", "a.docx", "a", ".pdf.exe"] {
        for danger in metadata::dangers(name, input) {
            said::fit_to_show(&danger.message(name).in_english());
        }
    }
    match metadata::clean(input) {
        Cleaned::Copy(copy, taken_out) => {
            assert!(!taken_out.is_empty() && found.closed.is_empty());
            let again = metadata::read_in(&mut { ROOM }, &copy);
            let left: Vec<_> = again.told.iter().filter(|told| told.what != What::Other).collect();
            assert!(
                left.is_empty() && again.closed.is_empty(),
                "{left:?} {:?}",
                again.closed
            );
            assert!(
                matches!(metadata::clean(&copy), Cleaned::Nothing),
                "a clean copy is clean"
            );
        }
        Cleaned::Nothing => assert!(found.told.is_empty() && found.closed.is_empty()),
        Cleaned::Closed(why) => assert!(!why.is_empty()),
        Cleaned::Left(told) => assert!(!told.is_empty()),
        Cleaned::Unknown => {}
    }
}
