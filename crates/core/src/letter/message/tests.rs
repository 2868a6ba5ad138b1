use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::*;
use crate::campaign::Format;
use crate::testing::{Given, Made, address, given, moment};

const AT: &str = "2011-12-16T18:54:03.7Z";

fn text(subject: &str, body: &str) -> Text {
    Text {
        subject: subject.to_owned(),
        body: body.to_owned(),
        html: None,
        attachments: Vec::new(),
        fact_names: Arc::default(),
        facts: Arc::from("{}"),
    }
}

fn files() -> Attachments {
    Attachments::from_iter([(
        PathBuf::from("files/déclaration.pdf"),
        b"%PDF-1.4 not really\n".repeat(5),
    )])
}

/// The message of the first letter that is due, as text; with CRLF shown as LF, and nothing else in it.
fn message(given: Given) -> String {
    let made = given.made();
    let letter = &made.due()[0];
    let text = made
        .renderer(None)
        .render(letter, jiff::civil::date(2011, 12, 16))
        .unwrap();
    shown(&compose(letter, &text, &made.sender, &files(), moment(AT)).unwrap())
}

/// The message of a letter with these copies, as a server has it that takes ASCII addresses alone; whom it leaves out.
fn ascii_message(copies: &str) -> (String, Vec<String>, Message) {
    let rows = format!("role,name,email,salutation,cc\nembassy,É,a@x.example,Sir,{copies}\n");
    let made = given().rows(&rows).made();
    let letter = &made.due()[0];
    let text = made
        .renderer(None)
        .render(letter, jiff::civil::date(2011, 12, 16))
        .unwrap();
    let message = compose(letter, &text, &made.sender, &Attachments::new(), moment(AT)).unwrap();
    let (ascii, left_out) = message.clone().without_smtputf8();
    let left_out = left_out.iter().map(ToString::to_string).collect();
    (shown(&ascii), left_out, message)
}

#[test]
fn for_a_server_without_smtputf8_copies_that_need_it_leave_envelope_and_header_and_nothing_else_changes() {
    let many: Vec<String> = (0..20).map(|n| format!("copy{n}@somewhere-far-away.example")).collect();
    for (copies, stay) in [
        ("jürgen@x.example", String::new()),
        (
            "b@x.example jürgen@x.example c@x.example",
            "Cc: b@x.example, c@x.example\n".to_owned(),
        ),
    ] {
        let (text, left_out, message) = ascii_message(copies);
        assert_eq!(left_out, ["jürgen@x.example"]);
        let before = shown(&message);
        let at = before.find("Cc: ").unwrap();
        let end = at + before[at..].find("\nSubject").unwrap() + 1;
        assert_eq!(text, before[..at].to_owned() + &stay + &before[end..]);
        assert!(!message.clone().without_smtputf8().0.envelope.needs_smtputf8());
    }
    // Over several lines, and as it would have been written without them.
    let (text, left_out, _) = ascii_message(&format!("jürgen@x.example {} ö@x.example", many.join(" ")));
    assert_eq!(left_out, ["jürgen@x.example", "ö@x.example"]);
    assert_eq!(text, shown(&ascii_message(&many.join(" ")).2));
    // Where nothing needs it, nothing is touched.
    let (text, left_out, message) = ascii_message(&many.join(" "));
    assert_eq!((text, left_out.len()), (shown(&message), 0));
}

/// The usual letter, made once for tests that want it a thousand times.
static ANY: LazyLock<(Made, Letter)> = LazyLock::new(|| {
    let made = given().made();
    let letter = made.due().swap_remove(0);
    (made, letter)
});

fn message_of(text: &Text) -> Result<Message, Problem> {
    let (made, letter) = &*ANY;
    compose(letter, text, &made.sender, &files(), moment(AT))
}

fn shown(message: &Message) -> String {
    let text = std::str::from_utf8(&message.bytes).unwrap();
    assert!(
        !text.replace("\r\n", "").contains(['\r', '\n']),
        "a bare CR or LF in {text:?}"
    );
    text.replace("\r\n", "\n")
}

fn body_of(message: &str) -> &str {
    message.split_once("Content-Transfer-Encoding: ").unwrap().1
}

