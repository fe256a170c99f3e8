//! GET and HEAD.

use std::collections::VecDeque;
use std::io;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::browse::page_of;
use super::target::{EntryTarget, Target};
use super::visitor::Visitor;
use super::{Answer, DavRequest, Failure, header_value};
use crate::http::archive;
use crate::http::protocol::conditional::{ReadVerdict, holds_unlocked, if_range_holds, judge_read};
use crate::http::protocol::href::push_encoded;
use crate::http::protocol::media_type;
use crate::http::protocol::properties::push_cloud_id;
use crate::http::protocol::range::{self, Multipart, RangeAnswer, content_range};
use crate::http::reader::Reader;
use crate::http::reply::empty;
use crate::http::version;
use crate::library::{Change, Content, Detail, Entry, LibraryError, Member, PIECE, ReadAhead};
use crate::model::{Access, ByteRange, Checksum, ChecksumKind, Conditions, Etag, Timestamp, VersionId};
use crate::net::{Pace, ResponseBody};
use crate::sharing::{Fetched, Tally};

/// Steps of a file that are read ahead for a fast client. With one, the sending and the reading thread wake each
/// other for every step, and on two cores one of them mostly sleeps; with three, both always have work.
const STEPS_AHEAD: usize = 3;
/// Longest answer that is read while its file is opened, in bytes.
const AT_ONCE: u64 = 128 * 1024;
/// Bytes sent between two checks of whether the reader may still see the content.
const RIGHTS_STEP: u64 = 16 * 1024 * 1024;
/// Bytes after which other connections get a turn, if the client takes data as fast as the server sends it.
const TURN: u64 = 1024 * 1024;

