//! What files tell of whoever made them: `check` says it, and `appel clean` writes a copy without it.

use crate::support::{Campaign, Run, files};

/// A file, what is said of it, and what of that must stand in no byte of its copy.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    says: &'static [&'static str],
    gone: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let exif = [b"Exif\0\0".as_slice(), &files::camera()].concat();
    let xmp = files::xmp("Jane Xmp");
    let jpeg_xmp = [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), &xmp].concat();
    let packed = files::packed_stream(
        "/Type/ObjStm/N 2/First 9",
        b"5 0 6 34 <</Author 6 0 R /Creator (X)>>    (Jane Packed, with words that make it longer than a line)",
    );
    vec![
        Case {
            name: "plain.pdf",
            bytes: files::pdf_by("/Author (Jane \\(J.\\) Doe)/Producer <feff00500072006f0064>/Company (Harbour)/Secret (C:\\\\Users\\\\jane)"),
            says: &["author Jane (J.) Doe", "made with Prod", "company Harbour", "C:\\Users\\jane"],
            gone: &["(J.", "Harbour", "Users"],
        },
        Case {
            name: "xmp.pdf",
            bytes: files::pdf_page(&[&files::stream("/Type/Metadata/Subtype/XML", &xmp)], ""),
            says: &["author Jane Xmp", "place Kestrel Bay"],
            gone: &["Jane Xmp", "Kestrel"],
        },
        Case {
            name: "packed-xmp.pdf",
            bytes: files::pdf_page(&[&files::packed_stream("/Type/Metadata/Subtype/XML", &xmp)], ""),
            says: &["author Jane Xmp", "place Kestrel Bay"],
            gone: &["Jane Xmp", "Kestrel"],
        },
        Case {
            name: "object-stream.pdf",
            bytes: files::pdf_page(
                &[b"null", b"null", &packed, &files::stream("/Type/XRef/Size 9/Info 5 0 R/Root 1 0 R", b"")],
                "",
            ),
            says: &["Jane Packed"],
            gone: &["Jane Packed"],
        },
        Case {
            name: "older-version.pdf",
            bytes: [
                files::pdf_by("/Author (First Author)"),
                b"5 0 obj\n<</Author (Second Author)>>\nendobj\ntrailer\n<</Size 6/Root 1 0 R/Info 5 0 R>>\n%%EOF\n".to_vec(),
            ]
            .concat(),
            says: &["First Author", "Second Author"],
            gone: &["First Author", "Second Author"],
        },
        Case {
            name: "comment.pdf",
            bytes: files::pdf_page(&[b"<</Type/Annot/Subtype/Text/T (Carla Comment)/Contents (See page 2)>>"], ""),
            says: &["comment or change by Carla Comment"],
            gone: &["Carla"],
        },
        Case {
            name: "photograph.pdf",
            bytes: files::pdf_page(&[&files::stream("/Subtype/Image/Filter/DCTDecode", &files::photograph())], ""),
            says: &["camera Canon EOS 80D", "place 50.84667, 4.35250"],
            gone: &["Canon", "SN-0123456789", "Owner Person"],
        },
        Case {
            name: "photograph.jpg",
            bytes: files::photograph(),
            says: &[
                "camera Canon EOS 80D",
                "place 50.84667, 4.35250",
                "author Jane Doe",
                "owner Owner Person",
                "serial number SN-0123456789",
                "taken 2026:01:02 03:04:05",
            ],
            gone: &["Canon", "Jane Doe", "SN-0123456789", "Owner", "Exif"],
        },
        Case {
            name: "xmp-only.jpeg",
            bytes: files::jpeg(&[(0xe1, &jpeg_xmp), (0xfe, b"made at home")]),
            says: &["author Jane Xmp", "place Kestrel Bay", "hidden remark made at home"],
            gone: &["Jane Xmp", "Kestrel", "at home", "adobe"],
        },
        Case {
            name: "agency.jpg",
            bytes: files::jpeg(&[(
                0xed,
                b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x1c\x1c\x02\x50\0\x09Jane Iptc\x1c\x02\x5a\0\x09Stolberga",
            )]),
            says: &["author Jane Iptc", "place Stolberga"],
            gone: &["Jane Iptc", "Stolberga"],
        },
        Case {
            name: "behind-the-picture.jpg",
            bytes: [files::jpeg(&[]), files::photograph()].concat(),
            says: &["camera Canon EOS 80D", "place 50.84667, 4.35250"],
            gone: &["Canon", "Owner"],
        },
        Case {
            name: "picture.png",
            bytes: files::png(&[
                ("eXIf", &exif[6..]),
                ("tEXt", b"Author\0Jane Png"),
                ("iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0".as_slice(), &xmp].concat()),
                ("zTXt", &[b"Comment\0\0".as_slice(), &miniz_oxide::deflate::compress_to_vec_zlib(b"at home", 6)].concat()),
                ("prVt", b"private"),
            ]),
            says: &["camera Canon EOS 80D", "author Jane Png", "author Jane Xmp", "hidden remark at home"],
            gone: &["Canon", "Jane", "private"],
        },
        Case {
            name: "scan.tif",
            bytes: files::exif(&[(0x010f, "ScanCo"), (0x013b, "Jane Tiff"), (0x013c, "JANE-PC")], &[], None),
            says: &["camera ScanCo", "author Jane Tiff", "computer or printer JANE-PC"],
            gone: &["ScanCo", "Jane", "PC"],
        },
        Case {
            name: "telephone.heic",
            bytes: [b"\0\0\0\x18ftypheic\0\0\0\0heicmif1\0\0\0\x08mdat\0\0\0\x06".as_slice(), &exif, &xmp, b"pixels"].concat(),
            says: &["camera Canon EOS 80D", "place 50.84667, 4.35250", "author Jane Xmp"],
            gone: &["Canon", "Jane", "Owner", "SN-01"],
        },
        Case {
            name: "small.webp",
            bytes: {
                let picture = b"VP8X\x0a\0\0\0\x0c\0\0\0\0\0\0\0\0\0VP8L\x04\0\0\0\x2f\0\0\0";
                let size = u32::try_from(exif.len() - 6).unwrap();
                let block = [b"EXIF".as_slice(), &size.to_le_bytes(), &exif[6..]].concat();
                let size = u32::try_from(4 + picture.len() + block.len()).unwrap();
                [b"RIFF".as_slice(), &size.to_le_bytes(), b"WEBP", picture, &block].concat()
            },
            says: &["camera Canon EOS 80D", "place 50.84667, 4.35250"],
            gone: &["Canon", "Jane", "EXIF"],
        },
        Case {
            name: "word.docx",
            bytes: files::docx(&[
                ("word/comments.xml", b"<w:comments><w:comment w:id=\"0\" w:author=\"Carla Comment\" w:initials=\"CC\"><w:t>See</w:t></w:comment></w:comments>"),
                ("word/people.xml", b"<w15:people><w15:person w15:author='Carla Comment'><w15:presenceInfo w15:userId='carla@home.example'/></w15:person></w15:people>"),
                ("word/footnotes.xml", b"<w:ins w:id=\"1\" w:author=\"Tracked Tom\" w:date=\"2026-01-02T03:04:05Z\"><w:t>new</w:t></w:ins>"),
                ("word/_rels/settings.xml.rels", b"<R><Relationship Target=\"file:///C:\\Users\\jane\\a.dotm\" TargetMode=\"External\"/></R>"),
                ("docProps/custom.xml", b"<Properties><property name=\"Department\"><vt:lpwstr>Legal desk</vt:lpwstr></property></Properties>"),
                ("word/header1.xml", b"<wp:docPr descr=\"C:\\Users\\jane\\photo.jpg\"/><a href=\"https://x.example/home/\"/>"),
                ("word/media/image1.jpeg", &files::photograph()),
            ]),
            says: &[
                "author Jane & Doe",
                "last saved by Bob Saved",
                "company Harbour Union",
                "comment or change by Carla Comment",
                "comment or change by carla@home.example",
                "comment or change by Tracked Tom",
                "path file:///C:\\Users\\jane\\a.dotm",
                "hidden remark Department: Legal desk",
                "camera Canon EOS 80D",
            ],
            gone: &["Jane &", "Bob", "Harbour", "Carla", "Tracked", "Users", "Legal", "Canon", "2026-01-02"],
        },
        Case {
            name: "table.xlsx",
            bytes: files::zip(&[
                ("[Content_Types].xml", b"<Types/>"),
                ("xl/comments1.xml", b"<comments><authors><author>Xena Excel</author></authors></comments>"),
                ("xl/workbook.xml", b"<workbook><x15ac:absPath url=\"C:\\Users\\xena\\\"/><userInfo name=\"One\"/><sheet name=\"One\"/></workbook>"),
            ]),
            says: &["comment or change by Xena Excel", "path C:\\Users\\xena\\"],
            gone: &["Xena", "xena"],
        },
        Case {
            name: "text.odt",
            bytes: files::odt(
                "<config:config-item config:name=\"PrinterName\">Attic printer</config:config-item><config:config-item config:name=\"PrinterIndependentLayout\">0</config:config-item><text:creator>Jane in the \
                 text</text:creator><office:annotation><dc:creator>Anna Note</dc:creator><dc:date>2026-01-02T03:04:05.678</dc:date><text:p>See \
                 page 2</text:p></office:annotation><text:p>By Jane Doe</text:p>",
            ),
            says: &["author Jane Odt", "comment or change by Anna Note", "computer or printer Attic printer"],
            gone: &["Jane Odt", "Bob", "Anna", "2026-01-02", "PT5M", "Attic"],
        },
        Case {
            name: "no-ending",
            bytes: files::photograph(),
            says: &["camera Canon EOS 80D"],
            gone: &["Canon"],
        },
    ]
}

