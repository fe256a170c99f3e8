//! Files and folders, their earlier contents, and the trash.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use super::error::ApiError;
use super::{Call, Reply, path, reply};
use crate::http::reply::uncached;
use crate::http::whole::to_its_end;
use crate::library::{self, Detail, LibraryError, Overwrite};
use crate::model::{Access, ChecksumKind, Depth, EntryId, EntryPath, VersionId};
use crate::net::RequestBody;

/// A file or folder.
#[derive(Serialize, ToSchema)]
pub(super) struct Entry {
    /// Path in its space; empty for the top folder.
    path: String,
    /// Whether it is a folder.
    folder: bool,
    /// Bytes of the file, or of all files below the folder.
    size: u64,
    /// Changes with the content; for a folder, with everything below it.
    etag: String,
    /// When it was made here.
    #[schema(format = DateTime)]
    created: String,
    /// When it was changed, for files as the client said.
    #[schema(format = DateTime)]
    modified: String,
    /// Whether its content can be read: the author of a file that is being examined sees only that it exists.
    readable: bool,
}

/// A file, or a folder with a part of its members.
#[derive(Serialize, ToSchema)]
pub(super) struct Folder {
    /// The file or folder of the path.
    entry: Entry,
    /// Members of the folder in the order of their names.
    members: Vec<Entry>,
    /// The value of `after` for the next part; absent with the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A folder to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFolder {
    /// Its path in the space.
    path: String,
    /// Whether to make missing folders above it, too; then it may exist.
    #[serde(default)]
    parents: bool,
}

/// A move or copy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    /// Path of the file or folder in the space of the address.
    from: String,
    /// Its new path.
    to: String,
    /// The space of the new path; that of the address by default.
    to_space: Option<String>,
    /// Whether to replace what is there: a file's content becomes an earlier version, a folder goes to the trash.
    #[serde(default)]
    overwrite: bool,
}

/// A content of a file.
#[derive(Serialize, ToSchema)]
pub(super) struct Version {
    /// Id of the version.
    id: i64,
    /// Size in bytes.
    size: u64,
    /// Whether it is the file's present content.
    current: bool,
    /// `visible`, or why it is withheld: `held`, `quarantined`, `restricted`.
    state: &'static str,
    /// When it was stored.
    #[schema(format = DateTime)]
    created: String,
    /// When it was changed, as the client said.
    #[schema(format = DateTime)]
    modified: String,
    /// SHA-256 of the content in hexadecimal digits; absent for a content that the caller may not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// An earlier content to make current.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RestoredVersion {
    /// Path of the file in the space.
    path: String,
    /// Id of the version.
    version: i64,
}

/// A deleted file or folder.
#[derive(Serialize, ToSchema)]
pub(super) struct TrashItem {
    /// Id in the trash.
    id: i64,
    /// Path that it had in the space.
    path: String,
    /// Whether it is a folder.
    folder: bool,
    /// Bytes, of a folder with everything below it.
    size: u64,
    /// When it was deleted.
    #[schema(format = DateTime)]
    deleted: String,
}

/// What came back from the trash.
#[derive(Serialize, ToSchema)]
pub(super) struct Restored {
    /// Its path in the space, which may differ from the one that it had.
    path: String,
}

pub(super) async fn list(call: &Call<'_>, caller: &Caller) -> Reply {
    let (library, now) = (&call.context.services.library, call.context.info.received);
    let (_, access) = call.space(caller).await?;
    let path = call.entry_path()?;
    let found = library.find(&access, &path).await?;
    let (mut members, mut next) = (Vec::new(), None);
    if found.is_folder() {
        let listing = library.list_with(&access, found.id, call.query("after"), &Detail::NONE, now).await?;
        members = listing.members.iter().map(|member| Entry::below(&path, &member.entry)).collect();
        next = listing.next;
    }
    reply(StatusCode::OK, &Folder { entry: Entry::at(&path, &found), members, next })
}

/// Fails unless there is a file at the path.
pub(super) async fn require_file(call: &Call<'_>, access: &Access, path: &EntryPath) -> Result<(), ApiError> {
    match call.context.services.library.find(access, path).await?.is_folder() {
        true => Err(LibraryError::IsFolder.into()),
        false => Ok(()),
    }
}

pub(super) async fn delete(call: &Call<'_>, caller: &Caller) -> Reply {
    let (_, access) = call.space(caller).await?;
    let change = caller.change(call.context, access);
    call.context.services.library.delete(change, &call.entry_path()?).await?;
    Ok(uncached(StatusCode::NO_CONTENT))
}

