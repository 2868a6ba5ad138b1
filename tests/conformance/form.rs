//! What is true of every message, whatever it says: RFC 5321, 5322, 2045 to 2047.

/// What is wrong with the form of a message; `utf8` where its addresses are not ASCII.
pub fn faults(bytes: &[u8], utf8: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return vec!["it is not UTF-8".to_owned()];
    };
    if text.replace("\r\n", "").contains(['\r', '\n']) {
        faults.push("a CR or LF stands alone".to_owned());
    }
    if !text.ends_with("\r\n") {
        faults.push("it does not end with a line end".to_owned());
    }
    if text.contains('\0') {
        faults.push("it holds a NUL".to_owned());
    }
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    if !body.is_ascii() {
        faults.push("its body is not ASCII".to_owned());
    }
    if !utf8 && !head.is_ascii() {
        faults.push("its head is not ASCII".to_owned());
    }
    for line in text.split("\r\n") {
        if line.len() > 998 {
            faults.push(format!("a line of {} octets", line.len()));
        }
    }
    for line in head.split("\r\n") {
        if line.trim().is_empty() {
            faults.push("a line of the head is blank".to_owned());
        }
        let first = !line.starts_with([' ', '\t']);
        let value = if first {
            line.split_once(": ").map_or("", |(_, value)| value)
        } else {
            line.trim_start()
        };
        if first && value.is_empty() {
            faults.push(format!("a header without a value in its first line: {line:?}"));
        }
        // A word stays in one piece, whatever its length.
        if line.len() > 78 && value.contains(' ') {
            faults.push(format!("a line of the head that could be folded: {line:?}"));
        }
        if line.contains("=?utf-8?") && line.contains("?=") && line.len() > 76 {
            faults.push(format!("a line with an encoded word passes 76: {line:?}"));
        }
    }
    // Of the body: the lines of what is encoded.
    for part in body
        .split("Content-Transfer-Encoding: ")
        .skip(usize::from(head.contains("multipart/")))
    {
        for line in part.split("\r\n").skip_while(|line| !line.is_empty()) {
            if line.len() > 78 && !line.starts_with("Content-") && !line.starts_with(' ') {
                faults.push(format!("a line of the body passes 78: {line:?}"));
            }
        }
    }
    faults
}