fn check(given: Given, expect: &str) {
    assert_eq!(message(given), expect);
}

fn check_body(body: &str, expect: &str) {
    let message = shown(&message_of(&text("Free them", body)).unwrap());
    assert_eq!(body_of(&message), expect);
}

#[test]
fn an_ascii_letter_leaves_as_it_is_written() {
    check(
        given(),
        "\
From: \"Ann Activist\" <ann@home.example>
To: \"The Embassy\" <embassy@kz.example>
Subject: Free them
Date: Fri, 16 Dec 2011 18:54:03 +0000
Message-ID: <2c6c9d86f2d77915ab0ee7747b86340e@home.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: 7bit

Your Excellency,

I write from Brussels.

Ann Activist
",
    );
}

#[test]
fn a_french_letter_leaves_in_quoted_printable() {
    check(
        given()
            .template(
                "protest.en.hbs",
                "Subject: Libérez-les\n\nMonsieur l’Ambassadeur,\n\nVous devez les libérer.\n",
            )
            .rows("role,name,email\nembassy,Ambassade du Kazakhstan à Bruxelles,info@kz.example\n"),
        "\
From: \"Ann Activist\" <ann@home.example>
To: =?utf-8?b?QW1iYXNzYWRlIGR1IEthemFraHN0YW4gw6AgQnJ1eGVsbGVz?=
 <info@kz.example>
Subject: =?utf-8?b?TGliw6lyZXotbGVz?=
Date: Fri, 16 Dec 2011 18:54:03 +0000
Message-ID: <730d0e7d78086d49d84cae95f5b20060@home.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: quoted-printable

Monsieur l=E2=80=99Ambassadeur,

Vous devez les lib=C3=A9rer.
",
    );
}

#[test]
fn a_russian_letter_leaves_in_quoted_printable_too() {
    check(
        given()
            .template(
                "protest.en.hbs",
                "Subject: Освободите забастовщиков\n\nУважаемый господин посол!\n\nПрошу вас освободить задержанных.\n",
            )
            .rows("role,name,email\nembassy,Посольство Республики Казахстан в Королевстве Бельгия,info@kz.example\n"),
        "\
From: \"Ann Activist\" <ann@home.example>
To: =?utf-8?b?0J/QvtGB0L7Qu9GM0YHRgtCy0L4g0KDQtdGB0L/Rg9Cx0LvQuNC60Lgg0Jo=?=
 =?utf-8?b?0LDQt9Cw0YXRgdGC0LDQvSDQsiDQmtC+0YDQvtC70LXQstGB0YLQstC1INCR?=
 =?utf-8?b?0LXQu9GM0LPQuNGP?= <info@kz.example>
Subject: =?utf-8?b?0J7RgdCy0L7QsdC+0LTQuNGC0LUg0LfQsNCx0LDRgdGC0L7QstGJ?=
 =?utf-8?b?0LjQutC+0LI=?=
Date: Fri, 16 Dec 2011 18:54:03 +0000
Message-ID: <730d0e7d78086d49d84cae95f5b20060@home.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: quoted-printable

=D0=A3=D0=B2=D0=B0=D0=B6=D0=B0=D0=B5=D0=BC=D1=8B=D0=B9 =D0=B3=D0=BE=D1=81=
=D0=BF=D0=BE=D0=B4=D0=B8=D0=BD =D0=BF=D0=BE=D1=81=D0=BE=D0=BB!

=D0=9F=D1=80=D0=BE=D1=88=D1=83 =D0=B2=D0=B0=D1=81 =D0=BE=D1=81=D0=B2=D0=BE=
=D0=B1=D0=BE=D0=B4=D0=B8=D1=82=D1=8C =D0=B7=D0=B0=D0=B4=D0=B5=D1=80=D0=B6=
=D0=B0=D0=BD=D0=BD=D1=8B=D1=85.
",
    );
}

