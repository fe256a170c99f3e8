//! PROPFIND: properties of a resource and, with `Depth: 1`, of its members, streamed page by page.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use super::protocol::error_body::Precondition;
use super::protocol::href::{Mount, Place, set_member};
use super::protocol::listing::PropfindAnswer;
use super::protocol::properties::{ActiveLock, CloudView, LiveProperty, Permissions, ResourceView};
use super::protocol::propfind::{self, PropfindRequest};
use super::protocol::{headers, media_type, multistatus, xml};
use super::target::{EntryTarget, Target};
use super::{Answer, Call, Failure};
use crate::http::{RequestBody, ResponseBody};
use crate::library::{Library, LibraryError, Listing, Lock, Member, SpaceUsage, Top};
use crate::model::{Access, Checksum, Depth, EntryId, EntryName, EntryPath, PropertyName, Timestamp, UserId};
use crate::sharing::Sharing;

/// Finished XML that is handed on once it has this many bytes.
const PIECE: usize = 64 * 1024;
/// Pieces that may wait for a slow reader.
const PIECES_AHEAD: usize = 4;

impl Call<'_> {
    pub(super) async fn propfind(&self, body: &mut RequestBody) -> Answer {
        let depth = headers::depth(&self.parts.headers)?.unwrap_or(Depth::Infinity);
        let target = self.target().await?;
        let request = propfind::parse(&body.collect(xml::MAX_BODY_BYTES).await?)?;
        match target {
            Target::Root => self.list_spaces(&request, depth).await,
            Target::Entry(target) => self.list_entry(target, &request, depth).await,
        }
    }

    pub(super) async fn list_entry(
        &self,
        target: EntryTarget,
        request: &PropfindRequest,
        depth: Depth,
    ) -> Answer {
        let now = self.info.received;
        let member = self.library.member(&target.access, &target.path, now).await?;
        let is_folder = member.entry.is_folder();
        if is_folder && depth == Depth::Infinity {
            return Err(infinite());
        }
        let usage = match is_folder && asks_for_quota(request) && !self.visitor.is_guest() {
            true => Some(self.library.usage(&target.access).await?),
            false => None,
        };
        let writer = Writer {
            mount: self.mount.clone(),
            space: target.space.clone(),
            usage,
            now,
            access: target.access,
            owner: self.visitor.owner_name().to_owned(),
            user: self.visitor.user(),
            library: self.library.clone(),
            sharing: self.sharing.clone(),
            tells_checksums: asks_for(request, &[LiveProperty::Checksums]),
            tells_links: asks_for(request, &[LiveProperty::ShareTypes]),
        };
        let mut answer = PropfindAnswer::new(request);
        let beside = writer.beside(std::slice::from_ref(&member)).await?;
        writer.push(&mut answer, &member, &self.mount.href(&target.place(), is_folder), &beside);
        if !is_folder || depth == Depth::Zero {
            return Ok(multistatus_response(ResponseBody::full(answer.finish())));
        }
        // The first page is fetched before the status is sent: what fails here still gets an honest one.
        let folder = member.entry.id;
        let first = self.library.list(&target.access, folder, None, now).await?;
        let base = self.mount.href(&target.place(), true);
        Ok(multistatus_response(writer.stream(folder, first, base, answer).await?))
    }

    /// The mount itself: a folder of the spaces that this person may see.
    async fn list_spaces(&self, request: &PropfindRequest, depth: Depth) -> Answer {
        if depth == Depth::Infinity {
            return Err(infinite());
        }
        let now = self.info.received;
        let tops = self.visible_spaces().await?;
        let modified = tops.iter().map(|top| top.member.entry.modified).max();
        let created = tops.iter().map(|top| top.space.created).min();
        let mut answer = PropfindAnswer::new(request);
        answer.push(&ResourceView {
            href: &self.mount.href(&Place::Root, true),
            is_folder: true,
            display_name: "",
            size: tops.iter().map(|top| top.member.entry.size).sum(),
            content_type: "",
            etag: &self.library.mount_etag(&tops),
            created: created.unwrap_or(Timestamp::EARLIEST_MTIME),
            modified: modified.unwrap_or(Timestamp::EARLIEST_MTIME),
            quota_available: None,
            quota_used: None,
            locks: &[],
            dead: &[],
            cloud: CloudView {
                fingerprint: Some(self.library.state_fingerprint()),
                ..self.cloud_view(Permissions::Mount)
            },
        });
        if depth == Depth::One {
            for Top { access, space, mut member } in tops {
                let Ok(name) = EntryName::parse(&space.name) else { continue };
                let usage =
                    if asks_for_quota(request) { Some(self.library.usage(&access).await?) } else { None };
                let place = Place::Entry { space: name.clone(), path: EntryPath::root() };
                let href = self.mount.href(&place, true);
                member.entry.name.clone_from(&space.name);
                let writer = Writer {
                    mount: self.mount.clone(),
                    space: name,
                    usage,
                    now,
                    access,
                    owner: self.visitor.owner_name().to_owned(),
                    user: self.visitor.user(),
                    library: self.library.clone(),
                    sharing: self.sharing.clone(),
                    tells_checksums: false,
                    tells_links: asks_for(request, &[LiveProperty::ShareTypes]),
                };
                let beside = writer.beside(std::slice::from_ref(&member)).await?;
                writer.push(&mut answer, &member, &href, &beside);
            }
        }
        Ok(multistatus_response(ResponseBody::full(answer.finish())))
    }
}

