//! Verifies that all stored data is still as it was committed.
//!
//! A run checks the catalogue itself ([`catalogue`]) and the key files ([`key_files`]), then all containers by id
//! ([`walk`]), then the files on the disk ([`files`]) and the snapshots. It advances in steps of about a second, so
//! that its caller can show the progress, slow it down or stop; its position is a row, from which the next run
//! resumes. Nothing is repaired or removed: findings are recorded in the catalogue ([`library::damage`](crate::library::damage)) and reported.
//!
//! Files are replaced and deleted meanwhile. Nothing is reported before the row was read again: if it is gone or
//! has changed, so has the container.

mod catalogue;
mod files;
mod key_files;
mod run;
mod task;
mod uses;
mod walk;

use tokio::sync::Mutex;

use super::Recovery;
use super::error::RecoveryError;
use crate::library::LibraryError;
use crate::model::{
    ByteSize, ContainerId, DamageKind, EntryId, Place, SpaceId, Timestamp, VerifyMode, VerifyStarter,
    VersionId, layout,
};

pub use catalogue::OLDER_CATALOGUE;
use run::Run;

/// Findings of one step of a verification; a step with this many ends early.
const MAX_FINDINGS: usize = 200;
/// Files named for one damaged container; copies share containers.
const MAX_USES: usize = 100;
/// Unknown files that a verification names; it counts the rest.
const MAX_UNKNOWN: usize = 1_000;

/// Parameters of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyOrder {
    /// Starter of the verification.
    pub starter: VerifyStarter,
    /// Quick or full.
    pub mode: VerifyMode,
    /// Most bytes read per second.
    pub rate: Option<ByteSize>,
    /// Start over even if an earlier run of this kind is unfinished.
    pub restart: bool,
}

/// Identifies a run to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId(pub u32);

/// Stage of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyStage {
    /// Reporting the findings from before the interruption.
    Remembering,
    /// The catalogue itself.
    Catalogue,
    /// The key files.
    Keys,
    /// The containers of all rows.
    Containers,
    /// The files on the disk.
    Files,
    /// The snapshots of the catalogue.
    Snapshots,
    /// The run has ended.
    Done,
}

impl VerifyStage {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remembering => "remembering",
            Self::Catalogue => "catalogue",
            Self::Keys => "keys",
            Self::Containers => "containers",
            Self::Files => "files",
            Self::Snapshots => "snapshots",
            Self::Done => "done",
        }
    }
}

/// Findings of one step, and the progress of the run.
#[derive(Clone, Debug)]
pub struct VerifyStep {
    /// Number of the run.
    pub run: RunId,
    /// Quick or full.
    pub mode: VerifyMode,
    /// Time of the start, even if it was interrupted since.
    pub started: Timestamp,
    /// Whether it continues an interrupted run.
    pub is_resumed: bool,
    /// The next stage.
    pub stage: VerifyStage,
    /// Containers verified so far.
    pub containers: u64,
    /// Number of containers when it began.
    pub total_containers: u64,
    /// Bytes of content read so far; a quick run reads only those of containers known to be damaged.
    pub bytes: u64,
    /// Bytes of content when it began.
    pub total_bytes: u64,
    /// Findings of this step.
    pub findings: Vec<Finding>,
    /// Files without a row that this step found.
    pub unknown: UnknownFiles,
}

/// Files on the disk without a row. They are not damage: a crash or an upload in progress leaves some, and the
/// sweep removes them after a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownFiles {
    /// Number of such files.
    pub count: u64,
    /// The first of them, at most a thousand.
    pub shown: Vec<UnknownFile>,
}

/// A file on the disk without a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFile {
    /// Space whose directory holds it.
    pub space: SpaceId,
    /// Id, which is also its name.
    pub container: ContainerId,
    /// A file of its own, or a position in a pack.
    pub place: Place,
    /// Length in bytes.
    pub length: u64,
    /// When it, or the pack around it, last changed.
    pub changed: Timestamp,
}

/// Kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A container differs from the committed one.
    Damage(DamageKind),
    /// The containers of a version do not add up to it.
    Incomplete,
    /// The catalogue contradicts itself, is damaged or older than the containers.
    Catalogue,
    /// A key file is missing or was changed.
    Key,
    /// The note of a space's name, which a rebuild may need, is missing or was changed.
    Note,
    /// The high-water mark, which reveals an older catalogue, is missing or cannot be opened.
    Mark,
    /// A snapshot of the catalogue cannot be read to its end, or all are gone.
    Snapshot,
    /// A foreign file is among the containers.
    Stranger,
}

