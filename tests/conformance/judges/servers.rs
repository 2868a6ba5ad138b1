//! Mail servers as strict as they can be made take every letter of every case, and keep its bytes: Postfix with all that
//! it has of strictness, Exim with its checks of syntax and lengths, OpenSMTPD; Dovecot gives back over IMAP what Postfix
//! delivered.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use base64::prelude::{BASE64_STANDARD, Engine};
use tempfile::TempDir;

use super::{nothing_is_wrong, said, script};
use crate::{
    case::Case,
    daemon::{Daemon, eventually, open_folder, program, read, servers_as_root},
    sent::{self, Sent},
};

/// Users of every Debian: Postfix runs as one of them and delivers as the other.
const MAIL: (u32, u32) = (8, 8);
const NOBODY: (u32, u32) = (65534, 65534);

/// Sends every case to a server and waits until each address of each letter has its copy in a Maildir.
///
/// `utf8` says whether the server takes addresses outside ASCII; `trace` names what it writes above a letter, `spoils` the
/// cases that it gets wrong.
#[track_caller]
fn carries_every_case(
    daemon: &Daemon,
    port: u16,
    mail: &Path,
    utf8: bool,
    trace: &[&str],
    spoils: &[&str],
) -> Vec<Vec<u8>> {
    let cases: Vec<&Sent> = sent::all()
        .iter()
        .filter(|sent| utf8 || !sent.case.expect.letters.iter().any(needs_utf8))
        .filter(|sent| !spoils.contains(&sent.case.name.as_str()))
        .collect();
    let wrong: Vec<String> = sent::in_two(cases.clone(), |sent| sends(&sent.case, port))
        .into_iter()
        .flatten()
        .collect();
    if !wrong.is_empty() {
        eprintln!("{}", daemon.output());
    }
    nothing_is_wrong(&wrong);
    let mut expected: Vec<Vec<u8>> = Vec::new();
    for letter in cases.iter().flat_map(|sent| sent.earlier.iter().chain(&sent.letters)) {
        for _ in &letter.to {
            expected.push(letter.data.clone());
        }
    }
    expected.sort_unstable();
    eventually(&format!("{} letters in\n{}", expected.len(), daemon.output()), || {
        (delivered(mail).len() >= expected.len()).then_some(())
    });
    let mut arrived: Vec<Vec<u8>> = delivered(mail).iter().map(|text| without(text, trace)).collect();
    arrived.sort_unstable();
    same(&arrived, &expected);
    expected
}

fn needs_utf8(letter: &crate::case::Letter) -> bool {
    !letter.to.is_ascii() || letter.copies.iter().any(|copy| !copy.is_ascii())
}

fn sends(case: &Case, port: u16) -> Option<String> {
    let campaign = case.campaign(port);
    case.prepare(&campaign);
    let run = case.run(&campaign, &["send", "--yes"]);
    (run.status != Some(0)).then(|| format!("{}: {}\n{}", case.name, run.stdout, run.stderr))
}

#[track_caller]
fn same(arrived: &[Vec<u8>], expected: &[Vec<u8>]) {
    let shown = |letter: &[u8]| String::from_utf8_lossy(letter).into_owned();
    let missing = expected
        .iter()
        .filter(|letter| arrived.binary_search(letter).is_err())
        .map(|letter| format!("did not arrive as it was sent: {}", shown(letter)));
    let others = arrived
        .iter()
        .filter(|letter| expected.binary_search(letter).is_err())
        .map(|letter| format!("arrived, and was not sent so: {}", shown(letter)));
    nothing_is_wrong(&missing.chain(others).collect::<Vec<_>>());
    assert_eq!(arrived.len(), expected.len(), "some arrived twice");
}

/// The letters in a Maildir, with the line ends that they had on the wire.
fn delivered(maildir: &Path) -> Vec<String> {
    let entries = fs::read_dir(maildir.join("new")).into_iter().flatten().flatten();
    entries
        .map(|entry| read(&entry.path()).replace('\n', "\r\n"))
        .filter(|letter| !letter.is_empty())
        .collect()
}

