//! The commands of the dialogue, each answered as a strict and friendly server would.

use std::sync::Arc;

use super::{
    Authentication, Taken, Tls,
    script::{Reply, Script, Step},
    session::{SEQUENCE, SYNTAX, Session},
    wire::{Body, Over, base64_decoded, credentials, split},
};

/// `{"status":"401","schemes":"bearer"}`, which asks for an empty line before the 535.
const STALE_TOKEN: &str = "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=";
const TOO_BIG: &str = "552 5.3.4 Message too big";

impl Taken {
    pub(super) fn has_param(&self, param: &str) -> bool {
        self.mail_params.iter().any(|one| one.eq_ignore_ascii_case(param))
    }
}

impl Session {
    pub async fn hello(&mut self, step: Step, name: &str) -> Result<(), Over> {
        name.clone_into(&mut self.name);
        let exposed = self.shared.setup.tls == Tls::Starttls && !self.wire.is_tls();
        let mut lines = vec!["scripted.test".to_owned()];
        if step == Step::Ehlo {
            let fits = |keyword: &&String| match split(keyword).0.as_str() {
                "STARTTLS" => exposed,
                "AUTH" => !exposed,
                _ => true,
            };
            lines.extend(self.shared.setup.keywords.iter().filter(fits).cloned());
        }
        let last = lines.len() - 1;
        let lines = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}\n", if at < last { '-' } else { ' ' }));
        let normal = if name.is_empty() {
            self.blame("EHLO without a name", SYNTAX).to_owned()
        } else {
            lines.collect()
        };
        let reply = self.act(self.rule(step, None), &normal).await?;
        (self.letter, self.mail_tried) = (None, false);
        self.greeted = self.say(&reply)? == 250;
        let said = String::from_utf8_lossy(&reply.whole);
        let said = said
            .lines()
            .skip(1)
            .filter(|_| self.greeted)
            .filter_map(|line| line.get(4..));
        self.offered = said.map(str::to_owned).collect();
        Ok(())
    }

    pub async fn starttls(&mut self) -> Result<(), Over> {
        let normal = if self.offers("STARTTLS") {
            "220 2.0.0 Ready to start TLS"
        } else {
            self.blame("STARTTLS that was not offered", SEQUENCE)
        };
        if self.step(Step::Starttls, normal).await? == 220 {
            self.wire.flush().await?;
            self.handshake().await?;
            (self.greeted, self.offered) = (false, Vec::new());
        }
        Ok(())
    }

    pub async fn auth(&mut self, rest: &str) -> Result<(), Over> {
        let (mechanism, initial) = split(rest);
        let in_clear = !self.wire.is_tls();
        if in_clear && self.shared.setup.tls != Tls::None {
            self.violation("AUTH without TLS");
        }
        let mut offered = self.offered.iter().filter(|line| line.starts_with("AUTH "));
        let reply = if !self.greeted || self.authenticated || self.letter.is_some() {
            self.blame("AUTH out of order", SEQUENCE)
        } else if !offered.any(|line| line.split(' ').skip(1).any(|word| word == mechanism)) {
            self.blame(
                "AUTH by a mechanism that was not offered",
                "504 5.5.4 Unrecognized mechanism",
            )
        } else {
            ""
        };
        if !reply.is_empty() {
            return self.say(&Reply::normal(reply)).map(drop);
        }
        let given = match mechanism.as_str() {
            "LOGIN" => {
                let user = self.ask("VXNlcm5hbWU6", initial).await?;
                let password = self.ask("UGFzc3dvcmQ6", "").await?;
                user.zip(password)
            }
            _ => self
                .ask("", initial)
                .await?
                .and_then(|text| credentials(&mechanism, &text)),
        };
        let Some((user, secret)) = given else {
            let reply = self.blame("AUTH that cannot be read", SYNTAX);
            return self.say(&Reply::normal(reply)).map(drop);
        };
        let is_token = mechanism == "XOAUTH2";
        let mut known = self.shared.setup.credentials.iter();
        let right = known.any(|one| (&one.user, &one.secret, one.is_token) == (&user, &secret, is_token));
        let seen = Authentication {
            connection: self.connection,
            mechanism,
            user,
            right,
            in_clear,
        };
        self.change(|record| record.authentications.push(seen));
        // Google asks once more before it refuses a token; Microsoft and a scripted reply do not.
        let rule = self.rule(Step::Auth, None);
        if is_token && !right && rule.is_none() {
            self.ask(STALE_TOKEN, "").await?;
        }
        let verdict = if right {
            "235 2.7.0 Welcome"
        } else {
            "535 5.7.8 Authentication credentials invalid"
        };
        let reply = self.act(rule, verdict).await?;
        self.authenticated = self.say(&reply)? == 235;
        Ok(())
    }

    /// What a client gives in answer to a challenge, or gave before it; `None` unless it is text in
    /// base64.
    async fn ask(&mut self, challenge: &str, initial: &str) -> Result<Option<String>, Over> {
        let mut answer = initial.to_owned();
        if answer.is_empty() {
            self.say(&Reply::normal(&format!("334 {challenge}")))?;
            answer = self.line().await?.1;
        }
        Ok(base64_decoded(&answer).and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    pub async fn mail(&mut self, rest: &str) -> Result<(), Over> {
        self.number = self.change(|record| {
            record.letters += 1;
            record.letters
        });
        (self.rcpts, self.mail_tried) = (0, true);
        let (setup, tls) = (&self.shared.setup, self.wire.is_tls());
        let parsed = path(rest, "FROM:");
        let normal = match &parsed {
            _ if !self.greeted || self.letter.is_some() => self.blame("MAIL out of order", SEQUENCE),
            _ if setup.tls == Tls::Starttls && !tls => {
                self.blame("MAIL before STARTTLS", "530 5.7.0 Must issue a STARTTLS command first")
            }
            _ if !setup.credentials.is_empty() && !self.authenticated => "530 5.7.0 Authentication required",
            None => self.blame("MAIL that cannot be read", SYNTAX),
            Some((_, params)) if !params.iter().all(|param| self.knows(param)) => self.blame(
                "MAIL with a parameter that was not offered",
                "555 5.5.4 Unsupported parameter",
            ),
            Some((_, params))
                if params
                    .iter()
                    .filter_map(|param| size(param, '='))
                    .any(|size| self.is_too_big(size)) =>
            {
                TOO_BIG
            }
            Some(_) => "250 2.1.0 Ok",
        };
        let code = self.step(Step::Mail, normal).await?;
        if let Some((from, mail_params)) = parsed
            && code / 100 == 2
        {
            self.letter = Some(Taken {
                connection: self.connection,
                letter: self.number,
                from,
                to: Vec::new(),
                refused: Vec::new(),
                mail_params,
                message_id: None,
                data: Vec::new(),
                acknowledged: false,
                tls,
            });
        }
        Ok(())
    }

    fn knows(&self, param: &str) -> bool {
        let name = param.split('=').next().unwrap_or_default().to_ascii_uppercase();
        self.offers(match name.as_str() {
            "BODY" => "8BITMIME",
            "RET" | "ENVID" | "NOTIFY" | "ORCPT" => "DSN",
            other => other,
        })
    }

    fn is_too_big(&self, octets: usize) -> bool {
        self.offered
            .iter()
            .filter_map(|line| size(line, ' '))
            .any(|limit| limit > 0 && octets > limit)
    }

    pub async fn rcpt(&mut self, rest: &str) -> Result<(), Over> {
        self.rcpts += 1;
        let (to, params) = path(rest, "TO:").map_or((None, Vec::new()), |(to, params)| (Some(to), params));
        let normal = match (&self.letter, &to) {
            (None, _) if self.is_excused() => SEQUENCE,
            (None, _) => self.blame("RCPT before MAIL", SEQUENCE),
            (_, None) => self.blame("RCPT that cannot be read", SYNTAX),
            _ if !params.iter().all(|param| self.knows(param)) => self.blame(
                "RCPT with a parameter that was not offered",
                "555 5.5.4 Unsupported parameter",
            ),
            _ => "250 2.1.5 Ok",
        };
        let reply = self.act(self.rule(Step::Rcpt, to.as_ref()), normal).await?;
        if let (Some(letter), Some(to)) = (&mut self.letter, to) {
            if reply.code / 100 == 2 {
                &mut letter.to
            } else {
                &mut letter.refused
            }
            .push(to);
        }
        self.say(&reply).map(drop)
    }

    pub async fn data(&mut self) -> Result<(), Over> {
        let normal = match &self.letter {
            Some(letter) if !letter.to.is_empty() => "354 End with a dot on a line of its own",
            _ if self.is_excused() => "554 5.5.1 No valid recipients",
            _ => self.blame("DATA without a recipient", SEQUENCE),
        };
        let reply = self.act(self.rule(Step::Data, None), normal).await?;
        if self.wire.has_more().await {
            self.violation("more sent behind DATA before its reply");
        }
        if self.say(&reply)? == 354 {
            self.wire.flush().await?;
            let body = self.body().await?;
            self.final_dot(body).await?;
        }
        Ok(())
    }

    async fn body(&mut self) -> Result<Body, Over> {
        let mut body = Body::default();
        let mut due = self.reach(Step::Body, None, Script::due);
        loop {
            let line = self.wire.message_line();
            let waits = line.is_none();
            if line.is_some_and(|line| body.push(self.wire.at(line))) {
                return Ok(body);
            }
            let received = body.sent + if waits { self.wire.unread().len() } else { 0 };
            if let Some((rule, _)) = due.take_if(|(_, after)| received >= *after) {
                let rule = self.change(|record| record.script.fire(rule));
                let reply = self.act(rule, "").await?;
                self.say(&reply)?;
                self.wire.flush().await?;
            }
            if waits {
                self.wire.read().await?;
            }
        }
    }

    async fn final_dot(&mut self, body: Body) -> Result<(), Over> {
        self.note("C:", format!("(a message of {} octets)", body.sent).as_bytes());
        for fault in &body.faults {
            self.violation(fault);
        }
        // RFC 2920 lets a client say more here where PIPELINING is offered; not every server bears it.
        if self.wire.has_more().await {
            self.violation("more sent behind the final dot before its reply");
        }
        let rule = self.rule(Step::FinalDot, None);
        let too_big = self.is_too_big(body.data.len());
        let normal = if too_big { TOO_BIG } else { "250 2.0.0 Ok: queued" };
        let takes = rule
            .as_ref()
            .map_or(!too_big, |rule| rule.takes(&Reply::normal(normal)));
        self.mail_tried = false;
        let letter = self.letter.take();
        if body.has_8bit && !letter.as_ref().is_some_and(|letter| letter.has_param("BODY=8BITMIME")) {
            self.violation("a message beyond ASCII without BODY=8BITMIME");
        }
        let place = letter.filter(|_| takes).map(|mut letter| {
            self.letters += 1;
            letter.message_id = body.message_id();
            if !self.shared.setup.discard_data {
                letter.data = body.data;
            }
            self.change(|record| {
                record.taken.push(letter);
                record.taken.len() - 1
            })
        });
        let reply = self.act(rule, normal).await?;
        // Noted before it is done, and taken back if it fails: a test may look as soon as its
        // client has the reply.
        let acknowledge = |session: &Self, done| {
            if let Some(place) = place {
                session.change(|record| record.taken[place].acknowledged = done);
            }
        };
        acknowledge(self, reply.code / 100 == 2 && !self.wire.has_hung_up().await);
        let said = self.say(&reply);
        if let Err(over) = self.wire.flush().await {
            acknowledge(self, false);
            return Err(over);
        }
        said?;
        self.step(Step::BetweenLetters, "").await?;
        self.wire.flush().await
    }
}

/// The address and the parameters of MAIL or RCPT.
fn path(rest: &str, word: &str) -> Option<(String, Vec<String>)> {
    let (found, path) = rest.split_at_checked(word.len())?;
    let (path, params) = path.strip_prefix('<')?.rsplit_once('>')?;
    let is_read = found.eq_ignore_ascii_case(word) && (params.is_empty() || params.starts_with(' '));
    is_read.then(|| {
        (
            path.to_owned(),
            params.split_ascii_whitespace().map(str::to_owned).collect(),
        )
    })
}

/// The number in `SIZE=1` or `SIZE 1`.
fn size(text: &str, separator: char) -> Option<usize> {
    let (word, number) = text.split_once(separator)?;
    number.parse().ok().filter(|_| word.eq_ignore_ascii_case("SIZE"))
}
