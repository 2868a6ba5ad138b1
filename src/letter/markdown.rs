//! Markdown letters: values made harmless in them, and their HTML alternative.

use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};

use crate::campaign::Language;

/// A value as Markdown that reads as the value itself.
pub(super) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + 8);
    let mut line_begins = true;
    for c in value.chars() {
        // Indented by four, a line of the value would be code.
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

/// The HTML alternative: CommonMark, HTML in the source shown as text, no images, no links but to web and mail.
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
    ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme))
}

fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
