//! A folder on a page: for people who have logged in, and for guests with a link.

use maud::{Markup, html};

use crate::http::protocol::href::push_encoded;
use crate::library::{Detail, Library, LibraryError};
use crate::model::{Access, EntryId, EntryName, Timestamp, Zone};
use crate::text::{BrowseTexts, Language};

/// Members of a folder shown on one page; a mount shows all.
const MAX_ROWS: usize = 2_000;

/// A member of the folder, as a row.
#[derive(Debug)]
pub(in crate::http) struct Row {
    /// Address of the member; a member may be shown without one.
    pub(in crate::http) href: Option<String>,
    name: String,
    /// Bytes of a file; `None` for a folder.
    size: Option<u64>,
    modified: Timestamp,
}

impl Row {
    /// A member of the folder at `base`, an address with a trailing slash; without a size it is a folder.
    pub(in crate::http) fn new(base: &str, name: &str, size: Option<u64>, modified: Timestamp) -> Self {
        let mut href = base.to_owned();
        push_encoded(&mut href, name);
        if size.is_none() {
            href.push('/');
        }
        Self { href: Some(href), name: shown_name(name), size, modified }
    }

    pub(in crate::http) fn is_folder(&self) -> bool {
        self.size.is_none()
    }
}

/// The members of the folder at `base`, and whether there are more than a page shows.
pub(in crate::http) async fn rows(
    library: &Library,
    access: &Access,
    folder: EntryId,
    base: &str,
    now: Timestamp,
) -> Result<(Vec<Row>, bool), LibraryError> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let listing = library.list_with(access, folder, after, &Detail::NONE, now).await?;
        rows.extend(listing.members.iter().map(|member| {
            let size = (!member.entry.is_folder()).then_some(member.entry.size);
            let row = Row::new(base, &member.entry.name, size, member.entry.modified);
            Row { href: row.href.filter(|_| member.entry.is_readable), ..row }
        }));
        after = listing.next;
        if after.is_none() || rows.len() >= MAX_ROWS {
            return Ok((rows, after.is_some()));
        }
    }
}

/// The link to the parent folder, and the members. `empty` is shown if there are none.
pub(in crate::http) fn members(
    (language, zone): (Language, &Zone),
    above: Option<&str>,
    rows: &[Row],
    empty: &str,
) -> Markup {
    let texts = BrowseTexts(language);
    html! {
        @if let Some(href) = above {
            p { a href=(href) { (texts.up()) } }
        }
        @if rows.is_empty() {
            p { (empty) }
        } @else {
            table {
                thead {
                    tr {
                        th scope="col" { (texts.name()) }
                        th.size scope="col" { (texts.size()) }
                        th.changed scope="col" { (texts.changed()) }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            td.name { (named(row)) }
                            td.size { @if let Some(size) = row.size { (language.size(size)) } }
                            td.changed { (language.moment(zone, row.modified)) }
                        }
                    }
                }
            }
        }
    }
}

fn named(row: &Row) -> Markup {
    let name = html! { (row.name) @if row.is_folder() { "/" } };
    html! {
        @match &row.href {
            Some(href) => a href=(href) { (name) },
            None => (name),
        }
    }
}

/// A name in a form that cannot look like another one.
pub(in crate::http) fn shown_name(name: &str) -> String {
    EntryName::parse(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}
