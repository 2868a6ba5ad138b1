//! A connection in memory, which can deliver in small pieces, stall, break at any byte, and lose what it was given.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dice::Dice;
use super::fault_model::FaultModel;
use super::letters;
use super::scenario::Death;
use super::world::World;

/// What becomes of a connection at some byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    /// Both sides are told that it is gone.
    Reset,
    /// What comes after is lost, and nobody is told.
    Lost,
    /// Nothing more is taken on.
    Stalled,
}

/// One direction.
#[derive(Debug, Default)]
struct Way {
    bytes: VecDeque<u8>,
    /// So many bytes fit into it.
    room: usize,
    /// Its writer is gone.
    ended: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// What happens after so many more bytes.
    breaks: Option<(usize, Break)>,
}

#[derive(Debug)]
struct Pipe {
    /// To the server.
    up: Way,
    /// From the server.
    down: Way,
    /// Neither side can use it any more.
    reset: bool,
    /// The server hung up: what the client still writes goes nowhere.
    left: bool,
    /// Whether the client's system takes on what goes nowhere.
    takes_on: bool,
    /// At most so many bytes at a time.
    piece: usize,
    /// Bytes on their way that a client which goes away takes with it.
    lost_with_client: usize,
}

impl Way {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

impl Pipe {
    fn wake(&mut self) {
        self.up.wake();
        self.down.wake();
    }

