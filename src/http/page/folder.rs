//! A folder on a page: for who has logged in, and for who has a link.

use super::{Page, Tone};
use crate::http::protocol::href::push_encoded;
use crate::library::{Detail, Library, LibraryError};
use crate::model::{Access, EntryId, EntryName, Timestamp};
use crate::text::Language;

/// Members of a folder shown on one page; a mount shows all.
const MAX_ROWS: usize = 2_000;

/// A member of the folder.
#[derive(Debug)]
pub(in crate::http) struct Row {
    /// Where it leads; a member may be shown without.
    pub(in crate::http) href: Option<String>,
    name: String,
    /// Of a file.
    size: Option<u64>,
    modified: Timestamp,
}

struct Words {
    up: &'static str,
    name: &'static str,
    size: &'static str,
    changed: &'static str,
    empty: &'static str,
}

const GERMAN: Words = Words {
    up: "eine Ebene höher",
    name: "Name",
    size: "Größe",
    changed: "Geändert",
    empty: "Dieser Ordner ist leer.",
};

const ENGLISH: Words = Words {
    up: "one level up",
    name: "Name",
    size: "Size",
    changed: "Changed",
    empty: "This folder is empty.",
};

impl Row {
    /// A member of the folder at `base`, an address with a final slash; without a size it is a folder itself.
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

/// The members of the folder at `base`, and whether there are more of them than a page shows.
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

/// The way up, and the members.
pub(in crate::http) fn push_folder(page: &mut Page, above: Option<&str>, rows: &[Row]) {
    let words = match page.language() {
        Language::German => &GERMAN,
        Language::English => &ENGLISH,
    };
    if let Some(href) = above {
        page.markup("<p><a");
        page.attribute("href", href);
        page.markup(">");
        page.text(words.up);
        page.markup("</a></p>\n");
    }
    if rows.is_empty() {
        return page.paragraph(Tone::Plain, words.empty);
    }
    page.markup("<table>\n<thead><tr>");
    for word in [words.name, words.size, words.changed] {
        page.markup("<th scope=\"col\">");
        page.text(word);
        page.markup("</th>");
    }
    page.markup("</tr></thead>\n<tbody>\n");
    for row in rows {
        push_row(page, row);
    }
    page.markup("</tbody>\n</table>\n");
}

fn push_row(page: &mut Page, row: &Row) {
    page.markup("<tr><td>");
    if let Some(href) = &row.href {
        page.markup("<a");
        page.attribute("href", href);
        page.markup(">");
    }
    page.text(&row.name);
    if row.is_folder() {
        page.markup("/");
    }
    page.markup(if row.href.is_some() { "</a></td><td>" } else { "</td><td>" });
    if let Some(size) = row.size {
        page.text(&page.language().size(size));
    }
    page.markup("</td><td>");
    page.text(&page.language().moment(row.modified));
    page.markup("</td></tr>\n");
}

/// A name so that it cannot pose as another.
pub(in crate::http) fn shown_name(name: &str) -> String {
    EntryName::parse(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}
