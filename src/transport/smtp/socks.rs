//! SOCKS 5 (RFC 1928): the proxy looks the name up and connects, and nothing goes around it.

use std::io::ErrorKind;
use std::net::IpAddr;

use appel_core::outcome::Reply;
use appel_messages::{Message, msg};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_socks::Error;
use tokio_socks::tcp::Socks5Stream;

use super::Settings;
use crate::input::config::Proxy;
use crate::transport::ConnectError;

/// A connection to the server that the proxy has opened.
pub async fn through(proxy: &Proxy, settings: &Settings) -> Result<TcpStream, ConnectError> {
    let connecting = TcpStream::connect((proxy.host.as_str(), proxy.port));
    let tcp = match timeout(settings.timeout, connecting).await {
        Ok(Ok(tcp)) => tcp,
        Ok(Err(error)) => return Err(useless(proxy, settings, Message::quote(error.to_string()))),
        Err(_) => return Err(useless(proxy, settings, msg!("proxy-no-answer"))),
    };
    ask(tcp, proxy, settings).await
}

/// Has the proxy connect to the server, by its name: looked up here, it would tell whoever runs the network.
async fn ask<Io>(io: Io, proxy: &Proxy, settings: &Settings) -> Result<Io, ConnectError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let useless = |cause| Err(useless(proxy, settings, cause));
    // Here a SOCKS proxy is there: what keeps it from reaching the server may pass.
    let not_now = |why: Message| {
        let (at, host, port) = (at(proxy), &settings.host, settings.port.to_string());
        Err(ConnectError::Temporary(Reply::not_connected(msg!(
            "not-connected-by-proxy",
            proxy = at,
            host = host,
            port = port,
            why = why
        ))))
    };
    let target = (settings.host.as_str(), settings.port);
    let Ok(asked) = timeout(settings.timeout, Socks5Stream::connect_with_socket(io, target)).await else {
        return useless(msg!("proxy-does-not-answer"));
    };
    match asked {
        Ok(stream) => Ok(stream.into_inner()),
        Err(Error::Io(error)) => match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                useless(msg!("proxy-hung-up"))
            }
            _ => useless(Message::quote(error.to_string())),
        },
        Err(Error::GeneralSocksServerFailure) => not_now(msg!("proxy-gives-no-reason")),
        Err(Error::NetworkUnreachable) => not_now(msg!("proxy-network-down")),
        Err(Error::HostUnreachable) => not_now(msg!("proxy-nothing-there")),
        Err(Error::ConnectionRefused) => not_now(msg!("proxy-connection-refused")),
        Err(Error::TtlExpired) => not_now(msg!("proxy-no-answer-there")),
        Err(Error::ConnectionNotAllowedByRuleset) => useless(msg!("proxy-not-allowed")),
        Err(Error::CommandNotSupported | Error::AddressTypeNotSupported) => useless(msg!("proxy-does-not-know-how")),
        Err(Error::NoAcceptableAuthMethods | Error::AuthorizationRequired | Error::PasswordAuthFailure(_)) => {
            useless(msg!("proxy-wants-a-password"))
        }
        Err(Error::InvalidTargetAddress(why)) => useless(Message::quote(why)),
        Err(_) => useless(msg!("proxy-is-none")),
    }
}

fn useless(proxy: &Proxy, settings: &Settings, cause: Message) -> ConnectError {
    ConnectError::Fatal {
        what: msg!("proxy-useless", proxy = at(proxy), host = &settings.host),
        cause: Some(cause),
        hint: msg!("proxy-hint-useless"),
    }
}

