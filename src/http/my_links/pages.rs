//! The list of a user's links, and the page of one.

use std::collections::HashMap;
use std::time::Duration;

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::limits::AskedLimits;
use super::made::Asked;
use super::refused::Refused;
use super::{Failure, LIST, MyLinks, Outcome};
use crate::http::page::bar::bar;
use crate::http::page::copied;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Page, Width, known_facts, problem, qr, success};
use crate::http::refusal::Refusal;
use crate::http::viewer;
use crate::intake::ViewKind;
use crate::model::{EntryName, EntryPath, HandInFileId, LinkId, LinkRight, Role, Shown, Timestamp};
use crate::net::ResponseBody;
use crate::sharing::{Download, HandIn, HandInFile, HandInFileState, Link, LinkError, LinkUse, Shared};
use crate::text::{HandInTexts, ViewTexts};

/// Lines of the field with the text of a mail, of which some are wrapped.
const MAIL_ROWS: u8 = 16;
/// Time before the end of a link from which its state says so.
const ENDS_SOON: Duration = Duration::from_hours(7 * 24);

impl MyLinks<'_> {
    /// The list, with the form of a new link.
    pub(super) async fn list(
        &self,
        outcome: Outcome,
        refused: Option<(&Asked, Refused)>,
        status: StatusCode,
    ) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.texts();
        let mut links = self.desk.context.services.sharing.links(self.desk.principal()).await?;
        let uses = self.desk.context.services.sharing.uses_of_links(self.desk.principal()).await?;
        // The link through which something came last is first.
        let active = |shared: &Shared| {
            let last = uses.get(&shared.link.id).map(|used| used.last).max(shared.link.fetched);
            last.map_or(shared.link.created, |last| last.max(shared.link.created))
        };
        links.sort_by_key(|shared| std::cmp::Reverse((active(shared), shared.link.id.0)));
        let own_box = links.iter().find(|shared| shared.link.terms.is_box);
        let about = Asked::about(self.desk.context.parts.uri.query().unwrap_or_default().as_bytes());
        let is_open = refused.is_some() || about.is_some() || links.is_empty();
        let fresh = about.unwrap_or_else(Asked::fresh);
        let asked = refused.as_ref().map_or(&fresh, |(asked, _)| *asked);
        let content = html! {
            @if outcome == Outcome::Ended { (success(texts.ended())) }
            p { (texts.about()) }
            @if let Some((_, refused)) = &refused {
                (problem(&format!("{} {}", texts.not_made(), self.reason(asked, refused))))
            }
            @if !self.desk.person().makes_links {
                p { (if self.spaces.is_empty() { texts.no_spaces() } else { texts.clients_make_none() }) }
            } @else {
                details open[is_open] {
                    summary { (texts.new_link()) }
                    (self.form(asked))
                }
                (self.own_box(own_box, asked))
            }
            @if links.is_empty() { p { (texts.none()) } } @else {
                ul.items {
                    @for shared in &links {
                        li {
                            a href={ (LIST) "/" (shared.link.id) } { (self.name(shared)) }
                            p.where { (self.target(shared)) }
                            p { (self.state(&shared.link, uses.get(&shared.link.id))) }
                        }
                    }
                }
            }
        };
        Ok(self.page(texts.title(), content, status))
    }

    /// The page of a link: its address, its hand-ins, and the actions on it.
    pub(super) async fn link(
        &self,
        id: LinkId,
        outcome: Outcome,
        refused: Option<Refused>,
    ) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.texts();
        let status = if refused.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let sharing = &self.desk.context.services.sharing;
        let shared = sharing.link(self.desk.principal(), id).await?;
        let hand_ins = sharing.hand_ins_of(self.desk.principal(), id).await?;
        let places = match shared.link.right {
            LinkRight::Add => sharing.places_of_files(&self.desk.accesses, id).await?,
            _ => HashMap::new(),
        };
        let downloads = sharing.downloads_of(self.desk.principal(), id).await?;
        let uses = sharing.uses_of_links(self.desk.principal()).await?;
        let link = &shared.link;
        let address = self.address_of(link);
        let state = self.state(link, uses.get(&id));
        let deadline = link.terms.deadline.map(|at| self.last_day(at));
        let until = link.expires.map(|at| self.last_day(at));
        let rows = [
            (texts.state(), Some(state)),
            (texts.conditions(), self.conditions(link)),
            (texts.note(), Some(Shown(&link.note).to_string()).filter(|note| !note.is_empty())),
            (texts.deadline(), deadline),
            (texts.until(), until),
        ];
        let (takes, language) = (link.right == LinkRight::Add, self.desk.language);
        let content = html! {
            @match outcome {
                Outcome::Made => (success(texts.made())),
                Outcome::Extended => (success(texts.extended())),
                Outcome::Changed => (success(texts.changed())),
                Outcome::Nothing | Outcome::Ended => {},
            }
            @if let Some(refused) = &refused { (problem(&self.reason(&Asked::default(), refused))) }
            dl {
                dt { (texts.target()) ":" }
                dd { (self.to_target(&shared)) }
            }
            (known_facts(&rows))
            section {
                (copied::value(language, texts.address(), &address))
                (qr::picture(&address))
                @if link.terms.is_box {
                    p { (texts.box_about()) }
                    (copied::text(language, texts.signature(), &texts.signature_text(&address), (2, language)))
                } @else {
                    (copied::text(language, texts.mail(), &self.mail(link, &address), (MAIL_ROWS, language)))
                }
                @if link.has_password { p { (texts.password_apart()) } }
                @if let Some(address) = &link.terms.code_to { p { (texts.code_goes_to(address)) } }
            }
            @if takes {
                section {
                    h2 { (texts.hand_ins()) }
                    @if hand_ins.is_empty() { p { (texts.no_hand_ins()) } } @else {
                        ul.items { @for hand_in in &hand_ins { (self.hand_in(link, hand_in, &places)) } }
                    }
                }
            }
            @if link.counts_downloads() || !downloads.is_empty() {
                section {
                    h2 { (texts.fetched()) }
                    @if downloads.is_empty() { p { (texts.none_fetched()) } } @else {
                        ul.items { @for download in &downloads { (self.download(id, download)) } }
                    }
                }
            }
            (self.actions(link))
        };
        Ok(with_script(self.page(&self.name(&shared), content, status), Script::Copy))
    }

    fn form(&self, asked: &Asked) -> Markup {
        let texts = self.texts();
        let check = |name: &str, words: &str, is_set: bool| {
            html! { label.check { input type="checkbox" name=(name) value="yes" checked[is_set]; span { (words) } } }
        };
        html! {
            form method="post" action=(LIST) {
                (self.desk.token())
                (self.place(asked, "folder-about"))
                label { (texts.purpose())
                    select name="can" {
                        option value="add" selected[!asked.shows] { (texts.take()) }
                        option value="read" selected[asked.shows] { (texts.show()) }
                    }
                }
                label { (texts.label()) input type="text" name="label" maxlength="255" value=(asked.label); }
                label { (texts.note()) textarea name="note" rows="3" maxlength="4000" { (asked.note) } }
                label { (texts.until_usual()) input type="date" name="until" value=(asked.until); }
                fieldset.group {
                    legend { (texts.for_taking()) }
                    label { (texts.deadline()) input type="date" name="deadline" value=(asked.deadline); }
                    (check("once", texts.once(), asked.once))
                    (check("own-folder", texts.own_folder(), asked.own_folder))
                    details open[!asked.hand_ins.is_empty() || !asked.limits.are_empty()] {
                        summary { (texts.limits()) }
                        label { (texts.most_hand_ins())
                            input type="number" name="hand-ins" min="1" max="1000000" inputmode="numeric" value=(asked.hand_ins);
                        }
                        (asked.limits.fields(texts))
                    }
                }
                fieldset.group {
                    legend { (texts.for_showing()) }
                    label { (texts.downloads())
                        input type="number" name="downloads" min="1" max="1000000" inputmode="numeric" value=(asked.downloads);
                    }
                }
                label { (texts.password()) input type="text" name="password" autocomplete="off" autocapitalize="none" spellcheck="false"; }
                (check("guest-chooses", texts.guest_chooses(), asked.guest_chooses))
                @if self.desk.context.services.sharing.sends_mails() == Some(true) {
                    label { (texts.code_to()) input type="email" name="code-to" maxlength="200" autocomplete="off" value=(asked.code_to); }
                }
                button { (texts.make()) }
            }
        }
    }

    /// The permanent link of a member of staff, or the form that makes it.
    fn own_box(&self, own: Option<&Shared>, asked: &Asked) -> Markup {
        let texts = self.texts();
        let works_here = matches!(self.desk.principal().role, Role::Staff | Role::Administrator);
        html! {
            @match own {
                Some(shared) => p { a href={ (LIST) "/" (shared.link.id) } { (texts.your_box()) } },
                None if works_here => details open[asked.is_box] {
                    summary { (texts.make_box()) }
                    p { (texts.box_about()) }
                    form method="post" action=(LIST) {
                        (self.desk.token())
                        input type="hidden" name="box" value="yes";
                        (self.place(asked, "box-folder-about"))
                        label { (texts.note()) textarea name="note" rows="3" maxlength="4000" { (asked.note) } }
                        button { (texts.make_box()) }
                    }
                },
                None => {},
            }
        }
    }

    /// The fields for a space and a folder in it, which `about` explains.
    fn place(&self, asked: &Asked, about: &str) -> Markup {
        let texts = self.texts();
        html! {
            label { (texts.space())
                select name="space" required {
                    @for (space, _) in &self.spaces {
                        option selected[space.name == asked.space] { (space.name) }
                    }
                }
            }
            label { (texts.folder())
                input type="text" name="folder" value=(asked.folder) aria-describedby=(about);
            }
            p id=(about) { (texts.folder_about()) }
        }
    }

    fn actions(&self, link: &Link) -> Markup {
        let texts = self.texts();
        let here = format!("{LIST}/{}", link.id);
        html! {
            details {
                summary { (texts.change()) }
                form method="post" action=(here) {
                    (self.desk.token())
                    input type="hidden" name="do" value="change";
                    label { (texts.label()) input type="text" name="label" maxlength="255" value=(link.label); }
                    label { (texts.note()) textarea name="note" rows="3" maxlength="4000" { (link.note) } }
                    @if link.right == LinkRight::Add { (AskedLimits::kept(&link.terms).fields(texts)) }
                    button { (texts.keep()) }
                }
            }
            @if !link.terms.is_box {
                details {
                    summary { (texts.extend()) }
                    p { (texts.extend_about()) }
                    form method="post" action=(here) {
                        (self.desk.token())
                        input type="hidden" name="do" value="extend";
                        label { (texts.until()) input type="date" name="until" required; }
                        button { (texts.extend()) }
                    }
                }
            }
            details {
                summary { (texts.end()) }
                p { (texts.end_about()) }
                form method="post" action=(here) {
                    (self.desk.token())
                    input type="hidden" name="do" value="end";
                    button.other { (texts.end()) }
                }
            }
        }
    }

    fn hand_in(&self, link: &Link, hand_in: &HandIn, places: &HashMap<HandInFileId, EntryPath>) -> Markup {
        let (texts, views) = (self.texts(), ViewTexts(self.desk.language));
        let space = self.spaces.iter().find(|(space, _)| space.id == link.space);
        let space = space.and_then(|(space, _)| EntryName::parse(&space.name).ok());
        let address = |file: &HandInFile| {
            let path = places
                .get(&file.id)
                .filter(|path| path.names().last().is_some_and(|name| ViewKind::is_likely(name.as_str())))?;
            Some(format!("{}?view", viewer::address_of(space.as_ref()?, path)))
        };
        let (count, bytes) = hand_in.extent();
        let state = match hand_in.finished.map(|at| self.desk.moment(at)) {
            None => texts.under_way().to_owned(),
            Some(when) if !hand_in.is_complete => texts.closed(&when),
            Some(when) if hand_in.is_late => texts.finished_late(&when),
            Some(when) => texts.finished(&when),
        };
        let name = texts.hand_in(hand_in.id.0, &Shown(&hand_in.name).to_string());
        html! {
            li {
                span.state { (name.trim()) }
                p { (state) ", " (self.desk.language.files(count, bytes)) }
                ul { @for file in hand_in.files.iter().filter(|file| file.state != HandInFileState::Withdrawn) { li {
                    (Shown(&file.path))
                    @if let HandInFileState::Refused(word) = &file.state {
                        ": " (HandInTexts(self.desk.language).refused(Refusal::of_word(word).sentence(self.desk.language)))
                    }
                    @if let Some(address) = address(file) {
                        " " a href=(address) aria-label=(views.view_file(&Shown(&file.path).to_string())) { (views.view()) }
                    }
                } } }
                @if hand_in.finished.is_some() {
                    p { a href={ (LIST) "/" (link.id) "/receipt/" (hand_in.id) } { (texts.receipt()) } }
                }
            }
        }
    }

    fn download(&self, link: LinkId, download: &Download) -> Markup {
        let texts = self.texts();
        let (when, size) = (self.desk.moment(download.completed), self.desk.language.size(download.size));
        html! {
            li {
                span.state { (texts.download(download.id.0, &when, &size)) }
                p { (Shown(&download.path)) @if !download.label.is_empty() { " – " (Shown(&download.label)) } }
                p { a href={ (LIST) "/" (link) "/download/" (download.id) } { (texts.proof()) } }
            }
        }
    }

    /// The text that a user sends along with an address.
    fn mail(&self, link: &Link, address: &str) -> String {
        let texts = self.texts();
        let office = if self.office.name.is_empty() { texts.our_office() } else { &self.office.name };
        let password = (link.has_password && !link.terms.guest_chooses).then(|| texts.mail_password());
        let address = &password.map_or_else(|| address.to_owned(), |words| format!("{address}\n\n{words}"));
        if link.right != LinkRight::Add {
            return texts.mail_show(office, address);
        }
        // The address of the link stands in a line of its own.
        let by = link.terms.deadline.map(|at| texts.mail_by(&self.last_day(at)));
        let address = by.map_or_else(|| address.clone(), |by| format!("{address}\n\n{by}"));
        texts.mail_take(office, &address)
    }

    fn state(&self, link: &Link, used: Option<&LinkUse>) -> String {
        let texts = self.texts();
        let state = if link.terms.uses.is_some_and(|most| link.uses >= most) {
            texts.used_up()
        } else if link.has_expired(self.desk.context.info.received) {
            texts.expired()
        } else {
            texts.open()
        };
        let opened =
            link.opened.map_or_else(|| texts.never_opened().to_owned(), |at| texts.opened(&self.recent(at)));
        let mut words = vec![state.to_owned(), opened];
        words.extend(used.and_then(|used| self.handed_in(link, used)));
        words.extend(self.fetched(link, used));
        words.extend(self.ends(link));
        words.join(", ")
    }

    /// How much was handed in through a link, and when last.
    fn handed_in(&self, link: &Link, used: &LinkUse) -> Option<String> {
        let (texts, when) = (self.texts(), self.recent(used.last));
        (link.right == LinkRight::Add).then(|| match used.count {
            1 => texts.handed_in_once(&when),
            count => texts.handed_in(count, &when),
        })
    }

    /// How much was fetched through a link that shows files and was opened.
    fn fetched(&self, link: &Link, used: Option<&LinkUse>) -> Option<String> {
        let texts = self.texts();
        link.opened.filter(|_| link.right != LinkRight::Add)?;
        Some(match (link.terms.uses, link.fetched) {
            (Some(most), _) => {
                let last = used.map(|used| format!(", {}", texts.fetched_at(&self.recent(used.last))));
                texts.fetched_times(link.uses, most) + &last.unwrap_or_default()
            }
            (None, Some(at)) => texts.fetched_at(&self.recent(at)),
            (None, None) => texts.never_fetched().to_owned(),
        })
    }

    /// A time in words, in short for today.
    fn recent(&self, time: Timestamp) -> String {
        self.desk.language.recent(&self.desk.zone, time, self.desk.context.info.received)
    }

    /// That an open link ends within the next days.
    fn ends(&self, link: &Link) -> Option<String> {
        let (texts, now) = (self.texts(), self.desk.context.info.received);
        let end = link.expires.filter(|end| now < *end && end.since(now) <= ENDS_SOON)?;
        let zone = &self.office.zone;
        let days = zone.day(now).days_until(zone.last_day(end));
        Some(match days {
            ..=0 => texts.ends_today().to_owned(),
            1 => texts.ends_tomorrow().to_owned(),
            days => texts.ends_in(days),
        })
    }

    /// What a link takes or gives, and how often.
    fn conditions(&self, link: &Link) -> Option<String> {
        let (texts, guest, terms) = (self.texts(), HandInTexts(self.desk.language), &link.terms);
        let takes = link.right == LinkRight::Add;
        let types = terms.types.iter().map(|ending| ending.to_uppercase()).collect::<Vec<_>>().join(", ");
        let all = [
            (takes && terms.uses == Some(1)).then(|| texts.once().to_owned()),
            terms.uses.filter(|_| !takes).map(|most| texts.conditions_downloads(most)),
            (takes && terms.own_folder).then(|| texts.own_folder().to_owned()),
            Some(types).filter(|types| !types.is_empty()),
            terms.files.map(|most| guest.most_files(most)),
            terms.bytes.map(|most| guest.most_bytes(&self.desk.language.size(most))),
        ];
        let all = all.into_iter().flatten().collect::<Vec<_>>();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// The target, which leads to its page.
    fn to_target(&self, shared: &Shared) -> Markup {
        let space = self.spaces.iter().find(|(space, _)| space.id == shared.link.space);
        let space = space.and_then(|(space, _)| EntryName::parse(&space.name).ok());
        let target = self.target(shared);
        let is_folder = shared.entry.is_folder();
        html! {
            @match space {
                Some(space) => a href=(viewer::page_address(&space, &shared.path, is_folder)) { (target) },
                None => (target),
            }
        }
    }

    fn target(&self, shared: &Shared) -> String {
        let space = self.spaces.iter().find(|(space, _)| space.id == shared.link.space);
        let space = space.map(|(space, _)| space.name.as_str()).unwrap_or_default();
        Shown(&format!("{space}{}", shared.path)).to_string().trim_end_matches('/').to_owned()
    }

    fn address_of(&self, link: &Link) -> String {
        format!("{}{}", self.desk.origin(), link.url_path())
    }

    fn reason(&self, asked: &Asked, refused: &Refused) -> String {
        let texts = self.texts();
        let words = match refused {
            Refused::Missing => {
                let name = Shown(asked.folder.trim().trim_matches('/')).to_string();
                return texts.missing(&name, &Shown(&asked.space).to_string());
            }
            Refused::BadName => texts.bad_name(),
            Refused::OnlyForShowing => texts.only_for_showing(),
            Refused::BadNumber => texts.bad_number(),
            Refused::OnlyForTaking => texts.only_for_taking(),
            Refused::BadCount => texts.bad_count(),
            Refused::BadSize => texts.bad_size(),
            Refused::BadTypes => texts.bad_types(),
            Refused::BadDate | Refused::Link(LinkError::ExpiryInPast) => texts.bad_date(),
            Refused::Link(error) => match error {
                LinkError::ClientsMakeNone => texts.clients_make_none(),
                LinkError::NotAFolder => texts.not_a_folder(),
                LinkError::WeakPassword(_) => texts.weak_password(),
                LinkError::TermsWithoutHandIn => texts.terms(),
                LinkError::EndsBeforeDeadline => texts.ends_early(),
                LinkError::TwoPasswords => texts.two_passwords(),
                LinkError::HasBox => texts.has_box(),
                LinkError::NoMails => texts.no_mails(),
                LinkError::CodeAddress => texts.bad_code_address(),
                LinkError::BoxForStaff | LinkError::NotForBox => texts.not_for_box(),
                LinkError::TooMany => texts.too_many(),
                LinkError::Text => texts.bad_text(),
                _ => texts.failed(),
            },
        };
        words.to_owned()
    }

    /// The user's name for a link, or the name of its target: of a top folder, that of the space.
    fn name(&self, shared: &Shared) -> String {
        match [&shared.link.label, &shared.entry.name].into_iter().find(|name| !name.is_empty()) {
            Some(name) => Shown(name).to_string(),
            None => self.target(shared),
        }
    }

    fn last_day(&self, end: Timestamp) -> String {
        self.desk.language.day(self.office.zone.last_day(end))
    }

    fn page(&self, title: &str, content: Markup, status: StatusCode) -> Response<ResponseBody> {
        let bar = bar(self.desk.language, self.desk.context.address(), Some(&self.desk.person()));
        Page { language: self.desk.language, width: Width::Narrow, title, content }.below(&bar, status)
    }
}
