//! Links for people without an account, and what these hand in.

use std::num::{NonZeroU32, NonZeroU64};

use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::caller::Caller;
use super::error::ApiError;
use super::{Call, Reply, path, reply};
use crate::http::reply::{text_file, uncached};
use crate::model::{Day, HandInId, LinkId, LinkRight, LinkTerms, SpaceId};
use crate::net::RequestBody;
use crate::sharing::{self, Expiry, HandInError, HandInFileState, LinkChange, LinkError, LinkLimits, Shared};

/// A link to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the document")]
pub(super) struct NewLink {
    /// Name of the space.
    space: String,
    /// Path of the file or folder in the space; its top folder by default.
    #[serde(default)]
    path: String,
    /// Whether to make the folder and those above it if they are missing.
    #[serde(default)]
    make_folders: bool,
    /// What visitors may do.
    can: Can,
    /// For the caller's own lists; visitors do not see it.
    #[serde(default)]
    label: String,
    /// Visitors see it.
    #[serde(default)]
    note: String,
    /// Visitors must enter it; at least 8 characters.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Zeroizing<String>>,
    /// Whether the first visitor chooses the password.
    #[serde(default)]
    first_use_password: bool,
    /// Mail address to which a code is sent that opens the link, in place of a password.
    code_by_mail: Option<String>,
    /// The last day on which it opens, such as `2026-12-31`, or `never`; 30 days from now by default.
    until: Option<String>,
    /// The last day that is in time. A later hand-in is taken, and marked as late.
    deadline: Option<String>,
    /// Number of hand-ins after which it no longer opens.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 4_294_967_295_u64)]
    uses: Option<NonZeroU32>,
    /// Most bytes of one hand-in.
    #[schema(value_type = Option<u64>, minimum = 1)]
    max_size: Option<NonZeroU64>,
    /// Most files of one hand-in.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 4_294_967_295_u64)]
    max_files: Option<NonZeroU32>,
    /// Endings of the names that it takes, such as `pdf`; all by default.
    #[serde(default)]
    types: Vec<String>,
    /// Whether each hand-in gets a folder of its own.
    #[serde(default)]
    own_folder: bool,
    /// Whether it is the caller's box: a permanent link that takes files in, for signatures. It wants `until` to be `never`,
    /// `can` to be `add`, and `own_folder`; a member of staff has at most one.
    #[serde(default, rename = "box")]
    is_box: bool,
}

/// What visitors of a link may do.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Can {
    /// List and fetch.
    Read,
    /// Also add, change and delete.
    Edit,
    /// Hand files in, and see none.
    Add,
}

/// Changes to a link; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedLink {
    /// The last day on which it opens, or `never`.
    until: Option<String>,
    /// For the caller's own lists.
    label: Option<String>,
    /// Visitors see it.
    note: Option<String>,
    /// The new password; empty for none.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Zeroizing<String>>,
    /// Hand-ins that it takes besides those so far.
    #[serde(default)]
    #[schema(value_type = u64, maximum = 4_294_967_295_u64)]
    more_uses: u32,
    /// Most bytes of one hand-in; 0 for no limit.
    max_size: Option<u64>,
    /// Most files of one hand-in; 0 for no limit.
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u64)]
    max_files: Option<u32>,
    /// Endings of the names that it takes, such as `pdf`; an empty list for all.
    types: Option<Vec<String>>,
}

/// A link.
#[derive(Serialize, ToSchema)]
pub(super) struct Link {
    /// Id of the link.
    id: i64,
    /// Its address. Everyone who has it can use the link.
    url: String,
    /// Name of the space.
    space: String,
    /// Path of the file or folder in the space.
    path: String,
    /// What visitors may do: `read`, `edit` or `add`.
    can: &'static str,
    /// User who made it.
    by: String,
    /// For lists.
    label: String,
    /// Visitors see it.
    note: String,
    /// Whether visitors must enter a password.
    password: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created: String,
    /// From then on it no longer opens; absent if it never ends.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<String>,
    /// Hand-ins that are finished later are late.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
    /// When it was last opened, to the minute.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<String>,
    /// Finished hand-ins.
    uses: u32,
    /// Number of hand-ins after which it no longer opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_uses: Option<u32>,
    /// Most bytes of one hand-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_size: Option<u64>,
    /// Most files of one hand-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_files: Option<u32>,
    /// Endings of the names that it takes; absent for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    types: Vec<String>,
}

