mod copies;
mod flood;

use std::collections::HashMap as Map;
use std::fmt::Write as _;

use super::*;
use crate::address::Address;
use crate::letter::{Chosen, Past, Resend, Rules};
use crate::outcome::Status;
use crate::testing::{self, Given, List, Made, address, given, language, letter, moment, sender};

const NOW: &str = "2011-12-16T18:54:00Z";

/// What is known, by the letter and the address.
struct Known(Map<LetterId, Status>);

impl Known {
    fn of(entries: &[(&str, &str, Status)]) -> Self {
        let sender = address("ann@home.example");
        Self(
            entries
                .iter()
                .map(|(letter, to, status)| (LetterId::new("test", letter, &sender, &address(to)), *status))
                .collect(),
        )
    }
}

const FIRST: &str = "2011-11-11T11:11:11Z";

fn told(made: &Made, selection: Selection, known: &Known, resend: Resend) -> Vec<String> {
    let plan = made.plan(selection);
    let rules = Rules {
        resend,
        ..Rules::to_look(moment(NOW))
    };
    let mut decider = plan.decider(&rules);
    let decisions = plan.candidates().map_while(|candidate| {
        decider.goes_on().then(|| match candidate {
            Candidate::Decided(decision) => Some(decision),
            Candidate::Open(open) => {
                let past = known.0.get(&open.id).map(|status| Past {
                    status: *status,
                    first_date: moment(FIRST),
                });
                decider.decide(open, decider.may_leave(past))
            }
        })
    });
    decisions
        .flatten()
        .map(|decision| match decision {
            Decision::Due(letter) => {
                assert_eq!(letter.envelope.to, letter.recipient.email);
                let status = letter.past.map(|past| past.status);
                assert_eq!(status.as_ref(), known.0.get(&letter.id));
                assert_eq!(letter.date(moment(NOW)), moment(status.map_or(NOW, |_| FIRST)));
                format!("{} {} in {}", letter.spec.id, letter.envelope.to, letter.language)
            }
            Decision::Skipped {
                letter,
                to,
                line,
                reason,
                ..
            } => {
                let reason = serde_json::to_value(reason).unwrap();
                format!("{letter} {to} line {line}: {}", reason.as_str().unwrap())
            }
            Decision::Impossible(problem) => testing::told(&problem),
        })
        .collect()
}

fn check(given: Given, expect: &[&str]) {
    assert_eq!(
        told(&given.made(), Selection::default(), &Known::of(&[]), Resend::default()),
        expect
    );
}

