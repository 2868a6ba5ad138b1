//! One connection: the dialogue as a strict server holds it, with the script asked at every step.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::yield_now,
};

use super::{
    Certificate, Tls,
    script::{Occasion, Reply, Rule, STEPS, Script, Step},
    wire::{Identity, Over, Wire, split},
};

pub const SEQUENCE: &str = "503 5.5.1 Bad sequence of commands";
pub const SYNTAX: &str = "501 5.5.2 Syntax error";

/// A letter the server is now answerable for: it had the final dot and decided to accept, whether
/// or not the reply got out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub connection: usize,
    /// Its number as `letter(n)` in a rule counts.
    pub letter: usize,
    pub from: String,
    /// The recipients that were accepted.
    pub to: Vec<String>,
    /// The recipients that were refused, be it for now or for good.
    pub refused: Vec<String>,
    /// What followed the address in MAIL, such as `BODY=8BITMIME`.
    pub mail_params: Vec<String>,
    /// The value of the header, brackets included.
    pub message_id: Option<String>,
    /// The message as it was before dots were stuffed; empty with `discard_data`.
    pub data: Vec<u8>,
    /// Whether a whole 2xx reply was handed to the kernel and the client not known to have gone.
    pub acknowledged: bool,
    pub tls: bool,
}

/// One AUTH exchange that got as far as credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    pub connection: usize,
    pub mechanism: String,
    pub user: String,
    /// Whether the credentials were right; the script may have answered otherwise.
    pub right: bool,
    /// Whether they came without TLS.
    pub in_clear: bool,
}

/// What the script has left to do, and all that has happened so far.
#[derive(Default)]
pub struct Record {
    pub script: Script,
    pub reached: [usize; STEPS],
    pub open: usize,
    pub most_at_once: usize,
    pub letters: usize,
    pub stalls: usize,
    pub holds: usize,
    /// Those whose client is still there, as far as can be known: nothing more will come of them.
    pub stalled: usize,
    pub taken: Vec<Taken>,
    pub authentications: Vec<Authentication>,
    pub violations: Vec<String>,
    pub transcripts: Vec<String>,
    pub reads: Vec<Vec<usize>>,
}

/// What a server is, apart from its script.
#[derive(Default)]
pub struct Setup {
    pub tls: Tls,
    pub certificate: Certificate,
    pub keywords: Vec<String>,
    pub credentials: Vec<Credentials>,
    pub discard_data: bool,
    pub groups: Groups,
}

/// What the server makes of commands that come in one go, in spite of what it offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Groups {
    /// It follows them.
    #[default]
    Taken,
    /// It reads the first and drops the others.
    Dropped,
    /// It reads the first and answers this to the others.
    Refused(&'static str),
    /// It closes the connection without a word.
    Closed,
    /// It reads the first, answers it, and closes.
    CutOff,
}

pub struct Shared {
    pub setup: Setup,
    pub identity: Option<Identity>,
    pub record: Mutex<Record>,
    pub changed: Condvar,
    /// Becomes true when what is held may go on.
    pub released: watch::Sender<bool>,
}

pub struct Credentials {
    pub user: String,
    pub secret: String,
    pub is_token: bool,
}

impl Shared {
    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        let result = change(&mut self.record());
        self.changed.notify_all();
        result
    }
}

pub async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).expect("a listener can be handed to the runtime");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(Session::new(stream, Arc::clone(&shared)).run());
            }
            // Out of file descriptors: some will come back.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

pub struct Session {
    pub shared: Arc<Shared>,
    pub wire: Wire,
    pub connection: usize,
    /// The keyword lines of the EHLO reply in force.
    pub offered: Vec<String>,
    pub greeted: bool,
    /// What the client called itself last.
    pub name: String,
    pub authenticated: bool,
    /// The transaction that MAIL has opened, as far as it has come.
    pub letter: Option<Taken>,
    /// The number of the letter last begun here, and how many RCPT it has had.
    pub number: usize,
    pub rcpts: usize,
    /// Letters taken on this connection.
    pub letters: usize,
    /// MAIL was sent, even if in vain: RCPT and DATA may have been on their way behind it.
    pub mail_tried: bool,
    presence: Option<Presence>,
}

/// Counts a connection as open for as long as it lives.
struct Presence(Arc<Shared>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.change(|record| record.open -= 1);
    }
}

