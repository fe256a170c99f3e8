//! Stores the attachments of mails, each as a file in a folder beside the mail that has its name.
//!
//! It can end at any step: a stored attachment is found by its content and not stored twice.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::catalog::{MailRow, MailUpdate, ReadTx, WriteTx};
use crate::inspect::{Attachment, InspectError};
use crate::intake::place::{Place, addition, begin_put, beside, find_place};
use crate::intake::{Intake, IntakeError, fairly};
use crate::library::resolve::path_of;
use crate::library::{LibraryError, NewFile};
use crate::model::{
    Checksum, ChecksumKind, EntryName, EntryPath, NameError, Obstacle, Timestamp, VersionId, Worker,
};

/// Mails of one space looked at in one round.
const MAX_LISTED: usize = 16;
/// Names of one attachment that are compared.
const MAX_NAMES: usize = 100;
/// Mails unpacked in one round, one after the other; at least one of each space.
const MAX_UNPACKED: usize = 16;
/// Longest time after which a round looks for what arrived meanwhile in other spaces.
const LONGEST_ROUND: Duration = Duration::from_secs(2);
/// Time until attachments that could not be stored are tried again.
const RETRY_AFTER: Duration = Duration::from_mins(5);
/// Most bytes of a foreign name.
const MAX_NAME: usize = 200;
/// Name of an attachment whose name cannot be used.
const NO_NAME: &str = "Anlage";

/// The result of one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Mails whose attachments are stored now.
    pub mails: usize,
    /// Mails that wait, because their attachments could not be stored.
    pub waiting: u64,
}

/// The outcome for the attachments of one mail.
struct Outcome {
    stored: u64,
    /// Why some are missing.
    fault: Option<&'static str>,
    /// Whether trying again would change nothing.
    is_done: bool,
}

impl Outcome {
    fn later(stored: u64, fault: &'static str) -> Self {
        Self { stored, fault: Some(fault), is_done: false }
    }
}

