//! A server process that lives no longer than its test, not even when the test is killed.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use tempfile::TempDir;

/// Nothing that a test waits for takes longer on any machine.
const LIMIT: Duration = Duration::from_secs(20);
/// Another program may take a port between the moment it was found free and the moment the server asks for it.
const TRIES: usize = 5;

/// Runs "$@" until it ends, or until stdin does: the test holds the other end, and lets go when it dies.
const KEEPER: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(read -r _ <&3; kill -TERM "$server") &
watch=$!
wait "$server"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
"#;

/// The folder with the servers; `None`, and a word about it, when they are not there and need not be.
pub fn servers() -> Option<PathBuf> {
    servers_with("usr/sbin/smtp-sink")
}

/// The same for a server that may not have been among them yet.
pub fn servers_with(server: &str) -> Option<PathBuf> {
    let named = std::env::var_os("APPEL_TEST_SERVERS").filter(|name| !name.is_empty());
    let required = named.is_some();
    let folder = named.map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers"),
        PathBuf::from,
    );
    let server = folder.join(server);
    if server.exists() {
        return Some(folder);
    }
    assert!(
        !required,
        "there is no {}: run scripts/install-test-servers",
        server.display()
    );
    eprintln!(
        "left out: there is no {} (scripts/install-test-servers)",
        server.display()
    );
    None
}

/// The same for servers that only root can start.
pub fn servers_as_root() -> Option<PathBuf> {
    servers().filter(|_| root_is_here())
}

/// Whether only root is missing; a word about it when it is.
pub fn root_is_here() -> bool {
    if !is_root() {
        eprintln!("left out: only root can start this server");
    }
    is_root()
}

pub fn is_root() -> bool {
    geteuid().is_root()
}

/// A program of the folder, with the libraries that belong to it.
pub fn program(servers: &Path, path: &str) -> Command {
    let mut command = Command::new(servers.join(path));
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LD_LIBRARY_PATH", servers.join("usr/lib/postfix"));
    command
}

/// A temporary folder that a server can enter under another user's name.
pub fn open_folder() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("appel-server-")
        .tempdir()
        .expect("a temporary directory");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder of ours");
    folder
}

/// A process group with a server in it.
pub struct Daemon {
    keeper: Child,
    output: PathBuf,
}

impl Daemon {
    /// Starts what `command` makes of some free ports, and returns once it answers on all of them.
    pub fn start<const N: usize>(folder: &Path, command: impl Fn([u16; N]) -> Command) -> (Self, [u16; N]) {
        let output = folder.join("output");
        for _ in 0..TRIES {
            let ports = free_ports();
            let mut daemon = Self::spawn(&command(ports), &output);
            if daemon.answers(&ports) {
                return (daemon, ports);
            }
        }
        panic!(
            "the server does not start:\n{}",
            fs::read_to_string(&output).unwrap_or_default()
        );
    }

    fn spawn(server: &Command, output: &Path) -> Self {
        let file = fs::File::create(output).expect("a file in a folder of ours");
        let mut keeper = Command::new("/bin/sh");
        keeper
            .args(["-c", KEEPER, "sh"])
            .arg(server.get_program())
            .args(server.get_args())
            .env_clear();
        for (name, value) in server.get_envs() {
            keeper.env(name, value.unwrap_or_default());
        }
        let keeper = keeper
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .expect("there is a shell");
        Self {
            keeper,
            output: output.to_owned(),
        }
    }

    /// Whether it listens on all ports; not when it ended before.
    fn answers(&mut self, ports: &[u16]) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            let listening = ports.iter().all(|port| TcpStream::connect(local(*port)).is_ok());
            if self.has_ended() {
                return false;
            }
            if listening {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    fn has_ended(&mut self) -> bool {
        self.keeper.try_wait().expect("a child can be waited for").is_some()
    }

    /// What it printed so far.
    pub fn output(&self) -> String {
        read(&self.output)
    }

    fn stop(&mut self) {
        // The keeper sees the end of its input, and ends the server.
        drop(self.keeper.stdin.take());
        let begun = Instant::now();
        while !self.has_ended() && begun.elapsed() < LIMIT {
            std::thread::sleep(Duration::from_millis(2));
        }
        // Whatever it left behind, or all of it when it would not end.
        let group = i32::try_from(self.keeper.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process has an id");
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.keeper.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A text file as far as it goes; empty when it is not there yet.
pub fn read(path: &Path) -> String {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// Waits until `found` finds it, at most as long as anything may take.
#[track_caller]
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(it) = found() {
            return it;
        }
        assert!(begun.elapsed() < LIMIT, "in {} s there was not {what}", LIMIT.as_secs());
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until all are known: no two are the same.
    let listeners = [(); N].map(|()| TcpListener::bind(local(0)).expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("a bound socket has an address").port())
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
