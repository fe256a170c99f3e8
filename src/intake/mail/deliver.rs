//! Stores a mail for each of its recipients.
//!
//! ```text
//! head      read first, because the file's name has the subject
//! begin     one file for each folder: right, name, quota
//! receive   every piece into every file; one that fails does not keep the others from theirs
//! commit    for each, in one transaction: is it there already?  → nothing is stored twice
//!           else the file and its row; then the answer
//! ```

use std::collections::HashSet;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::head::{MAX_HEAD, end, has_message_id, without_trace};
use super::{MailError, Mailbox};
use crate::catalog::ReadTx;
use crate::inspect::MailHead;
use crate::intake::Intake;
use crate::intake::place::{addition, begin_put};
use crate::library::naming::numbered;
use crate::library::{Incoming, LibraryError, NewFile, PutSession, Source, receive};
use crate::model::{EntryId, EntryName, Timestamp, Worker, random_bytes};
use crate::scan::Sample;

/// Most bytes of a subject in the name of a file.
const MAX_SUBJECT: usize = 120;
/// Name of a mail without a subject.
const NO_SUBJECT: &str = "E-Mail";

/// Names of mails that arrive at this moment, which have no entry yet.
pub(in crate::intake) type NamesTaken = Mutex<HashSet<(EntryId, String)>>;

impl Intake {
    /// Stores a mail in these folders, byte for byte, and returns the outcome for each of them: `Ok` says that it is
    /// durable. A mail with a Message-ID is stored once in a folder, however often it is sent.
    ///
    /// Errors: those of the source, and then nothing is stored.
    pub async fn deliver<S: Source + Send>(
        &self,
        sender: &str,
        to: &[Mailbox],
        mut source: S,
    ) -> Result<Vec<Result<(), MailError>>, S::Error> {
        let mut begun = BytesMut::new();
        while end(&begun).is_none() && begun.len() < MAX_HEAD {
            match source.next(0).await {
                Some(piece) => begun.extend_from_slice(&piece?),
                None => break,
            }
        }
        let head = begun.get(..end(&begun).unwrap_or(begun.len())).unwrap_or_default();
        let name = name_of(Timestamp::now(), self.read_head(head).await.subject.as_deref());
        let mut hash = Sha256::new();
        without_trace(head).for_each(|line| hash.update(line));
        if !has_message_id(head) {
            // Nothing says that another one with the same words is the same.
            hash.update(random_bytes::<16>());
        }
        hash.update(begun.get(head.len()..).unwrap_or_default());

        let mut copies = Copies { hash, each: Vec::new(), sender: sender.to_owned() };
        for mailbox in to {
            copies.each.push(self.begin_copy(mailbox, &name).await);
        }
        copies.write_all(begun.freeze()).await;
        match receive(copies, source, async || Ok(()), Timestamp::now).await? {
            Ok(outcomes) => Ok(outcomes),
            Err(never) => match never {},
        }
    }

    /// The names of the mail. Without a process that reads it, it has no subject.
    async fn read_head(&self, head: &[u8]) -> MailHead {
        let (Some(inspector), Ok(sample)) = (self.inspector.clone(), Sample::of(head)) else {
            return MailHead::default();
        };
        let read = spawn_blocking(move || inspector.mail_head(sample.as_fd()));
        match read.await {
            Ok(Ok(head)) => head,
            Ok(Err(_)) | Err(_) => MailHead::default(),
        }
    }

    async fn begin_copy(&self, mailbox: &Mailbox, name: &EntryName) -> Copy {
        match self.try_begin_copy(mailbox, name).await {
            Ok(copy) => Copy::Begun(Box::new(copy)),
            Err(error) => Copy::Failed(error),
        }
    }

    async fn try_begin_copy(&self, mailbox: &Mailbox, name: &EntryName) -> Result<BegunCopy, MailError> {
        if self.flood.is_over(mailbox.space, self.settings.mails_per_hour, Instant::now()) {
            return Err(MailError::TooMany);
        }
        let (name, turn) = self.reserve_name(mailbox.folder, name).await?;
        let change = addition(self.library.as_worker(Worker::Mail, mailbox.space), Worker::Mail);
        let path = mailbox.path.join(name).map_err(LibraryError::from)?;
        let new = NewFile { path, size: None, modified: None, checksum: None };
        let put = begin_put(&self.library, &change, new).await?;
        Ok(BegunCopy { intake: self.clone(), mailbox: mailbox.clone(), put, _turn: turn })
    }