    /// Writes into one direction; `None` when it takes on nothing now.
    fn write(&mut self, up: bool, bytes: &[u8]) -> Option<usize> {
        let way = if up { &mut self.up } else { &mut self.down };
        let mut length = bytes.len().min(way.room.saturating_sub(way.bytes.len()));
        if up {
            length = length.min(self.piece);
        }
        if let Some((left, what)) = &mut way.breaks {
            if *left == 0 {
                match what {
                    Break::Lost => return Some(bytes.len()),
                    Break::Stalled => return None,
                    Break::Reset => {
                        self.reset = true;
                        self.wake();
                        return None;
                    }
                }
            }
            length = length.min(*left);
            *left -= length;
        }
        if length == 0 {
            return None;
        }
        way.bytes.extend(&bytes[..length]);
        if let Some(waker) = way.reader.take() {
            waker.wake();
        }
        Some(length)
    }
}

fn lock(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection, as the fault model of its run makes it.
pub fn connection(world: &World, run: usize, number: usize, faults: &FaultModel, dice: &mut Dice) -> (Client, Server) {
    let breaks = |dice: &mut Dice| {
        dice.permille(faults.breaks).then(|| {
            let after = usize::try_from(dice.magnitude(4000)).unwrap();
            (after, *dice.pick(&[Break::Reset, Break::Lost, Break::Stalled]))
        })
    };
    let varied = |dice: &mut Dice, from: &[usize]| if faults.varied { *dice.pick(from) } else { from[0] };
    let pipe = Arc::new(Mutex::new(Pipe {
        up: Way {
            room: varied(dice, &[1 << 16, 1 << 16, 100]),
            breaks: breaks(dice),
            ..Way::default()
        },
        down: Way {
            room: usize::MAX,
            breaks: breaks(dice),
            ..Way::default()
        },
        reset: false,
        left: false,
        takes_on: dice.percent(50),
        piece: varied(dice, &[1 << 16, 1 << 16, 1 << 16, 50]),
        lost_with_client: if dice.percent(50) { 0 } else { dice.count(0, 600) },
    }));
    world.lock().open += 1;
    let client = Client {
        pipe: Arc::clone(&pipe),
        world: world.clone(),
        run,
        number,
        line: Vec::new(),
        asked_to: false,
    };
    let server = Server { pipe, read: Vec::new() };
    (client, server)
}

/// The program's end.
pub struct Client {
    pipe: Arc<Mutex<Pipe>>,
    world: World,
    run: usize,
    number: usize,
    /// What was written since the last line's end.
    line: Vec<u8>,
    /// MAIL was said, and no RCPT yet.
    asked_to: bool,
}

impl Client {
    /// Looks at the commands on their way.
    fn said(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if !self.line.ends_with(b"\n") {
                continue;
            }
            let line = std::mem::take(&mut self.line);
            if line.starts_with(b"MAIL FROM:") {
                self.asked_to = true;
                self.world.lock().said(self.run, None);
            } else if self.asked_to
                && let Some(to) = address(&line, b"RCPT TO:<")
            {
                self.asked_to = false;
                if let Some(id) = letters::id_of(&to) {
                    self.world.lock().said(self.run, Some(id));
                }
            }
        }
    }
}

/// The address in a command, when it is this one.
pub fn address(line: &[u8], command: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(command)?;
    let end = rest.iter().position(|byte| *byte == b'>')?;
    String::from_utf8(rest[..end].to_vec()).ok()
}

impl AsyncWrite for Client {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.world.is_dead() {
            return Poll::Pending;
        }
        let mut pipe = lock(&this.pipe);
        if pipe.left && !pipe.reset {
            if !pipe.takes_on {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            pipe.takes_on = false;
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = if pipe.reset { None } else { pipe.write(true, bytes) };
        if pipe.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let Some(written) = written else {
            pipe.up.writer = Some(context.waker().clone());
            return Poll::Pending;
        };
        drop(pipe);
        this.world
            .lock()
            .note(format_args!("c{} wrote {written} of {}", this.number, bytes.len()));
        this.said(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Client {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.world.is_dead() {
            return Poll::Pending;
        }
        let mut pipe = lock(&self.pipe);
        if !pipe.down.bytes.is_empty() {
            let length = pipe.down.bytes.len().min(buffer.remaining()).min(pipe.piece);
            for byte in pipe.down.bytes.drain(..length) {
                buffer.put_slice(&[byte]);
            }
            return Poll::Ready(Ok(()));
        }
        if pipe.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if pipe.down.ended {
            return Poll::Ready(Ok(()));
        }
        pipe.down.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let death = {
            let mut world = self.world.lock();
            world.open -= 1;
            world.dead
        };
        let mut pipe = lock(&self.pipe);
        // A machine without power says no goodbye.
        if death == Some(Death::PowerCut) {
            return;
        }
        let kept = pipe.up.bytes.len().saturating_sub(pipe.lost_with_client);
        pipe.up.bytes.truncate(kept);
        pipe.up.ended = true;
        pipe.wake();
    }
}

/// The server's end.
pub struct Server {
    pipe: Arc<Mutex<Pipe>>,
    read: Vec<u8>,
}

impl Server {
    /// The next line with its end; `None` when the client is gone.
    pub async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(end + 1);
                return Some(std::mem::replace(&mut self.read, rest));
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// Whether the client has said more than was read.
    pub fn has_more(&self) -> bool {
        !self.read.is_empty() || !lock(&self.pipe).up.bytes.is_empty()
    }

    async fn fill(&mut self) -> bool {
        std::future::poll_fn(|context| {
            let mut pipe = lock(&self.pipe);
            if !pipe.up.bytes.is_empty() {
                self.read.extend(pipe.up.bytes.drain(..));
                if let Some(waker) = pipe.up.writer.take() {
                    waker.wake();
                }
                return Poll::Ready(true);
            }
            if pipe.up.ended || pipe.reset || pipe.left {
                return Poll::Ready(false);
            }
            pipe.up.reader = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    pub fn say(&mut self, bytes: &[u8]) {
        let mut pipe = lock(&self.pipe);
        let mut rest = bytes;
        while !rest.is_empty() {
            match pipe.write(false, rest) {
                Some(length) => rest = &rest[length..],
                None => return,
            }
        }
    }

    /// Hangs up; what was said before still arrives.
    pub fn close(&mut self) {
        let mut pipe = lock(&self.pipe);
        pipe.left = true;
        pipe.down.ended = true;
        pipe.wake();
    }

    /// Tears it down; what was said before may be lost, or not.
    pub fn reset(&mut self, and_forget: bool) {
        let mut pipe = lock(&self.pipe);
        pipe.reset = true;
        if and_forget {
            pipe.down.bytes.clear();
        }
        pipe.wake();
    }
}
