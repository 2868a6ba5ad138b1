//! What a person sees: the screens, whole.

use crate::support::{Campaign, Server, Step};

/// Two letters in two languages, one with copies, one for senders elsewhere.
fn campaign() -> Campaign {
    Campaign::new()
        .letters(
            "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\n\
             [[letter]]\nid = \"solidarity\"\nto = [\"union\"]\ncc = [\"archive@home.example\"]\n",
        )
        .letter(
            "protest",
            "fr",
            "Subject: Libérez-les\n\n{{recipient.salutation}}\n\nJ’écris de {{sender.city}}.\n",
        )
        .letter(
            "solidarity",
            "fr",
            "Subject: Avec vous\n\nChères amies,\n\nnous sommes avec vous.\n",
        )
        .letter(
            "solidarity",
            "en",
            "Subject: With you\n\nDear friends,\n\nwe are with you.\n",
        )
        .recipients(
            "ministry,Ministère,minister@mfa.example,,fr,,\"Monsieur le Ministre,\"\n\
             ministry,Paris,paris@mfa.example,FR\n\
             union,Oil Workers,union@workers.example,,,families@workers.example\n",
        )
}

/// What differs from run to run, and is no part of what is to be seen.
fn steady(text: &str, server: &Server) -> String {
    text.replace(&server.port().to_string(), "PORT")
}

