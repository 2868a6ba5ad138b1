//! A run over a campaign, for whoever starts one: what will leave (preflight), and the letters one by one (compose).

pub mod compose;
pub mod leaving;
pub mod preflight;

/// A program runs one campaign once: what the tasks of that run borrow may as well live as long as the program.
pub fn for_good<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}
