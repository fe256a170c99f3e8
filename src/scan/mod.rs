//! Engines that judge bytes: is there malware in them?
//!
//! ```text
//! Sample       a content in sealed memory
//! Engine       judges a sample: `Clamd`, a `Command`, an `Icap` server
//! Report       the verdict, and the signatures that it rests on
//! canary       whether an engine can be trusted at all
//! Panel        several engines, and what follows from what they say
//! ```
//!
//! All of it blocks: call it on threads that may wait. Whatever is not an explicit verdict is an error, and an error is
//! never a clean content. The consequences of a verdict are decided elsewhere.

mod canary;
mod clamd;
mod command;
mod icap;
mod joint;
mod panel;
mod sample;
mod signatures;

use std::io;
use std::time::Duration;

pub use canary::{Distrust, Trust, canary, reports_its_limits};
pub use clamd::{Address, Clamd, ParseAddressError, Waits};
pub use command::{Command, CommandSettings};
pub use icap::{Icap, IcapAddress, IcapSettings, ParseIcapAddressError};
pub use joint::{Duty, KeptSignatures, PanelSignatures};
pub use panel::{Member, Missing, Opinion, Opinions, Panel, Silence};
pub use sample::{MOST_SAMPLE_BYTES, Sample, SampleWriter};
pub use signatures::{Newest, SignatureIdentity, Signatures};

/// The name of ClamAV's daemon among engines.
pub const CLAMD: &str = "clamd";

/// Time for everything about one content, unless an engine has its own. clamd gives up after `MaxScanTime`, by default 2
/// minutes.
pub const SCAN_WAIT: Duration = Duration::from_mins(3);

/// Something that judges contents: a daemon, a command, a service.
pub trait Engine: Send + Sync {
    /// The engine's name in verdicts and certificates.
    fn name(&self) -> &str;

    /// Where it is: an address, or a program.
    fn place(&self) -> String {
        String::new()
    }

    /// Whether contents stay on this machine.
    fn is_local(&self) -> bool {
        true
    }

    /// Judges a content. Waits for minutes at most.
    fn scan(&self, sample: &Sample) -> Result<Report, ScanError>;

    /// The signatures that a scan would use now.
    fn signatures(&self) -> Result<Signatures, ScanError>;

    /// Whether it can look into RAR archives; `None` if that is not known.
    fn reads_rar(&self) -> Option<bool> {
        None
    }

    /// Bytes of the largest content that it takes, if its protocol has no word for parts that it did not look at. It
    /// must look at all of one that large.
    fn largest(&self) -> Option<u64> {
        None
    }
}

/// The report of an engine about a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// The signatures in use for the whole of the scan.
    pub signatures: Signatures,
}

/// An engine's explicit answer about a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it was looked at, and nothing was found.
    Clean,
    /// Malware was found.
    Infected {
        /// The engine's name for it.
        name: String,
    },
    /// A part was not looked at: nested too deep, too large, too many files.
    NotFullyScannable {
        /// The limit that was reached, in the engine's words.
        reason: String,
    },
    /// A part is encrypted.
    Encrypted,
}

impl Verdict {
    /// The beginning of ClamAV's reports about itself: a limit that was reached (`AlertExceedsMax`), a content that
    /// is encrypted (`AlertEncrypted`).
    const LIMITS: &str = "Heuristics.Limits.Exceeded";
    const ENCRYPTED: &str = "Heuristics.Encrypted";

    /// The verdict of an engine that found something by this name. Commands and ICAP servers often have ClamAV behind them.
    pub(crate) fn of_name(name: &str) -> Self {
        if name.starts_with(Self::LIMITS) {
            Self::NotFullyScannable { reason: name.to_owned() }
        } else if name.starts_with(Self::ENCRYPTED) {
            Self::Encrypted
        } else {
            Self::Infected { name: name.to_owned() }
        }
    }

    /// Greater for a verdict that counts more: malware, encryption, parts that were not looked at, nothing.
    pub(crate) fn severity(&self) -> u32 {
        match self {
            Self::Infected { .. } => 3,
            Self::Encrypted => 2,
            Self::NotFullyScannable { .. } => 1,
            Self::Clean => 0,
        }
    }
}

/// A text of an engine as one line of at most this many characters, without anything that a terminal or a list
/// could misunderstand.
fn cleaned(text: &str, most: usize) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_safe = |character: &char| !character.is_control() && !matches!(character, ';' | '=' | '<' | '>');
    one_line.chars().filter(is_safe).take(most).collect()
}

/// Most characters of an engine's name for what it found.
const MOST_NAME: usize = 120;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The scanner cannot be reached.
    #[error("the scanner cannot be reached at {address}")]
    Unreachable {
        /// The configured address.
        address: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The scanner's program cannot be started.
    #[error("the scanner's program {program} cannot be started")]
    NotStarted {
        /// The configured program.
        program: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The scanner did not answer in time.
    #[error("the scanner did not answer in time")]
    TimedOut,
    /// The connection to the scanner ended before the answer.
    #[error("the connection to the scanner broke")]
    BrokenOff(#[source] io::Error),
    /// The scanner's answer is none that its protocol allows.
    #[error("the scanner gave an answer that is not understood: {0:?}")]
    NotUnderstood(String),
    /// The scanner answered before it had all of the content, so it did not look at all of it.
    #[error("the scanner answered before it had all of the content")]
    Early,
    /// The scanner reports that it could not scan.
    #[error("the scanner could not scan: {0:?}")]
    Refused(String),
    /// The content is larger than the scanner, or a sample, accepts.
    #[error("the content is too large to be scanned")]
    TooLarge,
    /// The scanner changed its signatures during each attempt.
    #[error("the scanner loaded other signatures during each scan")]
    Reloading,
    /// There is no memory for a sample.
    #[error("no memory for the content")]
    NoMemory(#[source] io::Error),
}

impl ScanError {
    /// The error's name for programs; it keeps its meaning when the sentence changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "scanner-unreachable",
            Self::NotStarted { .. } => "scanner-not-started",
            Self::TimedOut => "scanner-timed-out",
            Self::BrokenOff(_) => "scanner-broke-off",
            Self::NotUnderstood(_) => "scanner-not-understood",
            Self::Early => "scanner-answered-early",
            Self::Refused(_) => "scanner-refused",
            Self::TooLarge => "too-large-to-scan",
            Self::Reloading => "scanner-reloading",
            Self::NoMemory(_) => "no-memory-to-scan",
        }
    }
}
