//! The process that does one task with a content, which is its standard input; it knows nothing else about it.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::rc::Rc;

use rustix::buffer::spare_capacity;
use rustix::io::{pread, retry_on_intr};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::documents::write_documents;
use super::format::head;
use super::format::letter::letter;
use super::format::report;
use super::keys::{Keys, MAX_KEYS};
use super::look::{look_into, write_examined};
use super::open::open;
use super::unpack::unpack;
use super::{Inspection, MAX_PASSWORD, answer, confine};

/// The task of a child; the server passes it as the first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Says what the content is and holds.
    Look,
    /// Hands out the files in a mail.
    Unpack,
    /// Reads the names of a mail.
    Head,
    /// Says what a mail reports of another one.
    Report,
    /// Makes a document of a mail.
    Letter,
    /// Hands out an encrypted content without its encryption. It reads the password from its standard error, as do
    /// the tasks below, which take several.
    Open,
    /// Looks, opens encrypted parts, and hands out the members that scanners cannot reach.
    Examine,
    /// The same with all members.
    ExamineAll,
    /// Hands out the documents and mails in an archive.
    Documents,
}

impl Task {
    const ALL: [Self; 9] = [
        Self::Look,
        Self::Unpack,
        Self::Head,
        Self::Report,
        Self::Letter,
        Self::Open,
        Self::Examine,
        Self::ExamineAll,
        Self::Documents,
    ];

    /// The first argument of the child.
    pub(super) fn argument(self) -> &'static str {
        match self {
            Self::Look => "inspect-standard-input",
            Self::Unpack => "unpack-standard-input",
            Self::Head => "head-of-standard-input",
            Self::Report => "report-in-standard-input",
            Self::Letter => "letter-of-standard-input",
            Self::Open => "open-standard-input",
            Self::Examine => "examine-standard-input",
            Self::ExamineAll => "examine-all-of-standard-input",
            Self::Documents => "documents-of-standard-input",
        }
    }
}

/// Most bytes of a content that is looked into. More than a sample of the scanner has.
const MAX_CONTENT: u64 = 128 << 20;

/// Does its task with the standard input if this process was started for one, and returns its exit code. It must come first
/// in `main`: the process has not read anything yet and has one thread.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    let task = Task::ALL.into_iter().find(|task| first == OsStr::new(task.argument()))?;
    if confine::confine().is_err() {
        return Some(ExitCode::FAILURE);
    }
    // Where this ends a process, the standard error is nowhere.
    std::panic::set_hook(Box::new(|_| {}));
    #[cfg(debug_assertions)]
    if let Some(deed) = arguments.next() {
        return Some(misdeed::run(&deed));
    }
    Some(run(task).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS))
}

fn run(task: Task) -> io::Result<()> {
    let content = read_content()?;
    let mut output = io::stdout().lock();
    // Formats are fenced one by one; this is for all else.
    let done = catch_unwind(AssertUnwindSafe(|| match task {
        Task::Look => {
            let found: Inspection = look_into(&content);
            output.write_all(found.to_json().as_bytes())
        }
        Task::Unpack => unpack(&content, &mut output),
        Task::Head => output.write_all(head::read(&content).to_json().as_bytes()),
        Task::Report => output.write_all(answer::report(report::read(&content).as_ref()).as_bytes()),
        Task::Letter => output.write_all(letter(&content).unwrap_or_default().as_bytes()),
        Task::Open => {
            let given = read_passwords()?;
            let (opening, content) = open(&content, given.first().map(ExposeSecret::expose_secret));
            output.write_all(&[opening.mark()])?;
            output.write_all(&content)
        }
        Task::Documents => write_documents(&content, &read_passwords()?, &mut output),
        Task::Examine | Task::ExamineAll => {
            let (keys, gives_all) = (Keys::of(read_passwords()?), task == Task::ExamineAll);
            write_examined(&content, keys, gives_all, &Rc::new(RefCell::new(io::stdout())))
        }
    }));
    done.map_err(|_| io::Error::other("the task did not finish"))??;
    output.flush()
}

