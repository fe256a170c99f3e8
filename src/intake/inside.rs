//! The inside of a content: a look, which opens encrypted parts, and scans of everything that the scanner does not see by itself.
//!
//! - ClamAV calls an archive clean that it cannot unpack, as every RAR archive without a library that Debian does not have: the
//!   members are scanned one by one.
//! - Encrypted parts are opened, at all depths, by what programs try without asking and by the passwords that people gave. What
//!   comes open is scanned and looked into as if it had come so.
//! - A scanner that calls a content encrypted may have read no further. Each member is scanned by itself then, and that one is
//!   encrypted counts no more if all that is encrypted came open.
//!
//! The process that looks opens all but PDFs, which a program in a sandbox opens; each of these is examined by itself.

use std::ops::ControlFlow;
use std::os::fd::AsFd;

use secrecy::SecretString;

use super::opening::{Closed, Opener};
use crate::inspect::{Breadth, Handed, Inspection, Inspector, Tried};
use crate::model::{ContentKind, HoldReason, Label, Look, Obstacle};
use crate::scan::{Report, Sample, ScanError, SignatureIdentity, Verdict};

/// Most PDFs in PDFs that are opened one after the other.
const MAX_OPENED_DEPTH: u32 = 3;

/// Detail of a verdict about a content whose members could not all be scanned.
const NOT_ALL: &str = "not all members that the scanner cannot reach could be scanned";

/// The inside of a content.
#[derive(Debug)]
pub(super) struct Inside {
    /// The scanner's verdict about all that it does not see in the content by itself.
    pub(super) verdict: Verdict,
    /// What a look found in all that is open or came open.
    pub(super) look: Look,
    /// The state of its encrypted parts.
    pub(super) tried: Tried,
    /// Whether a PDF opened without a password.
    pub(super) has_open_pdf: bool,
    /// Whether the process did not finish, so that nothing is known about the rest.
    pub(super) is_unfinished: bool,
}

impl Inside {
    /// Whether something encrypted stays closed.
    pub(super) fn is_closed(&self) -> bool {
        self.look.labels.contains(&Label::Encrypted)
    }

    /// Whether something encrypted came open.
    pub(super) fn has_opened(&self) -> bool {
        self.tried.standard || self.tried.given != 0 || self.has_open_pdf
    }
}

/// What examines contents, on a thread that may wait.
pub(super) struct Examiner<'a> {
    pub(super) inspector: &'a Inspector,
    pub(super) opener: &'a Opener,
    /// Scans one content by itself.
    pub(super) scan: &'a dyn Fn(&Sample) -> Result<Report, HoldReason>,
    /// What people gave.
    pub(super) passwords: &'a [&'a SecretString],
}

/// An examination that is under way.
struct Course<'a> {
    examiner: &'a Examiner<'a>,
    /// By these, everything is scanned.
    signatures: &'a SignatureIdentity,
    breadth: Breadth,
    depth: u32,
    /// What the scans of members led to.
    verdict: Result<Verdict, HoldReason>,
    /// What was found in PDFs that came open or stay closed.
    labels: Vec<Label>,
    obstacle: Option<Obstacle>,
    tried: Tried,
    has_open_pdf: bool,
}

impl Examiner<'_> {
    /// Examines a content, of which `whole` is the report: clean or encrypted.
    ///
    /// Errors: something could not be scanned or looked into.
    pub(super) fn examine(&self, sample: &Sample, name: &str, whole: &Report) -> Result<Inside, HoldReason> {
        let signatures = &whole.signatures.identity;
        if whole.verdict != Verdict::Encrypted {
            let found = self.examine_at(sample, name, signatures, Breadth::Unreached, 0)?;
            if found.verdict != Verdict::Encrypted {
                return Ok(found);
            }
        }
        let found = self.examine_at(sample, name, signatures, Breadth::All, 0)?;
        let is_closed = found.is_closed();
        Ok(match found.verdict {
            Verdict::Clean if is_closed => Inside { verdict: Verdict::Encrypted, ..found },
            _ => found,
        })
    }

    fn examine_at(
        &self,
        sample: &Sample,
        name: &str,
        signatures: &SignatureIdentity,
        breadth: Breadth,
        depth: u32,
    ) -> Result<Inside, HoldReason> {
        let mut course = Course {
            examiner: self,
            signatures,
            breadth,
            depth,
            verdict: Ok(Verdict::Clean),
            labels: Vec::new(),
            obstacle: None,
            tried: Tried::default(),
            has_open_pdf: false,
        };
        let mut take = |handed| {
            course.take(handed);
            match course.verdict {
                Ok(Verdict::Clean) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        };
        let examined = self.inspector.examine(sample.as_fd(), name, self.passwords, breadth, &mut take);
        let examined = examined.map_err(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "cannot look into contents: nothing is released");
            HoldReason::InspectionFailed
        })?;
        let Inspection { kind, mut labels, obstacle, .. } = examined.inspection;
        labels.extend(course.labels);
        let tried = examined.tried.and(course.tried);
        if tried.standard {
            labels.insert(Label::StandardPassword);
        }
        if tried.given != 0 {
            labels.insert(Label::PasswordGiven);
        }
        let obstacle = obstacle.max(course.obstacle);
        let verdict = course.verdict?;
        let is_unfinished = verdict == Verdict::Clean && obstacle == Some(Obstacle::NotFinished);
        let verdict = match verdict {
            Verdict::Clean if is_cut_short(obstacle, breadth) => {
                Verdict::NotFullyScannable { reason: NOT_ALL.to_owned() }
            }
            verdict => verdict,
        };
        let look = Look { kind, labels, obstacle };
        Ok(Inside { verdict, look, tried, has_open_pdf: course.has_open_pdf, is_unfinished })
    }
}

