//! A sandbox that bubblewrap makes of Linux namespaces, for each job anew.
//!
//! The job sees programs, libraries and fonts, a `/tmp` of its own in memory, and no network, no `/proc`, no other
//! process, no environment, nothing else of `/etc` and nothing of the data directory. bubblewrap ends with this process,
//! and every process of the job with it, because the job is a process namespace.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::geteuid;

use super::error::ConvertError;
use super::job::{Bounds, Ended, Job, environment, limits};

/// The user of jobs if the server itself is root: `nobody`.
const NOBODY: u32 = 65_534;

/// Folders of the machine that a job may read. All but the first two may be missing. `systemd/tresor-convert@.service` has
/// the same.
const READABLE: [&str; 11] = [
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share",
    "/usr/local/share/fonts",
    "/bin",
    "/lib",
    "/lib64",
    "/etc/fonts",
    "/etc/libreoffice",
    "/var/cache/fontconfig",
];

/// The word that each script writes first, so that its failure is not taken for the sandbox's.
const READY: &str = "ready";

/// Longest wait for the processes of a killed job to disappear.
const MAX_DYING: Duration = Duration::from_secs(10);

/// Makes sandboxes.
#[derive(Debug)]
pub(super) struct Bubblewrap {
    program: PathBuf,
    /// A further folder to read, for programs that lie outside of [`READABLE`].
    also: Option<PathBuf>,
}

impl Bubblewrap {
    pub(super) fn new(program: PathBuf, also: Option<PathBuf>) -> Self {
        Self { program, also }
    }

    /// Runs `script` with `args` as `$1` and so on.
    pub(super) fn run(
        &self,
        bounds: &Bounds,
        script: &str,
        args: &[&str],
        input: &File,
    ) -> Result<Ended, ConvertError> {
        let mut command = self.command(bounds);
        command.args(["sh", "-c", &format!("echo {READY} >&2\n{script}"), "sh"]).args(args);
        let (ended, messages) = Job::begin(&mut command, input)?.follow(bounds, MAX_DYING)?;
        if ended.exit != 0 && !messages.contains(READY) {
            let reason = messages.lines().next().unwrap_or("it says nothing").chars().take(200).collect();
            return Err(ConvertError::SandboxRefused { reason });
        }
        Ok(ended)
    }

    /// bubblewrap with all that precedes the program to run.
    fn command(&self, bounds: &Bounds) -> Command {
        // Where memory becomes scarce, the kernel ends a job and not the server.
        let mut command = Command::new("choom");
        command.args(["-n", "1000", "--"]).arg(&self.program).env_clear().env("PATH", "/usr/bin:/bin");
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.args(["--unshare-all", "--unshare-user", "--disable-userns", "--hostname", "converter"]);
        command.args(["--die-with-parent", "--new-session", "--clearenv", "--dev", "/dev"]);
        command.args(["--size", &bounds.disk.to_string(), "--tmpfs", "/tmp", "--chdir", "/tmp"]);
        for folder in READABLE.map(Path::new).into_iter().chain(self.also.as_deref()) {
            command.arg("--ro-bind-try").args([folder, folder]);
        }
        command.args(["--remount-ro", "/", "--remount-ro", "/dev"]);
        for (name, value) in environment("/tmp") {
            command.args(["--setenv", name, value]);
        }
        command.args(limits(bounds));
        // Requests come first.
        command.args(["nice", "-n", "5"]);
        command
    }
}
