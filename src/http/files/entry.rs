//! The page about an entry: facts, other names and places, earlier versions.

use http::Response;
use maud::{Markup, html};

use super::outcome::Outcome;
use super::{Cabinet, Failure, Spot};
use crate::http::page::{facts, note};
use crate::http::version;
use crate::intake::ViewKind;
use crate::library::{Entry, Version};
use crate::model::{VersionId, VersionState};
use crate::net::ResponseBody;
use crate::text::{BrowseTexts, ViewTexts};

impl Cabinet<'_> {
    /// The page about an entry that is not the top folder of a space.
    pub(super) async fn about(
        &self,
        spot: &Spot,
        entry: &Entry,
        outcome: &Outcome,
    ) -> Result<Response<ResponseBody>, Failure> {
        let (texts, columns) = (self.texts(), BrowseTexts(self.desk.language));
        let here = spot.about(entry.is_folder());
        let versions = match entry.is_folder() {
            true => Vec::new(),
            false => self.desk.context.services.library.versions(&spot.access, &spot.path).await?,
        };
        let (size, changed) = (self.desk.language.size(entry.size), self.desk.moment(entry.modified));
        let created = self.desk.moment(entry.created);
        let rows =
            [(columns.size(), size.as_str()), (columns.changed(), &changed), (texts.created(), &created)];
        let content = html! {
            (self.trail(spot, true))
            (self.above(outcome))
            (facts(&rows))
            @if !entry.is_readable {
                (note(texts.checked()))
            } @else if entry.is_folder() {
                p { a.button href=(spot.address(true)) { (texts.open()) } }
            } @else {
                p { a.button href=(spot.view(1)) { (ViewTexts(self.desk.language).view()) } }
                p { a.button.other href=(spot.address(false)) download { (texts.download()) } }
            }
            p { (self.link_here(spot, entry.is_folder())) }
            (self.to_history(spot, entry.is_folder()))
            @if spot.may_write() { (self.changes(spot, &here, outcome).await?) }
            @if !entry.is_folder() { (self.versions(spot, &versions)) }
        };
        Ok(self.page(&spot.name(), &here, content, outcome.status()))
    }

    async fn changes(&self, spot: &Spot, here: &str, outcome: &Outcome) -> Result<Markup, Failure> {
        let (texts, typed) = (self.texts(), &outcome.typed);
        let own = spot.path.names().last().map_or("", |name| name.as_str());
        let name = if typed.name.is_empty() { own } else { &typed.name };
        Ok(html! {
            details open[!typed.name.is_empty()] {
                summary { (texts.rename_title()) }
                form method="post" action=(here) {
                    (self.desk.token())
                    label { (texts.new_name()) input type="text" name="name" value=(name) required autocomplete="off"; }
                    button.other name="do" value="rename" { (texts.rename()) }
                }
            }
            details open[!typed.space.is_empty()] {
                summary { (texts.relocate_title()) }
                form method="post" action=(here) {
                    (self.desk.token())
                    (self.destination(spot, outcome).await?)
                }
            }
            details {
                summary { (texts.delete()) }
                form method="post" action=(here) {
                    (self.desk.token())
                    p { (texts.delete_about()) }
                    button.other name="do" value="delete" { (texts.delete()) }
                }
            }
        })
    }

    fn versions(&self, spot: &Spot, versions: &[Version]) -> Markup {
        let (texts, views) = (self.texts(), ViewTexts(self.desk.language));
        let here = spot.about(false);
        let is_viewed = ViewKind::is_likely(&spot.name());
        let earlier = || versions.iter().filter(|version| version.replaced.is_some());
        html! {
            section {
                h2 { (texts.versions_title()) }
                @if earlier().next().is_none() { p { (texts.versions_none()) } } @else {
                    p { (texts.restore_about()) }
                    ul.items {
                        @for kept in earlier() {
                            li {
                                (texts.version_of(&self.desk.moment(kept.created), &self.desk.language.size(kept.size)))
                                @if kept.state != VersionState::Visible { p.state { (texts.version_withheld()) } }
                                @else {
                                    @let when = self.desk.moment(kept.created);
                                    p {
                                        @if is_viewed {
                                            a href=(format!("{}{}", spot.view(1), version::part('&', Some(kept.id))))
                                                aria-label=(texts.view_version(&when)) { (views.view()) }
                                            " "
                                        }
                                        a href=(spot.version(kept.id)) download aria-label=(texts.download_version(&when)) { (texts.download()) }
                                    }
                                    @if spot.may_write() { (self.restoring(&here, kept.id)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The form that makes an earlier version the present one.
    pub(super) fn restoring(&self, about: &str, version: VersionId) -> Markup {
        html! {
            form method="post" action=(about) {
                (self.desk.token())
                input type="hidden" name="version" value=(version);
                button.plain name="do" value="restore" { (self.texts().restore()) }
            }
        }
    }
}