impl Call<'_> {
    /// What Nextcloud's clients are told of something that is no entry of a space.
    pub(super) fn cloud_view(&self, permissions: Permissions) -> CloudView<'_> {
        CloudView {
            number: 0,
            instance: self.library.instance_id(),
            permissions,
            checksums: &[],
            fingerprint: None,
            owner: self.visitor.owner_name(),
            is_linked: false,
        }
    }
}

fn infinite() -> Failure {
    let text = "list one folder at a time: Depth 0 or 1";
    Failure::Precondition(StatusCode::FORBIDDEN, Precondition::PropfindFiniteDepth, text)
}

fn asks_for_quota(request: &PropfindRequest) -> bool {
    matches!(request, PropfindRequest::PropName)
        || asks_for(request, &[LiveProperty::QuotaAvailable, LiveProperty::QuotaUsed])
}

fn asks_for(request: &PropfindRequest, wanted: &[LiveProperty]) -> bool {
    let names: &[PropertyName] = match request {
        PropfindRequest::Prop(names) | PropfindRequest::AllProp { include: names } => names,
        PropfindRequest::PropName => return false,
    };
    names.iter().filter_map(LiveProperty::find).any(|live| wanted.contains(&live))
}

/// What is told of some members and does not stand in their rows.
#[derive(Default)]
struct Beside {
    /// The digests of files' contents.
    checksums: HashMap<EntryId, Vec<Checksum>>,
    /// To which there are links.
    linked: HashSet<EntryId>,
}

pub(super) fn multistatus_response(body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::MULTI_STATUS;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(multistatus::CONTENT_TYPE));
    response
}

/// Turns members into responses of a multistatus.
struct Writer {
    mount: Mount,
    /// As the request wrote it.
    space: EntryName,
    usage: Option<SpaceUsage>,
    now: Timestamp,
    access: Access,
    /// The user's name.
    owner: String,
    user: UserId,
    library: Library,
    sharing: Sharing,
    /// Whether they are asked for; they cost a look at each file's content.
    tells_checksums: bool,
    /// Whether it is asked what is shared; it costs a look at the links for each page.
    tells_links: bool,
}

impl Writer {
    async fn beside(&self, members: &[Member]) -> Result<Beside, LibraryError> {
        let mut beside = Beside::default();
        if self.tells_checksums {
            beside.checksums = self.library.checksums(members.iter().map(|member| &member.entry)).await?;
        }
        if self.tells_links {
            let entries = members.iter().map(|member| member.entry.id).collect();
            let linked = self.sharing.linked_among(self.user, &self.access, entries).await;
            beside.linked = linked.map_err(LibraryError::from)?;
        }
        Ok(beside)
    }

