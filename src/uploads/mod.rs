//! Uploads that arrive in parts and can be resumed: one engine below every protocol that does this.
//!
//! ```text
//! create       quota reserved for all announced bytes                          one row
//! append       batches sealed as by a PUT, a container per SEGMENT bytes       tmp/<id>.part
//!   segment    container durable, then ONE transaction: container, piece, offset; then the offset is reported
//! finish       closing container durable, then ONE transaction: conditions and locks checked, the containers
//!              become a version's, the upload's rows are removed
//! ```
//! Two shapes share the rows. A *linear* upload grows at its end. Its one writer keeps the bytes received when its
//! client disconnects; a request that asks for the offset, appends, finishes or cancels ends that writer first
//! (`lease`). So a reported offset is never reverted, and no bytes are added after it unnoticed. A *chunked* upload
//! takes named chunks in any order and several at once; a chunk counts once it has arrived completely, and the last
//! one with a name replaces the others completely. A container never changes: every part creates new ones, and a
//! crash costs at most the segment in which it happens.
//!
//! **What containers say about themselves.** While they are written, path and order are unknown: a client may send
//! both with its last request, replace chunks, or never return. So they contain [`Part::Loose`] and the number of
//! their upload. Finishing writes *closing containers*, which are empty and come after all others; their headers
//! name path, time, size and the containers in order ([`Part::Closing`]). They are the version's last segments and
//! live as long as it does. A rebuild joins the containers that a closing one names; loose ones that none names are
//! set aside. It ends uploads that, as the disk shows, continued after the state of the catalogue it starts from:
//! their clients know more than that catalogue does.
//!
//! **Digests** are kept running across restarts for bytes that arrive in order; the rest is read again at the end
//! if there is a checksum, and otherwise stays unhashed.
//!
//! [`Part::Loose`]: crate::vault::container::Part::Loose
//! [`Part::Closing`]: crate::vault::container::Part::Closing

mod append;
mod chunk;
mod closing;
mod commit;
mod concatenate;
mod error;
mod finish;
mod lease;
mod relocate;
mod running_digest;
mod segment_writer;
mod session;
mod upkeep;
mod whole;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use append::Append;
pub use chunk::ChunkSession;
pub use error::UploadError;
pub use finish::Finish;

use lease::Leases;
use relocate::MAX_RELOCATED_AT_ONCE;

use crate::catalog::{ChunkRow, ReadTx, UploadRow};
use crate::library::Library;
use crate::library::turns::Turns;
use crate::model::{
    Access, AccessDenied, Checksum, ChunkName, EntryPath, HandInId, LinkId, Right, Scope, SpaceId, Timestamp,
    UploadId, UploadOwner, UploadShape, UserId,
};

/// Longest metadata that a client may attach to an upload, in bytes.
pub const MAX_UPLOAD_METADATA: usize = 4 * 1024;
/// Time for which an unfinished upload is kept after its last progress.
pub const UPLOAD_KEPT_FOR: Duration = Duration::from_hours(7 * 24);
/// Why changes of an unfinished upload are not events.
const UNFINISHED: &str = "an unfinished upload is nothing that anybody else sees";

/// The uploads of an open instance. Cheap to clone; all must be clones of one, or two requests could write to the
/// same upload.
#[derive(Clone)]
pub struct Uploads {
    library: Library,
    leases: Leases,
    limits: Arc<Mutex<UploadLimits>>,
    /// Turns for moving uploads into another space than they began in.
    relocating: Arc<Turns<UserId>>,
}

impl Uploads {
    /// The uploads into an open instance's files. Create it once for each instance.
    pub fn new(library: Library) -> Self {
        let relocating = Arc::new(Turns::new(MAX_RELOCATED_AT_ONCE));
        Self { library, leases: Leases::default(), limits: Arc::default(), relocating }
    }
}

/// Limits for uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes of content after which a new container begins.
    pub segment: u64,
    /// Unfinished uploads that a user may have.
    pub open: u64,
    /// Unfinished uploads that a hand-in may have, and all guests of a link together.
    pub open_in_hand_in: u64,
    /// Chunks of one upload.
    pub chunks: u64,
    /// Containers of one upload.
    pub pieces: u64,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            segment: SEGMENT,
            open: MAX_OPEN_UPLOADS,
            open_in_hand_in: MAX_OPEN_IN_HAND_IN,
            chunks: MAX_CHUNKS,
            pieces: MAX_PIECES,
        }
    }
}

/// Longest content of one container of an upload, in bytes.
const SEGMENT: u64 = 256 * 1024 * 1024;
/// Unfinished uploads of one user.
const MAX_OPEN_UPLOADS: u64 = 10_000;
/// Most unfinished uploads of one hand-in, and of all guests who work in a folder through one link.
const MAX_OPEN_IN_HAND_IN: u64 = 500;
/// Chunks of one upload by Nextcloud's protocol.
const MAX_CHUNKS: u64 = 10_000;
/// Containers of one upload; each append makes at least one.
const MAX_PIECES: u64 = 20_000;

/// An upload to create.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// [`UploadId::random`]: no other upload ever has it.
    pub id: UploadId,
    /// One word for the protocol.
    pub protocol: &'static str,
    /// The client's name for it ([`Uploads::named`]), if its protocol lets the client choose one.
    pub name: Option<String>,
    /// Linear or chunked.
    pub shape: UploadShape,
    /// Destination of the content, if known.
    pub path: Option<EntryPath>,
    /// Total bytes, if known.
    pub length: Option<u64>,
    /// Modification time, if the client sent one.
    pub modified: Option<Timestamp>,
    /// Expected checksum of the whole content.
    pub checksum: Option<Checksum>,
    /// The client's metadata, returned verbatim.
    pub metadata: String,
    /// The guest that it belongs to, in place of the user who acts. The end gives it a path.
    pub guest: Option<UploadOwner>,
}