impl Session {
    pub fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        let connection = shared.change(|record| {
            record.open += 1;
            record.transcripts.push(String::new());
            record.reads.push(Vec::new());
            record.transcripts.len()
        });
        let presence = Some(Presence(Arc::clone(&shared)));
        Self {
            shared,
            wire: Wire::new(stream),
            connection,
            offered: Vec::new(),
            greeted: false,
            name: String::new(),
            authenticated: false,
            letter: None,
            number: 0,
            rcpts: 0,
            letters: 0,
            mail_tried: false,
            presence,
        }
    }

    pub async fn run(mut self) {
        // A client that closed one connection before it opened this one must not be counted as
        // having had two: yielding lets the session of the old one see its end first.
        yield_now().await;
        yield_now().await;
        self.change(|record| record.most_at_once = record.most_at_once.max(record.open));
        let Err(over) = self.dialogue().await else {
            return;
        };
        match over {
            Over::Gone => self.note("--", b"gone"),
            Over::Closed { linger } => {
                self.note("--", b"closed");
                self.wire.close(linger).await;
            }
            Over::Reset => {
                self.note("--", b"reset");
                self.wire.reset();
            }
            Over::Endless => {
                self.note("S:", b"250-and so on, for ever");
                self.wire.repeat("250-and so on\r\n").await;
            }
            Over::Stalled => {
                self.note("--", b"stalled");
                self.change(|record| (record.stalls += 1, record.stalled += 1));
                self.wire.hangup().await;
                self.change(|record| record.stalled -= 1);
                self.presence = None;
                std::future::pending::<()>().await;
            }
        }
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        self.shared.change(change)
    }

    pub fn note(&mut self, who: &str, what: &[u8]) {
        let reads = mem::take(&mut self.wire.reads);
        if !self.shared.setup.discard_data {
            let mut record = self.shared.record();
            record.reads[self.connection - 1].extend(reads);
            let lines = String::from_utf8_lossy(what);
            let lines = lines.lines().flat_map(|line| [who, " ", line, "\n"]);
            record.transcripts[self.connection - 1].extend(lines);
        }
    }

    pub fn violation(&self, what: &str) {
        let violation = format!("connection {}: {what}", self.connection);
        self.change(|record| record.violations.push(violation));
    }

    pub fn offers(&self, keyword: &str) -> bool {
        self.offered.iter().any(|line| line.split(' ').next() == Some(keyword))
    }

    /// Arrives at a step: counts it and asks the script in one go, so that a test that waits for
    /// the step finds both done.
    pub fn reach<T>(
        &self,
        step: Step,
        address: Option<&String>,
        then: impl FnOnce(&mut Script, usize) -> Option<T>,
    ) -> Option<T> {
        let accepted = self.letter.as_ref().map_or(&[][..], |letter| &letter.to);
        let occasion = Occasion {
            connection: self.connection,
            letter: self.number,
            rcpt: if step == Step::Rcpt { self.rcpts } else { 0 },
            to: address.map_or(accepted, std::slice::from_ref),
            letters: self.letters,
            name: &self.name,
            taken: self.shared.record().taken.len(),
        };
        self.change(|record| {
            record.reached[step as usize] += 1;
            record.reached[Step::Any as usize] += 1;
            let rule = record.script.find(step, &occasion)?;
            then(&mut record.script, rule)
        })
    }

    pub fn rule(&self, step: Step, address: Option<&String>) -> Option<Rule> {
        self.reach(step, address, Script::fire)
    }

    pub async fn act(&mut self, rule: Option<Rule>, normal: &str) -> Result<Reply, Over> {
        let normal = Reply::normal(normal);
        match rule {
            Some(rule) => {
                if rule.is_hold() {
                    self.wire.flush().await?;
                    self.change(|record| record.holds += 1);
                    let mut released = self.shared.released.subscribe();
                    tokio::select! {
                        _ = released.wait_for(|released| *released) => (),
                        () = self.wire.hangup() => (),
                    }
                }
                rule.act(&mut self.wire, normal).await
            }
            None => Ok(normal),
        }
    }

    pub fn say(&mut self, reply: &Reply) -> Result<u16, Over> {
        self.note("S:", &reply.whole);
        self.wire.queue(&reply.rest);
        if reply.then_close {
            Err(Over::Closed { linger: true })
        } else {
            Ok(reply.code)
        }
    }

    /// Answers as the script, or else `normal`, has it, and gives back the code that now counts.
    pub async fn step(&mut self, step: Step, normal: &str) -> Result<u16, Over> {
        let reply = self.act(self.rule(step, None), normal).await?;
        self.say(&reply)
    }

    /// Blames the client for what it is about to be told.
    pub fn blame<'a>(&self, what: &str, reply: &'a str) -> &'a str {
        self.violation(what);
        reply
    }

    pub async fn line(&mut self) -> Result<(Vec<u8>, String), Over> {
        let line = self.wire.line().await?;
        self.note("C:", &line);
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        Ok((line, text))
    }

    /// What RFC 5321, 2920, 4954 and 6531 ask of every command line.
    fn check(&self, line: &[u8], text: &str) {
        let (verb, rest) = split(text);
        let is_clean = |body: &[u8]| !body.iter().any(|byte| [b'\r', 0].contains(byte));
        if !line.strip_suffix(b"\r\n").is_some_and(is_clean) {
            self.violation("a command with a bare CR, a bare LF or a NUL");
        }
        if line.len() > if verb == "AUTH" { 12288 } else { 512 } {
            self.violation(&format!("{verb} of {} octets", line.len()));
        }
        let utf8_letter = self.letter.as_ref().is_some_and(|letter| letter.has_param("SMTPUTF8"));
        let declared = utf8_letter || rest.to_ascii_uppercase().contains(" SMTPUTF8");
        let is_utf8 = declared && self.offers("SMTPUTF8") && str::from_utf8(line).is_ok();
        if !line.is_ascii() && !is_utf8 {
            self.violation(&format!("{verb} with bytes beyond ASCII, without SMTPUTF8"));
        }
        let ends_group = ["EHLO", "HELO", "STARTTLS", "AUTH", "NOOP", "QUIT"].contains(&verb.as_str());
        let may_follow = self.offers("PIPELINING") && !ends_group;
        // DATA is looked at later, when its reply is due.
        if !self.wire.unread().is_empty() && verb != "DATA" && !may_follow {
            self.violation(&format!("more sent behind {verb} before its reply"));
        }
    }

    /// Whether a command out of order may have been sent before the reply that made it so.
    pub fn is_excused(&self) -> bool {
        self.mail_tried && self.offers("PIPELINING")
    }

    async fn dialogue(&mut self) -> Result<(), Over> {
        if self.shared.setup.tls == Tls::Implicit {
            self.handshake().await?;
        }
        if self.wire.has_more().await {
            self.violation("it spoke before the greeting");
        }
        let welcome = self.step(Step::Connect, "220 scripted.test ESMTP").await? == 220;
        loop {
            let (line, text) = self.line().await?;
            self.check(&line, &text);
            let (verb, rest) = split(&text);
            match verb.as_str() {
                "QUIT" => {
                    self.step(Step::Quit, "221 2.0.0 Bye").await?;
                    return Err(Over::Closed { linger: true });
                }
                _ if !welcome => {
                    let reply = self.blame(&format!("{verb} after a greeting other than 220"), SEQUENCE);
                    self.say(&Reply::normal(reply))?;
                }
                "EHLO" => self.hello(Step::Ehlo, rest).await?,
                "HELO" => self.hello(Step::Helo, rest).await?,
                "STARTTLS" => self.starttls().await?,
                "AUTH" => self.auth(rest).await?,
                "MAIL" => self.mail_of_group(rest).await?,
                "RCPT" => self.rcpt(rest).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    (self.letter, self.mail_tried) = (None, false);
                    self.step(Step::Rset, "250 2.0.0 Ok").await?;
                }
                "NOOP" => drop(self.step(Step::Noop, "250 2.0.0 Ok").await?),
                _ => {
                    let reply = self.blame(&format!("unknown command {verb:?}"), "500 5.5.1 Command unrecognized");
                    self.say(&Reply::normal(reply))?;
                }
            }
        }
    }

    /// MAIL, and what becomes of the commands that came with it.
    async fn mail_of_group(&mut self, rest: &str) -> Result<(), Over> {
        let groups = self.shared.setup.groups;
        if groups == Groups::Taken || self.wire.unread().is_empty() {
            return self.mail(rest).await;
        }
        if groups == Groups::Closed {
            return Err(Over::Closed { linger: true });
        }
        self.mail(rest).await?;
        while !self.wire.unread().is_empty() {
            self.line().await?;
            if let Groups::Refused(reply) = groups {
                self.say(&Reply::normal(reply))?;
            }
        }
        self.letter = None;
        self.wire.flush().await?;
        if groups == Groups::CutOff {
            return Err(Over::Closed { linger: true });
        }
        Ok(())
    }

    pub async fn handshake(&mut self) -> Result<(), Over> {
        let rule = self.rule(Step::TlsHandshake, None);
        let reply = if let Some(bytes) = rule.as_ref().and_then(Rule::injects) {
            self.wire.wait_for_client().await?;
            self.note("S:", bytes);
            self.wire.queue(bytes);
            self.wire.flush().await?;
            Reply::normal("")
        } else {
            self.act(rule, "").await?
        };
        if !reply.whole.is_empty() {
            // After STARTTLS, what came before the client's first word would seem to be injected.
            self.wire.read().await?;
            self.say(&reply)?;
            return Err(Over::Closed { linger: true });
        }
        let shared = Arc::clone(&self.shared);
        let identity = shared.identity.as_ref().ok_or(Over::Gone)?;
        let secured = self.wire.secure(&identity.acceptor).await;
        let news = secured
            .as_ref()
            .map_or_else(|error| format!("no TLS: {error}"), |()| "TLS".to_owned());
        self.note("--", news.as_bytes());
        Ok(secured?)
    }
}
