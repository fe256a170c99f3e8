//! Opens encrypted contents: as programs do by themselves, or with a password that a person gave. The result lies in
//! sealed memory and nowhere else.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use secrecy::SecretString;

use super::Intake;
use super::trust::Failure;
use crate::catalog::HoldRow;
use crate::convert::{Converter, Unlocked};
use crate::inspect::{Inspector, Opening};
use crate::model::{HoldReason, Label};
use crate::scan::Sample;

/// The means of opening contents, on a thread that may wait.
#[derive(Clone)]
pub(super) struct Opener {
    inspector: Option<Inspector>,
    converter: Option<Arc<Converter>>,
}

/// Why a content stays closed, or was not scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The password is not the right one.
    WrongPassword,
    /// It is encrypted in a way that is not opened here, or not at all.
    NotOpened,
    /// Something else is in the way.
    Because(Failure),
}

impl Closed {
    /// Why a content is not released that should have opened.
    pub(super) fn failure(self) -> Failure {
        match self {
            Self::WrongPassword | Self::NotOpened => HoldReason::Encrypted.into(),
            Self::Because(failure) => failure,
        }
    }
}

/// The key that opens a content again, as it was opened for its first scan.
#[derive(Clone)]
pub(super) enum Key {
    /// Nothing in it was encrypted.
    None,
    /// Those that programs try by themselves, and those that people gave and that are still known.
    Passwords(Vec<Arc<SecretString>>),
}

impl Key {
    /// The passwords that people gave.
    pub(super) fn passwords(&self) -> Vec<&SecretString> {
        match self {
            Self::None => Vec::new(),
            Self::Passwords(given) => given.iter().map(|password| &**password).collect(),
        }
    }
}

impl Intake {
    /// The key that opened a content for its first scan.
    pub(super) fn key_of(&self, hold: &HoldRow) -> Key {
        let has = |label| hold.look.as_ref().is_some_and(|look| look.labels.contains(&label));
        if has(Label::PasswordGiven) || has(Label::StandardPassword) {
            Key::Passwords(self.passwords.of(hold.id))
        } else {
            Key::None
        }
    }

    /// The means of opening contents here.
    pub(super) fn opener(&self) -> Opener {
        Opener { inspector: self.inspector.clone(), converter: self.converter.clone() }
    }
}

impl Opener {
    /// A document as it was when it was scanned, for the PDF that is made of it.
    pub(super) fn as_scanned(&self, sample: Sample, key: &Key) -> Sample {
        if matches!(key, Key::None) {
            return sample;
        }
        let given = key.passwords();
        let mut attempts = [None].into_iter().chain(given.into_iter().map(Some));
        let open = attempts.find_map(|password| self.other(&sample, password).ok());
        // Only something in it may have been encrypted; and the converter knows what it cannot read.
        open.unwrap_or(sample)
    }

    fn other(&self, sample: &Sample, password: Option<&SecretString>) -> Result<Sample, Closed> {
        let inspector = self.inspector.as_ref().ok_or(Closed::NotOpened)?;
        let failed = |code: &str| {
            tracing::error!(code, "cannot open contents: nothing is released");
            Closed::Because(HoldReason::InspectionFailed.into())
        };
        let mut open = Sample::begin().map_err(|error| failed(error.code()))?;
        match inspector.open(sample.as_fd(), password, &mut open).map_err(|error| failed(error.code()))? {
            Opening::Opened => open.seal().map_err(|error| failed(error.code())),
            Opening::TooLarge => Err(Closed::Because(HoldReason::TooLarge.into())),
            Opening::WrongPassword => Err(Closed::WrongPassword),
            Opening::NotRead => Err(Closed::NotOpened),
        }
    }

    /// A PDF without its encryption, if the machine has a sandbox.
    pub(super) fn pdf(&self, sample: &Sample, password: &SecretString) -> Result<Sample, Closed> {
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
            Err(io::ErrorKind::FileTooLarge) => Err(Closed::Because(HoldReason::TooLarge.into())),
            Err(_) => Err(Closed::NotOpened),
        }
    }
}
