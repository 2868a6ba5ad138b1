//! `host`, `port`, `security`, `helo`, `pipelining` and `dsn` of `[smtp]`: where the server is, and how it is spoken to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use appel_messages::msg;
use toml::de::DeValue;

use super::Security;
use super::read::Table;
use super::value::{Text, Value};
use crate::failure::Problem;

/// What `[smtp]` says of the server; `None` where it was wrong.
#[expect(clippy::option_option, reason = "wrong, left out, and right are three things")]
pub struct Server {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub security: Option<Security>,
    pub helo: Option<Option<String>>,
    pub pipelining: Option<bool>,
    pub dsn: Option<bool>,
}

/// Reads them.
pub fn read(table: &Table<'_>) -> Server {
    let host = table.required("host", "host = \"smtp.example.org\"");
    let host = host.and_then(|text| read_host(&text));
    let is_here = host.as_deref().is_none_or(is_loopback);
    let written_port = table.get("port");
    let port_place = written_port.as_ref().map(Value::place);
    let written_port = written_port.map(|value| value.integer(1..=65535).and_then(|port| u16::try_from(port).ok()));
    let written_security = table.get("security").map(|value| read_security(value, is_here));
    let security = written_security.unwrap_or_else(|| Some(usual_security(written_port.flatten(), is_here)));
    let port = written_port.unwrap_or_else(|| security.map(usual_port));
    if let (Some(port), Some(place), Some(security)) = (port, port_place, security)
        && let Some(warning) = doubt(port, security)
    {
        table.source().push(warning.at(place));
    }
    Server {
        host,
        port,
        security,
        helo: match table.text("helo") {
            Some(text) => read_helo(&text).map(Some),
            None => Some(None),
        },
        pipelining: table.get("pipelining").map_or(Some(true), Value::truth),
        dsn: table.get("dsn").map_or(Some(false), Value::truth),
    }
}

/// Where a server listens that is spoken to so.
const fn usual_port(security: Security) -> u16 {
    match security {
        Security::Tls => 465,
        Security::Starttls => 587,
        Security::None => 25,
    }
}

/// How one speaks to a server at this port: never without encryption to another computer.
const fn usual_security(port: Option<u16>, is_here: bool) -> Security {
    match port {
        Some(25) if is_here => Security::None,
        Some(port) if begins_plain(port) => Security::Starttls,
        _ => Security::Tls,
    }
}

/// Whether TLS begins there with STARTTLS, at whichever provider. Beside 587 some have 2525 and 2587, for networks that
/// let nobody through to 25 and 587.
const fn begins_plain(port: u16) -> bool {
    matches!(port, 25 | 587 | 2525 | 2587)
}

/// Whether TLS begins there at once.
const fn begins_with_tls(port: u16) -> bool {
    matches!(port, 465 | 2465)
}

/// What is odd about a port, when something is.
fn doubt(port: u16, security: Security) -> Option<Problem> {
    let shown = port.to_string();
    Some(Problem::warning(match (port, security) {
        (143 | 993, _) => msg!("config-port-imap", port = shown),
        (110 | 995, _) => msg!("config-port-pop3", port = shown),
        (80 | 443 | 8080 | 8443, _) => msg!("config-port-web", port = shown),
        (22, _) => msg!("config-port-ssh", port = shown),
        (port, Security::Starttls | Security::None) if begins_with_tls(port) => {
            msg!("config-port-wants-tls", port = shown)
        }
        (port, Security::Tls) if begins_plain(port) => msg!("config-port-wants-starttls", port = shown),
        _ => return None,
    }))
}

/// As written here, and as mail programs write it.
const SECURITIES: &[(&str, Security)] = &[
    ("tls", Security::Tls),
    ("starttls", Security::Starttls),
    ("none", Security::None),
];

fn read_security(value: Value<'_>, is_here: bool) -> Option<Security> {
    if let DeValue::Boolean(_) = value.raw() {
        return value.not_a_text(msg!("config-hint-security"));
    }
    let text = value.text()?;
    // SSL/TLS is what others call TLS from the first byte.
    let plain: String = text.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
    let security = match plain.to_ascii_lowercase().as_str() {
        "ssl" | "ssltls" | "tlsssl" | "smtps" | "implicittls" | "tls" => Security::Tls,
        "starttls" => Security::Starttls,
        "none" => Security::None,
        "plain" | "plaintext" | "cleartext" | "unencrypted" | "no" | "off" | "false" | "auto" | "automatic" | "yes"
        | "on" | "true" | "explicittls" | "starttlstls" | "tlsstarttls" => {
            let message = msg!("config-not-a-choice", key = text.path(), written = text.as_str());
            text.refuse_with(message, msg!("config-hint-security"));
            return None;
        }
        _ => text.choice(SECURITIES)?,
    };
    if security == Security::None && !is_here {
        text.refuse(msg!("config-no-encryption"));
        return None;
    }
    Some(security)
}

/// A DNS name, or an address in square brackets (RFC 5321 §4.1.3).
fn read_helo(text: &Text<'_>) -> Option<String> {
    let written = text.line()?;
    if let Ok(ip) = written.parse::<IpAddr>() {
        let right = match ip {
            IpAddr::V4(ip) => format!("[{ip}]"),
            IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
        };
        text.refuse(msg!("config-helo-without-brackets", written = written, right = right));
        return None;
    }
    let literal = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let helo = match literal {
        Some(inside) => {
            let six = inside
                .get(..5)
                .filter(|tag| tag.eq_ignore_ascii_case("IPv6:"))
                .and_then(|_| inside[5..].parse::<Ipv6Addr>().ok());
            let is_one = inside.parse::<Ipv4Addr>().is_ok() || six.is_some();
            is_one.then_some(written.clone())
        }
        None => idna::domain_to_ascii(&written).ok().filter(|name| is_host_name(name)),
    };
    if helo.is_none() {
        text.refuse(msg!("config-not-a-helo", key = text.path(), written = written));
    }
    helo
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
        text.refuse(msg!("config-port-in-host", host = host, port = port));
        return None;
    }
    match idna::domain_to_ascii(&written) {
        Ok(host) if is_host_name(&host) => Some(host),
        _ => {
            text.refuse(msg!("config-not-a-server", written = written));
            None
        }
    }
}

pub fn is_host_name(host: &str) -> bool {
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
