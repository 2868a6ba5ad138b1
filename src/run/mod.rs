//! A run over a campaign, for whoever starts one: what is decided (planning), what will leave (preflight), the letters
//! one by one (compose), and their sending, to a mail server (send) or to the built-in one (rehearse).

pub mod compose;
pub mod leaving;
pub mod planning;
pub mod preflight;
pub mod rehearse;
pub mod send;

/// A program runs one campaign once: what the tasks of that run borrow may as well live as long as the program.
pub(crate) fn for_good<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}