fn selected(given: Given, selection: Selection) -> Vec<String> {
    told(&given.made(), selection, &Known::of(&[]), Resend::default())
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn a_letter_goes_to_the_rows_that_serve_the_senders_country() {
    check(
        given().rows(
            "role,name,email,country\n\
             embassy,A,a@x.example,BE\n\
             embassy,B,b@x.example,NL LU BE\n\
             embassy,C,c@x.example,FR\n\
             embassy,D,d@x.example,\n",
        ),
        &[
            "protest a@x.example in en",
            "protest b@x.example in en",
            "protest c@x.example line 4: other-country",
            "protest d@x.example in en",
        ],
    );
}

#[test]
fn a_star_is_for_senders_whom_no_row_of_the_role_names() {
    let rows = "role,name,email,country\n\
                embassy,Other,other@x.example,*\n\
                embassy,All,all@x.example,\n\
                embassy,France,fr@x.example,FR\n";
    check(
        given().rows(rows),
        &[
            "protest other@x.example in en",
            "protest all@x.example in en",
            "protest fr@x.example line 4: other-country",
        ],
    );
    check(
        given().rows(&format!("{rows}embassy,Belgium,be@x.example,BE\n")),
        &[
            "protest other@x.example line 2: other-country",
            "protest all@x.example in en",
            "protest fr@x.example line 4: other-country",
            "protest be@x.example in en",
        ],
    );
    // A row of another role that names the country changes nothing.
    check(
        given()
            .rows(&format!("{rows}ministry,Belgium,be@x.example,BE\n"))
            .with(|config| config.letters[0].to.push("ministry".to_owned())),
        &[
            "protest other@x.example in en",
            "protest all@x.example in en",
            "protest fr@x.example line 4: other-country",
            "protest be@x.example in en",
        ],
    );
}

#[test]
fn a_letter_is_in_the_first_language_of_the_reader_that_it_has() {
    let languages = |given: Given| {
        given
            .template("protest.fr.hbs", "Subject: a\n\nb\n")
            .template("protest.nl.hbs", "Subject: a\n\nb\n")
    };
    check(
        languages(given()).rows(
            "role,name,email,language\n\
             embassy,A,a@x.example,ru nl fr\n\
             embassy,B,b@x.example,fr-BE nl\n\
             embassy,C,c@x.example,ru\n\
             embassy,D,d@x.example,\n",
        ),
        &[
            "protest a@x.example in nl",
            "protest b@x.example in fr",
            "protest c@x.example in en",
            "protest d@x.example in en",
        ],
    );
    check(
        languages(given())
            .with(|config| config.sender.language = language("fr-BE"))
            .rows("role,name,email,language\nembassy,A,a@x.example,ru\n"),
        &["protest a@x.example in fr"],
    );
    check(
        languages(given())
            .with(|config| config.sender.language = language("de"))
            .with(|config| config.language = language("nl"))
            .rows("role,name,email,language\nembassy,A,a@x.example,ru\n"),
        &["protest a@x.example in nl"],
    );
}

#[test]
fn a_row_that_no_text_suits_stops_the_run() {
    let given = given()
        .template("protest.nl.hbs", "Subject: a\n\nb\n")
        .with(|config| config.sender.language = language("de"))
        .with(|config| config.language = language("de"))
        .rows("role,name,email,language\nembassy,A,a@x.example,ru uk\nembassy,B,b@x.example,nl\n");
    let told = selected(given, Selection::default());
    insta::assert_snapshot!(told.join("\n"), @r"
    error: letter `protest` has no text for this row in any of: ru uk de
      in recipients.csv:2 language
      help: write one of them, or give `campaign.language` one that it has: en nl
    protest b@x.example in nl
    ");
}

#[test]
fn every_letter_that_names_the_role_goes_to_the_row() {
    check(
        given()
            .with(|config| {
                config
                    .letters
                    .push(letter("thanks", &["support", "embassy", "embassy"]));
            })
            .template("thanks.en.hbs", "Subject: a\n\nb\n")
            .rows(
                "role,name,email\n\
                 embassy,A,a@x.example\n\
                 support,B,b@x.example\n\
                 nobody,C,c@x.example\n",
            ),
        &[
            "protest a@x.example in en",
            "thanks a@x.example in en",
            "thanks b@x.example in en",
        ],
    );
}

#[test]
fn an_address_gets_a_letter_once() {
    let rows = "role,name,email,country\n\
                embassy,A,info@x.example,FR\n\
                embassy,B,Info@X.example,BE\n\
                ministry,C,info@x.example,\n\
                support,D,info@x.example,\n\
                embassy,E,info@bücher.example,\n\
                embassy,F,info@xn--bcher-kva.example,\n";
    check(
        given()
            .with(|config| config.letters[0].to.push("ministry".to_owned()))
            .with(|config| config.letters.push(letter("thanks", &["support"])))
            .template("thanks.en.hbs", "Subject: a\n\nb\n")
            .rows(rows),
        &[
            // Not served, so no reason to skip the one that is.
            "protest info@x.example line 2: other-country",
            "protest Info@x.example in en",
            "protest info@x.example line 4: duplicate",
            // Another letter.
            "thanks info@x.example in en",
            "protest info@xn--bcher-kva.example in en",
            "protest info@xn--bcher-kva.example line 7: duplicate",
        ],
    );
}

#[test]
fn copies_are_the_rows_and_then_the_letters_without_repeats() {
    let campaign = given()
        .with(|config| config.letters[0].cc = vec![address("archive@x.example"), address("A@x.example")])
        .rows("role,name,email,cc\nembassy,A,a@x.example,\"b@x.example, Archive@x.example\"\n")
        .made();
    let plan = campaign.plan(Selection::default());
    let decision = plan.decisions(&Rules::to_look(moment(NOW))).next();
    let Some(Decision::Due(letter)) = decision else {
        panic!("{decision:?}")
    };
    let copies: Vec<&str> = letter.envelope.cc.iter().map(Address::as_str).collect();
    assert_eq!(copies, ["b@x.example", "Archive@x.example"]);
}

#[test]
fn the_ledger_decides_what_leaves_again() {
    let campaign = given()
        .rows(
            "role,name,email\n\
             embassy,A,accepted@x.example\n\
             embassy,B,deferred@x.example\n\
             embassy,C,refused@x.example\n\
             embassy,D,doubt@x.example\n\
             embassy,E,never@x.example\n",
        )
        .made();
    let ledger = Known::of(&[
        ("protest", "accepted@x.example", Status::Accepted),
        ("protest", "deferred@x.example", Status::Deferred),
        ("protest", "refused@x.example", Status::Refused),
        ("protest", "doubt@x.example", Status::InDoubt),
        ("other", "never@x.example", Status::Accepted),
    ]);
    let told = |resend| told(&campaign, Selection::default(), &ledger, resend);
    assert_eq!(
        told(Resend::default()),
        [
            "protest accepted@x.example line 2: already-accepted",
            "protest deferred@x.example in en",
            "protest refused@x.example line 4: refused-earlier",
            "protest doubt@x.example line 5: in-doubt",
            "protest never@x.example in en",
        ]
    );
    let resend = Resend {
        in_doubt: true,
        refused: false,
    };
    assert_eq!(
        told(resend)[2..4],
        [
            "protest refused@x.example line 4: refused-earlier",
            "protest doubt@x.example in en"
        ]
    );
    let resend = Resend {
        in_doubt: false,
        refused: true,
    };
    assert_eq!(
        told(resend)[2..4],
        [
            "protest refused@x.example in en",
            "protest doubt@x.example line 5: in-doubt"
        ]
    );
}

#[test]
fn nothing_leaves_after_the_deadline_and_what_was_decided_before_it_keeps_its_reason() {
    let campaign = |deadline: &str| {
        let deadline = moment(deadline);
        given()
            .with(|config| config.deadline = Some(deadline))
            .rows("role,name,email,country\nembassy,A,a@x.example,\nembassy,B,b@x.example,\nembassy,C,c@x.example,FR\n")
            .made()
    };
    let ledger = Known::of(&[("protest", "a@x.example", Status::Accepted)]);
    let told = |deadline| told(&campaign(deadline), Selection::default(), &ledger, Resend::default());
    assert_eq!(
        told("2011-12-16T18:53:59Z"),
        [
            "protest a@x.example line 2: already-accepted",
            "protest b@x.example line 3: deadline",
            "protest c@x.example line 4: other-country",
        ]
    );
    assert_eq!(told(NOW)[1], "protest b@x.example in en");
}

#[test]
fn a_selection_leaves_the_rest_out_without_a_word() {
    let given = || {
        given()
            .with(|config| {
                config.letters[0].to.push("ministry".to_owned());
                config.letters.push(letter("thanks", &["support", "ministry"]));
            })
            .template("thanks.en.hbs", "Subject: a\n\nb\n")
            .rows(
                "role,name,email\n\
                 embassy,A,a@x.example\n\
                 ministry,B,b@x.example\n\
                 support,C,c@x.example\n",
            )
    };
    let all = Selection::default;
    assert_eq!(
        selected(
            given(),
            Selection {
                letters: words(&["thanks"]),
                ..all()
            }
        ),
        ["thanks b@x.example in en", "thanks c@x.example in en"]
    );
    assert_eq!(
        selected(
            given(),
            Selection {
                roles: words(&["ministry"]),
                ..all()
            }
        ),
        ["protest b@x.example in en", "thanks b@x.example in en"]
    );
    assert_eq!(
        selected(
            given(),
            Selection {
                to: vec![address("C@X.example")],
                ..all()
            }
        ),
        ["thanks c@x.example in en"]
    );
    assert_eq!(
        selected(
            given(),
            Selection {
                limit: Some(2),
                ..all()
            }
        ),
        ["protest a@x.example in en", "protest b@x.example in en"]
    );
}

#[test]
fn a_limit_counts_only_what_is_due() {
    let given = given().rows(
        "role,name,email,country\n\
         embassy,A,a@x.example,FR\n\
         embassy,B,b@x.example,\n\
         embassy,C,c@x.example,FR\n\
         embassy,D,d@x.example,\n",
    );
    assert_eq!(
        selected(
            given,
            Selection {
                limit: Some(1),
                ..Selection::default()
            }
        ),
        ["protest a@x.example line 2: other-country", "protest b@x.example in en"]
    );
}

#[test]
fn of_those_a_limit_lets_leave_the_ones_never_tried_come_first_and_of_the_others_those_that_were_chosen() {
    let made = given()
        .rows(
            "role,name,email,country\n\
             embassy,A,a@x.example,\n\
             embassy,B,b@x.example,\n\
             embassy,C,c@x.example,\n\
             embassy,D,d@x.example,\n\
             embassy,E,e@x.example,\n",
        )
        .made();
    let plan = made.plan(Selection {
        limit: Some(2),
        ..Selection::default()
    });
    let id = |to: &str| LetterId::new("test", "protest", &made.sender.email, &address(to));
    let tried = Some(Past {
        status: Status::Deferred,
        first_date: moment(FIRST),
    });
    let known = [tried, None, tried, None, None].map(Ok);
    let due = |chosen| {
        let rules = Rules {
            chosen,
            ..Rules::to_look(moment(NOW))
        };
        let decisions = plan.decisions_by(&rules, known.into_iter());
        let due = decisions.map(|decision| match decision {
            Decision::Due(letter) => letter.envelope.to.as_str()[..1].to_owned(),
            other => panic!("{other:?}"),
        });
        due.collect::<Vec<_>>().concat()
    };
    // To choose among them, all that were tried are due until there are enough others.
    assert_eq!(due(None), "abcd");
    let these = |untried, tried: &[&str]| {
        Some(Chosen::These {
            untried,
            tried: tried.iter().map(|to| id(to)).collect(),
        })
    };
    assert_eq!(due(these(2, &[])), "bd");
    assert_eq!(due(these(1, &["c@x.example"])), "bc");
    assert_eq!(due(these(0, &["c@x.example", "a@x.example"])), "ac");
    assert_eq!(due(Some(Chosen::All)), "abcde");
}

#[test]
fn a_role_that_nobody_fills_for_this_sender_is_said_with_who_would_have_been_served() {
    let campaign = given()
        .with(|config| {
            config.letters[0].to.extend(words(&["ministry", "court"]));
            config.letters.push(letter("thanks", &["ministry", "support"]));
        })
        .template("thanks.en.hbs", "Subject: a\n\nb\n")
        .rows(
            "role,name,email,country\n\
             embassy,A,a@x.example,NL\n\
             embassy,B,b@x.example,FR MC\n\
             ministry,C,c@x.example,\n\
             court,D,d@x.example,*\n",
        )
        .made();
    let said = |selection| {
        let plan = campaign.plan(selection);
        plan.uncovered().iter().map(testing::told).collect::<Vec<_>>()
    };
    insta::assert_snapshot!(said(Selection::default()).join("\n\n"), @r"
    warning: letter `protest`: no `embassy` serves senders in BE
      in recipients.csv
      help: the rows there serve FR MC NL; add BE to the one that is accredited to it, or a row whose country is `*`

    warning: letter `thanks` goes to `support`, and no row has that role
      in recipients.csv
      help: add a row with the role `support`, or take it out of the letter's `to`
    ");
    assert!(
        said(Selection {
            roles: words(&["ministry"]),
            ..Selection::default()
        })
        .is_empty()
    );
    assert!(
        said(Selection {
            to: vec![address("c@x.example")],
            ..Selection::default()
        })
        .is_empty()
    );
}

#[test]
fn two_senders_of_one_campaign_have_nothing_in_common_but_the_campaign() {
    let text = "Subject: {{campaign.title}}\n\n{{sender.name}}, {{sender.country}}: {{message}}\n";
    let made = given()
        .template("protest.en.hbs", text)
        .template("protest.fr.hbs", text)
        .rows(
            "role,name,email,country\n\
             embassy,Brussels,be@x.example,BE\n\
             embassy,Paris,fr@x.example,FR\n\
             embassy,Both,both@x.example,BE FR\n",
        )
        .made();
    let first = |sender: &Sender, personal: &str| {
        let made = Made {
            sender: sender.clone(),
            ..made.clone()
        };
        let (plan, renderer) = (made.plan(Selection::default()), made.renderer(Some(personal)));
        let mut decisions = plan.decisions(&Rules::to_look(moment(NOW)));
        // As far as the first letter, and on from there while another sender's letters are made.
        move || {
            let letter = decisions.find_map(|decision| match decision {
                Decision::Due(letter) => Some(letter),
                _ => None,
            })?;
            let text = renderer.render(&letter, jiff::civil::date(2011, 12, 16)).unwrap();
            assert_eq!(letter.envelope.from, made.sender.email);
            Some((
                letter.id,
                format!("{} {} {}", letter.envelope.to, letter.language, text.body),
            ))
        }
    };
    let ann = sender("Ann", "ann@home.example", "BE", "en");
    let luc = sender("Luc", "luc@home.example", "FR", "fr");
    let (mut of_ann, mut of_luc) = (first(&ann, "hello"), first(&luc, "bonjour"));
    let mut ids = Vec::new();
    let mut letters = Vec::new();
    for _ in 0..2 {
        for next in [&mut of_ann as &mut dyn FnMut() -> _, &mut of_luc] {
            let (id, letter) = next().unwrap();
            ids.push(id);
            letters.push(letter);
        }
    }
    assert_eq!(
        letters,
        [
            "be@x.example en Ann, BE: hello\n",
            "fr@x.example fr Luc, FR: bonjour\n",
            "both@x.example en Ann, BE: hello\n",
            "both@x.example fr Luc, FR: bonjour\n",
        ]
    );
    assert!(of_ann().is_none() && of_luc().is_none());
    assert_ne!(ids[2], ids[3], "one letter to one address, from two senders");
    // What one of them handed over counts for nobody else.
    let tried = |status| Past {
        status,
        first_date: moment(FIRST),
    };
    let known: Map<LetterId, Past> = [(ids[2], tried(Status::Accepted))].into();
    for (sender, due) in [(&ann, 1), (&luc, 2)] {
        let plan = Plan::new(&made.campaign, sender, made.limits, Selection::default()).unwrap();
        let decider = plan.decider(&Rules::to_look(moment(NOW)));
        let left = plan.candidates().filter(|candidate| match candidate {
            Candidate::Open(open) => decider.may_leave(known.get(&open.id).copied()).is_ok(),
            Candidate::Decided(_) => false,
        });
        assert_eq!(left.count(), due);
    }
}

#[test]
fn when_the_rows_can_no_longer_be_read_there_is_no_plan_and_the_last_decision_says_so() {
    let mut rows = "role,name,email\n".to_owned();
    for row in 0..300 {
        let _ = writeln!(rows, "embassy,A,a{row}@x.example");
    }
    let recipients = Arc::new(List::new(&rows));
    let made = given().made();
    let campaign = Arc::new(Campaign {
        recipients: recipients.clone(),
        ..Campaign::clone(&made.campaign)
    });
    let plan = || Plan::new(&campaign, &made.sender, made.limits, Selection::default());
    let mut decisions = plan().unwrap().decisions(&Rules::to_look(moment(NOW)));
    let begun = decisions.by_ref().take(100).count();
    recipients.lose_behind(200);
    let decisions: Vec<Decision> = decisions.collect();
    let (last, before) = decisions.split_last().unwrap();
    assert_eq!(begun + before.len(), 200);
    assert!(before.iter().all(|decision| matches!(decision, Decision::Due(_))));
    assert!(matches!(last, Decision::Impossible(problem) if problem.what.in_english() == "the rest is lost"));
    assert!(plan().is_err());
    let by_address = Selection {
        to: vec![address("a299@x.example")],
        ..Selection::default()
    };
    let said: Vec<String> = by_address
        .check(&campaign)
        .into_iter()
        .map(|problem| problem.what.in_english())
        .collect();
    assert_eq!(said, ["the rest is lost"]);
}

#[test]
fn of_a_hundred_thousand_rows_hardly_any_hash_is_kept_but_of_the_addresses_that_recur() {
    let mut rows = "role,name,email\n".to_owned();
    for row in 0..100_000 {
        let _ = writeln!(rows, "embassy,A,a{}@x.example", row % 99_999);
    }
    let campaign = given().rows(&rows).made();
    let plan = campaign.plan(Selection::default());
    // And every letter leaves that goes to an address whose hash is kept for nothing.
    let (kept, _) = plan.recurring.count();
    assert!((1..100).contains(&kept), "{kept}");
    let skipped = plan
        .decisions(&Rules::to_look(moment(NOW)))
        .filter(|decision| {
            matches!(
                decision,
                Decision::Skipped {
                    reason: Skip::Duplicate,
                    ..
                }
            )
        })
        .count();
    assert_eq!(skipped, 1);
}
