//! A whole Postfix, as a mail provider sets it up: submission with STARTTLS or under TLS from the start, behind a login
//! (Cyrus SASL), to local mailboxes.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Stdio,
    time::SystemTime,
};

use rustix::process::{getgid, getuid};
use tempfile::TempDir;

use crate::{
    daemon::{Daemon, eventually, open_folder, program, servers_as_root},
    identity::{self, Identity},
    letters::{Arrival, arrivals, assert_kept_nowhere, assert_same, delivered, files, hard_campaign, written},
    provider::{Access, Provider},
    support::{Campaign, PASSWORD, accepted},
};

const USER: &str = "ann@home.example";
/// What Postfix writes above a letter that it delivers.
const TRACE: [&str; 4] = ["Return-Path", "X-Original-To", "Delivered-To", "Received"];
/// Everyone who has a mailbox: `m1` to `m60`, and so on.
const MAILBOXES: [(&str, usize); 2] = [("m", 60), ("copy", 3)];
/// Users of every Debian: Postfix runs as one of them and delivers as the other.
const MAIL: (u32, u32) = (8, 8);
const NOBODY: (u32, u32) = (65534, 65534);

pub struct Postfix {
    daemon: Daemon,
    starttls: u16,
    tls: u16,
    identity: Identity,
    folder: TempDir,
}

impl Postfix {
    /// With these login mechanisms.
    pub fn start(servers: &Path, mechanisms: &str) -> Self {
        assert!(getuid().is_root() && getgid().is_root(), "only root starts Postfix");
        let folder = open_folder();
        let at = |path: &str| folder.path().join(path);
        let identity = identity::issue(folder.path());
        for (path, mode, owner) in [
            ("etc", 0o755, (0, 0)),
            // Debian's Postfix looks here whatever its configuration says.
            ("etc/sasl", 0o755, (0, 0)),
            ("queue", 0o755, (0, 0)),
            ("data", 0o700, MAIL),
            ("mail", 0o755, NOBODY),
            ("queue/pid", 0o755, (0, 0)),
            ("queue/public", 0o755, MAIL),
        ] {
            make(&at(path), mode, owner);
        }
        for path in "active bounce corrupt defer deferred flush hold incoming maildrop private saved trace".split(' ') {
            make(&at("queue").join(path), 0o700, MAIL);
        }
        sasl(servers, folder.path(), mechanisms);
        fs::write(at("etc/main.cf"), main_cf(servers, folder.path(), &identity)).expect("a file in a folder of ours");
        // Each of its processes would wait for two seconds, lest a file as new as that is still being written.
        let main_cf = fs::File::open(at("etc/main.cf")).expect("a file of ours");
        main_cf.set_modified(SystemTime::UNIX_EPOCH).expect("a file of ours");

        let (daemon, [starttls, tls]) = Daemon::start(folder.path(), |[starttls, tls]| {
            fs::write(at("etc/master.cf"), master_cf(starttls, tls)).expect("a file in a folder of ours");
            let mut command = program(servers, "usr/lib/postfix/sbin/master");
            command.arg("-d").arg("-c").arg(at("etc"));
            command
        });
        Self {
            daemon: daemon.with_logs(&[at("log")]),
            starttls,
            tls,
            identity,
            folder,
        }
    }

    fn log(&self) -> String {
        self.daemon.output()
    }

    fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    fn access_by(&self, security: &'static str) -> Access {
        Access {
            port: if security == "tls" { self.tls } else { self.starttls },
            security,
            authority: Some(self.identity.authority.clone()),
            user: Some(USER),
        }
    }

    /// Waits until so many files lie in the mailboxes, and nothing is left to deliver.
    fn delivers(&self, number: usize) {
        eventually(&format!("{number} letters in\n{}", self.log()), || {
            (self.has_delivered() && files(&self.mail()).len() >= number).then_some(())
        });
        assert_eq!(files(&self.mail()).len(), number, "{}", self.log());
    }
}

impl Provider for Postfix {
    fn access(&self) -> Access {
        self.access_by("starttls")
    }

    fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn arrivals(&self) -> BTreeSet<Arrival> {
        arrivals(&self.mail())
    }

    fn has_delivered(&self) -> bool {
        let queues = ["incoming", "active", "deferred"].map(|queue| self.folder.path().join("queue").join(queue));
        // A letter that it has not taken, or not yet, is a file that cannot be executed.
        let is_letter = |file: &fs::DirEntry| file.metadata().is_ok_and(|it| it.permissions().mode() & 0o100 != 0);
        let mut files = queues
            .iter()
            .filter_map(|queue| fs::read_dir(queue).ok())
            .flatten()
            .flatten();
        !files.any(|file| is_letter(&file))
    }
}

