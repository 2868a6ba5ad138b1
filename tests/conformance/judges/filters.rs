//! Spam filters score every letter, and the same letter as Python's `email` writes it: none is to be above that.
//!
//! `docs/conformance.md` has the scores. With `APPEL_WRITE_SCORES=1` these tests write its tables anew.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use serde::Deserialize;

use super::{
    letters_in_files, nothing_is_wrong, said, script,
    servers::{in_its_place, talk},
};
use crate::daemon::{Daemon, eventually, open_folder, servers_as_root, servers_with};

/// What a filter gives a letter.
#[derive(Clone, Debug, Deserialize)]
struct Score {
    score: f64,
    why: String,
}

/// A letter whose score is above that of the same by Python's `email`, and why it stays so.
const ABOVE: &[(&str, &str)] = &[(
    "name-looks-encoded",
    "a name of ASCII that looks like an encoded word has to be encoded, and rspamd finds that excessive",
)];

/// How far a mean may be above what the page says: rules change with the filter's version.
const DRIFT: f64 = 0.1;

/// Each letter with its score and that of the same letter by Python's `email`.
type Scores = BTreeMap<String, [Score; 2]>;

/// The letters and what Python makes of them, scored.
fn scored(judge: impl FnOnce(&Path, &Path) -> BTreeMap<String, Vec<Score>>) -> Scores {
    let (folder, letters, mails) = letters_in_files();
    let composed = folder.path().join("composed");
    fs::create_dir(&composed).expect("a folder of ours");
    let _: serde_json::Value = said(script("python3", "read.py").arg(&letters).arg(&composed));
    let scores = judge(&letters, &composed);
    assert_eq!(scores.len(), mails.len());
    let both = |(name, scores): (String, Vec<Score>)| {
        let both = <[Score; 2]>::try_from(scores).unwrap_or_else(|scores| panic!("{name}: {scores:?}"));
        (name, both)
    };
    scores.into_iter().map(both).collect()
}

fn means(scores: &Scores) -> [f64; 2] {
    [0, 1].map(|one| scores.values().map(|both| both[one].score).sum::<f64>() / scores.len() as f64)
}

#[track_caller]
fn never_above_python(filter: &str, scores: &Scores) {
    let above: Vec<String> = scores
        .iter()
        .filter(|(_, [ours, python])| ours.score > python.score + 0.0005)
        .filter(|(name, _)| !ABOVE.iter().any(|(case, _)| name.starts_with(case)))
        .map(|(name, [ours, python])| {
            format!(
                "{name}:\n  {} ({})\n  by Python {} ({})",
                ours.score, ours.why, python.score, python.why
            )
        })
        .collect();
    nothing_is_wrong(&above);
    let [ours, python] = means(scores);
    eprintln!(
        "{filter}: {} letters, mean {ours:.3}, by Python's email {python:.3}",
        scores.len()
    );
    assert!(ours <= python + 0.0005, "{filter}: {ours} against {python}");
    // Not with a part of the cases.
    if std::env::var_os("APPEL_CASE").is_none() {
        page(filter, scores);
    }
}

/// Holds the page against the scores, or writes them there.
fn page(filter: &str, scores: &Scores) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md");
    let page = fs::read_to_string(&path).expect("docs/conformance.md");
    let (begin, end) = (
        format!("<!-- scores: {filter} -->\n"),
        format!("<!-- /scores: {filter} -->"),
    );
    let from = page.find(&begin).expect("the page has a place for the scores") + begin.len();
    let to = page.find(&end).expect("the place has an end");
    let [ours, python] = means(scores);
    let table = format!(
        "| letters | mean | of the same by Python's `email` | highest |\n| --- | --- | --- | --- |\n\
         | {} | {ours:.3} | {python:.3} | {:.1} |\n",
        scores.len(),
        scores.values().map(|both| both[0].score).fold(f64::MIN, f64::max),
    );
    if std::env::var_os("APPEL_WRITE_SCORES").is_some() {
        fs::write(&path, page[..from].to_owned() + &table + &page[to..]).expect("a page of ours");
        return;
    }
    let cells: Vec<&str> = page[from..to]
        .lines()
        .last()
        .unwrap_or_default()
        .split('|')
        .map(str::trim)
        .collect();
    assert_eq!(
        cells[1],
        scores.len().to_string(),
        "write docs/conformance.md anew: APPEL_WRITE_SCORES=1"
    );
    let written: f64 = cells[2].parse().expect("a mean");
    assert!(
        ours <= written + DRIFT,
        "{filter}: {ours:.2}, and the page says {written}"
    );
}

