//! A disk of a few kilobytes in place of a folder, which only the runs of one test see.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::geteuid;

use crate::support::Campaign;

/// Mounts the disk, says so, and stays until the test lets go of it: with the last process that sees it, it is gone.
const KEEPER: &str = r#"mount -t tmpfs -o "size=$2,mode=700" none "$1" && echo mounted && exec cat"#;

/// The disk, for as long as this lives.
pub struct SmallDisk {
    keeper: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// A disk that has room for so many KiB, in place of the campaign's state folder; `None`, and a word about it, when
    /// nobody here may mount one. Everything the campaign runs from then on sees it.
    pub fn of(campaign: Campaign, kib: usize) -> Option<(Self, Campaign)> {
        let folder = campaign.root().join("state/appel");
        std::fs::create_dir(&folder).expect("a folder of ours");
        let root = geteuid().is_root();
        let mut keeper = Command::new("unshare");
        keeper.arg("--mount");
        if !root {
            // Whoever may make such a namespace is root in it.
            keeper.args(["--user", "--map-root-user"]);
        }
        let mut keeper = keeper
            .args(["/bin/sh", "-c", KEEPER, "sh"])
            .arg(&folder)
            .arg(format!("{kib}k"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is util-linux");
        let mut word = String::new();
        let output = keeper.stdout.take().expect("it is piped");
        BufReader::new(output)
            .read_line(&mut word)
            .expect("what it says can be read");
        let disk = Self { keeper, folder };
        if word != "mounted\n" {
            let required = std::env::var_os("APPEL_TEST_SERVERS").is_some_and(|name| !name.is_empty());
            assert!(!(root && required), "no disk can be mounted here");
            eprintln!("left out: no disk can be mounted here");
            return None;
        }
        let mut there = vec![
            "nsenter".to_owned(),
            format!("--target={}", disk.keeper.id()),
            "--mount".to_owned(),
        ];
        if !root {
            there.extend(["--user", "--preserve-credentials"].map(str::to_owned));
        }
        // Another view of the disks has another root: the folder has to be entered again.
        let enter = ["--", "/bin/sh", "-c", r#"cd "$0" && exec "$@""#];
        there.extend(enter.map(str::to_owned));
        there.push(campaign.path("").display().to_string());
        Some((disk, campaign.through(there)))
    }

    /// Leaves no room at all.
    pub fn fill(&self, campaign: &Campaign) {
        let filler = self.folder.join("filler");
        // It fails when there is no more room, which is the point.
        let _ = self.run(
            campaign,
            &[
                "/bin/dd",
                "if=/dev/zero",
                "bs=1024",
                &format!("of={}", filler.display()),
            ],
        );
    }

    /// Room for whatever comes.
    pub fn make_room(&self, campaign: &Campaign) {
        let folder = self.folder.display().to_string();
        let made = self.run(
            campaign,
            &["/bin/mount", "-t", "tmpfs", "-o", "remount,size=16m", "none", &folder],
        );
        assert!(made.success(), "the disk can be made larger");
    }

    fn run(&self, campaign: &Campaign, command: &[&str]) -> std::process::ExitStatus {
        campaign
            .other_command(Path::new(command[0]), &command[1..])
            .stderr(Stdio::null())
            .status()
            .expect("there are coreutils and util-linux")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
