//! The addresses of the holding area's pages.
//!
//! ```text
//! /holding                   the list; what it shows is in the query. Where decisions about several items are sent
//! /holding/ID                an item, and where its forms are sent
//! /holding/ID/pdf            its PDF
//! /holding/ID/pdf/FILE       a PDF of a document in an archive
//! /holding/ID/original       itself, for a person to whom it was handed out
//! /holding/ID/certificate    its certificate
//! /holding/ID/password       where its password is sent
//! ```

use crate::model::{EntryId, HoldId};

/// The address of the list.
pub(super) const LIST: &str = "/holding";

/// The target of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    List,
    Item(HoldId),
    Pdf(HoldId),
    Copy(HoldId, EntryId),
    Original(HoldId),
    Certificate(HoldId),
    Password(HoldId),
}

impl Address {
    /// Parses a path; `None` if it is none of the pages.
    pub(super) fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(LIST)?;
        if rest.is_empty() || rest == "/" {
            return Some(Self::List);
        }
        let (id, below) = rest.strip_prefix('/').map(|rest| rest.split_once('/').unwrap_or((rest, "")))?;
        let number: i64 = id.parse().ok()?;
        if number < 0 || number.to_string() != id {
            return None;
        }
        let id = HoldId(number);
        match below {
            "" => Some(Self::Item(id)),
            "pdf" => Some(Self::Pdf(id)),
            "original" => Some(Self::Original(id)),
            "certificate" => Some(Self::Certificate(id)),
            "password" => Some(Self::Password(id)),
            below => {
                let file = below.strip_prefix("pdf/")?;
                let number: i64 = file.parse().ok().filter(|number| *number >= 0)?;
                (number.to_string() == file).then_some(Self::Copy(id, EntryId(number)))
            }
        }
    }
}

/// Where the password of an item is sent.
pub(super) fn of_password(id: HoldId) -> String {
    format!("{LIST}/{id}/password")
}

/// The address of an item's page.
pub(super) fn of_item(id: HoldId) -> String {
    format!("{LIST}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_one_form() {
        let id = HoldId(15);
        for (path, expected) in [
            ("/holding", Some(Address::List)),
            ("/holding/", Some(Address::List)),
            ("/holding/15", Some(Address::Item(id))),
            ("/holding/15/", Some(Address::Item(id))),
            ("/holding/15/pdf", Some(Address::Pdf(id))),
            ("/holding/15/pdf/4", Some(Address::Copy(id, EntryId(4)))),
            ("/holding/15/pdf/04", None),
            ("/holding/15/pdf/", None),
            ("/holding/15/pdf/-4", None),
            ("/holding/15/original", Some(Address::Original(id))),
            ("/holding/15/certificate", Some(Address::Certificate(id))),
            ("/holding/15/password", Some(Address::Password(id))),
            ("/holding/015", None),
            ("/holding/+15", None),
            ("/holding/-15", None),
            ("/holding/x", None),
            ("/holding/15/other", None),
            ("/holding/99999999999999999999", None),
            ("/holdingx", None),
        ] {
            assert_eq!(Address::of(path), expected, "{path}");
        }
        assert_eq!(of_item(id), "/holding/15");
    }
}
