//! The recipients file, as people who mistype it see it.

use appel_core::recipients::Serves;
use proptest::prelude::*;

use super::*;
use crate::failure::{Severity, Style};

mod long;

const HEADER: &str = "role,name,email,country,language,cc,salutation\n";

/// Reads them as a short file is read, and as a long one, in chunks of every kind: it makes no difference.
fn read(bytes: &[u8]) -> (String, Option<RecipientsFile>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let (said, roster) = read_in(KEPT, file.path());
    for chunk in [1, 2, 7, 64] {
        let (said_of_chunks, of_chunks) = read_in(Sizes { kept: 0, chunk }, file.path());
        assert_eq!(said, said_of_chunks, "in chunks of {chunk}");
        assert_eq!(
            roster.as_ref().map(all_of),
            of_chunks.as_ref().map(all_of),
            "in chunks of {chunk}"
        );
    }
    (said, roster)
}

const KEPT: Sizes = Sizes {
    kept: u64::MAX,
    chunk: 1,
};

fn read_in(sizes: Sizes, path: &Path) -> (String, Option<RecipientsFile>) {
    let roles = ["embassy", "ministry", "support"].map(ToOwned::to_owned).into();
    let mut problems = Problems::new();
    let list = ListPath {
        path: path.to_owned(),
        sheet: None,
    };
    let roster = RecipientsFile::load_in(sizes, &list, "recipients.csv", &roles, Files::default(), &mut problems);
    assert_eq!(roster.is_none(), problems.any_error());
    let said: Vec<String> = problems.iter().map(|problem| Style::PLAIN.render(problem)).collect();
    (said.join("\n\n"), roster)
}

/// What a roster gives.
fn all_of(roster: &RecipientsFile) -> String {
    let rows: Vec<Recipient> = roster.rows().map(Result::unwrap).collect();
    format!("{} {:?} {rows:?}", roster.count(), roster.columns())
}

/// What people read about this file.
fn check(bytes: impl AsRef<[u8]>) -> String {
    read(bytes.as_ref()).0
}

/// What people read about these rows.
fn rows(rows: &str) -> String {
    check(format!("{HEADER}{rows}"))
}

fn names(bytes: &[u8]) -> Vec<String> {
    let (said, roster) = read(bytes);
    let roster = roster.expect(&said);
    let names: Vec<String> = roster.rows().map(|recipient| recipient.unwrap().name).collect();
    assert_eq!(names.len(), roster.count());
    names
}

fn utf_16(text: &str, little: bool) -> Vec<u8> {
    let mark = if little { [0xff, 0xfe] } else { [0xfe, 0xff] };
    let units = text
        .encode_utf16()
        .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
    mark.into_iter().chain(units).collect()
}

#[test]
fn a_plain_file_is_read_without_a_word() {
    assert_eq!(rows("embassy,Ambassade,info@emb.example,BE LU,fr nl,,Excellence\n"), "");
    assert_eq!(check("role,name,email\r\n\r\nembassy,A,a@b.example\r\n\r\n"), "");
    assert_eq!(check(" Role , NAME,Email\nembassy,A,a@b.example"), "");
    assert_eq!(check("role,name,email\rembassy,A,a@b.example\r"), "");
}

