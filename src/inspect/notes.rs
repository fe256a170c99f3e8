//! What was found in a content and its members, and what the look may still spend.

use std::collections::BTreeSet;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// Bytes by which an expanded member grows at once.
const STEP: u64 = 1 << 20;

/// What was found so far.
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
}

impl Notes {
    /// For a content of so many bytes.
    pub(super) fn new(length: u64) -> Self {
        Self {
            labels: BTreeSet::new(),
            obstacle: None,
            members: 0,
            length,
            expanded: 0,
            at_once: 0,
            is_over: false,
        }
    }

    /// Adds a label.
    pub(super) fn label(&mut self, label: Label) {
        self.labels.insert(label);
    }

    /// Notes that a part was not looked at.
    pub(super) fn obstacle(&mut self, obstacle: Obstacle) {
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

    /// Expands `packed` bytes; `None` if that exceeds a bound or fails at the first byte. What comes before a damage is
    /// returned: other programs show it, too.
    pub(super) fn expand(&mut self, packed: usize, source: &mut impl Read) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let before = bytes.len() as u64;
            let read = bytes
                .try_reserve_exact(usize::try_from(STEP).ok()?)
                .map_err(std::io::Error::from)
                .and_then(|()| source.by_ref().take(STEP).read_to_end(&mut bytes));
            let grown = bytes.len() as u64;
            self.expanded += grown - before;
            self.expect(grown <= MAX_MEMBER && self.expanded <= MAX_EXPANDED, Obstacle::TooLargeExpanded);
            self.expect(self.at_once + grown <= MAX_AT_ONCE, Obstacle::TooLargeExpanded);
            self.expect(is_modest(grown, packed as u64), Obstacle::Ratio);
            self.expect(is_modest(self.expanded, self.length), Obstacle::Ratio);
            if self.is_over {
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

    /// Does something while a member of so many bytes is in memory.
    pub(super) fn holding(&mut self, bytes: usize, work: impl FnOnce(&mut Self)) {
        self.at_once += bytes as u64;
        work(self);
        self.at_once -= bytes as u64;
    }

    /// Runs the reader of one format. One that panics on an odd content costs that content an obstacle, and its labels
    /// so far stay.
    pub(super) fn fenced<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let outcome = catch_unwind(AssertUnwindSafe(|| read(self))).ok();
        self.expect(outcome.is_some(), Obstacle::Damaged);
        outcome
    }
}

fn is_modest(expanded: u64, packed: u64) -> bool {
    expanded < MIN_RATIO_BYTES || expanded / MAX_RATIO <= packed
}