fn campaign(name: &str, bytes: &[u8]) -> Campaign {
    Campaign::new()
        .set("smtp.host", "mail.home.example")
        .letters(&format!(
            "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [\"files/{name}\"]\n"
        ))
        .file(&format!("files/{name}"), bytes)
}

/// Lines and blanks are the screen's.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `report.pdf` is `report.clean.pdf`.
fn copy_of(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.clean.{ending}"),
        None => format!("{name}.clean"),
    }
}

fn clean(campaign: &Campaign, name: &str) -> Run {
    campaign.appel(&["clean", &format!("files/{name}")])
}

#[test]
fn what_a_file_tells_is_said_by_check_and_stands_in_no_byte_of_its_copy() {
    for Case {
        name,
        bytes,
        says,
        gone,
    } in cases()
    {
        // What stands in files that are packed is nobody's to translate, either.
        let campaign = campaign(name, &bytes).file("names.txt", says.join(" ") + " Bob Odt");
        let check = campaign.check(&[]);
        let said = words(&check.exits(0).stderr);
        let run = clean(&campaign, name);
        let taken_out = words(&run.exits(0).stdout);
        for value in says {
            assert!(said.contains(value), "{name}: check says no {value:?}: {said}");
            assert!(
                taken_out.contains(value),
                "{name}: clean says no {value:?}: {taken_out}"
            );
        }
        assert!(said.contains("warning: "), "{name}: {said}");
        assert!(said.contains(&format!("`appel clean files/{name}`")), "{name}: {said}");
        assert_eq!(
            std::fs::read(campaign.path(&format!("files/{name}"))).unwrap(),
            bytes,
            "{name}"
        );

        let copy = copy_of(name);
        let cleaned = std::fs::read(campaign.path(&format!("files/{copy}"))).unwrap();
        let mut all = vec![cleaned.clone()];
        if cleaned.starts_with(b"PK") {
            all.extend(files::unzipped(&cleaned).into_iter().map(|(_, content)| content));
        }
        for value in gone {
            for content in &all {
                let found = String::from_utf8_lossy(content).contains(value);
                assert!(!found, "{name}: {value:?} is in the copy");
            }
        }
        // Nothing of it is told any more, and a second time there is nothing to do.
        let again = self::campaign(&copy, &cleaned);
        assert_eq!(words(&again.check(&[]).exits(0).stderr), "", "{copy}");
        let run = clean(&again, &copy);
        run.exits(0).prints(&["there is nothing to take out"]);
        assert!(!again.path(&format!("files/{}", copy_of(&copy))).exists());
    }
}