// 1
#[test]
fn the_encodings_of_excel_are_read() {
    let text = format!("{HEADER}embassy,Ambassade à Zürich – été,a@b.example,,,,\n");
    let name = "Ambassade à Zürich – été";
    assert_eq!(names(text.as_bytes()), [name]);
    assert_eq!(names(format!("\u{feff}{text}").as_bytes()), [name]);
    assert_eq!(names(&utf_16(&text, true)), [name]);
    assert_eq!(names(&utf_16(&text, false)), [name]);
    assert_eq!(check(utf_16(&text, true)), "");
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    assert_eq!(names(&bytes), [name]);
    insta::assert_snapshot!(check(&bytes), @r#"
    note: the file is not UTF-8; it was read as Windows-1252, which Excel writes in Western Europe
     --> recipients.csv:2:1
      |
    2 | embassy,Ambassade à Zürich – été,a@b.example,,,,
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: look at the names with accents once; to be sure, in the spreadsheet, choose Save As and the format "CSV UTF-8"; in a text editor, the encoding UTF-8
    "#);
}

// 2
#[test]
fn other_encodings_are_refused_with_the_line() {
    let polish = format!(
        "{HEADER}embassy,Plain,a@b.example,,,,\nembassy,Ambasada w Brukseli – święto łąki źdźbło,a@b.example,,,,\n"
    );
    let (bytes, _, _) = encoding_rs::WINDOWS_1250.encode(&polish);
    insta::assert_snapshot!(check(&bytes), @r#"
    error: the file is neither UTF-8 nor Windows-1252: its letters with accents cannot be read for certain
     --> recipients.csv:3:29
      |
    3 | embassy,Ambasada w Brukseli � �wi�to ��ki �d�b�o,a@b.example,,,,
      |                             ^
      |
      = help: in the spreadsheet, choose Save As and the format "CSV UTF-8"; in a text editor, the encoding UTF-8
    "#);
    let russian = format!("{HEADER}embassy,Посольство Республики Казахстан,a@b.example,,,,\n");
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(&russian);
    insta::assert_snapshot!(check(&bytes), @r#"
    error: the file is neither UTF-8 nor Windows-1252: its letters with accents cannot be read for certain
     --> recipients.csv:2:9
      |
    2 | embassy,���������� ���������� ���������,a@b.example,,,,
      |         ^
      |
      = help: in the spreadsheet, choose Save As and the format "CSV UTF-8"; in a text editor, the encoding UTF-8
    "#);
    let mut undefined = format!("{HEADER}embassy,Ambassade ").into_bytes();
    undefined.extend(b"\xe0 Z\xfcrich \x81,a@b.example,,,,\n");
    assert!(check(&undefined).contains("neither UTF-8 nor Windows-1252"));
    let mut half = utf_16(&russian, true);
    half.extend([0x00, 0xd8, 0x20]);
    insta::assert_snapshot!(check(&half), @r#"
    error: the file says that it is UTF-16, but is broken
     --> recipients.csv:3:1
      |
    3 | �
      | ^
      |
      = help: in the spreadsheet, choose Save As and the format "CSV UTF-8"; in a text editor, the encoding UTF-8
    "#);
    let bare: Vec<u8> = russian.encode_utf16().flat_map(u16::to_le_bytes).collect();
    insta::assert_snapshot!(check(&bare), @r#"
    error: the file is UTF-16 without its mark at the beginning
     |
     = in recipients.csv
     = help: in the spreadsheet, choose Save As and the format "CSV UTF-8"; in a text editor, the encoding UTF-8
    "#);
    insta::assert_snapshot!(check(b"PK\x03\x04rest"), @r"
    error: the spreadsheet cannot be read: it is damaged, or no spreadsheet
     |
     = in recipients.csv
     = help: open it in its program and save it again, as .xlsx or .ods
    ");
}

// 3
#[test]
fn semicolons_and_tabs_are_recognised_and_said() {
    insta::assert_snapshot!(check("role;name;email\nembassy;A, the;a@b.example\n"), @r"
    note: the values are separated by semicolons
     |
     = in recipients.csv
    ");
    insta::assert_snapshot!(check("role\tname\temail\nembassy\tA\ta@b.example\n"), @r"
    note: the values are separated by tabs
     |
     = in recipients.csv
    ");
    assert_eq!(
        names(b"sep=;\r\nrole;name;email\r\nembassy;A, the;a@b.example\r\n"),
        ["A, the"]
    );
    assert_eq!(names(b"role;name;email;\"a,b,c,d,e\"\nembassy;A;a@b.example;\n"), ["A"]);
}

// 4
#[test]
fn missing_columns_are_named_at_once() {
    insta::assert_snapshot!(check("role,nom,adress\nembassy,A,a@b.example\n"), @r"
    error: the column `email` is missing
     --> recipients.csv:1:1
      |
    1 | role,nom,adress
      | ^^^^^^^^^^^^^^^
      |
      = help: add a column `email`
    ");
    insta::assert_snapshot!(check("Role,Name,E-mail\nembassy,A,a@b.example\n"), @r"
    note: read `E-mail` as email
     --> recipients.csv:1:1
      |
    1 | Role,Name,E-mail
      | ^^^^^^^^^^^^^^^^
      |
      = help: letters name them by the second word, as in {{recipient.country}}
    ");
}

#[test]
fn a_file_that_begins_with_a_recipient_is_told_so() {
    insta::assert_snapshot!(check("embassy,A,a@b.example\n"), @r"
    error: the columns `role`, `name` and `email` are missing
     --> recipients.csv:1:1
      |
    1 | embassy,A,a@b.example
      | ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: the file begins with a recipient: put a line above it that names the columns, as in role,name,email,country,language
    ");
}

#[test]
fn a_column_that_is_nearly_a_known_one_is_warned_about() {
    insta::assert_snapshot!(check("role,name,email,langauge,office\nembassy,A,a@b.example,fr,3\n"), @r"
    warning: `langauge` is taken as a column of your own
     --> recipients.csv:1:17
      |
    1 | role,name,email,langauge,office
      |                 ^^^^^^^^
      |
      = help: if you meant `language`, rename it

    warning: no column for `country` is found; `office` is taken as a column of your own
     --> recipients.csv:1:1
      |
    1 | role,name,email,langauge,office
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: if one of them is meant, rename it to that word
    ");
}

// 5
#[test]
fn a_header_twice_is_refused() {
    insta::assert_snapshot!(check("role,name,email,Name,,a[b\nembassy,A,a@b.example,B,,\n"), @r"
    error: two columns are named `name`
     --> recipients.csv:1:17
      |
    1 | role,name,email,Name,,a[b
      |                 ^^^^
      |
      = help: rename one of them, or delete it

    error: a column cannot be named `a[b`
     --> recipients.csv:1:23
      |
    1 | role,name,email,Name,,a[b
      |                       ^^^
      |
      = help: use letters, digits, spaces, - and _ in its name
    ");
    insta::assert_snapshot!(rows("embassy,A,a@b.example,,,,\nRole,Name,Email,Country,Language,CC,Salutation\n"), @r"
    error: the line with the column names stands here again
     --> recipients.csv:3:1
      |
    3 | Role,Name,Email,Country,Language,CC,Salutation
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: delete this line
    ");
}

// 6
#[test]
fn a_ragged_row_is_shown() {
    insta::assert_snapshot!(rows("embassy,A,a@b.example,,,,,extra\nembassy,A\n"), @r"
    error: this row has 8 values, the first line names 7
     --> recipients.csv:2:27
      |
    2 | embassy,A,a@b.example,,,,,extra
      |                           ^^^^^
      |
      = help: a value with a comma in it stands in double quotes

    error: this row has 2 values, the first line names 7
     --> recipients.csv:3:1
      |
    3 | embassy,A
      | ^^^^^^^^^
      |
      = help: an empty value needs a comma too, as in a,,c
    ");
}

// 7
#[test]
fn a_quote_that_is_never_closed_is_shown_where_it_opens() {
    insta::assert_snapshot!(rows("embassy,A,a@b.example,,,,\nembassy,\"B,b@b.example,,,,\nembassy,C,c@b.example,,,,\n"), @r#"
    error: a quote is opened here and never closed
     --> recipients.csv:3:9
      |
    3 | embassy,"B,b@b.example,,,,
      |         ^
      |
      = help: close it at the end of the value, or take it out; a quote inside a quoted value is written twice: ""
    "#);
    insta::assert_snapshot!(rows("embassy,\"A,a@b.example,,,,\nembassy,\"B\",b@b.example,,,,\n"), @r#"
    error: something follows the closing quote of a value
     --> recipients.csv:3:10
      |
    3 | embassy,"B",b@b.example,,,,
      |          ^
      |
      = help: a quote inside a quoted value is written twice: ""; or a quote above is one too many
    "#);
    insta::assert_snapshot!(check("role,name,\"email\n"), @r#"
    error: a quote is opened here and never closed
     --> recipients.csv:1:11
      |
    1 | role,name,"email
      |           ^
      |
      = help: close it at the end of the value, or take it out; a quote inside a quoted value is written twice: ""
    "#);
    assert_eq!(
        names(format!("{HEADER}embassy,\"The \"\"A\"\"\",a@b.example,,,,\nembassy,5\" B,a@b.example,,,,\n").as_bytes()),
        ["The \"A\"", "5\" B"]
    );
}

// 8
#[test]
fn a_zero_byte_is_shown() {
    insta::assert_snapshot!(rows("embassy,A\0B,a@b.example,,,,\n"), @r#"
    error: a zero byte in `name`
     --> recipients.csv:2:9
      |
    2 | embassy,A^@B,a@b.example,,,,
      |         ^^^^ name
      |
      = help: the file is damaged or no text: save it again as "CSV UTF-8"
    "#);
}

// 9
#[test]
fn a_line_break_or_a_hidden_character_in_a_cell_is_refused() {
    insta::assert_snapshot!(rows("embassy,\"A\nBcc: x@y.example\",a@b.example,,,,\nembassy,B\u{202e}C,a@b.example,,,,\nembassy,D,a@b.example,,,,\"E\tF\"\nembassy,G\u{1b}[31m,a@b.example,,,,\n"), @r#"
    error: a line break in `name`
     --> recipients.csv:2:9
      |
    2 | embassy,"A
      |         ^^ name
      |
      = help: write it on one line; if two rows ran together here, a quote at its beginning is one too many

    error: the hidden character U+202E in `name`
     --> recipients.csv:4:9
      |
    4 | embassy,B<U+202E>C,a@b.example,,,,
      |         ^^^^^^^^^^ name
      |
      = help: delete the value and type it again by hand

    error: a tab in `salutation`
     --> recipients.csv:5:26
      |
    5 | embassy,D,a@b.example,,,,"E^IF"
      |                          ^^^^^^ salutation
      |
      = help: write a space instead

    error: the hidden character U+001B in `name`
     --> recipients.csv:6:9
      |
    6 | embassy,G^[[31m,a@b.example,,,,
      |         ^^^^^^^ name
      |
      = help: delete the value and type it again by hand
    "#);
    // Joiners are letters of Persian and Hindi, and a space that does not break is French.
    assert_eq!(rows("embassy,می\u{200c}خواهم,a@b.example,,,,M.\u{a0}le ministre\n"), "");
}

// 10
#[test]
fn a_file_without_rows_is_refused() {
    insta::assert_snapshot!(check(""), @r"
    error: there is nothing in the file
     |
     = in recipients.csv
     = help: the first line names the columns, each further line is one recipient:
             role,name,email,country,language
    ");
    insta::assert_snapshot!(check(HEADER), @r"
    error: there is no recipient in the file
     |
     = in recipients.csv
     = help: add a line for each: embassy,Embassy of Kazakhstan,info@example.org
    ");
    insta::assert_snapshot!(check(format!("{HEADER},,,,,,\n")), @r"
    note: skipped: 1 empty row
     |
     = in recipients.csv

    error: there is no recipient in the file
     |
     = in recipients.csv
     = help: add a line for each: embassy,Embassy of Kazakhstan,info@example.org
    ");
}

// 11, 12, 14, 16, 17, 19, 21
#[test]
fn what_is_not_one_address_is_refused_with_what_to_do() {
    insta::assert_snapshot!(rows(
        "embassy,A,,,,,\n\
         embassy,A,a@b.example c@d.example,,,,\n\
         embassy,A,Name <a@b.org>,,,,\n\
         embassy,A,a\u{a0}@b.example,,,,\n\
         embassy,A,a\u{200b}b@b.example,,,,\n\
         embassy,A,a@localhost,,,,\n\
         embassy,A,a@[127.0.0.1],,,,\n\
         embassy,A,\"\"\"a\r\nb\"\"@b.example\",,,,\n\
         embassy,A,-a@b.example,,,,\n"
    ), @r#"
    error: the address is empty
     --> recipients.csv:2:11
      |
    2 | embassy,A,,,,,
      |           ^ email
      |
      = help: write the address, or delete the row

    error: a@b.example c@d.example: there is more than one address here, or a space inside one
     --> recipients.csv:3:11
      |
    3 | embassy,A,a@b.example c@d.example,,,,
      |           ^^^^^^^^^^^^^^^^^^^^^^^ email
      |
      = help: one address a row; put copies in the `cc` column, or give each address a row of its own

    error: Name <a@b.org>: only the bare address belongs here, without a name and without < >
     --> recipients.csv:4:11
      |
    4 | embassy,A,Name <a@b.org>,,,,
      |           ^^^^^^^^^^^^^^ email
      |
      = help: put the name in the `name` column and only the bare address here

    error: a<U+00A0>@b.example: the address contains the hidden character U+00A0
     --> recipients.csv:5:11
      |
    5 | embassy,A,a @b.example,,,,
      |           ^^^^^^^^^^^^ email
      |
      = help: delete the address and type it again by hand: copying from a web page brings hidden characters along

    error: a<U+200B>b@b.example: the address contains the hidden character U+200B
     --> recipients.csv:6:11
      |
    6 | embassy,A,a<U+200B>b@b.example,,,,
      |           ^^^^^^^^^^^^^^^^^^^^ email
      |
      = help: delete the address and type it again by hand: copying from a web page brings hidden characters along

    error: a@localhost: the domain after the @ needs a dot, and cannot be an IP address
     --> recipients.csv:7:11
      |
    7 | embassy,A,a@localhost,,,,
      |           ^^^^^^^^^^^ email
      |
      = help: fix the address: it looks like info@example.org

    error: a@[127.0.0.1]: the domain after the @ needs a dot, and cannot be an IP address
     --> recipients.csv:8:11
      |
    8 | embassy,A,a@[127.0.0.1],,,,
      |           ^^^^^^^^^^^^^ email
      |
      = help: fix the address: it looks like info@example.org

    error: a line break in `email`
     --> recipients.csv:9:11
      |
    9 | embassy,A,"""a
      |           ^^^^ email
      |
      = help: write it on one line; if two rows ran together here, a quote at its beginning is one too many

    error: -a@b.example: an address that begins with - is not accepted
      --> recipients.csv:11:11
       |
    11 | embassy,A,-a@b.example,,,,
       |           ^^^^^^^^^^^^ email
       |
       = help: check the address with its owner
    "#);
}

// 18
#[test]
fn a_long_address_is_refused() {
    let said = rows(
        &format!(
            "embassy,A,{}@b.example,,,,\nembassy,A,a@{}example,,,,\n",
            "a".repeat(65),
            "abcdefgh.".repeat(26)
        )
        .replace("A,a@", "A,abcdefghijklmnop@"),
    );
    assert!(said.contains("the part before the @ is longer than 64 bytes"), "{said}");
    assert!(said.contains("the address is longer than 254 bytes"), "{said}");
}

// 15
#[test]
fn letters_that_look_like_others_are_warned_about() {
    insta::assert_snapshot!(rows("embassy,A,inf\u{43e}@b.example,,,x@\u{440}\u{430}\u{443}.example,\n"), @r"
    warning: infо@b.example: Latin and Cyrillic letters stand side by side; some look the same
     --> recipients.csv:2:11
      |
    2 | embassy,A,infо@b.example,,,x@рау.example,
      |           ^^^^^^^^^^^^^^ email
      |
      = help: compare it with the address as its owner publishes it; type it again by hand

    warning: x@рау.example: its Cyrillic letters look like Latin ones
     --> recipients.csv:2:28
      |
    2 | embassy,A,infо@b.example,,,x@рау.example,
      |                            ^^^^^^^^^^^^^ cc
      |
      = help: compare it with the address as its owner publishes it; type it again by hand
    ");
}

#[test]
fn copies_are_read_and_refused_one_by_one() {
    insta::assert_snapshot!(rows("embassy,A,a@b.example,,,\"c@d.example; e@f, g\",\nembassy,A,a@b.example,,,N <a@b.example>,\n"), @r#"
    error: e@f: the domain after the @ needs a dot, and cannot be an IP address
     --> recipients.csv:2:25
      |
    2 | embassy,A,a@b.example,,,"c@d.example; e@f, g",
      |                         ^^^^^^^^^^^^^^^^^^^^^ cc
      |
      = help: fix the address: it looks like info@example.org

    error: g: an address needs an @
     --> recipients.csv:2:25
      |
    2 | embassy,A,a@b.example,,,"c@d.example; e@f, g",
      |                         ^^^^^^^^^^^^^^^^^^^^^ cc
      |
      = help: write the whole address: info@example.org

    error: N <a@b.example>: only the bare address belongs here, without a name and without < >
     --> recipients.csv:3:25
      |
    3 | embassy,A,a@b.example,,,N <a@b.example>,
      |                         ^^^^^^^^^^^^^^^ cc
      |
      = help: write only the bare addresses: a@example.org b@example.org
    "#);
}

// 23
#[test]
fn an_unknown_code_comes_with_the_nearest() {
    insta::assert_snapshot!(rows("embassy,A,a@b.example,UK Belgium,eng,,\nembassy,A,a@b.example,* BE,klingon,,\n"), @r"
    error: there is no country with the code UK
     --> recipients.csv:2:23
      |
    2 | embassy,A,a@b.example,UK Belgium,eng,,
      |                       ^^^^^^^^^^ country
      |
      = help: did you mean GB?

    error: * stands beside country codes
     --> recipients.csv:3:23
      |
    3 | embassy,A,a@b.example,* BE,klingon,,
      |                       ^^^^ country
      |
      = help: write * alone (used when no other row of the role names the sender's country), or the codes alone

    error: there is no language with the code klingon
     --> recipients.csv:3:28
      |
    3 | embassy,A,a@b.example,* BE,klingon,,
      |                            ^^^^^^^ language
      |
      = help: write language codes, best first: fr nl en

    note: countries are read by their names: Belgium as BE
     --> recipients.csv:2:23
      |
    2 | embassy,A,a@b.example,UK Belgium,eng,,
      |                       ^^^^^^^^^^ country
    ");
}

// 24
#[test]
fn a_role_that_no_letter_uses_is_said_once() {
    insta::assert_snapshot!(rows("Embassy,A,a@b.example,,,,\nEmbassy,B,b@b.example,,,,\nfriends,C,c@b.example,,,,\nsupport,D,d@b.example,,,,\n"), @r"
    warning: no letter is written to the role `Embassy` (2 rows)
     --> recipients.csv:2:1
      |
    2 | Embassy,A,a@b.example,,,,
      | ^^^^^^^ role
      |
      = help: did you mean `embassy`?

    warning: no letter is written to the role `friends` (1 row)
     --> recipients.csv:4:1
      |
    4 | friends,C,c@b.example,,,,
      | ^^^^^^^ role
      |
      = help: letters are written to `embassy`, `ministry` and `support`
    ");
}

#[test]
fn of_many_roles_that_no_letter_uses_the_first_in_the_alphabet_are_said_with_their_numbers() {
    let mut text = String::new();
    for row in 0..1000 {
        text.push_str(&format!("r{:03},A,a@b.example,,,,\n", row * 7 % 500));
    }
    let said = rows(&text);
    assert_eq!(said.matches("warning:").count(), 100);
    for role in 0..100 {
        assert!(
            said.contains(&format!("the role `r{role:03}` (2 rows)")),
            "{role}: {said}"
        );
    }
}

#[test]
fn an_empty_role_is_refused_and_an_empty_name_is_warned_about() {
    insta::assert_snapshot!(rows(",,a@b.example,,,,\n"), @r"
    error: the role is empty
     --> recipients.csv:2:1
      |
    2 | ,,a@b.example,,,,
      | ^ role
      |
      = help: write embassy, ministry, support, or the role that a letter names under `to`

    warning: the name is empty
     --> recipients.csv:2:2
      |
    2 | ,,a@b.example,,,,
      |  ^ name
      |
      = help: write who it is, so that letters can name them
    ");
}

#[test]
fn a_thousand_problems_are_shown_and_the_others_counted_by_kind() {
    let rows = HEADER.to_owned() + &"embassy,A,a@b,,,,\n".repeat(1200) + &"embassy,A,a@b.example,QQ,,,\n".repeat(300);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), rows).unwrap();
    let mut problems = Problems::new();
    let roles = BTreeSet::from(["embassy".to_owned()]);
    assert!(RecipientsFile::load(file.path(), "recipients.csv", &roles, Files::default(), &mut problems).is_none());
    assert_eq!(problems.iter().count(), 1000);
    assert_eq!(problems.count(Severity::Error), 1500);
    let more: Vec<_> = problems.more().map(|more| (more.code, more.count)).collect();
    assert_eq!(more, [("row-country-unknown", 300), ("row-email-unfit", 200)]);
}

#[test]
fn lines_and_columns_are_those_of_the_file() {
    let said = check("\r\nrole,name,email\r\n\r\n\"embassy\",\"Zürich, été\",x\r\n");
    insta::assert_snapshot!(said, @r#"
    error: x: an address needs an @
     --> recipients.csv:4:25
      |
    4 | "embassy","Zürich, été",x
      |                         ^ email
      |
      = help: write the whole address: info@example.org
    "#);
    let (_, roster) = read("role,name,email\r\n\r\nembassy,A,a@b.example\r\nembassy,B,b@b.example\r\n".as_bytes());
    let lines: Vec<usize> = roster
        .unwrap()
        .rows()
        .map(|recipient| recipient.unwrap().line)
        .collect();
    assert_eq!(lines, [3, 4]);
}

#[test]
fn a_row_gives_what_templates_may_name() {
    let (said, roster) = read(b"EMAIL,Role,name,note,First Name\na@b.example,embassy, A ,secret,Zo\n");
    let roster = roster.expect(&said);
    assert_eq!(
        roster.columns().join("|"),
        "email|role|name|First Name|country|language|cc|salutation|title|gender|attach"
    );
    let recipient = roster.rows().next().unwrap().unwrap();
    assert_eq!(recipient.cells.join("|"), "a@b.example|embassy|A|Zo|||||||");
    assert_eq!(recipient.serves, Serves::Everyone);
    assert_eq!(recipient.line, 2);
}

#[test]
fn a_file_that_is_not_there_or_no_file_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let load = |name: &str| {
        let mut problems = Problems::new();
        assert!(
            RecipientsFile::load(
                &dir.path().join(name),
                name,
                &BTreeSet::new(),
                Files::default(),
                &mut problems
            )
            .is_none()
        );
        problems
            .iter()
            .map(|problem| Style::PLAIN.render(problem))
            .collect::<String>()
    };
    insta::assert_snapshot!(load("recipients.csv"), @r"
    error: there is no recipients.csv
     |
     = in recipients.csv
     = help: put the list of recipients there, or name it under `recipients` in [campaign]
    ");
    std::fs::create_dir(dir.path().join("folder")).unwrap();
    insta::assert_snapshot!(load("folder"), @r"
    error: folder is not a file
     |
     = in folder
     = help: name the list of recipients under `recipients` in [campaign]
    ");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
        check([HEADER.as_bytes(), &bytes].concat());
    }

    #[test]
    fn no_text_makes_it_panic(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "role", "name", "email", "a@b.example", "é", ",", ",", ";", "\t", "\n", "\n", "\r\n", "\r", "\"", "\"\"", "\0", "\u{feff}",
                "sep=;", "sep=", " ", "BE", "*", "fr", "<", ">", "@", "\u{202e}", "xn--a", "embassy",
            ]),
            0..40,
        ),
    ) {
        let text = parts.concat();
        check(&text);
        let (_, roster) = read(format!("{HEADER}{text}").as_bytes());
        if let Some(roster) = roster {
            prop_assert_eq!(roster.rows().count(), roster.count());
            prop_assert!(roster.rows().all(|recipient| recipient.unwrap().cells.len() == roster.columns().len()));
        }
    }
}
