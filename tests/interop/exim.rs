//! A whole Exim, as a mail provider sets it up: submission under TLS from the start or with STARTTLS, behind a login, to
//! a local Maildir.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    daemon::{Daemon, eventually, open_folder, program, read, servers_as_root},
    identity::{self, Identity},
    letters::{Arrival, arrivals, assert_kept_nowhere, assert_same, delivered, files, hard_campaign, written},
    provider::{Access, Provider, Sessions},
    support::{Campaign, PASSWORD, accepted},
};

const USER: &str = "ann@home.example";
/// What Exim writes above a letter that it delivers.
const TRACE: [&str; 4] = ["Return-path", "Envelope-to", "Delivery-date", "Received"];

pub const PLAIN: &str = "PLAIN:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{USER}}{eq{$auth3}{PASSWORD}}}}
  server_set_id = $auth2
";

const LOGIN: &str = "LOGIN:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${if and{{eq{$auth1}{USER}}{eq{$auth2}{PASSWORD}}}}
  server_set_id = $auth1
";

pub struct Exim {
    daemon: Daemon,
    tls: u16,
    starttls: u16,
    identity: Identity,
    folder: TempDir,
}

impl Exim {
    /// With these ways to sign in.
    fn start(servers: &Path, authenticators: &str) -> Self {
        Self::start_with(servers, authenticators, "")
    }