impl Intake {
    /// Stores the attachments of mails that have arrived, up to a bounded number.
    ///
    /// Errors: those of the catalogue and of the machine; an error of one mail is a word in its row.
    pub async fn unpack_some(&self, now: Timestamp) -> Result<Unpacked, IntakeError> {
        let due = self.catalog().read(move |tx| due(tx, now)).await?;
        let mut round = Unpacked::default();
        let spaces = due.iter().map(|mail| mail.space).collect::<HashSet<_>>().len();
        let (turns, begun) = (fairly(due, |mail| mail.space), Instant::now());
        for (number, mail) in turns.into_iter().take(MAX_UNPACKED.max(spaces)).enumerate() {
            // Every space had its turn.
            if number >= spaces && begun.elapsed() > LONGEST_ROUND {
                break;
            }
            let Outcome { stored, fault, is_done } = self.unpack(&mail).await?;
            let next = if is_done { None } else { Some(now.after(RETRY_AFTER)) };
            round.mails += usize::from(is_done);
            let note = move |tx: &WriteTx<'_>| {
                tx.silent("the stored files are the events");
                tx.touches_only([]);
                let update = MailUpdate { next, attachments: stored, fault };
                Ok::<_, IntakeError>(tx.update_mail(mail.version, &update)?)
            };
            self.library.storing().await?.write(note).await?;
        }
        round.waiting = self.catalog().read(|tx| Ok::<_, IntakeError>(tx.mails_waiting()?)).await?;
        Ok(round)
    }

    /// Stores the attachments of one mail.
    async fn unpack(&self, mail: &MailRow) -> Result<Outcome, IntakeError> {
        let version = mail.version;
        let place = self.catalog().read(move |tx| {
            let Some((folder, name)) = beside(tx, version)? else { return Ok(None) };
            Ok::<_, LibraryError>(Some((path_of(tx, folder)?, name)))
        });
        let place = place.await?;
        let (Some((folder, name)), Some(inspector)) = (place, self.inspector.clone()) else {
            // It was deleted or replaced.
            return Ok(Outcome { stored: mail.attachments, fault: None, is_done: true });
        };
        let own_folder = folder_name(&name).and_then(|name| folder.join(name));
        // Its path may be too long already.
        let own_folder = own_folder.unwrap_or_else(|_| folder.clone());
        let sample = match self.sample_of(mail.space, version).await? {
            Ok((sample, _)) => sample,
            Err(reason) => return Ok(Outcome::later(mail.attachments, reason.as_str())),
        };
        // One at a time lies in memory beside the mail.
        let (sender, mut receiver) = mpsc::channel::<Attachment>(1);
        let walk = spawn_blocking(move || {
            inspector.attachments(sample.as_fd(), &mut |attachment| match sender.blocking_send(attachment) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        });
        let (mut stored, mut lost) = (0, None);
        while let Some(Attachment { path, content }) = receiver.recv().await {
            match self.keep_somewhere(mail, &places(&folder, &own_folder, &path), content.into()).await {
                Ok(()) => stored += 1,
                Err(error) if has_no_place(&error) => lost = Some(error.code()),
                // Such as a full quota, which must not keep others from theirs.
                Err(error) if error.is_refusal() => return Ok(Outcome::later(stored, error.code())),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(match walk.await.map_err(LibraryError::from)? {
            Ok(unpacked) => {
                let fault = unpacked.obstacle.map(Obstacle::as_str).or(lost);
                Outcome { stored, fault, is_done: true }
            }
            Err(error @ InspectError::NotStarted(_)) => Outcome::later(stored, error.code()),
        })
    }

    /// Ensures that the space has an attachment at the first of these places that it can have.
    async fn keep_somewhere(
        &self,
        mail: &MailRow,
        places: &[EntryPath],
        content: Bytes,
    ) -> Result<(), LibraryError> {
        let mut outcome = Err(LibraryError::ParentMissing);
        for place in places {
            outcome = self.keep(mail, place, content.clone()).await;
            if !outcome.as_ref().is_err_and(has_no_place) {
                break;
            }
        }
        outcome
    }

    async fn keep(&self, mail: &MailRow, wanted: &EntryPath, content: Bytes) -> Result<(), LibraryError> {
        let access = self.library.as_worker(Worker::Mail, mail.space);
        let size = content.len() as u64;
        let sha256 = Sha256::digest(&content).to_vec();
        let Place { path, folder, twins } = find_place(&self.library, access, wanted, size).await?;
        // After many namesakes a name has random letters, which finding a place does not look for.
        let (digest, name, id) = (sha256.clone(), wanted.names().last().cloned(), mail.version);
        let parts = move |tx: &ReadTx<'_>| {
            let Some(folder) = folder else { return Ok(false) };
            let names = tx.mail_parts_with(id, folder, &digest, MAX_NAMES)?;
            Ok::<_, LibraryError>(names.iter().any(|known| is_name_of(known, name.as_ref())))
        };
        if self.catalog().read(parts).await? {
            return Ok(());
        }
        let own = Checksum::new(ChecksumKind::Sha256, sha256);
        if let Some((version, _)) = twins.into_iter().find(|(_, digest)| Some(digest) == own.as_ref()) {
            return self.note_part(version, mail.version).await;
        }
        let new = NewFile { path, size: Some(size), modified: None, checksum: None };
        let mut put = begin_put(&self.library, &addition(access, Worker::Mail), new).await?;
        put.write(content).await?;
        let part_of = mail.version;
        // From the moment at which it is there, it waits for its mail.
        let put = put.along(Arc::new(move |tx, version| Ok(tx.insert_mail_part(version, part_of)?)));
        put.commit(Timestamp::now()).await.map(drop)
    }

    async fn note_part(&self, attachment: VersionId, mail: VersionId) -> Result<(), LibraryError> {
        let note = move |tx: &WriteTx<'_>| {
            tx.silent("the stored file is the event");
            tx.touches_only([]);
            Ok::<_, LibraryError>(tx.insert_mail_part(attachment, mail)?)
        };
        self.library.storing().await?.write(note).await
    }
}

