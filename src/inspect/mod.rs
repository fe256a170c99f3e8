//! Looks into one content: what kind is it, which labels does it earn, and can all of it be looked at?
//!
//! ```text
//! Inspector    starts the process, waits, reads its answer, trusts nothing    (in the server)
//! child        confine > one task > answer                                    (in a process of its own)
//! confine      limits, Landlock, seccomp: memory and one pipe are all it has
//! look         kind of a content, then its format, then each member again
//! unpack       the files in a mail, handed out one by one as frames, with a name each (file_name)
//! documents    the documents in an archive, handed out in the same way
//! open/        a content without its encryption, by a password
//! keys         passwords that are tried on everything that is encrypted, and what they opened
//! format/      one file per format: the labels it earns and the members it has
//! notes        what was found, and what may still be spent
//! ```
//!
//! Foreign bytes are parsed in the child only. It has no name of the content, no environment, no key, no file, no
//! network; whatever happens to it costs this one content one obstacle. **An obstacle means that something is unseen:
//! it never counts as harmless.** A content that takes over the child can lie about itself, and about nothing else: this
//! look adds reasons to hold a content and never replaces a scan.

mod answer;
mod child;
mod confine;
mod documents;
mod file_name;
pub(crate) mod format;
mod frames;
mod keys;
mod kind;
pub(crate) mod look;
mod name;
mod notes;
pub(crate) mod open;
mod process;
pub(crate) mod unpack;

use std::collections::BTreeSet;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use child::Task;
use documents::{MAX_ALL_DOCUMENTS, MAX_DOCUMENTS};
use frames::{Frame, MAX_ALL_ATTACHMENTS, MAX_ATTACHMENTS};
use process::Process;

use secrecy::{ExposeSecret, SecretString};

use crate::model::{ContentKind, DeliveryReport, Label, Obstacle};
use format::letter::MAX_LETTER;
use notes::{MAX_UNREACHED, MAX_UNREACHED_BYTES};

pub use answer::Examined;
pub use child::run_if_asked;
pub use keys::{MAX_KEYS, Tried};
pub use open::Opening;

/// Longest time of a look until it is ended.
const LONGEST_LOOK: Duration = Duration::from_secs(20);

/// Most bytes of an answer; all labels together are shorter, and so are the texts that name a mail.
const MAX_ANSWER: u64 = 4 << 10;

/// The findings of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The kind by content and name, the stricter of both.
    pub kind: ContentKind,
    /// Facts about it and its members.
    pub labels: BTreeSet<Label>,
    /// Why not all of it could be looked at.
    pub obstacle: Option<Obstacle>,
    /// Number of members that were looked at, at all depths.
    pub members: u32,
}

/// A file that was sent in a mail, or a document in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The folders in which it lies in the mail, the outermost first, and its own name at the end. A mail in the mail, or a
    /// `winmail.dat`, is a folder named after it without its ending. These are the sender's names as they were decoded, each
    /// of 1 to 1,024 bytes and without control characters, and not checked for anything else; they can occur twice.
    pub path: Vec<String>,
    /// Its bytes as the sender had them, at most 128 MiB.
    pub content: Vec<u8>,
}

/// How the files in a content were handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// Number of files that were handed out, at most 1,000 of a mail.
    pub attachments: u32,
    /// The obstacle that ended it early or hid something; then only the content itself has everything.
    pub obstacle: Option<Obstacle>,
}

/// Which members of a content are handed out to be scanned by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breadth {
    /// Those that scanners cannot reach: they read the rest of a content by themselves, as long as they are as good as ClamAV.
    Unreached,
    /// All, at all depths: a scanner may read no further where it meets something encrypted.
    All,
}

/// A content that is handed out to be scanned or opened, of at most 128 MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// A member of the content, or the plaintext of an encrypted one, or of the content itself.
    Member(Vec<u8>),
    /// A PDF that is encrypted. It counts as neither opened nor closed yet.
    LockedPdf(Vec<u8>),
}

/// The names of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailHead {
    /// Its subject, decoded, in one line; not checked for anything else.
    pub subject: Option<String>,
    /// The name of its first author as the mail says it, or else the address.
    pub from: Option<String>,
    /// A program made it, or it goes to many (RFC 3834): nothing should answer it. A head that cannot be read
    /// counts as such.
    pub is_automatic: bool,
}

