//! A mail server of our own on 127.0.0.1, for trying a campaign out: it keeps what it takes and sends nothing on.

pub mod inbox;
pub mod server;