/// An upload as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Id of the upload.
    pub id: UploadId,
    /// Space of the destination.
    pub space: SpaceId,
    /// User, hand-in or guest of the upload; `None` once that or the link is removed.
    pub owner: Option<UploadOwner>,
    /// Protocol of the upload.
    pub protocol: String,
    /// Linear or chunked.
    pub shape: UploadShape,
    /// Destination of the content, if known.
    pub path: Option<EntryPath>,
    /// Total bytes, if announced.
    pub length: Option<u64>,
    /// Bytes that are durable; for a linear upload the offset.
    pub received: u64,
    /// Modification time, if the client sent one.
    pub modified: Option<Timestamp>,
    /// Expected checksum of the whole content.
    pub checksum: Option<Checksum>,
    /// The client's metadata.
    pub metadata: String,
    /// Time of creation.
    pub created: Timestamp,
    /// Time at which it expires if nothing more arrives.
    pub expires: Timestamp,
}

impl Upload {
    /// The account of the upload; `None` for a guest's, and once the account is removed.
    pub fn user(&self) -> Option<UserId> {
        user_of(self.owner)
    }

    /// Whether all announced bytes have arrived.
    pub fn is_complete(&self) -> bool {
        self.length == Some(self.received)
    }
}

impl From<UploadRow> for Upload {
    fn from(row: UploadRow) -> Self {
        Self {
            id: row.id,
            space: row.space,
            owner: row.owner,
            protocol: row.protocol,
            shape: row.shape,
            path: row.path,
            length: row.length,
            received: row.received,
            modified: row.modified,
            checksum: row.checksum,
            metadata: row.metadata,
            created: row.created,
            expires: row.expires,
        }
    }
}

/// A chunk that arrived completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Name of the chunk.
    pub name: ChunkName,
    /// Size in bytes.
    pub size: u64,
}

impl From<ChunkRow> for Chunk {
    fn from(row: ChunkRow) -> Self {
        Self { name: row.name, size: row.size }
    }
}

/// Selects uploads by user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadsOf {
    /// This user's own.
    User(UserId),
    /// Those of a guest's hand-in.
    HandIn(HandInId),
    /// Those of a guest who works in a folder.
    Guest {
        /// The link.
        link: LinkId,
        /// HMAC of the secret of the guest's browser.
        browser: [u8; 32],
    },
    /// All users' and guests'; for managers of the space.
    Everybody,
}

impl UploadsOf {
    /// The space, if the right to it is sufficient.
    fn require(self, access: &Access) -> Result<SpaceId, UploadError> {
        let needed = match self.owner() {
            Some(owner) => return Ok(require(access, owner)?),
            None => Right::Manage,
        };
        Ok(access.require(needed)?)
    }

    fn owner(self) -> Option<UploadOwner> {
        match self {
            Self::User(user) => Some(UploadOwner::User(user)),
            Self::HandIn(hand_in) => Some(UploadOwner::HandIn(hand_in)),
            Self::Guest { link, browser } => Some(UploadOwner::Guest { link, browser }),
            Self::Everybody => None,
        }
    }
}

impl From<UploadOwner> for UploadsOf {
    fn from(owner: UploadOwner) -> Self {
        match owner {
            UploadOwner::User(user) => Self::User(user),
            UploadOwner::HandIn(hand_in) => Self::HandIn(hand_in),
            UploadOwner::Guest { link, browser } => Self::Guest { link, browser },
        }
    }
}

/// Facts about a part that its request declares.
#[derive(Clone, Debug, Default)]
pub struct PartInfo {
    /// Size in bytes, if declared.
    pub size: Option<u64>,
    /// Expected checksum of its bytes. A part with a checksum is stored as a whole or not at all.
    pub checksum: Option<Checksum>,
}

/// The space, if the right lets this owner's uploads continue: a guest may add files to a part of it.
fn require(access: &Access, owner: UploadOwner) -> Result<SpaceId, AccessDenied> {
    match owner {
        UploadOwner::User(_) => access.require(Right::Write),
        UploadOwner::HandIn(_) => access.scope_to_add().map(Scope::space),
        UploadOwner::Guest { link, .. } if access.link() == Some(link) => {
            access.scope_to_add().map(Scope::space)
        }
        UploadOwner::Guest { .. } => Err(AccessDenied { needed: Right::Write }),
    }
}

/// The upload, if it belongs to this owner and to the space of the right. Any other counts as missing.
fn owned(
    tx: &ReadTx<'_>,
    access: &Access,
    owner: impl Into<UploadOwner>,
    id: UploadId,
) -> Result<UploadRow, UploadError> {
    let owner = owner.into();
    let space = require(access, owner)?;
    let own = tx.upload(id)?.filter(|row| row.space == space && row.owner == Some(owner));
    own.ok_or(UploadError::NoSuchUpload)
}

/// The account of an upload; a guest has none.
fn user_of(owner: Option<UploadOwner>) -> Option<UserId> {
    match owner? {
        UploadOwner::User(user) => Some(user),
        UploadOwner::HandIn(_) | UploadOwner::Guest { .. } => None,
    }
}

/// The expiry time of an upload that made progress at `now`.
fn expiry(tx: &ReadTx<'_>, now: Timestamp) -> Result<Timestamp, UploadError> {
    Ok(tx.not_before_certain(now)?.after(UPLOAD_KEPT_FOR))
}