/// Most bytes of a password that opens a content. A pipe takes them at once.
pub const MAX_PASSWORD: usize = 1 << 10;

/// Why a look could not begin. It says nothing about the content.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The process cannot be started.
    #[error("cannot start a process that looks into contents")]
    NotStarted(#[source] io::Error),
}

impl InspectError {
    /// The error's name for programs; it keeps its meaning when the sentence changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "inspection-not-started",
        }
    }
}

/// Looks into contents, one per call and process; calls may run beside each other, at 512 MiB each at most.
#[derive(Clone, Debug)]
pub struct Inspector {
    program: PathBuf,
    longest: Duration,
}

impl Inspector {
    /// `program` is this program: its `main` calls [`run_if_asked`] first.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), longest: LONGEST_LOOK }
    }

    /// This program, even after its file was replaced by a newer one.
    pub fn of_this_program() -> Self {
        Self::new("/proc/self/exe")
    }

    /// Ends each look after another time than the usual 20 seconds.
    pub fn within(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// Looks into a content: a sealed file in memory, whose position does not matter and does not change. Its name can
    /// make the kind stricter only, and stays in this process. Waits for some 20 seconds at most.
    ///
    /// Errors: only those of the system. Whatever happens to the process afterwards is an obstacle.
    pub fn inspect(&self, content: BorrowedFd<'_>, name: &str) -> Result<Inspection, InspectError> {
        let nothing = |kind, obstacle| Inspection { kind, labels: BTreeSet::new(), obstacle, members: 0 };
        let length =
            rustix::fs::fstat(content).map_err(|error| InspectError::NotStarted(error.into()))?.st_size;
        if length == 0 {
            // Programs make an empty file first; its kind is that of its name.
            return Ok(nothing(name::claimed(name).unwrap_or(ContentKind::Text), None));
        }
        let answer = self.ask(Task::Look, content)?.and_then(|text| answer::read(&text));
        let mut found = answer.unwrap_or_else(|| nothing(ContentKind::Unknown, Some(Obstacle::NotFinished)));
        name::make_stricter(&mut found, name);
        Ok(found)
    }

    /// Hands out the files in a mail, in order, each to `take`; ends early when that breaks off. The mail is a sealed file in
    /// memory. One file at a time is in this process' memory. Waits for some 20 seconds at most, and for `take`.
    ///
    /// A file is every part that has a name, is sent as an attachment, or is not the text that programs show; the files in
    /// mails in the mail follow each of these. Files that arrived whole stay, whatever happens to the process
    /// afterwards; then the obstacle is [`Obstacle::NotFinished`].
    ///
    /// Errors: only those of the system.
    pub fn attachments(
        &self,
        mail: BorrowedFd<'_>,
        take: &mut dyn FnMut(Attachment) -> ControlFlow<()>,
    ) -> Result<Unpacked, InspectError> {
        handed_out(self.start(Task::Unpack, mail)?, (MAX_ATTACHMENTS, MAX_ALL_ATTACHMENTS), take)
    }

    /// Looks into a content as [`Self::inspect`] does, and opens its encrypted parts, at all depths, by the passwords that
    /// programs try by themselves and by at most [`MAX_KEYS`] given ones. Hands out to `take` the parts that a
    /// scanner has to see besides the content, and encrypted PDFs; ends early when that breaks off. Waits for some 20
    /// seconds at most, and for `take`.
    ///
    /// Errors: only those of the system. Whatever happens to the process afterwards is [`Obstacle::NotFinished`].
    pub fn examine(
        &self,
        content: BorrowedFd<'_>,
        name: &str,
        passwords: &[&SecretString],
        breadth: Breadth,
        take: &mut dyn FnMut(Handed) -> ControlFlow<()>,
    ) -> Result<Examined, InspectError> {
        let length =
            rustix::fs::fstat(content).map_err(|error| InspectError::NotStarted(error.into()))?.st_size;
        if length == 0 {
            return Ok(Examined { inspection: self.inspect(content, name)?, tried: Tried::default() });
        }
        let task = match breadth {
            Breadth::Unreached => Task::Examine,
            Breadth::All => Task::ExamineAll,
        };
        let process = self.start_with(task, content, passwords)?;
        let last = pass_on(process, (MAX_UNREACHED, MAX_UNREACHED_BYTES), &mut |frame| match frame {
            Frame::File(file) => take(Handed::Member(file.content)),
            Frame::Locked(pdf) => take(Handed::LockedPdf(pdf)),
            Frame::End { .. } | Frame::Answer { .. } => ControlFlow::Break(()),
        })?;
        let answer = match last {
            (_, Some(Frame::Answer { text, .. })) => answer::read_examined(text.as_bytes()),
            _ => None,
        };
        let mut found = answer.unwrap_or_else(|| Examined {
            inspection: Inspection {
                kind: ContentKind::Unknown,
                labels: BTreeSet::new(),
                obstacle: Some(Obstacle::NotFinished),
                members: 0,
            },
            tried: Tried::default(),
        });
        name::make_stricter(&mut found.inspection, name);
        Ok(found)
    }

    /// Hands out the documents and mails in an archive, in order, each to `take`; ends early when that breaks off.
    /// They are recognised by their names; an archive in the archive is a folder. Encrypted parts are opened as by
    /// [`Self::examine`], or left out. The archive is a sealed file in memory. Waits for some 20 seconds at most, and
    /// for `take`.
    ///
    /// Errors: only those of the system.
    pub fn documents(
        &self,
        archive: BorrowedFd<'_>,
        passwords: &[&SecretString],
        take: &mut dyn FnMut(Attachment) -> ControlFlow<()>,
    ) -> Result<Unpacked, InspectError> {
        let process = self.start_with(Task::Documents, archive, passwords)?;
        handed_out(process, (MAX_DOCUMENTS, MAX_ALL_DOCUMENTS), take)
    }

    /// The names of a mail, from its first bytes: a sealed file in memory. Some 64 KiB have the whole header.
    ///
    /// Errors: only those of the system. A head that cannot be read has no names and counts as a program's.
    pub fn mail_head(&self, head: BorrowedFd<'_>) -> Result<MailHead, InspectError> {
        let text = self.ask(Task::Head, head)?;
        let unread = MailHead { is_automatic: true, ..MailHead::default() };
        Ok(text.and_then(|text| answer::read_head(&text)).unwrap_or(unread))
    }

    /// What a mail reports of another one: a sealed file in memory, which may lack the end of the mail. `None` if it is no
    /// report, one that nothing failed, or one that cannot be read.
    ///
    /// Errors: only those of the system.
    pub fn delivery_report(&self, mail: BorrowedFd<'_>) -> Result<Option<DeliveryReport>, InspectError> {
        Ok(self.ask(Task::Report, mail)?.and_then(|text| answer::read_report(&text)))
    }

    /// A mail as a document in flat ODF that can be printed: a sealed file in memory. `None` if it cannot be read.
    ///
    /// The document is as foreign as the mail: only a converter in a sandbox may read it. Errors: only those of the system.
    pub fn letter(&self, mail: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, InspectError> {
        let made = self.start(Task::Letter, mail)?.answer(MAX_LETTER).map_err(InspectError::NotStarted)?;
        Ok(made.filter(|document| !document.is_empty()))
    }

    /// Opens an encrypted content, a sealed file in memory, with a password of at most [`MAX_PASSWORD`] bytes and
    /// writes the content in it to `open`. Without a password, it opens documents that office programs open without
    /// asking for one. The written bytes count only if the answer is [`Opening::Opened`]. Waits for some 20 seconds
    /// at most.
    ///
    /// Errors: only those of the system. If `open` fails because that is too large, the answer says so.
    pub fn open(
        &self,
        content: BorrowedFd<'_>,
        password: Option<&SecretString>,
        open: &mut dyn Write,
    ) -> Result<Opening, InspectError> {
        if password.is_some_and(|password| !is_possible(password)) {
            return Ok(Opening::WrongPassword);
        }
        let mut process = self.start_with(Task::Open, content, password.as_slice())?;
        let mut mark = [0];
        match process.read_exact(&mut mark) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::UnexpectedEof) => {
                return Ok(Opening::NotRead);
            }
            Err(error) => return Err(InspectError::NotStarted(error)),
        }
        let opening = match (mark, io::copy(&mut process, open)) {
            (_, Err(error)) if error.kind() == ErrorKind::FileTooLarge => return Ok(Opening::TooLarge),
            (_, Err(error)) if error.kind() == ErrorKind::TimedOut => return Ok(Opening::NotRead),
            (_, Err(error)) => return Err(InspectError::NotStarted(error)),
            ([mark], Ok(_)) => Opening::of_mark(mark).unwrap_or(Opening::NotRead),
        };
        let ends_well = process.ends_well().map_err(InspectError::NotStarted)?;
        Ok(if ends_well { opening } else { Opening::NotRead })
    }

    /// The child's whole answer; `None` if it gives none. Errors: it cannot be started.
    fn ask(&self, task: Task, content: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, InspectError> {
        self.start(task, content)?.answer(MAX_ANSWER).map_err(InspectError::NotStarted)
    }

    fn start(&self, task: Task, content: BorrowedFd<'_>) -> Result<Process, InspectError> {
        Process::start(&self.program, task, content, None, self.longest).map_err(InspectError::NotStarted)
    }

    /// Starts a task that knows passwords. It gets an empty one, which opens nothing, in place of one that no format
    /// takes.
    fn start_with(
        &self,
        task: Task,
        content: BorrowedFd<'_>,
        passwords: &[&SecretString],
    ) -> Result<Process, InspectError> {
        let (reader, mut writer) = io::pipe().map_err(InspectError::NotStarted)?;
        for (number, password) in passwords.iter().take(MAX_KEYS).enumerate() {
            let between: &[u8] = if number == 0 { b"" } else { b"\0" };
            let password = if is_possible(password) { password.expose_secret() } else { "" };
            writer
                .write_all(between)
                .and_then(|()| writer.write_all(password.as_bytes()))
                .map_err(InspectError::NotStarted)?;
        }
        drop(writer);
        let process = Process::start(&self.program, task, content, Some(reader), self.longest);
        process.map_err(InspectError::NotStarted)
    }
}