    fn push(&self, answer: &mut PropfindAnswer, member: &Member, href: &str, beside: &Beside) {
        let entry = &member.entry;
        let right = self.access.right();
        let permissions = match (entry.parent, self.access.top()) {
            (_, Some(top)) if top == entry.id => Permissions::LentTop(right),
            (_, Some(_)) => Permissions::LentInside(right),
            (None, None) => Permissions::SpaceTop(right),
            (Some(_), None) => Permissions::Inside(right),
        };
        let roots: Vec<String> = member.locks.iter().map(|lock| self.lock_root(lock)).collect();
        let locks: Vec<_> =
            member.locks.iter().zip(&roots).map(|(lock, root)| active_lock(lock, root, self.now)).collect();
        answer.push(&ResourceView {
            href,
            is_folder: entry.is_folder(),
            display_name: if entry.name.is_empty() { self.space.as_str() } else { &entry.name },
            size: entry.size,
            content_type: if entry.is_folder() { "" } else { media_type::of_name(&entry.name) },
            etag: &entry.etag,
            created: entry.created,
            modified: entry.modified,
            quota_available: self.usage.map(|usage| usage.available.0),
            quota_used: self.usage.map(|usage| usage.used.0),
            locks: &locks,
            dead: &member.properties,
            cloud: CloudView {
                number: entry.id.0.unsigned_abs(),
                instance: self.library.instance_id(),
                permissions,
                checksums: beside.checksums.get(&entry.id).map_or(&[], Vec::as_slice),
                fingerprint: None,
                owner: &self.owner,
                is_linked: beside.linked.contains(&entry.id),
            },
        });
    }

    fn lock_root(&self, lock: &Lock) -> String {
        let place = Place::Entry { space: self.space.clone(), path: lock.root.clone() };
        self.mount.href(&place, lock.root_is_folder)
    }

    /// The rest of a folder's listing. A failure on the way breaks the answer off, so that no client
    /// takes half a folder for all of it.
    async fn stream(
        self,
        folder: EntryId,
        first: Listing,
        base: String,
        mut answer: PropfindAnswer,
    ) -> Result<ResponseBody, LibraryError> {
        let mut page = first;
        let mut beside = self.beside(&page.members).await?;
        if page.next.is_none() {
            self.push_page(&mut answer, &page, &base, &beside);
            return Ok(ResponseBody::full(answer.finish()));
        }
        let (sender, body) = ResponseBody::channel(PIECES_AHEAD);
        tokio::spawn(async move {
            loop {
                self.push_page(&mut answer, &page, &base, &beside);
                if answer.pending() >= PIECE && sender.send(answer.take()).await.is_err() {
                    return;
                }
                let Some(next) = page.next.take() else { break };
                let listed = async {
                    let page = self.library.list(&self.access, folder, Some(next), self.now).await?;
                    let beside = self.beside(&page.members).await?;
                    Ok::<_, LibraryError>((page, beside))
                };
                (page, beside) = match listed.await {
                    Ok(listed) => listed,
                    Err(error) => return sender.fail(std::io::Error::other(error)),
                };
            }
            if sender.send(answer.finish()).await.is_ok() {
                let _ = sender.finish().await;
            }
        });
        Ok(body)
    }

    fn push_page(&self, answer: &mut PropfindAnswer, page: &Listing, base: &str, beside: &Beside) {
        let mut href = base.to_owned();
        for member in &page.members {
            let Ok(name) = EntryName::parse(&member.entry.name) else { continue };
            set_member(&mut href, base.len(), &name, member.entry.is_folder());
            self.push(answer, member, &href, beside);
        }
    }
}

/// A lock as its element shows it.
pub(super) fn active_lock<'a>(lock: &'a Lock, root_href: &'a str, now: Timestamp) -> ActiveLock<'a> {
    ActiveLock {
        scope: lock.scope,
        depth: if lock.is_deep { Depth::Infinity } else { Depth::Zero },
        owner: Some(lock.owner.as_str()).filter(|owner| !owner.is_empty()),
        timeout: Duration::from_secs(lock.expires.since(now).as_secs()),
        token: &lock.token,
        root_href,
    }
}
