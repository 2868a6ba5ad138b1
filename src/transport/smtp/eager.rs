//! A TCP stream that looks for an answer before it waits for one.
//!
//! A server that is near has often answered by the time the question is written. Asking the system for the answer
//! costs one call; going to sleep until it comes costs two, and what goes with them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// However many looks were in vain, the next one is at most so many answers away.
const MOST_PATIENCE: u8 = 63;

/// The stream; nothing but the order of system calls differs from that of [`TcpStream`].
pub struct Eager {
    tcp: TcpStream,
    /// Something was written since the last read: only then is there an answer to look for.
    asked: bool,
    /// How many answers are waited for at once, without a look, after a look in vain.
    patience: u8,
    left: u8,
}

impl Eager {
    pub const fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            asked: false,
            patience: 0,
            left: 0,
        }
    }

    /// What is there already, when it is worth a look.
    #[cfg(unix)]
    fn look(&mut self, buffer: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        use rustix::io::Errno;
        use rustix::net::{RecvFlags, recv};
        if !std::mem::take(&mut self.asked) {
            return None;
        }
        if self.left > 0 {
            self.left -= 1;
            return None;
        }
        match recv(&self.tcp, &mut *buffer.initialize_unfilled(), RecvFlags::DONTWAIT) {
            Ok((_, length)) => {
                self.patience = 0;
                buffer.advance(length);
                Some(Ok(()))
            }
            Err(Errno::AGAIN | Errno::INTR) => {
                self.patience = (2 * self.patience + 1).min(MOST_PATIENCE);
                self.left = self.patience;
                None
            }
            Err(error) => Some(Err(error.into())),
        }
    }

    #[cfg(not(unix))]
    fn look(&mut self, _: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        self.asked = false;
        None
    }
}

impl AsyncRead for Eager {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.look(buffer) {
            Some(found) => Poll::Ready(found),
            None => Pin::new(&mut this.tcp).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Eager {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.asked = true;
        Pin::new(&mut this.tcp).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.asked = true;
        Pin::new(&mut this.tcp).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Eager, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        (Eager::new(near), far)
    }

    #[tokio::test]
    async fn what_is_there_and_what_comes_later_is_read_in_order_to_the_end() {
        let (mut near, mut far) = pair().await;
        let sent: Vec<u8> = (0..50_000_u32)
            .map(|number| u8::try_from(number % 251).unwrap())
            .collect();
        let expected = sent.clone();
        let sending = tokio::spawn(async move {
            for (number, piece) in sent.chunks(7).enumerate() {
                far.write_all(piece).await.unwrap();
                if number % 3 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut read = Vec::new();
        while near.read_buf(&mut read).await.unwrap() > 0 {
            read.reserve(11);
        }
        sending.await.unwrap();
        assert_eq!(read, expected);
    }

    #[tokio::test]
    async fn a_connection_that_is_reset_is_said_to_be() {
        let (mut near, far) = pair().await;
        near.write_all(b"never read").await.unwrap();
        // What was not read is the reason for a reset.
        far.readable().await.unwrap();
        drop(far);
        let error = near.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
}