impl DavRequest<'_> {
    pub(super) async fn get(&self) -> Answer {
        match self.target().await? {
            Target::Root => {
                let tops = self.visible_spaces(|_| Detail::NONE).await?.tops;
                match self.root_judged(&self.services.library.mount_etag(&tops))? {
                    Some(response) => Ok(response),
                    None => Ok(self.browse_root(&tops).await),
                }
            }
            Target::Entry(target) => match self.file(&target).await? {
                Some(response) => Ok(response),
                None if archive::is_wanted(self.context) => self.archive(&target).await,
                None => match self.visitor {
                    Visitor::User(_) => {
                        let folder = self.find(&target).await?;
                        match self.judged(&folder, self.info.received)? {
                            Some(response) => Ok(response),
                            None => self.browse(&target, folder).await,
                        }
                    }
                    Visitor::Guest(visit) => Ok(page_of(&target, visit)),
                },
            },
        }
    }

    pub(super) async fn head(&self) -> Answer {
        match self.target().await? {
            Target::Root => {
                let tops = self.visible_spaces(|_| Detail::NONE).await?.tops;
                let tag = self.services.library.mount_etag(&tops);
                if let Some(response) = self.root_judged(&tag)? {
                    return Ok(response);
                }
                let mut response = empty(StatusCode::OK);
                response.headers_mut().insert(ETAG, quoted(&tag)?);
                Ok(response)
            }
            Target::Entry(target) => {
                if let Some(response) = self.file(&target).await? {
                    return Ok(response);
                }
                if archive::is_wanted(self.context) {
                    return self.archive(&target).await;
                }
                let folder = self.find(&target).await?;
                if let Some(response) = self.judged(&folder, self.info.received)? {
                    return Ok(response);
                }
                let mut response = empty(StatusCode::OK);
                state_headers(response.headers_mut(), &folder)?;
                Ok(response)
            }
        }
    }

    /// A folder as a ZIP file.
    async fn archive(&self, target: &EntryTarget) -> Answer {
        let name = target.path.names().last().unwrap_or(&target.space);
        let reader = self.reader(&target.access);
        archive::answer(self.context, &target.access, &target.path, name.as_str(), reader)
            .await
            .map_err(Failure::in_space(&target.space))
    }

    /// Answers with the known checksums of a file: SHA-256, and those sent with its upload. Computes none, because
    /// a small request would then cost as much as reading the file.
    ///
    /// rclone 1.75 asks for SHA-1 (`X-Recalculate-Hash`) after every upload without a checksum, such as every one
    /// to an encrypted remote or from restic, and takes a refusal for a failed upload.
    pub(super) async fn tell_checksums(&self) -> Answer {
        let Target::Entry(target) = self.target().await? else { return Err(no_file()) };
        let detail = Detail { checksums: true, ..Detail::NONE };
        let library = &self.services.library;
        let found = library.member_with(&target.access, &target.path, &detail, self.info.received).await;
        let Member { entry, checksums, .. } = found.map_err(Failure::in_space(&target.space))?;
        if entry.is_folder() {
            return Err(no_file());
        }
        let mut response = empty(StatusCode::NO_CONTENT);
        state_headers(response.headers_mut(), &entry)?;
        digest_headers(response.headers_mut(), &checksums)?;
        Ok(response)
    }

    /// The answer to a read that its conditions end: 304, or 412 as an error. Date conditions are compared with
    /// `changed`. For a folder no date is valid, because its time does not cover deeper changes.
    fn judged(&self, entry: &Entry, changed: Timestamp) -> Result<Option<Response<ResponseBody>>, Failure> {
        match judge_read(&self.conditions()?, &entry.etag, changed) {
            ReadVerdict::Proceed => Ok(None),
            ReadVerdict::NotModified => {
                let mut response = empty(StatusCode::NOT_MODIFIED);
                state_headers(response.headers_mut(), entry)?;
                Ok(Some(response))
            }
            ReadVerdict::PreconditionFailed => Err(has_changed()),
        }
    }

    /// Like [`Self::judged`], for the mount itself with this tag. It has no locks.
    fn root_judged(&self, tag: &Etag) -> Result<Option<Response<ResponseBody>>, Failure> {
        let conditions = self.conditions()?;
        let verdict = match holds_unlocked(&conditions.if_lists, tag) {
            true => judge_read(&conditions, tag, self.info.received),
            false => ReadVerdict::PreconditionFailed,
        };
        match verdict {
            ReadVerdict::Proceed => Ok(None),
            ReadVerdict::NotModified => {
                let mut response = empty(StatusCode::NOT_MODIFIED);
                response.headers_mut().insert(ETAG, quoted(tag)?);
                Ok(Some(response))
            }
            ReadVerdict::PreconditionFailed => Err(has_changed()),
        }
    }

    /// Fails unless the tags that a PROPFIND demands match the listed resource. There is no 304, because RFC 9110
    /// 13.1.2 has 412 for every method but GET and HEAD.
    pub(super) fn require_tags(&self, tag: &Etag) -> Result<(), Failure> {
        let Conditions { if_match, if_none_match, .. } = self.conditions()?;
        let demanded = Conditions { if_match, if_none_match, ..Conditions::default() };
        match judge_read(&demanded, tag, self.info.received) {
            ReadVerdict::Proceed => Ok(()),
            ReadVerdict::NotModified | ReadVerdict::PreconditionFailed => Err(has_changed()),
        }
    }

    fn reader(&self, access: &Access) -> Reader {
        match self.visitor {
            Visitor::User(principal) => Reader::user(self.context, principal, access.space()),
            Visitor::Guest(visit) => Reader::guest(self.context, visit),
        }
    }

    async fn find(&self, target: &EntryTarget) -> Result<Entry, Failure> {
        self.services
            .library
            .find(&target.access, &target.path)
            .await
            .map_err(Failure::in_space(&target.space))
    }

    /// Fails unless the `If` header holds (RFC 4918 10.4). [`judge_read`] evaluates the other conditions of a read,
    /// which may also result in 304.
    async fn require_if_header(&self, target: &EntryTarget, conditions: &Conditions) -> Result<(), Failure> {
        let demand = Change {
            access: target.access,
            actor: self.visitor.actor(),
            now: self.info.received,
            conditions: Conditions { if_lists: conditions.if_lists.clone(), ..Conditions::default() },
        };
        let judged = self.services.library.require_conditions(demand, &target.path).await;
        judged.map_err(Failure::in_space(&target.space))
    }

    /// The answer with a file; `None` for a folder.
    async fn file(&self, target: &EntryTarget) -> Result<Option<Response<ResponseBody>>, Failure> {
        let asked = Asked { conditions: self.conditions()?, headers: self.parts.headers.clone() };
        if !asked.conditions.if_lists.is_empty() {
            self.require_if_header(target, &asked.conditions).await?;
        }
        let is_get = self.is_method(&Method::GET);
        let version = self.version();
        let foreseen = asked.clone();
        let foresee = move |entry: &Entry| is_get.then(|| foreseen.first_bytes(entry)).flatten();
        let content =
            match self.services.library.open_content(&target.access, &target.path, version, foresee).await {
                Ok(content) => content,
                Err(LibraryError::IsFolder) => return Ok(None),
                Err(error) => return Err(Failure::in_space(&target.space)(error)),
            };
        let entry = &content.entry;
        if let Some(response) = self.judged(entry, content.changed)? {
            return Ok(Some(response));
        }
        // Range applies to GET only (RFC 9110 14.2).
        let ranges = if is_get { asked.ranges(entry) } else { RangeAnswer::Whole };
        let tally = self.tally(&content, &ranges, is_get);
        let ranges = match ranges {
            // Counted bytes leave in order.
            RangeAnswer::Several(_) if tally.is_some() => RangeAnswer::Whole,
            ranges => ranges,
        };
        let mut told = HeaderMap::new();
        self.cloud_headers(&mut told, entry)?;
        digest_headers(&mut told, &content.checksums)?;
        if is_get {
            self.services.library.note_read(self.stamp(), &content).await;
            if let Visitor::Guest(visit) = self.visitor {
                self.services.sharing.note_fetched(visit, self.info.received).await;
            }
        }
        let pace = Pace::begin(self.services.lanes.clone(), PIECE);
        let sender = Sender { reader: self.reader(&target.access), pace, tally };
        content_response(content, ranges, is_get, sender, told).await.map(Some)
    }

    /// The earlier version that the query names. A guest's request has none: a link gives the present content only.
    fn version(&self) -> Option<VersionId> {
        version::named(self.context).filter(|_| matches!(self.visitor, Visitor::User(_)))
    }

    /// Counts the sent bytes, if the request belongs to a guest's lease.
    fn tally(&self, content: &Content, ranges: &RangeAnswer, is_get: bool) -> Option<Tally> {
        let Visitor::Guest(visit) = self.visitor else { return None };
        let sha256 = content.checksums.iter().find(|sum| sum.kind() == ChecksumKind::Sha256);
        let what = Fetched {
            etag: content.entry.etag.0.clone(),
            size: content.size,
            sha256: sha256.map(|sum| data_encoding::HEXLOWER.encode(sum.digest())),
            files: None,
        };
        let range = match ranges {
            RangeAnswer::Single(part) => *part,
            RangeAnswer::Whole | RangeAnswer::Several(_) => ByteRange::whole(content.size),
            RangeAnswer::Unsatisfiable => return None,
        };
        self.services.sharing.tally(visit, what, range, self.info.received).filter(|_| is_get)
    }
}

