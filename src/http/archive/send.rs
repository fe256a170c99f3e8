//! Sends a range of an archive.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use crc32fast::Hasher;
use tokio::sync::OwnedSemaphorePermit;

use super::blocks::{self, content_of};
use super::layout::Part;
use super::plan::Plan;
use crate::http::context::RequestContext;
use crate::http::reader::Reader;
use crate::http::turns::Archives;
use crate::library::{Content, Library, LibraryError, NodeId, PIECE, ReadAhead};
use crate::model::{Access, ByteRange, Timestamp, VersionId};
use crate::net::{Pace, ResponseBody};
use crate::sharing::{Fetched, Tally};

/// Steps of a content that are read ahead for a fast client.
const STEPS_AHEAD: usize = 3;
/// Most contents that are looked up together.
const MOST_TOGETHER: usize = 64;
/// Longest time for which a content is open before its first byte is sent; then it is opened anew, if it still may.
const LONGEST_OPEN: Duration = Duration::from_secs(10);
/// Most bytes of a content that is looked up together with others.
const SMALL: u64 = 64 * 1024;
/// Bytes sent between two checks of whether the reader may still see the contents.
const RIGHTS_STEP: u64 = 16 * 1024 * 1024;
/// Bytes after which other connections get a turn.
const TURN: u64 = 1024 * 1024;
/// Most CRC-32s that wait to be noted in the catalogue; those of a broken answer are noted, too.
const MOST_UNNOTED: usize = 500;
/// Bytes after which reading contents only for their CRC-32 leaves its turn to other archives.
const LEARN_STEP: u64 = 256 * 1024 * 1024;

/// An archive that is being sent.
pub(super) struct Sending {
    library: Library,
    archives: Archives,
    plan: Plan,
    reader: Reader,
    access: Access,
    pace: Pace,
    /// Counts the bytes sent, under a lease.
    tally: Option<Tally>,
    /// The rest of the range.
    rest: ByteRange,
    /// Contents that are open, by their members, and not begun.
    opened: VecDeque<(usize, Content)>,
    /// When these were opened.
    opened_at: Instant,
    current: Option<Current>,
    /// CRC-32s that were computed and are not in the catalogue.
    unnoted: Vec<(VersionId, u32)>,
    /// Bytes since the right was last checked.
    unasked: u64,
    /// Bytes since other connections got a turn.
    unyielded: u64,
    /// Held for the memory of the plan.
    _members: OwnedSemaphorePermit,
}

/// The content that is being sent.
struct Current {
    member: usize,
    content: Content,
    /// Where the next byte of the content is.
    at: u64,
    /// Computes its CRC-32, if that is not known and all bytes pass by.
    hasher: Option<Hasher>,
    ahead: VecDeque<ReadAhead>,
}

impl Sending {
    /// The body of an answer with this range.
    pub(super) async fn begin(
        context: RequestContext<'_>,
        access: Access,
        reader: Reader,
        plan: Plan,
        what: Fetched,
        range: ByteRange,
        members: OwnedSemaphorePermit,
    ) -> ResponseBody {
        let (services, now) = (context.services, context.info.received);
        let tally = match &reader {
            Reader::Guest { visit, .. } => {
                services.sharing.note_fetched(visit, now).await;
                services.sharing.tally(visit, what, range, now)
            }
            Reader::User { .. } => None,
        };
        let sending = Self {
            library: services.library.clone(),
            archives: services.archives.clone(),
            plan,
            reader,
            access,
            pace: Pace::begin(services.lanes.clone(), PIECE),
            tally,
            rest: range,
            opened: VecDeque::new(),
            opened_at: Instant::now(),
            current: None,
            unnoted: Vec::new(),
            unasked: 0,
            unyielded: 0,
            _members: members,
        };
        ResponseBody::steps(Box::new(sending), |mut sending| async move {
            let pieces = sending.step().await;
            if pieces.is_err() {
                // The intact part leaves first.
                tokio::task::yield_now().await;
            }
            (sending, pieces)
        })
    }

    /// The next pieces; empty at the end.
    async fn step(&mut self) -> io::Result<Vec<Bytes>> {
        self.pace.begin_step();
        if let Some(tally) = &mut self.tally
            && let Some(last) = tally.last(Timestamp::now()).await.map_err(io::Error::other)?
        {
            return Ok(last);
        }
        if self.unasked >= RIGHTS_STEP {
            self.unasked = 0;
            self.ask_again().await?;
        }
        if self.unyielded >= TURN {
            self.unyielded = 0;
            tokio::task::yield_now().await;
        }
        let pieces = self.pieces().await.map_err(broken)?;
        let sent: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        self.unasked += sent;
        self.unyielded += sent;
        self.pace.end_step();
        if self.unnoted.len() >= MOST_UNNOTED || self.rest.is_empty() {
            self.library.note_crcs(std::mem::take(&mut self.unnoted)).await;
        }
        let Some(tally) = &mut self.tally else { return Ok(pieces) };
        tally.pass(pieces, self.rest.is_empty(), Timestamp::now()).await.map_err(io::Error::other)
    }

