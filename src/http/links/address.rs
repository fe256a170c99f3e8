//! The addresses of links.
//!
//! ```text
//! /s/TOKEN                           the page; of a folder, with its members
//! /s/TOKEN/files/a/                  the page of a folder below it
//! /s/TOKEN/download                  redirects to the file of a link to a file
//! /s/TOKEN/receipt                   the receipt of this browser's hand-in; receipt.pdf, and receipt.txt as it was signed
//! /s/TOKEN/form/ITEM/a               the form to fill in of an item of a request, by any name; example/ITEM/a the example
//!                                    ?view the page that shows it, ?page=N the picture of a page, ?picture it as a picture
//! /s/TOKEN/sending                   where the page's script begins uploads; /list has the unfinished ones, /folder makes one
//! /asked/RECIPIENT                   the page of a request for a recipient with an account, and the same below it
//! /s/TOKEN/get/LEASE/a               what the link leads to, under a lease; needs neither cookie nor password
//! /s/TOKEN/files/a/b                 a file, for the page of the link; its password by the page's cookie
//! /public.php/dav/files/TOKEN/a/b    WebDAV; the link's password by Basic, with any user name
//! /public.php/webdav/a/b             the same for older programs, the token as user name
//! ```

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::account::Account;
use crate::http::receipt::Form;
use crate::model::{Handout, ItemId, RecipientId};

/// Where the requests to people with an account are.
const ASKED: &str = "/asked";

/// The address of a link, or of something below it.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct LinkAddress<'a> {
    pub(in crate::http) endpoint: Endpoint<'a>,
    /// The token as written in the path; empty if the path has none.
    written_token: &'a str,
    /// The address of the link's page, without a trailing slash; empty for mounts.
    pub(super) base: &'a str,
    /// The person who opens it by an account, in place of its address.
    pub(super) account: Option<&'a Account>,
}