/// What one person handed in.
#[derive(Serialize, ToSchema)]
pub(super) struct HandIn {
    /// Number of the hand-in.
    id: i64,
    /// The person's name in the person's words; may be empty.
    name: String,
    /// When it was begun.
    #[schema(format = DateTime)]
    begun: String,
    /// When it was finished; absent while more may come.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<String>,
    /// Whether the person said that it is complete.
    complete: bool,
    /// Whether it was finished after the deadline.
    late: bool,
    /// Its files in the order of their arrival.
    files: Vec<HandInFile>,
}

/// A file of a hand-in.
#[derive(Serialize, ToSchema)]
pub(super) struct HandInFile {
    /// The path as it was sent.
    path: String,
    /// The name that it got in the folder.
    stored_as: String,
    /// Size in bytes.
    size: u64,
    /// When it arrived.
    #[schema(format = DateTime)]
    at: String,
    /// `arrived`, `examined` while it is being examined, `set-aside`, `gone` if the office removed it, `withdrawn` or `refused`.
    state: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) async fn list(call: &Call<'_>, caller: &Caller) -> Reply {
    let links = call.context.services.sharing.links(&caller.principal).await?;
    let names = names(call).await?;
    reply(StatusCode::OK, &links.into_iter().map(|link| Link::of(call, link, &names)).collect::<Vec<_>>())
}

pub(super) async fn make(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let asked: NewLink = call.body(body).await?;
    let (services, now) = (call.context.services, call.context.info.received);
    let (_, access) = call.space_named(caller, &asked.space).await?;
    let target = path(&asked.path)?;
    let office = services.accounts.office().await?;
    let deadline = asked.deadline.as_deref().map(day).transpose()?;
    let terms = LinkTerms {
        uses: asked.uses.map(NonZeroU32::get),
        deadline: deadline.map(|day| office.zone.end_of(day)),
        bytes: asked.max_size.map(|most| size(most.get())).transpose()?,
        files: asked.max_files.map(NonZeroU32::get),
        types: LinkTerms::parse_types(&asked.types.join(" ")).map_err(ApiError::BadEnding)?,
        own_folder: asked.own_folder,
        guest_chooses: asked.first_use_password,
        is_box: asked.is_box,
        code_to: asked.code_by_mail,
    };
    let new = sharing::NewLink {
        access,
        path: target.clone(),
        right: asked.can.into(),
        expires: expiry(asked.until.as_deref())?.unwrap_or(Expiry::Usual),
        password: asked.password.map(|password| SecretString::from(password.as_str())),
        label: asked.label.trim().to_owned(),
        note: asked.note.trim().to_owned(),
        hide_download: false,
        terms,
    };
    if asked.make_folders {
        services.library.make_folders(&caller.change(call.context, access), &target).await?;
    }
    let made = services.sharing.create(&caller.principal, new, now).await?;
    reply(StatusCode::CREATED, &Link::of(call, made, &names(call).await?))
}

pub(super) async fn show(call: &Call<'_>, caller: &Caller) -> Reply {
    let link = call.context.services.sharing.link(&caller.principal, link_id(call)?).await?;
    reply(StatusCode::OK, &Link::of(call, link, &names(call).await?))
}

pub(super) async fn change(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (id, asked) = (link_id(call)?, call.body::<ChangedLink>(body).await?);
    let (sharing, now) = (&call.context.services.sharing, call.context.info.received);
    let limits = match (asked.max_size, asked.max_files, &asked.types) {
        (None, None, None) => None,
        (bytes, files, types) => {
            let LinkTerms { bytes: had_bytes, files: had_files, types: had_types, .. } =
                sharing.link(&caller.principal, id).await?.link.terms;
            let types = types.as_ref().map(|types| LinkTerms::parse_types(&types.join(" ")));
            Some(LinkLimits {
                bytes: match bytes {
                    None => had_bytes,
                    Some(0) => None,
                    Some(most) => Some(size(most)?),
                },
                files: files.map_or(had_files, |most| Some(most).filter(|most| *most > 0)),
                types: types.transpose().map_err(ApiError::BadEnding)?.unwrap_or(had_types),
            })
        }
    };
    let change = LinkChange {
        right: None,
        expires: expiry(asked.until.as_deref())?,
        password: asked
            .password
            .map(|text| Some(text).filter(|text| !text.is_empty()))
            .map(|text| text.map(|text| SecretString::from(text.as_str()))),
        label: asked.label.map(|label| label.trim().to_owned()),
        note: asked.note.map(|note| note.trim().to_owned()),
        hide_download: None,
        more_uses: asked.more_uses,
        limits,
    };
    let changed = sharing.change(&caller.principal, id, change, now).await?;
    reply(StatusCode::OK, &Link::of(call, changed, &names(call).await?))
}

pub(super) async fn end(call: &Call<'_>, caller: &Caller) -> Reply {
    let (sharing, now) = (&call.context.services.sharing, call.context.info.received);
    sharing.delete(&caller.principal, link_id(call)?, now).await?;
    Ok(uncached(StatusCode::NO_CONTENT))
}