    /// Fails if the right is gone, or the content that is being sent was withheld.
    async fn ask_again(&mut self) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::PermissionDenied);
        self.access = self.reader.access().await.ok_or_else(gone)?;
        match &self.current {
            Some(current) if !self.reader.still_may(&current.content).await => Err(gone()),
            _ => Ok(()),
        }
    }

    /// Pieces of about one step.
    async fn pieces(&mut self) -> Result<Vec<Bytes>, LibraryError> {
        let (mut pieces, mut text, mut len) = (Vec::new(), BytesMut::new(), 0);
        while len < self.pace.step()
            && let Some((part, place)) =
                self.plan.layout.at(self.rest.start()).filter(|_| !self.rest.is_empty())
        {
            let end = place.end.min(self.rest.end());
            let within = ByteRange::new(self.rest.start() - place.start, end - place.start)
                .unwrap_or(ByteRange::whole(0));
            let sent = match part {
                Part::Content(member) if self.is_stored(member) => {
                    let found = self.blocks(member, within).await?;
                    if !text.is_empty() {
                        pieces.push(text.split().freeze());
                    }
                    let sent = found.iter().map(|piece| piece.len() as u64).sum();
                    pieces.extend(found);
                    sent
                }
                Part::Content(_) => {
                    text.extend_from_slice(cut(&self.plan.notes, within)?);
                    within.len()
                }
                part => {
                    let crc32 = match part {
                        Part::Descriptor(member) | Part::Record(member) => self.crc32(member).await?,
                        Part::Header(_) | Part::Content(_) | Part::End => 0,
                    };
                    text.extend_from_slice(cut(&self.plan.layout.bytes(part, crc32), within)?);
                    within.len()
                }
            };
            len += sent;
            self.rest =
                ByteRange::new(self.rest.start() + sent, self.rest.end()).ok_or(LibraryError::Incomplete)?;
        }
        if !text.is_empty() {
            pieces.push(text.freeze());
        }
        Ok(pieces)
    }

    /// Whether the content is that of a file, not the notes.
    fn is_stored(&self, member: usize) -> bool {
        self.node(member).is_some()
    }

    fn node(&self, member: usize) -> Option<NodeId> {
        self.plan.files.get(member).copied().flatten()
    }

    /// Some bytes of a content in blocks, at least one.
    async fn blocks(&mut self, member: usize, within: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
        let wanted = content_of(within);
        let size = self.plan.layout.member(member).map_or(0, |member| member.size);
        let content = match wanted.is_empty() {
            true => Vec::new(),
            false => self.content(member, wanted).await?,
        };
        Ok(blocks::packed(size, within.start(), within.len(), content))
    }

    /// Some bytes of a content, at least one.
    async fn content(&mut self, member: usize, within: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
        let is_next = |current: &Current| current.member == member && current.at == within.start();
        let mut current = match self.current.take().filter(is_next) {
            Some(current) => current,
            None => self.begin_content(member, within.start()).await?,
        };
        let pieces = match current.ahead.pop_front() {
            Some(ahead) => ahead.finish().await?,
            None => current.content.read(first(within, self.pace.step())).await?,
        };
        let len = pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        if len == 0 || len > within.len() {
            return Err(LibraryError::Incomplete);
        }
        current.at += len;
        if let Some(hasher) = &mut current.hasher {
            for piece in &pieces {
                hasher.update(piece);
            }
        }
        if current.at == current.content.size {
            if let (Some(hasher), Some(node)) = (current.hasher, self.node(member)) {
                self.learnt(member, node, hasher.finalize());
            }
            return Ok(pieces);
        }
        if self.pace.reads_ahead() {
            let begun: u64 = current.ahead.iter().map(ReadAhead::bytes).sum();
            let mut rest = behind(within, len + begun);
            while current.ahead.len() < STEPS_AHEAD && !rest.is_empty() {
                let next = current.content.read_ahead(first(rest, self.pace.step()));
                rest = behind(rest, next.bytes());
                current.ahead.push_back(next);
            }
        }
        self.current = Some(current);
        Ok(pieces)
    }

    /// Opens a content at an offset, together with small ones behind it.
    async fn begin_content(&mut self, member: usize, at: u64) -> Result<Current, LibraryError> {
        if self.opened_at.elapsed() >= LONGEST_OPEN {
            self.opened.clear();
        }
        while self.opened.pop_front_if(|(opened, _)| *opened < member).is_some() {}
        if self.opened.front().is_none_or(|(opened, _)| *opened != member || at > 0) {
            self.opened.clear();
            let wanted = self.together(member, at);
            let nodes: Vec<_> = wanted.iter().map(|(_, node, from)| (*node, *from)).collect();
            let contents = self.library.open_nodes(&self.access, &nodes).await?;
            self.opened_at = Instant::now();
            self.opened = wanted.iter().map(|(member, ..)| *member).zip(contents).collect();
        }
        let (_, content) = self.opened.pop_front().ok_or(LibraryError::NotFound)?;
        let size = self.plan.layout.member(member).map(|member| member.size);
        if size != Some(content.size) {
            return Err(LibraryError::Incomplete);
        }
        self.library.note_read(self.reader.stamp(Timestamp::now()), &content).await;
        let is_known = self.plan.crcs.get(member).is_some_and(Option::is_some);
        let hasher = (at == 0 && !is_known).then(Hasher::new);
        Ok(Current { member, content, at, hasher, ahead: VecDeque::new() })
    }

    /// The contents to open for this member: its own, and small ones of those that follow in the range.
    fn together(&self, member: usize, at: u64) -> Vec<(usize, NodeId, u64)> {
        let mut wanted: Vec<_> = self.node(member).map(|node| (member, node, at)).into_iter().collect();
        let layout = &self.plan.layout;
        if layout.member(member).is_none_or(|own| own.size > SMALL) {
            return wanted;
        }
        let mut bytes = self.rest.start();
        for number in member + 1..layout.len() {
            let Some(next) = layout.member(number) else { break };
            bytes += next.size;
            if next.size > SMALL || wanted.len() >= MOST_TOGETHER || bytes > self.rest.end() {
                break;
            }
            wanted.extend(self.node(number).filter(|_| next.size > 0).map(|node| (number, node, 0)));
        }
        wanted
    }

    fn learnt(&mut self, member: usize, node: NodeId, crc32: u32) {
        if let Some(known) = self.plan.crcs.get_mut(member) {
            *known = Some(crc32);
        }
        self.unnoted.push((node.version, crc32));
    }

    /// The CRC-32 of a member whose content did not pass by, or did.
    async fn crc32(&mut self, member: usize) -> Result<u32, LibraryError> {
        if let Some(known) = self.plan.crcs.get(member).copied().flatten() {
            return Ok(known);
        }
        self.learn(member).await?;
        self.plan.crcs.get(member).copied().flatten().ok_or(LibraryError::Incomplete)
    }

    /// Computes the CRC-32 of a member, and of some behind it whose records are in the range.
    async fn learn(&mut self, member: usize) -> Result<(), LibraryError> {
        let learning = std::sync::Arc::clone(&self.archives.learning);
        let _turn = learning.acquire().await.map_err(|_| LibraryError::Closed)?;
        let is_record = matches!(self.plan.layout.at(self.rest.start()), Some((Part::Record(_), _)));
        let count = if is_record { MOST_UNNOTED } else { 1 };
        let unknown: Vec<_> = (member..self.plan.crcs.len())
            .take(count)
            .filter(|number| self.plan.crcs.get(*number).is_some_and(Option::is_none))
            .filter_map(|number| Some((number, self.node(number)?)))
            .collect();
        // Another answer may have computed them meanwhile.
        let versions = unknown.iter().map(|(_, node)| node.version).collect();
        let known = self.library.known_crcs(versions).await?;
        let mut read = 0;
        for ((number, node), known) in unknown.into_iter().zip(known) {
            if let (Some(known), Some(place)) = (known, self.plan.crcs.get_mut(number)) {
                *place = Some(known);
                continue;
            }
            if read >= LEARN_STEP {
                break;
            }
            let opened = self.library.open_nodes(&self.access, &[(node, 0)]).await?;
            let mut content = opened.into_iter().next().ok_or(LibraryError::NotFound)?;
            let (mut hasher, mut rest) = (Hasher::new(), ByteRange::whole(content.size));
            while !rest.is_empty() {
                let pieces = content.read(first(rest, PIECE)).await?;
                let len: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
                for piece in &pieces {
                    hasher.update(piece);
                }
                rest = behind(rest, len);
                read += len;
                tokio::task::yield_now().await;
            }
            self.learnt(number, node, hasher.finalize());
        }
        self.library.note_crcs(std::mem::take(&mut self.unnoted)).await;
        Ok(())
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let (library, unnoted) = (self.library.clone(), std::mem::take(&mut self.unnoted));
        if !unnoted.is_empty()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { library.note_crcs(unnoted).await });
        }
    }
}

/// Why an answer is broken off. Damage is logged.
fn broken(error: LibraryError) -> io::Error {
    if matches!(error, LibraryError::Damaged(_) | LibraryError::Incomplete) {
        let error = &error as &dyn std::error::Error;
        tracing::error!(error, "data at risk: stored content broke off while an archive was sent");
    }
    io::Error::other(error)
}

fn cut(bytes: &[u8], within: ByteRange) -> Result<&[u8], LibraryError> {
    let at = |offset: u64| usize::try_from(offset).map_err(|_| LibraryError::Incomplete);
    bytes.get(at(within.start())?..at(within.end())?).ok_or(LibraryError::Incomplete)
}

/// The first `step` bytes of a range, or all of it.
fn first(range: ByteRange, step: u64) -> ByteRange {
    ByteRange::new(range.start(), range.end().min(range.start() + step)).unwrap_or(range)
}

/// The rest of a range after `done` bytes.
fn behind(range: ByteRange, done: u64) -> ByteRange {
    ByteRange::new(range.start() + done, range.end()).unwrap_or(ByteRange::whole(0))
}
