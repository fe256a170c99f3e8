//! The rights of all people in all spaces, as one table.

use std::collections::BTreeMap;

use http::Response;
use maud::{Markup, html};

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::GrantShown;
use crate::http::page::folder::shown_name;
use crate::http::page::{Width, note, slides};
use crate::model::Right;
use crate::net::ResponseBody;
use crate::text::ServerTexts;

/// Most spaces that the table shows.
const MOST_ROWS: usize = 200;
/// Most people that the table shows.
const MOST_COLUMNS: usize = 40;

impl Office<'_> {
    pub(super) async fn rights(&self, outcome: &Outcome) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = ServerTexts(self.desk.language);
        let (asked, grants) = (self.asked_name(), self.grants(None, None).await?);
        let mut rows: BTreeMap<&str, BTreeMap<&str, &GrantShown>> = BTreeMap::new();
        for grant in grants.iter().filter(|grant| asked.fits(&grant.space)) {
            rows.entry(&grant.space).or_default().insert(&grant.user, grant);
        }
        let mut people: Vec<_> = rows.values().take(MOST_ROWS).flat_map(BTreeMap::keys).copied().collect();
        people.sort_unstable();
        people.dedup();
        let is_cut = rows.len() > MOST_ROWS || people.len() > MOST_COLUMNS;
        people.truncate(MOST_COLUMNS);
        let content = html! {
            (self.trail())
            (self.search(&Address::Rights, &asked))
            @if rows.is_empty() { p { (texts.no_rights()) } } @else {
                @if is_cut { (note(texts.rights_cut())) }
                (slides(self.desk.language, people.len()))
                div.scroll tabindex="0" role="region" aria-label=(texts.rights()) {
                    table.matrix {
                        thead { tr {
                            th scope="col" { (self.texts().space()) }
                            @for name in &people {
                                th scope="col" { a href=(Address::Person((*name).to_owned()).path()) { (shown_name(name)) } }
                            }
                        } }
                        tbody { @for (space, granted) in rows.iter().take(MOST_ROWS) {
                            tr {
                                th scope="row" { a href=(Address::Space((*space).to_owned()).path()) { (shown_name(space)) } }
                                @for name in &people { td { @if let Some(grant) = granted.get(name) { (self.right(grant)) } } }
                            }
                        } }
                    }
                }
            }
        };
        Ok(self.wide_page((Width::Wide, texts.rights()), &Address::Rights, content, outcome))
    }

    fn right(&self, grant: &GrantShown) -> Markup {
        let texts = ServerTexts(self.desk.language);
        html! {
            @if let Some(right) = Right::from_word(&grant.right) { (self.texts().of_right(right)) }
            @if grant.release { small { ", " (texts.releases()) } }
        }
    }
}
