//! Whether the address that letters come from has anything to do with the mailbox that one logs in to.

use appel_messages::msg;

use super::account::{SenderSection, SmtpSection};

/// Providers that let nobody send in another's name: the end of their servers' names, and the domains of their mailboxes.
const WEBMAIL: &[(&str, &[&str])] = &[
    ("gmail.com", &["gmail.com", "googlemail.com"]),
    ("gmx.net", &["gmx.net", "gmx.de", "gmx.at", "gmx.ch"]),
    ("gmx.com", &["gmx.com", "gmx.us", "gmx.co.uk"]),
    ("icloud.com", &["me.com", "icloud.com", "mac.com"]),
    ("mail.ru", &["mail.ru", "bk.ru", "inbox.ru", "list.ru"]),
    ("outlook.com", &["outlook.com", "hotmail.com", "live.com", "msn.com"]),
    ("web.de", &["web.de"]),
    ("yahoo.com", &["yahoo.com", "ymail.com"]),
    ("yandex.ru", &["yandex.ru", "yandex.com", "ya.ru"]),
];

/// Receivers ask whether the domain in From is the one that sent (DMARC, RFC 7489 §3.1).
pub fn warn_other_domain(sender: &SenderSection, smtp: &SmtpSection<'_>) {
    let (Some(email), Some(username)) = (&sender.email, &smtp.username) else {
        return;
    };
    let from = email.domain();
    let at = match username.as_str().rsplit_once('@') {
        Some((_, login)) => {
            let login = idna::domain_to_ascii(login).unwrap_or_else(|_| login.to_ascii_lowercase());
            (!is_one(from, &login)).then_some(login)
        }
        None if username.as_str().is_empty() => None,
        // A name without a domain tells nothing, but a big provider's server does, when From is another one's.
        None => webmail_of_server(&smtp.smtp.host)
            .filter(|of_server| webmail_of(from).is_some_and(|of_from| of_from != *of_server))
            .map(ToOwned::to_owned),
    };
    if let Some(at) = at {
        username.warn(msg!("config-other-domain", from = from, at = at));
    }
}

/// Whether two domains are one, one under the other, or two of the same provider.
fn is_one(from: &str, login: &str) -> bool {
    let under = |one: &str, other: &str| one.strip_suffix(other).is_some_and(|rest| rest.ends_with('.'));
    let provider = webmail_of(from);
    from == login || under(from, login) || under(login, from) || (provider.is_some() && provider == webmail_of(login))
}

/// The provider whose mailboxes are in this domain.
fn webmail_of(domain: &str) -> Option<&'static str> {
    let found = WEBMAIL.iter().find(|(_, domains)| domains.contains(&domain));
    found.map(|(provider, _)| *provider)
}

/// The provider whose server this is.
fn webmail_of_server(host: &str) -> Option<&'static str> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let ends = |name: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    let found = WEBMAIL
        .iter()
        .find(|(provider, domains)| ends(provider) || domains.iter().any(|domain| ends(domain)));
    found.map(|(provider, _)| *provider)
}
