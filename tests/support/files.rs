//! Files of all kinds as other programs write them, with whatever is to stand in them: for what goes with letters.

use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

/// A PDF of these objects, numbered from 1, with its table; `trailer` is what else its trailer says.
pub fn pdf(objects: &[&[u8]], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (nth, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n", nth + 1).bytes());
        file.extend(*object);
        file.extend(b"\nendobj\n");
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    file.extend(
        format!(
            "trailer\n<</Size {} /Root 1 0 R {trailer}>>\nstartxref\n{table}\n%%EOF\n",
            objects.len() + 1
        )
        .bytes(),
    );
    file
}

/// A page, and objects behind it from number 5 on.
pub fn pdf_page(more: &[&[u8]], trailer: &str) -> Vec<u8> {
    let page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>".as_slice();
    let text = stream("", b"BT 10 10 Td (On this page: Jane Doe) Tj ET");
    let mut objects: Vec<&[u8]> = vec![
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        &text,
    ];
    objects.extend(more);
    pdf(&objects, trailer)
}

/// A stream with these entries beside its length.
pub fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let mut object = format!("<<{entries}/Length {}>>\nstream\n", data.len()).into_bytes();
    object.extend(data);
    object.extend(b"\nendstream");
    object
}

/// A stream, packed.
pub fn packed_stream(entries: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("/Filter/FlateDecode{entries}"), &compress_to_vec_zlib(data, 6))
}

/// A PDF whose information dictionary says this.
pub fn pdf_by(information: &str) -> Vec<u8> {
    pdf_page(&[format!("<<{information}>>").as_bytes()], "/Info 5 0 R")
}

/// An Exif block, or a TIFF file, of directories: texts by their numbers, and where it was taken.
pub fn exif(main: &[(u16, &str)], camera: &[(u16, &str)], place: Option<[u32; 6]>) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08".to_vec();
    let mut behind: Vec<u8> = Vec::new();
    let count = |texts: &[(u16, &str)]| 2 + 12 * texts.len() + 4;
    let main_length = count(main) + 24;
    let camera_at = 8 + main_length;
    let gps_at = camera_at + count(camera);
    let data_at = gps_at + if place.is_some() { 2 + 12 * 4 + 4 } else { 0 };
    let mut entries = |block: &mut Vec<u8>, texts: &[(u16, &str)], more: usize| {
        block.extend(u16::try_from(texts.len() + more).unwrap().to_be_bytes());
        for (tag, text) in texts {
            let text = [text.as_bytes(), b"\0"].concat();
            block.extend(tag.to_be_bytes());
            block.extend([0, 2]);
            block.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
            if text.len() <= 4 {
                let mut short = text.clone();
                short.resize(4, 0);
                block.extend(short);
            } else {
                block.extend(u32::try_from(data_at + behind.len()).unwrap().to_be_bytes());
                behind.extend(text);
            }
        }
    };
    let pointer = |block: &mut Vec<u8>, tag: u16, at: usize| {
        block.extend(tag.to_be_bytes());
        block.extend([0, 4, 0, 0, 0, 1]);
        block.extend(u32::try_from(at).unwrap().to_be_bytes());
    };
    entries(&mut block, main, 2);
    pointer(&mut block, 0x8769, camera_at);
    pointer(&mut block, 0x8825, if place.is_some() { gps_at } else { 0 });
    block.extend([0; 4]);
    entries(&mut block, camera, 0);
    block.extend([0; 4]);
    if let Some(degrees) = place {
        block.extend([0, 4]);
        for (tag, letter) in [(1u16, b'N'), (3, b'E')] {
            block.extend(tag.to_be_bytes());
            block.extend([0, 2, 0, 0, 0, 2, letter, 0, 0, 0]);
        }
        for (nth, tag) in [2u16, 4].into_iter().enumerate() {
            block.extend(tag.to_be_bytes());
            block.extend([0, 5, 0, 0, 0, 3]);
            block.extend(u32::try_from(data_at + behind.len()).unwrap().to_be_bytes());
            for number in &degrees[3 * nth..3 * nth + 3] {
                behind.extend(number.to_be_bytes());
                behind.extend(1u32.to_be_bytes());
            }
        }
        block.extend([0; 4]);
    }
    block.extend(behind);
    block
}

/// A camera's block: 50°50′48″ N, 4°21′9″ E.
pub fn camera() -> Vec<u8> {
    exif(
        &[(0x010f, "Canon"), (0x0110, "EOS 80D"), (0x013b, "Jane Doe")],
        &[
            (0xa430, "Owner Person"),
            (0xa431, "SN-0123456789"),
            (0x9003, "2026:01:02 03:04:05"),
        ],
        Some([50, 50, 48, 4, 21, 9]),
    )
}

/// XMP that says who made it.
pub fn xmp(creator: &str) -> Vec<u8> {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\" \
         photoshop:City=\"Kestrel Bay\"><dc:creator><rdf:Seq><rdf:li>{creator}</rdf:li></rdf:Seq></dc:creator>\
         </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"
    )
    .into_bytes()
}

