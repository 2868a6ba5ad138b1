//! A port that swallows what is sent to it: connecting there neither succeeds nor fails.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use tokio::net::{TcpListener, TcpSocket};

/// Nobody accepts what has connected, and the queue of those who wait for it is full: Linux drops whatever else comes.
pub struct Blackhole {
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    address: SocketAddr,
    waiting: Vec<TcpStream>,
}

impl Blackhole {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
            socket.listen(1).expect("a bound socket can listen")
        });
        let address = listener.local_addr().expect("a bound socket has an address");
        let mut waiting = Vec::new();
        // It is full when nobody gets in any more, however long the queue is on this system.
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(250)) {
            waiting.push(stream);
            assert!(waiting.len() < 100, "this queue has no end");
        }
        Self {
            runtime,
            listener,
            address,
            waiting,
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }
}