/// A letter without what its server wrote above it.
fn without(text: &str, trace: &[&str]) -> Vec<u8> {
    let mut rest = text;
    let mut in_trace = false;
    while let Some((line, after)) = rest.split_once("\r\n") {
        in_trace = if line.starts_with([' ', '\t']) {
            in_trace
        } else {
            let name = line.split(':').next().unwrap_or_default();
            trace.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        if !in_trace {
            break;
        }
        rest = after;
    }
    rest.as_bytes().to_vec()
}

fn make(path: &Path, mode: u32, (user, group): (u32, u32)) {
    fs::create_dir_all(path).expect("a folder of ours");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a folder of ours");
    chown(path, Some(user), Some(group)).expect("root gives files away");
}

/// What Postfix writes above a letter that it delivers.
const OF_POSTFIX: [&str; 4] = ["Return-Path", "X-Original-To", "Delivered-To", "Received"];

fn postfix(servers: &Path) -> (Daemon, u16, TempDir) {
    let folder = open_folder();
    let at = |path: &str| folder.path().join(path);
    for (path, mode, owner) in [
        ("etc", 0o755, (0, 0)),
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
    fs::write(at("etc/main.cf"), main_cf(servers, folder.path())).expect("a file in a folder of ours");
    // Each of its processes would wait for two seconds, lest a file as new as that is still being written.
    let main_cf = fs::File::open(at("etc/main.cf")).expect("a file of ours");
    main_cf.set_modified(SystemTime::UNIX_EPOCH).expect("a file of ours");
    let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
        fs::write(at("etc/master.cf"), master_cf(port)).expect("a file in a folder of ours");
        let mut command = program(servers, "usr/lib/postfix/sbin/master");
        command.arg("-d").arg("-c").arg(at("etc"));
        command
    });
    (daemon.with_logs(&[at("log")]), port, folder)
}

fn main_cf(servers: &Path, folder: &Path) -> String {
    let (servers, folder) = (servers.display(), folder.display());
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
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:all/
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
smtpd_relay_restrictions = permit_auth_destination, reject
smtpd_recipient_restrictions =
smtpd_client_connection_rate_limit = 0
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_sender_restrictions = reject_non_fqdn_sender
smtpd_data_restrictions = reject_unauth_pipelining
smtpd_forbid_bare_newline = reject
smtpd_forbid_unauth_pipelining = yes
smtputf8_enable = yes
strict_smtputf8 = yes
allow_untrusted_routing = yes
allow_percent_hack = no
swap_bangpath = no
strict_rfc821_envelopes = yes
strict_7bit_headers = yes
strict_8bitmime = yes
strict_8bitmime_body = yes
strict_mime_encoding_domain = yes
smtpd_hard_error_limit = 1
detect_8bit_encoding_header = yes
",
        user = NOBODY.0,
        group = NOBODY.1,
    )
}

fn master_cf(port: u16) -> String {
    let mut services = format!("127.0.0.1:{port} inet n - n - - smtpd\n");
    for (name, kind, limit, program) in [
        ("postlog", "unix-dgram", "1", "postlogd"),
        ("cleanup", "unix", "0", "cleanup"),
        ("qmgr", "unix", "1", "qmgr"),
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
        let private = if matches!(name, "cleanup" | "qmgr" | "postlog") {
            "n"
        } else {
            "-"
        };
        let unprivileged = if name == "virtual" { "n" } else { "-" };
        let _ = writeln!(services, "{name} {kind} {private} {unprivileged} n - {limit} {program}");
    }
    services
}

#[test]
fn a_strict_postfix_takes_every_letter_and_dovecot_gives_back_its_bytes() {
    let Some(servers) = servers_as_root() else { return };
    let (daemon, port, folder) = postfix(&servers);
    let mail = folder.path().join("mail/all");
    // Told to refuse headers outside ASCII it refuses the one that it writes itself of such an address.
    let sent = carries_every_case(&daemon, port, &mail, false, &OF_POSTFIX, &[]);

    let (_dovecot, port, _folder) = dovecot(&servers, &mail);
    let fetched: Vec<String> = said(
        script("python3", "imap.py")
            .arg(port.to_string())
            .args(["ann", "secret"]),
    );
    let mut arrived: Vec<Vec<u8>> = fetched
        .iter()
        .map(|letter| {
            let letter = BASE64_STANDARD.decode(letter).expect("base64");
            without(std::str::from_utf8(&letter).expect("UTF-8"), &OF_POSTFIX)
        })
        .collect();
    arrived.sort_unstable();
    same(&arrived, &sent);
}