#[test]
fn copies_are_bare_addresses_folded_between_them() {
    check(
        given()
            .rows("role,name,email,cc\nembassy,,embassy@kz.example,first.secretary@foreign-affairs.kz.example second.secretary@foreign-affairs.kz.example\n")
            .with(|config| config.letters[0].cc = vec![address("archive@bücher.example"), address("EMBASSY@kz.example")]),
        "\
From: \"Ann Activist\" <ann@home.example>
To: embassy@kz.example
Cc: first.secretary@foreign-affairs.kz.example,
 second.secretary@foreign-affairs.kz.example, archive@xn--bcher-kva.example
Subject: Free them
Date: Fri, 16 Dec 2011 18:54:03 +0000
Message-ID: <2c6c9d86f2d77915ab0ee7747b86340e@home.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: 7bit

,

I write from Brussels.

Ann Activist
",
    );
}

#[test]
fn a_long_subject_and_name_are_folded_or_encoded_within_their_lines() {
    let long = "Kazakhstan: the authorities must release all those who were arrested in Zhanaozen on 16 December, \
                and pay them what they are owed";
    check(
        given()
            .template("protest.en.hbs", &format!("Subject: {long}\n\nText\n"))
            .rows("role,name,email\nembassy,The Embassy of the Republic of Kazakhstan to the Kingdom of Belgium and to the European Union,a-rather-long-local-part@kz.example\n"),
        "\
From: \"Ann Activist\" <ann@home.example>
To: The Embassy of the Republic of Kazakhstan to the Kingdom of Belgium and to
 the European Union <a-rather-long-local-part@kz.example>
Subject: Kazakhstan: the authorities must release all those who were arrested
 in Zhanaozen on 16 December, and pay them what they are owed
Date: Fri, 16 Dec 2011 18:54:03 +0000
Message-ID: <0b0f14cef80701dcd88576cec6748f1b@home.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: 7bit

Text
",
    );
}

#[test]
fn an_attachment_goes_after_the_text_with_its_name_in_any_script() {
    check(
        given().with(|config| {
            config.letters[0].attach.push(Attachment {
                path: PathBuf::from("files/déclaration.pdf"),
                name: "déclaration.pdf".to_owned(),
            });
        }),
        "\
From: \"Ann Activist\" <ann@home.example>
To: \"The Embassy\" <embassy@kz.example>
Subject: Free them
Date: Fri, 16 Dec 2011 18:54:03 +0000
Message-ID: <2c6c9d86f2d77915ab0ee7747b86340e@home.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=\"=_m2c6c9d86f2d77915ab0ee774\"

--=_m2c6c9d86f2d77915ab0ee774
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: 7bit

Your Excellency,

I write from Brussels.

Ann Activist

--=_m2c6c9d86f2d77915ab0ee774
Content-Type: application/pdf;
 name*=utf-8''d%C3%A9claration.pdf
Content-Disposition: attachment;
 filename*=utf-8''d%C3%A9claration.pdf;
 filename=\"declaration.pdf\"
Content-Transfer-Encoding: base64

JVBERi0xLjQgbm90IHJlYWxseQolUERGLTEuNCBub3QgcmVhbGx5CiVQREYtMS40IG5vdCByZWFs
bHkKJVBERi0xLjQgbm90IHJlYWxseQolUERGLTEuNCBub3QgcmVhbGx5Cg==
--=_m2c6c9d86f2d77915ab0ee774--
",
    );
}

#[test]
fn a_markdown_letter_has_its_text_first_and_html_last() {
    check(
        given()
            .template(
                "protest.en.hbs",
                "Subject: Free *them*\n\n**{{recipient.salutation}}**,\n\n- <b>all</b> of them\n- *now*\n",
            )
            .rows("role,name,email,salutation\nembassy,The Embassy,embassy@kz.example,Mr *A* <b>\n")
            .with(|config| config.letters[0].format = Format::Markdown),
        "\
From: \"Ann Activist\" <ann@home.example>
To: \"The Embassy\" <embassy@kz.example>
Subject: Free *them*
Date: Fri, 16 Dec 2011 18:54:03 +0000
Message-ID: <2c6c9d86f2d77915ab0ee7747b86340e@home.example>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=\"=_a2c6c9d86f2d77915ab0ee774\"

--=_a2c6c9d86f2d77915ab0ee774
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: 7bit

Mr *A* <b>,

- <b>all</b> of them
- now

--=_a2c6c9d86f2d77915ab0ee774
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 7bit

<!DOCTYPE html>
<html lang=\"en\" dir=\"ltr\" style=\"color-scheme:light dark\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"supported-color-schemes\" content=\"light dark\">
<title>Free *them*</title>
</head>
<body>
<div lang=\"en\" dir=\"ltr\"
 style=\"max-width:34em;line-height:1.5;
 word-wrap:break-word;overflow-wrap:break-word\">
<p><strong>Mr *A* &lt;b&gt;</strong>,</p>
<ul>
<li>&lt;b&gt;all&lt;/b&gt; of them</li>
<li><em>now</em></li>
</ul>
</div>
</body>
</html>

--=_a2c6c9d86f2d77915ab0ee774--
",
    );
}

