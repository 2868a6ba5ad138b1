//! Lists of other kinds, as the programs that write them do.

use super::*;

fn import(name: &str, text: &str, role: Option<&str>) -> (Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    let imported = read(&ListPath { path, sheet: None }, name, role).unwrap();
    let said = imported.problems.iter();
    let said = said.map(|problem| format!("{} {}", problem.place.as_ref().unwrap(), problem.what.in_english()));
    (
        imported.entries.iter().map(|entry| entry.row().join("|")).collect(),
        said.collect(),
    )
}

#[test]
fn cards_of_an_address_book_are_rows() {
    let cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;;;\r\nFN:Embassy\\, Brussels\r\nORG:Ministry;Consular\r\n\
        EMAIL;TYPE=INTERNET:old@mfa.example\r\nitem1.EMAIL;TYPE=INTERNET,pref:info@mfa\r\n .example\r\nTEL:+32 2 123\r\n\
        LANG:fr\r\nGENDER:F\r\nTITLE:Ambassador\r\nEND:VCARD\r\n\
        BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:B=C3=BCro=\n f=C3=BCr alle\nEND:VCARD\n";
    let (rows, said) = import("book.vcf", cards, Some("embassy"));
    assert_eq!(
        rows,
        ["embassy|Embassy, Brussels|info@mfa.example||fr|||Ambassador|f||book.vcf|"]
    );
    assert_eq!(
        said,
        [
            "book.vcf:1 Embassy, Brussels: not read: ORG Ministry;Consular; TEL +32 2 123; EMAIL old@mfa.example",
            "book.vcf:14 Büro für alle: left out: the address is empty"
        ]
    );
}

#[test]
fn people_in_office_are_rows() {
    let people = r#"{"persons": [
        {"name": "Ann Minister", "email": "ann@gov.example", "gender": "female", "country": "Belgique",
         "sources": [{"url": "https://gov.example/ann"}]},
        {"name": "Bob Deputy", "contact_details": [{"type": "voice", "value": "+32"}, {"type": "email", "value": "bob@gov.example"}]},
        {"name": "Nobody"}
    ]}"#;
    let (rows, said) = import("people.json", people, Some("deputy"));
    assert_eq!(
        rows,
        [
            "deputy|Ann Minister|ann@gov.example|BE|||||female||https://gov.example/ann|",
            "deputy|Bob Deputy|bob@gov.example||||||||people.json|"
        ]
    );
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("Bob Deputy: not read: voice +32"), "{said:?}");
    assert!(said[1].contains("Nobody: left out: the address is empty"), "{said:?}");
}

#[test]
fn a_table_with_columns_of_its_own_is_rows() {
    let table = "Liste\nNom;Courriel;Pays;Fax\nAmbassade;a@mfa.example;Belgique, Luxembourg;12\nAutre;nonsense;;\n";
    let (rows, said) = import("liste.csv", table, Some("embassy"));
    assert_eq!(rows, ["embassy|Ambassade|a@mfa.example|BE LU|||||||liste.csv|"]);
    assert_eq!(
        said,
        [
            "liste.csv no letter needs the columns `Fax`: they are not read",
            "liste.csv:4 Autre: left out: an address needs an @"
        ]
    );
    let (rows, said) = import("liste.csv", table, None);
    assert!(rows.is_empty());
    assert!(said[1].contains("it has no role"), "{said:?}");
}
