//! What is found in texts, and above all what is not.

use super::*;

/// What is found, as it stands in the text.
fn found(text: &str) -> Vec<&str> {
    find(text).into_iter().map(|(at, _)| &text[at]).collect()
}

#[test]
fn places_to_be_filled_in_are_found_in_six_languages() {
    for left in [
        "[NAME]",
        "[Nom]",
        "[à compléter]",
        "[naam]",
        "[Ihr Name]",
        "[su nombre]",
        "[ФИО]",
        "[имя]",
        "[TITRE]",
        "<NAME>",
        "<nom>",
        "<YOUR NAME>",
        "{recipient.name}",
        "{nom}",
        "{First Name}",
        "«recipient.name»",
        "«First_Name»",
        "«Nom»",
        "____",
        "........",
        "[insert name here]",
        "{{recipient.name}}",
    ] {
        assert_eq!(found(&format!("Dear {left}, we ask")), [left]);
    }
    assert_eq!(found("____"), ["____"], "a cell");
}

#[test]
fn what_drafts_leave_is_found() {
    for left in ["TODO", "XXX", "FIXME", "TBD", "Lorem ipsum", "lorem ipsum"] {
        assert_eq!(found(&format!("We ask {left} for it")), [left]);
    }
}

#[test]
fn what_word_leaves_is_found() {
    for left in ["\u{f0b7}", "\u{ad}", "\u{200b}", "\u{feff}", "\u{2028}", "\t"] {
        assert_eq!(found(&format!("we{left}ask")), [left]);
    }
    for (text, left) in [("we ask\u{a0}for it", "\u{a0}"), ("We \u{a0}ask", "\u{a0}")] {
        assert_eq!(found(text), [left]);
    }
}

#[test]
fn letters_in_a_wrong_encoding_are_found() {
    for wrong in [
        "lâ€™été",
        "Ã©tÃ©",
        "Ã‰tat",
        "espaÃ±ol",
        "grÃ¼ÃŸen",
        "â€œwordsâ€\u{9d}",
        "10 â‚¬",
        "BŸro fŸr",
        "rŽpublique",
        "ƒthiopie",
        "caf\u{fffd}",
        "cafï¿½",
        "ÐŸÑ€Ð¸Ð²ÐµÑ‚",
        "РџСЂРёРІРµС‚",
        "Â« mot Â»",
        "KÃ¶ln",
        "Å»ycie",
        "Ø§Ù„Ø³Ù„Ø§Ù…",
        "æ—¥æœ¬èªžæ—¥æœ¬èªž",
    ] {
        assert!(
            matches!(find(wrong).first(), Some((_, Leaving::Encoding))),
            "{wrong}: {:?}",
            find(wrong)
        );
    }
    let text = "Nous étions lâ€™été à Paris";
    let at = find(text)[0].0.clone();
    assert_eq!(around(text, at), "lâ€™été");
}

#[test]
fn what_people_write_is_left_alone() {
    for fine in [
        "« Café », «CAFÉ», l’«Été»…, « ÉTÉ »… coûte 10 € — n° 5, 12 000 morts ; M. Dupont : voilà !",
        "«\u{a0}Café\u{a0}» coûte 10\u{a0}€, n°\u{a0}5, 12\u{a0}000 morts\u{a0}; M.\u{a0}Dupont\u{a0}! Madame\u{a0}Dupont, 20\u{a0}novembre",
        "[…] as the report [sic] says [1], [UN](https://un.example/) and <https://un.example/x> [2026]",
        "Die Straße „Ä“, z. B. Größe, „BÄR“; die Übergröße – „ÖÜ“ Åland «Å»",
        "«Свобода» и «Lenta.ru»: СССР, Россия, Сёстры; в\u{a0}Москве и\u{a0}с\u{a0}друзьями, №\u{a0}5",
        "CAMPAÑA “ESPAÑA”, niño, ¡Señor! MANHÃ, IRMÃ» São Paulo À»",
        "Straßburg, Škoda, Žižkov, Dvořák, Ÿ, Łódź, Æsop, Ðorđe, Đorđe, fƒ",
        "一个人 ไทย\u{200b}ภาษา العربية می\u{200c}خواهم עברית",
        "a {1} b, {} c, if (x) {\n}",
        "<BR> and <b>bold</b> a < b > c",
        "Roman XXXI, TODOS, Tbd, and so on... etc....",
        "above\n________________\nbelow\n",
        "lorem",
        "\t\nText\t\n",
        "\\{{literal}}",
        "[a link]: https://x.example [name]: https://y.example",
        "«Mi nombre es Juan», dijo. «Name it», he said.",
        "{{",
        "}}",
        "«",
        "[",
        "<",
        "{",
    ] {
        assert_eq!(found(fine), Vec::<&str>::new(), "{fine}");
    }
}

#[test]
fn a_long_text_of_leavings_costs_as_much_as_it_is_long() {
    let time = |text: String| {
        let begun = std::time::Instant::now();
        find(&text);
        begun.elapsed()
    };
    for left in [
        "\t", "\u{200b}", "{", "{{a", "[", "«", "____ ", "a\u{a0}", "Ã©", "РџСЂ", ".",
    ] {
        let taken = time(left.repeat(200_000));
        assert!(taken.as_secs() < 5, "{left}: {taken:?}");
    }
}

#[test]
fn words_of_ones_own_are_more_than_a_place_for_them() {
    for none in [
        "",
        " \n",
        "…",
        "...",
        "-",
        "x",
        "xxx",
        "XXX",
        "TODO",
        "TODO: …",
        "[your message]",
        "[NAME]",
        "<YOUR TEXT>",
        "____",
        "Your own words.",
        "your  own\nwords",
        "«Votre message»",
        "Lorem ipsum dolor sit amet",
        "N/A",
        "Сообщение",
        "[à compléter]",
    ] {
        assert!(!says_something(none), "{none:?}");
    }
    for some in [
        "I met a family from Luvessa.",
        "Free them!",
        "我认识一位来自卢韦萨的工人",
        "Ich war dort. [Foto folgt]",
        "أنا قلق",
        "OK",
        "My message is short: free them.",
        "TODO lists kept me from writing earlier.",
    ] {
        assert!(says_something(some), "{some:?}");
    }
}
