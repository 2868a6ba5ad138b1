//! The sender's own copy of a letter: whether there is one, and how it stands until it leaves.

use appel_core::address::Address;
use appel_core::letter::Letter;
use appel_core::outcome::{Outcome, Reason, Reply, Status};

use super::terms::Options;

/// The sender, when a copy of this letter goes there by itself.
pub fn of<'l>(letter: &'l Letter, options: &Options) -> Option<&'l Address> {
    let wanted = options.copy_to_self && letter.copy.is_none();
    letter.envelope.sender_without_copy().filter(|_| wanted)
}

/// How it stands when its letter has been taken: due, as a copy that the server put off.
pub fn waits() -> Outcome {
    Outcome::new(Status::Deferred, Reply::none(Reason::OnItsOwn, ""))
}
