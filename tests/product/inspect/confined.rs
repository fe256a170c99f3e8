//! The process that looks into a content has nothing to use, and whatever happens to it costs one content one obstacle.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tresor::inspect::Inspector;
use tresor::model::{ContentKind, Obstacle};

use super::{look, look_by};

/// The signal for a forbidden system call: SIGSYS.
const FORBIDDEN: i32 = 31;

/// Starts the process as the server does, and lets it do what a content that took it over would do.
fn misbehave(deed: &str) -> std::process::ExitStatus {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tresor"));
    command.args(["inspect-standard-input", deed]).env_clear().current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
}

#[test]
fn a_content_that_takes_over_its_process_finds_nothing_to_use() {
    assert!(misbehave("nothing").success());
    for deed in ["open", "connect", "exec", "thread", "kill", "write-elsewhere"] {
        assert_eq!(misbehave(deed).signal(), Some(FORBIDDEN), "{deed}");
    }
}

/// A program in the place of this one, which misbehaves in the process that looks into a content.
pub(super) struct Impostor {
    folder: TempDir,
}

impl Impostor {
    pub(super) fn new(deed: &str) -> Self {
        let impostor = Self { folder: tempfile::tempdir().unwrap() };
        let (program, noted) = (env!("CARGO_BIN_EXE_tresor"), impostor.noted());
        let script = format!(
            "#!/bin/sh\n{{ echo $$; echo \"$@\"; env; }} > {}\nexec {program} \"$1\" {deed}\n",
            noted.display()
        );
        fs::write(impostor.program(), script).unwrap();
        fs::set_permissions(impostor.program(), Permissions::from_mode(0o755)).unwrap();
        impostor
    }

    pub(super) fn program(&self) -> PathBuf {
        self.folder.path().join("program")
    }

    pub(super) fn noted(&self) -> PathBuf {
        self.folder.path().join("noted")
    }
}

#[test]
fn a_process_that_dies_hangs_or_lies_costs_one_obstacle() {
    for deed in [
        "abort", "panic", "overflow", "allocate", "compute", "hang", "flood", "rubbish", "lie", "nothing",
        "open",
    ] {
        let impostor = Impostor::new(deed);
        let inspector = Inspector::new(impostor.program()).within(Duration::from_millis(1_500));
        let found = look_by(&inspector, "a.txt", b"Guten Tag");
        assert_eq!(
            (found.kind, found.obstacle),
            (ContentKind::Unknown, Some(Obstacle::NotFinished)),
            "{deed}"
        );
        // Nothing of it is left.
        let noted = fs::read_to_string(impostor.noted()).unwrap();
        assert!(!Path::new("/proc").join(noted.lines().next().unwrap()).exists(), "{deed}");
    }
    // A reader that panics behind its fence can do so there.
    let impostor = Impostor::new("panic-fenced");
    let found = look_by(&Inspector::new(impostor.program()), "", b"Guten Tag");
    assert_eq!((found.kind, found.obstacle), (ContentKind::Text, None));
    // The name counts whatever happens.
    let impostor = Impostor::new("abort");
    let found = look_by(&Inspector::new(impostor.program()), "a.exe", b"Guten Tag");
    assert_eq!((found.kind, found.obstacle), (ContentKind::Program, Some(Obstacle::NotFinished)));
}

#[test]
fn the_process_gets_nothing_but_the_bytes() {
    let impostor = Impostor::new("");
    let found = look_by(&Inspector::new(impostor.program()), "Kündigung Meier.pdf", b"%PDF-1.7\n");
    assert_eq!(found.kind, ContentKind::Pdf);
    let noted = fs::read_to_string(impostor.noted()).unwrap();
    let lines: Vec<&str> = noted.lines().skip(1).collect();
    assert_eq!(lines[0], "inspect-standard-input");
    // The shell adds its own folder and program.
    for line in &lines[1..] {
        assert!(["PWD=/", "_=", "OLDPWD", "SHLVL"].iter().any(|start| line.starts_with(start)), "{noted}");
    }
}

#[test]
fn a_content_is_read_from_its_beginning_and_an_empty_one_needs_no_process() {
    let sample = tresor::scan::Sample::of(b"MZ and more").unwrap();
    let inspector = Inspector::new(env!("CARGO_BIN_EXE_tresor"));
    rustix::fs::seek(&sample, rustix::fs::SeekFrom::Start(5)).unwrap();
    let found = inspector.inspect(std::os::fd::AsFd::as_fd(&sample), "").unwrap();
    assert_eq!(found.kind, ContentKind::Program);
    assert_eq!(rustix::fs::tell(&sample).unwrap(), 5);

    let nowhere = Inspector::new("/nowhere");
    assert_eq!(look_by(&nowhere, "neu.docx", b"").kind, ContentKind::Office);
    assert_eq!(look("neu.docx", b"").obstacle, None);
    let sample = tresor::scan::Sample::of(b"x").unwrap();
    let error = nowhere.inspect(std::os::fd::AsFd::as_fd(&sample), "").unwrap_err();
    assert_eq!(error.code(), "inspection-not-started");
}
