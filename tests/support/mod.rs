//! The program from outside: campaigns in folders of their own, runs with nothing inherited, and a scripted server.
//!
//! ```ignore
//! let server = Server::builder().start();
//! let campaign = Campaign::new().people(3).smtp(&server);
//! campaign.send(&[]).exits(0);
//! assert_eq!(server.taken().len(), 3);
//! ```
//!
//! Nothing of the machine is seen by a run: home, configuration, state and temporary folders are the campaign's own,
//! the environment is empty, the time stands still, and the only network is a server on the loopback interface.

#![allow(dead_code, unused_imports, reason = "every test binary uses a part of it")]

mod blackhole;
mod campaign;
mod english;
pub mod files;
mod names;
mod nobody;
mod run;
pub mod smtp;
mod socks;

pub use blackhole::Blackhole;
pub use campaign::{Campaign, LANGUAGE, NOW, PASSWORD};
pub use names::Names;
pub use nobody::{as_nobody, give_back, take_away};
pub use run::{Run, Running, accepted};
pub use smtp::{
    Builder, Certificate, Groups, On, Server, Step, TLS_1_1_HELLO, TLS_CIPHER_ALERT, TLS_VERSION_ALERT, Taken, Tls,
};
pub use socks::Proxy;
