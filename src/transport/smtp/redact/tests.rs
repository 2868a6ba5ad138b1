//! Secrets echoed in every way that a server might, and words that are none.

use proptest::prelude::*;

use super::*;

const PASSWORD: &str = "zq7-Rdsch!un9gel";

fn knowing(secret: &str) -> Redactor {
    let redactor = Redactor::new("ann@example.org");
    redactor.learn(&SecretString::from(secret));
    redactor
}

fn base64(text: &str) -> String {
    BASE64.encode(text)
}

#[track_caller]
fn check(secret: &str, words: &str, expect: &str) {
    assert_eq!(knowing(secret).words(words.to_owned()), expect, "{words:?}");
}

#[test]
fn a_password_is_hidden_in_the_forms_in_which_it_comes_back() {
    let plain = base64(&format!("\0ann@example.org\0{PASSWORD}"));
    let xoauth2 = base64(&format!("user=ann@example.org\u{1}auth=Bearer {PASSWORD}\u{1}\u{1}"));
    for echo in [
        PASSWORD.to_owned(),
        PASSWORD.to_uppercase(),
        "zq7-Rdsch! un9gel".to_owned(),
        "z q 7 - R d s c h ! u n 9 g e l".to_owned(),
        base64(PASSWORD),
        base64(PASSWORD).to_lowercase(),
        plain.clone(),
        plain.trim_end_matches('=').to_owned(),
        xoauth2,
        "zq7%2DRdsch%21un9gel".to_owned(),
        "zq7=2DRdsch=21un9gel".to_owned(),
        "7a71372d526473636821756e3967656c".to_owned(),
        "7A:71:37:2D:52:64:73:63:68:21:75:6E:39:67:65:6C".to_owned(),
    ] {
        check(
            PASSWORD,
            &format!("2.0.0 I got ({echo}) from you"),
            "2.0.0 I got (***) from you",
        );
    }
    check(
        PASSWORD,
        &format!("500 what is AUTH PLAIN {plain}?"),
        "500 what is AUTH PLAIN ***?",
    );
    check("pä\"s&wörd", "you said p\\u00e4\\\"s&w\\u00f6rd", "you said ***");
    check("pä\"s&wörd", "you said pä&quot;s&amp;wörd.", "you said ***.");
    check("pä\"s&wörd", "you said p%C3%A4%22s%26w%C3%B6rd.", "you said ***.");
    check("pässwörd", "you said p\u{fffd}ssw\u{fffd}rd.", "you said ***.");
    check("ПарольДлинный", "вы сказали парольдлинный.", "вы сказали ***.");
    check("!?!?--##", "odd: !?!? --##", "odd: ***");
}

#[test]
fn a_password_cut_over_lines_or_words_is_hidden_piece_by_piece() {
    check(PASSWORD, "you said zq7-Rds\nch!un9gel, no", "you said ***\n***, no");
    check(
        PASSWORD,
        "5.7.8 you said zq7-Rds\n5.7.8 ch!un9gel, no",
        "5.7.8 you said ***\n5.7.8 ***, no",
    );
    check(
        "hunter2",
        "mx.example\nAUTH hun\nX-MORE ter2",
        "mx.example\nAUTH ***\nX-MORE ***",
    );
    check("hunter2", "hu, then nter, then 2", "***, then ***, then ***");
    check("hunter22", "the first half is hunter", "the first half is ***");
    // What is left when something is taken out of it would be whole again.
    check("hunter22", "hunhunter22ter22", "***");
    let plain = base64(&format!("\0ann@example.org\0{PASSWORD}"));
    let (one, two) = plain.split_at(25);
    check(
        PASSWORD,
        &format!("what is\n5.5.2 {one}\n5.5.2 {two}"),
        "what is\n5.5.2 ***\n5.5.2 ***",
    );
}

#[test]
fn every_secret_of_a_run_stays_hidden() {
    let redactor = knowing("ya29.the-first-token");
    redactor.learn(&SecretString::from("ya29.its-successor"));
    let words = "you gave ya29.the-first-token and ya29.its-successor";
    assert_eq!(redactor.words(words.to_owned()), "you gave *** and ***");
    assert_eq!(format!("{redactor:?}"), "Redactor { .. }");
}

#[test]
fn words_that_are_no_echo_stay_as_they_are() {
    for words in [
        "2.0.0 Ok: queued as 4c9KPZ1zXyz",
        "5.7.8 Username and Password not accepted. For more information, go to\n5.7.8  https://provider.example/?p=BadCredentials",
        "5.4.5 Daily user sending limit exceeded",
        "ann@example.org may not send from here",
        "",
    ] {
        for secret in [
            PASSWORD,
            "ok",
            "a",
            "2",
            "12",
            "Ok",
            "hunter2",
            "ya29.A0ARrdaM-k9Vq7GzYL2pyQldf4Pt0",
        ] {
            check(secret, words, words);
        }
    }
}