impl FindingKind {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damage(kind) => kind.as_str(),
            Self::Incomplete => "incomplete",
            Self::Catalogue => "catalogue",
            Self::Key => "key",
            Self::Note => "note",
            Self::Mark => "mark",
            Self::Snapshot => "snapshot",
            Self::Stranger => "stranger",
        }
    }
}

/// A fault. It may contain names of files: show it to the owner, never log it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Kind of the fault.
    pub kind: FindingKind,
    /// The space concerned; `None` if it concerns none.
    pub space: Option<SpaceId>,
    /// The container concerned.
    pub container: Option<ContainerId>,
    /// Its place in the space's directory.
    pub place: Option<Place>,
    /// The first damaged chunk of 64 KiB, from 0.
    pub chunk: Option<u64>,
    /// Description of a fault that is not about a container; contains no name from the catalogue.
    pub detail: Option<String>,
    /// Time at which it was first found.
    pub first_seen: Option<Timestamp>,
    /// The versions concerned, current ones first.
    pub uses: Vec<Use>,
}

impl Finding {
    /// A finding that is not about a container.
    fn about(kind: FindingKind, space: Option<SpaceId>, detail: String) -> Self {
        Self {
            kind,
            space,
            container: None,
            place: None,
            chunk: None,
            detail: Some(detail),
            first_seen: None,
            uses: Vec::new(),
        }
    }

    /// Path of the container's file, or of the pack that contains it, below the data directory.
    pub fn file(&self) -> Option<String> {
        Some(layout::holder(self.space?, self.container?, self.place?))
    }
}

impl UnknownFile {
    /// Path of the file, or of the pack that contains it, below the data directory.
    pub fn file(&self) -> String {
        layout::holder(self.space, self.container, self.place)
    }
}

/// A version that a fault affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Name of the space.
    pub space: String,
    /// Path in the space; for a deleted file, its original path.
    pub path: String,
    /// The file.
    pub entry: EntryId,
    /// The content.
    pub version: VersionId,
    /// State of the version.
    pub state: UseState,
}

/// State of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseState {
    /// The current version.
    Current,
    /// A replaced version.
    Earlier,
    /// A version of a deleted file.
    Trash,
}

impl UseState {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Earlier => "earlier",
            Self::Trash => "trash",
        }
    }
}

/// The runs of this process, one for each starter.
#[derive(Default)]
pub(super) struct Runs {
    owner: Mutex<Option<Run>>,
    schedule: Mutex<Option<Run>>,
}

impl Runs {
    fn of(&self, starter: VerifyStarter) -> &Mutex<Option<Run>> {
        match starter {
            VerifyStarter::Owner => &self.owner,
            VerifyStarter::Schedule => &self.schedule,
        }
    }
}

impl Recovery {
    /// Begins a verification, or resumes an unfinished one of the same kind. The previous caller gets
    /// [`RecoveryError::NoSuchRun`] with its next step.
    pub async fn begin_verify(&self, order: VerifyOrder, now: Timestamp) -> Result<VerifyStep, LibraryError> {
        let mut slot = self.runs.of(order.starter).lock().await;
        let run = Run::begin(&self.library, order, now).await?;
        let begun = run.report(Vec::new(), UnknownFiles::default());
        *slot = Some(run);
        Ok(begun)
    }

    /// Advances a run by about a second, then waits as long as its rate demands. After an error, or if the future
    /// is dropped, call [`Self::begin_verify`] again: the run resumes at its last stored position.
    pub async fn verify_step(
        &self,
        starter: VerifyStarter,
        run: RunId,
        now: Timestamp,
    ) -> Result<VerifyStep, RecoveryError> {
        let mut slot = self.runs.of(starter).lock().await;
        let mut current = slot.take_if(|current| current.id() == run).ok_or(RecoveryError::NoSuchRun)?;
        let step = current.step(&self.library, now).await?;
        if !step.findings.is_empty() || step.stage == VerifyStage::Done {
            // For callers that read the number from memory; if it fails, they see it after the next count.
            let _ = self.library.integrity().await;
        }
        if step.stage != VerifyStage::Done {
            *slot = Some(current);
        }
        Ok(step)
    }
}
