//! The addresses of the pages of requests.
//!
//! ```text
//! /requests                  the list; what it shows is in the query
//! /requests/new              the form of a new one; a template or an earlier request is in the query
//! /requests/made             the addresses of those just made
//! /requests/made/csv         the same as a table
//! /requests/matrix           clients and items side by side
//! /requests/matrix/csv       the same as a table
//! /requests/ID               a request, and where its forms are sent
//! /requests/ID/address/RECIPIENT  the new address of a recipient's link
//! /requests/ID/file/FILE     a file that was handed in
//! /requests/ID/handout       where a form or an example for an item is sent
//! /requests/ID/reminder      the mails by which the recipients would be reminded now
//! /requests/ID/check         to the first item to check
//! /requests/ID/check/ITEM    an item with the picture of a file, page and file are in the query; where it is judged
//! /requests/ID/receipt/N     the receipt of a hand-in; with .pdf, and with .txt as it was signed
//! ```

use crate::http::receipt::Form;
use crate::model::{HandInFileId, HandInId, ItemId, RecipientId, RequestId};

/// The address of the list.
pub(super) const LIST: &str = "/requests";
/// The address of the form of a new request.
pub(super) const NEW: &str = "/requests/new";
/// The address of the page that shows the requests just made.
pub(super) const MADE: &str = "/requests/made";

/// The address of clients and items side by side.
pub(super) const MATRIX: &str = "/requests/matrix";

/// The target of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    List,
    New,
    Made,
    MadeTable,
    Matrix,
    MatrixTable,
    One(RequestId),
    File(RequestId, HandInFileId),
    HandOut(RequestId),
    Reminder(RequestId),
    Renewed(RequestId, RecipientId),
    Check(RequestId),
    CheckItem(RequestId, ItemId),
    Receipt(RequestId, HandInId, Form),
}

impl Address {
    /// Parses a path; `None` if it is none of the pages.
    pub(super) fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(LIST)?;
        let parts: Vec<&str> = rest.strip_prefix('/').unwrap_or_default().split('/').collect();
        match parts.as_slice() {
            [""] => Some(Self::List),
            ["new"] => Some(Self::New),
            ["made"] => Some(Self::Made),
            ["made", "csv"] => Some(Self::MadeTable),
            ["matrix"] => Some(Self::Matrix),
            ["matrix", "csv"] => Some(Self::MatrixTable),
            [id] => number(id).map(RequestId).map(Self::One),
            [id, "file", file] => Some(Self::File(RequestId(number(id)?), HandInFileId(number(file)?))),
            [id, "address", one] => Some(Self::Renewed(RequestId(number(id)?), RecipientId(number(one)?))),
            [id, "handout"] => number(id).map(RequestId).map(Self::HandOut),
            [id, "reminder"] => number(id).map(RequestId).map(Self::Reminder),
            [id, "check"] => number(id).map(RequestId).map(Self::Check),
            [id, "check", item] => Some(Self::CheckItem(RequestId(number(id)?), ItemId(number(item)?))),
            [id, "receipt", name] => {
                let (hand_in, form) = Form::of(name);
                Some(Self::Receipt(RequestId(number(id)?), HandInId(number(hand_in)?), form))
            }
            _ => None,
        }
    }
}

/// A number in its one form.
fn number(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number >= 0 && number.to_string() == text).then_some(number)
}

/// The address of a request's page.
pub(super) fn of_request(id: RequestId) -> String {
    format!("{LIST}/{id}")
}

/// The address to which a form or an example for an item is sent.
pub(super) fn hand_out(id: RequestId) -> String {
    format!("{LIST}/{id}/handout")
}

/// The address of the mails by which recipients of a request would be reminded now.
pub(super) fn reminder(id: RequestId) -> String {
    format!("{LIST}/{id}/reminder")
}

/// The address of the page with the new address of a recipient's link.
pub(super) fn renewed_address(id: RequestId, recipient: RecipientId) -> String {
    format!("{LIST}/{id}/address/{recipient}")
}

/// The address that leads to the first item of a request to check.
pub(super) fn check(id: RequestId) -> String {
    format!("{LIST}/{id}/check")
}

/// The address at which an item of a request is checked.
pub(super) fn check_item(id: RequestId, item: ItemId) -> String {
    format!("{LIST}/{id}/check/{item}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_one_form() {
        let id = RequestId(7);
        for (path, expected) in [
            ("/requests", Some(Address::List)),
            ("/requests/", Some(Address::List)),
            ("/requests/7", Some(Address::One(id))),
            ("/requests/07", None),
            ("/requests/-7", None),
            ("/requests/7/", None),
            ("/requests/7/file/3", Some(Address::File(id, HandInFileId(3)))),
            ("/requests/7/file/03", None),
            ("/requests/7/file/", None),
            ("/requests/7/handout", Some(Address::HandOut(id))),
            ("/requests/7/reminder", Some(Address::Reminder(id))),
            ("/requests/7/check", Some(Address::Check(id))),
            ("/requests/7/check/", None),
            ("/requests/7/check/3", Some(Address::CheckItem(id, ItemId(3)))),
            ("/requests/7/check/3/4", None),
            ("/requests/7/receipt/3", Some(Address::Receipt(id, HandInId(3), Form::Page))),
            ("/requests/7/receipt/3.pdf", Some(Address::Receipt(id, HandInId(3), Form::Pdf))),
            ("/requests/7/receipt/3.doc", None),
            ("/requests/7/other", None),
            ("/requests/x", None),
            (NEW, Some(Address::New)),
            (MADE, Some(Address::Made)),
            ("/requests/made/csv", Some(Address::MadeTable)),
            ("/requests/new/", None),
            (MATRIX, Some(Address::Matrix)),
            ("/requests/matrix/csv", Some(Address::MatrixTable)),
        ] {
            assert_eq!(Address::of(path), expected, "{path}");
        }
        assert_eq!(Address::of(&of_request(id)), Some(Address::One(id)));
        assert_eq!(Address::of(&hand_out(id)), Some(Address::HandOut(id)));
        assert_eq!(Address::of(&reminder(id)), Some(Address::Reminder(id)));
        let renewed = Address::Renewed(id, RecipientId(3));
        assert_eq!(Address::of(&renewed_address(id, RecipientId(3))), Some(renewed));
        assert_eq!(Address::of(&check(id)), Some(Address::Check(id)));
        assert_eq!(Address::of(&check_item(id, ItemId(3))), Some(Address::CheckItem(id, ItemId(3))));
    }
}
