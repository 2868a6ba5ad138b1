//! `[sender]` and `[smtp]`: who writes, and through which mail account.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use appel_core::address::Address;
use appel_core::campaign::Sender;
use appel_core::lookalike;
use appel_core::place::{Country, Language};
use appel_core::words::nearest;
use jiff::SignedDuration;
use toml::de::DeValue;

use super::general::read_language;
use super::paths::{self, Refused};
use super::read::Table;
use super::value::{Text, Value};
use super::{Auth, Own, PasswordCommand, Proxy, Rate, Security, Smtp};
use crate::failure::Problem;

/// What `[sender]` says; `None` where it was wrong.
pub struct SenderSection {
    pub name: Option<String>,
    pub email: Option<Address>,
    pub country: Option<Country>,
    /// Left out, it is the campaign's.
    pub language: Option<Language>,
    /// Whether `language` was written, right or wrong.
    pub language_written: bool,
    pub extra: BTreeMap<String, String>,
}

impl SenderSection {
    /// The validated sender; `fallback` is the campaign's language.
    pub fn finish(self, fallback: &Language) -> Option<Sender> {
        Some(Sender {
            name: self.name?,
            email: self.email?,
            country: self.country?,
            language: self.language.unwrap_or_else(|| fallback.clone()),
            extra: self.extra,
        })
    }
}

/// How many keys `[sender]` has at most; each is a name that letters may use, like a column of the recipients.
pub const MOST_DETAILS: usize = 256;
/// How long such a name is at most, in bytes.
const LONGEST_DETAIL: usize = 200;

/// Reads `[sender]`.
pub fn sender(table: &Table<'_>) -> SenderSection {
    refuse_password(table);
    let language = table.text("language");
    let mut section = SenderSection {
        name: table
            .required("name", "name = \"Your Name\"")
            .and_then(|text| text.line()),
        email: table
            .required("email", "email = \"you@example.org\"")
            .and_then(|text| address(&text)),
        country: table
            .required("country", "country = \"BE\"")
            .and_then(|text| country(&text)),
        language_written: table.has("language"),
        language: language.as_ref().and_then(read_language),
        extra: BTreeMap::new(),
    };
    if let Some((key, _)) = table.iter().nth(MOST_DETAILS) {
        table.source().push(
            Problem::error(format!("there are more than {MOST_DETAILS} keys in [sender]"))
                .at(table.key_place(key))
                .hint("keep those that a letter uses"),
        );
    }
    for (key, value) in table.iter().take(MOST_DETAILS) {
        if key.len() > LONGEST_DETAIL {
            table.source().push(
                Problem::error(format!("a key is longer than {LONGEST_DETAIL} bytes"))
                    .at(table.key_place(key))
                    .hint("use a word: city, phone, organisation"),
            );
            continue;
        }
        if table.is_known(key) || key == "password" {
            continue;
        }
        // A slip in one of the four would otherwise be taken as a further key, and the sender have no language.
        if let Some(near) = nearest(key, ["name", "email", "country", "language"])
            && !table.has(near)
        {
            table.source().push(
                Problem::warning(format!("`{key}` is taken as a detail of your own"))
                    .at(table.key_place(key).field(value.path()))
                    .hint(format!("if you meant `{near}`, write it so")),
            );
        }
        if let Some(text) = plain(value) {
            section.extra.insert(key.to_owned(), text);
        }
    }
    section
}

fn plain(value: Value<'_>) -> Option<String> {
    match value.raw() {
        DeValue::String(_) => value.text()?.lines(),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => value.wrong_type("a text", "write one text in double quotes"),
    }
}

fn country(text: &Text<'_>) -> Option<Country> {
    match Country::parse(text.as_str().trim()) {
        Ok(country) => Some(country),
        Err(unknown) => {
            let hint = match unknown.nearest() {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write its two-letter code: \"BE\", \"DE\", \"GB\"".to_owned(),
            };
            text.refuse(format!("there is no country with the code \"{}\"", text.as_str()), hint);
            None
        }
    }
}

