//! The use cases on files: put, open, tree, versions, trash, locks, properties, quota, verification.
//!
//! The only room that joins `vault` (containers on disk) with `catalog` (rows about them), and so responsible for
//! the write order: first the durable container, then one transaction, then the answer; for removal first the row,
//! then the file. A file without a row is garbage that is swept; a row without a file would be a loss.
//!
//! Nothing here checks who sends a request: an [`Access`] proves that the rights were checked.

pub(crate) mod admit;
mod archive;
mod arrival;
pub(crate) mod batch_writer;
pub(crate) mod binding;
pub(crate) mod catalogue_pages;
mod chronicle;
pub(crate) mod commit;
mod container_cache;
mod cross_space;
pub(crate) mod damage;
mod departure;
mod descriptors;
pub(crate) mod digest;
mod discard;
mod disk_health;
pub(crate) mod entry;
pub(crate) mod error;
mod extent;
mod folder;
mod growth;
mod guard;
mod guarded_disk;
pub(crate) mod high_water;
mod history;
pub(crate) mod hold;
pub(crate) mod leftovers;
mod lock;
mod lookup;
mod lookup_cache;
pub(crate) mod naming;
mod numbers;
mod open;
mod packer;
mod property;
mod put;
pub(crate) mod quota;
mod reads;
mod receive;
mod record;
pub(crate) mod recovery_file;
mod removal;
pub(crate) mod resolve;
mod search;
mod space;
pub(crate) mod space_note;
mod time;
mod transfer;
mod trash;
pub(crate) mod turns;
mod unbound;
mod upkeep;
mod usage;
pub(crate) mod version;
mod visibility;
mod worker;

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};

use crate::catalog::{Catalog, CatalogError, Commit, LockRow, WriteTx, WriterProgress};
use crate::model::{
    Access, AccessDenied, Actor, CertainTime, ClockDoubt, Conditions, EntryId, NamePolicy, Right, Stamp,
    Timestamp, UserId, Viewer,
};

use crate::vault::disk::{Containers, Storage};
use crate::vault::keys::KeyRing;
use crate::vault::reader::Buffers;

pub use admit::NewFile;
pub use archive::{MOST_ARCHIVED, NodeId, Tree, TreeFile, TreeFiles, TreeNode};
pub use arrival::{Overwrite, Transferred};
pub(crate) use commit::Along;
pub use commit::PutOutcome;
pub use cross_space::Carry;
pub use damage::IntegrityState;
pub use descriptors::connections_of_process;
pub use disk_health::{DAMAGED_CATALOGUE, RESERVE, ReadOnlyCause};
pub use entry::{Detail, Entry, EntryKind, LinksOf, Listing, Member};
pub use error::{LibraryError, NotListed};
pub use lock::{Lock, LockFilter, LockHeld, LockRequest, MAX_LOCK_SECONDS, is_lockable};
pub use lookup::Described;
pub use open::{Content, PIECE, ReadAhead};
pub use property::PropertyChange;
pub use put::PutSession;
pub use receive::{Incoming, Source, receive};
pub use search::{Hit, Hits, MOST_HITS, Search};
pub use space::{Space, SpaceSettings, Top, Tops};
pub use transfer::Transfer;
pub use trash::TrashItem;
pub use upkeep::{Swept, UpkeepReport};
pub use usage::{JointUsage, SpaceUsage};
pub use version::Version;
pub use visibility::Visibility;

/// The actor, time, right and conditions of a change.
#[derive(Clone, Debug)]
pub struct Change {
    /// Proof of the right to the space.
    pub access: Access,
    /// Recorded with the change; also decides which locks are the request's own.
    pub actor: Actor,
    /// Time to record.
    pub now: Timestamp,
    /// Conditions that must hold now and again when the change is committed.
    pub conditions: Conditions,
}

impl Change {
    /// The user who is the author of stored content; `None` for guests.
    fn author(&self) -> Option<UserId> {
        self.actor.person().filter(|_| self.access.link().is_none())
    }

