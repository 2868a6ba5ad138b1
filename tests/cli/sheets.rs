//! Spreadsheets from a stranger: whatever they unpack to, they are refused soon, without much memory, and with words that
//! help; and large ones of a friend are read.

use miniz_oxide::MZFlush;
use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;

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

/// Text that is packed piece by piece: it may unpack to more than the memory holds.
fn packed(begin: &str, each: &str, times: usize, end: &str) -> Vec<u8> {
    // What is flushed so refers to nothing before it, and can stand there as often as one likes.
    let piece = |text: &str| {
        let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(6, -15, 0));
        let mut room = vec![0; text.len() + 1024];
        let done = deflate(&mut compressor, text.as_bytes(), &mut room, MZFlush::Full);
        assert_eq!(done.bytes_consumed, text.len());
        room.truncate(done.bytes_written);
        room
    };
    // An empty block is the last one.
    [piece(begin), piece(each).repeat(times), piece(end), vec![3, 0]].concat()
}

/// A workbook of packed parts.
fn workbook(parts: &[(&str, &str, &str, usize, &str)]) -> Vec<u8> {
    let fixed = [
        ("_rels/.rels", RELATIONS, "", 0, ""),
        ("xl/workbook.xml", WORKBOOK, "", 0, ""),
        ("xl/_rels/workbook.xml.rels", PARTS, "", 0, ""),
    ];
    let (mut file, mut table) = (Vec::new(), Vec::new());
    let all = fixed.iter().chain(parts);
    for (name, begin, each, times, end) in all.clone() {
        let at = u32::try_from(file.len()).unwrap();
        let data = packed(begin, each, *times, end);
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        // The length of what it unpacks to is a lie, as it may be.
        let head = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &length[..],
            &length,
            &name_length,
            &[0, 0],
        ]
        .concat();
        file.extend([b"PK\x03\x04", &head[..], name.as_bytes(), &data].concat());
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
    let count = u16::try_from(all.count()).unwrap().to_le_bytes();
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

const BEGIN: &str = "<worksheet><sheetData>";
const END: &str = "</sheetData></worksheet>";
const HEAD: &str = "<row r=\"1\"><c t=\"inlineStr\"><is><t>role</t></is></c><c t=\"inlineStr\"><is><t>name</t></is></c>\
    <c t=\"inlineStr\"><is><t>email</t></is></c></row>";

#[test]
fn a_file_that_unpacks_to_more_than_a_list_can_be_is_refused() {
    let much = "x".repeat(1 << 16);
    let row = "<row><c t=\"s\"><v>0</v></c></row>".to_owned();
    let shared = format!("<sst><si><t>{}</t></si>", "y".repeat(900_000));
    let bombs = [
        // A gigabyte of one text, of rows without a cell, of cells, and of one text that many share.
        workbook(&[("xl/s.xml", "<worksheet><!--", &much, 1 << 14, "")]),
        workbook(&[("xl/s.xml", BEGIN, &"<row/>".repeat(10_000), 1 << 14, END)]),
        workbook(&[("xl/s.xml", BEGIN, &"<row><c><v>1</v></c></row>".repeat(4000), 2000, END)]),
        workbook(&[
            ("xl/s.xml", BEGIN, &row.repeat(1000), 1000, END),
            ("xl/sharedStrings.xml", &shared, "<si/>", 1, "</sst>"),
        ]),
        workbook(&[(
            "xl/sharedStrings.xml",
            "<sst>",
            &"<si/>".repeat(10_000),
            1 << 10,
            "</sst>",
        )]),
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