fn make(path: &Path, mode: u32, (user, group): (u32, u32)) {
    fs::create_dir(path).expect("a folder of ours");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a folder of ours");
    chown(path, Some(user), Some(group)).expect("root gives files away");
}

/// The login that the server knows, and the ways in which it asks for it.
fn sasl(servers: &Path, folder: &Path, mechanisms: &str) {
    let database = folder.join("etc/users");
    let mut child = program(servers, "usr/sbin/saslpasswd2")
        .args(["-p", "-c", "-u", "home.example", "-f"])
        .arg(&database)
        .arg("ann")
        .stdin(Stdio::piped())
        .spawn()
        .expect("saslpasswd2 can be run");
    std::io::Write::write_all(&mut child.stdin.take().expect("its stdin"), PASSWORD.as_bytes()).expect("it reads");
    assert!(child.wait().expect("it ends").success());
    chown(&database, Some(MAIL.0), Some(MAIL.1)).expect("root gives files away");
    let config = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: {mechanisms}\n",
        database.display()
    );
    fs::write(folder.join("etc/sasl/smtpd.conf"), config).expect("a file in a folder of ours");
}

fn main_cf(servers: &Path, folder: &Path, identity: &Identity) -> String {
    let mut mailboxes = String::new();
    for (name, number) in MAILBOXES {
        for n in 1..=number {
            let _ = write!(mailboxes, " {{ {name}{n}@mfa.example = {name}{n}/ }}");
        }
    }
    let servers = servers.display();
    let folder = folder.display();
    let Identity { certificate, key, .. } = identity;
    let (certificate, key) = (certificate.display(), key.display());
    format!(
        "compatibility_level = 3.6
command_directory = {servers}/usr/sbin
daemon_directory = {servers}/usr/lib/postfix/sbin
shlib_directory = {servers}/usr/lib/postfix
meta_directory = {folder}/etc
queue_directory = {folder}/queue
data_directory = {folder}/data
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
export_environment = MAIL_CONFIG LD_LIBRARY_PATH
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = mail
setgid_group = daemon
default_privs = nobody
in_flow_delay = 0s
myhostname = mail.example
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks =
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
default_transport = error: nothing leaves this machine
relay_transport = error: nothing leaves this machine
local_transport = error: nothing is local
virtual_mailbox_domains = mfa.example
virtual_mailbox_maps = inline:{{{mailboxes} }}
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {folder}/etc/sasl
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient, permit_sasl_authenticated, reject
smtpd_sasl_authenticated_header = yes
debug_peer_list = 127.0.0.1
",
        user = NOBODY.0,
        group = NOBODY.1,
    )
}

fn master_cf(starttls: u16, tls: u16) -> String {
    let mut services = format!(
        "127.0.0.1:{starttls} inet n - n - - smtpd\n127.0.0.1:{tls} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n"
    );
    for (name, kind, limit, program) in [
        ("postlog", "unix-dgram", "1", "postlogd"),
        ("cleanup", "unix", "0", "cleanup"),
        ("qmgr", "unix", "1", "qmgr"),
        ("tlsmgr", "unix", "1", "tlsmgr"),
        ("rewrite", "unix", "-", "trivial-rewrite"),
        ("bounce", "unix", "0", "bounce"),
        ("defer", "unix", "0", "bounce"),
        ("trace", "unix", "0", "bounce"),
        ("proxymap", "unix", "-", "proxymap"),
        ("anvil", "unix", "1", "anvil"),
        ("error", "unix", "-", "error"),
        ("retry", "unix", "-", "error"),
        ("virtual", "unix", "-", "virtual"),
    ] {
        let private = if name == "cleanup" || name == "qmgr" || name == "postlog" {
            "n"
        } else {
            "-"
        };
        let unprivileged = if name == "virtual" { "n" } else { "-" };
        let _ = writeln!(services, "{name} {kind} {private} {unprivileged} n - {limit} {program}");
    }
    services
}

impl Campaign {
    fn postfix(self, postfix: &Postfix, security: &'static str) -> Self {
        self.at(&postfix.access_by(security))
    }
}

fn takes_the_hard_campaign_whole(security: &'static str, mechanism: &str) {
    let Some(servers) = servers_as_root() else { return };
    let postfix = Postfix::start(&servers, mechanism);
    let campaign = hard_campaign().postfix(&postfix, security);
    let written = written(&campaign);

    let run = campaign.send_json(&[]);

    run.exits(0);
    assert_eq!(run.counts(), accepted(9), "{}", postfix.log());
    postfix.delivers(18);
    assert_same(&delivered(&postfix.mail(), &TRACE), &written);
    let log = postfix.log();
    assert!(
        log.contains(&format!("sasl_method={mechanism}, sasl_username={USER}")),
        "{log}"
    );

    let again = campaign.send_json(&[]);

    again.exits(0);
    assert_eq!(again.counts(), [0, 0, 0, 0, 0, 9]);
    postfix.delivers(18);
}

