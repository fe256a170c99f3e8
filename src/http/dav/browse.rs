//! A folder in a browser: a plain page without scripts, in German or English.

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Response};

use super::protocol::href::{Place, push_encoded};
use super::protocol::xml::{push_attribute_value, push_text};
use super::target::EntryTarget;
use super::{Answer, Call};
use crate::http::ResponseBody;
use crate::http::language::Language;
use crate::library::Entry;
use crate::model::{ByteSize, EntryName, Timestamp};

/// Members shown on one page; a browser is no place for more, a mount is.
const MAX_ROWS: usize = 2_000;

/// The words of the page.
struct Words {
    language: &'static str,
    spaces: &'static str,
    up: &'static str,
    name: &'static str,
    size: &'static str,
    changed: &'static str,
    empty: &'static str,
    more: &'static str,
}

const GERMAN: Words = Words {
    language: Language::German.tag(),
    spaces: "Ihre Bereiche",
    up: "eine Ebene höher",
    name: "Name",
    size: "Größe",
    changed: "Geändert",
    empty: "Dieser Ordner ist leer.",
    more: "Weitere Einträge sehen Sie, wenn Sie den Ordner als Laufwerk einbinden.",
};

const ENGLISH: Words = Words {
    language: Language::English.tag(),
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
        let words = words(&self.parts.headers);
        Ok(page(words, words.spaces, None, &rows, false))
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
        Ok(page(words(&self.parts.headers), &title, Some(&above), &rows, more))
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

fn words(headers: &HeaderMap) -> &'static Words {
    match Language::preferred(headers) {
        Language::German => &GERMAN,
        Language::English => &ENGLISH,
    }
}

fn page(words: &Words, title: &str, above: Option<&str>, rows: &[Row], more: bool) -> Response<ResponseBody> {
    let mut html = format!("<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n", words.language);
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.push_str("<link rel=\"stylesheet\" href=\"/static/tresor.css\">\n<title>");
    push_text(&mut html, title);
    html.push_str(" · Tresor</title>\n<main>\n<h1>");
    push_text(&mut html, title);
    html.push_str("</h1>\n");
    if let Some(href) = above {
        html.push_str("<p><a href=\"");
        push_attribute_value(&mut html, href);
        html.push_str("\">");
        html.push_str(words.up);
        html.push_str("</a></p>\n");
    }
    if rows.is_empty() {
        html.push_str("<p>");
        html.push_str(words.empty);
        html.push_str("</p>\n");
    } else {
        push_table(&mut html, words, rows);
    }
    if more {
        html.push_str("<p>");
        html.push_str(words.more);
        html.push_str("</p>\n");
    }
    html.push_str("</main>\n");
    let mut response = Response::new(ResponseBody::full(html));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
    let policy =
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn push_table(html: &mut String, words: &Words, rows: &[Row]) {
    html.push_str("<table>\n<thead><tr>");
    for word in [words.name, words.size, words.changed] {
        html.push_str("<th scope=\"col\">");
        html.push_str(word);
        html.push_str("</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr><td><a href=\"");
        push_attribute_value(html, &row.href);
        html.push_str("\">");
        push_text(html, &row.name);
        if row.size.is_none() {
            html.push('/');
        }
        html.push_str("</a></td><td>");
        if let Some(size) = row.size {
            push_text(html, &shown_size(words, size));
        }
        html.push_str("</td><td>");
        html.push_str(&date(words, row.modified));
        html.push_str("</td></tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
}

/// `1,5 MiB` or `1.5 MiB`.
fn shown_size(words: &Words, size: u64) -> String {
    let text = ByteSize(size).to_string();
    if words.language == "de" { text.replace('.', ",") } else { text }
}

/// `21.11.2026, 20:26 UTC` or `21 Nov 2026, 20:26 UTC`.
fn date(words: &Words, time: Timestamp) -> String {
    use time::macros::format_description;
    let Ok(moment) = time::OffsetDateTime::from_unix_timestamp(time.as_secs()) else { return String::new() };
    let text = match words.language {
        "de" => moment.format(format_description!("[day].[month].[year], [hour]:[minute] UTC")),
        _ => moment.format(format_description!("[day] [month repr:short] [year], [hour]:[minute] UTC")),
    };
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        let row = row("<img src=x onerror=alert(1)>\".txt", Some(1), Timestamp(0));
        let mut html = String::new();
        push_table(&mut html, &GERMAN, &[row]);
        assert!(!html.contains("<img"), "{html}");
        assert!(html.contains("href=\"%3Cimg%20src%3Dx"), "{html}");
        assert!(html.contains("01.01.1970, 00:00 UTC"), "{html}");
        assert_eq!(
            (shown_size(&GERMAN, 1536), shown_size(&ENGLISH, 1536)),
            ("1,5 KiB".into(), "1.5 KiB".into())
        );
    }
}