#[test]
fn a_markdown_letter_with_an_attachment_nests_its_parts() {
    let message = message(
        given()
            .with(|config| config.letters[0].format = Format::Markdown)
            .with(|config| {
                config.letters[0].attach.push(Attachment {
                    path: PathBuf::from("files/déclaration.pdf"),
                    name: "statement.pdf".to_owned(),
                });
            }),
    );
    let structure: Vec<&str> = message
        .lines()
        .filter(|line| line.starts_with("Content-") || line.starts_with("--"))
        .collect();
    assert_eq!(
        structure,
        [
            "Content-Type: multipart/mixed; boundary=\"=_m2c6c9d86f2d77915ab0ee774\"",
            "--=_m2c6c9d86f2d77915ab0ee774",
            "Content-Type: multipart/alternative; boundary=\"=_a2c6c9d86f2d77915ab0ee774\"",
            "--=_a2c6c9d86f2d77915ab0ee774",
            "Content-Type: text/plain; charset=utf-8; format=flowed",
            "Content-Transfer-Encoding: 7bit",
            "--=_a2c6c9d86f2d77915ab0ee774",
            "Content-Type: text/html; charset=utf-8",
            "Content-Transfer-Encoding: 7bit",
            "--=_a2c6c9d86f2d77915ab0ee774--",
            "--=_m2c6c9d86f2d77915ab0ee774",
            "Content-Type: application/pdf",
            "Content-Disposition: attachment; filename=\"statement.pdf\"",
            "Content-Transfer-Encoding: base64",
            "--=_m2c6c9d86f2d77915ab0ee774--",
        ]
    );
}

#[test]
fn lines_that_servers_and_mailboxes_touch_are_encoded_or_have_a_blank_before_them() {
    check_body("a\n.\nb\n", "quoted-printable\n\na\n=2E\nb\n");
    check_body("..a\n", "quoted-printable\n\n=2E.a\n");
    check_body("From here\nFromage\n", "7bit\n\n From here\nFromage\n");
    check_body("> é Fromage\n", "quoted-printable\n\n > =C3=A9 Fromage\n");
    check_body("-- \nAnn\n", "7bit\n\n-- \nAnn\n");
    check_body("-- \nAnn, à Paris\n", "quoted-printable\n\n--=20\nAnn, =C3=A0 Paris\n");
    check_body("a\t\n \nb\n", "7bit\n\na\n\nb\n");
    check_body("tab\tinside\n", "7bit\n\ntab\tinside\n");
    check_body("--=_x\n", "quoted-printable\n\n--=3D_x\n");
}

#[test]
fn a_paragraph_is_wrapped_and_one_again_when_it_is_read() {
    let words = ["words"; 14].join(" ");
    check_body(
        &format!("{words}\n\nShort.\n"),
        &format!("7bit\n\n{} \nwords words\n\nShort.\n", ["words"; 12].join(" ")),
    );
    let words = ["words"; 12].join(" ");
    check_body(
        &format!("{words} à la fin\n"),
        &format!("quoted-printable\n\n{words}=20\n=C3=A0 la fin\n"),
    );
}

