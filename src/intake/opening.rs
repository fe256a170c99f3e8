//! Opens what is encrypted: as programs do by themselves, or with a password that a person gave. What comes out lies in sealed
//! memory and nowhere else.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;

use secrecy::SecretString;

use super::Intake;
use crate::catalog::HoldRow;
use crate::convert::{ConvertError, Converter, Unlocked};
use crate::inspect::{Inspector, Opening};
use crate::model::{HoldReason, Label};
use crate::scan::Sample;

/// What opens contents, on a thread that may wait.
#[derive(Clone)]
pub(super) struct Opener {
    inspector: Option<Inspector>,
    converter: Option<Arc<Converter>>,
}

/// Why a content stays closed, or was not scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The password is not the right one.
    WrongPassword,
    /// It is encrypted in a way that is not opened here, or not at all.
    NotOpened,
    /// Something else is in the way.
    Because(HoldReason),
}

impl Closed {
    /// Why a content is not released that should have opened.
    pub(super) fn reason(self) -> HoldReason {
        match self {
            Self::WrongPassword | Self::NotOpened => HoldReason::Encrypted,
            Self::Because(reason) => reason,
        }
    }
}

/// A content without its encryption.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) sample: Sample,
    /// What people should know about how it was opened.
    pub(super) label: Option<Label>,
}

/// What opens a content again.
pub(super) enum Key {
    /// It needs nothing.
    None,
    /// It opens by itself.
    Standard,
    /// A password that was given, if it is still known.
    Given(Option<Arc<SecretString>>),
}

impl Intake {
    /// What opened a content for its first scan.
    pub(super) fn key_of(&self, hold: &HoldRow) -> Key {
        let has = |label| hold.look.as_ref().is_some_and(|look| look.labels.contains(&label));
        if has(Label::PasswordGiven) {
            Key::Given(self.passwords.of(hold.id))
        } else if has(Label::StandardPassword) {
            Key::Standard
        } else {
            Key::None
        }
    }

    /// What opens contents here.
    pub(super) fn opener(&self) -> Opener {
        Opener { inspector: self.inspector.clone(), converter: self.converter.clone() }
    }
}

impl Opener {
    /// Opens what programs open without asking for a password; `None` if it is nothing of the kind.
    ///
    /// Errors: no process can be started for it.
    pub(super) fn by_itself(&self, sample: &Sample) -> Result<Option<Open>, HoldReason> {
        let (opened, label) = if begins_with(sample, PDF) {
            (self.pdf(sample, &SecretString::from("")), None)
        } else if may_open_by_itself(sample) {
            (self.other(sample, None), Some(Label::StandardPassword))
        } else {
            return Ok(None);
        };
        match opened {
            Ok(sample) => Ok(Some(Open { sample, label })),
            Err(Closed::Because(reason)) => Err(reason),
            Err(Closed::WrongPassword | Closed::NotOpened) => Ok(None),
        }
    }

    /// Opens a content with its password.
    pub(super) fn with(&self, sample: &Sample, password: &SecretString) -> Result<Open, Closed> {
        let sample = match begins_with(sample, PDF) {
            true => self.pdf(sample, password),
            false => self.other(sample, Some(password)),
        };
        Ok(Open { sample: sample?, label: Some(Label::PasswordGiven) })
    }

    /// The content as it was when it was scanned, for the PDF that is made of it.
    pub(super) fn as_scanned(&self, sample: Sample, key: &Key) -> Result<Sample, ConvertError> {
        let open = match key {
            Key::None => return Ok(sample),
            Key::Standard => self.by_itself(&sample).ok().flatten(),
            Key::Given(password) => password.as_ref().and_then(|password| self.with(&sample, password).ok()),
        };
        open.map(|open| open.sample).ok_or(ConvertError::Encrypted)
    }

    fn other(&self, sample: &Sample, password: Option<&SecretString>) -> Result<Sample, Closed> {
        let inspector = self.inspector.as_ref().ok_or(Closed::NotOpened)?;
        let failed = |code: &str| {
            tracing::error!(code, "cannot open contents: nothing is released");
            Closed::Because(HoldReason::InspectionFailed)
        };
        let mut open = Sample::begin().map_err(|error| failed(error.code()))?;
        match inspector.open(sample.as_fd(), password, &mut open).map_err(|error| failed(error.code()))? {
            Opening::Opened => open.seal().map_err(|error| failed(error.code())),
            Opening::TooLarge => Err(Closed::Because(HoldReason::TooLarge)),
            Opening::WrongPassword => Err(Closed::WrongPassword),
            Opening::NotRead => Err(Closed::NotOpened),
        }
    }

    /// A PDF without its encryption, if the machine has a sandbox.
    fn pdf(&self, sample: &Sample, password: &SecretString) -> Result<Sample, Closed> {
        let converter = self.converter.as_ref().ok_or(Closed::NotOpened)?;
        let mut open = match converter.unlocked(&mut sample.reader(), password) {
            Ok(Unlocked::Open(open)) => open,
            Ok(Unlocked::WrongPassword) => return Err(Closed::WrongPassword),
            Ok(Unlocked::NotSound) => return Err(Closed::NotOpened),
            Err(error) => {
                tracing::warn!(code = error.code(), "cannot remove the encryption of a PDF");
                return Err(Closed::NotOpened);
            }
        };
        let mut copy = Sample::begin().map_err(|_| Closed::NotOpened)?;
        match io::copy(&mut open, &mut copy).map_err(|error| error.kind()) {
            Ok(_) => copy.seal().map_err(|_| Closed::NotOpened),
            Err(io::ErrorKind::FileTooLarge) => Err(Closed::Because(HoldReason::TooLarge)),
            Err(_) => Err(Closed::NotOpened),
        }
    }
}

/// Whether only an attempt tells that programs open it so. A look sees that a content is encrypted; a scanner does not.
pub(super) fn may_open_by_itself(sample: &Sample) -> bool {
    begins_with(sample, COMPOUND)
}

/// How a PDF begins.
const PDF: &[u8] = b"%PDF-";

/// How a compound file begins, in which documents lie that have a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

fn begins_with(sample: &Sample, magic: &[u8]) -> bool {
    let mut start = vec![0; magic.len()];
    sample.reader().read_exact(&mut start).is_ok() && start == magic
}
