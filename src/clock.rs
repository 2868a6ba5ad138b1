//! The time of day, as a value that is handed in: the only place that reads the system's clock.

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A moment that does not pass, so that a test sees the same bytes every time.
    Fixed(Timestamp),
    /// A moment that passes as the runtime's clock does, which a simulation drives.
    Driven {
        /// The moment.
        from: Timestamp,
        /// When it was.
        since: tokio::time::Instant,
    },
}

impl Clock {
    /// The system's clock, or the moment that the environment variable `APPEL_NOW` names (RFC 3339), for tests.
    ///
    /// # Errors
    /// When the variable is set to something that is not a moment.
    pub fn from_environment() -> Result<Self, jiff::Error> {
        match std::env::var("APPEL_NOW") {
            Ok(text) => Ok(Self::Fixed(text.parse()?)),
            Err(_) => Ok(Self::System),
        }
    }

    /// Now, to the second: nobody needs to know more of anybody's clock.
    #[must_use]
    pub fn now(self) -> Timestamp {
        let now = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that may")]
            Self::System => Timestamp::now(),
            Self::Fixed(at) => at,
            Self::Driven { from, since } => from.saturating_add(since.elapsed()).unwrap_or(from),
        };
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }
}
