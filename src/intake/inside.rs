//! The inside of a content: a look, which opens encrypted parts, and scans of everything that a scanner does not see by itself.
//!
//! - ClamAV calls an archive clean that it cannot unpack, as every RAR archive without a library that Debian does not have: the
//!   members are scanned one by one.
//! - Encrypted parts are opened, at all depths, by the passwords that programs try without asking and by those that
//!   people gave. Opened parts are scanned and looked into as if they had come open.
//! - A scanner that calls a content encrypted may have read no further. Each member is scanned by itself then, and
//!   the encryption counts no more if all encrypted parts came open.
//!
//! All scanners scan each of these; a scanner without an answer about a part has none about the whole.
//!
//! The process that looks opens all but PDFs, which a program in a sandbox opens; each of these is examined by itself.

use std::ops::ControlFlow;
use std::os::fd::AsFd;

use secrecy::SecretString;

use super::opening::{Closed, Opener};
use super::trust::Failure;
use crate::inspect::{Breadth, Handed, Inspection, Inspector, Tried};
use crate::model::{ContentKind, HoldReason, Label, Look, Obstacle};
use crate::scan::{Opinions, Sample, ScanError, Verdict};

/// Most PDFs in PDFs that are opened one after the other.
const MAX_OPENED_DEPTH: u32 = 3;

/// Detail of verdicts about a content whose members could not all be scanned.
const NOT_ALL: &str = "not all members that the scanner cannot reach could be scanned";

/// The inside of a content.
#[derive(Debug)]
pub(super) struct Inside {
    /// The findings of a look in all parts that are open or came open.
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

/// The means of examining contents, on a thread that may wait.
pub(super) struct Examiner<'a> {
    pub(super) inspector: &'a Inspector,
    pub(super) opener: &'a Opener,
    /// Has a part scanned by all scanners that answered so far.
    pub(super) scan: &'a dyn Fn(&Sample, &Opinions) -> Opinions,
    /// Passwords that people gave.
    pub(super) passwords: &'a [&'a SecretString],
}

/// The scanners' answers about the whole and its parts so far.
struct Said {
    /// The answers that count: that a part is encrypted may not.
    counting: Opinions,
    /// All of it.
    all: Opinions,
}

/// An examination that is under way.
struct Course<'a> {
    examiner: &'a Examiner<'a>,
    said: &'a mut Said,
    breadth: Breadth,
    depth: u32,
    /// Why a part was not scanned.
    failure: Option<Failure>,
    /// The findings in PDFs that came open or stay closed.
    labels: Vec<Label>,
    obstacle: Option<Obstacle>,
    tried: Tried,
    has_open_pdf: bool,
}

