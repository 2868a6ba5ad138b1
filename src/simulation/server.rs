//! A simulated SMTP server: takes letters, and at any step does whatever the fault model has it do instead.

use std::collections::BTreeSet;
use std::time::Duration;

use appel_core::letter::LetterId;
use tokio::time::sleep;

use super::dice::Dice;
use super::fault_model::{Act, FaultModel, Step};
use super::letters;
use super::wire::{Server as Wire, address};
use super::world::World;

/// One connection's life on the server's side.
pub struct Service {
    pub world: World,
    pub wire: Wire,
    pub run: usize,
    pub number: usize,
    pub faults: FaultModel,
    pub dice: Dice,
    /// Replies answered what was asked, one each.
    pub sound: bool,
    /// Letters taken on this connection.
    pub served: usize,
}

/// A letter's transaction (RFC 5321 §3.3).
#[derive(Default)]
struct Transaction {
    to: Option<(LetterId, bool)>,
    copies: BTreeSet<String>,
}

/// What the client knows after a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Yes,
    No,
}

/// The connection is over.
struct Over;

impl Service {
    pub async fn serve(mut self) {
        // However it ends, whoever waits for an answer must not wait for this end.
        let _ = self.dialogue().await;
        self.wire.close();
    }

    async fn dialogue(&mut self) -> Result<(), Over> {
        let pipelining = !self.faults.varied || self.dice.percent(70);
        if self.step(Step::Greeting, "220 mx.example", "").await? == Told::No {
            return Err(Over);
        }
        let mut open: Option<Transaction> = None;
        let patience = if self.faults.varied && self.dice.percent(20) {
            self.dice.count(1, 8)
        } else {
            usize::MAX
        };
        while let Some(line) = self.wire.line().await {
            self.note(&format!("< {}", String::from_utf8_lossy(&line).trim_end()));
            if line.starts_with(b"EHLO") {
                let offers = self.offers(pipelining);
                self.step(Step::Hello, &offers, "").await?;
            } else if line.starts_with(b"HELO") {
                self.step(Step::Hello, "250 mx.example", "").await?;
            } else if line.starts_with(b"AUTH PLAIN") {
                self.step(Step::Login, "235 2.7.0 welcome", "").await?;
            } else if line.starts_with(b"MAIL FROM:") {
                if open.is_some() {
                    self.world
                        .lock()
                        .broken(format_args!("c{} has two transactions at once", self.number));
                }
                if self.step(Step::Mail, "250 2.1.0 ok", "the sender").await? == Told::Yes {
                    open = Some(Transaction::default());
                }
            } else if let Some(to) = address(&line, b"RCPT TO:<") {
                self.recipient(open.as_mut(), &to).await?;
            } else if line.starts_with(b"DATA") {
                if self.data(&mut open).await? && self.served >= patience {
                    // RFC 5321 §3.8 has a 421 for it; many hang up without a word.
                    return Err(Over);
                }
            } else if line.starts_with(b"RSET") {
                open = None;
                self.step(Step::Reset, "250 2.0.0 ok", "").await?;
            } else if line.starts_with(b"QUIT") {
                self.step(Step::Quit, "221 2.0.0 bye", "").await?;
                return Err(Over);
            } else {
                self.say("500 5.5.1 what?");
            }
        }
        Err(Over)
    }

    fn offers(&mut self, pipelining: bool) -> String {
        let mut offers = "250-mx.example\r\n250-AUTH LOGIN PLAIN\r\n".to_owned();
        if pipelining {
            offers.push_str("250-PIPELINING\r\n");
        }
        if self.faults.varied && self.dice.percent(3) {
            offers.push_str("250-SIZE 100\r\n");
        }
        offers + "250 8BITMIME"
    }

    async fn recipient(&mut self, open: Option<&mut Transaction>, to: &str) -> Result<(), Over> {
        let Some(open) = open else {
            self.say("503 5.5.1 MAIL first");
            return Ok(());
        };
        let ok = format!("250 2.1.5 {to} ok");
        if open.to.is_none() {
            // A copy that its letter left without is asked for alone.
            let copy = letters::copy_of(to).map(|(id, _)| id);
            let Some(id) = letters::id_of(to).or(copy) else {
                self.world.lock().broken(format_args!("{to} is asked for first"));
                return Err(Over);
            };
            let step = if copy.is_some() { Step::Copy } else { Step::To };
            let told = self.step(step, &ok, to).await?;
            open.to = Some((id, told == Told::Yes));
        } else if self.step(Step::Copy, &ok, to).await? == Told::Yes {
            open.copies.insert(to.to_owned());
        }
        Ok(())
    }