pub(super) async fn make_folder(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (_, access) = call.space(caller).await?;
    let asked: NewFolder = call.body(body).await?;
    let (library, folder) = (&call.context.services.library, path(&asked.path)?);
    let change = caller.change(call.context, access);
    let entry = if asked.parents {
        library.make_folders(&change, &folder).await?;
        library.find(&access, &folder).await?
    } else {
        library.make_folder(change, &folder).await?
    };
    if !entry.is_folder() {
        return Err(LibraryError::Exists.into());
    }
    reply(StatusCode::CREATED, &Entry::at(&folder, &entry))
}

pub(super) async fn transfer(
    call: &Call<'_>,
    caller: &Caller,
    body: &mut RequestBody,
    is_move: bool,
) -> Reply {
    let (_, access) = call.space(caller).await?;
    let asked: Transfer = call.body(body).await?;
    let (from, to) = (path(&asked.from)?, path(&asked.to)?);
    let target = match &asked.to_space {
        Some(name) => call.space_named(caller, name).await?.1,
        None => access,
    };
    let overwrite = if asked.overwrite { Overwrite::Allow } else { Overwrite::Forbid };
    let (library, change) = (call.context.services.library.clone(), caller.change(call.context, access));
    let end = to.clone();
    let done = to_its_end(async move {
        match is_move {
            true => library.move_entry(change, &from, &target, &to, overwrite).await,
            false => library.copy_entry(change, &from, &target, &to, overwrite, Depth::Infinity).await,
        }
    });
    reply(StatusCode::OK, &Entry::at(&end, &done.await?.entry))
}

pub(super) async fn versions(call: &Call<'_>, caller: &Caller) -> Reply {
    let (_, access) = call.space(caller).await?;
    let versions = call.context.services.library.versions(&access, &call.entry_path()?).await?;
    reply(StatusCode::OK, &versions.iter().map(Version::of).collect::<Vec<_>>())
}

pub(super) async fn restore_version(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (_, access) = call.space(caller).await?;
    let asked: RestoredVersion = call.body(body).await?;
    let (change, file) = (caller.change(call.context, access), path(&asked.path)?);
    let library = &call.context.services.library;
    let entry = library.restore_version(change, &file, VersionId(asked.version)).await?;
    reply(StatusCode::OK, &Entry::at(&file, &entry))
}

pub(super) async fn trash(call: &Call<'_>, caller: &Caller) -> Reply {
    let (_, access) = call.space(caller).await?;
    let items = call.context.services.library.trash(&access).await?;
    reply(StatusCode::OK, &items.iter().map(TrashItem::of).collect::<Vec<_>>())
}

pub(super) async fn restore(call: &Call<'_>, caller: &Caller) -> Reply {
    let (_, access) = call.space(caller).await?;
    let change = caller.change(call.context, access);
    let path = call.context.services.library.restore(change, EntryId(call.id("id")?)).await?;
    reply(StatusCode::OK, &Restored { path: path.text() })
}

pub(super) async fn purge(call: &Call<'_>, caller: &Caller) -> Reply {
    let (_, access) = call.space(caller).await?;
    let by = caller.principal.stamp(call.context.info.received);
    call.context.services.library.purge(&access, by, EntryId(call.id("id")?)).await?;
    Ok(uncached(StatusCode::NO_CONTENT))
}

impl Entry {
    pub(super) fn at(path: &EntryPath, entry: &library::Entry) -> Self {
        Self {
            path: path.text(),
            folder: entry.is_folder(),
            size: entry.size,
            etag: entry.etag.0.clone(),
            created: entry.created.to_string(),
            modified: entry.modified.to_string(),
            readable: entry.is_readable,
        }
    }

    fn below(folder: &EntryPath, entry: &library::Entry) -> Self {
        let above = folder.text();
        let path = if above.is_empty() { entry.name.clone() } else { format!("{above}/{}", entry.name) };
        Self { path, ..Self::at(folder, entry) }
    }
}

impl Version {
    fn of(version: &library::Version) -> Self {
        let sha256 = version.checksums.iter().find(|checksum| checksum.kind() == ChecksumKind::Sha256);
        Self {
            id: version.id.0,
            size: version.size,
            current: version.replaced.is_none(),
            state: version.state.as_str(),
            created: version.created.to_string(),
            modified: version.modified.to_string(),
            sha256: sha256.map(|checksum| data_encoding::HEXLOWER.encode(checksum.digest())),
        }
    }
}

impl TrashItem {
    fn of(item: &library::TrashItem) -> Self {
        Self {
            id: item.entry.0,
            path: item.path.trim_start_matches('/').to_owned(),
            folder: item.is_folder,
            size: item.size,
            deleted: item.deleted.to_string(),
        }
    }
}