#[test]
fn pages_and_pixels_are_as_they_were() {
    let copy = |name: &str, bytes: &[u8]| {
        let campaign = campaign(name, bytes);
        clean(&campaign, name).exits(0);
        std::fs::read(campaign.path(&format!("files/{}", copy_of(name)))).unwrap()
    };
    // A PDF keeps its length, and every byte that is not taken out its place.
    let before = files::pdf_by("/Author (Jane Doe)");
    let after = copy("a.pdf", &before);
    let expected = String::from_utf8_lossy(&before).replace("(Jane Doe)>>", "()        >>");
    assert_eq!(String::from_utf8_lossy(&after), expected);
    // A picture stays upright.
    let upright = files::exif(&[(0x010f, "Canon")], &[], None);
    let mut turned = upright.clone();
    // In place of the make: the orientation, a short number.
    turned[10..22].copy_from_slice(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0");
    for (block, way) in [(&turned, Some(6u8)), (&upright, None)] {
        let bytes = files::jpeg(&[(0xe1, &[b"Exif\0\0".as_slice(), block].concat()), (0xfe, b"x")]);
        let after = copy("a.jpg", &bytes);
        let scan = bytes.windows(4).position(|four| four == b"\xff\xdb\0\x43").unwrap();
        assert!(after.ends_with(&bytes[scan..]), "the picture itself");
        let orientation = after
            .windows(10)
            .position(|ten| ten == b"\x01\x12\0\x03\0\0\0\x01\0\x06");
        assert_eq!(orientation.is_some(), way.is_some());
    }
    let before = files::png(&[("tEXt", b"Author\0Jane")]);
    assert_eq!(copy("a.png", &before), files::png(&[]));
    let before = files::docx(&[("word/media/a.bin", &[7; 5000])]);
    let after = copy("a.docx", &before);
    let part = |file: &[u8], name: &str| {
        files::unzipped(file)
            .into_iter()
            .find(|(found, _)| found == name)
            .unwrap()
            .1
    };
    for name in ["word/document.xml", "word/media/a.bin", "[Content_Types].xml"] {
        assert_eq!(part(&before, name), part(&after, name));
    }
    let app = String::from_utf8(part(&after, "docProps/app.xml")).unwrap();
    assert!(app.contains("<AppVersion>16.0000</AppVersion>"), "{app}");
    let core = String::from_utf8(part(&after, "docProps/core.xml")).unwrap();
    assert!(
        core.contains("<dcterms:created>1980-01-01T00:00:00Z</dcterms:created>"),
        "{core}"
    );
    // No part says when it was made.
    assert!(!after.windows(4).any(|four| four == [0x12, 0x34, 0x56, 0x58]));
}

#[test]
fn what_cannot_be_cleaned_is_said_and_there_is_no_copy() {
    let encrypted = files::pdf_page(
        &[b"<</Author (\x01\x02\x03\x04)>>", b"<</Filter/Standard>>"],
        "/Info 5 0 R/Encrypt 6 0 R",
    );
    let signed = files::pdf_page(
        &[b"<</Filter/Any/ByteRange [0 1 2 3]/Name (Sig Ner)/Contents <00>>>"],
        "",
    );
    let private = files::pdf_page(
        &[b"<</Drawer <</LastModified (D:20260102)/Private 6 0 R>>>>", b"null"],
        "",
    );
    let with_files = files::pdf_page(&[b"<</Type/Filespec/F (a.doc)/EF <</F 6 0 R>>>>", b"null"], "");
    let odt = files::zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("META-INF/manifest.xml", b"<manifest:encryption-data/>"),
    ]);
    for (name, bytes, says) in [
        ("locked.pdf", &*encrypted, "it is encrypted"),
        ("signed.pdf", &signed, "it is signed"),
        ("drawn.pdf", &private, "keeps data of its own"),
        ("holder.pdf", &with_files, "other files are in it"),
        ("locked.odt", &odt, "it is encrypted"),
        (
            "old.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 Jane",
            "files of this kind are not read",
        ),
        ("cut.jpg", &files::photograph()[..200], "it is damaged"),
        (
            "film.mp4",
            b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
            "files of this kind are not read",
        ),
        ("any.zip", &files::zip(&[("a.txt", b"a")]), "other files are in it"),
        ("noise.bin", &[0, 1, 2, 255, 254], "of no kind that is known"),
    ] {
        let campaign = campaign(name, bytes);
        let run = clean(&campaign, name);
        let said = words(&run.exits(3).stderr);
        assert!(said.contains(says), "{name}: {said}");
        assert!(!campaign.path(&format!("files/{}", copy_of(name))).exists(), "{name}");
        if name != "noise.bin" {
            let said = words(&campaign.check(&[]).exits(0).stderr);
            assert!(
                said.contains("could not be read whole") && said.contains(says),
                "{name}: {said}"
            );
        }
    }
    let said = words(&campaign("signed.pdf", &signed).check(&[]).exits(0).stderr);
    assert!(said.contains("author Sig Ner"), "{said}");
}