#[test]
fn spamassassin_gives_no_letter_more_than_the_same_by_pythons_email() {
    let Some(servers) = servers_with("usr/share/perl5/Mail/SpamAssassin.pm") else {
        return;
    };
    let scores = scored(|letters, composed| {
        let state = tempfile::tempdir().expect("a temporary directory");
        said(
            script("perl", "spamassassin.pl")
                .env("PERL5LIB", servers.join("usr/share/perl5"))
                .env("HOME", state.path())
                .arg(servers.join("usr/share/spamassassin"))
                .arg(servers.join("etc/spamassassin"))
                .arg(state.path())
                .args([letters, composed]),
        )
    });
    never_above_python("SpamAssassin", &scores);
}

#[test]
fn rspamd_gives_no_letter_more_than_the_same_by_pythons_email() {
    let Some(_) = servers_with("usr/bin/rspamd") else {
        return;
    };
    let Some(servers) = servers_as_root() else { return };
    let folder = open_folder();
    // It reads its rules for seven seconds of processor time before it listens.
    let limit = Duration::from_mins(5);
    let (daemon, [port]) = Daemon::start_within(limit, folder.path(), |[port]| {
        configure(folder.path(), port);
        // It looks for its rules and libraries where Debian has them.
        in_its_place(
            r#"
mount -t overlay none -o "lowerdir=$1/usr:/usr" /usr
exec env LD_LIBRARY_PATH=/usr/lib/rspamd /usr/bin/rspamd --no-fork --insecure --user nobody --group nogroup \
    --config "$2/rspamd.conf" --var CONFDIR="$1/etc/rspamd" --var LOCAL_CONFDIR="$2/local" --var DBDIR="$2/db" \
    --var RUNDIR="$2/run" --var LOGDIR="$2/log"
"#,
            &servers,
            folder.path(),
        )
    });
    // Its port is there before its rules are compiled.
    eventually(&format!("an answer in\n{}", daemon.output()), || {
        let ping = talk(port, &["GET /ping HTTP/1.0\r\n\r\n"]);
        ping.iter().any(|line| line.contains("200")).then_some(())
    });
    let scores = scored(|letters, composed| {
        said(
            script("python3", "rspamd.py")
                .arg(port.to_string())
                .args([letters, composed]),
        )
    });
    never_above_python("rspamd", &scores);
}

/// What rspamd is not asked: anything that takes the network, other letters or the connection that a letter came by.
const OFF: &str = "antivirus arc asn bimi clickhouse dcc dkim dkim_signing dmarc elastic external_services fuzzy_check \
    greylist hfilter history_redis metric_exporter mx_check neural p0f phishing ratelimit rbl replies reputation \
    rspamd_update spf surbl url_redirector whitelist";

fn configure(folder: &Path, port: u16) {
    for path in ["db", "run", "log", "local/override.d"] {
        fs::create_dir_all(folder.join(path)).expect("a folder of ours");
        std::os::unix::fs::chown(folder.join(path), Some(65534), Some(65534)).expect("root gives files away");
    }
    for module in OFF.split_whitespace() {
        let path = folder.join(format!("local/override.d/{module}.conf"));
        fs::write(path, "enabled = false;\n").expect("a file of ours");
    }
    // Nobody answers at port 9: it finds no name, and gets nothing from elsewhere.
    let configuration = format!(
        r#".include "$CONFDIR/common.conf"
options {{
    pidfile = "$RUNDIR/rspamd.pid";
    .include "$CONFDIR/options.inc"
    disable_hyperscan = true;
    dns {{ nameserver = ["127.0.0.1:9"]; timeout = 100ms; retransmits = 1; }}
}}
logging {{ type = "console"; level = "notice"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"#
    );
    fs::write(folder.join("rspamd.conf"), configuration).expect("a file of ours");
}

/// Every case stands on the page with what it is about.
#[test]
fn the_page_lists_every_case() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md");
    let page = fs::read_to_string(&path).expect("docs/conformance.md");
    let (begin, end) = ("<!-- cases -->\n", "<!-- /cases -->");
    let from = page.find(begin).expect("the page has a place for the cases") + begin.len();
    let to = page.find(end).expect("the place has an end");
    let mut table = "| case | what it is about |\n| --- | --- |\n".to_owned();
    for case in crate::case::all() {
        table += &format!("| `{}` | {} |\n", case.name, case.expect.about.replace('|', "\\|"));
    }
    if std::env::var_os("APPEL_WRITE_SCORES").is_some() {
        fs::write(&path, page[..from].to_owned() + &table + &page[to..]).expect("a page of ours");
    } else if std::env::var_os("APPEL_CASE").is_none() {
        assert_eq!(
            &page[from..to],
            table,
            "write docs/conformance.md anew: APPEL_WRITE_SCORES=1"
        );
    }
}
