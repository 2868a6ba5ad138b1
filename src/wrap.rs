//! Lines that fit the screen.

/// One line of a text as one or more of the screen; words longer than the screen stay whole, so that they can be copied.
pub fn push_wrapped(screen: &mut String, line: &str, indent: &str, hanging: &str, width: usize) {
    let mut rest = line.trim_end();
    if rest.is_empty() {
        screen.push('\n');
        return;
    }
    let mut first = true;
    while !rest.is_empty() {
        let hanging = if first { "" } else { hanging };
        let room = width.saturating_sub(hanging.len());
        let end = fitting(rest, room);
        screen.push_str(indent);
        screen.push_str(hanging);
        screen.push_str(rest[..end].trim_end());
        screen.push('\n');
        rest = rest[end..].trim_start_matches(' ');
        first = false;
    }
}

/// How many bytes of `text` fit into `room` columns, up to a space; at least one word.
fn fitting(text: &str, room: usize) -> usize {
    let mut fits = 0;
    // Blanks at the beginning are part of the first word: to measure them again and again would take long.
    let lead = text.len() - text.trim_start().len();
    let ends = text
        .match_indices(' ')
        .map(|(at, _)| at)
        .filter(|at| *at > lead)
        .chain([text.len()]);
    for end in ends {
        let blank = text[..end].trim().is_empty();
        if console::measure_text_width(&text[..end]) > room && fits > 0 && !blank {
            break;
        }
        if !blank {
            fits = end;
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, width: usize, expect: &str) {
        let mut screen = String::new();
        push_wrapped(&mut screen, line, "  ", "", width);
        assert_eq!(screen, expect);
    }

    #[test]
    fn long_lines_are_broken_between_words_and_long_words_are_not() {
        check("one two three", 7, "  one two\n  three\n");
        check("  - one two", 7, "    - one\n  two\n");
        check(
            "info@a-very-long-address.example yes",
            10,
            "  info@a-very-long-address.example\n  yes\n",
        );
        check("длинная строка", 8, "  длинная\n  строка\n");
        check("", 10, "\n");
        check("   ", 10, "\n");
    }
}