/// Target of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Endpoint<'a> {
    /// The page of a link, and the folder in it as written in the path.
    Page { folder: &'a str },
    /// The file of a link to a file.
    Download,
    /// The receipt of a hand-in, in a form.
    Receipt(Form),
    /// A file that recipients of a request may fetch for an item.
    Handout { what: Handout, item: ItemId },
    /// Uploads of the page's script; what is behind that in the path.
    Sending { rest: &'a str },
    /// A file, for a browser.
    File,
    /// The target of a link, under the lease of this secret.
    Leased { lease: &'a str },
    /// The tree of a link, for WebDAV.
    Mount,
    /// The tree of a link, at an address without the token.
    OldMount,
    /// A parent of a mount, which is not a folder.
    AboveMounts,
}

impl<'a> LinkAddress<'a> {
    /// Parses a path; `None` if it does not belong to a link.
    pub(in crate::http) fn of(path: &'a str) -> Option<Self> {
        Self::of_mount(path).or_else(|| Self::of_page(path))
    }

    fn of_mount(path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix("/public.php")?;
        if !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let token = rest.strip_prefix("/dav/files/").and_then(|rest| rest.split('/').next());
        let (endpoint, written_token) = match token {
            _ if rest == "/webdav" || rest.starts_with("/webdav/") => (Endpoint::OldMount, ""),
            Some(token) if !token.is_empty() => (Endpoint::Mount, token),
            _ => (Endpoint::AboveMounts, ""),
        };
        Some(Self { endpoint, written_token, base: "", account: None })
    }

    /// Nextcloud's addresses may begin with `/index.php`.
    fn of_page(path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix("/index.php").unwrap_or(path).strip_prefix("/s/")?;
        let (written_token, below) = rest.split_once('/').unwrap_or((rest, ""));
        let endpoint = Self::endpoint(below)?;
        let base = path.get(..path.len() - rest.len() + written_token.len())?;
        Some(Self { endpoint, written_token, base, account: None })
    }

    /// The recipient with an account to whose page a path belongs, and the address without that person.
    pub(in crate::http) fn of_account(path: &'a str) -> Option<(RecipientId, Self)> {
        let rest = path.strip_prefix(ASKED)?.strip_prefix('/')?;
        let (digits, below) = rest.split_once('/').unwrap_or((rest, ""));
        let recipient: i64 = digits.parse().ok().filter(|id: &i64| id.to_string() == digits)?;
        let endpoint = Self::endpoint(below).filter(|endpoint| {
            matches!(
                endpoint,
                Endpoint::Page { folder: "" }
                    | Endpoint::Receipt(_)
                    | Endpoint::Sending { .. }
                    | Endpoint::Handout { .. }
            )
        })?;
        let base = path.get(..path.len() - rest.len() + digits.len())?;
        Some((RecipientId(recipient), Self { endpoint, written_token: "", base, account: None }))
    }

    /// The same, opened by this person.
    pub(in crate::http) fn by(self, account: &'a Account) -> Self {
        Self { written_token: &account.token, account: Some(account), ..self }
    }

    /// The target of an address below that of a link's page.
    fn endpoint(below: &'a str) -> Option<Endpoint<'a>> {
        Some(match below {
            "" | "files" => Endpoint::Page { folder: "" },
            "download" => Endpoint::Download,
            "receipt" | "receipt.pdf" | "receipt.txt" => Endpoint::Receipt(Form::of(below).1),
            "sending" => Endpoint::Sending { rest: "" },
            "sending/list" => Endpoint::Sending { rest: "/list" },
            "sending/folder" => Endpoint::Sending { rest: "/folder" },
            _ if below.starts_with("get/") => {
                let lease = below.split('/').nth(1).unwrap_or_default();
                Endpoint::Leased { lease }
            }
            _ if below.starts_with("form/") || below.starts_with("example/") => handout(below)?,
            _ => match below.strip_prefix("files/")? {
                folder if folder.is_empty() || folder.ends_with('/') => Endpoint::Page { folder },
                _ => Endpoint::File,
            },
        })
    }

    pub(super) fn token(&self) -> Cow<'a, str> {
        percent_decode_str(self.written_token).decode_utf8_lossy()
    }

    /// The segments that name the file of an item.
    pub(super) fn handed_out(&self) -> Option<(&'static str, String)> {
        match self.endpoint {
            Endpoint::Handout { what, item } => Some((what.as_str(), item.to_string())),
            _ => None,
        }
    }

    /// Whether it is a page or something that a page shows. The page's cookie opens such an address, and refusals
    /// are pages.
    pub(super) fn is_for_browsers(&self) -> bool {
        let Self { endpoint, .. } = self;
        matches!(
            endpoint,
            Endpoint::Page { .. }
                | Endpoint::Download
                | Endpoint::Receipt(_)
                | Endpoint::Handout { .. }
                | Endpoint::File
                | Endpoint::Leased { .. }
        )
    }
}

/// The file of an item: `form/31/a.pdf`.
fn handout<'a>(below: &str) -> Option<Endpoint<'a>> {
    let mut parts = below.split('/');
    let what = Handout::from_word(parts.next()?)?;
    let (digits, name) = (parts.next()?, parts.next()?);
    let item: i64 = digits.parse().ok()?;
    let is_whole = parts.next().is_none() && !name.is_empty() && item.to_string() == digits;
    is_whole.then_some(Endpoint::Handout { what, item: ItemId(item) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The target of a path, with the token and the page's address.
    fn read(path: &str) -> Option<(Endpoint<'_>, &str, &str)> {
        LinkAddress::of(path).map(|address| (address.endpoint, address.written_token, address.base))
    }

    #[test]
    fn pages_and_files_have_different_addresses() {
        let handed = |what| Endpoint::Handout { what, item: ItemId(7) };
        let page = |folder, base| Some((Endpoint::Page { folder }, "t", base));
        for (path, expected) in [
            ("/s/t", page("", "/s/t")),
            ("/s/t/", page("", "/s/t")),
            ("/index.php/s/t", page("", "/index.php/s/t")),
            ("/s/t/files", page("", "/s/t")),
            ("/s/t/files/", page("", "/s/t")),
            ("/s/t/files/a/b%20c/", page("a/b%20c/", "/s/t")),
            ("/s/t/download", Some((Endpoint::Download, "t", "/s/t"))),
            ("/s/t/receipt", Some((Endpoint::Receipt(Form::Page), "t", "/s/t"))),
            ("/s/t/receipt.pdf", Some((Endpoint::Receipt(Form::Pdf), "t", "/s/t"))),
            ("/s/t/receipt.doc", None),
            ("/s/t/sending", Some((Endpoint::Sending { rest: "" }, "t", "/s/t"))),
            ("/s/t/sending/list", Some((Endpoint::Sending { rest: "/list" }, "t", "/s/t"))),
            ("/s/t/sending/folder", Some((Endpoint::Sending { rest: "/folder" }, "t", "/s/t"))),
            ("/s/t/sending/other", None),
            ("/s/t/sending/", None),
            ("/s/t/form/7/a.pdf", Some((handed(Handout::Form), "t", "/s/t"))),
            ("/s/t/example/7/a.pdf", Some((handed(Handout::Example), "t", "/s/t"))),
            ("/s/t/form/07/a.pdf", None),
            ("/s/t/form/7/", None),
            ("/s/t/form/7", None),
            ("/s/t/form/7/a/b", None),
            ("/s/t/other/7/a", None),
            ("/s/t/files/a", Some((Endpoint::File, "t", "/s/t"))),
            ("/index.php/s/t/files/a/b", Some((Endpoint::File, "t", "/index.php/s/t"))),
            ("/s/t/get/7.ab", Some((Endpoint::Leased { lease: "7.ab" }, "t", "/s/t"))),
            ("/s/t/get/7.ab/a.pdf", Some((Endpoint::Leased { lease: "7.ab" }, "t", "/s/t"))),
            ("/s/t/get", None),
            ("/s/t/other", None),
            ("/s/t/filesx/a", None),
            ("/s", None),
            ("/st", None),
        ] {
            assert_eq!(read(path), expected, "{path}");
        }
    }

    #[test]
    fn addresses_of_accounts_are_pages_of_requests_and_nothing_else() {
        let page = Some((Endpoint::Page { folder: "" }, "/asked/7"));
        for (path, expected) in [
            ("/asked/7", page),
            ("/asked/7/", page),
            ("/asked/7/receipt", Some((Endpoint::Receipt(Form::Page), "/asked/7"))),
            ("/asked/7/sending", Some((Endpoint::Sending { rest: "" }, "/asked/7"))),
            (
                "/asked/7/form/3/a",
                Some((Endpoint::Handout { what: Handout::Form, item: ItemId(3) }, "/asked/7")),
            ),
            ("/asked/07", None),
            ("/asked/7/files/a", None),
            ("/asked/7/files/a/", None),
            ("/asked/7/download", None),
            ("/asked/7/get/x", None),
            ("/asked", None),
            ("/asked/", None),
            ("/askedx/7", None),
        ] {
            let read = LinkAddress::of_account(path).map(|(recipient, address)| {
                assert_eq!(recipient, RecipientId(7));
                (address.endpoint, address.base)
            });
            assert_eq!(read, expected, "{path}");
        }
    }

    #[test]
    fn mounts_are_told_from_all_other_paths() {
        use Endpoint::{AboveMounts, Mount, OldMount};
        for (path, expected) in [
            ("/public.php/dav/files/t0k", Some((Mount, "t0k"))),
            ("/public.php/dav/files/t0k/", Some((Mount, "t0k"))),
            ("/public.php/dav/files/t0k/a/b", Some((Mount, "t0k"))),
            ("/public.php/webdav", Some((OldMount, ""))),
            ("/public.php/webdav/a", Some((OldMount, ""))),
            ("/public.php", Some((AboveMounts, ""))),
            ("/public.php/dav/files/", Some((AboveMounts, ""))),
            ("/public.php/webdavx", Some((AboveMounts, ""))),
            ("/public.phpx/dav", None),
            ("/dav/public.php", None),
        ] {
            assert_eq!(read(path), expected.map(|(endpoint, token)| (endpoint, token, "")), "{path}");
        }
    }

    #[test]
    fn an_escaped_token_is_the_same_token() {
        assert_eq!(LinkAddress::of("/s/%74okeN").unwrap().token(), "tokeN");
    }
}
