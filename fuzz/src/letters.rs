//! The letters of a campaign that was found valid: they can be written, and say what they ought to, to whom they ought to.

use appel::input::Input;
use appel_core::address::Address;
use appel_core::letter::{Attachments, Decision, Letter, Message, Plan, Renderer, Rules, Selection, Text, compose};
use jiff::tz::Offset;
use mail_parser::{MessageParser, MimeHeaders};

use crate::{desk, said};

/// So many are looked at: a thousand rows differ in nothing that is checked here.
const MOST: usize = 16;

/// Every letter that is due for a sender of whom nothing has left yet; `look` sees each text and what leaves.
pub fn all(input: &Input, personal: Option<&str>, mut look: impl FnMut(&Letter, &Text, &Message)) {
    let renderer = match Renderer::new(&input.campaign, &input.sender, personal) {
        Ok(renderer) => renderer,
        Err(problem) => return said::one(&problem),
    };
    let plan = match Plan::new(&input.campaign, &input.sender, input.limits, Selection::default()) {
        Ok(plan) => plan,
        Err(problem) => panic!(
            "rows that were read once cannot be read again: {}",
            problem.what.in_english()
        ),
    };
    let attachments: Attachments = input
        .campaign
        .letters
        .iter()
        .flat_map(|letter| &letter.attach)
        .chain(
            input
                .campaign
                .templates
                .iter()
                .flat_map(|(_, _, template)| &template.attach),
        )
        .map(|attachment| (attachment.path.clone(), b"%PDF".to_vec()))
        .collect();
    for decision in plan.decisions(&Rules::to_look(desk::now())).take(MOST) {
        match decision {
            Decision::Due(letter) => {
                let today = Offset::UTC.to_datetime(desk::now()).date();
                match renderer.render(&letter, today) {
                    Ok(text) => {
                        if let Some(message) = written(input, &letter, &text, &attachments) {
                            look(&letter, &text, &message);
                        }
                    }
                    Err(problem) => said::one(&problem),
                }
            }
            Decision::Impossible(problem) => said::one(&problem),
            Decision::Skipped { .. } => {}
        }
    }
}

fn written(input: &Input, letter: &Letter, text: &Text, attachments: &Attachments) -> Option<Message> {
    let message = match compose(letter, text, &input.sender, attachments, desk::now()) {
        Ok(message) => message,
        Err(problem) => {
            said::one(&problem);
            return None;
        }
    };
    said::tell(|| String::from_utf8_lossy(&message.bytes).into_owned());
    lines_are_fit(&message.bytes);
    headers_are_the_envelopes(input, &message);
    Some(message)
}

/// CRLF only, and no line over 998 octets.
fn lines_are_fit(bytes: &[u8]) {
    assert!(bytes.ends_with(b"\r\n"), "the message ends in the middle of a line");
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let shown = || String::from_utf8_lossy(line);
        let content = line.strip_suffix(b"\r\n");
        let content = content.unwrap_or_else(|| panic!("a bare LF ends {:?}", shown()));
        assert!(!content.contains(&b'\r'), "a bare CR in {:?}", shown());
        assert!(content.len() <= 998, "a line of {} octets", content.len());
    }
}

/// A reader's program sees one From, one To and the copies, those of the envelope, and no header besides.
fn headers_are_the_envelopes(input: &Input, message: &Message) {
    let parsed = MessageParser::default().parse(&message.bytes).expect("a message");
    let envelope = &message.envelope;
    let addresses = |header: Option<&mail_parser::Address>| -> Vec<String> {
        let each = header.into_iter().flat_map(|list| list.iter());
        each.map(|address| address.address().unwrap_or_default().to_owned())
            .collect()
    };
    let same = |what: &str, found: Vec<String>, expected: Vec<&Address>| {
        let expected: Vec<&str> = expected.into_iter().map(Address::as_str).collect();
        assert_eq!(found, expected, "{what} in {}", String::from_utf8_lossy(&message.bytes));
    };
    same("From", addresses(parsed.from()), vec![&envelope.from]);
    same("To", addresses(parsed.to()), vec![&envelope.to]);
    same("Cc", addresses(parsed.cc()), envelope.cc.iter().collect());
    assert_eq!(envelope.from, input.sender.email);
    for address in envelope.recipients() {
        parses_again(address);
    }
    let mut seen: Vec<&str> = Vec::new();
    for header in parsed.root_part().headers() {
        let name = header.name.as_str();
        assert!(!seen.contains(&name), "two headers {name}");
        assert!(KNOWN.contains(&name), "a header {name}");
        seen.push(name);
    }
    assert_eq!(parsed.subject(), Some(message.subject.as_str()));
    let id = message.message_id.trim_matches(['<', '>']);
    assert_eq!(parsed.message_id(), Some(id));
    for part in parsed.attachments() {
        assert!(part.attachment_name().is_some_and(|name| !name.contains(['/', '\n'])));
    }
}

/// What section 4 of the contract names.
const KNOWN: [&str; 10] = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Language",
];

/// What was taken for an address is one, and the same one when it is read again.
pub fn parses_again(address: &Address) {
    let again = Address::parse(address.as_str());
    assert_eq!(again.as_ref(), Ok(address), "{address} read again");
}
