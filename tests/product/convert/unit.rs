//! Jobs in units of systemd: the program behind a socket, started for each connection and confined as
//! `tresor-convert@.service` confines it. Here bubblewrap stands for systemd;
//! `tests/systemd.sh` has a real one.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tresor::convert::{Bounds, ConvertError, Converter, Settings};

use super::{Impostor, Pdf, WORD, convert, document, impostor_converts, work_folder};
use crate::support::process::{eventually, require};

/// Longest time for a job with a limit of three seconds, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A socket behind which each connection starts a process.
pub(crate) struct Units {
    folder: TempDir,
}

impl Units {
    /// Confined as systemd confines them; `also` is one more folder that a job may read.
    pub(crate) fn confined(also: Option<&Path>) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "this test gives a process to another user, as systemd does: run it as root"
        );
        let (bwrap, setpriv) = (require("bwrap", "bubblewrap"), require("setpriv", "util-linux"));
        let also = also.map(Path::to_owned);
        Self::started_by(move || {
            let mut command = Command::new(&bwrap);
            command.args([
                "--unshare-pid",
                "--unshare-net",
                "--unshare-ipc",
                "--die-with-parent",
                "--clearenv",
            ]);
            command.args([
                "--cap-add",
                "CAP_SETUID",
                "--cap-add",
                "CAP_SETGID",
                "--dev",
                "/dev",
                "--proc",
                "/proc",
            ]);
            // Folders that bubblewrap makes by itself would be root's alone.
            for folder in ["/etc", "/tmp"] {
                command.args(["--perms", "0755", "--dir", folder]);
            }
            for folder in ["/usr", "/bin", "/lib", "/lib64", "/etc/fonts", "/etc/libreoffice"] {
                command.args(["--ro-bind-try", folder, folder]);
            }
            command.args(["--ro-bind", env!("CARGO_BIN_EXE_tresor"), "/tresor"]);
            if let Some(folder) = &also {
                command.arg("--ro-bind").args([folder, folder]);
            }
            command.args(["--perms", "1777", "--size", "536870912", "--tmpfs", "/job", "--chdir", "/job"]);
            command.arg("--remount-ro").arg("/").arg(&setpriv);
            command.args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--inh-caps=-all",
                "--no-new-privs",
            ]);
            command.args(["/tresor", "convert-standard-input"]);
            command
        })
    }

    fn started_by(command: impl Fn() -> Command + Send + 'static) -> Self {
        let units = Self { folder: work_folder() };
        let listener = UnixListener::bind(units.socket()).unwrap();
        // Ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream: OwnedFd = stream.unwrap().into();
                let (input, output) = (Stdio::from(stream.try_clone().unwrap()), Stdio::from(stream));
                let mut unit = command().stdin(input).stdout(output).stderr(Stdio::null()).spawn().unwrap();
                thread::spawn(move || unit.wait());
            }
        });
        units
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn settings(&self) -> Settings {
        Settings { unit: Some(self.socket()), ..Settings::default() }
    }
}

/// Without bubblewrap on the machine.
#[test]
fn a_unit_makes_the_pdf_that_bubblewrap_makes() {
    let units = Units::confined(None);
    let without = Settings { bubblewrap: "/nowhere/bwrap".into(), ..units.settings() };
    let converter = Converter::new(&without).unwrap();
    let mut made = convert(&converter, &document("text.docx")).unwrap();
    let elsewhere = convert(&super::converter(), &document("text.docx")).unwrap();
    assert_eq!((made.pages, &made.notes), (elsewhere.pages, &elsewhere.notes));
    assert!(Pdf::of(&mut made).text().contains(WORD));
    assert_eq!(converter.sandbox(), "a unit of systemd");
}

#[track_caller]
fn check(script: &str, bounds: impl Fn(&mut Bounds), code: &str) {
    let impostor = Impostor::new(script);
    let units = Units::confined(Some(impostor.folder.path()));
    let mut settings = Settings { unit: Some(units.socket()), ..impostor.settings() };
    bounds(&mut settings.bounds);
    let begun = Instant::now();
    let error = impostor_converts(&settings).unwrap_err();
    assert_eq!(error.code(), code, "{script}: {error}");
    assert!(!error.is_of_the_machine(), "{script}: {error}");
    assert!(begun.elapsed() < PATIENCE, "{script}: {:?}", begun.elapsed());
    eventually("the unit has ended", PATIENCE, || impostor.processes() == 0);
}