/// An address in a configuration.
pub fn address(text: &Text<'_>) -> Option<Address> {
    match Address::parse(text.as_str()) {
        Ok(address) => {
            if let Some(look) = lookalike::in_address(text.as_str()) {
                text.warn(
                    format!("\"{}\": {}", text.as_str(), look.message().in_english()),
                    lookalike::Look::hint(),
                );
            }
            Some(address)
        }
        Err(error) => {
            text.refuse(
                format!(
                    "\"{}\" is not an e-mail address: {}",
                    text.as_str(),
                    error.message().in_english()
                ),
                error
                    .hint()
                    .unwrap_or_else(|| "write the bare address: \"you@example.org\"".into()),
            );
            None
        }
    }
}

const SECURITIES: &[(&str, Security)] = &[
    ("tls", Security::Tls),
    ("starttls", Security::Starttls),
    ("none", Security::None),
];
const AUTHS: &[(&str, Auth)] = &[("password", Auth::Password), ("xoauth2", Auth::Xoauth2)];

/// What `[smtp]` says, with what other checks still need.
pub struct SmtpSection<'a> {
    /// The account; the user name is still to be filled in when it was left out.
    pub smtp: Smtp,
    /// `username`, as written.
    pub username: Option<Text<'a>>,
}

/// Reads `[smtp]`; `folder` holds the file, and `own` says that it is the account file.
pub fn smtp<'a>(table: &Table<'a>, folder: &Path, own: bool) -> Option<SmtpSection<'a>> {
    refuse_password(table);
    let personal = if own {
        read_own(table, folder)
    } else {
        refuse_own(table);
        Some(Own::default())
    };
    let host = table.required("host", "host = \"smtp.example.org\"");
    let host = host.and_then(|text| read_host(&text));
    let security = match table.text("security") {
        Some(text) => text.choice(SECURITIES).and_then(|security| {
            let allowed = security != Security::None || host.as_deref().is_none_or(is_loopback);
            if !allowed {
                text.refuse(
                    "without encryption, only a server on this computer can be used",
                    "write security = \"tls\" or \"starttls\"; \"none\" would show your password and letters to everyone on the way",
                );
            }
            allowed.then_some(security)
        }),
        None => Some(Security::Tls),
    };
    let port = match table.get("port") {
        Some(value) => value.integer(1..=65535).and_then(|port| u16::try_from(port).ok()),
        None => security.map(|security| match security {
            Security::Tls => 465,
            Security::Starttls => 587,
            Security::None => 25,
        }),
    };
    let username = table.text("username");
    let login = match &username {
        Some(text) if text.as_str().is_empty() => Some(None),
        Some(text) => text.line().map(Some),
        None => Some(None),
    };
    let auth = table
        .text("auth")
        .map_or(Some(Auth::Password), |text| text.choice(AUTHS));
    let connections = number(table, "connections", 1..=50, 2);
    let rate = table.get("rate").map_or(Some(DEFAULT_RATE), |value| read_rate(value));
    let daily_limit = read_daily_limit(table, host.as_deref().is_none_or(is_loopback), own);
    let retry_for = duration(table, "retry-for", Duration::from_mins(15), true);
    let timeout = duration(table, "timeout", Duration::from_mins(1), false);
    table.deny_unknown();
    Some(SmtpSection {
        smtp: Smtp {
            host: host?,
            port: port?,
            security: security?,
            username: login?,
            auth: auth?,
            connections: usize::try_from(connections?).ok()?,
            rate: rate?,
            daily_limit: daily_limit?,
            retry_for: retry_for?,
            timeout: timeout?,
            own: personal?,
        },
        username,
    })
}

/// The keys of [`Own`], each with what it could do to whoever opens a folder that has it.
const OWN_KEYS: [(&str, &str); 3] = [
    ("password-command", "it runs a command on your computer"),
    ("proxy", "it says through whose computer your letters go"),
    ("ca-file", "it says whose word is taken for who the mail server is"),
];

fn read_own(table: &Table<'_>, folder: &Path) -> Option<Own> {
    let password_command = optional(table.text("password-command"), |text| {
        Some(PasswordCommand {
            line: text.line()?,
            folder: paths::or_here(folder).to_owned(),
        })
    });
    let ca_file = optional(table.text("ca-file"), |text| read_ca_file(text, folder));
    let proxy = optional(table.text("proxy"), read_proxy);
    Some(Own {
        password_command: password_command?,
        ca_file: ca_file?,
        proxy: proxy?,
    })
}

