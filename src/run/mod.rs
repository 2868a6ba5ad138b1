//! A run over a campaign, for whoever starts one: what is decided (planning), what will leave (preflight), and the
//! letters one by one (compose).

pub(crate) mod compose;
pub(crate) mod leaving;
pub mod planning;
pub(crate) mod preflight;

/// A program runs one campaign once: what the tasks of that run borrow may as well live as long as the program.
pub(crate) fn for_good<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}
