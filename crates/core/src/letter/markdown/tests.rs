use proptest::prelude::*;

use super::*;

fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

/// The text, and what stands in the block inside the body.
fn read(markdown: &str, own: Option<&str>) -> (String, String) {
    let own = own.map(OwnWords::of);
    let (text, html) = letter(markdown.to_owned(), own.as_ref(), "t", &language("en"));
    let (_, html) = html.split_once("overflow-wrap:break-word\">\n").unwrap();
    let html = html.strip_suffix("</div>\n</body>\n</html>\n").unwrap();
    (text, html.to_owned())
}

#[track_caller]
fn check(markdown: &str, text: &str, html: &str) {
    assert_eq!(read(markdown, None), (text.to_owned(), html.to_owned()));
}

/// A letter with `{{message}}` and `{{> partial}}` written as `@` and `(…)`.
#[track_caller]
fn check_own(markdown: &str, own: &str, text: &str, html: &str) {
    let marked = markdown.replace('@', &OWN.to_string());
    assert_eq!(read(&marked, Some(own)), (text.to_owned(), html.to_owned()));
}

#[test]
fn markdown_becomes_a_text_without_its_signs_and_html() {
    check(
        "# Title\n\nA *b* **c** `d`\nand on\\\nanother line\n\n- e\n- f\n",
        "Title\n\nA b c d and on\nanother line\n\n- e\n- f\n",
        "<h1>Title</h1>\n<p>A <em>b</em> <strong>c</strong> <code>d</code>\nand on<br>\nanother line</p>\n\
         <ul>\n<li>e</li>\n<li>f</li>\n</ul>\n",
    );
    check(
        "a\n\n***\n\n    code <b>\n      in\n",
        "a\n\n* * *\n\n    code <b>\n      in\n",
        "<p>a</p>\n<hr>\n<pre style=\"white-space:pre-wrap\"><code>code &lt;b&gt;\n  in\n</code></pre>\n",
    );
}

#[test]
fn lists_keep_their_numbers_and_what_belongs_to_an_item() {
    check(
        "We ask:\n\n3. one\n   - a\n   - b\n4. two\n\nThanks.\n",
        "We ask:\n\n3. one\n   - a\n   - b\n4. two\n\nThanks.\n",
        "<p>We ask:</p>\n<ol start=\"3\">\n<li>one\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n</li>\n<li>two</li>\n</ol>\n\
         <p>Thanks.</p>\n",
    );
    let (text, _) = read("- one\n\n  more\n\n- two\n  on\\\n  and\n- \n- four\n", None);
    assert_eq!(text, "- one\n\n  more\n\n- two on\n  and\n\n-\n\n- four\n");
}

#[test]
fn a_quotation_stays_one_in_the_text_and_a_text_that_begins_like_one_does_not_become_one() {
    check(
        "> a\n>\n> > b\n\n\\> 5 dead\n",
        "> a\n>\n>> b\n\n > 5 dead\n",
        "<blockquote style=\"margin:1em 0;border-left:3px solid;padding-left:1em\">\n<p>a</p>\n\
         <blockquote style=\"margin:1em 0;border-left:3px solid;padding-left:1em\">\n<p>b</p>\n</blockquote>\n\
         </blockquote>\n<p>&gt; 5 dead</p>\n",
    );
}

#[test]
fn a_table_is_one_in_both_and_row_by_row_where_it_is_wide() {
    let (text, html) = read("| Name | Dead |\n|:--|--:|\n| Лувесса | 14 |\n| *B* | 3 |\n", None);
    assert_eq!(text, "Name     Dead\n-------  ----\nЛувесса    14\nB           3\n");
    assert!(html.contains("<thead>\n<tr>\n<th scope=\"col\" style="), "{html}");
    assert!(html.contains("text-align:right;vertical-align:top\">14</td>"), "{html}");
    assert!(!html.contains("anywhere"), "{html}");
    let (_, html) = read(&format!("| A |\n|--|\n| {} |\n", "w".repeat(21)), None);
    assert!(html.contains("overflow-wrap:anywhere\">www"), "{html}");
    let long = "word ".repeat(9);
    let (text, _) = read(&format!("| A | B: |\n|--|--|\n| {long} | {long} |\n| c | |\n"), None);
    let long = long.trim();
    assert_eq!(text, format!("A: {long}\nB: {long}\n\nA: c\n"));
}

