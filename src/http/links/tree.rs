//! The tree of a link, which guests mount or read files from. `dav` answers the requests.
//!
//! A cookie allows reading only, because a page of another site could make the browser send it along.

use http::{Method, Response, StatusCode};
use secrecy::ExposeSecret;

use super::LinkRequest;
use super::address::{Endpoint, LinkAddress};
use super::pages;
use super::visit::not_found;
use crate::http::auth::{self, challenge};
use crate::http::context::RequestContext;
use crate::http::page::language::preferred;
use crate::http::protocol::href::{self, Mount};
use crate::http::reply::{plain, see_other};
use crate::model::EntryName;
use crate::net::ResponseBody;
use crate::sharing::{GuestKey, Visit, VisitError};

/// A guest in the tree of a link.
pub(in crate::http) struct GuestTree {
    pub(in crate::http) visit: Visit,
    /// The addresses of the tree, with that of the request first. For a guest, every other address is outside this
    /// server.
    pub(in crate::http) mounts: Vec<Mount>,
}

/// Opens the tree of a link for a request; `Err` is the answer to a refused one.
pub(in crate::http) async fn enter(
    context: RequestContext<'_>,
    address: LinkAddress<'_>,
) -> Result<GuestTree, Box<Response<ResponseBody>>> {
    let request = LinkRequest::new(context, address);
    let method = &request.parts.method;
    let is_page_file =
        matches!(address.endpoint, Endpoint::File | Endpoint::Leased { .. } | Endpoint::Handout { .. });
    if is_page_file && !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Box::new(plain(StatusCode::METHOD_NOT_ALLOWED, "This can only be fetched.")));
    }
    let credentials = auth::credentials(&request.parts.headers);
    let token = match (address.endpoint, &credentials) {
        (Endpoint::AboveMounts, _) => return Err(Box::new(not_found())),
        (Endpoint::OldMount, Some(credentials)) => credentials.name.as_str().into(),
        (Endpoint::OldMount, None) => {
            return Err(Box::new(challenge("Log in with the link's token as user name.")));
        }
        _ => address.token(),
    };
    let key = match &credentials {
        _ if matches!(address.endpoint, Endpoint::File | Endpoint::Handout { .. }) => request.pass(),
        // An empty password counts as none: programs send one if they have nothing to send.
        Some(credentials) if !credentials.password.expose_secret().is_empty() => {
            GuestKey::Password(&credentials.password)
        }
        _ => GuestKey::None,
    };
    let refused = |error| Box::new(request.refused(&error));
    let opened = match address.endpoint {
        Endpoint::Leased { lease } => request.open_lease(lease).await,
        _ => request.open_token(&token, key).await,
    };
    let mut visit = opened.map_err(refused)?;
    if let Endpoint::Handout { what, item } = address.endpoint {
        visit = request.services.sharing.handout(visit, item, what).await.map_err(refused)?;
    }
    if visit.link.counts_downloads() && address.endpoint == Endpoint::File {
        // Only the button of the page begins a download that counts.
        return Err(Box::new(see_other(address.base)));
    }
    if (visit.link.terms.need_page() || visit.link.request.is_some()) && !is_page_file {
        return Err(Box::new(plain(StatusCode::FORBIDDEN, "This link opens in a browser only.\n")));
    }
    let mounts = request.mounts_of(&visit, &token).await.map_err(refused)?;
    Ok(GuestTree { visit, mounts })
}

/// Adapts the answer of a tree to its client: a browser gets a page, not XML.
pub(in crate::http) fn shown(
    answer: Response<ResponseBody>,
    context: RequestContext<'_>,
    address: LinkAddress<'_>,
) -> Response<ResponseBody> {
    match answer.status() {
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST
            if address.is_for_browsers() =>
        {
            pages::gone(preferred(&context.parts.headers))
        }
        _ => answer,
    }
}

impl LinkRequest<'_> {
    async fn mounts_of(&self, visit: &Visit, token: &str) -> Result<Vec<Mount>, VisitError> {
        let name = self.services.library.space_name(visit.entry.space).await.map_err(VisitError::Library)?;
        let Ok(space) = EntryName::parse(&name) else { return Err(VisitError::NoSuchLink) };
        let mut roots = vec![
            vec!["public.php", "dav", "files", token],
            vec!["s", token, "files"],
            vec!["index.php", "s", token, "files"],
        ];
        if let Endpoint::Leased { lease } = self.address.endpoint {
            roots.insert(0, vec!["s", token, "get", lease]);
            roots.insert(1, vec!["index.php", "s", token, "get", lease]);
        }
        // The file of an item has an address by any name: it may be renamed since the page was shown.
        let item = self.address.handed_out();
        let name = self.path().rsplit('/').next().and_then(|raw| href::decode(raw).ok());
        if let Some(((word, item), name)) = item.as_ref().zip(name.as_deref()) {
            roots.insert(0, vec!["s", token, word, item, name]);
            roots.insert(1, vec!["index.php", "s", token, word, item, name]);
            if self.address.account.is_some() {
                let base = self.address.base.trim_start_matches('/').split('/');
                roots.insert(0, base.chain([*word, item.as_str(), name]).collect());
            }
        }
        if self.address.endpoint == Endpoint::OldMount {
            roots.insert(0, vec!["public.php", "webdav"]);
        }
        let mut mounts = Vec::new();
        for root in roots {
            if !visit.entry.is_folder() {
                // A linked file also has an address with its own name.
                let named = root.iter().copied().chain([visit.entry.name.as_str()]);
                mounts.push(Mount::shared(named, space.clone()));
            }
            mounts.push(Mount::shared(root, space.clone()));
        }
        if let Some(own) = mounts.iter().position(|mount| mount.holds(self.path())) {
            mounts.swap(0, own);
        }
        Ok(mounts)
    }
}