/// The reader, the pace and the counter of an answer.
struct Sender {
    reader: Reader,
    pace: Pace,
    tally: Option<Tally>,
}

/// A request's conditions and the byte ranges it asks for.
#[derive(Clone)]
struct Asked {
    conditions: Conditions,
    headers: HeaderMap,
}

impl Asked {
    fn ranges(&self, entry: &Entry) -> RangeAnswer {
        if if_range_holds(&self.headers, &entry.etag) {
            range::read(&self.headers, entry.size)
        } else {
            RangeAnswer::Whole
        }
    }

    /// Where the answer will probably begin, if it carries bytes. A wrong guess costs one read.
    fn first_bytes(&self, entry: &Entry) -> Option<ByteRange> {
        if judge_read(&self.conditions, &entry.etag, entry.modified) != ReadVerdict::Proceed {
            return None;
        }
        let first = match self.ranges(entry) {
            RangeAnswer::Whole => ByteRange::whole(entry.size),
            RangeAnswer::Single(part) => part,
            RangeAnswer::Several(parts) => parts.first().copied()?,
            RangeAnswer::Unsatisfiable => return None,
        };
        if first.len() <= AT_ONCE {
            return Some(first);
        }
        ByteRange::new(first.start(), first.start() + Pace::SMALL_STEP)
    }
}