#[test]
fn nothing_is_overwritten_and_the_other_files_are_cleaned_all_the_same() {
    let campaign = Campaign::empty();
    for name in ["a.pdf", "b.pdf"] {
        campaign.put(name, files::pdf_by("/Author (Jane Doe)"));
    }
    campaign.put("a.clean.pdf", "mine");
    let run = campaign.appel(&["clean", "a.pdf", "gone.pdf", "b.pdf"]);
    run.exits(3)
        .says(&["there is a a.clean.pdf already", "cannot read gone.pdf"])
        .prints(&["b.pdf → b.clean.pdf", "author Jane Doe"]);
    assert_eq!(std::fs::read(campaign.path("a.clean.pdf")).unwrap(), b"mine");
    assert!(campaign.path("b.clean.pdf").exists());
    campaign.appel(&["clean"]).exits(2);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_copy_is_not_written_through() {
    let campaign = Campaign::empty();
    campaign.put("a.pdf", files::pdf_by("/Author (Jane Doe)"));
    std::os::unix::fs::symlink(campaign.path("elsewhere.pdf"), campaign.path("a.clean.pdf")).unwrap();
    campaign.appel(&["clean", "a.pdf"]).exits(3);
    assert!(!campaign.path("elsewhere.pdf").exists());
}

#[test]
fn a_script_reads_what_was_taken_out() {
    let campaign = Campaign::empty();
    campaign.put("a.pdf", files::pdf_by("/Author (Jane Doe)"));
    campaign.put("b.txt", "text");
    let run = campaign.appel(&["clean", "--json", "a.pdf", "b.txt", "gone.pdf"]);
    let lines = run.exits(3).json_events();
    assert_eq!(
        lines[0],
        serde_json::json!({"file": "a.pdf", "copy": "a.clean.pdf", "taken_out": ["author Jane Doe"]})
    );
    assert_eq!(lines[1], serde_json::json!({"file": "b.txt", "taken_out": []}));
    assert_eq!(lines[2]["error"], "cannot read gone.pdf: there is no such file");
}

#[test]
fn a_file_that_only_tells_its_program_is_no_warning() {
    let campaign = campaign(
        "a.pdf",
        &files::pdf_by("/Producer (Writer 7)/CreationDate (D:20260102030405Z)"),
    );
    let said = words(&campaign.check(&[]).exits(0).stderr);
    assert!(
        said.starts_with("note: `a.pdf` tells how it was made: made with Writer 7, date 2026-01-02"),
        "{said}"
    );
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn no_file_takes_more_time_or_room_than_it_is_long() {
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; 80 << 20], 1);
    let deep = "<<".repeat(200_000);
    let open = "1 0 obj <<".repeat(200_000);
    let list = "[".repeat(500_000);
    let tags = "<a>".repeat(500_000);
    let many_xmp = files::stream("/Type/Metadata", &[b"<x:xmpmeta>".as_slice(), tags.as_bytes()].concat());
    // Directories that name each other, and entries that all have the whole file as their value.
    let mut circle = b"II*\0\x08\0\0\0\xff\xff".to_vec();
    for _ in 0..65_535 {
        circle.extend(b"\x0e\x01\x02\0\0\0\x08\0\x08\0\0\0");
    }
    circle.extend(b"\x08\0\0\0");
    for (name, bytes) in [
        (
            "bomb.pdf",
            files::pdf_page(
                &[&files::stream("/Type/ObjStm/N 1/First 5/Filter/FlateDecode", &bomb)],
                "",
            ),
        ),
        ("deep.pdf", files::pdf_page(&[deep.as_bytes()], "")),
        ("open.pdf", files::pdf_page(&[open.as_bytes()], "")),
        ("list.pdf", files::pdf_page(&[list.as_bytes()], "")),
        ("tags.pdf", files::pdf_page(&[&many_xmp], "")),
        ("bomb.docx", files::docx(&[("word/big.xml", &vec![b' '; 40 << 20])])),
        ("circle.tif", circle),
    ] {
        let campaign = campaign(name, &bytes);
        let begun = std::time::Instant::now();
        campaign.check(&[]).exits(0);
        clean(&campaign, name);
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(60),
            "{name}: {:?}",
            begun.elapsed()
        );
    }
}
