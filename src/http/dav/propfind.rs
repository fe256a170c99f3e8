//! PROPFIND: properties of a resource and, with `Depth: 1` or `infinity`, of its members.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use super::listing::{Told, Tree, View};
use super::target::{EntryTarget, Target};
use super::{Answer, DavRequest, Failure};
use crate::http::protocol::error_body::Precondition;
use crate::http::protocol::href::Place;
use crate::http::protocol::listing::PropfindAnswer;
use crate::http::protocol::properties::{CloudView, LiveProperty, Permissions, ResourceView};
use crate::http::protocol::propfind::{self, PropfindRequest};
use crate::http::protocol::{headers, multistatus, xml};
use crate::library::{Described, Detail, LinksOf, SpaceUsage, Top, Tops};
use crate::model::{Access, DeadProperties, Depth, EntryId, EntryName, EntryPath, PropertyName, Timestamp};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::Sharing;

impl DavRequest<'_> {
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
        let detail = self.detail(request, &target.access);
        let members = depth != Depth::Zero;
        let Described { member, listing, usage } = self
            .services
            .library
            .describe(&target.access, &target.path, members, &detail, self.info.received)
            .await?;
        self.require_tags(&member.entry.etag)?;
        let (folder, is_folder) = (member.entry.id, member.entry.is_folder());
        let depth = if is_folder { depth } else { Depth::Zero };
        if depth == Depth::Infinity {
            self.require_listable(vec![(target.access, folder)]).await?;
        }
        let href = self.mount.href(&target.place(), is_folder);
        let view = self.view(target.space, target.access, usage, detail);
        let mut answer = PropfindAnswer::new(request);
        view.push(&mut answer, &member, "", &href);
        let tree = listing.map(|first| Tree::begun(view, folder, href.clone(), depth, first));
        self.tell(answer, tree.into_iter().collect(), href, depth).await
    }

    /// Lists the mount itself: a folder of the spaces that this user may see.
    async fn list_spaces(&self, request: &PropfindRequest, depth: Depth) -> Answer {
        let Tops { tops, usage } = self.visible_spaces(|access| self.detail(request, access)).await?;
        let tag = self.services.library.mount_etag(&tops);
        self.require_tags(&tag)?;
        if depth == Depth::Infinity {
            let roots = tops.iter().map(|top| (top.access, top.member.entry.id));
            self.require_listable(roots.collect()).await?;
        }
        let modified = tops.iter().map(|top| top.member.entry.modified).max();
        let created = tops.iter().map(|top| top.space.created).min();
        let href = self.mount.href(&Place::Root, true);
        let mut answer = PropfindAnswer::new(request);
        answer.push(&ResourceView {
            href: &href,
            is_folder: true,
            display_name: "",
            size: tops.iter().map(|top| top.member.entry.size).sum(),
            content_type: "",
            etag: &tag,
            created: created.unwrap_or(Timestamp::EARLIEST_MTIME),
            modified: modified.unwrap_or(Timestamp::EARLIEST_MTIME),
            quota_available: usage.map(|usage| usage.available.0),
            quota_used: usage.map(|usage| usage.used.0),
            lockable: false,
            locks: "",
            dead: &[],
            cloud: CloudView {
                fingerprint: Some(self.services.library.state_fingerprint()),
                ..self.cloud_view(Permissions::Mount)
            },
        });
        let mut trees = Vec::new();
        let shown = if depth == Depth::Zero { Vec::new() } else { tops };
        for Top { access, space, mut member, usage } in shown {
            let Ok(name) = EntryName::parse(&space.name) else { continue };
            let place = Place::Entry { space: name.clone(), path: EntryPath::root() };
            let href = self.mount.href(&place, true);
            member.entry.name.clone_from(&space.name);
            let view = self.view(name, access, usage, self.detail(request, &access));
            view.push(&mut answer, &member, "", &href);
            if depth == Depth::Infinity {
                trees.push(Tree::new(view, member.entry.id, href, depth));
            }
        }
        self.tell(answer, trees, href, depth).await
    }

    pub(super) fn view(
        &self,
        space: EntryName,
        access: Access,
        usage: Option<SpaceUsage>,
        detail: Detail,
    ) -> View {
        View {
            mount: self.mount.clone(),
            space,
            usage,
            now: self.info.received,
            access,
            owner: self.visitor.owner_name().to_owned(),
            library: self.services.library.clone(),
            detail,
        }
    }

    async fn tell(&self, answer: PropfindAnswer, trees: Vec<Tree>, href: String, depth: Depth) -> Answer {
        let told = Told { answer, trees: trees.into_iter(), limits: self.listings, href, depth };
        Ok(multistatus_response(told.into_body().await?))
    }

    /// Fails if these trees together are too large for one answer. Clients then list one folder at a time.
    async fn require_listable(&self, tops: Vec<(Access, EntryId)>) -> Result<(), Failure> {
        let most = self.listings.entries;
        if self.services.library.trees_len(tops, most + 1).await? > most {
            let text = "this tree is too large for one answer; list one folder at a time: Depth 0 or 1";
            let precondition = Precondition::PropfindFiniteDepth;
            return Err(Failure::Precondition(StatusCode::FORBIDDEN, precondition, text));
        }
        Ok(())
    }

    /// The details to look up for the answer in a space with this right, and no more: properties and locks may be
    /// larger than everything else.
    pub(super) fn detail(&self, request: &PropfindRequest, access: &Access) -> Detail {
        let stored = match request {
            PropfindRequest::AllProp { .. } => Detail::ALL,
            PropfindRequest::PropName => Detail { properties: DeadProperties::Names, ..Detail::NONE },
            PropfindRequest::Prop(names) => {
                let dead = names.iter().filter(|name| LiveProperty::find(name).is_none());
                let dead: Vec<_> = dead.cloned().collect();
                let properties =
                    if dead.is_empty() { DeadProperties::None } else { DeadProperties::These(dead) };
                let locks = asks_for(request, &[LiveProperty::LockDiscovery]);
                Detail { locks, properties, ..Detail::NONE }
            }
        };
        let links = match asks_for(request, &[LiveProperty::ShareTypes]) {
            true => Sharing::handled_by(self.visitor.user(), access),
            false => LinksOf::Nobody,
        };
        Detail {
            checksums: asks_for(request, &[LiveProperty::Checksums]),
            links,
            usage: asks_for_quota(request) && !self.visitor.is_guest(),
            ..stored
        }
    }
}

impl DavRequest<'_> {
    /// Nextcloud's properties for a resource that is not an entry of a space.
    pub(super) fn cloud_view(&self, permissions: Permissions) -> CloudView<'_> {
        CloudView {
            number: 0,
            instance: self.services.library.instance_id(),
            permissions,
            checksums: &[],
            fingerprint: None,
            owner: self.visitor.owner_name(),
            is_linked: false,
        }
    }
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

pub(super) fn multistatus_response(body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::MULTI_STATUS;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(multistatus::CONTENT_TYPE));
    response
}