    /// The account whose limits apply.
    ///
    /// Errors: `Denied` if there is none.
    pub(crate) fn account(&self) -> Result<UserId, LibraryError> {
        self.actor.account().ok_or(AccessDenied { needed: Right::Write }.into())
    }

    /// Whether this user or guest holds a lock.
    fn owns(&self, lock: &LockRow) -> bool {
        self.actor.account() == Some(lock.user) && lock.link == self.access.link()
    }

    /// Actor and time.
    fn stamp(&self) -> Stamp {
        Stamp { actor: self.actor, at: self.now }
    }
}

/// An open instance's files. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Catalog,
    storage: Storage,
    keys: Arc<KeyRing>,
    names: NamePolicy,
    disk_health: Arc<disk_health::DiskHealth>,
    recent_damage: damage::RecentDamage,
    numbers: numbers::Numbers,
    writing: Writing,
    reading: Reading,
    spaces: Spaces,
    long_work: LongWork,
    clock: Clock,
    events_kept_for: std::sync::Mutex<std::time::Duration>,
}

/// Parts that contents pass through when they are stored.
struct Writing {
    unbound: Arc<unbound::Unbound>,
    packer: packer::Packer,
    quota: quota::Ledger,
    full_batches: Arc<Semaphore>,
    descriptors: descriptors::Shares,
}

/// Caches and buffers for readers, and reads that are not recorded yet.
struct Reading {
    buffers: Buffers,
    container_cache: container_cache::ContainerCache,
    lookup_cache: Arc<lookup_cache::LookupCache>,
    reads: reads::Reads,
}

struct Spaces {
    ids: space::SpaceIds,
    /// Held while a space's row and its note may differ.
    notes: Mutex<()>,
}

/// Work in many steps: turns for it, and work in progress.
struct LongWork {
    /// Held while a space's old data is being reduced.
    shortening: Mutex<()>,
    /// Turns for copying folders inside a space: one for each person, and one for all guests of a link.
    copying: turns::Turns<(UserId, Option<EntryId>)>,
    /// Turns for copying into other spaces.
    carrying: turns::Turns<UserId>,
    /// Turns for searches by name.
    searching: turns::Turns<Viewer>,
    /// Copies in steps that are in progress.
    growing: growth::Growing,
}

#[derive(Default)]
struct Clock {
    /// Set by this run's first reading of the clocks.
    time: Mutex<Option<CertainTime>>,
    doubt: std::sync::Mutex<Option<ClockDoubt>>,
}

impl Library {
    /// Joins an open catalogue with its storage and keys. A catalogue that proves to be older than the files is
    /// used anyway, but see [`Self::is_rolled_back`].
    pub async fn open(
        catalog: Catalog,
        storage: Storage,
        keys: Arc<KeyRing>,
        names: NamePolicy,
    ) -> Result<Self, LibraryError> {
        let mark = high_water::read_or_look(&catalog, &storage, &keys).await?;
        Self::open_with(catalog, storage, keys, names, move |tx| high_water::compare(tx, mark)).await
    }

    /// Like [`Self::open`], for a catalogue that is the base of a rebuild: from now on it is the present one, and
    /// all earlier ETags are invalid.
    pub async fn open_for_rebuild(
        catalog: Catalog,
        storage: Storage,
        keys: Arc<KeyRing>,
    ) -> Result<Self, LibraryError> {
        let (marked, with) = (Arc::clone(&storage.key_files), Arc::clone(&keys));
        let mark = tokio::task::spawn_blocking(move || high_water::Mark::read(&*marked, &with)).await??;
        Self::open_with(catalog, storage, keys, NamePolicy::Any, move |tx| high_water::resume(tx, mark)).await
    }

