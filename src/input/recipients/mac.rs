//! Whether bytes are text of an old Mac: there `0x8e` is é, where Windows has Ž, and DOS has Ä.
//!
//! What is a letter in one encoding is a sign, or a capital amid small letters, in the others. Only such places count; and
//! where they do not agree, nothing is guessed.

/// What the letters of a text say of its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mac {
    Yes,
    No,
    /// It may be one or the other.
    Unclear,
}

pub fn looks_so(bytes: &[u8]) -> Mac {
    let (mut mac, mut perhaps, mut dos, mut windows) = (0, 0, 0, 0);
    let above_ascii = bytes.iter().enumerate().filter(|(_, byte)| !byte.is_ascii());
    for (at, byte) in above_ascii {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let behind = bytes.get(at + 1);
        let is_small = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_lowercase);
        let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
        let amid = is_letter(before) && is_small(behind);
        let beside = is_small(before) || is_small(behind);
        match byte {
            // ß amid small letters, a lone à, … – — “ ” ’ behind a small letter: signs and capitals that stand nowhere so.
            0xa7 if amid => mac += 1,
            0x88 if !is_letter(before) && !is_letter(behind) => mac += 1,
            0xc9 | 0xd0..=0xd5 if is_small(before) => mac += 1,
            // é è ê ô ü: capitals and signs elsewhere.
            0x8e | 0x8f | 0x90 | 0x99 | 0x9f if amid || (is_small(before) && !is_letter(behind)) => mac += 1,
            // É Ä Ü at the beginning of a word: ƒ € † elsewhere.
            0x80 | 0x83 | 0x86 if is_small(behind) && !is_letter(before) => mac += 1,
            // ó ö û of a Mac are — š ž of Windows, ë a quote that opens; the others are letters of Macs and of DOS, but not
            // the same.
            0x87..=0x8d | 0x91 | 0x93..=0x97 | 0x9a | 0x9e if amid => perhaps += 1,
            0x81 | 0x82 | 0x84 if amid => dos += 1,
            // Letters of Windows, in the west and the east of Europe, where Macs have signs and capitals.
            0xc0..=0xff if !matches!(byte, 0xca | 0xd0..=0xd5 | 0xd7 | 0xf7) && beside => windows += 1,
            0xa1..=0xbd if *byte != 0xa7 && amid => windows += 1,
            _ => {}
        }
    }
    match (mac, dos) {
        (1.., 0) if mac + perhaps > windows => Mac::Yes,
        (0, 0) if perhaps == 0 || windows > 0 => Mac::No,
        _ if windows > mac + perhaps + dos => Mac::No,
        _ => Mac::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_an_old_mac_is_told_from_that_of_windows_and_of_dos() {
        let of = |encoding: &'static encoding_rs::Encoding, text: &str| looks_so(&encoding.encode(text).0);
        let (mac, west, east) = (
            encoding_rs::MACINTOSH,
            encoding_rs::WINDOWS_1252,
            encoding_rs::WINDOWS_1250,
        );
        for text in [
            "Büro für Köln",
            "Ambassade de la République",
            "Éthiopie",
            "été à Zürich",
            "Côte d’Ivoire",
            "Ambassade à Kyiv",
            "Monsieur l’Ambassadeur",
            "Straße",
            "“Peace”",
            "Ministerio… de Justicia",
        ] {
            assert_eq!(of(mac, text), Mac::Yes, "{text}");
            assert_eq!(of(west, text), Mac::No, "{text}");
        }
        for text in [
            "plain",
            "l’été – “là”",
            "cœur",
            "Škoda, Žilina",
            "señor",
            "Español",
            "1990–1995",
        ] {
            assert_eq!(of(west, text), Mac::No, "{text}");
        }
        assert_eq!(of(east, "Ambasada w Brukseli – święto łąki źdźbło"), Mac::No);
        // Köln on a Mac, and Kšln on Windows, are the same bytes.
        assert_eq!(of(mac, "Köln"), Mac::Unclear);
        assert_eq!(looks_so(b"Br\x81ssel, K\x94ln"), Mac::Unclear);
    }
}
