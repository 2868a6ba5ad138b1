//! The first words on a line, kept for when a handshake fails: what answers then may say what it is.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::protocol::ENOUGH;
use super::stream::Io;

/// What the other side says first, for whoever wants to know it later.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// The first words so far.
    pub fn words(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same line, listened to.
    pub fn on(&self, io: Box<dyn Io>) -> Box<dyn Io> {
        Box::new(Overheard {
            io,
            heard: self.clone(),
            room: ENOUGH,
        })
    }
}

/// Passes everything on.
struct Overheard {
    io: Box<dyn Io>,
    heard: Heard,
    room: usize,
}

impl AsyncRead for Overheard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut *self.io).poll_read(context, buffer);
        if self.room > 0 && polled.is_ready() {
            let new = &buffer.filled()[before..];
            let new = &new[..new.len().min(self.room)];
            let mut heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
            heard.extend_from_slice(new);
            drop(heard);
            self.room -= new.len();
        }
        polled
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
