//! A line with a delay, in user space: every byte arrives so much later than it was sent, and as many fit as are sent.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What has passed by.
#[derive(Default)]
pub struct Passed {
    /// When each connection was asked for.
    pub connections: Vec<Instant>,
    /// Bytes towards the server.
    pub up: u64,
    /// What reached the client, and when.
    pub down: Vec<(Instant, Vec<u8>)>,
}

impl Passed {
    /// When the client read that a letter was taken. Only of a line without TLS, to a server that says 2.0.0 for
    /// nothing else, as smtp-sink does.
    pub fn accepted(&self) -> Vec<Instant> {
        let mut accepted = Vec::new();
        let mut line = Vec::new();
        for (at, bytes) in &self.down {
            for byte in bytes {
                if *byte == b'\n' {
                    if line.starts_with(b"250 2.0.0 ") {
                        accepted.push(*at);
                    }
                    line.clear();
                } else {
                    line.push(*byte);
                }
            }
        }
        accepted
    }
}

/// A listening proxy; it listens no longer than it lives.
pub struct Proxy {
    pub port: u16,
    passed: Arc<Mutex<Passed>>,
    over: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

/// What every connection needs to know.
#[derive(Clone)]
struct Line {
    to: u16,
    delay: Duration,
    passed: Arc<Mutex<Passed>>,
}

impl Proxy {
    /// A line to a port of this machine; each direction takes `delay`.
    pub fn start(to: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (passed, over) = (Arc::<Mutex<Passed>>::default(), Arc::<AtomicBool>::default());
        let line = Line {
            to,
            delay,
            passed: Arc::clone(&passed),
        };
        let listening = {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                for client in listener.incoming() {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let line = line.clone();
                    thread::spawn(move || line.carry(client.expect("a connection")));
                }
            })
        };
        Self {
            port,
            passed,
            over,
            listening: Some(listening),
        }
    }

    pub fn passed(&self) -> MutexGuard<'_, Passed> {
        lock(&self.passed)
    }

    /// How long a byte takes there and back, with what the threads in between cost: the median of some.
    pub fn round_trip(delay: Duration) -> Duration {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let echo = thread::spawn(move || {
            let (mut near, _) = listener.accept().expect("the proxy connects");
            near.set_nodelay(true).expect("a socket");
            let mut byte = [0];
            while near.read(&mut byte).is_ok_and(|length| length == 1) {
                near.write_all(&byte).expect("the proxy is there");
            }
        });
        let proxy = Self::start(port, delay);
        let mut line = TcpStream::connect(local(proxy.port)).expect("the proxy listens");
        line.set_nodelay(true).expect("a socket");
        let mut times = Vec::new();
        for _ in 0..11 {
            let begun = Instant::now();
            line.write_all(b"x").expect("the proxy is there");
            line.read_exact(&mut [0]).expect("the proxy is there");
            times.push(begun.elapsed());
        }
        drop(line);
        let _ = echo.join();
        times.sort();
        // The first one had the connection made as well.
        times[times.len() / 2]
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // So that it looks.
        let _ = TcpStream::connect(local(self.port));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Line {
    fn carry(&self, client: TcpStream) {
        let asked = Instant::now();
        lock(&self.passed).connections.push(asked);
        // The kernel has said yes to the client already. On a real line that takes a round trip: what the client says
        // before is on its way no earlier than that, and the server hears of the connection half a round trip later.
        let established = asked + 2 * self.delay;
        let up = {
            let passed = Arc::clone(&self.passed);
            let server = Late::new(self.delay, established);
            server.read(&client, move |bytes| lock(&passed).up += bytes.len() as u64)
        };
        sleep_until(established + self.delay);
        let Ok(server) = TcpStream::connect(local(self.to)) else {
            let _ = client.shutdown(Shutdown::Both);
            return;
        };
        let passed = Arc::clone(&self.passed);
        let down = Late::new(self.delay, established).read(&server, |_| {});
        let up = up.write(server, |_| {});
        let down = down.write(client, move |bytes| {
            lock(&passed).down.push((Instant::now(), bytes.to_vec()));
        });
        for half in [up, down] {
            let _ = half.join();
        }
    }
}

/// One direction of a line.
struct Late {
    delay: Duration,
    /// Nothing leaves earlier.
    from: Instant,
}

/// What was read of it, each piece with the moment when it is there.
struct Pieces(mpsc::Receiver<(Instant, Vec<u8>)>);

impl Late {
    const fn new(delay: Duration, from: Instant) -> Self {
        Self { delay, from }
    }

    fn read(self, near: &TcpStream, mut seen: impl FnMut(&[u8]) + Send + 'static) -> Pieces {
        let (sender, receiver) = mpsc::channel();
        let mut near = near.try_clone().expect("a second handle");
        thread::spawn(move || {
            let mut buffer = vec![0; 256 * 1024];
            while let Ok(length @ 1..) = near.read(&mut buffer) {
                seen(&buffer[..length]);
                let there = Instant::now().max(self.from) + self.delay;
                if sender.send((there, buffer[..length].to_vec())).is_err() {
                    break;
                }
            }
        });
        Pieces(receiver)
    }
}

impl Pieces {
    fn write(self, mut far: TcpStream, mut seen: impl FnMut(&[u8]) + Send + 'static) -> JoinHandle<()> {
        thread::spawn(move || {
            let _ = far.set_nodelay(true);
            for (there, bytes) in self.0 {
                sleep_until(there);
                seen(&bytes);
                if far.write_all(&bytes).is_err() {
                    break;
                }
            }
            // Whoever reads is told that there is no more.
            let _ = far.shutdown(Shutdown::Write);
        })
    }
}

fn sleep_until(moment: Instant) {
    thread::sleep(moment.saturating_duration_since(Instant::now()));
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

fn lock(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}
