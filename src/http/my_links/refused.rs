//! Why a link was not made or changed.

use crate::sharing::LinkError;

/// Why a link was not made or changed.
pub(super) enum Refused {
    Link(LinkError),
    BadName,
    /// There is no such file or folder.
    Missing,
    /// A number of downloads for a link that takes files in.
    OnlyForShowing,
    BadDate,
    BadNumber,
    /// Limits of hand-ins for a link that shows files.
    OnlyForTaking,
    BadCount,
    BadSize,
    BadTypes,
}