/// What does not know how to be strict takes anything: that of these tests does not.
#[test]
fn a_strict_postfix_refuses_what_is_not_a_letter() {
    let Some(servers) = servers_as_root() else { return };
    let (_daemon, port, _folder) = postfix(&servers);
    for (what, line) in [
        ("8-bit header", "Subject: \u{e9}\r\n\r\nText\r\n.\r\n"),
        ("8-bit text", "Subject: a\r\n\r\n\u{e9}\r\n.\r\n"),
        ("bare newline", "Subject: a\r\n\r\na\nb\r\n.\r\n"),
        (
            "multipart in base64",
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n--b\r\n\r\na\r\n--b--\r\n.\r\n",
        ),
    ] {
        let last = reply_to_letter(port, line);
        assert!(last.starts_with('5'), "{what}: {last}");
    }
}

/// One command after the other, each with the last line of its reply.
pub fn talk(port: u16, commands: &[&str]) -> Vec<String> {
    use std::io::{BufRead, BufReader, Write};
    let stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream
        .set_read_timeout(Some(std::time::Duration::from_secs(20)))
        .expect("a socket can be told so");
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut reply = || {
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line.as_bytes().get(3) == Some(&b'-') {
            line.clear();
        }
        line
    };
    let mut replies = vec![reply()];
    for command in commands {
        (&stream).write_all(command.as_bytes()).expect("it reads");
        replies.push(reply());
    }
    replies
}

fn dovecot(servers: &Path, mail: &Path) -> (Daemon, u16, TempDir) {
    // Its modules are looked for where Debian has them: a view of /usr that only this process and its children have.
    const IN_ITS_PLACE: &str =
        r#"mount -t overlay none -o "lowerdir=$1/usr:/usr" /usr && exec /usr/sbin/dovecot -F -c "$2""#;
    let folder = open_folder();
    let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
        let (here, mail) = (folder.path().display(), mail.display());
        let configuration = format!(
            "protocols = imap
listen = 127.0.0.1
base_dir = {here}/base
state_dir = {here}/state
log_path = /dev/stderr
default_internal_user = mail
default_internal_group = mail
default_login_user = nobody
ssl = no
disable_plaintext_auth = no
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={here}/home
}}
mail_location = maildir:{mail}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"
        );
        let path = folder.path().join("dovecot.conf");
        fs::write(&path, configuration).expect("a file in a folder of ours");
        in_its_place(IN_ITS_PLACE, servers, &path)
    });
    (daemon, port, folder)
}

/// A script of the shell in a view of the system of its own, with two arguments.
pub fn in_its_place(what: &str, servers: &Path, argument: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["--mount", "/bin/sh", "-c", what, "sh"])
        .arg(servers)
        .arg(argument);
    command
}

fn exim(servers: &Path) -> (Daemon, u16, TempDir) {
    let folder = open_folder();
    let at = |path: &str| folder.path().join(path);
    let user = user("Debian-exim");
    for path in ["spool", "log", "mail"] {
        make(&at(path), 0o755, user);
    }
    let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
        let configuration = exim_configuration(servers, folder.path(), port);
        let path = at("exim.conf");
        fs::write(&path, configuration).expect("a file in a folder of ours");
        let mut command = program(servers, "usr/sbin/exim4");
        command.arg("-bdf").arg("-q1s").arg("-C").arg(path);
        command
    });
    let logs = ["log/main", "log/reject", "log/panic"].map(at);
    (daemon.with_logs(&logs), port, folder)
}

#[test]
fn an_exim_that_checks_syntax_and_lengths_takes_every_letter_and_keeps_its_bytes() {
    let Some(servers) = servers_as_root() else { return };
    let (daemon, port, folder) = exim(&servers);
    let trace = ["Return-path", "Envelope-to", "Delivery-date", "Received"];
    carries_every_case(&daemon, port, &folder.path().join("mail"), true, &trace, &[]);
}

#[test]
fn an_exim_that_checks_syntax_and_lengths_refuses_what_is_not_a_letter() {
    let Some(servers) = servers_as_root() else { return };
    let (_daemon, port, _folder) = exim(&servers);
    let long = format!("Subject: a\r\n\r\n{}\r\n.\r\n", "a".repeat(999));
    for (what, text) in [
        (
            "a header that is no address",
            "To: Ministry, of Oil <b@mfa.example\r\n\r\nText\r\n.\r\n",
        ),
        ("a long line", &long),
    ] {
        let last = reply_to_letter(port, text);
        assert!(last.starts_with('5'), "{what}: {last}");
    }
}

