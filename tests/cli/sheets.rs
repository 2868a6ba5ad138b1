//! Spreadsheets from a stranger: whatever they unpack to, they are refused soon, without much memory, and with words that
//! help; and large ones of a friend are read.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

use crate::support::Campaign;

/// A campaign whose runs have ten times the memory that a refusal may take.
fn guarded() -> Campaign {
    let limit = ["sh", "-c", "ulimit -v 2621440 && exec \"$0\" \"$@\""].map(str::to_owned);
    Campaign::new()
        .through(limit.to_vec())
        .set("campaign.recipients", "list.xlsx")
        .letter("protest", "en", "Subject: S\n\nText\n")
}

const RELATIONS: &str =
    r#"<Relationships><Relationship Id="a" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="b"/></sheets></workbook>"#;
const PARTS: &str = r#"<Relationships><Relationship Id="b" Type="x/worksheet" Target="s.xml"/></Relationships>"#;

/// A workbook whose parts are written piece by piece: they may be larger than the memory.
fn workbook(parts: &[(&str, &str, &str, usize, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let fixed = [
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", PARTS),
    ];
    for (name, text) in fixed {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    for (name, begin, each, times, end) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(begin.as_bytes()).unwrap();
        for _ in 0..*times {
            zip.write_all(each.as_bytes()).unwrap();
        }
        zip.write_all(end.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const BEGIN: &str = "<worksheet><sheetData>";
const END: &str = "</sheetData></worksheet>";
const HEAD: &str = "<row r=\"1\"><c t=\"inlineStr\"><is><t>role</t></is></c><c t=\"inlineStr\"><is><t>name</t></is></c>\
    <c t=\"inlineStr\"><is><t>email</t></is></c></row>";

#[test]
fn a_file_that_unpacks_to_more_than_a_list_can_be_is_refused() {
    let kib = "x".repeat(1024);
    let row = "<row><c t=\"s\"><v>0</v></c></row>".to_owned();
    let shared = format!("<sst><si><t>{}</t></si>", "y".repeat(900_000));
    let bombs = [
        // A gigabyte of one text, of rows without a cell, of cells, and of one text that many share.
        workbook(&[("xl/s.xml", "<worksheet><!--", &kib, 1 << 20, "")]),
        workbook(&[("xl/s.xml", BEGIN, &"<row/>".repeat(170), 1 << 20, END)]),
        workbook(&[(
            "xl/s.xml",
            BEGIN,
            &"<row><c><v>1</v></c></row>".repeat(40),
            200_000,
            END,
        )]),
        workbook(&[
            ("xl/s.xml", BEGIN, &row, 1_000_000, END),
            ("xl/sharedStrings.xml", &shared, "<si/>", 1, "</sst>"),
        ]),
        workbook(&[("xl/sharedStrings.xml", "<sst>", &"<si/>".repeat(100), 1 << 20, "</sst>")]),
    ];
    for bomb in bombs {
        assert!(bomb.len() < 8 << 20, "{}", bomb.len());
        let campaign = guarded();
        campaign.put("list.xlsx", &bomb);
        campaign
            .check(&[])
            .exits(3)
            .says(&["the spreadsheet holds more than a list of recipients can"]);
    }
}

#[test]
fn a_sheet_of_a_million_cells_is_read() {
    let cells = |row: usize| {
        let text = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let first = text("ministry") + &text(&format!("Ministry {row}")) + &text(&format!("m{row}@mfa.example"));
        let more: String = (0..7).map(|nth| format!("<c><v>{nth}</v></c>")).collect();
        format!("<row>{first}{more}</row>")
    };
    let names: String = (0..7)
        .map(|nth| format!("<c t=\"inlineStr\"><is><t>c{nth}</t></is></c>"))
        .collect();
    let head = HEAD.replace("</row>", &(names + "</row>"));
    let rows: String = (0..100_000).map(cells).collect();
    let campaign = guarded();
    campaign.put(
        "list.xlsx",
        workbook(&[("xl/s.xml", &format!("{BEGIN}{head}"), &rows, 1, END)]),
    );
    let check = campaign.check(&["--mine"]);
    check.exits(0).prints(&["100,000 letters"]);
}