fn at(proxy: &Proxy) -> String {
    match proxy.host.parse() {
        Ok(IpAddr::V6(ip)) => format!("[{ip}]:{}", proxy.port),
        _ => format!("{}:{}", proxy.host, proxy.port),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{Duration, Instant, sleep};

    use super::super::Manner;
    use super::*;
    use crate::input::config::Security;

    const NO_SOCKS: &str = "what answers there is no SOCKS 5 proxy";
    const HELLO: [u8; 3] = [5, 1, 0];
    /// "Connected, from 127.0.0.1 port 4242."
    const CONNECTED: [u8; 10] = [5, 0, 0, 1, 127, 0, 0, 1, 0x10, 0x92];

    fn settings(host: &str) -> Settings {
        Settings {
            host: host.to_owned(),
            port: 465,
            security: Security::None,
            login: None,
            timeout: Duration::from_mins(1),
            proxy: None,
            manner: Manner::default(),
        }
    }

    /// What comes of a proxy that answers the hello with `chosen` and the request with `answer`, and then waits; with
    /// what it was asked, and the near end of the line.
    async fn with_proxy(host: &str, chosen: &[u8], answer: &[u8]) -> (Result<DuplexStream, ConnectError>, Vec<u8>) {
        let (near, mut far) = duplex(1024);
        let proxy = Proxy {
            host: "127.0.0.1".to_owned(),
            port: 9050,
        };
        let (chosen, answer) = (chosen.to_vec(), answer.to_vec());
        let far = tokio::spawn(async move {
            let mut said = [0; 3];
            far.read_exact(&mut said).await.unwrap();
            assert_eq!(said, HELLO, "a proxy that wants a password is not asked");
            far.write_all(&chosen).await.unwrap();
            let mut request = vec![0; 512];
            let length = far.read(&mut request).await.unwrap();
            request.truncate(length);
            let _ = far.write_all(&answer).await;
            (request, far)
        });
        let asked = ask(near, &proxy, &settings(host)).await;
        let (request, _far) = far.await.unwrap();
        (asked, request)
    }

    fn fatal(asked: Result<DuplexStream, ConnectError>) -> String {
        match asked.unwrap_err() {
            ConnectError::Fatal { what, cause, hint } => {
                let what = what.in_english();
                assert_eq!(what, "the proxy 127.0.0.1:9050 gives no connection to mx.example");
                let hint = hint.in_english();
                assert!(hint.contains("nothing is sent around the proxy"), "{hint}");
                cause.unwrap().in_english()
            }
            ConnectError::Temporary(reply) => panic!("may pass: {reply:?}"),
        }
    }

    fn temporary(asked: Result<DuplexStream, ConnectError>) -> String {
        match asked.unwrap_err() {
            ConnectError::Temporary(reply) => reply.told().in_english(),
            fatal @ ConnectError::Fatal { .. } => panic!("{fatal:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_goes_to_the_proxy_as_it_is_and_what_follows_is_the_servers() {
        let named = [&[5, 1, 0, 3, 10], "mx.example".as_bytes(), &[1, 0xd1]].concat();
        let v4 = vec![5, 1, 0, 1, 192, 0, 2, 1, 1, 0xd1];
        let mut v6 = vec![5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        v6.extend([1, 0xd1]);
        let by_name: &[u8] = &[5, 0, 0, 3, 2, b'm', b'x', 0, 25];
        let by_v6: &[u8] = &[&[5, 0, 0, 4][..], &[0; 18]].concat();
        for (host, request, connected) in [
            ("mx.example", named, &CONNECTED[..]),
            ("192.0.2.1", v4, by_name),
            ("2001:db8::7", v6, by_v6),
        ] {
            let answer = [connected, b"220 mx"].concat();
            let (asked, said) = with_proxy(host, &[5, 0], &answer).await;
            let mut near = asked.unwrap();
            assert_eq!(said, request, "{host}");
            let mut greeting = [0; 6];
            near.read_exact(&mut greeting).await.unwrap();
            assert_eq!(&greeting, b"220 mx");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_that_refuses_or_talks_nonsense_ends_the_run() {
        for (chosen, answer, cause) in [
            (
                &[5, 255][..],
                &[][..],
                "it wants a user name and a password, and appel gives it none",
            ),
            (
                &[5, 2],
                &[],
                "it wants a user name and a password, and appel gives it none",
            ),
            (b"HTTP/1.1 400", &[], NO_SOCKS),
            (&[4, 0], &[], NO_SOCKS),
            (&[5, 0], b"HTTP/1.1 400 Bad Request", NO_SOCKS),
            (&[5, 0], &[5, 0, 0, 9], NO_SOCKS),
            (&[5, 0], &[5, 2, 0, 1], "it is not allowed to"),
            (&[5, 0], &[5, 8, 0, 1], "it does not know how to"),
            (&[5, 0], &[5, 77, 0, 1], NO_SOCKS),
        ] {
            let (asked, _) = with_proxy("mx.example", chosen, answer).await;
            assert_eq!(fatal(asked), cause, "{chosen:?} {answer:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_that_cannot_reach_the_server_defers_the_letters() {
        for (code, why) in [
            (1, "it gives no reason; the name may be wrong"),
            (3, "its network is down"),
            (4, "nothing answers there, or the name is wrong"),
            (5, "the connection was refused"),
            (6, "nothing answered in time"),
        ] {
            let (asked, _) = with_proxy("mx.example", &[5, 0], &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await;
            assert_eq!(
                temporary(asked),
                format!("the proxy 127.0.0.1:9050 cannot reach mx.example port 465: {why}")
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_that_hangs_is_not_waited_for_longer_than_the_timeout() {
        let begun = Instant::now();
        let (asked, _) = with_proxy("mx.example", &[], &[]).await;
        assert_eq!(fatal(asked), "it takes the connection and does not answer");
        assert_eq!(begun.elapsed().as_secs(), 60);
        let begun = Instant::now();
        // Half of an answer is none.
        let (asked, _) = with_proxy("mx.example", &[5, 0], &CONNECTED[..7]).await;
        assert_eq!(fatal(asked), "it takes the connection and does not answer");
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_that_hangs_up_is_said_to() {
        let proxy = Proxy {
            host: "127.0.0.1".to_owned(),
            port: 9050,
        };
        let (near, far) = duplex(1024);
        drop(far);
        let asked = ask(near, &proxy, &settings("mx.example")).await;
        assert_eq!(fatal(asked), "it hung up");
        let (near, mut far) = duplex(1024);
        let goes = async {
            far.write_all(&[5, 0]).await.unwrap();
            sleep(Duration::from_secs(1)).await;
            drop(far);
        };
        let settings = settings("mx.example");
        let (asked, ()) = tokio::join!(ask(near, &proxy, &settings), goes);
        assert_eq!(fatal(asked), "it hung up");
    }
}
