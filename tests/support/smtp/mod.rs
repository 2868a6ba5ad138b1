//! A scripted SMTP server: it misbehaves exactly where a test tells it to, and remembers what it
//! took and what it saw.
//!
//! ```ignore
//! let server = Server::builder().on(Step::Rcpt).letter(2).reply("550 5.1.1 no such user").start();
//! // … run the program against 127.0.0.1 and server.port() …
//! assert_eq!(server.taken().len(), 2);
//! assert_eq!(server.violations(), [""; 0]);
//! ```
//!
//! It runs on a thread of its own, so that plain `#[test]` functions can drive a child process
//! against it. All counting (connections, letters, recipients) is from 1. The first rule that fits
//! wins; without one, the server does what a strict and friendly server does.
//!
//! The kernel takes some 4 MB off a client whose server has stopped reading. A test that wants the
//! client to be still writing when the body is cut off or stalled needs a letter of twice that;
//! with a smaller one, the client has sent its final dot before it can know.
#![allow(dead_code, unused_imports, reason = "each integration test uses a part of it")]

mod commands;
mod script;
mod session;
mod wire;

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::{oneshot, watch};

use script::Script;
pub use script::{On, Step, TLS_1_1_HELLO, TLS_CIPHER_ALERT, TLS_VERSION_ALERT};
pub use session::{Authentication, Groups, Taken};
use session::{Credentials, Record, Setup, Shared, serve};
use wire::Identity;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: what a relay on the loopback interface does.
    #[default]
    None,
    /// STARTTLS is offered, and required before AUTH and MAIL.
    Starttls,
    /// From the first byte.
    Implicit,
}

/// What the server shows for itself; those that are not made by themselves are issued by the authority in
/// [`Server::ca_file`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost` and `127.0.0.1`.
    #[default]
    Valid,
    /// As `Valid`, but only until 2002.
    Expired,
    /// For `elsewhere.test`.
    WrongName,
    /// As `Valid`, but issued by itself.
    SelfSigned,
    /// For `elsewhere.test`, marked as an authority and issued by itself, as openssl and bridges on one's own computer
    /// make them; [`Server::ca_file`] is this very certificate.
    Own,
    /// As `Own`, but only until 2002.
    OwnExpired,
}

/// A server being described: [`Server::builder`] … [`Builder::start`].
#[must_use = "nothing listens before start()"]
pub struct Builder {
    setup: Setup,
    script: Script,
}

