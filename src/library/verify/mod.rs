//! Looking whether everything that is stored is still what was committed.
//!
//! A run goes through the catalogue itself ([`catalogue`]) and the key files ([`key_files`]), then through all
//! containers by id ([`walk`]), then through the files on the disk ([`files`]) and the snapshots. It advances in steps of about a second, so that whoever
//! drives it can show how far it is, slow it down or leave; what it is done with is a row, and the next one
//! goes on there. Nothing is repaired and nothing removed: what is found is remembered in the catalogue
//! ([`damage`]) and told.
//!
//! Meanwhile files are replaced and deleted. Nothing is reported before the row was read again: if it is
//! gone or has changed, so has the container.

mod catalogue;
mod damage;
mod files;
mod key_files;
mod run;
mod task;
mod uses;
mod walk;

use tokio::sync::Mutex;

use super::{Library, LibraryError};
use crate::model::{
    ByteSize, ContainerId, DamageKind, EntryId, Place, SpaceId, Timestamp, VerifyMode, VerifyStarter,
    VersionId, layout,
};

pub use catalogue::OLDER_CATALOGUE;
pub(super) use catalogue::damaged_pages;
pub(super) use damage::RecentDamage;
pub(super) use key_files::{forget_recovery_file, remember_recovery_file, remember_snapshot};
use run::Run;

/// Findings of one step of a verification; a step that has so many ends early.
const MAX_FINDINGS: usize = 200;
/// Files named for one damaged container; copies share containers.
const MAX_USES: usize = 100;
/// Unknown files that a verification names; it counts the rest.
const MAX_UNKNOWN: usize = 1_000;
/// Why what a verification notes is no event.
const NOTED: &str = "what is noted of the disk's health is nothing that a person did";

/// What shall be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyOrder {
    /// Who asks.
    pub starter: VerifyStarter,
    /// How thorough.
    pub mode: VerifyMode,
    /// Bytes read per second at most.
    pub rate: Option<ByteSize>,
    /// Begin anew even if an earlier run of this kind has not come to its end.
    pub restart: bool,
}

/// Names a run to whoever drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId(pub u32);

/// What a run is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyStage {
    /// Telling what the part before the interruption found.
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
    /// Nothing any more.
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

/// What one step of a run brought, and how far the run is.
#[derive(Clone, Debug)]
pub struct VerifyStep {
    /// The run.
    pub run: RunId,
    /// How thorough it is.
    pub mode: VerifyMode,
    /// When it began, be it before an interruption.
    pub started: Timestamp,
    /// Whether it goes on where an earlier one stopped.
    pub is_resumed: bool,
    /// What comes next.
    pub stage: VerifyStage,
    /// Containers looked at.
    pub containers: u64,
    /// Containers there were when it began.
    pub total_containers: u64,
    /// Bytes of content read; a quick run reads those of containers that are known to be damaged.
    pub bytes: u64,
    /// Bytes of content there were when it began.
    pub total_bytes: u64,
    /// What this step found.
    pub findings: Vec<Finding>,
    /// Files without a row that this step found.
    pub unknown: UnknownFiles,
}

/// Files on the disk that no row knows: no damage, since a crash or an upload in progress leaves such, and
/// the sweep removes them after a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownFiles {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub shown: Vec<UnknownFile>,
}

/// A file on the disk that no row knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFile {
    /// Whose directory it lies in.
    pub space: SpaceId,
    /// Its name.
    pub container: ContainerId,
    /// Where it lies there.
    pub place: Place,
    /// Bytes.
    pub length: u64,
    /// When it, or the pack around it, last changed.
    pub changed: Timestamp,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A container is not what was committed.
    Damage(DamageKind),
    /// The containers of a content do not make it up.
    Incomplete,
    /// The catalogue contradicts itself, is damaged or older than the containers.
    Catalogue,
    /// A key file is missing or is not the one that was written.
    Key,
    /// So is the note of a space's name, which a rebuild may need.
    Note,
    /// The mark that tells an older catalogue is missing or does not open.
    Mark,
    /// A snapshot of the catalogue does not open to its end, or all are gone.
    Snapshot,
    /// Something lies among the containers that is none.
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

