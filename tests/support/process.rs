//! Other programs: found or reported as missing, run under a time limit, with their output kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest run of one client command in seconds; a gibibyte on a busy machine stays well below.
const COMMAND_LIMIT_S: u32 = 600;

/// The path of a program.
///
/// Panics with the name of the Debian package if the machine lacks it.
pub fn require(program: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!("{program} is missing: install the Debian package {package} (tests/install.sh)")
        })
}

/// A command for a program that must exist, with the limits of [`limited`].
pub fn tool(program: &str, package: &str) -> Command {
    limited(&require(program, package))
}

/// A command that is ended after [`COMMAND_LIMIT_S`], reads nothing and speaks English.
pub fn limited(program: &Path) -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["-k", "10"])
        .arg(COMMAND_LIMIT_S.to_string())
        .arg(program)
        .env("LC_ALL", "C.UTF-8")
        .env_remove("http_proxy")
        .env_remove("https_proxy")
        .stdin(Stdio::null());
    command
}

/// The path of a file that `tests/install.sh test` installs from `PyPI` or npm into `target/clients`.
///
/// Panics with the command that installs it if it is missing.
pub fn installed(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients").join(name);
    assert!(path.exists(), "{} is missing: run tests/install.sh test", path.display());
    path
}

/// The folder of a dependency's sources, with the samples in its tests.
pub fn crate_sources(name: &str) -> PathBuf {
    let metadata = succeed(Command::new(env!("CARGO")).args([
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--locked",
        // Those of other systems are not here.
        "--filter-platform",
        &format!("{}-unknown-linux-gnu", std::env::consts::ARCH),
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == name).unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

/// Result of a command.
pub struct Outcome {
    /// The exit code; 124 after the time limit, -1 after a signal.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "exit code {}\n-- stdout\n{}\n-- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// Runs a command that must succeed and returns its output.
pub fn succeed(command: &mut Command) -> String {
    let outcome = Outcome::of(command);
    assert!(outcome.code == 0, "{command:?}\n{outcome}");
    outcome.stdout
}

/// Waits until `condition` holds, checking less and less often. Panics after `limit`.
///
/// The only wait in all black-box tests: background work of a client or the server shows only in its effect.
pub fn eventually(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    let mut pause = Duration::from_millis(5);
    while !condition() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}

/// A file system mounted by a client; unmounted on drop, even if the test fails.
pub struct Mount {
    point: PathBuf,
    unmounted: bool,
}

impl Mount {
    /// Takes over a mount that was just made.
    pub fn at(point: &Path) -> Self {
        let mount = Self { point: point.to_path_buf(), unmounted: false };
        assert!(is_mounted(point), "{} is not mounted", point.display());
        mount
    }

    /// The root of the mounted tree.
    pub fn path(&self) -> &Path {
        &self.point
    }

    /// Unmounts and waits for the client to write back its pending data.
    pub fn unmount(mut self) {
        succeed(tool("umount", "mount").arg(&self.point));
        self.unmounted = true;
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if !self.unmounted {
            // Lazy and without the client's helper, which would wait for a server that may be dead.
            let _ = Command::new("umount").args(["-i", "-l"]).arg(&self.point).stdin(Stdio::null()).output();
        }
    }
}

/// Whether the kernel lists a mount on exactly this path.
pub fn is_mounted(point: &Path) -> bool {
    let point = point.to_str().unwrap();
    std::fs::read_to_string("/proc/self/mounts")
        .unwrap()
        .lines()
        .any(|line| line.split(' ').nth(1) == Some(point))
}
