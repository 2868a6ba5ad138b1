//! Just enough of a SOCKS 5 proxy (RFC 1928) to note what it is asked, and to fail where a test tells it to.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

/// "Connected", from an address that is nobody's business.
const CONNECTED: [u8; 10] = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/// A proxy that listens on a free port of 127.0.0.1 until it is dropped. What it has connected by then stays connected.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    manner: Manner,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    asked: Vec<String>,
    /// Lines that are open as long as the proxy is.
    held: Vec<TcpStream>,
    /// Whoever connects next has come to end it.
    over: bool,
}

enum Manner {
    /// Whatever is asked for, it is this port of 127.0.0.1.
    PassOn(u16),
    /// These bytes for a hello, and these in answer to a request.
    Say(Vec<u8>, Vec<u8>),
    /// Connections are taken, and nothing is said.
    Hang,
    HangUp,
}

impl Proxy {
    /// Passes everything on to this port.
    pub fn to(port: u16) -> Self {
        Self::start(Manner::PassOn(port))
    }

    /// Chooses no authentication, and answers every request with these bytes.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        Self::saying([5, 0], answer)
    }

    /// Greets with these bytes, and answers every request with those.
    pub fn saying(hello: impl Into<Vec<u8>>, answer: impl Into<Vec<u8>>) -> Self {
        Self::start(Manner::Say(hello.into(), answer.into()))
    }

    pub fn that_hangs() -> Self {
        Self::start(Manner::Hang)
    }

    pub fn that_hangs_up() -> Self {
        Self::start(Manner::HangUp)
    }

    fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let shared = Arc::new(Shared {
            manner,
            record: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if serving.record().over {
                    return;
                }
                let shared = Arc::clone(&serving);
                // A client that goes in the middle is none of its concern.
                thread::spawn(move || shared.serve(client));
            }
        });
        Self {
            port,
            shared,
            thread: Some(thread),
        }
    }

    /// What belongs in `smtp.proxy`.
    pub fn url(&self) -> String {
        format!("socks5h://127.0.0.1:{}", self.port)
    }

    /// What it was asked to connect to: `localhost:25` for a name, `address 127.0.0.1:25` for an address.
    pub fn asked(&self) -> Vec<String> {
        self.shared.record().asked.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.record().over = true;
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let (hello, answer) = match &self.manner {
            Manner::PassOn(_) => (&[5, 0][..], &CONNECTED[..]),
            Manner::Say(hello, answer) => (&hello[..], &answer[..]),
            Manner::Hang => {
                self.record().held.push(client);
                return Ok(());
            }
            Manner::HangUp => {
                let [_, methods] = read(&mut client)?;
                let mut offered = vec![0; usize::from(methods)];
                return client.read_exact(&mut offered);
            }
        };
        let [_, methods] = read(&mut client)?;
        let mut offered = vec![0; usize::from(methods)];
        client.read_exact(&mut offered)?;
        client.write_all(hello)?;
        let [_, _, _, kind] = read(&mut client)?;
        let name = match kind {
            3 => {
                let [length] = read(&mut client)?;
                let mut name = vec![0; usize::from(length)];
                client.read_exact(&mut name)?;
                String::from_utf8_lossy(&name).into_owned()
            }
            1 => format!("address {}", std::net::Ipv4Addr::from(read::<4>(&mut client)?)),
            _ => format!("address {}", std::net::Ipv6Addr::from(read::<16>(&mut client)?)),
        };
        let port = u16::from_be_bytes(read(&mut client)?);
        self.record().asked.push(format!("{name}:{port}"));
        let Manner::PassOn(target) = self.manner else {
            client.write_all(answer)?;
            self.record().held.push(client);
            return Ok(());
        };
        let server = TcpStream::connect(("127.0.0.1", target))?;
        client.write_all(answer)?;
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        let there = thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut &server, &mut client);
        let _ = client.shutdown(Shutdown::Both);
        let _ = there.join();
        Ok(())
    }
}

fn read<const N: usize>(from: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