#[test]
fn a_letter_without_spaces_between_words_says_that_the_ones_at_the_ends_of_lines_are_none() {
    let made = given()
        .template(
            "protest.zh.hbs",
            &format!("Subject: 呼吁\n\n{}\n", "石油工人罢工要求释放被捕者".repeat(5)),
        )
        .rows("role,name,email,language\nembassy,A,a@x.example,zh\n")
        .made();
    let letter = &made.due()[0];
    let text = made
        .renderer(None)
        .render(letter, jiff::civil::date(2011, 12, 16))
        .unwrap();
    let message = compose(letter, &text, &made.sender, &files(), moment(AT)).unwrap();
    let written = shown(&message);
    assert!(
        written.contains("Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n"),
        "{written}"
    );
    let parsed = MessageParser::new().parse(&message.bytes).unwrap();
    let read = lf(&parsed.body_text(0).unwrap());
    assert_eq!(read.lines().count(), 2, "{read}");
    let flow = Flow {
        without_spaces: true,
        ..Flow::default()
    };
    assert_eq!(flow.unwrapped(&read), text.body);
}

#[test]
fn a_word_that_does_not_end_is_broken_by_the_encoding_and_not_in_the_text() {
    check_body(
        &format!("{}\n", "a".repeat(76)),
        &format!("7bit\n\n{}\n", "a".repeat(76)),
    );
    let line = format!("{}.{}From{}", "a".repeat(75), "b".repeat(74), "c".repeat(80));
    check_body(
        &format!("{line}\n"),
        &format!(
            "quoted-printable\n\n{}=\n=2E{}=\nbbFrom{}=\n{}\n",
            "a".repeat(75),
            "b".repeat(72),
            "c".repeat(69),
            "c".repeat(11)
        ),
    );
    // No character is torn, and no line passes 76.
    check_body(
        &format!("{}é{}\n", "a".repeat(70), "a".repeat(9)),
        &format!("quoted-printable\n\n{}=\n=C3=A9aaaaaaaaa\n", "a".repeat(70)),
    );
}

#[test]
fn every_line_end_leaves_as_crlf() {
    check_body("a\r\nb\rc\nd", "7bit\n\na\nb\nc\nd\n");
    check_body(
        "é\r\nb\rc\nd and more of it\n",
        "quoted-printable\n\n=C3=A9\nb\nc\nd and more of it\n",
    );
}

#[test]
fn a_subject_that_looks_like_an_encoded_word_is_read_as_written() {
    let subject = "=?utf-8?q?Pay=20up?=";
    let message = message_of(&text(subject, "Text\n")).unwrap();
    let parsed = MessageParser::new().parse(&message.bytes).unwrap();
    assert_eq!(parsed.subject(), Some(subject));
}

#[test]
fn text_of_ascii_is_never_base64() {
    let body = "a=b&c=d====\n".repeat(40);
    let message = shown(&message_of(&text(&"=".repeat(200), &format!("{body}\tTab at the end\t.\n.\n"))).unwrap());
    assert!(!message.contains("base64") && !message.contains("?b?"), "{message}");
}

#[test]
fn a_text_file_says_in_what_charset_it_is() {
    let utf_16 = || "é".encode_utf16().flat_map(u16::to_le_bytes);
    for (name, content, expect) in [
        ("a.txt", "Grüße".as_bytes().to_vec(), "text/plain; charset=utf-8"),
        ("a.csv", b"plain".to_vec(), "text/csv; charset=utf-8"),
        (
            "a.txt",
            b"\xff\xfe".iter().copied().chain(utf_16()).collect(),
            "text/plain; charset=utf-16",
        ),
        (
            "a.html",
            b"Monsieur l'Ambassadeur, vous devez les lib\xe9rer tous, \xe0 l'instant.".to_vec(),
            "text/html; charset=windows-1252",
        ),
        ("a.pdf", b"%PDF".to_vec(), "application/pdf"),
        ("a.eml", b"From: a".to_vec(), "application/octet-stream"),
    ] {
        let text = Text {
            attachments: vec![Attachment {
                path: PathBuf::from(name),
                name: name.to_owned(),
            }],
            ..text("S", "Text\n")
        };
        let (made, letter) = &*ANY;
        let files = Attachments::from_iter([(PathBuf::from(name), content)]);
        let message = shown(&compose(letter, &text, &made.sender, &files, moment(AT)).unwrap());
        let types: Vec<&str> = message
            .lines()
            .filter_map(|line| line.strip_prefix("Content-Type: "))
            .collect();
        assert_eq!(types[2..], [expect], "{name}");
    }
}