    /// A name that no file in the folder has, and no mail that arrives at this moment.
    async fn reserve_name(
        &self,
        folder: EntryId,
        wanted: &EntryName,
    ) -> Result<(EntryName, NameTurn), LibraryError> {
        let (taken, wanted) = (Arc::clone(&self.names_taken), wanted.clone());
        let found = move |tx: &ReadTx<'_>| {
            let mut names = taken.lock().unwrap_or_else(PoisonError::into_inner);
            let free = numbered(&wanted, |name| {
                let key = (folder, name.key());
                Ok(names.contains(&key) || tx.child(folder, &key.1)?.is_some())
            })?;
            let key = (folder, free.key());
            names.insert(key.clone());
            Ok::<_, LibraryError>((free, key))
        };
        let (name, key) = self.catalog().read(found).await?;
        Ok((name, NameTurn { taken: Arc::clone(&self.names_taken), key }))
    }
}

/// The name of a mail that arrived at this time, in the time zone of the office's machine.
fn name_of(at: Timestamp, subject: Option<&str>) -> EntryName {
    let local = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    let local = local.to_zoned_datetime(jiff::tz::TimeZone::system());
    let subject = subject.and_then(|subject| EntryName::nearest(subject, MAX_SUBJECT));
    let subject = subject.as_ref().map_or(NO_SUBJECT, EntryName::as_str);
    let name = format!("{} {subject}.eml", local.strftime("%Y-%m-%d %H.%M"));
    EntryName::parse(&name).expect("a date and a name are a name")
}

/// A name that is kept for a mail until it is stored.
struct NameTurn {
    taken: Arc<NamesTaken>,
    key: (EntryId, String),
}

impl Drop for NameTurn {
    fn drop(&mut self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// One mail on its way into several folders.
struct Copies {
    /// Of the bytes that do not change on the way.
    hash: Sha256,
    sender: String,
    each: Vec<Copy>,
}

/// A mail on its way into one folder.
enum Copy {
    Begun(Box<BegunCopy>),
    Failed(MailError),
}

struct BegunCopy {
    intake: Intake,
    mailbox: Mailbox,
    put: PutSession,
    _turn: NameTurn,
}

impl Copies {
    async fn write_all(&mut self, bytes: Bytes) {
        for copy in &mut self.each {
            if let Copy::Begun(begun) = copy
                && let Err(error) = begun.put.write(bytes.clone()).await
            {
                *copy = Copy::Failed(error.into());
            }
        }
    }
}

impl Incoming for Copies {
    type Stored = Vec<Result<(), MailError>>;
    type Error = std::convert::Infallible;

    async fn write(&mut self, bytes: Bytes) -> Result<u64, Self::Error> {
        self.hash.update(&bytes);
        self.write_all(bytes).await;
        Ok(0)
    }

    async fn commit(self, now: Timestamp) -> Result<Self::Stored, Self::Error> {
        let hash: [u8; 32] = self.hash.finalize().into();
        let mut outcomes = Vec::with_capacity(self.each.len());
        for copy in self.each {
            outcomes.push(match copy {
                Copy::Begun(begun) => begun.commit(hash, &self.sender, now).await,
                Copy::Failed(error) => Err(error),
            });
        }
        Ok(outcomes)
    }
}

impl BegunCopy {
    async fn commit(self, hash: [u8; 32], sender: &str, now: Timestamp) -> Result<(), MailError> {
        let Self { intake, mailbox, put, _turn } = self;
        let space = mailbox.space;
        let is_there = Arc::new(AtomicBool::new(false));
        let (found, sender) = (Arc::clone(&is_there), sender.to_owned());
        // In the transaction that shows the mail: a mail answered with 250 has its row, and no mail is there twice.
        let put = put.along(Arc::new(move |tx, version| {
            // It may have been closed while the mail arrived.
            if tx.space_by_mail(&mailbox.name)?.is_none_or(|row| row.id != mailbox.space) {
                return Err(LibraryError::NoSuchSpace);
            }
            if tx.has_mail(mailbox.folder, &hash)? {
                found.store(true, Ordering::Relaxed);
                return Err(LibraryError::Exists);
            }
            Ok(tx.insert_mail(version, mailbox.space, &hash, &sender, now)?)
        }));
        match put.commit(now).await {
            Err(LibraryError::Exists) if is_there.load(Ordering::Relaxed) => {
                tracing::info!(%space, "a mail was sent twice and is stored once");
                return Ok(());
            }
            stored => stored.map(drop)?,
        }
        intake.flood.count(space, Instant::now());
        Ok(())
    }
}