#[test]
fn a_password_too_short_to_look_for_costs_the_words_of_a_refusal_and_no_others() {
    let on_signing_in = |secret, words: &str| knowing(secret).words_on_signing_in(words.to_owned());
    assert_eq!(on_signing_in("ok", "5.7.8 ok is wrong"), format!("5.7.8 {NOT_SHOWN}"));
    assert_eq!(on_signing_in("ok", "no"), NOT_SHOWN);
    check("ok", "2.0.0 Ok: queued", "2.0.0 Ok: queued");
    check("ok", "what is AUTH LOGIN b2s=", "what is AUTH LOGIN ***=");
    check("k9", "you said k9.", "you said ***.");
    check("k9", "queued as 4ck9PZ", "queued as 4ck9PZ");
}

#[test]
fn a_refusal_that_holds_the_password_is_not_shown_and_its_kind_is() {
    let on_signing_in = |words: &str| knowing(PASSWORD).words_on_signing_in(words.to_owned());
    assert_eq!(
        on_signing_in(&format!("5.7.8 {PASSWORD} is wrong, {PASSWORD} too")),
        format!("5.7.8 {NOT_SHOWN}")
    );
    assert_eq!(on_signing_in("5.7.8 wrong"), "5.7.8 wrong");
    assert_eq!(knowing("5.7.8").words_on_signing_in("5.7.8 no".to_owned()), NOT_SHOWN);
}

/// In small letters, without what stands between them.
fn bare(text: &str) -> String {
    only_letters(text, Kind::Loose).iter().collect()
}

fn echoes(secret: &str) -> Vec<String> {
    let hex = |sign: &str| {
        let bytes: Vec<_> = secret.bytes().map(|byte| format!("{sign}{byte:02x}")).collect();
        bytes.concat()
    };
    let mut echoes = vec![
        secret.to_owned(),
        secret.to_lowercase(),
        serde_json::to_string(secret).unwrap(),
        base64(secret),
        base64(secret).to_lowercase(),
        base64(&format!("\0ann@example.org\0{secret}")),
        base64(&format!("user=ann@example.org\u{1}auth=Bearer {secret}\u{1}\u{1}")),
        format!("AUTH PLAIN {}", base64(&format!("\0ann@example.org\0{secret}"))),
        hex("").to_uppercase(),
        hex("%"),
    ];
    for around in ["", "x", "xy", "xyz"] {
        echoes.push(base64(&format!("{around}{secret}{around}")));
    }
    echoes
}

proptest! {
    #[test]
    fn nothing_of_a_password_is_left_however_it_is_echoed_and_cut(
        secret in "[!-~]{8,40}|[ -~]{10,20}|[a-zäöüß0-9]{8,20}|\\PC{8,30}",
        which: prop::sample::Index,
        cuts in prop::collection::vec(0_usize..200, 0..4),
        joint in prop::sample::select(vec!["\n", "\n5.7.8 ", "\n ", " ", "\n5.7.0 - "]),
        before in "[a-z ]{0,10} ",
    ) {
        prop_assume!(bare(&secret).chars().count() >= 8);
        let echoes = echoes(&secret);
        let echo = which.get(&echoes);
        let mut places: Vec<_> = cuts.iter().map(|cut| cut % (echo.len() + 1)).collect();
        places.retain(|at| echo.is_char_boundary(*at));
        places.sort_unstable();
        let mut words = before;
        let mut from = 0;
        for at in places {
            words.push_str(&echo[from..at]);
            words.push_str(joint);
            from = at;
        }
        words.push_str(&echo[from..]);
        words.push_str(" again");
        let redactor = knowing(&secret);
        let left = redactor.words(words.clone());
        let codes_out = left.replace("5.7.8", "").replace("5.7.0", "");
        for left in [bare(&left), bare(&codes_out)] {
            for form in [&secret, &base64(&secret), echo.trim_start_matches("AUTH PLAIN ")] {
                let form: Vec<char> = bare(form).chars().collect();
                for gram in form.windows(GRAM.min(form.len())) {
                    let gram: String = gram.iter().collect();
                    prop_assert!(!left.contains(&gram), "{gram:?} of {secret:?} is left of {words:?}: {left:?}");
                }
            }
        }
        prop_assert_eq!(left.lines().count(), words.lines().count());
    }

    #[test]
    fn no_words_at_all_make_it_panic_or_lose_a_line(secret: String, words: String) {
        let redactor = knowing(&secret);
        let _ = redactor.words_on_signing_in(words.clone());
        let left = redactor.words(words.clone());
        prop_assert!(left == NOT_SHOWN || left.lines().count() == words.lines().count());
    }
}
