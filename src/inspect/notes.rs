//! The findings in a content and its members, and the budget that the look has left.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::keys::Keys;
use crate::model::{Label, Obstacle};

/// Most archives in archives, mails in mails, objects in documents.
pub(super) const MAX_NESTING: u32 = 12;

/// Most members of a content, at all depths.
const MAX_MEMBERS: u32 = 10_000;

/// Most bytes to which a content expands, at all depths together.
const MAX_EXPANDED: u64 = 1 << 30;

/// Most bytes to which one member expands. It lies in memory.
const MAX_MEMBER: u64 = 128 << 20;

/// Most bytes that members inside each other take in memory at one time.
const MAX_AT_ONCE: u64 = 256 << 20;

/// Most times its length to which a content, or one member, expands; counted from [`MIN_RATIO_BYTES`] on, because ordinary
/// spreadsheets have members of 100 KB that were 1 KB.
const MAX_RATIO: u64 = 200;

/// Fewest expanded bytes for which the ratio counts.
const MIN_RATIO_BYTES: u64 = 10 << 20;

/// Most members of a content that scanners cannot reach. Each is scanned by itself.
pub(super) const MAX_UNREACHED: u32 = 2_000;

/// Most bytes of all members together that scanners cannot reach.
pub(super) const MAX_UNREACHED_BYTES: u64 = 512 << 20;

/// Most encrypted PDFs of a content that are handed out to be opened: each costs tenths of a second.
const MAX_LOCKED: u32 = 50;

/// Bytes by which an expanded member grows at once.
const STEP: u64 = 1 << 20;

/// The findings so far.
#[derive(Debug)]
pub(super) struct Notes {
    pub(super) labels: BTreeSet<Label>,
    pub(super) obstacle: Option<Obstacle>,
    pub(super) members: u32,
    /// Bytes of the whole content.
    length: u64,
    /// Bytes that were expanded so far.
    expanded: u64,
    /// Bytes of members that are in memory now.
    at_once: u64,
    is_over: bool,
    /// Members that scanners cannot reach and PDFs that are to be opened, and their bytes.
    pub(super) unreached: u32,
    unreached_bytes: u64,
    outlet: Option<Outlet>,
    gives_all: bool,
    /// Encrypted PDFs.
    locked: u32,
    /// The passwords to try on each encrypted part; without them, one is an obstacle at once.
    pub(super) keys: Option<Keys>,
    /// Whether the content at the present level is encrypted, or something in it that is no member, and was not tried yet.
    is_locked: bool,
}

/// A content that leaves this process.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handed<'c> {
    /// A member that scanners cannot reach, or the plaintext of an encrypted one.
    Member(&'c [u8]),
    /// A PDF that only another program opens.
    LockedPdf(&'c [u8]),
}

/// Takes each of them.
struct Outlet(Box<Give>);

type Give = dyn FnMut(Handed<'_>) -> io::Result<()>;

impl fmt::Debug for Outlet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outlet")
    }
}

impl Notes {
    /// For a content of this many bytes.
    pub(super) fn new(length: u64) -> Self {
        Self {
            labels: BTreeSet::new(),
            obstacle: None,
            members: 0,
            length,
            expanded: 0,
            at_once: 0,
            is_over: false,
            unreached: 0,
            unreached_bytes: 0,
            outlet: None,
            gives_all: false,
            locked: 0,
            keys: None,
            is_locked: false,
        }
    }

    /// The same, for a look that hands out the members that scanners cannot reach; or all, for a scanner that reads no
    /// further where it meets something encrypted.
    pub(super) fn handing_out(
        self,
        gives_all: bool,
        give: impl FnMut(Handed<'_>) -> io::Result<()> + 'static,
    ) -> Self {
        Self { outlet: Some(Outlet(Box::new(give))), gives_all, ..self }
    }

    /// The same, for a look that opens encrypted parts.
    pub(super) fn opening_with(self, keys: Keys) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// Adds a label.
    pub(super) fn label(&mut self, label: Label) {
        self.labels.insert(label);
    }

    /// Notes that a part was not looked at. One that is encrypted may come open: see [`Self::at_one_level`].
    pub(super) fn obstacle(&mut self, obstacle: Obstacle) {
        if obstacle == Obstacle::Encrypted && self.keys.is_some() {
            self.is_locked = true;
        } else {
            self.note(obstacle);
        }
    }

    /// Notes that an encrypted part stays closed.
    pub(super) fn stays_closed(&mut self) {
        self.note(Obstacle::Encrypted);
    }

    /// Reads one content, and says besides whether it is encrypted and to be opened.
    pub(super) fn at_one_level<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let outer = mem::take(&mut self.is_locked);
        let done = read(self);
        (done, mem::replace(&mut self.is_locked, outer))
    }

    /// Whether something encrypted was met, at this level or before.
    pub(super) fn has_met_encrypted(&self) -> bool {
        self.is_locked || self.labels.contains(&Label::Encrypted)
    }

    fn note(&mut self, obstacle: Obstacle) {
        self.obstacle = self.obstacle.max(Some(obstacle));
        if obstacle == Obstacle::Encrypted {
            self.label(Label::Encrypted);
        }
        // Bounds of the whole look; the others concern one part.
        self.is_over |= matches!(
            obstacle,
            Obstacle::TooManyMembers | Obstacle::Ratio | Obstacle::TooLargeExpanded | Obstacle::NotFinished
        );
    }