/// All of the standard input, whatever its position.
fn read_content() -> io::Result<Vec<u8>> {
    let input = io::stdin();
    let length = u64::try_from(rustix::fs::fstat(&input)?.st_size).unwrap_or_default();
    if length > MAX_CONTENT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // No more memory is touched than the content has: most of the cost of a process for a small one.
    let mut content = Vec::new();
    content.try_reserve_exact(usize::try_from(length).unwrap_or_default() + 1)?;
    loop {
        if content.spare_capacity_mut().is_empty() {
            content.try_reserve_exact(STEP)?;
        }
        let before = content.len() as u64;
        if retry_on_intr(|| pread(&input, spare_capacity(&mut content), before))? == 0 {
            return Ok(content);
        }
        if content.len() as u64 > MAX_CONTENT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
}

/// The passwords, which the server wrote before this process began, with a zero byte between two. Without passwords,
/// it is an empty text.
fn read_passwords() -> io::Result<Vec<SecretString>> {
    let mut written = Zeroizing::new(vec![0; MAX_KEYS * (MAX_PASSWORD + 1)]);
    let mut length = 0;
    while let Some(rest) = written.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match retry_on_intr(|| rustix::io::read(io::stderr(), &mut *rest))? {
            0 => break,
            read => length += read,
        }
    }
    let text = written.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text {
        Some("") => Ok(Vec::new()),
        Some(text) if length < written.len() => Ok(text.split('\0').map(SecretString::from).collect()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Bytes that are read at once beyond the length that the system names.
const STEP: usize = 4 << 20;

/// Misdeeds of a process that a content has taken over, for tests of its confinement.
#[cfg(debug_assertions)]
mod misdeed {
    use super::{ExitCode, OsStr, Write, io};

    pub(super) fn run(deed: &OsStr) -> ExitCode {
        match deed.to_str() {
            Some("nothing") => {}
            Some("open") => drop(std::fs::File::open("/etc/passwd")),
            Some("connect") => drop(std::net::TcpStream::connect(("127.0.0.1", 9))),
            Some("exec") => drop(std::process::Command::new("/bin/true").status()),
            Some("thread") => drop(std::thread::Builder::new().spawn(|| {})),
            Some("kill") => drop(rustix::process::kill_process_group(
                rustix::process::getpgrp(),
                rustix::process::Signal::TERM,
            )),
            Some("write-elsewhere") => drop(rustix::io::write(io::stdin(), b"changed")),
            Some("abort") => std::process::abort(),
            Some("panic") => panic!("as asked"),
            // As a reader behind its fence does.
            Some("panic-fenced") => {
                let outcome = std::panic::catch_unwind(|| panic!("as asked"));
                let answer = br#"{"kind":"text","labels":[],"obstacle":null,"members":0}"#;
                drop(outcome.or_else(|_| io::stdout().write_all(answer)));
            }
            Some("overflow") => drop(std::hint::black_box(deeper(u64::MAX))),
            Some("allocate") => drop(std::hint::black_box(vec![1_u8; 4 << 30])),
            Some("compute") => loop {
                std::hint::black_box(0);
            },
            Some("hang") => loop {
                std::thread::park();
            },
            Some("flood") => loop {
                if io::stdout().write_all(&[b'x'; 1 << 10]).is_err() {
                    return ExitCode::SUCCESS;
                }
            },
            Some("rubbish") => drop(io::stdout().write_all(b"{\"kind\":\"text\"}")),
            // One file, and the beginning of another; or more than was announced, or less.
            Some("half-a-file") => {
                drop(io::stdout().write_all(FILE).and_then(|()| io::stdout().write_all(HALF)));
            }
            Some("half-and-abort") => {
                drop(io::stdout().write_all(FILE).and_then(|()| io::stdout().flush()));
                std::process::abort();
            }
            Some("another-number") => {
                drop(io::stdout().write_all(FILE).and_then(|()| io::stdout().write_all(&[0, 0, 0, 0, 2, 0])));
            }
            Some("more-after-the-end") => {
                drop(
                    io::stdout()
                        .write_all(FILE)
                        .and_then(|()| io::stdout().write_all(&[0, 0, 0, 0, 1, 0, 0])),
                );
            }
            Some("end-and-abort") => {
                let written = io::stdout().write_all(FILE);
                drop(written.and_then(|()| io::stdout().write_all(&[0, 0, 0, 0, 1, 0])));
                drop(io::stdout().flush());
                std::process::abort();
            }
            Some("opened-and-abort") => {
                drop(io::stdout().write_all(b"oa content").and_then(|()| io::stdout().flush()));
                std::process::abort();
            }
            Some("files-without-end") => while io::stdout().write_all(FILE).is_ok() {},
            Some("lie") => {
                let answer = br#"{"kind":"text","labels":[],"obstacle":null,"members":0}"#;
                drop(io::stdout().write_all(answer).and_then(|()| io::stdout().flush()));
                std::process::abort();
            }
            _ => return ExitCode::from(2),
        }
        ExitCode::SUCCESS
    }

    /// A file `a` with one byte, as the server reads it.
    const FILE: &[u8] = &[1, 1, 0, 1, b'a', 0, 0, 0, 1, b'x'];

    const HALF: &[u8] = &[1, 1, 0, 1, b'a', 0];

    fn deeper(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 128]);
        if depth == 0 { 0 } else { deeper(depth - 1) ^ std::hint::black_box(frame).iter().sum::<u64>() }
    }
}
