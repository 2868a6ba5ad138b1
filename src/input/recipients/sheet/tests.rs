//! Spreadsheets as programs write them, and as nobody does.

use std::path::Path;

use super::*;

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists").join(name);
    std::fs::read(path).unwrap()
}

/// An archive of these parts, as they are.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut file, mut table) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let at = u32::try_from(file.len()).unwrap();
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let head = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &length[..],
            &length,
            &name_length,
            &[0, 0],
        ]
        .concat();
        file.extend([b"PK\x03\x04", &head[..], name.as_bytes(), text.as_bytes()].concat());
        table.extend(
            [
                b"PK\x01\x02\x14\0",
                &head[..],
                &[0; 10],
                &at.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let (at, length) = (u32::try_from(file.len()).unwrap(), u32::try_from(table.len()).unwrap());
    let count = u16::try_from(parts.len()).unwrap().to_le_bytes();
    file.extend(table);
    file.extend(
        [
            b"PK\x05\x06\0\0\0\0",
            &count[..],
            &count,
            &length.to_le_bytes(),
            &at.to_le_bytes(),
            &[0, 0],
        ]
        .concat(),
    );
    file
}

/// A workbook whose only sheet has these rows.
fn workbook(rows: &str) -> Vec<u8> {
    archive(&[
        (
            "_rels/.rels",
            r#"<Relationships><Relationship Id="a" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="b"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="b" Type="x/worksheet" Target="s.xml"/>
               <Relationship Id="c" Type="x/externalLink" TargetMode="External" Target="file:///etc/passwd"/></Relationships>"#,
        ),
        (
            "xl/s.xml",
            &format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ])
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let opened = open(bytes, None).unwrap();
    opened
        .sheet
        .first_rows(20)
        .into_iter()
        .map(|(_, values)| values)
        .collect()
}

fn refused(bytes: &[u8]) -> String {
    open(bytes, None).unwrap_err().in_english()
}

#[test]
fn what_is_no_spreadsheet_is_none() {
    for bytes in [&b"PK\x03\x04rest"[..], COMPOUND, ARCHIVE, b""] {
        assert!(open(bytes, None).is_err());
    }
    for (part, said) in [
        ("xl/workbook.bin", "(.xlsb)"),
        ("Index/Document.iwa", "Numbers"),
        ("word/document.xml", "text document"),
        ("notes.txt", "ZIP file"),
    ] {
        let said_of_it = refused(&archive(&[(part, "<x/>")]));
        assert!(said_of_it.contains(said), "{part}: {said_of_it}");
    }
}

#[test]
fn cells_without_a_place_stand_one_after_the_other_and_entities_are_characters() {
    let cells = "<row><c t=\"inlineStr\"><is><t>a &amp; b</t></is></c><c><v>1.50</v></c><c/><c t=\"b\"><v>1</v></c></row>\
                 <row r=\"4\"><c r=\"B4\" t=\"e\"><f>1/0</f><v>#DIV/0!</v></c><c t=\"str\"><v>caf&#233;</v></c></row>";
    assert_eq!(
        rows(&workbook(cells)),
        [["a & b", "1.5", "", "TRUE"], ["", "#DIV/0!", "café", ""]]
    );
}

#[test]
fn what_no_list_is_ends_soon() {
    let many = |what: &str, times: usize| what.repeat(times);
    // A text without an end, one that is shared too often, and more than is unpacked of one file.
    let long = format!(
        "<row><c t=\"inlineStr\"><is><t>{}</t></is></c></row>",
        many("x", 3 << 20)
    );
    assert!(refused(&workbook(&long)).contains("more than a list"));
    let comment = format!("<!--{}--><row/>", many("x", 3 << 20));
    assert!(refused(&workbook(&comment)).contains("more than a list"));
    let wide = "<row><c r=\"ZZZ1\"><v>1</v></c></row>";
    assert!(open(&workbook(wide), None).unwrap().sheet.beyond("list.xlsx").is_some());
    let undeclared = "<row><c t=\"str\"><v>&lol;</v></c></row>";
    assert!(refused(&workbook(undeclared)).contains("damaged"));
    let ods = |table: &str| {
        let content = format!("<o><body><spreadsheet><table name=\"S\">{table}</table></spreadsheet></body></o>");
        archive(&[("content.xml", &content)])
    };
    let row = "<table-row number-rows-repeated=\"4000000000\"><table-cell><p>x</p></table-cell></table-row>";
    assert!(refused(&ods(row)).contains("more than a list"));
    let blank = "<table-row number-rows-repeated=\"4000000000\"><table-cell number-columns-repeated=\"4000000000\"/></table-row>";
    assert!(rows(&ods(blank)).is_empty());
    let repeated = format!(
        "<table-row number-rows-repeated=\"90000\"><table-cell number-columns-repeated=\"4000000000\"><p>{}</p></table-cell></table-row>",
        many("x", 1000)
    );
    assert!(refused(&ods(&repeated)).contains("more than a list"));
}

#[test]
fn merged_cells_have_their_value_in_each_row_and_in_no_other() {
    let sheet = |merged: &str| {
        let rows = "<row><c t=\"str\"><v>BE</v></c><c><v>1</v></c></row><row><c r=\"B2\"><v>2</v></c></row>\
                    <row r=\"9\"><c r=\"B9\"><v>9</v></c></row>";
        let bytes = workbook(&format!(
            "{rows}</sheetData><mergeCells>{merged}</mergeCells><sheetData>"
        ));
        open(&bytes, None).unwrap().sheet
    };
    let merged = sheet("<mergeCell ref=\"A1:A1048576\"/>");
    assert_eq!(merged.filled, 2);
    let values: Vec<String> = merged
        .first_rows(20)
        .into_iter()
        .map(|(_, row)| row.join(" "))
        .collect();
    assert_eq!(values, ["BE 1", "BE 2", "BE 9"]);
    assert_eq!(sheet("<mergeCell ref=\"A1:B1\"/>").filled, 0);
}

/// Files from programs, each with its bytes changed one after the other: whatever comes of them, it ends.
#[test]
fn no_byte_makes_a_reader_panic() {
    for (name, step) in [
        ("fr.xls", 3),
        ("office.xls", 3),
        ("office.ods", 3),
        ("unsolved.xlsx", 17),
    ] {
        let whole = file(name);
        for at in (0..whole.len()).step_by(step) {
            for change in [0xff, 0x01] {
                let mut bytes = whole.clone();
                bytes[at] ^= change;
                let _ = open(&bytes, None);
            }
            if at % (7 * step) == 0 {
                let _ = open(&whole[..at], None);
            }
        }
    }
}