impl Builder {
    pub fn tls(mut self, tls: Tls) -> Self {
        self.setup.tls = tls;
        if tls == Tls::Starttls {
            self.keyword("STARTTLS")
        } else {
            self.without("STARTTLS")
        }
    }

    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.setup.certificate = certificate;
        self
    }

    /// Adds a line to the EHLO reply, such as `SIZE 1000` or `AUTH XOAUTH2`, in place of one with
    /// the same first word. [`Builder::tls`] and credentials add STARTTLS and AUTH, so change those
    /// after them.
    pub fn keyword(mut self, keyword: &str) -> Self {
        let first = keyword.split(' ').next().unwrap_or_default();
        self = self.without(first);
        self.setup.keywords.push(keyword.to_owned());
        self
    }

    /// Takes a keyword out of the EHLO reply.
    pub fn without(mut self, word: &str) -> Self {
        self.setup
            .keywords
            .retain(|keyword| keyword.split(' ').next() != Some(word));
        self
    }

    /// Demands AUTH before MAIL and lets this user in by PLAIN or LOGIN.
    pub fn password(self, user: &str, password: &str) -> Self {
        self.admit(user, password, false)
    }

    /// Demands AUTH before MAIL and lets this user in by XOAUTH2.
    pub fn token(self, user: &str, token: &str) -> Self {
        self.admit(user, token, true)
    }

    fn admit(mut self, user: &str, secret: &str, is_token: bool) -> Self {
        let (user, secret) = (user.to_owned(), secret.to_owned());
        self.setup.credentials.push(Credentials { user, secret, is_token });
        let users = &self.setup.credentials;
        let mechanisms = match users.iter().filter(|one| one.is_token).count() {
            0 => "AUTH PLAIN LOGIN",
            tokens if tokens == users.len() => "AUTH XOAUTH2",
            _ => "AUTH PLAIN LOGIN XOAUTH2",
        };
        self.keyword(mechanisms)
    }

    /// Makes something else of commands in a group than it offers.
    pub fn groups(mut self, groups: Groups) -> Self {
        self.setup.groups = groups;
        self
    }

    /// For high rates: keeps no messages (but their Message-ID and envelope), no transcripts and
    /// no read sizes.
    pub fn discard_data(mut self) -> Self {
        self.setup.discard_data = true;
        self
    }

    /// Begins a rule: `.on(Step::Rcpt).letter(2).reply("550 no such user")`.
    pub fn on(self, step: Step) -> On {
        On::new(self, step)
    }

    /// Closes every connection, without a word, after it has taken n letters.
    pub fn close_after_letters(self, n: usize) -> Self {
        self.on(Step::BetweenLetters).after_letters(n).close()
    }

    /// Listens on a free port of 127.0.0.1.
    ///
    /// Panics when there is no port to be had: nothing can be tested then.
    pub fn start(self) -> Server {
        let Self { setup, script } = self;
        let identity = (setup.tls != Tls::None).then(|| Identity::new(setup.certificate));
        let ca_dir = identity.as_ref().map(|identity| {
            let dir = tempfile::tempdir().expect("a temporary directory");
            std::fs::write(dir.path().join("ca.pem"), &identity.ca_pem).expect("a file in a temporary directory");
            dir
        });

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket can be made so");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let record = Mutex::new(Record {
            script,
            ..Record::default()
        });
        let shared = Arc::new(Shared {
            setup,
            identity,
            record,
            changed: Condvar::new(),
            released: watch::Sender::new(false),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let sessions = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, sessions) => (),
                    _ = stopped => (),
                }
            });
        });
        Server {
            port,
            shared,
            ca_dir,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

/// The running server. Dropping it closes every connection, stalled ones included.
pub struct Server {
    port: u16,
    shared: Arc<Shared>,
    ca_dir: Option<TempDir>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// By default: no TLS, no AUTH, and PIPELINING, 8BITMIME, SMTPUTF8, SIZE (50 MiB) and
    /// ENHANCEDSTATUSCODES.
    pub fn builder() -> Builder {
        let words = "PIPELINING 8BITMIME SMTPUTF8 ENHANCEDSTATUSCODES";
        let setup = Setup {
            keywords: words.split(' ').map(str::to_owned).collect(),
            ..Setup::default()
        };
        let script = Script::default();
        Builder { setup, script }.keyword("SIZE 52428800")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn tls(&self) -> Tls {
        self.shared.setup.tls
    }

    /// The authority to trust, as a PEM file that lives as long as the server.
    pub fn ca_file(&self) -> PathBuf {
        let dir = self.ca_dir.as_ref();
        dir.expect("a server without TLS has no authority")
            .path()
            .join("ca.pem")
    }

    /// The letters taken, in order, once all connections have ended: a client that was killed may
    /// have left some in the kernel. This and the two below wait three seconds at most for that.
    pub fn taken(&self) -> Vec<Taken> {
        self.settle(Duration::from_secs(3));
        self.taken_so_far()
    }

    /// Each breach of the protocol by the client as `connection 1: what it did`.
    pub fn violations(&self) -> Vec<String> {
        self.settle(Duration::from_secs(3));
        self.shared.record().violations.clone()
    }

    /// The rules that never came to bear: a test that leaves some has not tested what it says.
    pub fn unfired(&self) -> Vec<String> {
        self.settle(Duration::from_secs(3));
        self.shared.record().script.unfired()
    }

    /// As [`Server::taken`], at once: for a client that is still there.
    pub fn taken_so_far(&self) -> Vec<Taken> {
        self.shared.record().taken.clone()
    }

    /// The Message-ID of each letter that had been taken before.
    pub fn taken_twice(&self) -> Vec<String> {
        let letters = self.taken().into_iter();
        let mut seen = HashSet::new();
        let ids = letters.filter_map(|letter| letter.message_id);
        ids.filter(|id| !seen.insert(id.clone())).collect()
    }

    pub fn authentications(&self) -> Vec<Authentication> {
        self.shared.record().authentications.clone()
    }

    /// Whether credentials were ever seen without TLS.
    pub fn saw_credentials_in_clear(&self) -> bool {
        self.authentications().iter().any(|one| one.in_clear)
    }

    /// The connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.record().transcripts.len()
    }

    pub fn most_at_once(&self) -> usize {
        self.shared.record().most_at_once
    }

    /// How often a step was reached, over all connections.
    pub fn reached(&self, step: Step) -> usize {
        self.shared.record().reached[step as usize]
    }

    /// The nth connection: `C:` before what the client said, secrets included, `S:` before the
    /// replies, `--` before events. A message appears as its size.
    pub fn transcript(&self, connection: usize) -> String {
        let mut all = self.transcripts().into_iter();
        all.nth(connection - 1).unwrap_or_default()
    }

    pub fn transcripts(&self) -> Vec<String> {
        self.shared.record().transcripts.clone()
    }

    /// What each read from the nth connection brought, in octets, after TLS.
    pub fn read_sizes(&self, connection: usize) -> Vec<usize> {
        let record = self.shared.record();
        record.reads.get(connection - 1).cloned().unwrap_or_default()
    }

    /// Waits until every client has gone or is stalled; false when some are not at the end.
    pub fn settle(&self, limit: Duration) -> bool {
        self.wait(limit, |record| record.open == record.stalled)
    }

    /// Waits until a step has been reached n times.
    pub fn wait_for(&self, step: Step, n: usize) {
        self.must(
            |record| record.reached[step as usize] >= n,
            &format!("{step:?} was not reached {n} times"),
        );
    }

    /// Waits until n connections have been stalled by the script.
    pub fn wait_for_stalls(&self, n: usize) {
        self.must(
            |record| record.stalls >= n,
            &format!("the script did not stall {n} connections"),
        );
    }

    /// Waits until n connections are held by the script.
    pub fn wait_for_holds(&self, n: usize) {
        self.must(
            |record| record.holds >= n,
            &format!("the script did not hold {n} connections"),
        );
    }

    /// Lets everything go on that the script holds, or would hold later.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// How many connections the script has stalled so far.
    pub fn stalls(&self) -> usize {
        self.shared.record().stalls
    }

    /// Waits until n letters have been taken.
    pub fn wait_for_letters(&self, n: usize) {
        self.must(|record| record.taken.len() >= n, &format!("{n} letters were not taken"));
    }

    fn must(&self, ready: impl Fn(&Record) -> bool, complaint: &str) {
        let came = self.wait(Duration::from_secs(30), ready);
        let story = || self.transcripts().join("\n");
        assert!(came, "{complaint} within 30 seconds:\n{}", story());
    }

    fn wait(&self, limit: Duration, ready: impl Fn(&Record) -> bool) -> bool {
        let (record, changed) = (self.shared.record(), &self.shared.changed);
        let waited = changed.wait_timeout_while(record, limit, |record| !ready(record));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