/// Whether a format could take this password.
fn is_possible(password: &SecretString) -> bool {
    let password = password.expose_secret();
    password.len() <= MAX_PASSWORD && !password.contains('\0')
}

/// Passes on the files that a child hands out: at most this many, of this many bytes together.
fn handed_out(
    process: Process,
    most: (u32, u64),
    take: &mut dyn FnMut(Attachment) -> ControlFlow<()>,
) -> Result<Unpacked, InspectError> {
    let last = pass_on(process, most, &mut |frame| match frame {
        Frame::File(file) => take(file),
        _ => ControlFlow::Break(()),
    })?;
    Ok(match last {
        (attachments, Some(Frame::End { obstacle, .. })) => Unpacked { attachments, obstacle },
        (attachments, _) => Unpacked { attachments, obstacle: Some(Obstacle::NotFinished) },
    })
}

/// Passes on the frames that a child writes before the last one. Returns how many were, and the last one if there is one that
/// agrees, and nothing broke off.
fn pass_on(
    process: Process,
    (most, most_bytes): (u32, u64),
    take: &mut dyn FnMut(Frame) -> ControlFlow<()>,
) -> Result<(u32, Option<Frame>), InspectError> {
    let mut input = BufReader::new(process);
    let (mut count, mut bytes) = (0, 0);
    loop {
        let Ok(frame) = frames::read(&mut input) else { return Ok((count, None)) };
        match &frame {
            Frame::File(Attachment { content, .. }) | Frame::Locked(content) => {
                bytes += content.len() as u64;
                if count >= most || bytes > most_bytes {
                    return Ok((count, None));
                }
                count += 1;
            }
            Frame::End { files, .. } | Frame::Answer { files, .. } => {
                if *files != count || !input.buffer().is_empty() {
                    return Ok((count, None));
                }
                let ends_well = input.get_mut().ends_well().map_err(InspectError::NotStarted)?;
                return Ok((count, ends_well.then_some(frame)));
            }
        }
        let before = Instant::now();
        if take(frame).is_break() {
            return Ok((count, None));
        }
        input.get_mut().extend(before.elapsed());
    }
}