    /// With these lines in its configuration too.
    pub fn start_with(servers: &Path, authenticators: &str, more: &str) -> Self {
        let folder = open_folder();
        let at = |path: &str| folder.path().join(path);
        let identity = identity::issue(folder.path());
        for path in ["spool", "log", "mail"] {
            fs::create_dir(at(path)).expect("a folder of ours");
        }
        let (user, group) = user_of_exim();
        // It keeps no privileges, and delivers as the user it runs as.
        for path in ["spool", "log", "mail"] {
            chown(at(path), Some(user), Some(group)).expect("root gives files away");
        }

        let (daemon, [tls, starttls]) = Daemon::start(folder.path(), |[tls, starttls]| {
            let config = configuration(servers, folder.path(), &identity, authenticators, tls, starttls);
            fs::write(at("exim.conf"), more.to_owned() + &config).expect("a file in a folder of ours");
            let mut command = program(servers, "usr/sbin/exim4");
            command.arg("-C").arg(at("exim.conf")).args(["-bdf", "-q1s"]);
            command
        });
        let logs = ["log/main", "log/reject", "log/panic"].map(at);
        Self {
            daemon: daemon.with_logs(&logs),
            tls,
            starttls,
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

    /// Waits until so many files lie in the Maildir, and nothing is left to deliver.
    fn delivers(&self, number: usize) {
        eventually(&format!("{number} letters"), || {
            (self.has_delivered() && files(&self.mail()).len() >= number).then_some(())
        });
        assert_eq!(files(&self.mail()).len(), number);
    }

    fn access_by(&self, security: &'static str) -> Access {
        Access {
            port: if security == "tls" { self.tls } else { self.starttls },
            security,
            authority: Some(self.identity.authority.clone()),
            user: Some(USER),
        }
    }

    /// How often a client was not let in.
    fn failed_logins(&self) -> usize {
        read(&self.folder.path().join("log/main"))
            .matches("authenticator failed")
            .count()
    }
}

impl Provider for Exim {
    fn access(&self) -> Access {
        self.access_by("tls")
    }

    fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn arrivals(&self) -> BTreeSet<Arrival> {
        arrivals(&self.mail())
    }

    fn sessions(&self) -> Option<Sessions> {
        let log = |name: &str| read(&self.folder.path().join("log").join(name));
        Some(Sessions {
            begun: log("main").matches(" (TCP/IP connection count = ").count(),
            overdrawn: log("reject").matches("too many messages in one connection").count(),
        })
    }

    fn has_delivered(&self) -> bool {
        // A letter has a file that ends in -D, its text, and once it is taken one that ends in -H.
        let spool = fs::read_dir(self.folder.path().join("spool/input"))
            .into_iter()
            .flatten();
        !spool
            .flatten()
            .any(|file| file.path().as_os_str().as_encoded_bytes().ends_with(b"-H"))
    }
}

/// The user that Debian builds Exim to run as; `scripts/install-test-servers` sees to it that there is one.
fn user_of_exim() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let user = users.lines().find_map(|line| line.strip_prefix("Debian-exim:"));
    let mut numbers = user
        .expect("a user Debian-exim")
        .split(':')
        .skip(1)
        .map(|number| number.parse().expect("a number"));
    let mut next = || numbers.next().expect("a user has an id and a group");
    (next(), next())
}

fn configuration(
    servers: &Path,
    folder: &Path,
    identity: &Identity,
    authenticators: &str,
    tls: u16,
    starttls: u16,
) -> String {
    let servers = servers.display();
    let folder = folder.display();
    let Identity { certificate, key, .. } = identity;
    let (certificate, key) = (certificate.display(), key.display());
    let authenticators = authenticators.replace("USER", USER).replace("PASSWORD", PASSWORD);
    format!(
        "exim_path = {servers}/usr/sbin/exim4
spool_directory = {folder}/spool
log_file_path = {folder}/log/%s
pid_file_path = {folder}/spool/pid
keep_environment =
primary_hostname = mail.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {tls} : {starttls}
tls_on_connect_ports = {tls}
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
log_selector = +smtp_connection +smtp_no_mail +smtp_protocol_error +smtp_syntax_error
smtp_accept_queue_per_connection = 0
deliver_drop_privilege = true
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_mail = signed_in
acl_smtp_rcpt = known
acl_smtp_data = accept

begin acl
signed_in:
  accept authenticated = *
  deny message = sign in first
known:
  deny message = 5.1.1 no such user here
       local_parts = nobody : lost
  accept domains = mfa.example
  deny message = nothing leaves this machine

begin routers
all:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {folder}/mail
  create_directory
  return_path_add
  envelope_to_add
  delivery_date_add

begin authenticators
{authenticators}
"
    )
}

impl Campaign {
    fn exim(self, exim: &Exim, security: &'static str) -> Self {
        self.at(&exim.access_by(security))
    }
}

fn takes_the_hard_campaign_whole(security: &'static str, authenticator: &str, mechanism: &str) {
    let Some(servers) = servers_as_root() else { return };
    let exim = Exim::start(&servers, authenticator);
    let campaign = hard_campaign().exim(&exim, security);
    let written = written(&campaign);

    let run = campaign.send_json(&[]);

    run.exits(0);
    assert_eq!(run.counts(), accepted(9));
    exim.delivers(18);
    assert_same(&delivered(&exim.mail(), &TRACE), &written);
    let log = exim.log();
    assert!(log.contains(&format!("A={mechanism}:{USER}")), "{log}");

    let again = campaign.send_json(&[]);

    again.exits(0);
    assert_eq!(again.counts(), [0, 0, 0, 0, 0, 9]);
    exim.delivers(18);
}

#[test]
fn letters_arrive_whole_under_tls_from_the_start_with_auth_plain() {
    takes_the_hard_campaign_whole("tls", PLAIN, "PLAIN");
}

#[test]
fn letters_arrive_whole_under_tls_from_the_start_with_auth_login() {
    takes_the_hard_campaign_whole("tls", LOGIN, "LOGIN");
}

#[test]
fn letters_arrive_whole_over_starttls_with_auth_plain() {
    takes_the_hard_campaign_whole("starttls", PLAIN, "PLAIN");
}

#[test]
fn letters_arrive_whole_over_starttls_with_auth_login() {
    takes_the_hard_campaign_whole("starttls", LOGIN, "LOGIN");
}

#[test]
fn an_unknown_recipient_is_refused_with_the_servers_words_while_the_others_arrive() {
    let Some(servers) = servers_as_root() else { return };
    let exim = Exim::start(&servers, PLAIN);
    let campaign = Campaign::new()
        .recipients(
            "ministry,One,m1@mfa.example\n\
             ministry,Nobody,nobody@mfa.example\n\
             ministry,Two,m2@mfa.example,,,lost@mfa.example copy2@mfa.example\n",
        )
        .exim(&exim, "tls");

    let run = campaign.send_json(&[]);

    run.exits(1);
    assert_eq!(run.counts(), [3, 2, 0, 1, 0, 0], "{}", run.stdout);
    let refused = run.letter_to("nobody@mfa.example");
    assert_eq!(
        (&refused["outcome"], &refused["code"]),
        (&"refused".into(), &550.into())
    );
    assert_eq!(refused["reply"], "5.1.1 no such user here");
    let copies = &run.letter_to("m2@mfa.example")["recipients"];
    assert_eq!(
        (&copies[1]["address"], &copies[1]["code"]),
        (&"lost@mfa.example".into(), &550.into())
    );
    exim.delivers(3);
}

#[test]
fn a_wrong_password_is_tried_once_and_shown_to_nobody() {
    let Some(servers) = servers_as_root() else { return };
    for authenticator in [PLAIN, LOGIN] {
        let exim = Exim::start(&servers, authenticator);
        let wrong = "another-Secret#7";
        let campaign = Campaign::new()
            .people(5)
            .exim(&exim, "tls")
            .set_toml("smtp.connections", "5")
            .login(USER, wrong);

        let run = campaign.send(&["-v"]);

        run.exits(4).says(&["535", USER]);
        assert!(!format!("{}{}", run.stdout, run.stderr).contains(wrong));
        assert_kept_nowhere(&campaign, wrong);
        assert_eq!(exim.failed_logins(), 1);
        assert_eq!(campaign.standing(), [0, 0, 0, 0, 5]);
    }
}

#[test]
fn a_server_whose_authority_is_unknown_never_sees_a_login() {
    let Some(servers) = servers_as_root() else { return };
    let exim = Exim::start(&servers, &(PLAIN.to_owned() + LOGIN));
    let other = open_folder();
    let stranger = identity::issue(other.path());
    for security in ["tls", "starttls"] {
        let campaign = Campaign::new()
            .exim(&exim, security)
            .set("smtp.ca-file", &stranger.authority.display().to_string());
        campaign
            .send(&[])
            .exits(4)
            .says(&["its certificate is not valid", "no password was sent"]);
        assert_eq!(campaign.standing(), [0, 0, 0, 0, 1]);
    }
    // Exim logs what was said in a connection that came to no letter: at most EHLO and STARTTLS.
    // (Whoever looked whether it is there hung up before any handshake, which it may call an error too.)
    eventually("two failed handshakes in Exim's log", || {
        let log = exim.log();
        let errors = log.lines().filter(|line| line.contains("TLS error on connection from"));
        let refused = errors.filter(|line| !line.contains("non-properly terminated"));
        (refused.count() == 2).then_some(())
    });
    let log = exim.log();
    assert!(!log.contains("AUTH") && !log.contains("authenticator failed"), "{log}");
}

#[test]
fn a_server_that_wants_a_login_and_gets_none_refuses_in_words_that_are_shown() {
    let Some(servers) = servers_as_root() else { return };
    let exim = Exim::start(&servers, PLAIN);
    let campaign = Campaign::new().people(3).exim(&exim, "tls").set("smtp.username", "");
    campaign.send(&[]).exits(4).says(&["550 sign in first"]);
    exim.delivers(0);
}
