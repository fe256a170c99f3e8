//! Opens what is encrypted: as programs do by themselves, or with a password that a person gave. What comes out lies in sealed
//! memory and nowhere else.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;

use super::Intake;
use crate::convert::Converter;
use crate::inspect::{Inspector, Opening};
use crate::model::{HoldReason, Label};
use crate::scan::Sample;

/// What opens contents, on a thread that may wait.
#[derive(Clone)]
pub(super) struct Opener {
    inspector: Option<Inspector>,
    converter: Option<Arc<Converter>>,
}

/// A content without its encryption.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) sample: Sample,
    /// What people should know about how it was opened.
    pub(super) label: Option<Label>,
}

impl Intake {
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
        if begins_with(sample, PDF) {
            return Ok(self.pdf(sample).map(|sample| Open { sample, label: None }));
        }
        if !may_open_by_itself(sample) {
            return Ok(None);
        }
        let Some(inspector) = &self.inspector else { return Ok(None) };
        let mut open = Sample::begin().map_err(|_| HoldReason::InspectionFailed)?;
        let opening = inspector.open(sample.as_fd(), None, &mut open).map_err(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "cannot open contents: nothing is released");
            HoldReason::InspectionFailed
        })?;
        match opening {
            Opening::Opened => {
                let sample = open.seal().map_err(|_| HoldReason::InspectionFailed)?;
                Ok(Some(Open { sample, label: Some(Label::StandardPassword) }))
            }
            Opening::TooLarge => Err(HoldReason::TooLarge),
            Opening::WrongPassword | Opening::NotRead => Ok(None),
        }
    }

    /// A PDF without its encryption, if it needs no password and the machine has a sandbox.
    fn pdf(&self, sample: &Sample) -> Option<Sample> {
        let converter = self.converter.as_ref()?;
        let mut open = match converter.unlocked(&mut sample.reader()) {
            Ok(open) => open?,
            Err(error) => {
                tracing::warn!(code = error.code(), "cannot remove the encryption of a PDF");
                return None;
            }
        };
        let mut copy = Sample::begin().ok()?;
        io::copy(&mut open, &mut copy).ok()?;
        copy.seal().ok()
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