/// Something that is wrong. Names of files are in it: for the owner's eyes, never for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// In which space; `None` if it is about none.
    pub space: Option<SpaceId>,
    /// Which container.
    pub container: Option<ContainerId>,
    /// Where it lies in the space's directory.
    pub place: Option<Place>,
    /// The first damaged chunk of 64 KiB, from 0.
    pub chunk: Option<u64>,
    /// What is wrong, where no container is; holds no name that the catalogue knows.
    pub detail: Option<String>,
    /// When it was first found.
    pub first_seen: Option<Timestamp>,
    /// The contents that it concerns, present ones first.
    pub uses: Vec<Use>,
}

impl Finding {
    /// One that is about no container.
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

    /// The container's file or the pack that it lies in, below the data directory.
    pub fn file(&self) -> Option<String> {
        Some(layout::holder(self.space?, self.container?, self.place?))
    }
}

impl UnknownFile {
    /// The file itself or the pack that it lies in, below the data directory.
    pub fn file(&self) -> String {
        layout::holder(self.space, self.container, self.place)
    }
}

/// A content that something is wrong with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Name of the space.
    pub space: String,
    /// Path in the space; of what was deleted, the one it had.
    pub path: String,
    /// The file.
    pub entry: EntryId,
    /// The content.
    pub version: VersionId,
    /// Which of the file's contents it is.
    pub state: UseState,
}

/// Which content of a file a use is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseState {
    /// The present one.
    Current,
    /// One that was replaced.
    Earlier,
    /// One of a deleted file.
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

/// What is known about the state of what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntegrityState {
    /// Containers that are not what was committed.
    pub damaged: u64,
    /// When every byte was last looked at.
    pub last_full: Option<Timestamp>,
    /// Whether the scheduled verification has begun and not come to its end.
    pub is_scrubbing: bool,
}

/// The runs that go on in this process, one of each starter.
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

impl Library {
    /// Begins a verification, or takes up one of the same kind that has not come to its end. Whoever drove
    /// that one gets [`LibraryError::NoSuchRun`] with his next step.
    pub async fn begin_verify(&self, order: VerifyOrder, now: Timestamp) -> Result<VerifyStep, LibraryError> {
        let mut slot = self.shared.runs.of(order.starter).lock().await;
        let run = Run::begin(self, order, now).await?;
        let begun = run.report(Vec::new(), UnknownFiles::default());
        *slot = Some(run);
        Ok(begun)
    }

    /// Advances a run by about a second, then waits as long as its rate demands. After an error, or if the
    /// future is dropped, the run is begun again with [`Self::begin_verify`] and goes on where it was last
    /// kept.
    pub async fn verify_step(
        &self,
        starter: VerifyStarter,
        run: RunId,
        now: Timestamp,
    ) -> Result<VerifyStep, LibraryError> {
        let mut slot = self.shared.runs.of(starter).lock().await;
        let mut current = slot.take_if(|current| current.id() == run).ok_or(LibraryError::NoSuchRun)?;
        let step = current.step(self, now).await?;
        if !step.findings.is_empty() || step.stage == VerifyStage::Done {
            // For who asks without waiting; else he learns of it with the next count.
            let _ = self.integrity().await;
        }
        if step.stage != VerifyStage::Done {
            *slot = Some(current);
        }
        Ok(step)
    }

    /// What is known about the state of what is stored.
    pub async fn integrity(&self) -> Result<IntegrityState, LibraryError> {
        let state = self
            .catalog()
            .read(|tx| {
                let scrub = tx.scrub(VerifyStarter::Schedule, VerifyMode::Full)?;
                Ok::<_, LibraryError>(IntegrityState {
                    damaged: tx.damaged_count()?,
                    last_full: tx.last_full_scrub()?,
                    is_scrubbing: scrub.is_some_and(|row| row.is_running),
                })
            })
            .await?;
        self.shared.recent_damage.counted(state.damaged);
        Ok(state)
    }
}
