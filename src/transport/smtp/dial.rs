//! A TCP connection to the server: the name looked up and its addresses tried, or all of it left to a proxy.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use appel_core::outcome::{Reason, Reply};
use appel_messages::{Message, msg};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Settings, socks};
use crate::transport::ConnectError;

/// How long one address is tried before the next one is tried as well (RFC 8305 §8).
const HEAD_START: Duration = Duration::from_millis(250);

/// A connection to the server, or to the server through the proxy: when there is one, never any other way.
pub async fn dial(settings: &Settings) -> Result<TcpStream, ConnectError> {
    let tcp = match &settings.proxy {
        Some(proxy) => socks::through(proxy, settings).await?,
        None => direct(settings, look_up(settings)).await?,
    };
    // Every step is one write, so there is nothing for Nagle's algorithm to gather: it would only wait.
    tcp.set_nodelay(true)
        .map_err(|error| ConnectError::Temporary(Reply::none(Reason::NotConnected, error.to_string())))?;
    Ok(tcp)
}

async fn look_up(settings: &Settings) -> io::Result<Vec<SocketAddr>> {
    let addresses = lookup_host((settings.host.as_str(), settings.port)).await?;
    Ok(addresses.collect())
}

/// A connection to one of the addresses that are `found` for the server's name.
async fn direct(
    settings: &Settings,
    found: impl Future<Output = io::Result<Vec<SocketAddr>>>,
) -> Result<TcpStream, ConnectError> {
    let (host, port) = (&settings.host, settings.port);
    let temporary = |why: Message| ConnectError::Temporary(Reply::not_connected(why));
    let port = port.to_string();
    let addresses = match timeout(settings.timeout, found).await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(unresolved(host, &error)),
        Err(_) => return Err(temporary(msg!("not-connected-lookup-late", host = host))),
    };
    if addresses.is_empty() {
        return Err(temporary(msg!("not-connected-no-address", host = host)));
    }
    match timeout(settings.timeout, first_to_answer(addresses)).await {
        Ok(Ok(tcp)) => Ok(tcp),
        Ok(Err(error)) => Err(temporary(msg!(
            "not-connected",
            host = host,
            port = port,
            cause = error.to_string()
        ))),
        Err(_) => Err(temporary(msg!("not-connected-late", host = host, port = port))),
    }
}

/// One address may be dead (IPv6 without a route, say) while the next one lives: so nobody waits long for any of them.
async fn first_to_answer(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut untried = addresses.into_iter();
    // Whatever is still being tried ends with the set.
    let mut tries = JoinSet::new();
    let mut failure = None;
    loop {
        if let Some(address) = untried.next() {
            tries.spawn(TcpStream::connect(address));
        }
        tokio::select! {
            biased;
            ended = tries.join_next() => match ended {
                Some(Ok(Ok(tcp))) => return Ok(tcp),
                Some(Ok(Err(error))) => failure = Some(error),
                Some(Err(error)) => failure = Some(error.into()),
                None => return Err(failure.unwrap_or_else(|| io::ErrorKind::NotFound.into())),
            },
            () = sleep(HEAD_START), if untried.len() > 0 => {}
        }
    }
}