/// What a server says of a letter, whatever is in it.
fn reply_to_letter(port: u16, letter: &str) -> String {
    let replies = talk(
        port,
        &[
            "EHLO [127.0.0.1]\r\n",
            "MAIL FROM:<a@home.example>\r\n",
            "RCPT TO:<b@mfa.example>\r\n",
            "DATA\r\n",
            letter,
        ],
    );
    assert!(replies[4].starts_with("354"), "{replies:?}");
    replies.into_iter().next_back().unwrap_or_default()
}

fn exim_configuration(servers: &Path, folder: &Path, port: u16) -> String {
    let (servers, folder) = (servers.display(), folder.display());
    format!(
        "exim_path = {servers}/usr/sbin/exim4
spool_directory = {folder}/spool
log_file_path = {folder}/log/%s
pid_file_path = {folder}/spool/pid
keep_environment =
primary_hostname = mail.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
smtputf8_advertise_hosts = *
smtp_accept_queue_per_connection = 0
smtp_accept_max = 0
deliver_drop_privilege = true
host_lookup =
rfc1413_query_timeout = 0s
smtp_enforce_sync = true
acl_smtp_helo = helo
acl_smtp_mail = accept
acl_smtp_rcpt = accept
acl_smtp_data = whole

begin acl
helo:
  accept condition = ${{if match{{$sender_helo_name}}{{\\N^\\[127\\.0\\.0\\.1\\]$\\N}}}}
whole:
  deny message = a line of $max_received_linelength octets
       condition = ${{if >{{$max_received_linelength}}{{998}}}}
  deny !verify = header_syntax

  deny !verify = header_names_ascii
  accept

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
"
    )
}

/// A user's number and their group's.
fn user(name: &str) -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let line = users
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let mut numbers = line
        .unwrap_or_else(|| panic!("a user {name}: scripts/install-test-servers makes it"))
        .split(':')
        .skip(1)
        .map(|number| number.parse().expect("a number"));
    let mut next = || numbers.next().expect("a user has an id and a group");
    (next(), next())
}

#[test]
fn opensmtpd_takes_every_letter_and_keeps_its_bytes() {
    /// Where its folders are, and its two users, cannot be said in its configuration.
    const IN_ITS_PLACE: &str = r#"
set -e
mount --bind "$2/spool" /var/spool
mount --bind "$2/lib" /var/lib
mount --bind "$2/passwd" /etc/passwd
mount --bind "$2/group" /etc/group
mount --bind "$2/run" /run
mount -t overlay none -o "lowerdir=$1/usr:/usr" /usr
exec /usr/sbin/smtpd -d -f "$2/smtpd.conf"
"#;
    let Some(servers) = servers_as_root() else { return };
    let folder = open_folder();
    let at = |path: &str| folder.path().join(path);
    for path in ["spool/smtpd", "run", "lib/opensmtpd/empty"] {
        fs::create_dir_all(at(path)).expect("a folder of ours");
    }
    fs::set_permissions(at("spool/smtpd"), fs::Permissions::from_mode(0o711)).expect("a folder of ours");
    make(&at("mail"), 0o755, NOBODY);
    for (file, lines) in [
        (
            "passwd",
            "opensmtpd:x:64001:64001::/:/usr/sbin/nologin\nopensmtpq:x:64002:64002::/:/usr/sbin/nologin\n",
        ),
        ("group", "opensmtpd:x:64001:\nopensmtpq:x:64002:\n"),
    ] {
        let text = fs::read_to_string(PathBuf::from("/etc").join(file)).expect("every system has this file");
        fs::write(at(file), text + lines).expect("a file in a folder of ours");
    }
    let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
        let configuration = format!(
            "listen on 127.0.0.1 port {port} hostname mail.example
table readers {{ \"@\" = nobody }}
action deliver maildir \"{}/mail\" virtual <readers>
match from any for any action deliver
",
            folder.path().display()
        );
        fs::write(at("smtpd.conf"), configuration).expect("a file in a folder of ours");
        in_its_place(IN_ITS_PLACE, &servers, folder.path())
    });
    let trace = ["Return-Path", "Delivered-To", "Received"];
    // It reads headers, to complete addresses: behind an escaped quotation mark it takes a name's comma for the end of an
    // address, and completes that.
    let spoils = ["list-quoted-cells"];
    carries_every_case(&daemon, port, &at("mail"), false, &trace, &spoils);
}