/// The answer with the content or the requested ranges. Everything comes from `content`, which is one consistent
/// state even if the file changes meanwhile. Adds its headers to `headers`.
async fn content_response(
    mut content: Content,
    ranges: RangeAnswer,
    with_body: bool,
    mut sender: Sender,
    mut headers: HeaderMap,
) -> Answer {
    let entry = &content.entry;
    let media_type = media_type::of_name(&entry.name);
    state_headers(&mut headers, entry)?;
    file_headers(&mut headers, &entry.name)?;
    let (status, length, media_type, sections) = match ranges {
        RangeAnswer::Unsatisfiable => return Err(Failure::Unsatisfiable(content.size)),
        RangeAnswer::Whole => {
            let whole = ByteRange::whole(content.size);
            (StatusCode::OK, content.size, media_type.to_owned(), vec![Section::bytes(whole)])
        }
        RangeAnswer::Single(part) => {
            headers.insert(CONTENT_RANGE, header_value(&content_range(part, content.size))?);
            (StatusCode::PARTIAL_CONTENT, part.len(), media_type.to_owned(), vec![Section::bytes(part)])
        }
        RangeAnswer::Several(parts) => {
            let multipart = Multipart::new(&parts, content.size, media_type);
            let end =
                Section { before: Bytes::from(multipart.trailer().to_owned()), range: ByteRange::whole(0) };
            let sections = multipart
                .parts()
                .iter()
                .map(|(head, part)| Section { before: Bytes::from(head.clone()), range: *part })
                .chain([end])
                .collect();
            (StatusCode::PARTIAL_CONTENT, multipart.content_length(), multipart.content_type(), sections)
        }
    };
    headers.insert(CONTENT_TYPE, header_value(&media_type)?);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    let body = match sections.as_slice() {
        _ if !with_body || length == 0 => {
            if let Some(tally) = &mut sender.tally {
                tally.note(Timestamp::now()).await.map_err(Failure::uncounted)?;
            }
            ResponseBody::empty()
        }
        // A short answer was read while opening.
        [only] if length <= AT_ONCE && sender.tally.is_none() => {
            let pieces = content.read(only.range).await?;
            if total(&pieces) == length {
                ResponseBody::pieces(pieces)
            } else {
                stream(content, sections, sender)
            }
        }
        _ => stream(content, sections, sender),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// A part of an answer: text of the protocol, followed by bytes of the content.
struct Section {
    before: Bytes,
    range: ByteRange,
}

impl Section {
    fn bytes(range: ByteRange) -> Self {
        Self { before: Bytes::new(), range }
    }

    fn is_sent(&self) -> bool {
        self.before.is_empty() && self.range.is_empty()
    }
}

/// Reads as fast as the client takes the data. A damaged chunk, a revoked right or a content that was withheld
/// breaks the answer off.
fn stream(content: Content, sections: Vec<Section>, sender: Sender) -> ResponseBody {
    let Sender { reader, pace, tally } = sender;
    let sending = Sending {
        content,
        sections: sections.into(),
        reader,
        pace,
        tally,
        ahead: VecDeque::new(),
        unasked: 0,
        unyielded: 0,
    };
    ResponseBody::steps(sending, |mut sending| async move {
        let pieces = sending.step().await;
        if pieces.is_err() {
            // Send the intact part first: without it and without the head, the client would see a server that
            // closes the connection, and might simply retry.
            tokio::task::yield_now().await;
        }
        (sending, pieces)
    })
}

/// An answer that is being sent.
struct Sending {
    content: Content,
    /// The parts still to send.
    sections: VecDeque<Section>,
    reader: Reader,
    pace: Pace,
    /// Counts the sent bytes, under a lease.
    tally: Option<Tally>,
    /// The next steps, which are read while the last one is sent.
    ahead: VecDeque<ReadAhead>,
    /// Bytes since the reader was last checked.
    unasked: u64,
    /// Bytes since other connections got a turn.
    unyielded: u64,
}

impl Sending {
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
            if !self.reader.still_may(&self.content).await {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
        }
        if self.unyielded >= TURN {
            self.unyielded = 0;
            tokio::task::yield_now().await;
        }
        while self.sections.pop_front_if(|section| section.is_sent()).is_some() {}
        let Some(section) = self.sections.front_mut() else { return Ok(Vec::new()) };
        let before = std::mem::take(&mut section.before);
        if !before.is_empty() {
            return Ok(vec![before]);
        }
        let read = match self.ahead.pop_front() {
            Some(ahead) => ahead.finish().await,
            None => self.content.read(first(section.range, self.pace.step())).await,
        };
        let pieces = match read {
            Ok(pieces) => pieces,
            Err(error) => {
                let text = "data at risk: stored content broke off while being sent";
                let entry = self.content.entry.id.0;
                tracing::error!(entry, error = &error as &dyn std::error::Error, "{text}");
                return Err(io::Error::other(error));
            }
        };
        let length = total(&pieces);
        section.range = behind(section.range, length);
        if self.pace.reads_ahead() {
            let begun = self.ahead.iter().map(ReadAhead::bytes).sum();
            let mut rest = behind(section.range, begun);
            while self.ahead.len() < STEPS_AHEAD && !rest.is_empty() {
                let next = self.content.read_ahead(first(rest, self.pace.step()));
                rest = behind(rest, next.bytes());
                self.ahead.push_back(next);
            }
        }
        self.unasked += length;
        self.unyielded += length;
        self.pace.end_step();
        let Some(tally) = &mut self.tally else { return Ok(pieces) };
        let is_end = self.sections.iter().all(Section::is_sent);
        tally.pass(pieces, is_end, Timestamp::now()).await.map_err(io::Error::other)
    }
}

fn total(pieces: &[Bytes]) -> u64 {
    pieces.iter().map(|piece| piece.len() as u64).sum()
}

/// The first `step` bytes of `range`, or all of it.
fn first(range: ByteRange, step: u64) -> ByteRange {
    ByteRange::new(range.start(), range.end().min(range.start() + step)).unwrap_or(range)
}

/// The rest of `range` after `done` bytes.
fn behind(range: ByteRange, done: u64) -> ByteRange {
    ByteRange::new(range.start() + done, range.end()).unwrap_or(ByteRange::whole(0))
}

impl DavRequest<'_> {
    /// Headers that save Nextcloud's clients another request.
    pub(super) fn cloud_headers(&self, headers: &mut HeaderMap, entry: &Entry) -> Result<(), Failure> {
        let mut id = String::new();
        push_cloud_id(&mut id, entry.id.0.unsigned_abs(), self.services.library.instance_id());
        headers.insert(HeaderName::from_static("oc-fileid"), header_value(&id)?);
        headers.insert(HeaderName::from_static("oc-etag"), quoted(&entry.etag)?);
        Ok(())
    }
}

