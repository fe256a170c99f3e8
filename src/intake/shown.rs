//! The holding area as an office sees it.

use std::sync::Arc;

use super::allowance::allowance;
use super::passwords::wants_password;
use super::place::beside;
use super::second::fits;
use super::{Allowed, HandedOut, HoldRequest, Intake, IntakeError};
use crate::catalog::{ApprovalRow, EventsOf, HoldRow, MailRow, ReadTx, VerdictRow};
use crate::model::{
    Access, EntryEvent, EntryId, Event, HoldId, HoldReason, HoldState, Look, Recorded, ReleaseBy, Right,
    SpaceId, Timestamp, VersionId, VersionState, Viewer,
};

/// Most items of one answer.
const MAX_SHOWN: usize = 1_000;
/// Most downloads shown of one item.
const MAX_FETCHED: usize = 1_000;
/// Most requests shown of one item.
pub(super) const MAX_REQUESTS: usize = 200;
/// Most files and folders that are looked at below the folder with the PDFs of an archive.
const MAX_BELOW: usize = 300;
/// How the names of PDFs end that were made here.
const PDF: &str = ".pdf";
/// Most events of a file that are looked at for the history of an item.
const MAX_EVENTS: usize = 500;

/// The relation of a person to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The person decides about the space's held contents, and sees everything about them.
    Decides,
    /// The person stored it.
    Sent,
    /// The person may read the space and waits for it.
    Reads,
}

/// A content in the holding area, with the facts that the person to whom it is shown may know.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Id of the item.
    pub id: HoldId,
    /// The relation of the person to it.
    pub standing: Standing,
    /// Its content.
    pub version: VersionId,
    /// Its space.
    pub space: SpaceId,
    /// Present path, or that from which it was deleted.
    pub path: String,
    /// State of the item.
    pub state: HoldState,
    /// When the content arrived.
    pub arrived: Timestamp,
    /// When it may be released at the earliest.
    pub due: Timestamp,
    /// Why it is not released yet.
    pub reason: Option<HoldReason>,
    /// The findings of a look into it.
    pub look: Option<Look>,
    /// Whether a person released it although a scanner objected.
    pub overridden: bool,
    /// The results of its scans.
    pub verdicts: Vec<VerdictRow>,
    /// Path of its PDF, or of the folder with those of an archive.
    pub pdf: Option<String>,
    /// Whether that is such a folder.
    pub pdf_is_folder: bool,
    /// The PDFs in that folder with their names in it; only of an item that was asked for alone.
    pub pdfs: Vec<(EntryId, String)>,
    /// Code of the error for which there is no PDF, or not all of an archive.
    pub pdf_fault: Option<String>,
    /// About how many documents become PDFs before it; only of an item that was asked for alone and waits for its
    /// own.
    pub pdf_after: Option<usize>,
    /// The mail that it is, or came with.
    pub mail: Option<MailRow>,
    /// How many persons decide to release it.
    pub release_by: ReleaseBy,
    /// The first of two decisions to release it. It counts no more once it has lapsed.
    pub approval: Option<ApprovalRow>,
    /// Requests for it while it is held: all, or the person's own.
    pub requests: Vec<HoldRequest>,
    /// To whom it was handed out before its release: all, or the person alone.
    pub handed_out: Vec<HandedOut>,
    /// The row by which its content is let in; also one whose time is over. Only for those who decide.
    pub allowed: Option<Allowed>,
    /// Whether a password could open it; only of an item that was asked for alone.
    pub wants_password: bool,
    /// Downloads of it, latest first; only of an item that was asked for alone.
    pub fetched: Vec<Recorded>,
    /// Other events of it, latest first; only of an item that was asked for alone.
    pub history: Vec<Recorded>,
}

impl Intake {
    /// The latest items in the spaces of these accesses, latest first; those that have ended only on request.
    pub async fn list(&self, accesses: Vec<Access>, with_ended: bool) -> Result<Vec<Hold>, IntakeError> {
        self.catalog()
            .read(move |tx| {
                let mut shown = Vec::new();
                let mut before = None;
                loop {
                    let page = tx.holds(before, with_ended, MAX_SHOWN)?;
                    let Some(last) = page.last() else { break };
                    before = Some(last.id);
                    for row in page.into_iter().filter(|row| may_handle(&accesses, row)) {
                        if shown.len() == MAX_SHOWN {
                            return Ok(shown);
                        }
                        shown.push(show(tx, &row)?);
                    }
                }
                Ok(shown)
            })
            .await
    }

