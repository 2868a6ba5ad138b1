//! A server process that lives no longer than its test, not even when the test is killed.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitOptions, geteuid, getpid, kill_process_group, set_child_subreaper, waitpgid};
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// Nothing that a test waits for takes longer on any machine.
const LIMIT: Duration = Duration::from_mins(1);

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
    /// Where else it writes what it has to say.
    logs: Vec<PathBuf>,
    /// What starts it.
    server: Command,
    ports: Vec<Port>,
}

impl Daemon {
    /// Starts what `command` makes of some free ports, and returns once it answers on all of them.
    pub fn start<const N: usize>(folder: &Path, command: impl FnOnce([u16; N]) -> Command) -> (Self, [u16; N]) {
        Self::start_within(LIMIT, folder, command)
    }

    /// The same for one that may take as long as this to answer.
    pub fn start_within<const N: usize>(
        limit: Duration,
        folder: &Path,
        command: impl FnOnce([u16; N]) -> Command,
    ) -> (Self, [u16; N]) {
        set_child_subreaper(Some(getpid())).expect("every process may be told so");
        let output = folder.join("output");
        fs::File::create(&output).expect("a file in a folder of ours");
        let ports = [(); N].map(|()| Port::free());
        let numbers = std::array::from_fn(|n| ports[n].number);
        let server = command(numbers);
        let mut daemon = Self {
            keeper: spawn(&server, &output),
            output,
            logs: Vec::new(),
            server,
            ports: ports.into(),
        };
        daemon.has_to_answer(limit);
        (daemon, numbers)
    }

    /// It writes these files too.
    pub fn with_logs(mut self, files: &[PathBuf]) -> Self {
        self.logs = files.to_vec();
        self
    }

    /// SIGKILL for all of it at once. Returns when nobody listens any more.
    pub fn kill(&mut self) {
        self.kill_group();
        for port in &self.ports {
            eventually("an end of it", || {
                TcpStream::connect(local(port.number)).is_err().then_some(())
            });
        }
    }

    /// Starts it on the same ports once more, with what it has on its disk.
    pub fn start_again(&mut self) {
        assert!(self.has_ended(), "it is still there");
        self.keeper = spawn(&self.server, &self.output);
        self.has_to_answer(LIMIT);
    }

    fn has_to_answer(&mut self, limit: Duration) {
        assert!(self.answers(limit), "the server does not start:\n{}", self.output());
    }

    /// Whether it listens on all ports; not when it ended before.
    fn answers(&mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            let mut ports = self.ports.iter();
            let listening = ports.all(|port| TcpStream::connect(local(port.number)).is_ok());
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

    /// What it printed so far, and what it logged.
    pub fn output(&self) -> String {
        let logs = self.logs.iter().map(|path| read(path));
        logs.chain([read(&self.output)]).collect()
    }

    fn kill_group(&mut self) {
        let group = i32::try_from(self.keeper.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process has an id");
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.keeper.wait();
        // Whom the keeper left behind is this process's to collect; as long as nobody has, a server that looks for the one
        // before it finds it.
        while waitpgid(group, WaitOptions::empty()).is_ok_and(|ended| ended.is_some()) {}
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let program = self.server.get_program().display();
            eprintln!("--- the server ({program})\n{}", self.output());
        }
        // Its folder goes too: there is nothing that it would have to bring to a good end.
        self.kill_group();
    }
}

fn spawn(server: &Command, output: &Path) -> Child {
    let file = fs::OpenOptions::new()
        .append(true)
        .open(output)
        .expect("a file in a folder of ours");
    let mut keeper = Command::new("/bin/sh");
    keeper
        .args(["-c", KEEPER, "sh"])
        .arg(server.get_program())
        .args(server.get_args())
        .env_clear();
    for (name, value) in server.get_envs() {
        keeper.env(name, value.unwrap_or_default());
    }
    keeper
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(file.try_clone().expect("a second handle"))
        .stderr(file)
        .spawn()
        .expect("there is a shell")
}

/// A port that is nobody else's, even while its server is away: a socket is bound to it that does not listen. A server
/// that asks for the port by its number gets it all the same (`SO_REUSEADDR`), and whoever asks for any port does not.
struct Port {
    number: u16,
    _held: TcpSocket,
}

impl Port {
    fn free() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a socket can be told so");
        socket.bind(local(0)).expect("a free port");
        Self {
            number: socket.local_addr().expect("a bound socket has an address").port(),
            _held: socket,
        }
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

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