/// The name of the folder for the attachments of a mail with this name: the same without its ending.
fn folder_name(mail: &str) -> Result<EntryName, NameError> {
    match mail.rsplit_once('.') {
        Some((stem, _)) if !matches!(stem, "" | "." | "..") => EntryName::parse(stem),
        // Someone renamed it.
        _ => EntryName::nearest(&format!("{mail} {NO_NAME}"), MAX_NAME)
            .map_or_else(|| EntryName::parse(NO_NAME), Ok),
    }
}

/// Some mails of each space whose attachments are to be stored.
fn due(tx: &ReadTx<'_>, now: Timestamp) -> Result<Vec<MailRow>, IntakeError> {
    let mut due = Vec::new();
    for space in tx.spaces_with_mails_due(now)? {
        due.extend(tx.mails_due(space, now, MAX_LISTED)?);
    }
    Ok(due)
}

/// Whether a file was stored under the wanted name, or under one with a number or letters because that was taken.
fn is_name_of(known: &str, wanted: Option<&EntryName>) -> bool {
    let Some(wanted) = wanted.map(EntryName::as_str) else { return false };
    let stem = wanted.rsplit_once('.').map_or(wanted, |(stem, _)| stem);
    known == wanted || known.strip_prefix(stem).is_some_and(|rest| rest.starts_with(" ("))
}

/// Whether an attachment cannot have this place: its path is too long, or a file has the name of a folder above it.
fn has_no_place(error: &LibraryError) -> bool {
    matches!(error, LibraryError::Name(_) | LibraryError::ParentMissing | LibraryError::NameTaken)
}

/// Places for an attachment with these names of its sender, best first: below the mail's own folder, directly in it, beside
/// the mail.
fn places(beside: &EntryPath, own: &EntryPath, names: &[String]) -> Vec<EntryPath> {
    let name = |text: &str| EntryName::nearest(text, MAX_NAME).map_or_else(|| EntryName::parse(NO_NAME), Ok);
    let last = names.last().map_or(NO_NAME, String::as_str);
    let folders = names.split_last().map_or(&[][..], |(_, folders)| folders);
    let below = folders.iter().try_fold(own.clone(), |path, text| path.join(name(text)?));
    let below = below.and_then(|folder| folder.join(name(last)?));
    let directly = |folder: &EntryPath| folder.join(name(last)?);
    [below, directly(own), directly(beside)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_mail_never_has_its_name() {
        for (mail, expected) in [
            ("2026-11-29 14.02 a.eml", "2026-11-29 14.02 a"),
            ("a.b.eml", "a.b"),
            ("a", "a Anlage"),
            (".eml", ".eml Anlage"),
            ("..eml", "..eml Anlage"),
            ("...eml", "...eml Anlage"),
        ] {
            assert_eq!(folder_name(mail).unwrap().as_str(), expected, "{mail}");
        }
    }

    #[test]
    fn an_attachment_has_a_place_whatever_its_name() {
        let (beside, own) = (EntryPath::root(), EntryPath::parse("mail").unwrap());
        let shown = |names: &[&str]| -> Vec<String> {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            places(&beside, &own, &names).iter().map(ToString::to_string).collect()
        };
        let three = |names: [&str; 3]| names.map(str::to_owned).to_vec();
        assert_eq!(shown(&["a.txt"]), three(["/mail/a.txt", "/mail/a.txt", "/a.txt"]));
        assert_eq!(shown(&["in it", "a/b"]), three(["/mail/in it/a_b", "/mail/a_b", "/a_b"]));
        assert_eq!(shown(&[".."]), three(["/mail/Anlage", "/mail/Anlage", "/Anlage"]));
        assert_eq!(shown(&[]), three(["/mail/Anlage", "/mail/Anlage", "/Anlage"]));
        // Too deep for a path.
        assert_eq!(shown(&["x"; 120]), ["/mail/x", "/x"]);
    }
}