    /// Number of items that wait for a person's decision, and of those among them that one signature found together.
    pub async fn undecided(&self) -> Result<(u64, u64), IntakeError> {
        self.catalog().read(|tx| Ok((tx.holds_undecided()?, tx.holds_in_doubt()?))).await
    }

    /// Number of held files directly in a folder, up to 1,000, for a person who decides about them; else none.
    pub async fn held_in(&self, access: &Access, folder: EntryId) -> Result<usize, IntakeError> {
        match access.may_release() {
            true => self.catalog().read(move |tx| Ok(tx.held_in(folder, MAX_SHOWN)?)).await,
            false => Ok(0),
        }
    }

    /// One item, for a person who decides about it, has sent it or waits for it.
    ///
    /// Errors: `NoSuchHold`, also for an item with which the person has nothing to do.
    pub async fn show_to(&self, accesses: Vec<Access>, id: HoldId) -> Result<Hold, IntakeError> {
        let passwords = Arc::clone(&self.passwords);
        let converts = self.pdf_converter().is_some();
        self.catalog()
            .read(move |tx| {
                let (row, standing) = hold_of(tx, &accesses, id)?;
                let shown = match standing {
                    Standing::Decides => show_alone(tx, &row)?,
                    Standing::Sent | Standing::Reads => show_part(tx, &accesses, &row, standing)?,
                };
                let wants_password = wants_password(&row, &passwords);
                let pdf_after = if converts { tx.holds_to_render_before(row.id)? } else { None };
                Ok(Hold { pdfs: copies(tx, &row)?, pdf_after, wants_password, ..shown })
            })
            .await
    }

    /// One item with everything about it.
    ///
    /// Errors: `NoSuchHold`, also for an item in a space about whose contents the asker does not decide.
    pub async fn show(&self, accesses: Vec<Access>, id: HoldId) -> Result<Hold, IntakeError> {
        let hold = self.show_to(accesses, id).await?;
        if hold.standing == Standing::Decides { Ok(hold) } else { Err(IntakeError::NoSuchHold) }
    }
}

/// Whether a person with these rights may see a hold and decide about it.
fn may_handle(accesses: &[Access], hold: &HoldRow) -> bool {
    let access = accesses.iter().find(|access| access.space() == hold.space);
    access.is_some_and(Access::may_release)
}

/// A hold about which a person with these rights decides.
///
/// Errors: `NoSuchHold`, also without that right.
pub(super) fn handled(tx: &ReadTx<'_>, accesses: &[Access], id: HoldId) -> Result<HoldRow, IntakeError> {
    tx.hold(id)?.filter(|hold| may_handle(accesses, hold)).ok_or(IntakeError::NoSuchHold)
}

/// A hold, and the relation of a person with these rights to it.
///
/// Errors: `NoSuchHold`, also if it does not exist for the person.
pub(super) fn hold_of(
    tx: &ReadTx<'_>,
    accesses: &[Access],
    id: HoldId,
) -> Result<(HoldRow, Standing), IntakeError> {
    let hold = tx.hold(id)?.ok_or(IntakeError::NoSuchHold)?;
    let standing = standing(tx, accesses, &hold)?.ok_or(IntakeError::NoSuchHold)?;
    Ok((hold, standing))
}

/// The relation of a person with these rights to a hold; `None` if it does not exist for the person.
pub(super) fn standing(
    tx: &ReadTx<'_>,
    accesses: &[Access],
    hold: &HoldRow,
) -> Result<Option<Standing>, IntakeError> {
    let Some(access) = accesses.iter().find(|access| access.space() == hold.space) else { return Ok(None) };
    if access.may_release() {
        return Ok(Some(Standing::Decides));
    }
    let (Viewer::User(user), Ok(_)) = (access.viewer(), access.require(Right::Read)) else { return Ok(None) };
    let Some(version) = tx.version(hold.version)?.filter(|row| row.state != VersionState::Restricted) else {
        return Ok(None);
    };
    if version.author == Some(user) {
        return Ok(Some(Standing::Sent));
    }
    // A content that was replaced, deleted or taken back is no news for others.
    let is_there = !hold.state.has_ended() && beside(tx, hold.version)?.is_some();
    Ok(is_there.then_some(Standing::Reads))
}

/// A hold as a person sees it who does not decide about it.
pub(super) fn show_part(
    tx: &ReadTx<'_>,
    accesses: &[Access],
    row: &HoldRow,
    standing: Standing,
) -> Result<Hold, IntakeError> {
    let whole = show(tx, row)?;
    let access = accesses.iter().find(|access| access.space() == row.space);
    let Some(Viewer::User(user)) = access.map(Access::viewer) else { return Err(IntakeError::NoSuchHold) };
    Ok(Hold {
        standing,
        approval: None,
        verdicts: Vec::new(),
        requests: tx.hold_request(row.id, user)?.into_iter().collect(),
        handed_out: whole.handed_out.into_iter().filter(|handed| handed.user == user).collect(),
        ..whole
    })
}