    /// DATA, and the letter behind it; whether one came to its final dot.
    async fn data(&mut self, open: &mut Option<Transaction>) -> Result<bool, Over> {
        let Some(Transaction {
            to: Some((id, to_is_taken)),
            copies,
        }) = open.as_mut()
        else {
            self.say("503 5.5.1 RCPT first");
            return Ok(false);
        };
        let (id, to_is_taken, copies) = (*id, *to_is_taken, std::mem::take(copies));
        // RFC 2920 §3.1: some say 354 even when nobody is left to take it.
        let nobody = !to_is_taken && copies.is_empty();
        if nobody && !(self.faults.varied && self.dice.percent(30)) {
            self.say("554 5.5.1 no valid recipients");
            return Ok(false);
        }
        if self.step(Step::Data, "354 go ahead", "the letter").await? == Told::No {
            // What was opened stays open until RSET.
            return Ok(false);
        }
        *open = None;
        let Some(bytes) = self.body(to_is_taken, id).await else {
            return Err(Over);
        };
        self.world.lock().same_bytes(id, &bytes);
        self.dot(id, copies, &bytes).await?;
        Ok(true)
    }

    /// The letter, dots undone; `None` when the client goes away before the final one.
    async fn body(&mut self, to_is_taken: bool, id: LetterId) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(line) = self.wire.line().await {
            if line == b".\r\n" {
                if !to_is_taken {
                    let letter = letters::name(id);
                    self.world
                        .lock()
                        .broken(format_args!("{letter} is whole although its To was refused"));
                }
                self.note(&format!("< {} bytes and the final dot", bytes.len()));
                return Some(bytes);
            }
            // Whoever did not wait for the 354 may say RSET meanwhile.
            if !to_is_taken && line != b"RSET\r\n" {
                let letter = letters::name(id);
                self.world
                    .lock()
                    .broken(format_args!("{letter} follows although its To was refused"));
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        self.note("the letter ends before its final dot");
        None
    }

    /// The moment that counts.
    async fn dot(&mut self, id: LetterId, copies: BTreeSet<String>, bytes: &[u8]) -> Result<(), Over> {
        self.nothing_follows(id);
        if let Some(told) = self.has_had_enough(Step::Dot) {
            return told.map(|_| ());
        }
        let act = self.faults.at(Step::Dot, &mut self.dice);
        let takes = match act {
            Act::NotNow | Act::No | Act::Shut | Act::Limit => false,
            Act::Answer | Act::Late(_) | Act::Drip(_) | Act::Twice => true,
            _ => self.dice.percent(50),
        };
        let before = self.dice.percent(50);
        if let Act::Late(pause) = act
            && before
        {
            sleep(pause).await;
            self.nothing_follows(id);
        }
        let sound = self.sound && act != Act::Twice;
        let good = if takes {
            let words = self.world.lock().taken(id, self.run, copies, sound, bytes);
            self.served += 1;
            self.note(&format!("takes {}", letters::name(id)));
            format!("250 {words}")
        } else {
            "250 2.0.0 taken as nothing".to_owned()
        };
        let act = if before && matches!(act, Act::Late(_)) {
            Act::Answer
        } else {
            act
        };
        self.act(act, &good, "the letter").await.map(|_| ())
    }

    /// Not every server bears a word between the final dot and its reply.
    fn nothing_follows(&self, id: LetterId) {
        if self.wire.has_more() {
            let letter = letters::name(id);
            self.world.lock().broken(format_args!(
                "more is said behind the final dot of {letter} before its reply"
            ));
        }
    }

    /// One step: what the fault model has the server do.
    async fn step(&mut self, step: Step, good: &str, about: &str) -> Result<Told, Over> {
        if let Some(told) = self.has_had_enough(step) {
            return told;
        }
        let act = self.faults.at(step, &mut self.dice);
        self.act(act, good, about).await
    }

    /// What a provider says whose connection, or account, has had its share.
    fn has_had_enough(&mut self, step: Step) -> Option<Result<Told, Over>> {
        let provider = self.world.lock().scenario.provider;
        if let Some(share) = provider
            .share
            .filter(|share| share.step == step && self.served >= share.letters)
        {
            self.say(share.words);
            return Some(if share.hangs_up { Err(Over) } else { Ok(Told::No) });
        }
        let enough = provider.enough.filter(|enough| {
            let blocked = enough.run..enough.run + enough.runs;
            enough.step == step && blocked.contains(&self.run)
        })?;
        let taken = {
            let world = self.world.lock();
            world.kept.taken.iter().filter(|take| take.run == self.run).count()
        };
        if self.run == enough.run && taken < enough.after {
            return None;
        }
        self.say(enough.words);
        Some(Ok(Told::No))
    }

    async fn act(&mut self, act: Act, good: &str, about: &str) -> Result<Told, Over> {
        if act != Act::Answer {
            self.note(&format!("{act:?}"));
            self.world.lock().counts.faults += 1;
        }
        let whole = format!("{good}\r\n");
        match act {
            Act::Answer => self.say(good),
            Act::Late(pause) => {
                sleep(pause).await;
                self.say(good);
            }
            Act::Drip(pause) => {
                for byte in whole.bytes() {
                    sleep(pause).await;
                    self.wire.say(&[byte]);
                }
            }
            Act::Twice => {
                self.sound = false;
                self.wire.say(format!("{whole}250 2.0.0 once more\r\n").as_bytes());
            }
            Act::NotNow => {
                let no = *self.dice.pick(&["450 4.2.0", "451 4.3.0", "452 4.5.3", "454 4.7.0"]);
                self.say(&format!("{no} not now: {about}"));
                return Ok(Told::No);
            }
            Act::No => {
                let no = *self.dice.pick(&["550 5.1.1", "552 5.5.3", "554 5.7.1"]);
                self.say(&format!("{no} no: {about}"));
                return Ok(Told::No);
            }
            Act::Limit => {
                let no = *self.dice.pick(&[
                    "452 4.2.2 over quota",
                    "550 5.4.5 Daily sending quota exceeded",
                    "451 4.7.28 unusual rate",
                ]);
                self.say(&format!("{no} {about}"));
                return Ok(Told::No);
            }
            Act::Odd => {
                self.say(&format!("334 go on: {about}"));
                return Ok(Told::No);
            }
            Act::Shut => {
                self.say("421 4.3.2 shutting down");
                return Err(Over);
            }
            Act::Nonsense => {
                let nonsense = *self.dice.pick(&[
                    "\u{1b}[2J\r\n",
                    "HTTP/1.1 400 Bad Request\r\n",
                    "999 what\r\n",
                    "250_ok\r\n",
                    "\0",
                ]);
                self.wire.say(nonsense.as_bytes());
                return Err(Over);
            }
            Act::Endless => {
                self.wire.say("250-more\r\n".repeat(2000).as_bytes());
                self.hang().await;
                return Err(Over);
            }
            Act::Half => {
                let half = self.dice.count(1, whole.len() - 1);
                self.wire.say(&whole.as_bytes()[..half]);
                self.leave().await;
                return Err(Over);
            }
            Act::Close => return Err(Over),
            Act::Reset => {
                let forget = self.dice.percent(50);
                self.wire.reset(forget);
                return Err(Over);
            }
            Act::Silent => {
                self.hang().await;
                return Err(Over);
            }
        }
        Ok(Told::Yes)
    }

    async fn leave(&mut self) {
        match self.dice.between(0, 2) {
            0 => {}
            1 => self.wire.reset(false),
            _ => self.hang().await,
        }
    }

    async fn hang(&mut self) {
        sleep(Duration::from_hours(1)).await;
    }

    fn say(&mut self, line: &str) {
        self.note(&format!("> {line}"));
        self.wire.say(format!("{line}\r\n").as_bytes());
    }

    fn note(&self, what: &str) {
        self.world.lock().note(format_args!("c{} {what}", self.number));
    }
}
