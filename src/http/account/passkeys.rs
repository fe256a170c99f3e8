//! A person's own passkeys: adding one takes the password and then the browser's own dialog.

use http::{Response, StatusCode};
use maud::{Markup, html};
use secrecy::SecretString;

use super::{HERE, Outcome, Own};
use crate::accounts::{BeginPasskeyError, NoPasskeys, PasskeySite};
use crate::admin::{Reply, Request};
use crate::http::page::Width;
use crate::http::page::form::field;
use crate::http::page::script::{Script, with_script};
use crate::http::passkey::{self, ANSWER, Ceremony};
use crate::http::reply::see_other;
use crate::http::user_agent;
use crate::model::{PasskeyId, Role};
use crate::net::ResponseBody;
use crate::text::PasskeyTexts;

/// The value of `do` of the form with name and password.
pub(super) const BEGIN: &str = "passkey";
/// The value of `do` of the form with the browser's answer.
pub(super) const ADD: &str = "passkey-made";

impl Own<'_> {
    /// The list, and the form for one more. Nothing where passkeys do not work and the person can do nothing about it.
    pub(super) async fn passkeys(&self) -> Markup {
        let (desk, texts) = (&self.desk, PasskeyTexts(self.desk.language));
        let user = desk.name().to_owned();
        let passkeys = match desk.ask(Request::PasskeyList { user }).await {
            Reply::Passkeys(passkeys) => passkeys,
            _ => Vec::new(),
        };
        let works_here = matches!(desk.principal().role, Role::Staff | Role::Administrator);
        let site = passkey::site(desk.context);
        if passkeys.is_empty() && matches!(site, Err(NoPasskeys::NoName)) && !works_here {
            return html! {};
        }
        html! {
            section {
                h2 { (texts.title()) }
                p { (texts.about()) }
                (passkey::list(desk, HERE, &passkeys, passkey::Owner::Own))
                @match &site {
                    Ok(_) => (self.add_form()),
                    Err(NoPasskeys::NoName) => @if works_here { p { (texts.no_name()) } },
                    Err(NoPasskeys::Elsewhere(address)) => p { (texts.elsewhere(address)) },
                }
            }
        }
    }

    /// Lets a page carry the script that offers passkeys, where they work.
    pub(super) fn with_passkeys(&self, page: Response<ResponseBody>) -> Response<ResponseBody> {
        match passkey::site(self.desk.context) {
            Ok(_) => with_script(page, Script::Passkey),
            Err(_) => page,
        }
    }

    fn add_form(&self) -> Markup {
        let (desk, texts) = (&self.desk, PasskeyTexts(self.desk.language));
        let suggested = user_agent::browser(&desk.context.parts.headers);
        html! {
            p data-passkey-none { (texts.no_script()) }
            details data-passkey-only hidden {
                summary { (texts.add()) }
                form method="post" action=(HERE) {
                    (desk.token())
                    input type="text" name="user" value=(desk.name()) autocomplete="username" hidden;
                    label {
                        (texts.label())
                        input type="text" name="label" value=(suggested) required maxlength="100" autocomplete="off";
                    }
                    label {
                        (texts.confirm())
                        input type="password" name="present" required autocomplete="current-password";
                    }
                    button.other name="do" value=(BEGIN) { (texts.go_on()) }
                }
            }
        }
    }

    /// The page on which the browser makes the passkey, against the present password.
    pub(super) async fn begin_passkey(&self, form: &[u8]) -> Response<ResponseBody> {
        let (desk, texts) = (&self.desk, PasskeyTexts(self.desk.language));
        let site = match self.site() {
            Ok(site) => site,
            Err(outcome) => return self.page(outcome).await,
        };
        let password = SecretString::from(field(form, "present").unwrap_or_default().as_str());
        let (accounts, info) = (&desk.context.services.accounts, desk.context.info);
        let by = (info.peer, info.received);
        let options = match accounts.begin_passkey(&site, &desk.session, password, by).await {
            Ok(options) => options,
            Err(BeginPasskeyError::TooMany) => {
                return self.page(Outcome::Refused(self.refusal("too-many-passkeys"))).await;
            }
            Err(BeginPasskeyError::Password(error)) => {
                return self.page(Outcome::Refused(self.not_confirmed(&error))).await;
            }
        };
        let label = field(form, "label").unwrap_or_default();
        let fields = html! { (desk.token()) input type="hidden" name="label" value=(*label); };
        let button = html! { button name="do" value=(ADD) { (texts.make()) } };
        let content = html! {
            p data-passkey-none { (texts.no_script()) }
            div data-passkey-only hidden { p { (texts.make_about()) } }
            (passkey::form(desk.language, HERE, &Ceremony::Make(&options), &fields, &button))
            p { a.button.other href=(HERE) { (self.texts().back()) } }
        };
        let page = desk.page((Width::Narrow, texts.make_title()), HERE, content, StatusCode::OK);
        self.with_passkeys(page)
    }

    /// Adds the passkey that the browser made.
    pub(super) async fn add_passkey(&self, form: &[u8]) -> Response<ResponseBody> {
        let desk = &self.desk;
        let site = match self.site() {
            Ok(site) => site,
            Err(outcome) => return self.page(outcome).await,
        };
        let (label, answer) =
            (field(form, "label").unwrap_or_default(), field(form, ANSWER).unwrap_or_default());
        let by = desk.principal().stamp(desk.context.info.received);
        let accounts = &desk.context.services.accounts;
        match accounts.add_passkey(&site, &desk.session, (label.as_str(), answer.as_str()), by).await {
            Ok(_) => see_other(&format!("{HERE}?passkey-added")),
            Err(error) => self.page(Outcome::Refused(self.refusal(error.code()))).await,
        }
    }

    /// Gives a passkey another name.
    pub(super) async fn rename_passkey(&self, form: &[u8]) -> Response<ResponseBody> {
        let desk = &self.desk;
        let id = field(form, passkey::NUMBER).and_then(|number| number.parse().ok()).unwrap_or_default();
        let label = field(form, passkey::LABEL).unwrap_or_default();
        let by = desk.principal().stamp(desk.context.info.received);
        let accounts = &desk.context.services.accounts;
        match accounts.rename_passkey(desk.principal().user, PasskeyId(id), &label, by).await {
            Ok(()) => see_other(&format!("{HERE}?passkey-renamed")),
            Err(error) => self.page(Outcome::Refused(self.refusal(error.code()))).await,
        }
    }

    fn site(&self) -> Result<PasskeySite, Outcome> {
        let texts = PasskeyTexts(self.desk.language);
        passkey::site(self.desk.context).map_err(|none| {
            Outcome::Refused(match none {
                NoPasskeys::NoName => texts.no_name().into(),
                NoPasskeys::Elsewhere(address) => texts.elsewhere(&address).into(),
            })
        })
    }
}