#[test]
fn letters_arrive_whole_over_starttls_with_auth_plain() {
    takes_the_hard_campaign_whole("starttls", "PLAIN");
}

#[test]
fn letters_arrive_whole_over_starttls_with_auth_login() {
    takes_the_hard_campaign_whole("starttls", "LOGIN");
}

#[test]
fn letters_arrive_whole_under_tls_from_the_start_with_auth_plain() {
    takes_the_hard_campaign_whole("tls", "PLAIN");
}

#[test]
fn letters_arrive_whole_under_tls_from_the_start_with_auth_login() {
    takes_the_hard_campaign_whole("tls", "LOGIN");
}

#[test]
fn an_unknown_recipient_is_refused_with_the_servers_words_while_the_others_arrive() {
    let Some(servers) = servers_as_root() else { return };
    let postfix = Postfix::start(&servers, "PLAIN LOGIN");
    let campaign = Campaign::new()
        .recipients(
            "ministry,One,m1@mfa.example\n\
             ministry,Nobody,nobody@mfa.example\n\
             ministry,Two,m2@mfa.example,,,lost@mfa.example copy2@mfa.example\n",
        )
        .postfix(&postfix, "starttls");

    let run = campaign.send_json(&[]);

    run.exits(1);
    assert_eq!(run.counts(), [3, 2, 0, 1, 0, 0], "{}", run.stdout);
    let refused = run.letter_to("nobody@mfa.example");
    assert_eq!(
        (&refused["outcome"], &refused["code"]),
        (&"refused".into(), &550.into())
    );
    let words = refused["reply"].as_str().unwrap_or_default();
    assert!(
        words.contains("5.1.1 <nobody@mfa.example>: Recipient address rejected: User unknown"),
        "{words}"
    );
    let outcomes: Vec<_> = run.letter_to("m2@mfa.example")["recipients"]
        .as_array()
        .expect("an outcome for each address")
        .iter()
        .map(|address| format!("{} {} {}", address["address"], address["outcome"], address["code"]).replace('"', ""))
        .collect();
    assert_eq!(
        outcomes,
        [
            "m2@mfa.example accepted 250",
            "lost@mfa.example refused 550",
            "copy2@mfa.example accepted 250"
        ]
    );
    postfix.delivers(3);

    let again = campaign.send_json(&[]);

    assert_eq!(again.counts(), [0, 0, 0, 0, 0, 3]);
    postfix.delivers(3);
}

#[test]
fn a_wrong_password_is_tried_once_and_shown_to_nobody() {
    let Some(servers) = servers_as_root() else { return };
    let postfix = Postfix::start(&servers, "PLAIN LOGIN");
    let wrong = "another-Secret#7";
    let campaign = Campaign::new()
        .people(3)
        .postfix(&postfix, "starttls")
        .set_toml("smtp.connections", "3")
        .login(USER, wrong);

    let run = campaign.send(&["-v"]);

    run.exits(4).says(&["535"]);
    assert!(!format!("{}{}", run.stdout, run.stderr).contains(wrong));
    assert_kept_nowhere(&campaign, wrong);
    let log = postfix.log();
    assert_eq!(logins(&log), 1, "{log}");
    assert_eq!(campaign.standing(), [0, 0, 0, 0, 3]);
    postfix.delivers(0);
}

#[test]
fn a_server_whose_authority_is_unknown_never_sees_a_login() {
    let Some(servers) = servers_as_root() else { return };
    let postfix = Postfix::start(&servers, "PLAIN LOGIN");
    let other = open_folder();
    let stranger = identity::issue(other.path());
    for security in ["starttls", "tls"] {
        let campaign = Campaign::new()
            .postfix(&postfix, security)
            .set("smtp.ca-file", &stranger.authority.display().to_string());
        campaign
            .send(&[])
            .exits(4)
            .says(&["its certificate is not valid", "no password was sent"]);
        assert_eq!(campaign.standing(), [0, 0, 0, 0, 1]);
    }
    let log = postfix.log();
    assert!(log.contains("SSL_accept error"), "{log}");
    assert_eq!(logins(&log), 0, "{log}");

    // The log does show a login when there is one.
    Campaign::new()
        .recipients("ministry,One,m1@mfa.example\n")
        .postfix(&postfix, "starttls")
        .send(&[])
        .exits(0);
    let log = postfix.log();
    assert_eq!(logins(&log), 1, "{log}");
}

/// How often a client said AUTH: Postfix logs every command that it is sent from 127.0.0.1.
fn logins(log: &str) -> usize {
    log.lines()
        .filter(|line| line.contains("< localhost[127.0.0.1]: AUTH "))
        .count()
}
