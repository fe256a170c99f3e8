//! Earlier versions of files in addresses: `?version=ID`.

use super::context::RequestContext;
use super::page::form::field;
use crate::model::VersionId;

/// The part of a query that names a version.
const VERSION: &str = "version";

/// The version that a request names; an id that is no number is that of none.
pub(super) fn named(context: RequestContext<'_>) -> Option<VersionId> {
    let id = field(context.parts.uri.query()?.as_bytes(), VERSION)?;
    Some(VersionId(id.parse().unwrap_or_default()))
}

/// The part of a query for a version, after this sign; empty for the present one.
pub(super) fn part(sign: char, version: Option<VersionId>) -> String {
    version.map(|version| format!("{sign}{VERSION}={version}")).unwrap_or_default()
}