    /// Notes an obstacle if something is not as it must be.
    pub(super) fn expect(&mut self, is_so: bool, otherwise: Obstacle) {
        if !is_so {
            self.obstacle(otherwise);
        }
    }

    /// Whether a bound of the whole look is reached, so that nothing more is looked at.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Counts a member; `false` if it is one too many.
    pub(super) fn count_member(&mut self) -> bool {
        self.members += 1;
        self.expect(self.members <= MAX_MEMBERS, Obstacle::TooManyMembers);
        !self.is_over
    }

    /// Notes members that will not all be read.
    pub(super) fn expect_members(&mut self, announced: u64) {
        self.expect(announced <= u64::from(MAX_MEMBERS), Obstacle::TooManyMembers);
    }

    /// Expands `packed` bytes; `None` if that exceeds a bound or fails at the first byte. Bytes before a damage are
    /// returned: other programs show them, too.
    pub(super) fn expand(&mut self, packed: usize, source: &mut impl Read) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let before = bytes.len() as u64;
            let read = bytes
                .try_reserve_exact(usize::try_from(STEP).ok()?)
                .map_err(io::Error::from)
                .and_then(|()| source.by_ref().take(STEP).read_to_end(&mut bytes));
            let grown = bytes.len() as u64;
            if !self.spend(grown - before, grown, packed) {
                return None;
            }
            match read {
                Ok(_) if grown == before => {
                    bytes.shrink_to_fit();
                    return Some(bytes);
                }
                Ok(_) => {}
                Err(_) => {
                    self.obstacle(Obstacle::Damaged);
                    return (!bytes.is_empty()).then_some(bytes);
                }
            }
        }
    }

    /// Counts `more` expanded bytes of a member that has `grown` to this many from `packed` ones; `false` if that
    /// exceeds a bound.
    fn spend(&mut self, more: u64, grown: u64, packed: usize) -> bool {
        self.expanded += more;
        self.expect(grown <= MAX_MEMBER && self.expanded <= MAX_EXPANDED, Obstacle::TooLargeExpanded);
        self.expect(self.at_once + grown <= MAX_AT_ONCE, Obstacle::TooLargeExpanded);
        self.expect(is_modest(grown, packed as u64), Obstacle::Ratio);
        self.expect(is_modest(self.expanded, self.length), Obstacle::Ratio);
        !self.is_over
    }

    /// Most bytes to which `packed` ones may expand now. A reader that writes them by itself stops after one more, and
    /// says so to [`Self::note_expanded`].
    pub(super) fn allowance(&self, packed: usize) -> u64 {
        let modest = |packed: u64| (packed + 1).saturating_mul(MAX_RATIO).max(MIN_RATIO_BYTES) - 1;
        [
            MAX_MEMBER,
            MAX_EXPANDED.saturating_sub(self.expanded),
            MAX_AT_ONCE.saturating_sub(self.at_once),
            modest(packed as u64),
            modest(self.length).saturating_sub(self.expanded),
        ]
        .into_iter()
        .min()
        .unwrap_or_default()
    }

    /// Counts a member that a reader expanded by itself, from `packed` bytes; `false` if that exceeds a bound.
    pub(super) fn note_expanded(&mut self, packed: usize, bytes: usize) -> bool {
        self.spend(bytes as u64, bytes as u64, packed)
    }

    /// Hands out a member that scanners cannot reach, if this look hands out such members. It counts them in any case.
    pub(super) fn hand_out(&mut self, member: &[u8]) {
        self.give(Handed::Member(member), member.len());
    }

    /// Hands out any member, if this look hands out all.
    pub(super) fn hand_out_any(&mut self, member: &[u8]) {
        if self.gives_all && !member.is_empty() {
            self.hand_out(member);
        }
    }

    /// Hands out an encrypted PDF to be opened. The server says whether it came open.
    pub(super) fn hand_out_locked(&mut self, pdf: &[u8]) {
        self.locked += 1;
        if self.locked > MAX_LOCKED || self.outlet.is_none() {
            return self.stays_closed();
        }
        self.give(Handed::LockedPdf(pdf), pdf.len());
    }

    fn give(&mut self, handed: Handed<'_>, length: usize) {
        self.unreached += 1;
        self.unreached_bytes += length as u64;
        self.expect(self.unreached <= MAX_UNREACHED, Obstacle::TooManyMembers);
        self.expect(self.unreached_bytes <= MAX_UNREACHED_BYTES, Obstacle::TooLargeExpanded);
        if !self.is_over
            && let Some(Outlet(give)) = &mut self.outlet
            && give(handed).is_err()
        {
            self.obstacle(Obstacle::NotFinished);
        }
    }

    /// Does something while a member of this many bytes is in memory.
    pub(super) fn holding(&mut self, bytes: usize, work: impl FnOnce(&mut Self)) {
        self.at_once += bytes as u64;
        work(self);
        self.at_once -= bytes as u64;
    }

    /// Runs the reader of one format. One that panics on an odd content costs that content an obstacle, and its labels
    /// so far stay.
    pub(super) fn fenced<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let is_locked = self.is_locked;
        let outcome = catch_unwind(AssertUnwindSafe(|| read(self))).ok();
        self.is_locked |= is_locked && outcome.is_none();
        self.expect(outcome.is_some(), Obstacle::Damaged);
        outcome
    }
}

fn is_modest(expanded: u64, packed: u64) -> bool {
    expanded < MIN_RATIO_BYTES || expanded / MAX_RATIO <= packed
}
