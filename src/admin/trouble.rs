//! What an administrator should see to: as data for pages and programs, and as a sentence for the command line.

use serde::{Deserialize, Serialize};

use crate::intake::SilentScanner;
use crate::library::{DAMAGED_CATALOGUE, ReadOnlyCause};
use crate::model::HoldReason;
use crate::text::Language;

/// Something that an administrator should see to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "what the fields are stands with their variant")]
pub enum Trouble {
    /// Files can be read and not changed; `cause` is a word of [`ReadOnlyCause`].
    ReadOnly { cause: String },
    /// The catalogue is older than the stored files.
    RolledBack,
    /// The catalogue is damaged.
    CatalogueDamaged,
    /// None of the stored files is where they should be.
    StorageMissing,
    /// No file of `space` opens; `file` is where its key should be.
    KeyMissing { space: String, file: String },
    /// The clock is `hours` ahead of the time, or behind it, that it should be; `left` hours of running until it is believed.
    ClockDoubted { hours: u64, ahead: bool, left: u64 },
    /// A space holds arriving contents, and no scanner is set up.
    NoScanner,
    /// A scanner gives no verdicts; `scanner` is its name if it is not clamd, `reason` a word of [`HoldReason`].
    ScannerSilent { scanner: Option<String>, required: bool, reason: String },
    /// Mails of the last week that could not be delivered.
    MailsUndelivered { count: u64 },
    /// People who can log in, and get no mails because they have no address, though the server sends mails.
    NoAddress { count: u64 },
    /// Contents in the holding area that wait for a decision.
    Undecided { count: u64 },
    /// Contents that one signature locked all at once.
    MassHit { count: u64 },
    /// Containers that are damaged.
    Damaged { count: u64 },
}

impl Trouble {
    pub(super) fn silent(scanner: &SilentScanner) -> Self {
        Self::ScannerSilent {
            scanner: scanner.name.clone(),
            required: scanner.is_required,
            reason: scanner.reason.as_str().to_owned(),
        }
    }

    pub(super) fn read_only(cause: ReadOnlyCause) -> Self {
        Self::ReadOnly { cause: cause.as_str().to_owned() }
    }

    /// Number of things that it is about, if it counts them.
    pub(super) fn count(&self) -> Option<u64> {
        match self {
            Self::MailsUndelivered { count }
            | Self::NoAddress { count }
            | Self::Undecided { count }
            | Self::MassHit { count }
            | Self::Damaged { count } => Some(*count),
            _ => None,
        }
    }

    /// The trouble and its remedy, in English, with the commands to use; `None` if the state says the same, and for what is no fault.
    pub(super) fn warning(&self) -> Option<String> {
        Some(match self {
            // People without an address are no fault: an office may want it so.
            Self::ReadOnly { .. } | Self::Damaged { .. } | Self::NoAddress { .. } => return None,
            Self::RolledBack => "the catalogue is older than the stored files, so nothing is removed for good; stop the server \
                 and run `tresor rebuild`"
                .to_owned(),
            Self::CatalogueDamaged => DAMAGED_CATALOGUE.to_owned(),
            Self::StorageMissing => "spaces/ holds none of the stored files: is the disk mounted that it lies on? Mount it, or bring \
                 spaces/ back from a backup"
                .to_owned(),
            Self::KeyMissing { space, file } => format!(
                "the key file of space {space} is missing, damaged or another space's, and without the right one none of \
                 its files opens; bring {file} back from a backup"
            ),
            Self::ClockDoubted { hours, ahead, left } => {
                let place = if *ahead { "ahead of" } else { "behind" };
                format!(
                    "the clock is {hours} hours {place} the time that it should be by how long the machine has been \
                     running, so nothing goes for good by it; put it right if it is wrong, else it is believed after \
                     {left} more hours of running"
                )
            }
            Self::NoScanner => {
                "a space holds what arrives, but no scanner is set up ([intake] clamd), so nothing is released".to_owned()
            }
            Self::ScannerSilent { scanner, required, reason } => {
                let what = HoldReason::from_word(reason).map_or("", |reason| Language::English.hold_reason(reason));
                match (scanner, required) {
                    (None, _) => format!("{what}, so the holding area releases nothing; does clamd run?"),
                    (Some(name), true) => format!("{what} ({name}), so the holding area releases nothing"),
                    (Some(name), false) => {
                        format!("{what} ({name}); contents are released without it, and their certificates say so")
                    }
                }
            }
            Self::MailsUndelivered { count } => format!(
                "{count} mails could not be delivered during the last week; `tresor notices list` shows them, and \
                 `tresor notices retry` sends one again"
            ),
            Self::Undecided { count } => format!(
                "{count} contents in the holding area wait for a decision; `tresor hold list` shows them"
            ),
            Self::MassHit { count } => format!(
                "a scanner's signature found something in many contents at once, and {count} of them are locked until \
                 a person decides: is the signature wrong? `tresor hold list` shows them, and `tresor hold release \
                 --virus NAME` releases those that it no longer finds"
            ),
        })
    }
}
