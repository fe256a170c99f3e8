//! The basic types: ids, names, paths, sizes, times, rights, the layout of the data directory. Pure values, no I/O.
//!
//! Everything that enters from outside is parsed into one of these types at the edge; inside, no string is a path
//! and no integer is an id.

mod access;
mod actor;
mod checksum;
mod clock;
mod condition;
mod delivery;
mod event;
mod hold;
mod holiday;
mod hours;
mod id;
mod inspect;
mod integrity;
mod item_until;
pub mod layout;
mod link;
mod lock;
mod logo;
mod mail;
mod name;
mod notice;
mod office;
mod place;
mod random;
mod range;
mod reminder;
mod request;
mod search;
mod size;
mod span;
mod time;
mod upload;
mod words;
mod zone;

pub use access::{
    Access, AccessDenied, LinkGrant, LinkRight, Right, Role, Scope, SpaceGrant, SpaceKind, Start,
    VersionState, Viewer,
};
pub use actor::{Actor, Stamp, Via, Worker};
pub use checksum::{Checksum, ChecksumError, ChecksumKind};
pub use clock::{CLOCK_TOLERANCE, CONFIRMED_AFTER, CertainTime, ClockDoubt, PLAUSIBLE_GAP, Reading};
pub use condition::{Conditions, Etag, EtagMatch, IfCondition, IfList, IfState, IfTarget, LockToken};
pub use delivery::{DeliveryAction, DeliveryReport, MAX_DIAGNOSTIC};
pub use event::{
    AccountEvent, EntryEvent, Event, EventId, EventPage, HandInEvent, HoldEvent, InstanceEvent, LinkEvent,
    Recorded, RemovedKind, RequestEvent, SpaceEvent, Spot,
};
pub use hold::{
    DEFAULT_HOLD, DEFAULT_SIGNATURES_MAX_AGE, HoldDecision, HoldOrder, HoldReason, HoldScope, HoldState,
    Holding, Look, PdfAfter, PdfPages, PdfRule, ReleaseBy, RescanMode, VerdictKind,
};
pub use hours::{DailyHours, ParseHoursError};
pub use id::{
    AppPasswordId, CommentId, ContainerId, DownloadId, EntryId, HandInFileId, HandInId, HoldId, ItemId,
    LinkId, PackId, PasskeyId, RecipientId, RequestId, SessionId, SpaceId, UploadId, UserId, VersionId,
    WriteSerial,
};
pub use inspect::{ContentKind, Label, Obstacle};
pub use integrity::{DamageKind, SetAsideReason, VerifyMode, VerifyStarter};
pub use item_until::{ItemUntil, MOST_DAYS_BEFORE, ParseItemUntilError};
pub use link::{LinkTerms, MAX_LINK_TYPES};
pub use lock::{DeadProperties, Depth, LockScope, PropertyName};
pub use logo::{Logo, MAX_LOGO_BYTES, NoLogo};
pub use mail::{
    DEFAULT_MAIL_SIZE, DEFAULT_MAILS_PER_HOUR, MAX_MAIL_SIZE, MailAddress, MailName, MailNameError,
    ParseMailAddressError, encoded_mail,
};
pub use name::{EntryName, EntryPath, NameError, NamePolicy, Shown};
pub use notice::{News, NoticeId, NoticeState, NoticeWish, Recipient, SecurityChange, Topic};
pub use office::{MAX_OFFICE_LINE, MAX_OFFICE_TEXT, Office};
pub use place::{PackedPlace, Place};
pub use random::{fill_random, random_bytes};
pub use range::ByteRange;
pub use reminder::{MOST_REMINDERS, OfficeHours, ParseOfficeHoursError, ParsePlanError, ReminderPlan};
pub use request::{Asking, Handout, Handouts, ItemFacts, ItemState, Verdict, WhyNoMail};
pub use search::{SearchText, SearchTextError, WordSet};
pub use size::{ByteSize, ParseSizeError};
pub use span::{ParseSpanError, Span};
pub use time::{ParseTimestampError, Timestamp};
pub use upload::{ChunkName, ChunkNameError, UploadOwner, UploadShape};
pub use zone::{Day, LocalTime, Zone, ZoneError};