/// Whether members were not handed out. What else was not seen, the look says, too.
fn is_cut_short(obstacle: Option<Obstacle>, breadth: Breadth) -> bool {
    match obstacle {
        Some(Obstacle::NotFinished) => true,
        Some(Obstacle::TooManyMembers | Obstacle::Ratio | Obstacle::TooLargeExpanded) => {
            breadth == Breadth::All
        }
        _ => false,
    }
}

impl Course<'_> {
    fn take(&mut self, handed: Handed) {
        let taken = match handed {
            Handed::Member(member) => sample_of(&member).and_then(|sample| self.scan(&sample)),
            Handed::LockedPdf(pdf) => sample_of(&pdf).and_then(|pdf| self.open(&pdf)),
        };
        self.verdict = taken;
    }

    /// The verdict about one member, by the same signatures as that about the whole.
    fn scan(&self, sample: &Sample) -> Result<Verdict, HoldReason> {
        let report = (self.examiner.scan)(sample)?;
        match report.verdict {
            // The scanner loaded others meanwhile: all of it is scanned again, soon.
            Verdict::Clean | Verdict::Encrypted if report.signatures.identity != *self.signatures => {
                Err(HoldReason::ScannerFailed)
            }
            Verdict::Encrypted if self.breadth == Breadth::All => Ok(Verdict::Clean),
            verdict => Ok(verdict),
        }
    }

    /// Opens a PDF, without a password or by one that was given, and examines it.
    fn open(&mut self, pdf: &Sample) -> Result<Verdict, HoldReason> {
        let none = SecretString::from("");
        let passwords = [(None, &none)].into_iter().chain(
            self.examiner.passwords.iter().enumerate().map(|(number, password)| (Some(number), *password)),
        );
        for (number, password) in passwords {
            if self.depth >= MAX_OPENED_DEPTH {
                break;
            }
            match self.examiner.opener.pdf(pdf, password) {
                Ok(open) => {
                    match number {
                        None => self.has_open_pdf = true,
                        Some(number) => self.tried.note_given(number),
                    }
                    return self.examine_open(&open);
                }
                Err(Closed::WrongPassword) => self.tried.is_wrong |= number.is_some(),
                Err(Closed::NotOpened) => {}
                Err(Closed::Because(HoldReason::TooLarge)) => self.tried.is_too_large = true,
                Err(Closed::Because(reason)) => return Err(reason),
            }
        }
        self.labels.push(Label::Encrypted);
        self.obstacle = self.obstacle.max(Some(Obstacle::Encrypted));
        Ok(Verdict::Clean)
    }

    fn examine_open(&mut self, open: &Sample) -> Result<Verdict, HoldReason> {
        let verdict = self.scan(open)?;
        if verdict != Verdict::Clean {
            return Ok(verdict);
        }
        let (signatures, depth) = (self.signatures, self.depth + 1);
        let inside = self.examiner.examine_at(open, "", signatures, self.breadth, depth)?;
        let Look { kind, labels, obstacle } = inside.look;
        self.labels.extend(labels);
        // It was a PDF; another program may see something else in it.
        self.labels
            .extend(Some(kind).filter(|kind| *kind != ContentKind::Pdf).and_then(ContentKind::as_member));
        self.obstacle = self.obstacle.max(obstacle);
        self.tried = self.tried.and(inside.tried);
        self.has_open_pdf |= inside.has_open_pdf;
        Ok(inside.verdict)
    }
}

fn sample_of(bytes: &[u8]) -> Result<Sample, HoldReason> {
    Sample::of(bytes).map_err(|error| match error {
        ScanError::TooLarge => HoldReason::TooLarge,
        _ => HoldReason::ScannerFailed,
    })
}
