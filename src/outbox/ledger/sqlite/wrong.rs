//! What this program itself finds wrong in a database, among the errors of the library that reads it.

use appel_messages::Message;

/// What this program itself finds wrong in a database, as its library carries it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.in_english())]
pub struct Wrong(pub Message);

impl Wrong {
    /// What was written is not what is there.
    pub fn damaged(self) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Null, Box::new(self))
    }

    /// It cannot be written so.
    pub fn unusable(self) -> rusqlite::Error {
        rusqlite::Error::ToSqlConversionFailure(Box::new(self))
    }

    /// The one that is carried.
    pub fn of(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Message> {
        error.downcast_ref().map(|Self(message)| message.clone())
    }
}
