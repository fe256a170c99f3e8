//! The holding area: a content that arrives in a space with a holding time is scanned at once, held, scanned again
//! with newer signatures, and only then released.
//!
//! ```text
//! arrived ──clean──▶ held ──time over, newer signatures, clean──▶ released
//!    │                │ └─time over, no newer signatures─▶ waiting_for_signatures ─▶ released
//!    │                │                                      └─ 36 h ─▶ needs_decision
//!    ├──infected──────┴─────────▶ quarantined                                 │ a person
//!    └──encrypted, too large, not fully scannable─▶ needs_decision ◀──────────┘
//! ```
//! A content in which the first scan found nothing is treated by its kind (`policy.rs`): a plain picture is released
//! at once, a program waits for a person.
//!
//! Everything is a row (`catalog::holds`), so a crash, a restart or days of downtime only delay it. A content is
//! released by one transaction, which checks once more that no person decided otherwise meanwhile. It fails closed:
//! any result of a required scanner but "clean" keeps the content held, and after [`DECISION_AFTER`] a person is
//! asked.
//!
//! The holding time is counted in certain time ([`CertainTime`](crate::model::CertainTime)): a clock that jumps
//! forward releases nothing early.

mod allow;
mod allowance;
mod ask;
mod certificate;
mod clear;
mod copies;
mod decide;
mod error;
mod examine;
mod hit;
mod inside;
mod mail;

mod opening;
mod page;
mod password;
mod passwords;
mod people;
mod pictures;
mod place;
mod policy;
mod render;
mod rescan;
mod second;
mod shown;
mod tell;
mod trust;
mod verdict;
mod watch;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};

pub use allow::LONGEST_ALLOWED;
pub use certificate::{Certificate, CertifiedVerdict, Outcome};
pub use error::{IntakeError, RenderError};
pub use examine::Round;
pub use mail::{MailError, Mailbox, ReportError, Unpacked};
pub use page::{HoldPage, HoldStates, HoldsAsked};
pub use password::Given;
pub use passwords::MAX_ATTEMPTS;
pub use people::Decided;
pub use pictures::{PagePicture, Paged, Unshowable, View, ViewError, ViewKind};
pub use rescan::{RescanStep, RescanTime};
pub use second::APPROVAL_LASTS;
pub use shown::{Hold, Standing};
pub use trust::SilentScanner;
pub use watch::{WATCH_EVERY, WatchError, WatchSettings, WatchedFolder, check_watched};

use examine::fairly;
use mail::{Flood, NamesTaken};
use passwords::Passwords;
use pictures::Pictures;
use render::Turns;
use rescan::Often;
use trust::Standings;

pub use crate::catalog::{
    AllowedRow as Allowed, ApprovalRow as Approval, HandedOutRow as HandedOut, HoldRequestRow as HoldRequest,
    RescanRow as Rescan, VerdictRow as Scan,
};

use crate::catalog::Catalog;
use crate::convert::Converter;
use crate::inspect::Inspector;
use crate::library::Library;
use crate::model::{DEFAULT_HOLD, DEFAULT_MAILS_PER_HOUR, DEFAULT_SIGNATURES_MAX_AGE, Timestamp};
use crate::proof::Signer;
use crate::scan::Panel;

/// Time after its due time at which a content that still waits needs a person's decision.
pub const DECISION_AFTER: Duration = Duration::from_hours(36);
/// Running time of the server before which no person is asked about what still waits: while it was off, nothing could
/// come that it waits for. The scanner fetches its signatures soon after a start.
const DECISION_AFTER_START: Duration = Duration::from_hours(6);
/// Time until a scan that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_mins(1);
/// Time until the scanner is asked again for newer signatures.
const SIGNATURES_EVERY: Duration = Duration::from_mins(5);
/// Time for which a successful test of the scanner counts: about one round of releases.
const TRUST_FOR: Duration = Duration::from_mins(1);
/// Time for which an optional scanner is not asked again that gave no verdict: one that hangs would delay all others.
const OPTIONAL_RESTS: Duration = Duration::from_mins(5);
/// Contents examined in one round.
const MAX_ROUND: usize = 256;
/// Contents of one turn of a round, fairly across spaces. What arrives meanwhile is in the next turn.
const MAX_TURN: usize = 32;
/// Scans at the same time, of the server and of people; each holds its content in memory.
const MAX_SCANS: usize = 2;

/// The office's settings for the holding area.
#[derive(Clone, Copy, Debug)]
pub struct IntakeSettings {
    /// Holding time of a space for which none was given.
    pub hold: Duration,
    /// Age of the newest signatures beyond which no scan releases anything.
    pub signatures_max_age: Duration,
    /// Mails for a space within an hour; the sender's server keeps the others for later.
    pub mails_per_hour: u32,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            hold: DEFAULT_HOLD,
            signatures_max_age: DEFAULT_SIGNATURES_MAX_AGE,
            mails_per_hour: DEFAULT_MAILS_PER_HOUR,
        }
    }
}

/// The holding area of an open instance. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    library: Library,
    /// Signs certificates.
    signer: Arc<Signer>,
    panel: Option<Panel>,
    converter: Option<Arc<Converter>>,
    inspector: Option<Inspector>,
    settings: IntakeSettings,
    /// The standings of the scanners.
    standings: Arc<Mutex<Standings>>,
    scans: Arc<Semaphore>,
    /// The versions with which a new scan of everything stored begins.
    often: Arc<Mutex<Often>>,
    flood: Arc<Flood>,
    names_taken: Arc<NamesTaken>,
    turns: Arc<Mutex<Turns>>,
    /// The certain time at the first round.
    up_since: Arc<OnceLock<Timestamp>>,
    /// The passwords for held contents.
    passwords: Arc<Passwords>,
    /// Pages that people look at.
    pictures: Arc<Pictures>,
}

impl Intake {
    /// The holding area of an instance whose server does not run: nothing is scanned or converted.
    pub fn new(library: Library, signer: Arc<Signer>) -> Self {
        Self {
            library,
            signer,
            panel: None,
            converter: None,
            inspector: None,
            settings: IntakeSettings::default(),
            standings: Arc::default(),
            scans: Arc::new(Semaphore::new(MAX_SCANS)),
            often: Arc::default(),
            flood: Arc::default(),
            names_taken: Arc::default(),
            turns: Arc::default(),
            up_since: Arc::default(),
            passwords: Arc::default(),
            pictures: Arc::default(),
        }
    }

    /// The same with scanners, a converter and a process that looks into contents; without a scanner, everything stays
    /// held, and without a converter, or one without LibreOffice, documents have no PDF.
    pub fn with(
        self,
        panel: Option<Panel>,
        converter: Option<Arc<Converter>>,
        inspector: Inspector,
        settings: IntakeSettings,
    ) -> Self {
        Self { panel, converter, inspector: Some(inspector), settings, ..self }
    }

    /// The converter, if it makes PDFs of office documents.
    fn pdf_converter(&self) -> Option<&Arc<Converter>> {
        self.converter.as_ref().filter(|converter| converter.makes_pdfs())
    }

    /// Holding time of a space for which none was given.
    pub fn default_hold(&self) -> Duration {
        self.settings.hold
    }

    /// Whether anything can be released without a person.
    pub fn has_scanner(&self) -> bool {
        self.panel.is_some()
    }

    fn catalog(&self) -> &Catalog {
        self.library.catalog()
    }
}