#[test]
fn a_link_shows_its_address_in_the_text_unless_it_says_it() {
    check(
        "[us](https://x.example/a?b&c) <https://y.example> [z.example](https://z.example/)\n",
        "us (https://x.example/a?b&c) https://y.example z.example\n",
        "<p><a href=\"https://x.example/a?b&amp;c\">us</a> <a href=\"https://y.example\">https://y.example</a> \
         <a href=\"https://z.example/\">z.example</a></p>\n",
    );
    check(
        "[call](tel:+32-2-5) or [+32 2 5](tel:+3225), <a@x.example> [me](MAILTO:b@x.example?subject=c)\n",
        "call (+32-2-5) or +32 2 5, a@x.example me (b@x.example)\n",
        "<p><a href=\"tel:+32-2-5\">call</a> or <a href=\"tel:+3225\">+32 2 5</a>, \
         <a href=\"mailto:a@x.example\">a@x.example</a> <a href=\"MAILTO:b@x.example?subject=c\">me</a></p>\n",
    );
}

#[test]
fn nothing_is_fetched_and_no_link_runs_or_leads_nowhere() {
    check("![a *b*](https://x.example/p.png)\n", "a b\n", "<p>a <em>b</em></p>\n");
    check(
        "[![a](https://x.example/p.png)](https://y.example)\n",
        "a (https://y.example)\n",
        "<p><a href=\"https://y.example\">a</a></p>\n",
    );
    check(
        "[a](javascript:x) [b](page.html) <javascript:x> [c](\u{e9}:x)\n",
        "a b javascript:x c\n",
        "<p>a b javascript:x c</p>\n",
    );
    check(
        "[a](<https://x.example/\" onclick=\"x> \"title\")\n",
        "a (https://x.example/\" onclick=\"x)\n",
        "<p><a href=\"https://x.example/%22%20onclick=%22x\">a</a></p>\n",
    );
}