    async fn open_with(
        catalog: Catalog,
        storage: Storage,
        keys: Arc<KeyRing>,
        names: NamePolicy,
        prepare: impl FnOnce(&WriteTx<'_>) -> Result<(), CatalogError> + Send + 'static,
    ) -> Result<Self, LibraryError> {
        let with = Arc::clone(&keys);
        let recovery = tokio::task::spawn_blocking(move || with.recovery_file()).await??;
        let (etag_epoch, horizon) = catalog
            .write(move |tx| -> Result<_, CatalogError> {
                tx.silent("opening changes nothing of the office");
                prepare(tx)?;
                recovery_file::remember(tx, recovery)?;
                Ok((numbers::etag_epoch(tx)?, tx.counters()?.next_entry))
            })
            .await?;
        let lookup_cache = Arc::new(lookup_cache::LookupCache::default());
        let (remembering, unbound) = (Arc::clone(&lookup_cache), Arc::<unbound::Unbound>::default());
        let holding = Arc::clone(&unbound);
        catalog.on_commit(move |commit, effects| {
            remembering.forget(commit, &effects.touched);
            if commit == Commit::Done {
                holding.release(&effects.bound);
            }
        });
        let disk_health = disk_health::DiskHealth::new(&storage, catalog.clone());
        let storage = guarded_disk::guarded(storage, &disk_health, &unbound);
        let packer = packer::Packer::start(Arc::clone(&storage.containers), catalog.clone())?;
        let descriptors = descriptors::Shares::of_process();
        let reading = Reading {
            container_cache: container_cache::ContainerCache::new(&descriptors),
            lookup_cache,
            reads: reads::Reads::default(),
            buffers: Buffers::default(),
        };
        let writing = Writing {
            unbound,
            packer,
            quota: quota::Ledger::default(),
            full_batches: Arc::new(Semaphore::new(batch_writer::MAX_FULL_BATCHES)),
            descriptors,
        };
        let long_work = LongWork {
            shortening: Mutex::default(),
            copying: turns::Turns::new(transfer::MAX_COPIES_AT_ONCE),
            carrying: turns::Turns::new(cross_space::MAX_CARRIED_AT_ONCE),
            searching: turns::Turns::new(search::MAX_SEARCHES_AT_ONCE),
            growing: growth::Growing::default(),
        };
        let shared = Shared {
            catalog,
            storage,
            numbers: numbers::Numbers::new(keys.instance_id(), etag_epoch, horizon),
            keys,
            names,
            disk_health,
            recent_damage: damage::RecentDamage::default(),
            writing,
            reading,
            spaces: Spaces { ids: space::SpaceIds::default(), notes: Mutex::default() },
            long_work,
            clock: Clock::default(),
            events_kept_for: std::sync::Mutex::new(chronicle::EVENTS_KEPT_FOR),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Number of reads of the catalogue since the start.
    pub fn catalog_reads(&self) -> u64 {
        self.catalog().reads()
    }

    /// Progress of the catalogue's writer.
    pub fn writer_progress(&self) -> WriterProgress {
        self.catalog().writer_progress()
    }

    /// Runs an empty job in the catalogue's writer.
    pub async fn probe_writer(&self) -> Result<(), LibraryError> {
        self.catalog().write(|_| Ok(())).await
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.shared.catalog
    }

    pub(crate) fn storage(&self) -> &Storage {
        &self.shared.storage
    }

    pub(crate) fn keys(&self) -> &Arc<KeyRing> {
        &self.shared.keys
    }

    pub(crate) fn containers(&self) -> &dyn Containers {
        &*self.shared.storage.containers
    }

    /// An id that no entry has had or will have. Ids are reserved in durable blocks, because a container names its
    /// entry before the entry's row exists.
    pub(crate) async fn new_entry_id(&self) -> Result<EntryId, LibraryError> {
        self.shared.numbers.ids.take(self.catalog()).await
    }

    /// The first of `count` consecutive ids, each as from [`Self::new_entry_id`].
    async fn new_entry_ids(&self, count: i64) -> Result<EntryId, LibraryError> {
        self.shared.numbers.ids.take_run(self.catalog(), count).await
    }
}
