//! Engines that judge bytes: is there malware in them?
//!
//! ```text
//! Sample       a content in sealed memory
//! Engine       judges a sample: `Clamd` so far
//! Report       the verdict, and the signatures that it rests on
//! canary       whether an engine can be trusted at all
//! ```
//!
//! All of it blocks: call it on threads that may wait. Whatever is not an explicit verdict is an error, and an error is
//! never a clean content. What follows from a verdict is decided elsewhere.

mod canary;
mod clamd;
mod sample;
mod signatures;

use std::io;

pub use canary::{Distrust, Trust, canary, reports_its_limits};
pub use clamd::{Address, Clamd, ParseAddressError, Waits};
pub use sample::{MOST_SAMPLE_BYTES, Sample, SampleWriter};
pub use signatures::{Newest, SignatureIdentity, Signatures};

/// Something that judges contents: a daemon, a command, a service.
pub trait Engine: Send + Sync {
    /// The engine's name in verdicts and certificates.
    fn name(&self) -> &'static str;

    /// Judges a content. Waits for minutes at most.
    fn scan(&self, sample: &Sample) -> Result<Report, ScanError>;

    /// The signatures that a scan would use now.
    fn signatures(&self) -> Result<Signatures, ScanError>;

    /// Whether it can look into RAR archives; `None` if that is not known.
    fn reads_rar(&self) -> Option<bool>;
}

/// What an engine says about a content.
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

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The scanner cannot be reached.
    #[error("the scanner cannot be reached at {address}")]
    Unreachable {
        /// The configured address.
        address: Address,
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
            Self::TimedOut => "scanner-timed-out",
            Self::BrokenOff(_) => "scanner-broke-off",
            Self::NotUnderstood(_) => "scanner-not-understood",
            Self::Refused(_) => "scanner-refused",
            Self::TooLarge => "too-large-to-scan",
            Self::Reloading => "scanner-reloading",
            Self::NoMemory(_) => "no-memory-to-scan",
        }
    }
}