/// A JPEG's picture data: no viewer needs more to show a grey square.
const SCAN: &[u8] = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\0\x34\xff\xd0\x56";

/// A JPEG with these segments.
pub fn jpeg(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    for (marker, payload) in segments {
        file.extend([0xff, *marker]);
        file.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
        file.extend(*payload);
    }
    file.extend(b"\xff\xdb\0\x43\0");
    file.extend([1; 64]);
    file.extend(SCAN);
    file.extend(b"\xff\xd9");
    file
}

/// A photograph as a telephone makes it.
pub fn photograph() -> Vec<u8> {
    jpeg(&[(0xe1, &[b"Exif\0\0".as_slice(), &camera()].concat())])
}

/// A PNG with these chunks in front of its pixels.
pub fn png(chunks: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let pixels = compress_to_vec_zlib(&[0, 0x80], 6);
    let all = [("IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0".as_slice())].into_iter();
    for (name, data) in all
        .chain(chunks.iter().copied())
        .chain([("IDAT", &*pixels), ("IEND", &[])])
    {
        file.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let chunk = [name.as_bytes(), data].concat();
        file.extend(&chunk);
        file.extend(crc32(&chunk).to_be_bytes());
    }
    file
}

/// A ZIP of these files; those whose name is `mimetype` are not packed.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut table) = (Vec::new(), Vec::new());
    for (name, data) in files {
        let at = u32::try_from(file.len()).unwrap();
        let is_packed = *name != "mimetype";
        let packed = if is_packed {
            compress_to_vec(data, 6)
        } else {
            data.to_vec()
        };
        let mut head = vec![20, 0, 0, 0, if is_packed { 8 } else { 0 }, 0, 0x12, 0x34, 0x56, 0x58];
        head.extend(crc32(data).to_le_bytes());
        head.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        head.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        head.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        head.extend([0, 0]);
        file.extend(b"PK\x03\x04");
        file.extend(&head);
        file.extend(name.bytes());
        file.extend(packed);
        table.extend(b"PK\x01\x02\x14\x03");
        table.extend(&head);
        table.extend([0; 10]);
        table.extend(at.to_le_bytes());
        table.extend(name.bytes());
    }
    let (at, length) = (u32::try_from(file.len()).unwrap(), u32::try_from(table.len()).unwrap());
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    file.extend(table);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count, count].concat());
    file.extend(length.to_le_bytes());
    file.extend(at.to_le_bytes());
    file.extend([0, 0]);
    file
}

/// What a ZIP's parts hold, by its own table.
pub fn unzipped(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let long = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let short = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
    let end = file.len() - 22;
    assert_eq!(&file[end..end + 4], b"PK\x05\x06");
    let mut at = long(end + 16);
    let mut parts = Vec::new();
    for _ in 0..short(end + 10) {
        let name = String::from_utf8(file[at + 46..at + 46 + short(at + 28)].to_vec()).unwrap();
        let local = long(at + 42);
        let begin = local + 30 + short(local + 26) + short(local + 28);
        let data = &file[begin..begin + long(at + 20)];
        let data = match short(at + 10) {
            0 => data.to_vec(),
            _ => miniz_oxide::inflate::decompress_to_vec(data).unwrap(),
        };
        assert_eq!(crc32(&data) as usize, long(at + 16), "{name}");
        parts.push((name, data));
        at += 46 + short(at + 28) + short(at + 30) + short(at + 32);
    }
    parts
}

/// A Word document by somebody, with these parts beside its text.
pub fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
    let core = b"<?xml version=\"1.0\"?><cp:coreProperties xmlns:cp=\"a\" xmlns:dc=\"b\" xmlns:dcterms=\"c\"><dc:creator>Jane \
        &amp; Doe</dc:creator><cp:lastModifiedBy>Bob Saved</cp:lastModifiedBy><cp:revision>7</cp:revision>\
        <dcterms:created>2026-01-02T03:04:05Z</dcterms:created></cp:coreProperties>";
    let app = b"<Properties><Application>Writer</Application><Company>Harbour Union</Company><AppVersion>16.0000</AppVersion>\
        </Properties>";
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", b"<Types/>"),
        ("docProps/core.xml", core),
        ("docProps/app.xml", app),
        (
            "word/document.xml",
            b"<w:document><w:body><w:t>By Jane Doe</w:t></w:body></w:document>",
        ),
    ];
    parts.extend(more);
    zip(&parts)
}

/// An OpenDocument by somebody, with this in its text.
pub fn odt(text: &str) -> Vec<u8> {
    let content = format!("<office:document-content><office:text>{text}</office:text></office:document-content>");
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("content.xml", content.as_bytes()),
        (
            "meta.xml",
            b"<office:document-meta><office:meta><meta:initial-creator>Jane Odt</meta:initial-creator><dc:creator>Bob \
            Odt</dc:creator><meta:editing-duration>PT5M</meta:editing-duration></office:meta></office:document-meta>",
        ),
    ])
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = !0u32;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}
