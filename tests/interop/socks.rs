//! A real SOCKS proxy, microsocks: it gets the name, and nothing goes around it.

use std::path::Path;

use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::{
    daemon::{Daemon, eventually, open_folder, program, servers},
    support::{Campaign, Names, PASSWORD, Server, Tls, accepted},
};

struct Microsocks {
    daemon: Daemon,
    port: u16,
    _folder: TempDir,
}

impl Microsocks {
    fn start(servers: &Path, options: &[&str]) -> Self {
        let folder = open_folder();
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            let mut command = program(servers, "usr/bin/microsocks");
            command.args(["-i", "127.0.0.1", "-p", &port.to_string()]).args(options);
            command
        });
        Self {
            daemon,
            port,
            _folder: folder,
        }
    }

    fn url(&self) -> String {
        format!("socks5h://127.0.0.1:{}", self.port)
    }

    /// What it says of the connections it made, such as `client[4] 127.0.0.1: connected to localhost:25`.
    fn connected(&self) -> Vec<String> {
        let said = self.daemon.output();
        said.lines()
            .filter_map(|line| Some(line.split_once(": connected to ")?.1.to_owned()))
            .collect()
    }
}

fn campaign(server: &Server, proxy: &Microsocks) -> Campaign {
    Campaign::new()
        .people(2)
        .smtp(server)
        .login("ann", PASSWORD)
        .set("smtp.host", "localhost")
        .set("smtp.proxy", &proxy.url())
}

fn guarded() -> Server {
    Server::builder().tls(Tls::Implicit).password("ann", PASSWORD).start()
}

#[test]
fn letters_leave_through_a_real_proxy_which_gets_the_name_unresolved() {
    let Some(servers) = servers() else { return };
    let (server, proxy) = (guarded(), Microsocks::start(&servers, &[]));
    let campaign = campaign(&server, &proxy);
    // Where the system lets it, the run cannot look up anything itself: it would wait for ever.
    let run = match Names::silent() {
        Some(names) => names.spawn(&campaign, &["send", "--yes", "--json"]).wait(),
        None => campaign.send_json(&[]),
    };
    assert_eq!(run.exits(0).counts(), accepted(2));
    assert_eq!((server.connections(), server.taken().len()), (1, 2));
    assert_eq!(server.violations(), [""; 0]);
    let expect = [format!("localhost:{}", server.port())];
    eventually("a line in the proxy's log", || {
        (proxy.connected() == expect).then_some(())
    });
}

#[test]
fn with_a_real_proxy_down_the_server_sees_no_connection_at_all() {
    let Some(servers) = servers() else { return };
    let (server, proxy) = (guarded(), Microsocks::start(&servers, &[]));
    let campaign = campaign(&server, &proxy);
    drop(proxy);
    let run = campaign.send_json(&[]);
    run.exits(4).says(&[
        "the proxy 127.0.0.1:",
        "nothing is sent around the proxy",
        "2 letters not sent",
    ]);
    assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0]);
    assert_eq!((server.connections(), campaign.standing()[4]), (0, 2));
}

#[test]
fn a_real_proxy_that_wants_a_password_ends_the_run() {
    let Some(servers) = servers() else { return };
    let server = guarded();
    let proxy = Microsocks::start(&servers, &["-u", "user", "-P", "password"]);
    let run = campaign(&server, &proxy).send_json(&[]);
    run.exits(4)
        .says(&["it wants a user name and a password, and appel gives it none"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_real_proxy_that_finds_no_server_defers_the_letters() {
    let Some(servers) = servers() else { return };
    let (server, proxy) = (guarded(), Microsocks::start(&servers, &[]));
    // Nobody listens there, and for as long as it is bound nobody will.
    let unused = TcpSocket::new_v4().expect("a socket");
    unused.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let port = unused.local_addr().expect("a bound socket has an address").port();
    let campaign = campaign(&server, &proxy).set_toml("smtp.port", &port.to_string());
    let run = campaign.send_json(&[]);
    run.exits(1).says(&[
        "the proxy 127.0.0.1:",
        "cannot reach localhost port",
        "the connection was refused",
        "Gave up for now",
    ]);
    assert_eq!((server.connections(), campaign.standing()[4]), (0, 2));
}
