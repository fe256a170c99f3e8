//! A folder in a browser: a plain page without scripts, in German or English.

use http::{Response, StatusCode};

use super::protocol::href::{Place, push_encoded};
use super::target::EntryTarget;
use super::{Answer, Call};
use crate::http::ResponseBody;
use crate::http::language::Language;
use crate::http::page::{Page, Tone};
use crate::library::Entry;
use crate::model::{EntryName, Timestamp};

/// Members shown on one page; a browser is no place for more, a mount is.
const MAX_ROWS: usize = 2_000;

/// The words of the page.
struct Words {
    spaces: &'static str,
    up: &'static str,
    name: &'static str,
    size: &'static str,
    changed: &'static str,
    empty: &'static str,
    more: &'static str,
}

const GERMAN: Words = Words {
    spaces: "Ihre Bereiche",
    up: "eine Ebene höher",
    name: "Name",
    size: "Größe",
    changed: "Geändert",
    empty: "Dieser Ordner ist leer.",
    more: "Weitere Einträge sehen Sie, wenn Sie den Ordner als Laufwerk einbinden.",
};

const ENGLISH: Words = Words {
    spaces: "Your spaces",
    up: "one level up",
    name: "Name",
    size: "Size",
    changed: "Changed",
    empty: "This folder is empty.",
    more: "Mount the folder as a drive to see further entries.",
};

struct Row {
    href: String,
    name: String,
    size: Option<u64>,
    modified: Timestamp,
}

impl Call<'_> {
    pub(super) async fn browse_root(&self) -> Answer {
        let tops = self.visible_spaces().await?;
        let rows: Vec<_> =
            tops.iter().map(|top| row(&top.space.name, None, top.member.entry.modified)).collect();
        let language = Language::preferred(&self.parts.headers);
        Ok(page(language, words(language).spaces, None, &rows, false))
    }

    pub(super) async fn browse(&self, target: &EntryTarget, folder: Entry) -> Answer {
        let (mut rows, mut after) = (Vec::new(), None);
        let more = loop {
            let listing = self.library.list(&target.access, folder.id, after, self.info.received).await?;
            rows.extend(listing.members.iter().map(|member| {
                let size = (!member.entry.is_folder()).then_some(member.entry.size);
                row(&member.entry.name, size, member.entry.modified)
            }));
            after = listing.next;
            if after.is_none() || rows.len() >= MAX_ROWS {
                break after.is_some();
            }
        };
        // Links are relative to a folder's address with its final slash; without it they are not.
        let base = self.mount.href(&target.place(), true);
        for row in &mut rows {
            row.href.insert_str(0, &base);
        }
        let title = match &target.place() {
            Place::Entry { space, path } if path.is_root() => space.to_string(),
            Place::Entry { path, .. } => path.names().last().map_or_else(String::new, EntryName::to_string),
            Place::Root => String::new(),
        };
        let above = match target.path.split_last() {
            Some((path, _)) => Place::Entry { space: target.space.clone(), path },
            None => Place::Root,
        };
        let above = self.mount.href(&above, true);
        Ok(page(Language::preferred(&self.parts.headers), &title, Some(&above), &rows, more))
    }
}

fn row(name: &str, size: Option<u64>, modified: Timestamp) -> Row {
    let mut href = String::new();
    push_encoded(&mut href, name);
    if size.is_none() {
        href.push('/');
    }
    // Shown so that a name cannot pose as another.
    let name = EntryName::parse(name).map_or_else(|_| name.to_owned(), |name| name.to_string());
    Row { href, name, size, modified }
}

fn words(language: Language) -> &'static Words {
    match language {
        Language::German => &GERMAN,
        Language::English => &ENGLISH,
    }
}

fn page(
    language: Language,
    title: &str,
    above: Option<&str>,
    rows: &[Row],
    more: bool,
) -> Response<ResponseBody> {
    let words = words(language);
    let mut page = Page::wide(language, title);
    if let Some(href) = above {
        page.markup("<p><a");
        page.attribute("href", href);
        page.markup(">");
        page.markup(words.up);
        page.markup("</a></p>\n");
    }
    if rows.is_empty() {
        page.paragraph(Tone::Plain, words.empty);
    } else {
        push_table(&mut page, words, rows);
    }
    if more {
        page.paragraph(Tone::Plain, words.more);
    }
    page.into_response(StatusCode::OK)
}

fn push_table(page: &mut Page, words: &Words, rows: &[Row]) {
    page.markup("<table>\n<thead><tr>");
    for word in [words.name, words.size, words.changed] {
        page.markup("<th scope=\"col\">");
        page.markup(word);
        page.markup("</th>");
    }
    page.markup("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.markup("<tr><td><a");
        page.attribute("href", &row.href);
        page.markup(">");
        page.text(&row.name);
        if row.size.is_none() {
            page.markup("/");
        }
        page.markup("</a></td><td>");
        if let Some(size) = row.size {
            page.text(&page.language().size(size));
        }
        page.markup("</td><td>");
        page.text(&page.language().moment(row.modified));
        page.markup("</td></tr>\n");
    }
    page.markup("</tbody>\n</table>\n");
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn names_cannot_become_markup() {
        let row = row("<img src=x onerror=alert(1)>\".txt", Some(1), Timestamp(0));
        let page = page(Language::German, "<b>", None, &[row], false);
        let html = page.into_body().collect().await.unwrap().to_bytes();
        let html = std::str::from_utf8(&html).unwrap();
        assert!(!html.contains("<img") && !html.contains("<b>"), "{html}");
        assert!(html.contains("href=\"%3Cimg%20src%3Dx"), "{html}");
        assert!(html.contains("01.01.1970, 00:00 UTC"), "{html}");
    }
}