#[test]
fn a_dry_run_shows_who_would_get_what() {
    let run = campaign().send(&["--dry-run"]);
    run.exits(0);
    assert_eq!(run.stderr, "");
    insta::assert_snapshot!(run.stdout, @r"
    protest  fr  Ministère <minister@mfa.example>
    solidarity  en  Oil Workers <union@workers.example>
        copy  families@workers.example
        copy  archive@home.example

      copies go to              letters
      families@workers.example  1
      archive@home.example      1

    Not sent: 1 letter is for senders in other countries.
    Addresses in all: 4 (2 letters, 2 copies).
    Dry run: 2 letters would be sent. Nothing was sent.
    ");
}

#[test]
fn before_sending_it_is_said_what_will_be_sent_and_how() {
    let server = Server::builder().start();
    let run = campaign().smtp(&server).set("smtp.rate", "50/s").send(&[]);
    run.exits(0);
    insta::assert_snapshot!(steady(&run.stderr, &server), @r"
    Free them
    From Ann Activist <ann@home.example>, through 127.0.0.1

      letter      to                       language  copies
      protest     Ministère                fr
                  <minister@mfa.example>
      solidarity  Oil Workers              en        families@workers.example
                  <union@workers.example>            archive@home.example

      copies go to              letters
      families@workers.example  1
      archive@home.example      1

    Not sent: 1 letter is for senders in other countries.
    Addresses in all: 4 (2 letters, 2 copies).
    2 letters, about 1 second at this pace.

    1/2  accepted  protest  fr  minister@mfa.example
    2/2  accepted  solidarity  en  union@workers.example
    ");
    insta::assert_snapshot!(run.stdout, @r"
    2 letters: 2 accepted.
    Not sent: 1 letter is for senders in other countries.
    ");
}

#[test]
fn the_status_says_where_the_campaign_stands() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("minister@mfa.example")
        .reply("550 5.1.1 no such user")
        .on(Step::FinalDot)
        .to("union@workers.example")
        .accept_then_reset()
        .start();
    let campaign = campaign().smtp(&server);
    let nothing = campaign.appel(&["status"]);
    insta::assert_snapshot!(nothing.exits(0).stdout, @r"
    Free them (test), from ann@home.example

            0  accepted
            0  deferred (due again)
            0  refused
            0  in doubt (held)
            2  due
    ");
    let run = campaign.send(&[]);
    run.exits(1);
    insta::assert_snapshot!(run.stderr, @r"
    Free them
    From Ann Activist <ann@home.example>, through 127.0.0.1

      letter      to                       language  copies
      protest     Ministère                fr
                  <minister@mfa.example>
      solidarity  Oil Workers              en        families@workers.example
                  <union@workers.example>            archive@home.example

      copies go to              letters
      families@workers.example  1
      archive@home.example      1

    Not sent: 1 letter is for senders in other countries.
    Addresses in all: 4 (2 letters, 2 copies).
    2 letters.

    1/2  in doubt  solidarity  en  union@workers.example: the letter was handed over, then the connection was lost: reset by the server
    2/2  refused  protest  fr  minister@mfa.example: 550 5.1.1 no such user
    Refused letters: `appel log` shows the server's words; fix the address, or try again with --retry-refused.
    Letters in doubt may have arrived: they are held, so that nobody gets one twice. `appel status` lists them, and says what to do.
    ");
    insta::assert_snapshot!(run.stdout, @r"
    2 letters: 1 refused, 1 in doubt.
    Not sent: 1 letter is for senders in other countries.
    ");
    insta::assert_snapshot!(campaign.appel(&["status"]).exits(0).stdout, @r"
    Free them (test), from ann@home.example

            0  accepted
            0  deferred (due again)
            1  refused
            1  in doubt (held)
            0  due

    In doubt: the server may have taken these, or not. They are held.
      solidarity  union@workers.example  tried 2026-11-25 10:00 UTC
        <d7229180537cc7ad19c707f0ad379eef@home.example>
        the letter was handed over, then the connection was lost: reset by the server

    Look into your Sent folder (some providers put there what was sent), or ask the recipient. Then
    tell appel; ID is what stands between < and > above:
      appel settle ID --sent    it arrived: never sent again
      appel settle ID --unsent  it did not: due again
    If nobody can tell, and twice is better than never: `appel send --resend-in-doubt` sends all of
    them again, as the same messages.

    Refused by the server; `appel log` shows its words.
      protest  minister@mfa.example  first tried 2026-11-25 10:00 UTC
        <eb5ca457368972c4abafb0683a3fe6f2@home.example>
    ");
    insta::assert_snapshot!(campaign.appel(&["status", "--json"]).exits(0).stdout, @r#"{"campaign":"test","accepted":0,"deferred":0,"refused":1,"in_doubt":1,"due":0,"copies_deferred":0,"copies_refused":0,"copies_in_doubt":0,"copies_due":0}"#);
    insta::assert_snapshot!(campaign.appel(&["log"]).exits(0).stdout, @r"
    2026-11-25 10:00:00 UTC  refused   protest  fr  minister@mfa.example  550 5.1.1 no such user
    2026-11-25 10:00:00 UTC  in doubt  solidarity  en  union@workers.example  the letter was handed over, then the connection was lost: reset by the server
        copy in doubt  families@workers.example
        copy in doubt  archive@home.example
    ");
    insta::assert_snapshot!(campaign.send(&[]).exits(1).stdout, @r"
    Nothing is due.
      1 letter was refused by the server earlier (see `appel log`; try again with --retry-refused)
        protest  minister@mfa.example
      1 letter is in doubt and held (see `appel status`)
      1 letter is for senders in other countries
    ");
}

#[test]
fn a_rehearsal_shows_what_arrived() {
    let server = Server::builder().start();
    // Over one connection, so that the order is always the same.
    let run = campaign().smtp(&server).appel(&["rehearse"]);
    run.exits(0);
    insta::assert_snapshot!(run.stdout, @r"
    Arrived at the built-in mail server:

      to                       language  subject      copies
      Ministère                fr        Libérez-les
      <minister@mfa.example>
      Oil Workers              en        With you     families@workers.example
      <union@workers.example>                         archive@home.example

    The first of them in full:

      From:    Ann Activist <ann@home.example>
      To:      Ministère <minister@mfa.example>
      Subject: Libérez-les

      Monsieur le Ministre,

      J’écris de Brussels.

    2 letters: 2 accepted.
    Not sent: 1 letter is for senders in other countries.
    ");
    insta::assert_snapshot!(run.stderr, @r"
    1/2  accepted  protest  fr  minister@mfa.example
    2/2  accepted  solidarity  en  union@workers.example
    This was a rehearsal: nothing left this machine.
    ");
}

#[test]
fn a_preview_shows_letters_as_they_are_read() {
    let run = campaign().preview(&[]);
    run.exits(0);
    insta::assert_snapshot!(run.stdout, @r"
    protest in fr
    From:    Ann Activist <ann@home.example>
    To:      Ministère <minister@mfa.example>
    Subject: Libérez-les

    Monsieur le Ministre,

    J’écris de Brussels.

    ────────────────────────────────────────────────────────────────────────

    solidarity in en
    From:    Ann Activist <ann@home.example>
    To:      Oil Workers <union@workers.example>
    Cc:      families@workers.example, archive@home.example
    Subject: With you

    Dear friends,

    we are with you.
    ");
}

#[test]
fn a_preview_in_full_shows_letters_as_they_leave() {
    let run = campaign().preview(&["-v", "--letter", "protest"]);
    run.exits(0);
    insta::assert_snapshot!(run.stdout, @r#"
    From: "Ann Activist" <ann@home.example>
    To: =?utf-8?b?TWluaXN0w6hyZQ==?= <minister@mfa.example>
    Subject: =?utf-8?b?TGliw6lyZXotbGVz?=
    Date: Wed, 25 Nov 2026 10:00:00 +0000
    Message-ID: <eb5ca457368972c4abafb0683a3fe6f2@home.example>
    MIME-Version: 1.0
    Content-Type: text/plain; charset=utf-8; format=flowed
    Content-Transfer-Encoding: quoted-printable

    Monsieur le Ministre,

    J=E2=80=99=C3=A9cris de Brussels.
    "#);
}

#[test]
fn a_failure_says_what_happened_why_and_what_to_do() {
    let server = Server::builder()
        .on(Step::Connect)
        .reply("554 5.7.1 your address is on a list")
        .start();
    let run = campaign().smtp(&server).send(&["-q"]);
    run.exits(4);
    insta::assert_snapshot!(run.stderr, @r"
    1/2  deferred  protest  fr  minister@mfa.example: not tried: the run ended before
    2/2  deferred  solidarity  en  union@workers.example: not tried: the run ended before
    error: 127.0.0.1 does not take mail from here
     |
     = caused by: 554 5.7.1 your address is on a list
     = help: check smtp.host and smtp.port, or ask your provider
     = help: 2 letters not sent; what was sent is recorded
    ");
}

#[test]
fn no_message_id_is_broken_where_it_could_not_be_copied() {
    let server = Server::builder().on(Step::FinalDot).accept_then_reset().start();
    let campaign = campaign()
        .smtp(&server)
        .set("sender.email", "ann@a-rather-long-name-of-a-domain.home.example");
    let run = campaign.send_json(&[]);
    run.exits(1);
    let status = campaign.appel(&["status"]);
    for letter in run.letters().iter().filter(|letter| letter["outcome"] == "in-doubt") {
        status.prints(&[letter["message_id"].as_str().unwrap(), letter["to"].as_str().unwrap()]);
    }
}
