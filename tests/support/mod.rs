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

mod campaign;
mod run;
pub mod smtp;

pub use campaign::{Campaign, NOW, PASSWORD};
pub use run::{Run, Running, accepted};
pub use smtp::{Builder, Certificate, On, Server, Step, TLS_VERSION_ALERT, Tls};
