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
use appel_messages::{Message, msg};
use jiff::SignedDuration;
use toml::de::DeValue;

use super::general::read_language;
use super::paths;
use super::read::Table;
use super::server::{self, is_host_name, is_loopback};
use super::value::{Text, Value};
use super::{Auth, Own, PasswordCommand, Proxy, Rate, Smtp};
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
    /// Where answers go.
    pub reply_to: Option<Address>,
    /// Whether each letter goes there as well.
    pub copy_to_self: bool,
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
            reply_to: self.reply_to,
            copy_to_self: self.copy_to_self,
            extra: self.extra,
        })
    }
}

/// How many keys `[sender]` has at most; each is a name that letters may use, like a column of the recipients.
pub const MOST_DETAILS: usize = 256;
/// How long such a name is at most, in bytes.
const LONGEST_DETAIL: usize = 200;

/// The keys of `[sender]` that mean something to the program; every further one is a name in letters.
pub const SENDER_KEYS: [&str; 6] = ["name", "email", "country", "language", "reply-to", "copy-to-self"];

/// The one of them that only the account file can say.
const OWN_SENDER_KEY: &str = "copy-to-self";

/// Reads `[sender]`; `own` says that it is the account file's.
pub fn sender(table: &Table<'_>, own: bool) -> SenderSection {
    refuse_password(table);
    let copy_to_self = if own {
        table.get(OWN_SENDER_KEY).and_then(Value::truth).unwrap_or_default()
    } else {
        refuse_own_sender(table);
        false
    };
    let language = table.text("language");
    let mut section = SenderSection {
        name: table
            .required("name", msg!("config-example-name"))
            .and_then(|text| text.line()),
        email: table
            .required("email", "email = \"you@example.org\"")
            .and_then(|text| address(&text)),
        country: table
            .required("country", "country = \"BE\"")
            .and_then(|text| country(&text)),
        language_written: table.has("language"),
        language: language.as_ref().and_then(read_language),
        reply_to: table.text("reply-to").and_then(|text| reply_to(&text)),
        copy_to_self,
        extra: BTreeMap::new(),
    };
    if let Some((key, _)) = table.iter().nth(MOST_DETAILS) {
        table
            .source()
            .push(Problem::error(msg!("config-too-many-details", most = MOST_DETAILS)).at(table.key_place(key)));
    }
    for (key, value) in table.iter().take(MOST_DETAILS) {
        if key.len() > LONGEST_DETAIL {
            table
                .source()
                .push(Problem::error(msg!("config-detail-too-long", most = LONGEST_DETAIL)).at(table.key_place(key)));
            continue;
        }
        if table.is_known(key) || matches!(key, "password" | OWN_SENDER_KEY) {
            continue;
        }
        // A slip in one of those would otherwise be taken as a further key, and the sender have no language.
        if let Some(near) = nearest(key, SENDER_KEYS)
            && !table.has(near)
        {
            table.source().push(
                Problem::warning(msg!("config-detail-like-key", key = key, near = near))
                    .at(table.key_place(key).field(value.path())),
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
        _ => value.not_a_text(msg!("config-hint-one-text")),
    }
}

/// Twice the letters from somebody's mailbox are not for whoever wrote a folder to decide.
pub fn refuse_own_sender(table: &Table<'_>) {
    if table.has_refused(OWN_SENDER_KEY) {
        table.source().push(
            Problem::error(msg!("config-folder-copy-to-self")).at(table
                .key_place(OWN_SENDER_KEY)
                .field(format!("sender.{OWN_SENDER_KEY}"))),
        );
    }
}

/// Where answers go. An address that needs SMTPUTF8 would make every letter need it, whoever it goes to.
fn reply_to(text: &Text<'_>) -> Option<Address> {
    let address = address(text)?;
    if address.needs_smtputf8() {
        text.refuse(msg!("config-reply-to-not-ascii", address = text.as_str()));
        return None;
    }
    Some(address)
}

fn country(text: &Text<'_>) -> Option<Country> {
    match Country::parse(text.as_str().trim()) {
        Ok(country) => Some(country),
        Err(unknown) => {
            let hint = match unknown.nearest() {
                Some(near) => msg!("config-hint-near-code", near = near),
                None => msg!("config-hint-country"),
            };
            text.refuse_with(msg!("config-no-such-country", code = text.as_str()), hint);
            None
        }
    }
}

/// An address in a configuration.
pub fn address(text: &Text<'_>) -> Option<Address> {
    match Address::parse(text.as_str()) {
        Ok(address) => {
            if let Some(look) = lookalike::in_address(text.as_str()) {
                let look = look.message();
                text.warn(msg!("config-address-lookalike", address = text.as_str(), look = look));
            }
            Some(address)
        }
        Err(error) => {
            let message = msg!("config-not-an-address", address = text.as_str(), why = error.message());
            match error.hint() {
                Some(hint) => text.refuse_with(message, hint),
                None => text.refuse(message),
            }
            None
        }
    }
}

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
    let server = server::read(table);
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
    let daily_limit = read_daily_limit(table, server.host.as_deref().is_none_or(is_loopback), own);
    let retry_for = duration(table, "retry-for", Duration::from_mins(15), true);
    let timeout = duration(table, "timeout", Smtp::USUAL_TIMEOUT, false);
    table.deny_unknown();
    Some(SmtpSection {
        smtp: Smtp {
            host: server.host?,
            port: server.port?,
            security: server.security?,
            username: login?,
            auth: auth?,
            connections: usize::try_from(connections?).ok()?,
            rate: rate?,
            daily_limit: daily_limit?,
            retry_for: retry_for?,
            timeout: timeout?,
            helo: server.helo?,
            pipelining: server.pipelining?,
            dsn: server.dsn?,
            own: personal?,
        },
        username,
    })
}

/// A key of [`Own`], and what is said of it in a campaign's folder: what it could do to whoever opens that.
type OwnKey = (&'static str, fn() -> Message);

const OWN_KEYS: [OwnKey; 3] = [
    ("password-command", || msg!("config-folder-password-command")),
    ("proxy", || msg!("config-folder-proxy")),
    ("ca-file", || msg!("config-folder-ca-file")),
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
    for (key, refused) in OWN_KEYS {
        if table.has_refused(key) {
            table.source().push(
                Problem::error(refused())
                    .at(table.key_place(key).field(format!("smtp.{key}")))
                    .hint(msg!("config-hint-account-file-only")),
            );
        }
    }
}

/// Whether a configuration holds any of what only the account file can say.
pub fn has_own(config: &toml::Table) -> bool {
    let has = |table: &str, key: &str| {
        let table = config.get(table).and_then(toml::Value::as_table);
        table.is_some_and(|table| table.contains_key(key))
    };
    config.contains_key("limits") || has("sender", OWN_SENDER_KEY) || OWN_KEYS.iter().any(|(key, _)| has("smtp", key))
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
            value.refuse(msg!("config-not-a-daily-limit", key = path, written = text.as_ref()));
            return None;
        }
        _ => Some(value.integer(1..=u64::MAX)?),
    };
    // Whoever writes a campaign's folder can ask for less than is usual, not for more.
    if !own && (lifted.is_none() || usual.zip(lifted).is_some_and(|(usual, limit)| limit > usual)) {
        table.source().push(
            Problem::error(msg!(
                "config-folder-daily-limit",
                key = path,
                most = DEFAULT_DAILY_LIMIT
            ))
            .at(place),
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
    table
        .source()
        .push(Problem::error(msg!("config-password")).at(table.key("password").place()));
}

fn read_rate(value: Value<'_>) -> Option<Rate> {
    let DeValue::String(_) = value.raw() else {
        return value.not_a_text(msg!("config-hint-rate"));
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
    text.refuse(msg!("config-not-a-rate", key = text.path(), written = written));
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
        text.refuse(msg!(
            "config-not-a-duration",
            key = text.path(),
            written = text.as_str()
        ));
    }
    positive
}

fn read_ca_file(text: &Text<'_>, folder: &Path) -> Option<std::path::PathBuf> {
    let written = text.line()?;
    let path = folder.join(&written);
    match paths::readable(&path, &written) {
        Ok(_) => Some(path),
        Err(refused) => {
            refused.of(text);
            None
        }
    }
}

fn read_proxy(text: &Text<'_>) -> Option<Proxy> {
    let written = text.as_str().trim();
    if written.contains('@') {
        // Not even shown: what stands before the @ is a secret.
        text.refuse(msg!("config-proxy-with-password", key = text.path()));
        return None;
    }
    let Some(rest) = written.strip_prefix("socks5h://") else {
        text.refuse(if written.starts_with("socks5://") || written.starts_with("socks4") {
            msg!("config-proxy-sees-no-names", key = text.path(), written = written)
        } else {
            msg!("config-not-a-proxy", key = text.path(), written = written)
        });
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
        text.refuse(msg!("config-proxy-no-port", key = text.path()));
    }
    parsed
}