/// What only the account file can say is an error in a campaign's folder, which may be a stranger's.
pub fn refuse_own(table: &Table<'_>) {
    for (key, power) in OWN_KEYS {
        if table.has_refused(key) {
            table.source().push(
                Problem::error(format!("`{key}` must not stand in a campaign's folder: {power}"))
                    .at(table.key_place(key).field(format!("smtp.{key}")))
                    .hint(
                        "if it is yours, move it into the [smtp] of your account file (~/.config/appel/config.toml, or \
                         --account FILE); if somebody else gave you this folder, take the line out and ask what it is for",
                    ),
            );
        }
    }
}

/// Whether a table holds any of what only the account file can say.
pub fn has_own(smtp: &toml::Table) -> bool {
    OWN_KEYS.iter().any(|(key, _)| smtp.contains_key(*key))
}

/// What most providers let one account send in a day.
const DEFAULT_DAILY_LIMIT: u64 = 500;

/// `daily-limit`, or what is usual. `here`: the server is on this computer, and has nobody's limits.
#[expect(clippy::option_option, reason = "wrong, no limit, and a limit are three things")]
fn read_daily_limit(table: &Table<'_>, here: bool, own: bool) -> Option<Option<u64>> {
    let usual = (!here).then_some(DEFAULT_DAILY_LIMIT);
    let Some(value) = table.get("daily-limit") else {
        return Some(usual);
    };
    let (place, path) = (value.place(), value.path().to_owned());
    let lifted = match value.raw() {
        DeValue::String(text) if text.trim() == "none" => None,
        DeValue::String(text) if text.trim().parse::<u64>().is_err() => {
            value.refuse(
                format!("`{path}` cannot be \"{text}\""),
                "write how many addresses, To and copies, in any 24 hours: 400; or \"none\" for no limit, in your account file",
            );
            return None;
        }
        _ => Some(value.integer(1..=u64::MAX)?),
    };
    // Whoever writes a campaign's folder can ask for less than is usual, not for more.
    if !own && (lifted.is_none() || usual.zip(lifted).is_some_and(|(usual, limit)| limit > usual)) {
        table.source().push(
            Problem::error(format!("`{path}` in a campaign's folder cannot lift the limit"))
                .at(place)
                .hint(format!(
                    "{DEFAULT_DAILY_LIMIT} addresses in 24 hours are the most here; with your whole [smtp] table in your account file \
                     (~/.config/appel/config.toml, or --account FILE) it can be more, or \"none\""
                )),
        );
        return None;
    }
    Some(lifted)
}

const DEFAULT_RATE: Rate = Rate::Every(Duration::from_secs(2));

#[expect(clippy::option_option, reason = "left out, wrong, and right are three things")]
fn optional<'a, T>(text: Option<Text<'a>>, read: impl Fn(&Text<'a>) -> Option<T>) -> Option<Option<T>> {
    text.map_or(Some(None), |text| read(&text).map(Some))
}

fn number(table: &Table<'_>, key: &'static str, range: std::ops::RangeInclusive<u64>, default: u64) -> Option<u64> {
    table.get(key).map_or(Some(default), |value| value.integer(range))
}

/// A password in a file that is copied, handed on and backed up is a password given away.
///
/// The line itself is not shown: an error message ends up in screenshots and logs.
pub fn refuse_password(table: &Table<'_>) {
    if !table.has_refused("password") {
        return;
    }
    table.source().push(
        Problem::error("a password must not stand in a configuration file")
            .at(table.key("password").place())
            .hint(
                "take the line out, change the password if the file was ever shared, and use one of these:\n\
                 password-command = \"pass show mail/you\"\n\
                 the environment variable APPEL_SMTP_PASSWORD\n\
                 the keyring of your desktop: password-command = \"secret-tool lookup appel you\"\n\
                 or nothing: on a terminal you are asked",
            ),
    );
}

fn read_host(text: &Text<'_>) -> Option<String> {
    let written = text.line()?;
    let bare = written
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(&written);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(ip.to_string());
    }
    if let Some((host, port)) = written.rsplit_once(':')
        && !host.contains(['/', ':'])
        && port.bytes().all(|b| b.is_ascii_digit())
    {
        text.refuse(
            "the port does not belong in `host`",
            format!("write host = \"{host}\" and, on a line of its own, port = {port}"),
        );
        return None;
    }
    match idna::domain_to_ascii(&written) {
        Ok(host) if is_host_name(&host) => Some(host),
        _ => {
            text.refuse(
                format!("\"{written}\" is not the name of a server"),
                "write the name that your mail provider gives for outgoing mail (SMTP): \"smtp.example.org\"",
            );
            None
        }
    }
}