pub(super) async fn hand_ins(call: &Call<'_>, caller: &Caller) -> Reply {
    let id = link_id(call)?;
    let sharing = &call.context.services.sharing;
    // By the link, so that it is one that the caller may manage.
    sharing.link(&caller.principal, id).await?;
    let hand_ins = sharing.hand_ins_of(&caller.principal, id).await?;
    reply(StatusCode::OK, &hand_ins.into_iter().map(HandIn::of).collect::<Vec<_>>())
}

pub(super) async fn receipt(call: &Call<'_>, caller: &Caller) -> Reply {
    let (link, id) = (link_id(call)?, HandInId(call.id("hand_in")?));
    let services = call.context.services;
    services.sharing.link(&caller.principal, link).await?;
    let accesses = services.accounts.spaces_of(&caller.principal).await?;
    let (place, receipt) = services.sharing.hand_in_in(accesses, id).await?;
    if place.link != Some(link) {
        return Err(HandInError::NoSuchHandIn.into());
    }
    Ok(text_file(&format!("receipt-{id}.txt"), receipt.ok_or(HandInError::NotFinished)?))
}

/// The catalogue keeps sizes up to 2^63 − 1 bytes.
fn size(bytes: u64) -> Result<u64, ApiError> {
    match i64::try_from(bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err(ApiError::Malformed(format!("{bytes} is more than any file has"))),
    }
}

fn link_id(call: &Call<'_>) -> Result<LinkId, ApiError> {
    call.id("link").map(LinkId).map_err(|_| LinkError::NoSuchLink.into())
}

pub(super) fn day(text: &str) -> Result<Day, ApiError> {
    Day::parse(text.trim()).ok_or(ApiError::BadDay)
}

fn expiry(text: Option<&str>) -> Result<Option<Expiry>, ApiError> {
    match text {
        None => Ok(None),
        Some("never") => Ok(Some(Expiry::Never)),
        Some(text) => day(text).map(Expiry::Through).map(Some),
    }
}

/// The names of all spaces.
pub(super) async fn names(call: &Call<'_>) -> Result<Vec<(SpaceId, String)>, ApiError> {
    let spaces = call.context.services.library.spaces().await?;
    Ok(spaces.into_iter().map(|space| (space.id, space.name)).collect())
}

impl From<Can> for LinkRight {
    fn from(can: Can) -> Self {
        match can {
            Can::Read => Self::Read,
            Can::Edit => Self::Edit,
            Can::Add => Self::Add,
        }
    }
}

impl Link {
    fn of(call: &Call<'_>, shared: Shared, names: &[(SpaceId, String)]) -> Self {
        let Shared { link, path, creator_name, .. } = shared;
        let space = names.iter().find(|(id, _)| *id == link.space);
        Self {
            id: link.id.0,
            url: format!("{}{}", call.context.services.sharing.origin(), link.url_path()),
            space: space.map(|(_, name)| name.clone()).unwrap_or_default(),
            path: path.text(),
            can: link.right.as_str(),
            by: creator_name.as_str().to_owned(),
            password: link.has_password,
            created: link.created.to_string(),
            ends: link.expires.map(|at| at.to_string()),
            deadline: link.terms.deadline.map(|at| at.to_string()),
            opened: link.opened.map(|at| at.to_string()),
            uses: link.uses,
            max_uses: link.terms.uses,
            max_size: link.terms.bytes,
            max_files: link.terms.files,
            types: link.terms.types,
            label: link.label,
            note: link.note,
        }
    }
}

impl HandIn {
    fn of(hand_in: sharing::HandIn) -> Self {
        Self {
            id: hand_in.id.0,
            name: hand_in.name,
            begun: hand_in.begun.to_string(),
            finished: hand_in.finished.map(|at| at.to_string()),
            complete: hand_in.is_complete,
            late: hand_in.is_late,
            files: hand_in.files.into_iter().map(HandInFile::of).collect(),
        }
    }
}

impl HandInFile {
    fn of(file: sharing::HandInFile) -> Self {
        let (state, reason) = match file.state {
            HandInFileState::Arrived => ("arrived", None),
            HandInFileState::Examined => ("examined", None),
            HandInFileState::SetAside => ("set-aside", None),
            HandInFileState::Gone => ("gone", None),
            HandInFileState::Withdrawn => ("withdrawn", None),
            HandInFileState::Refused(reason) => ("refused", Some(reason)),
        };
        let (path, stored_as) = (file.path, file.stored_as);
        Self { path, stored_as, size: file.size, at: file.at.to_string(), state, reason }
    }
}