impl Examiner<'_> {
    /// Examines a content about which the scanners' answers are `whole`; together these are clean or encrypted.
    /// Returns their answers about the whole and all its parts.
    ///
    /// Errors: something could not be scanned or looked into.
    pub(super) fn examine(
        &self,
        sample: &Sample,
        name: &str,
        whole: &Opinions,
    ) -> Result<(Opinions, Inside), Failure> {
        let mut said = Said { counting: whole.clone(), all: whole.clone() };
        if whole.conclusion()? != Verdict::Encrypted {
            let inside = self.examine_at(sample, name, &mut said, Breadth::Unreached, 0)?;
            if said.counting.conclusion()? != Verdict::Encrypted {
                return Ok((said.counting, inside));
            }
        }
        said.counting = whole.without_encrypted();
        let inside = self.examine_at(sample, name, &mut said, Breadth::All, 0)?;
        // A finding ends the examination before all of it came open.
        let is_found = matches!(said.counting.conclusion()?, Verdict::Infected { .. });
        if is_found || inside.is_closed() {
            said.counting.call_encrypted(&said.all);
        }
        Ok((said.counting, inside))
    }

    fn examine_at(
        &self,
        sample: &Sample,
        name: &str,
        said: &mut Said,
        breadth: Breadth,
        depth: u32,
    ) -> Result<Inside, Failure> {
        let mut course = Course {
            examiner: self,
            said,
            breadth,
            depth,
            failure: None,
            labels: Vec::new(),
            obstacle: None,
            tried: Tried::default(),
            has_open_pdf: false,
        };
        let mut take = |handed| {
            course.failure = course.take(handed).err();
            match course.is_over() {
                false => ControlFlow::Continue(()),
                true => ControlFlow::Break(()),
            }
        };
        let examined = self.inspector.examine(sample.as_fd(), name, self.passwords, breadth, &mut take);
        let examined = examined.map_err(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "cannot look into contents: nothing is released");
            HoldReason::InspectionFailed
        })?;
        let ended_early = course.is_over();
        if let Some(failure) = course.failure {
            return Err(failure);
        }
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
        let is_clean = course.said.counting.conclusion() == Ok(Verdict::Clean);
        let is_unfinished = is_clean && obstacle == Some(Obstacle::NotFinished);
        // An early end because of a finding is no gap.
        if !ended_early && is_cut_short(obstacle, breadth) {
            course.said.counting.not_all(NOT_ALL);
        }
        let look = Look { kind, labels, obstacle };
        Ok(Inside { look, tried, has_open_pdf: course.has_open_pdf, is_unfinished })
    }
}

/// Whether members were not handed out. The look says itself which other parts it did not see.
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
    fn take(&mut self, handed: Handed) -> Result<(), Failure> {
        match handed {
            Handed::Member(member) => {
                self.scan(&sample_of(&member)?);
                Ok(())
            }
            Handed::LockedPdf(pdf) => self.open(&sample_of(&pdf)?),
        }
    }

    /// Whether nothing that is still to come could change the result. If a content is not fully scannable, a later
    /// part of it may be malware.
    fn is_over(&self) -> bool {
        let goes_on =
            matches!(self.said.counting.conclusion(), Ok(Verdict::Clean | Verdict::NotFullyScannable { .. }));
        self.failure.is_some() || !goes_on
    }

    /// Adds the scanners' answers about one part.
    fn scan(&mut self, part: &Sample) {
        let said = (self.examiner.scan)(part, &self.said.counting);
        self.said.all.add(&said);
        let counting = if self.breadth == Breadth::All { said.without_encrypted() } else { said };
        self.said.counting.add(&counting);
    }

    /// Opens a PDF, without a password or by one that was given, and examines it.
    fn open(&mut self, pdf: &Sample) -> Result<(), Failure> {
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
                Err(Closed::Because(failure)) if failure.reason == HoldReason::TooLarge => {
                    self.tried.is_too_large = true;
                }
                Err(Closed::Because(failure)) => return Err(failure),
            }
        }
        self.labels.push(Label::Encrypted);
        self.obstacle = self.obstacle.max(Some(Obstacle::Encrypted));
        Ok(())
    }

    fn examine_open(&mut self, open: &Sample) -> Result<(), Failure> {
        self.scan(open);
        if self.is_over() {
            return Ok(());
        }
        let inside = self.examiner.examine_at(open, "", self.said, self.breadth, self.depth + 1)?;
        let Look { kind, labels, obstacle } = inside.look;
        self.labels.extend(labels);
        // It was a PDF; another program may see something else in it.
        self.labels
            .extend(Some(kind).filter(|kind| *kind != ContentKind::Pdf).and_then(ContentKind::as_member));
        self.obstacle = self.obstacle.max(obstacle);
        self.tried = self.tried.and(inside.tried);
        self.has_open_pdf |= inside.has_open_pdf;
        Ok(())
    }
}

fn sample_of(bytes: &[u8]) -> Result<Sample, HoldReason> {
    Sample::of(bytes).map_err(|error| match error {
        ScanError::TooLarge => HoldReason::TooLarge,
        _ => HoldReason::ScannerFailed,
    })
}
