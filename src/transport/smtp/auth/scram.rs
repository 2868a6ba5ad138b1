//! SCRAM-SHA-256 (RFC 5802, RFC 7677): the server learns that one knows the password without being told it, and has to
//! show that it knows it too.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};
use zeroize::Zeroizing;

/// More rounds than anybody asks for; a server that wants a billion would hold the run up for minutes.
const MOST_ROUNDS: u32 = 600_000;
/// So many random bytes are in a nonce.
const NONCE: usize = 18;

/// The server's message cannot be answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Unanswerable;

/// What the server says at the end.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerFinal {
    /// It knows the password.
    Proven,
    /// It refuses the client's proof.
    Refused,
    /// It does not know the password, whatever it says.
    Wrong,
}

/// An exchange of which the client has said the first word.
pub struct Begun {
    nonce: String,
    first_bare: Zeroizing<String>,
}

/// One in which the client has given its proof.
pub struct Proof {
    /// What to say.
    pub message: Zeroizing<String>,
    server_key: hmac::Key,
    exchange: Zeroizing<String>,
}

/// Begins an exchange: what to say, and how to go on.
pub fn begin(username: &str) -> Result<(Zeroizing<String>, Begun), Unanswerable> {
    let mut random = [0; NONCE];
    SystemRandom::new().fill(&mut random).map_err(|_| Unanswerable)?;
    Ok(with_nonce(username, BASE64.encode(random)))
}

fn with_nonce(username: &str, nonce: String) -> (Zeroizing<String>, Begun) {
    let name = escaped(&prepared(username));
    let first_bare = Zeroizing::new(format!("n={name},r={nonce}"));
    // No binding to the TLS channel: this is not SCRAM-SHA-256-PLUS.
    let message = Zeroizing::new(format!("n,,{}", first_bare.as_str()));
    (message, Begun { nonce, first_bare })
}

impl Begun {
    /// Answers the server's first message.
    pub fn prove(self, server_first: &str, password: &str) -> Result<Proof, Unanswerable> {
        let mut attributes = server_first.split(',');
        let mut next = |name| {
            let attribute: Option<&str> = attributes.next();
            attribute.and_then(|text| text.strip_prefix(name)).ok_or(Unanswerable)
        };
        let nonce: &str = next("r=")?;
        let salt = BASE64.decode(next("s=")?).map_err(|_| Unanswerable)?;
        let rounds: NonZeroU32 = next("i=")?.parse().map_err(|_| Unanswerable)?;
        let is_new = nonce.strip_prefix(&self.nonce).is_some_and(|more| !more.is_empty());
        if !is_new || salt.is_empty() || rounds.get() > MOST_ROUNDS {
            return Err(Unanswerable);
        }

        let password = Zeroizing::new(prepared(password));
        let mut salted = Zeroizing::new([0; digest::SHA256_OUTPUT_LEN]);
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            &salt,
            password.as_bytes(),
            &mut *salted,
        );
        let salted = hmac::Key::new(hmac::HMAC_SHA256, &*salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        let server_key = hmac::sign(&salted, b"Server Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());

        let without_proof = format!("c=biws,r={nonce}");
        let exchange = Zeroizing::new(format!("{},{server_first},{without_proof}", self.first_bare.as_str()));
        let signed = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, stored_key.as_ref()),
            exchange.as_bytes(),
        );
        let proof: Vec<u8> = client_key
            .as_ref()
            .iter()
            .zip(signed.as_ref())
            .map(|(a, b)| a ^ b)
            .collect();
        Ok(Proof {
            message: Zeroizing::new(format!("{without_proof},p={}", BASE64.encode(proof))),
            server_key: hmac::Key::new(hmac::HMAC_SHA256, server_key.as_ref()),
            exchange,
        })
    }
}

impl Proof {
    /// Whether the server's last message proves that it knows the password.
    pub fn check(&self, server_final: &str) -> ServerFinal {
        let first = server_final.split(',').next().unwrap_or_default();
        if first.starts_with("e=") {
            return ServerFinal::Refused;
        }
        let signature = first.strip_prefix("v=").and_then(|text| BASE64.decode(text).ok());
        let is_right = signature
            .is_some_and(|signature| hmac::verify(&self.server_key, self.exchange.as_bytes(), &signature).is_ok());
        if is_right {
            ServerFinal::Proven
        } else {
            ServerFinal::Wrong
        }
    }
}

/// As both sides have to write it (RFC 4013); what may not stand in a password at all is left as it is, since its server
/// took it somehow.
fn prepared(text: &str) -> String {
    stringprep::saslprep(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// A name in which no sign of the syntax stands.
pub fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677 §3.
    const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn begun() -> (Zeroizing<String>, Begun) {
        with_nonce("user", "rOprNGfwEbeRWgbNEkqO".to_owned())
    }

    #[test]
    fn the_exchange_of_the_standard_comes_out_as_it_stands_there() {
        let (first, begun) = begun();
        assert_eq!(*first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let proof = begun.prove(SERVER_FIRST, "pencil").unwrap();
        assert_eq!(
            *proof.message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        let right = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(proof.check(right), ServerFinal::Proven);
        assert_eq!(proof.check(&format!("{right},x=more")), ServerFinal::Proven);
        for wrong in ["v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=", "v=%", "", "ok"] {
            assert_eq!(proof.check(wrong), ServerFinal::Wrong, "{wrong:?}");
        }
        assert_eq!(proof.check("e=invalid-proof"), ServerFinal::Refused);
    }

    #[test]
    fn a_first_message_that_is_none_is_not_answered() {
        for wrong in [
            "",
            ",",
            "r=rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=%,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i",
            "m=must,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "e=unknown-user",
        ] {
            assert!(begun().1.prove(wrong, "pencil").is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_is_written_so_that_it_is_one() {
        let (first, _) = with_nonce("a,b=c", "x".to_owned());
        assert_eq!(*first, "n,,n=a=2Cb=3Dc,r=x");
    }

    #[test]
    fn a_password_is_the_same_however_its_letters_are_put_together() {
        assert_eq!(prepared("e\u{301}"), prepared("é"));
        assert_eq!(prepared("a\u{a0}b"), "a b");
        assert_eq!(prepared("\u{7}"), "\u{7}", "what may not stand there is left as it is");
    }

    proptest::proptest! {
        #[test]
        fn no_message_of_a_server_makes_it_panic(first: String, last: String) {
            let _ = begun().1.prove(&first, "pencil");
            let _ = begun().1.prove(&format!("r=rOprNGfwEbeRWgbNEkqO{first}"), "pencil");
            let _ = begun().1.prove(SERVER_FIRST, "pencil").unwrap().check(&last);
        }
    }
}