#[test]
fn the_date_leaves_in_utc_and_only_if_mail_can_carry_it() {
    let (made, letter) = &*ANY;
    let text = made
        .renderer(None)
        .render(letter, jiff::civil::date(2011, 12, 16))
        .unwrap();
    let date = |at: &str| {
        compose(letter, &text, &made.sender, &files(), moment(at)).map(|message| {
            let message = shown(&message);
            message
                .lines()
                .find(|line| line.starts_with("Date: "))
                .unwrap()
                .to_owned()
        })
    };
    assert_eq!(
        date("2011-12-16T23:30:00-05:00").unwrap(),
        "Date: Sat, 17 Dec 2011 04:30:00 +0000"
    );
    assert_eq!(
        date("1970-01-01T00:00:00Z").unwrap(),
        "Date: Thu, 01 Jan 1970 00:00:00 +0000"
    );
    assert_eq!(
        date("1969-12-31T23:59:59Z").unwrap_err().what.in_english(),
        "the letter `protest` to embassy@kz.example cannot be written: mail cannot carry the date 1969-12-31T23:59:59Z"
    );
}

#[test]
fn what_no_header_can_hold_is_refused() {
    let error = message_of(&text("Free\r\nBcc: spy@x.example", "Text\n")).unwrap_err();
    assert_eq!(
        error.what.in_english(),
        "the letter `protest` to embassy@kz.example cannot be written: the subject holds the control character U+000D"
    );
    let error = message_of(&Text {
        attachments: vec![Attachment {
            path: PathBuf::from("elsewhere"),
            name: "elsewhere.txt".to_owned(),
        }],
        ..text("Free them", "Text\n")
    });
    assert_eq!(
        error.unwrap_err().what.in_english(),
        "the letter `protest` to embassy@kz.example cannot be written: the attachment elsewhere.txt was not read"
    );
}

#[test]
fn a_message_has_a_digest_and_the_facts_of_its_text() {
    let facts: Arc<str> = Arc::from("{\"killed\":\"at least 70\"}");
    let message = message_of(&Text {
        facts: Arc::clone(&facts),
        ..text("Free them", "Text\n")
    })
    .unwrap();
    assert_eq!(message.facts, facts);
    assert_eq!(message.message_id, format!("<{}@home.example>", message.id));
    let other = message_of(&text("Free them", "Text.\n")).unwrap();
    assert_ne!(message.sha256(), other.sha256());
}

/// Any characters but controls, with those that headers and encodings stumble over made frequent.
fn line() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::sample::select(vec![' ', '"', '\\', '=', '?', '_', '<', '>', '@', ',', '.', '(', '-', 'F', 'a']),
        2 => prop::char::range(' ', '~'),
        2 => any::<char>(),
    ];
    prop::collection::vec(character, 1..120).prop_map(|line| line.into_iter().filter(|c| !c.is_control()).collect())
}

fn body() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        line(),
        prop::sample::select(vec!["\n", "\r\n", "\r", ".", "From ", "\0", "\t", " ", "--=_a", "é"])
            .prop_map(str::to_owned),
        "[a-z ]{70,90}",
        "[а-я ]{1,300}",
    ];
    prop::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat() + ".\n")
}