fn unresolved(host: &str, error: &io::Error) -> ConnectError {
    // getaddrinfo's EAI_AGAIN, in the words of glibc or musl, is all that tells a resolver's silence from its no.
    let words = error.to_string();
    if ["Temporary failure", "Try again"]
        .iter()
        .any(|silence| words.contains(silence))
    {
        return ConnectError::Temporary(Reply::not_connected(msg!(
            "not-connected-lookup",
            host = host,
            cause = words
        )));
    }
    ConnectError::Fatal {
        what: msg!("smtp-no-such-host", host = host),
        cause: Some(Message::quote(words)),
        hint: msg!("smtp-hint-online"),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::{Ipv6Addr, TcpListener};

    use tokio::net::TcpSocket;
    use tokio::time::Instant;

    use super::super::Manner;
    use super::*;
    use crate::input::config::Security;

    fn settings(timeout: Duration) -> Settings {
        Settings {
            host: "mx.example".to_owned(),
            port: 25,
            security: Security::None,
            login: None,
            timeout,
            proxy: None,
            manner: Manner::default(),
        }
    }

    fn temporary(dialled: Result<TcpStream, ConnectError>) -> String {
        match dialled.unwrap_err() {
            ConnectError::Temporary(reply) => reply.told().in_english(),
            fatal @ ConnectError::Fatal { .. } => panic!("{fatal:?}"),
        }
    }

    fn live() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Nobody listens there, and for as long as the socket lives nobody will.
    fn refusing() -> (TcpSocket, SocketAddr) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    /// What is sent there is never answered: the queue of those who wait to be accepted is full.
    fn swallowing() -> (Vec<Box<dyn Send>>, SocketAddr) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut held: Vec<Box<dyn Send>> = vec![Box::new(listener)];
        while let Ok(waiting) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            held.push(Box::new(waiting));
            assert!(held.len() < 50, "this queue has no end");
        }
        (held, address)
    }

    #[tokio::test]
    async fn a_host_name_that_does_not_resolve_ends_the_run() {
        let no = io::Error::other("failed to lookup address information: Name or service not known");
        let Err(ConnectError::Fatal { what, cause, hint }) =
            direct(&settings(Duration::from_mins(1)), async { Err(no) }).await
        else {
            panic!("waiting does not help")
        };
        assert_eq!(what.in_english(), "there is no host named mx.example");
        let cause = cause.unwrap().in_english();
        assert!(cause.ends_with("Name or service not known"), "{cause}");
        assert_eq!(hint.in_english(), "check smtp.host, and that you are online");
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_times_out_defers_the_letters() {
        let begun = Instant::now();
        let silent = direct(&settings(Duration::from_mins(1)), pending()).await;
        assert_eq!(temporary(silent), "the name mx.example could not be looked up in time");
        assert_eq!(begun.elapsed().as_secs(), 60);
        for words in ["Temporary failure in name resolution", "Try again"] {
            let error = io::Error::other(format!("failed to lookup address information: {words}"));
            let gave_up = direct(&settings(Duration::from_mins(1)), async { Err(error) }).await;
            assert!(temporary(gave_up).contains(words));
        }
    }

    #[tokio::test]
    async fn a_refused_connection_defers_the_letters() {
        let (_kept, address) = refusing();
        let refused = direct(&settings(Duration::from_mins(1)), async { Ok(vec![address]) }).await;
        let words = temporary(refused);
        let begins = "cannot connect to mx.example port 25: Connection refused";
        assert!(words.starts_with(begins), "{words}");
        let nowhere = direct(&settings(Duration::from_mins(1)), async { Ok(Vec::new()) }).await;
        assert_eq!(temporary(nowhere), "the name mx.example has no address");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_connect_that_hangs_defers_the_letters_within_the_timeout() {
        let ((_one, one), (_two, two)) = (swallowing(), swallowing());
        let begun = Instant::now();
        let hung = direct(&settings(Duration::from_secs(1)), async { Ok(vec![one, two]) }).await;
        assert_eq!(temporary(hung), "cannot connect to mx.example port 25: no answer");
        // One timeout for all addresses together.
        assert!(begun.elapsed() < Duration::from_millis(1_900), "{:?}", begun.elapsed());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn dead_addresses_give_way_to_a_live_one_which_alone_is_connected_to() {
        let (listener, live) = live();
        let ((_kept, refusing), (_held, swallowing)) = (refusing(), swallowing());
        let dead_v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, live.port()));
        for dead in [
            vec![dead_v6],
            vec![refusing],
            vec![swallowing],
            vec![swallowing, dead_v6, refusing],
        ] {
            let found = [dead, vec![live]].concat();
            let begun = Instant::now();
            let tcp = direct(&settings(Duration::from_mins(1)), async { Ok(found) })
                .await
                .unwrap();
            assert_eq!(tcp.peer_addr().unwrap(), live);
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
            let (accepted, _) = listener.accept().unwrap();
            assert_eq!(accepted.peer_addr().unwrap(), tcp.local_addr().unwrap());
        }
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "there were more connections than asked for");
    }
}
