//! The page itself, and the one that shows a device's password once.

use http::{Response, StatusCode};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::devices::{DEVICES, OWN};
use super::{Again, HERE, Outcome, Own};
use crate::admin::{AppPasswordShown, IssuedAppPassword, Reply, Request};
use crate::http::device_pages::has_been_seen;
use crate::http::page::copied::value;
use crate::http::page::folder::shown_name;
use crate::http::page::form::field;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Width, facts, note, problem, qr, success};
use crate::http::reach::Reach;
use crate::http::signed_in;
use crate::model::Role;
use crate::net::ResponseBody;
use crate::text::{AccountTexts, LoginTexts, PasskeyTexts, SignedInTexts};

impl Own<'_> {
    pub(super) async fn page(&self, outcome: Outcome) -> Response<ResponseBody> {
        let (desk, texts) = (&self.desk, self.texts());
        let user = desk.name().to_owned();
        let devices = match desk.ask(Request::AppPasswordList { user }).await {
            Reply::AppPasswords(devices) => devices,
            _ => Vec::new(),
        };
        let user = desk.name().to_owned();
        let sessions = match desk.ask(Request::SessionList { user }).await {
            Reply::Sessions(sessions) => sessions,
            _ => Vec::new(),
        };
        let accounts = &desk.context.services.accounts;
        let row = accounts.user_by_name(&desk.principal().name).await.ok().flatten();
        let has_factor = row.is_some_and(|row| row.has_second_factor);
        let role = texts.of_role(desk.principal().role);
        let typed = match &outcome {
            Outcome::Again(_, Again::Device(label)) => Some(label.as_str()),
            _ => None,
        };
        let content = html! {
            @match &outcome {
                Outcome::Nothing => {},
                Outcome::Removed => (success(texts.removed())),
                Outcome::Saved => (success(texts.saved())),
                Outcome::SignedOut => (success(SignedInTexts(desk.language).ended())),
                Outcome::PasskeyAdded => (success(PasskeyTexts(desk.language).added())),
                Outcome::PasskeyRenamed => (success(PasskeyTexts(desk.language).renamed())),
                Outcome::PasskeyRemoved => (success(PasskeyTexts(desk.language).removed())),
                Outcome::Discarded => (success(texts.discarded())),
                Outcome::Refused(why) | Outcome::Again(why, _) => (problem(why)),
            }
            (facts(&[(texts.user_name(), &shown_name(desk.name())), (texts.role(), role)]))
            (self.devices(&devices, typed))
            (signed_in::list(desk, HERE, &sessions))
            (self.uploads().await)
            (self.reach().await)
            (self.passkeys().await)
            (self.factor_section(has_factor, matches!(outcome, Outcome::Again(_, Again::Codes))))
            (self.password_form(has_factor))
        };
        let is_refused = matches!(outcome, Outcome::Refused(_) | Outcome::Again(..));
        let status = if is_refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let page = desk.page((Width::Narrow, texts.title()), desk.context.address(), content, status);
        self.with_passkeys(page)
    }

    /// The devices, and the form for one more; `typed` is the name in it that was refused.
    fn devices(&self, devices: &[AppPasswordShown], typed: Option<&str>) -> Markup {
        let (desk, texts) = (&self.desk, self.texts());
        html! {
            section {
                h2 { (texts.devices_title()) }
                p { (texts.devices_about()) }
                @if devices.is_empty() { p { (texts.no_devices()) } } @else {
                    ul.items {
                        @for device in devices {
                            li {
                                a href=(format!("{DEVICES}/{}", device.id)) { (shown_name(&device.label)) }
                                p.where { (self.history(device)) }
                                form method="post" action=(HERE) {
                                    (desk.token())
                                    input type="hidden" name="device" value=(device.id);
                                    button.plain name="do" value="remove" { (texts.remove()) }
                                }
                            }
                        }
                    }
                }
                @if has_been_seen(desk, (desk.principal().user, None)) {
                    p { a href=(format!("{DEVICES}/{OWN}")) { (self.device_texts().look_own()) } }
                }
                p { a href=(DEVICES) { (self.device_texts().setup_link()) } }
                details open[typed.is_some()] {
                    summary { (texts.new_device()) }
                    form method="post" action=(HERE) {
                        (desk.token())
                        label {
                            (texts.device_label())
                            input type="text" name="label" value=[typed] required maxlength="100" autocomplete="off";
                        }
                        (self.present_password())
                        button name="do" value="device" { (texts.make_device()) }
                    }
                }
            }
        }
    }

    /// The form about mails to the person; nothing if the settings cannot be read.
    async fn reach(&self) -> Markup {
        let (desk, texts) = (&self.desk, self.texts());
        let (accounts, principal) = (&desk.context.services.accounts, desk.principal());
        let (Ok(people), Ok(users)) = (accounts.people().await, accounts.users().await) else {
            return html! {};
        };
        let contact = people.known_contact(principal.user);
        let named = |user| users.iter().find(|row| row.id == user).map(|row| row.name.clone());
        let substitute = contact.and_then(|contact| contact.substitute);
        let reach = Reach {
            language: contact.map(|contact| contact.language.clone()).unwrap_or_default(),
            notices: contact.map(|contact| contact.notices.as_str().to_owned()).unwrap_or_default(),
            substitute: substitute
                .and_then(|(user, until)| Some((named(user)?, desk.zone.last_day(until).to_string()))),
        };
        let works_here = |role| matches!(role, Role::Staff | Role::Administrator);
        let others = users.iter().filter(|row| {
            row.id != principal.user
                && works_here(row.role)
                && row.disabled.is_none()
                && works_here(principal.role)
        });
        let others: Vec<_> = others.map(|row| row.name.clone()).collect();
        let mail = contact.map(|contact| contact.mail.as_str()).filter(|mail| !mail.is_empty());
        html! {
            section {
                h2 { (texts.reach_title()) }
                p { @match mail { Some(mail) => (texts.reach_at(mail)), None => (texts.reach_nowhere()) } }
                form method="post" action=(HERE) {
                    (desk.token())
                    (reach.fields(desk.language, &others))
                    button.other name="do" value="reach" { (texts.save()) }
                }
            }
        }
    }

    fn history(&self, device: &AppPasswordShown) -> String {
        let (desk, texts) = (&self.desk, self.texts());
        let used = device
            .last_used
            .map_or_else(|| texts.device_unused().to_owned(), |used| texts.device_used(&desk.moment(used.0)));
        let mut words = vec![texts.device_since(&desk.moment(device.created.0)), used];
        words.extend(device.expires.map(|end| texts.device_until(&desk.moment(end.0))));
        words.join(", ")
    }

    fn password_form(&self, has_factor: bool) -> Markup {
        let texts = self.texts();
        let line = |name: &str, label: &str, kind: &str| {
            html! { label { (label) input type="password" name=(name) required autocomplete=(kind); } }
        };
        html! {
            section {
                h2 { (texts.password_title()) }
                form method="post" action=(HERE) {
                    (self.desk.token())
                    (line("present", texts.present_password(), "current-password"))
                    @if has_factor {
                        label {
                            (texts.factor_code())
                            input type="text" name="code" required inputmode="numeric" autocomplete="one-time-code";
                        }
                    }
                    (line("new", texts.new_password(), "new-password"))
                    (line("again", texts.again(), "new-password"))
                    p { (texts.password_about()) }
                    button.other name="do" value="password" { (texts.change_password()) }
                }
            }
        }
    }

    /// Makes a password for a new device, against the person's own.
    pub(super) async fn add_device(&self, form: &[u8]) -> Response<ResponseBody> {
        let (user, label) =
            (self.desk.name().to_owned(), field(form, "label").unwrap_or_default().trim().to_owned());
        let refused = async |why| self.page(Outcome::Again(why, Again::Device(label.clone()))).await;
        if let Err(why) = self.confirmed(form).await {
            return refused(why).await;
        }
        match self.desk.ask(Request::AppPasswordAdd { user, label: label.clone(), days: None }).await {
            Reply::AppPassword(issued) => self.device(&issued),
            Reply::Refused { code, .. } => refused(self.refusal(&code)).await,
            _ => self.page(Outcome::Nothing).await,
        }
    }

    /// The password of a new device, with the values to enter there.
    fn device(&self, issued: &IssuedAppPassword) -> Response<ResponseBody> {
        let (desk, texts) = (&self.desk, self.texts());
        let origin = desk.origin();
        let address = format!("{origin}/dav/");
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        // As the Nextcloud apps read it: https://docs.nextcloud.com, "QR code to log in".
        let scanned =
            format!("nc://login/user:{}&password:{}&server:{origin}", encode(&issued.user), issued.password);
        let line = |label: &str, text: &str| value(desk.language, label, text);
        let content = html! {
            (note(texts.shown_once()))
            (line(texts.address(), &address))
            (line(texts.user_name(), &issued.user))
            (line(texts.password(), &issued.password))
            (qr::picture(&scanned))
            p { (texts.scan()) }
            section {
                h2 { (texts.how_title()) }
                ul {
                    li { (texts.how_finder()) }
                    li { (texts.how_explorer()) }
                    li { (texts.how_nextcloud(&origin)) }
                }
                p { a href=(DEVICES) target="_blank" { (self.device_texts().setup_link()) } }
                p { a href=(format!("{DEVICES}/{}", issued.id)) target="_blank" { (self.device_texts().look()) } }
            }
            p { a.button href=(HERE) { (texts.back()) } }
        };
        let page = desk.page_once((Width::Narrow, texts.device_made()), content, StatusCode::OK);
        with_script(page, Script::Copy)
    }

    pub(super) fn texts(&self) -> AccountTexts {
        AccountTexts(self.desk.language)
    }

    pub(super) fn login_texts(&self) -> LoginTexts {
        LoginTexts(self.desk.language)
    }
}