#[test]
fn html_in_the_source_is_text() {
    check("a <b>c</b>\n", "a <b>c</b>\n", "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
    check(
        "<script>x\ny</script>\n",
        "<script>x y</script>\n",
        "<p>&lt;script&gt;x\ny&lt;/script&gt;</p>\n",
    );
}

#[test]
fn the_lines_of_a_value_are_lines_wherever_it_stands() {
    let value = escape("Street 1\n1000 *Brussels*\r\nBelgium\n".replace('\r', "").as_str());
    let (text, html) = (
        "Street 1\n1000 *Brussels*\nBelgium",
        "Street 1<br>\n1000 *Brussels*<br>\nBelgium",
    );
    check(&format!("{value}\n"), &format!("{text}\n"), &format!("<p>{html}</p>\n"));
    check(
        &format!("# {value}\n\n- **{value}**\n"),
        &format!("{text}\n\n- {}\n", text.replace('\n', "\n  ")),
        &format!("<h1>{html}</h1>\n<ul>\n<li><strong>{html}</strong></li>\n</ul>\n"),
    );
    let (text, _) = read(&format!("| a |\n|--|\n| {value} |\n\n`{value}`\n\n    {value}\n"), None);
    assert!(text.starts_with("a\n-----"), "{text}");
    assert!(text.contains("Street 1, 1000 *Brussels*, Belgium\n"), "{text}");
}

#[test]
fn a_value_is_never_code_however_it_is_indented() {
    check(
        &format!("{}\n", escape("    a\n\n    - *b*")),
        "a\n\n- *b*\n",
        "<p>a<br>\n<br>\n- *b*</p>\n",
    );
    assert_eq!(escape(" a"), " a");
    check(
        &format!("[a](https://x.example/{})\n", escape("b\nc")),
        "a (https://x.example/bc)\n",
        "<p><a href=\"https://x.example/bc\">a</a></p>\n",
    );
    // Marks in a value are nobody's.
    assert_eq!(escape(&format!("a{OWN}{OPENS}b{BREAK}")), "ab");
}

#[test]
fn the_lines_of_a_partial_are_lines_and_those_around_it_too() {
    let signature = format!("{OPENS}Ann\nBrussels\n\n**x**\n- a\n- b\n{CLOSES}");
    check(
        &format!("One\nparagraph.\n\nYours,\n{signature}P.S.\nSo\n"),
        "One paragraph.\n\nYours,\nAnn\nBrussels\n\nx\n\n- a\n- b\n  P.S. So\n",
        "<p>One\nparagraph.</p>\n<p>Yours,<br>\nAnn<br>\nBrussels</p>\n<p><strong>x</strong></p>\n\
         <ul>\n<li>a</li>\n<li>b<br>\nP.S.\nSo</li>\n</ul>\n",
    );
    let nested = format!("{OPENS}a\n{OPENS}b\nc{CLOSES}\nd{CLOSES}\ne\nf");
    check(
        &nested,
        "a\nb\nc\nd\ne f\n",
        "<p>a<br>\nb<br>\nc<br>\nd<br>\ne\nf</p>\n",
    );
}

#[test]
fn paragraphs_and_lists_of_the_senders_own_stay_what_they_are() {
    check_own(
        "Before\n@\nafter\n",
        "First,\nsecond line.\n\n- *a*\n• b\n  more\n   - in\n- c\n\n1. one\n2. two\n",
        "Before\n\nFirst,\nsecond line.\n\n- *a*\n- b\n  more\n  - in\n- c\n\n1. one\n2. two\n\nafter\n",
        "<p>Before</p>\n<p>First,<br>\nsecond line.</p>\n<ul>\n<li>*a*</li>\n<li>b<br>\nmore\n<ul>\n<li>in</li>\n</ul>\n\
         </li>\n<li>c</li>\n</ul>\n<ol>\n<li>one</li>\n<li>two</li>\n</ol>\n<p>after</p>\n",
    );
}

#[test]
fn a_number_in_the_senders_own_words_is_never_another_one() {
    check_own(
        "@\n",
        "2019. It was\n1990. then\n\n3) so\n4) on\n",
        "2019. It was\n      1990. then\n\n3. so\n4. on\n",
        "<ol start=\"2019\">\n<li>It was<br>\n1990. then</li>\n</ol>\n<ol start=\"3\">\n<li>so</li>\n<li>on</li>\n</ol>\n",
    );
    check_own(
        "@\n",
        "- a\n7. b\n",
        "- a\n  7. b\n",
        "<ul>\n<li>a<br>\n7. b</li>\n</ul>\n",
    );
}

#[test]
fn a_number_that_begins_a_line_of_a_paragraph_is_one_of_its_words() {
    check_own(
        "@\n",
        "It was in\n2019. Then\n",
        "It was in\n2019. Then\n",
        "<p>It was in<br>\n2019. Then</p>\n",
    );
}

#[test]
fn the_senders_own_words_are_text_whatever_they_look_like() {
    check_own(
        "@\n",
        "# a\n\n> b `c` <b>d</b> [e](https://x.example) {{f}} ![g](h)\n\n    i\n\n```\nj\n```\n\n| k |\n|---|\n\n---\n",
        "# a\n\n > b `c` <b>d</b> [e](https://x.example) {{f}} ![g](h)\n\ni\n\n```\nj\n```\n\n| k |\n|---|\n\n---\n",
        "<p># a</p>\n<p>&gt; b `c` &lt;b&gt;d&lt;/b&gt; [e](https://x.example) {{f}} ![g](h)</p>\n<p>i</p>\n\
         <p>```<br>\nj<br>\n```</p>\n<p>| k |<br>\n|---|</p>\n<p>---</p>\n",
    );
}

#[test]
fn the_senders_own_words_fit_where_they_stand() {
    let own = "a\n\n- b\n- c";
    check_own(
        "I add: @ Yes.\n",
        own,
        "I add: a\n\n- b\n- c Yes.\n",
        "<p>I add: a<br>\n<br>\n- b<br>\n- c Yes.</p>\n",
    );
    let (text, html) = read(&format!("> x\n> {OWN}\n> y\n"), Some(own));
    assert_eq!(text, "> x\n>\n> a\n>\n> - b\n> - c\n>\n> y\n");
    assert_eq!(html.matches("<blockquote").count(), 1, "{html}");
    let (text, _) = read(&format!("- x\n\n  {OWN}\n\n- y\n"), Some(own));
    assert_eq!(text, "- x\n\n  a\n\n  - b\n  - c\n\n- y\n");
    // No words at all.
    check(&format!("a\n\n{OWN}\n\nb\n"), "a\n\nb\n", "<p>a</p>\n<p>b</p>\n");
}

#[test]
fn language_and_direction_stand_on_the_block_inside_the_body() {
    let of = |tag: &str| letter("\u{623}\n".to_owned(), None, "</title><b>&", &language(tag)).1;
    assert_eq!(
        of("ar-SY"),
        "<!DOCTYPE html>\n<html lang=\"ar-SY\" dir=\"rtl\" style=\"color-scheme:light dark\">\n<head>\n\
         <meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>&lt;/title&gt;&lt;b&gt;&amp;</title>\n</head>\n<body>\n<div lang=\"ar-SY\" dir=\"rtl\"\n \
         style=\"margin-left:auto;max-width:34em;line-height:1.5;\n word-wrap:break-word;overflow-wrap:break-word\">\n<p>\u{623}</p>\n</div>\n</body>\n</html>\n"
    );
    let (_, html) = letter(
        "\u{623} ILO\\\n1000 O'Brien\\'s *Brussels* 14\n".to_owned(),
        None,
        "t",
        &language("ar"),
    );
    assert!(
        html.contains(
            "<p>\u{623} ILO<br>\n<span dir=\"ltr\">1000 O'Brien's </span>\
             <em><span dir=\"ltr\">Brussels</span></em> 14</p>"
        ),
        "{html}"
    );
    assert!(of("fr").contains("<div lang=\"fr\" dir=\"ltr\""));
    let (_, html) = letter("> a\n\n| b |\n|---|\n| c |\n".to_owned(), None, "t", &language("he"));
    assert!(
        html.contains("border-right:3px") && html.contains("text-align:right"),
        "{html}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_value_reads_as_itself(value in r"[ -~é\n]{1,40}") {
        let (text, html) = read(&format!("x {} x\n", escape(&value)), None);
        // Nothing but paragraphs and line breaks, and the same words.
        let shown = html.replace("<p>", "").replace("</p>", "").replace("<br>", "");
        prop_assert!(!shown.contains('<'), "{}", html);
        let shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(&shown), words(&format!("x {value} x")));
        prop_assert_eq!(words(&text), words(&format!("x {value} x")));
    }

    #[test]
    fn the_senders_own_words_read_as_themselves(own in r"([ -~é\n]|\n- |\n1. |\n  - |\n\n){1,40}", around in "(@|x @ y|> @|a\n@\nb|- @)") {
        let (text, html) = read(&around.replace('@', &OWN.to_string()), Some(&own));
        for tag in html.split('<').skip(1) {
            let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            prop_assert!(["p", "br", "ul", "ol", "li", "blockquote"].contains(&name), "{}", html);
        }
        // All its words are there, in their order; signs of lists may be others.
        let words = |text: &str| text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().any(char::is_alphabetic)).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(&text), words(&around.replace('@', &own)));
    }

    #[test]
    fn whatever_is_written_is_read_without_an_end_that_is_not_one(markdown in r"([ -~\n]|\PC|[|>*_#`-]|\n\n|\n- |\|--\|){0,80}") {
        let (text, html) = read(&markdown, Some("a\n\n- b"));
        prop_assert!(text.is_empty() || text.ends_with('\n') && !text.ends_with("\n\n"), "{:?}", text);
        prop_assert_eq!(html.matches("<p>").count(), html.matches("</p>").count());
        prop_assert!(!text.lines().any(|line| line.ends_with(' ')), "{:?}", text);
    }
}

#[test]
fn a_value_in_code_reads_as_the_value() {
    let value = escape("ann-b@x.example {{a}}");
    check(
        &format!("Write to `{value}`.\n\n```\n{value}\n```\n"),
        "Write to ann-b@x.example {{a}}.\n\n    ann-b@x.example {{a}}\n",
        "<p>Write to <code>ann-b@x.example {{a}}</code>.</p>\n<pre style=\"white-space:pre-wrap\"><code>ann-b@x.example {{a}}\n\
         </code></pre>\n",
    );
}