fn is_host_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

/// Whether a server's name means this computer.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host.strip_suffix('.').unwrap_or(host).eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn read_rate(value: Value<'_>) -> Option<Rate> {
    let hint = "write how many letters in a second, minute, hour or day: \"30/min\", \"1/s\", \"200/h\", \"400/day\"; or \"unlimited\"";
    let DeValue::String(_) = value.raw() else {
        return value.wrong_type("a text", hint);
    };
    let text = value.text()?;
    let written = text.as_str().trim();
    if written == "unlimited" {
        return Some(Rate::Unlimited);
    }
    let parts = written.split_once('/').and_then(|(count, unit)| {
        let seconds: u32 = match unit.trim() {
            "s" | "sec" | "second" => 1,
            "min" | "minute" => 60,
            "h" | "hour" => 3600,
            "d" | "day" => 86400,
            _ => return None,
        };
        let count: u32 = count.trim().parse().ok()?;
        Some((count, seconds))
    });
    // Above a million a second the pause between two letters would be nothing.
    if let Some((count @ 1..=1_000_000, seconds)) = parts {
        return Some(Rate::Every(Duration::from_secs(u64::from(seconds)) / count));
    }
    text.refuse(format!("`{}` cannot be \"{written}\"", text.path()), hint);
    None
}

/// `none`: nothing at all is a duration too.
fn duration(table: &Table<'_>, key: &'static str, default: Duration, none: bool) -> Option<Duration> {
    let Some(value) = table.get(key) else {
        return Some(default);
    };
    let text = value.text()?;
    let parsed = text.as_str().trim().parse::<SignedDuration>().ok();
    let positive = parsed
        .filter(|duration| duration.is_positive() || none && duration.is_zero())
        .and_then(|duration| Duration::try_from(duration).ok())
        // Thirty days are more than any run lasts; a number past all clocks must not overflow one later.
        .filter(|duration| *duration <= Duration::from_hours(30 * 24));
    if positive.is_none() {
        text.refuse(
            format!("`{}` cannot be \"{}\"", text.path(), text.as_str()),
            "write a duration with its unit: \"60s\", \"15min\", \"1h 30min\"",
        );
    }
    positive
}

fn read_ca_file(text: &Text<'_>, folder: &Path) -> Option<std::path::PathBuf> {
    let written = text.line()?;
    let path = folder.join(&written);
    match paths::readable(&path, &written) {
        Ok(_) => Some(path),
        Err(Refused { message, hint }) => {
            text.refuse(message, hint);
            None
        }
    }
}

fn read_proxy(text: &Text<'_>) -> Option<Proxy> {
    let written = text.as_str().trim();
    let example = "write proxy = \"socks5h://127.0.0.1:9050\"";
    if written.contains('@') {
        // Not even shown: what stands before the @ is a secret.
        let refused = format!("`{}` cannot have a user name or a password", text.path());
        text.refuse(refused, format!("{example}: appel uses only proxies that want none"));
        return None;
    }
    let Some(rest) = written.strip_prefix("socks5h://") else {
        let hint = if written.starts_with("socks5://") || written.starts_with("socks4") {
            format!("{example}: with socks5h the proxy looks the server's name up, with others your network sees it")
        } else {
            format!("only SOCKS 5 with names resolved by the proxy is used: {example}")
        };
        text.refuse(format!("`{}` cannot be \"{written}\"", text.path()), hint);
        return None;
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let parsed = rest.rsplit_once(':').and_then(|(host, port)| {
        let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(ip) => ip.parse::<std::net::Ipv6Addr>().ok()?.to_string(),
            None => host.to_owned(),
        };
        let fits = host.parse::<IpAddr>().is_ok() || is_host_name(&host);
        fits.then_some(Proxy { host, port })
    });
    if parsed.is_none() {
        text.refuse(
            format!("`{}` needs a host and a port, and nothing else", text.path()),
            example,
        );
    }
    parsed
}