fn lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// A body as it is read: without blanks at the ends of its lines, and with one behind the signs of a quotation.
fn as_read(body: &str, quotes: bool) -> String {
    let body = lf(body);
    let trimmed = super::super::flowed::trimmed(&body);
    let lines = trimmed.split('\n').map(|line| match line.trim_start_matches('>') {
        said if quotes && said.len() < line.len() => {
            let said = said.strip_prefix(' ').unwrap_or(said);
            let blank = if said.is_empty() { "" } else { " " };
            format!(
                "{}{blank}{said}",
                &line[..line.len() - line.trim_start_matches('>').len()]
            )
        }
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Addresses as lists have them, with every character that may stand before an @ without quotes.
fn written_address() -> impl Strategy<Value = String> {
    let domain = prop::sample::select(vec![
        "x.example",
        "mfa.gov.example",
        "b\u{fc}cher.example",
        "a-1.example",
    ]);
    (
        "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\\.[a-z0-9=?_-]{1,20}){0,2}",
        domain,
    )
        .prop_map(|(local, domain)| format!("{local}@{domain}"))
        .prop_filter("looks like an address", |text| Address::parse(text).is_ok())
}

const NAMES: &[&str] = &[
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

fn headers_of(bytes: &[u8]) -> (Vec<String>, Vec<usize>) {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let names = head
        .split("\r\n")
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(':').next().unwrap_or_default().to_owned())
        .collect();
    (names, head.split("\r\n").map(str::len).collect())
}

/// The first line over 78 that could be broken, or over 998.
fn too_long(message: &str) -> Option<&str> {
    // A word of a header, or a file's name, stays in one piece.
    let is_one_word = |line: &str| {
        let text = line.trim_start();
        let text = text.split_once(": ").map_or(text, |(_, text)| text);
        line.starts_with(" filename=\"") || !text.contains(' ')
    };
    message
        .split("\r\n")
        .find(|line| line.len() > 998 || (line.len() > 78 && !is_one_word(line)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_arrives_as_it_was_said(
        sender in line(),
        name in line(),
        subject in line(),
        body in body(),
        html in proptest::option::of(body()),
        file in proptest::option::of(line()),
    ) {
        // Blanks around a header's text mean nothing (RFC 5322 §3.2.2); the loaders take them off.
        let (sender, name, subject) = (sender.trim(), name.trim(), subject.trim());
        prop_assume!(!sender.is_empty() && !name.is_empty() && !subject.is_empty());
        let file = file.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let text = Text {
            html: html.clone(),
            attachments: file.iter().map(|name| Attachment {
                path: PathBuf::from("files/déclaration.pdf"),
                name: name.clone(),
            }).collect(),
            ..text(subject, &body)
        };
        let (made, mut letter) = ANY.clone();
        name.clone_into(&mut letter.recipient.name);
        let from = Sender { name: sender.to_owned(), ..made.sender };
        let write = || compose(&letter, &text, &from, &files(), moment(AT)).unwrap();
        let (message, again) = (write(), write());
        prop_assert_eq!(&message.bytes, &again.bytes);

        let bytes = &message.bytes;
        prop_assert!(!String::from_utf8_lossy(bytes).replace("\r\n", "").contains(['\r', '\n']));
        let written = String::from_utf8_lossy(bytes);
        prop_assert_eq!(too_long(&written), None);
        prop_assert!(bytes.is_ascii());
        let (names, _) = headers_of(bytes);
        prop_assert!(names.iter().all(|name| NAMES.contains(&name.as_str())), "{:?}", names);

        let parsed = MessageParser::new().parse(bytes).unwrap();
        prop_assert_eq!(parsed.subject(), Some(subject));
        prop_assert_eq!(parsed.from().and_then(|from| from.first()).and_then(|from| from.name()), Some(sender));
        prop_assert_eq!(parsed.to().and_then(|to| to.first()).and_then(|to| to.name()), Some(name));
        let read = Flow::default().unwrapped(&lf(&parsed.body_text(0).unwrap()));
        prop_assert_eq!(read, as_read(&body, html.is_some()));
        if let Some(html) = html {
            prop_assert_eq!(lf(&parsed.body_html(0).unwrap()), lf(&html));
        }
        if let Some(file) = file {
            let part = parsed.attachment(0).unwrap();
            prop_assert_eq!(part.attachment_name(), Some(file.as_str()));
            prop_assert_eq!(part.contents(), b"%PDF-1.4 not really\n".repeat(5));
        }
    }

    #[test]
    fn whatever_is_said_only_planned_addresses_and_headers_are_written(
        name in line(),
        salutation in line(),
        sender in line(),
        personal in body(),
        to in written_address(),
        copies in prop::collection::vec(written_address(), 0..8),
        reply_to in prop::option::of(written_address()),
        says_language: bool,
        is_markdown: bool,
        follows: bool,
    ) {
        let cell = |text: &str| format!("\"{}\"", text.trim().replace('"', "\"\""));
        let rows = format!(
            "role,name,email,salutation,cc\nembassy,{},{to},{},{}\n",
            cell(&name),
            cell(&salutation),
            copies.join(" ")
        );
        let format = if is_markdown { "Format: markdown\n" } else { "" };
        let template = format!(
            "Subject: S {{{{recipient.name}}}} {{{{recipient.salutation}}}}\n{format}\n\
             {{{{recipient.salutation}}}}\n\n{{{{message}}}}\n\n{{{{sender.name}}}}\n"
        );
        let made = given()
            .rows(&rows)
            .template("protest.en.hbs", &template)
            .with(|given| {
                given.letters[0].says_language = says_language;
                sender.trim().clone_into(&mut given.sender.name);
                given.sender.reply_to = reply_to.as_deref().map(address);
            })
            .made();
        prop_assume!(!sender.trim().is_empty());
        let mut letter = made.due().swap_remove(0);
        if follows {
            letter.follows = [letter.id].into();
        }
        let rendered = made.renderer(Some(&personal)).render(&letter, jiff::civil::date(2011, 12, 16));
        // What a cell says may be refused, such as a link of its own.
        let Ok(text) = rendered else { return Ok(()) };
        let Ok(message) = compose(&letter, &text, &made.sender, &files(), moment(AT)) else { return Ok(()) };

        let planned: BTreeSet<String> = [&to].into_iter().chain(&copies).map(|one| address(one).to_string()).collect();
        let envelope: BTreeSet<String> = [&message.envelope.to]
            .into_iter()
            .chain(&message.envelope.cc)
            .map(ToString::to_string)
            .collect();
        prop_assert_eq!(&envelope, &planned);
        prop_assert_eq!(message.envelope.from.as_str(), "ann@home.example");

        let parsed = MessageParser::new().parse(&message.bytes).unwrap();
        let all = |list: Option<&mail_parser::Address<'_>>| -> Vec<String> {
            let list = list.into_iter().flat_map(|list| list.iter());
            list.map(|one| one.address().unwrap_or_default().to_owned()).collect()
        };
        let copies: Vec<String> = message.envelope.cc.iter().map(ToString::to_string).collect();
        prop_assert_eq!(all(parsed.from()), ["ann@home.example"]);
        prop_assert_eq!(all(parsed.to()), [message.envelope.to.to_string()]);
        prop_assert_eq!(all(parsed.cc()), copies);
        let answers: Vec<String> = reply_to.iter().map(|to| address(to).to_string()).collect();
        prop_assert_eq!(all(parsed.reply_to()), answers);

        let (names, _) = headers_of(&message.bytes);
        let mut expected = vec!["From"];
        expected.extend(reply_to.is_some().then_some("Reply-To"));
        expected.push("To");
        expected.extend((!message.envelope.cc.is_empty()).then_some("Cc"));
        expected.extend(["Subject", "Date", "Message-ID"]);
        expected.extend(follows.then_some(["In-Reply-To", "References"]).into_iter().flatten());
        expected.push("MIME-Version");
        expected.extend(says_language.then_some("Content-Language"));
        expected.push("Content-Type");
        expected.extend((!is_markdown).then_some("Content-Transfer-Encoding"));
        prop_assert_eq!(names, expected);
        let written = String::from_utf8_lossy(&message.bytes);
        prop_assert_eq!(too_long(&written), None);
    }

    #[test]
    fn nothing_that_is_handed_in_makes_it_panic(
        sender in any::<String>(),
        name in any::<String>(),
        subject in any::<String>(),
        body in any::<String>(),
        file in any::<String>(),
        at in any::<i32>(),
    ) {
        let text = Text {
            html: Some(body.clone()),
            attachments: vec![Attachment { path: PathBuf::from("files/déclaration.pdf"), name: file }],
            ..text(&subject, &body)
        };
        let (made, mut letter) = ANY.clone();
        letter.recipient.name = name;
        let from = Sender { name: sender, ..made.sender };
        let message = compose(&letter, &text, &from, &files(), Timestamp::from_second(i64::from(at)).unwrap());
        if let Ok(message) = message {
            prop_assert!(unfit(&message.bytes).is_none());
        }
    }
}