/// ETag and modification time. A time in the future, which a client may have set, is replaced by the present (RFC
/// 9110 8.8.2.1): as a condition it would hold until then, whatever changes.
pub(super) fn state_headers(headers: &mut HeaderMap, entry: &Entry) -> Result<(), Failure> {
    let modified = entry.modified.min(Timestamp::now());
    headers.insert(ETAG, quoted(&entry.etag)?);
    headers.insert(LAST_MODIFIED, header_value(&httpdate::fmt_http_date(modified.to_system()))?);
    Ok(())
}

fn has_changed() -> Failure {
    Failure::status(StatusCode::PRECONDITION_FAILED, "it changed since you last saw it")
}

fn no_file() -> Failure {
    Failure::status(StatusCode::METHOD_NOT_ALLOWED, "only a file has checksums")
}

/// Digests of the whole content, for Nextcloud's clients and in the form of RFC 9530.
fn digest_headers(headers: &mut HeaderMap, checksums: &[Checksum]) -> Result<(), Failure> {
    if checksums.is_empty() {
        return Ok(());
    }
    let all: Vec<_> = checksums.iter().map(ToString::to_string).collect();
    headers.insert(HeaderName::from_static("oc-checksum"), header_value(&all.join(" "))?);
    if let Some(sha256) = checksums.iter().find(|sum| sum.kind() == ChecksumKind::Sha256) {
        let digest = data_encoding::BASE64.encode(sha256.digest());
        headers.insert(HeaderName::from_static("repr-digest"), header_value(&format!("sha-256=:{digest}:"))?);
    }
    Ok(())
}

pub(super) fn quoted(etag: &Etag) -> Result<HeaderValue, Failure> {
    header_value(&format!("\"{}\"", etag.0))
}

/// Any user with write access may have uploaded the content: a browser must neither run it nor guess its type.
fn file_headers(headers: &mut HeaderMap, name: &str) -> Result<(), Failure> {
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(CONTENT_DISPOSITION, header_value(&disposition(name))?);
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    Ok(())
}

/// RFC 6266 with the name encoded by RFC 8187: nothing in a name can end the header.
fn disposition(name: &str) -> String {
    let mut text = String::from("attachment; filename*=UTF-8''");
    push_encoded(&mut text, name);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_breaks_out_of_the_header() {
        assert_eq!(disposition("a.pdf"), "attachment; filename*=UTF-8''a.pdf");
        assert_eq!(disposition("\"\r\nX: ü;'"), "attachment; filename*=UTF-8''%22%0D%0AX%3A%20%C3%BC%3B%27");
    }
}