/// Everything about a hold that is asked for alone.
fn show_alone(tx: &ReadTx<'_>, row: &HoldRow) -> Result<Hold, IntakeError> {
    let version = tx.version(row.version)?.ok_or(IntakeError::NoSuchHold)?;
    let allowed = allowance(tx, row.space, &version, Timestamp(i64::MIN))?;
    let fetched = tx.reads_of(row.version, MAX_FETCHED)?;
    Ok(Hold { allowed, fetched, history: history(tx, row)?, ..show(tx, row)? })
}

/// Everything about a hold that is shown in a list.
pub(super) fn show(tx: &ReadTx<'_>, row: &HoldRow) -> Result<Hold, IntakeError> {
    let is_open = !row.state.has_ended();
    let rendition = tx.rendition(row.id)?;
    let pdf = rendition.as_ref().and_then(|rendition| rendition.entry);
    let spot = pdf.map(|entry| tx.spot(entry)).transpose()?.flatten();
    let pdf = pdf.map(|entry| tx.entry(entry)).transpose()?.flatten();
    Ok(Hold {
        pdf: spot.map(|spot| spot.path),
        pdf_is_folder: pdf.is_some_and(|entry| entry.is_folder()),
        pdfs: Vec::new(),
        pdf_after: None,
        pdf_fault: rendition.and_then(|rendition| rendition.fault),
        id: row.id,
        standing: Standing::Decides,
        version: row.version,
        space: row.space,
        path: path(tx, row)?,
        state: row.state,
        arrived: row.arrived,
        due: row.due,
        reason: row.reason,
        look: row.look.clone(),
        overridden: row.overridden,
        verdicts: tx.verdicts(row.id)?,
        mail: tx.mail_of(row.version)?,
        release_by: row.release_by,
        approval: tx.approval(row.id)?.filter(|first| fits(first, row)),
        requests: if is_open { tx.hold_requests(row.id, MAX_REQUESTS)? } else { Vec::new() },
        handed_out: tx.handed_out(row.version)?,
        allowed: None,
        wants_password: false,
        fetched: Vec::new(),
        history: Vec::new(),
    })
}

/// The PDFs of the documents in an archive, with their names in the folder for them.
fn copies(tx: &ReadTx<'_>, row: &HoldRow) -> Result<Vec<(EntryId, String)>, IntakeError> {
    let Some(folder) = tx.rendition(row.id)?.and_then(|rendition| rendition.entry) else {
        return Ok(Vec::new());
    };
    let Some(top) = tx.spot(folder)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let entries = tx.subtree(folder, MAX_BELOW)?;
    for file in entries.into_iter().filter(|entry| entry.id != folder && !entry.is_folder()) {
        let Some(spot) = tx.spot(file.id)? else { continue };
        let name = spot.path.strip_prefix(&top.path).and_then(|name| name.strip_prefix('/'));
        found.extend(name.filter(|name| name.ends_with(PDF)).map(|name| (file.id, name.to_owned())));
    }
    found.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(found)
}

/// Present path of a held content, or that from which it was deleted.
pub(super) fn path(tx: &ReadTx<'_>, row: &HoldRow) -> Result<String, IntakeError> {
    let entry = tx.version(row.version)?.map(|version| version.entry);
    let path = match entry {
        None => None,
        Some(entry) => match tx.trashed(row.space, entry)? {
            Some(item) => Some(format!("/{}", item.path)),
            None => tx.spot(entry)?.map(|spot| spot.path),
        },
    };
    Ok(path.unwrap_or_default())
}

/// The events of a held content besides downloads.
fn history(tx: &ReadTx<'_>, row: &HoldRow) -> Result<Vec<Recorded>, IntakeError> {
    let entry = tx.version(row.version)?.map(|version| version.entry);
    let of = EventsOf::Below { space: row.space, entry, path: &path(tx, row)? };
    let mut events = tx.events(of, None, MAX_EVENTS)?.events;
    events.retain(|recorded| match &recorded.event {
        Event::Entry { kind, version, .. } => *kind != EntryEvent::Read && *version == Some(row.version),
        Event::StateChanged { version, .. } | Event::Hold { version, .. } => *version == row.version,
        _ => false,
    });
    Ok(events)
}
