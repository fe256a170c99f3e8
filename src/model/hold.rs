//! The holding area: states of a held content, reasons for waiting, kinds of verdicts.

use std::collections::BTreeSet;
use std::time::Duration;

use super::words::words;
use super::{ContentKind, Label, Obstacle, UserId};

/// Time for which a space holds contents unless it is set otherwise.
pub const DEFAULT_HOLD: Duration = Duration::from_hours(12);
/// Age of the newest signatures beyond which no scan releases anything, unless it is set otherwise.
pub const DEFAULT_SIGNATURES_MAX_AGE: Duration = Duration::from_hours(36);

words! {
    /// State of a content that arrived in a space with a holding time.
    HoldState {
        /// It waits for its first scan.
        Arrived = "arrived",
        /// The first scan found nothing; it waits for its time, and then for the second scan.
        Held = "held",
        /// Its time has come; the second scan waits for signatures that are newer than its arrival.
        WaitingForSignatures = "waiting_for_signatures",
        /// The server releases it no longer by itself: a person decides.
        NeedsDecision = "needs_decision",
        /// Everyone with the right to the file may read it.
        Released = "released",
        /// A scanner or a person found it dangerous.
        Quarantined = "quarantined",
        /// The owner or the author took it back.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// Why a content is not released yet.
    HoldReason {
        /// No scanner is set up.
        NoScanner = "no-scanner",
        /// The scanner cannot be reached, or failed.
        ScannerFailed = "scanner-failed",
        /// The scanner did not find a test virus, or found one in a harmless text.
        ScannerNotTrusted = "scanner-not-trusted",
        /// The scanner calls contents clean that it did not look at because of its limits.
        ScannerHidesLimits = "scanner-hides-limits",
        /// The signatures are older than the setting allows.
        SignaturesTooOld = "signatures-too-old",
        /// No signatures newer than its arrival were published yet.
        SignaturesNotNewer = "signatures-not-newer",
        /// It cannot be read from the disk.
        Unreadable = "unreadable",
        /// It is too large to be scanned.
        TooLarge = "too-large",
        /// The scanner could not look into all of it.
        NotFullyScannable = "not-fully-scannable",
        /// It is encrypted, so that no scanner can look into it.
        Encrypted = "encrypted",
        /// A part of it came open by a password; another stays encrypted.
        PartlyEncrypted = "partly-encrypted",
        /// It is a program, a script or the like, or carries one, or deceives about its kind.
        DangerousKind = "dangerous-kind",
        /// No process can be started that looks into it.
        InspectionFailed = "inspection-failed",
        /// A scanner found a virus.
        Infected = "infected",
        /// A scanner found a virus in the mail that it came with.
        MailQuarantined = "mail-quarantined",
        /// One signature found something in many contents at once: it may be wrong.
        MassHit = "mass-hit",
        /// A person keeps it.
        Kept = "kept",
        /// A person quarantined it.
        QuarantinedByHand = "quarantined-by-hand",
    }
}

words! {
    /// A person's decision about a held content.
    HoldDecision {
        /// Release it before its time, or because a decision was asked for. It is scanned once more, and only a clean one
        /// is released.
        Release = "release",
        /// Release it whatever a scanner says. It keeps a mark of that.
        Override = "override",
        /// Keep it until a person decides otherwise.
        Keep = "keep",
        /// Treat it as dangerous.
        Quarantine = "quarantine",
        /// Examine it now, and no longer wait for a person.
        Retry = "retry",
        /// Take it back: it is not released any more.
        Withdraw = "withdraw",
    }
}

words! {
    /// Result of one scan.
    VerdictKind {
        /// Nothing was found, and all of it was examined.
        Clean = "clean",
        /// A virus was found.
        Infected = "infected",
        /// Not all of it could be examined.
        NotFullyScannable = "not-fully-scannable",
        /// It is encrypted.
        Encrypted = "encrypted",
        /// The scanner gave no verdict.
        NoAnswer = "no-answer",
    }
}

words! {
    /// When everything stored is scanned again.
    RescanMode {
        /// When the scanner has other signatures, within the office's hours and share of a processor.
        Scheduled = "scheduled",
        /// Now and without regard for hours and share, until the pass has ended.
        Urgent = "urgent",
        /// Not until a person decides otherwise.
        Paused = "paused",
    }
}

words! {
    /// Which of the arriving contents a space holds.
    HoldScope {
        /// Contents that can carry malware; pictures, plain PDFs and the like are released after a clean first scan.
        Risky = "risky",
        /// Everything.
        All = "all",
    }
}

words! {
    /// How many persons decide that a content of a space is released before the server does so, or in spite of a scanner.
    #[derive(PartialOrd, Ord)]
    ReleaseBy {
        /// One.
        One = "1",
        /// Two different ones.
        Two = "2",
    }
}

words! {
    /// The treatment of a held document's PDF after the release.
    #[derive(Default)]
    PdfAfter {
        /// It stays beside the document.
        #[default]
        Keep = "keep",
        /// It goes to the trash.
        Remove = "remove",
    }
}

words! {
    /// How the pages of the PDF of a held document are drawn.
    #[derive(Default)]
    PdfPages {
        /// As texts, lines and pictures.
        #[default]
        Drawn = "drawn",
        /// As one picture each, which holds nothing but its pixels.
        Pixels = "pixels",
    }
}

/// The rule of a space for the PDFs of held documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PdfRule {
    /// After the document's release.
    pub after: PdfAfter,
    /// How pages are drawn.
    pub pages: PdfPages,
}

/// A person's decision about a held content, with its circumstances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOrder {
    /// The decision.
    pub decision: HoldDecision,
    /// The person to whom alone `Release` and `Override` hand the content out; `None` for everyone.
    pub to: Option<UserId>,
    /// Why, in the person's words.
    pub reason: Option<String>,
}

/// How a space holds contents that arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// For how long.
    pub time: Duration,
    /// Which of them.
    pub scope: HoldScope,
}

/// The findings of a look into a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The kind by content and name, the stricter of both.
    pub kind: ContentKind,
    /// Facts about it and its members.
    pub labels: BTreeSet<Label>,
    /// Why not all of it could be looked at.
    pub obstacle: Option<Obstacle>,
}

impl HoldState {
    /// Whether nothing more happens by itself and nothing is awaited.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Released | Self::Withdrawn)
    }
}
