//! A template, and behind lines `#####` a partial, the activist's own paragraph and the text in another language: what
//! can be read can be filled in, and what it is filled with is text, nothing else.

use appel_core::letter::{Flow, Text};
use mail_parser::MessageParser;

use crate::{desk, letters, said};

/// Between the parts.
const NEXT: &str = "\n#####\n";

const CONFIG: &str = r#"[campaign]
id = "c"
title = "Free {{zqx}}<zqx>"
language = "en"
deadline = 2012-01-31T23:59:00Z
[sender]
name = "Ann {{zqx}}<zqx>"
email = "ann@home.example"
country = "BE"
city = "{{#if zqx}}<zqx>\n\n    {{/if}} *a* [b](javascript:c)"
[[letter]]
id = "protest"
to = ["embassy"]
[[letter]]
id = "rich"
template = "protest"
to = ["embassy"]
format = "markdown"
cc = ["archive@example.org"]
[facts.wounded]
value = "60"
as-of = 2011-12-16T18:54:00+01:00
source = "the hospital"
[facts.detained]
value = "23"
as-of = 2011-12-16T18:54:00+01:00
source = "their lawyers"
[facts.killed]
value = { en = "at least {{zqx}}<zqx>", fr = "au moins 70" }
as-of = 2011-12-16T18:54:00+01:00
source = "{{> zqx}}<zqx>"
expires = 2011-12-18T00:00:00Z
"#;
const RECIPIENTS: &str = "role,name,email,language,salutation,office\n\
    embassy,The {{zqx}} Embassy,info@emb.example,en,\"{{{zqx}}}<zqx> *a* [b](http://c.example) {{/if}}\",\n\
    embassy,Other,other@emb.example,fr,,{{zqx}}\n";
/// In no template, only in values.
const MARK: &str = "zqx";

/// One input.
///
/// # Panics
/// When a promise is broken.
pub fn check(input: &[u8]) {
    desk::write_once("config.toml", CONFIG);
    desk::write_once("recipients.csv", RECIPIENTS);
    desk::write_once("files/statement.pdf", "%PDF");
    for partial in ["demand", "signature"] {
        desk::write_once(&format!("templates/partials/{partial}.hbs"), "{{sender.name}}\n");
    }
    let mut parts = Parts(Some(input));
    let letter = parts.next().unwrap_or_default();
    desk::write("templates/protest.en.hbs", letter);
    desk::write("templates/partials/p.hbs", parts.next().unwrap_or(b"{{sender.name}}\n"));
    let personal = parts.next().map(|part| String::from_utf8_lossy(part).into_owned());
    desk::write("templates/protest.fr.hbs", parts.next().unwrap_or(letter));
    let loaded = appel::input::load(&desk::sources(None), desk::now());
    said::all(&loaded.problems);
    let Some(campaign) = loaded.input else {
        assert!(loaded.problems.any_error(), "no campaign, and nobody says why");
        return;
    };
    let is_marked = input.windows(MARK.len()).any(|bytes| bytes == MARK.as_bytes());
    letters::all(&campaign, personal.as_deref(), |letter, text, message| {
        if !is_marked {
            values_are_text(text);
        }
        if let Some(html) = &text.html {
            is_harmless(html);
        }
        assert_eq!(letter.envelope, message.envelope);
        for attachment in &text.attachments {
            assert!(attachment.path.starts_with(desk::folder()) && attachment.path.is_file());
        }
        let parsed = MessageParser::default().parse(&message.bytes).expect("a message");
        let flow = Flow {
            without_spaces: letter.language.is_without_spaces(),
            ..Flow::default()
        };
        let read = flow.unwrapped(&parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n"));
        assert_eq!(read, text.body, "what is read is not what was written");
    });
}

/// The parts of an input.
struct Parts<'i>(Option<&'i [u8]>);

impl<'i> Iterator for Parts<'i> {
    type Item = &'i [u8];

    fn next(&mut self) -> Option<&'i [u8]> {
        let rest = self.0?;
        match rest.windows(NEXT.len()).position(|bytes| bytes == NEXT.as_bytes()) {
            Some(at) => {
                self.0 = Some(&rest[at + NEXT.len()..]);
                Some(&rest[..=at])
            }
            None => self.0.take(),
        }
    }
}

/// The braces of a value stand in the letter as they stood in the value.
fn values_are_text(text: &Text) {
    for part in [&text.subject, &text.body] {
        for (at, _) in part.match_indices(MARK) {
            let before = &part[..at];
            let is_whole = ["{{", "<", "{{#if ", "{{> "]
                .iter()
                .any(|known| before.ends_with(known));
            assert!(is_whole, "a value was read as template: {part:?}");
        }
    }
}

/// No tag but those of Markdown, and no attribute that does anything.
fn is_harmless(html: &str) {
    let (_, body) = html.split_once("overflow-wrap:break-word\">\n").expect("a document");
    let body = body.strip_suffix("</div>\n</body>\n</html>\n").expect("a document");
    for part in body.split('<').skip(1) {
        let (tag, _) = part.split_once('>').expect("a tag that ends");
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let name = name.trim_start_matches('/');
        assert!(TAGS.contains(&name), "<{tag}> in {html}");
        let is_known = match name {
            "a" => ["", "href=\"http://", "href=\"https://", "href=\"mailto:", "href=\"tel:"]
                .iter()
                .any(|begin| attributes.to_ascii_lowercase().starts_with(begin)),
            "span" => attributes.is_empty() || attributes == "dir=\"ltr\"",
            "ol" => attributes.is_empty() || attributes.starts_with("start=\""),
            "blockquote" | "pre" | "table" | "td" => attributes.is_empty() || attributes.starts_with("style=\""),
            "th" => attributes.is_empty() || attributes.starts_with("scope=\"col\" style=\""),
            _ => attributes.is_empty(),
        };
        assert!(is_known && attributes.matches('"').count() <= 4, "<{tag}> in {html}");
        assert!(!attributes.contains("url("), "<{tag}> in {html}");
    }
}

const TAGS: [&str; 25] = [
    "span",
    "p",
    "em",
    "strong",
    "ul",
    "ol",
    "li",
    "a",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "code",
    "pre",
    "blockquote",
    "hr",
    "br",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
];
