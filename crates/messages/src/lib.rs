//! What there is to say to people: codes with their values, and the one catalogue that has the words for them.
//!
//! Everything else in the program names what it has to say by a code ([`msg!`]) and hands over the values; the words
//! stand in `locales/LANGUAGE/*.ftl` (Fluent, <https://projectfluent.org>), where people can mend and translate them
//! without reading Rust. Words of others (a server, the system, a reader of TOML) are quoted inside ours:
//! [`Message::quote`].

pub mod accented;
mod catalog;
mod message;
mod value;

pub use catalog::{Catalog, Locale};
pub use message::Message;
pub use value::{Value, shortened};

/// Something to say: `msg!("name-undefined", name = raw)`.
///
/// The code is that of a message in `locales/en/*.ftl`, the values are its variables and those of its attributes, all of
/// them and no others: `tests/cli/words.rs` holds each call against the catalogue.
#[macro_export]
macro_rules! msg {
    ($code:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Message::new($code, ::std::vec![$((::core::stringify!($name), $crate::Value::from($value))),*])
    };
}
