//! Markdown letters: values made harmless in them, and their HTML alternative.

use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};

use crate::place::Language;

/// A value as Markdown that reads as the value itself.
pub(super) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + 8);
    // Indented by four, a line of the value would be code: of blanks one stays before the first, none before others.
    let unindented = value.trim_start_matches([' ', '\t']);
    if unindented.len() < value.len() {
        escaped.push(' ');
    }
    let mut line_begins = false;
    for c in unindented.chars() {
        if line_begins && matches!(c, ' ' | '\t') {
            continue;
        }
        line_begins = c == '\n';
        // CommonMark §2.4: a backslash makes any ASCII punctuation literal.
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The HTML alternative: Markdown as `CommonMark` has it, HTML in the source shown as text, no images, no links but to web and mail.
pub(super) fn to_html(markdown: &str, title: &str, language: &Language) -> String {
    let mut body = String::with_capacity(markdown.len() * 2);
    let mut dropped_links = Vec::new();
    let events = Parser::new(markdown).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        // The reader's program would fetch it, and so tell when and where the letter was read.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let kept = is_plain_link(dest_url);
            dropped_links.push(!kept);
            kept.then_some(event)
        }
        Event::End(TagEnd::Link) => {
            let dropped = dropped_links.pop().unwrap_or(false);
            (!dropped).then_some(event)
        }
        _ => Some(event),
    });
    html::push_html(&mut body, events);
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\" dir=\"auto\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{}</title>\n</head>\n<body>\n{body}</body>\n</html>\n",
        text(title)
    )
}

fn is_plain_link(url: &CowStr) -> bool {
    let url = url.to_ascii_lowercase();
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(markdown: &str, expect: &str) {
        let html = to_html(markdown, "t", &Language::parse("en").unwrap());
        let (_, body) = html.split_once("<body>\n").unwrap();
        assert_eq!(body.strip_suffix("</body>\n</html>\n"), Some(expect));
    }

    #[test]
    fn markdown_becomes_html() {
        check(
            "A *b* **c**\n\n- d\n",
            "<p>A <em>b</em> <strong>c</strong></p>\n<ul>\n<li>d</li>\n</ul>\n",
        );
    }

    #[test]
    fn a_value_is_never_code_however_it_is_indented() {
        check(
            &format!("{}\n", escape("    a\n\n    - *b*")),
            "<p>a</p>\n<p>- *b*</p>\n",
        );
        assert_eq!(escape(" a"), " a");
    }

    #[test]
    fn html_in_the_source_is_text() {
        check("a <b>c</b>\n", "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
        check("<script>x</script>\n", "&lt;script&gt;x&lt;/script&gt;\n");
    }

    #[test]
    fn nothing_is_fetched_and_no_link_runs() {
        check("![a *b*](https://x.example/p.png)\n", "<p>a <em>b</em></p>\n");
        check(
            "[![a](https://x.example/p.png)](https://y.example)\n",
            "<p><a href=\"https://y.example\">a</a></p>\n",
        );
        check(
            "[a](javascript:x) [b](MAILTO:c@x.example)\n",
            "<p>a <a href=\"MAILTO:c@x.example\">b</a></p>\n",
        );
        check(
            "<javascript:x> <https://x.example>\n",
            "<p>javascript:x <a href=\"https://x.example\">https://x.example</a></p>\n",
        );
    }

    #[test]
    fn a_title_is_escaped() {
        let html = to_html("a\n", "</title><b>&", &Language::parse("fr").unwrap());
        assert!(html.contains("<html lang=\"fr\" dir=\"auto\">"));
        assert!(html.contains("<title>&lt;/title&gt;&lt;b&gt;&amp;</title>"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn a_value_reads_as_itself(value in r"[ -~é\n]{1,40}") {
            let html = to_html(&format!("x {} x\n", escape(&value)), "t", &Language::parse("en").unwrap());
            let (_, body) = html.split_once("<body>\n").unwrap();
            let body = body.strip_suffix("</body>\n</html>\n").unwrap();
            // Nothing but paragraphs and line breaks, and the same words.
            let text = body.replace("<p>", "").replace("</p>", "").replace("<br />", "");
            prop_assert!(!text.contains('<'), "{}", body);
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&text), words(&format!("x {value} x")));
        }
    }
}
