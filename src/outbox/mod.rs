//! Letters on their way: the ledger that remembers them, the loop that sends them, the pace it keeps, the story it tells.

pub mod delivery;
pub mod event;
pub mod journal;
pub mod kept;
pub mod ledger;
pub mod pacer;
pub mod quota;
