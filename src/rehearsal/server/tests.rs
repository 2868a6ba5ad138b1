//! What the tests of the server share, and how fast it is.

use super::session::{Flow, Session};
use super::*;

mod dialogue;
mod tls;

/// NUL anna NUL pässword
const LOG_IN: &str = "EHLO [127.0.0.1]\r\nAUTH PLAIN AGFubmEAcMOkc3N3b3Jk\r\n";
const BEGIN: &str = "MAIL FROM:<anna@example.org>\r\nRCPT TO:<info@example.com>\r\nDATA\r\n";

type Letters = Arc<Mutex<Vec<Arrived>>>;

fn credentials() -> Credentials {
    Credentials {
        username: "anna".into(),
        password: "pässword".into(),
    }
}

fn collector() -> (Letters, Sink) {
    let letters = Letters::default();
    let sink = Arc::clone(&letters);
    (
        letters,
        Box::new(move |letter| {
            sink.lock().unwrap().push(letter);
            Ok(())
        }),
    )
}

fn letter(bytes: &[u8]) -> Arrived {
    Arrived {
        from: "anna@example.org".into(),
        to: vec!["info@example.com".into()],
        bytes: bytes.into(),
    }
}