#[test]
fn whatever_does_not_end_is_ended() {
    for script in [
        "setsid sleep 1000 & setsid sleep 1000 & wait",
        "exec </dev/null >&- 2>&-; sleep 1000",
        "yes >&2",
        "kill -STOP $$",
    ] {
        check(script, |_| {}, "conversion-timed-out");
    }
}

#[test]
fn nothing_outlives_its_job() {
    check("setsid sh -c 'exec >/dev/null 2>&1; sleep 1000' & exit 0", |_| {}, "document-unreadable");
}

#[test]
fn limits_are_those_of_the_server() {
    check("while :; do :; done", |bounds| bounds.cpu = Duration::from_secs(1), "conversion-timed-out");
    check("tail /dev/zero", |bounds| bounds.memory = 64 << 20, "converter-crashed");
    check("head -c 5000000 /dev/zero >x || exit 3", |bounds| bounds.disk = 4 << 20, "converter-crashed");
    let write = |length| format!("head -c {length} /dev/zero >out/document.pdf");
    check(&write((1 << 20) + 1), |bounds| bounds.output = 1 << 20, "pdf-too-large");
    check(&write(1 << 20), |bounds| bounds.output = 1 << 20, "pdf-refused");
    check("exit 7", |_| {}, "converter-crashed");
}

/// A document that takes over LibreOffice can end its unit. It must not look as if the machine were at fault: the queue would
/// try the same document again and again, and no other.
#[test]
fn a_job_that_ends_its_unit_has_failed_itself() {
    for victim in ["$PPID", "-1"] {
        check(&format!("kill -9 {victim}"), |_| {}, "converter-crashed");
    }
}

/// Answers of a job that has taken over its unit, none of which is believed.
#[test]
fn a_unit_that_lies_costs_one_document() {
    for (answer, code) in [
        ("ready\\n", "converter-crashed"),
        ("ready\\nready\\n", "converter-crashed"),
        ("ready\\n{\"refused\":{\"reason\":\"x\"}}\\n", "converter-crashed"),
        ("ready\\n{\"ended\":{\"exit\":0,\"output\":10}}\\nshort", "converter-crashed"),
        ("ready\\n{\"ended\":{\"exit\":0,\"output\":99999999999}}\\n", "pdf-too-large"),
        ("ready\\n{\"ended\":{\"exit\":0,\"output\":5}}\\nHallo", "pdf-refused"),
    ] {
        let units = Units::started_by(move || {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("head -c 1 >/dev/null; printf '{answer}'")]);
            command
        });
        let error = convert(&Converter::new(&units.settings()).unwrap(), &document("text.docx")).unwrap_err();
        assert_eq!(error.code(), code, "{answer}: {error}");
    }
}

/// The machine is at fault, so the documents wait.
#[test]
fn without_a_unit_that_works_documents_wait() {
    let refused = |settings: &Settings| {
        let converter = Converter::new(settings).unwrap();
        let error = convert(&converter, &document("text.docx")).unwrap_err();
        assert!(matches!(error, ConvertError::SandboxRefused { .. }) && error.is_of_the_machine(), "{error}");
        error.to_string()
    };
    let nowhere = Settings { unit: Some("/nowhere/socket".into()), ..Settings::default() };
    assert!(refused(&nowhere).contains("cannot be used: No such file"), "{}", refused(&nowhere));
    // As systemd does with too many connections, or if the unit cannot start.
    refused(&Units::started_by(|| Command::new("false")).settings());
    let unconfined = Units::started_by(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tresor"));
        command.arg("convert-standard-input");
        command
    });
    assert!(
        refused(&unconfined.settings()).contains("too many rights"),
        "{}",
        refused(&unconfined.settings())
    );
    let on_the_disk = Units::started_by(|| {
        let mut command = Command::new(require("setpriv", "util-linux"));
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]);
        command.args([env!("CARGO_BIN_EXE_tresor"), "convert-standard-input"]).current_dir("/usr");
        command
    });
    assert!(
        refused(&on_the_disk.settings()).contains("not in memory"),
        "{}",
        refused(&on_the_disk.settings())
    );
}

/// Requests come from the server alone, but a process that waits for the rest of one must not stay.
#[test]
fn a_request_that_is_not_one_is_refused() {
    let units = Units::confined(None);
    for request in ["", "\n", "{}\n", "{\"script\":\"true\"}\n", &"x".repeat(70_000)] {
        let mut stream = UnixStream::connect(units.socket()).unwrap();
        // It may have been refused before its end.
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer.starts_with("{\"refused\""), "{answer}");
    }
}
