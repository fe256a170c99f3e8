//! Carries out the forms.

use http::Response;
use secrecy::ExposeSecret;

use super::address::{Address, HERE};
use super::{Office, Outcome, details, space};
use crate::accounts::random_words;
use crate::admin::{IntakeAsked, Reply, Request, Secret};
use crate::http::page::folder::shown_name;
use crate::http::page::form::{Fields, field};
use crate::http::passkey;
use crate::http::reach;
use crate::http::reply::see_other;
use crate::http::signed_in;
use crate::net::ResponseBody;
use crate::text::RefusalTexts;

/// Groups of letters in a password that is made up.
const GROUPS: usize = 4;

impl Office<'_> {
    /// Carries out the form of a page, and shows the page again with the result.
    pub(super) async fn act(&self, address: &Address, form: &[u8]) -> Response<ResponseBody> {
        let text = |name| field(form, name).unwrap_or_default().trim().to_owned();
        let (action, typed) = (text("do"), Fields::of(form));
        match (address, action.as_str()) {
            (Address::List, "person") => return self.add_person(&text("name"), &text("role"), &typed).await,
            (Address::List, "space") => return self.add_space(form, &typed).await,
            (Address::Person(name), "reset") => return self.reset(name).await,
            (Address::Person(name), "delete") => return self.delete(name, &text("confirm")).await,
            (Address::Space(name), "rename") => return self.rename(name, text("name")).await,
            (Address::NewTemplate, _) => return self.act_on_template(None, form).await,
            (Address::Template(name), _) => return self.act_on_template(Some(name), form).await,
            (Address::Person(_), "give") if text("space").is_empty() => {
                return self.show(address, Outcome::Refused(self.texts().no_space_chosen().into())).await;
            }
            (Address::Space(_), "give") if text("user").is_empty() => {
                return self.show(address, Outcome::Refused(self.texts().no_person_chosen().into())).await;
            }
            _ => {}
        }
        let request = match address {
            Address::State if action == "send-again" => {
                Some(Request::NoticeRetry { id: text("notice").parse().unwrap_or_default() })
            }
            Address::List
            | Address::Logo
            | Address::State
            | Address::Rights
            | Address::Templates
            | Address::NewTemplate
            | Address::Template(_)
            | Address::Device(..) => None,
            Address::Details => match details::asked(form) {
                Some(asked) => Some(Request::OfficeSet(asked)),
                None => return self.no_number(address, &typed).await,
            },
            Address::Person(name) if action == "reach" => {
                let mut request = reach::asked(name, form);
                if let Request::UserSet { mail, .. } = &mut request {
                    *mail = Some(text("mail"));
                }
                Some(request)
            }
            Address::Person(name) => about_person(name, &action, &text),
            Address::Space(name) if action == "settings" => {
                let Some(request) = self.asked(name, form).await else {
                    return self.no_number(address, &typed).await;
                };
                Some(request)
            }
            Address::Space(name) => about_right(&action, text("user"), name.clone(), &text),
        };
        match request {
            Some(request) => self.then(request, address, &typed).await,
            None => self.show(address, Outcome::Nothing).await,
        }
    }

    /// Carries a request out, and shows the page again; after a refusal with what the form said.
    pub(super) async fn then(
        &self,
        request: Request,
        address: &Address,
        typed: &Fields,
    ) -> Response<ResponseBody> {
        match self.desk.ask(request).await {
            Reply::Refused { code, .. } => {
                self.show_again(address, Outcome::refused(self.desk.language, &code), typed).await
            }
            _ => see_other(&format!("{}?done", address.path())),
        }
    }

    /// A form of which a number is none.
    async fn no_number(&self, address: &Address, typed: &Fields) -> Response<ResponseBody> {
        self.show_again(address, Outcome::Refused(self.texts().bad_number().into()), typed).await
    }

    async fn add_person(&self, name: &str, role: &str, typed: &Fields) -> Response<ResponseBody> {
        let password = random_words(GROUPS);
        let secret = Some(Secret::new(password.expose_secret().to_owned()));
        let request = Request::UserAdd { name: name.to_owned(), role: role.to_owned(), password: secret };
        match self.desk.ask(request).await {
            Reply::Refused { code, .. } => {
                let why = RefusalTexts(self.desk.language).of_code(&code);
                let why = self.texts().person_refused(&shown_name(name), why);
                self.show_again(&Address::List, Outcome::Refused(why.into()), typed).await
            }
            _ => self.made_password(name, password.expose_secret()),
        }
    }

    /// Gives a person a password that the server makes up. Not one's own: that takes the present password.
    async fn reset(&self, name: &str) -> Response<ResponseBody> {
        let address = Address::Person(name.to_owned());
        if name == self.desk.name() {
            return self.show(&address, Outcome::refused(self.desk.language, "not-allowed")).await;
        }
        let password = random_words(GROUPS);
        let secret = Secret::new(password.expose_secret().to_owned());
        match self.desk.ask(Request::UserSetPassword { name: name.to_owned(), password: secret }).await {
            Reply::Refused { code, .. } => {
                self.show(&address, Outcome::refused(self.desk.language, &code)).await
            }
            _ => self.made_password(name, password.expose_secret()),
        }
    }

    async fn delete(&self, name: &str, confirmed: &str) -> Response<ResponseBody> {
        let address = Address::Person(name.to_owned());
        if confirmed != name {
            return self.show(&address, Outcome::Refused(self.texts().not_confirmed().into())).await;
        }
        match self.desk.ask(Request::UserRemove { name: name.to_owned() }).await {
            Reply::Refused { code, .. } => {
                self.show(&address, Outcome::refused(self.desk.language, &code)).await
            }
            _ => see_other(&format!("{HERE}?removed")),
        }
    }

    async fn add_space(&self, form: &[u8], typed: &Fields) -> Response<ResponseBody> {
        let name = field(form, "name").unwrap_or_default().trim().to_owned();
        let made = Request::SpaceAdd {
            name: name.clone(),
            kind: field(form, "kind").unwrap_or_default().to_string(),
            quota: None,
            history: None,
            version_days: None,
            trash_days: None,
            intake: IntakeAsked { on: field(form, "intake").map(|_| true), ..IntakeAsked::default() },
            mail: None,
        };
        if let Reply::Refused { code, .. } = self.desk.ask(made).await {
            let why = RefusalTexts(self.desk.language).of_code(&code);
            let why = self.texts().space_refused(&shown_name(&name), why);
            return self.show_again(&Address::List, Outcome::Refused(why.into()), typed).await;
        }
        let space = Address::Space(name.clone());
        if field(form, "mine").is_none() {
            return see_other(&format!("{}?done", space.path()));
        }
        let (user, right) = (self.desk.name().to_owned(), "manage".to_owned());
        let granted = Request::Grant { user, space: name, right, release: false, hold: None };
        self.then(granted, &space, &Fields::default()).await
    }

    async fn rename(&self, name: &str, new_name: String) -> Response<ResponseBody> {
        let renamed = Address::Space(new_name.clone());
        match self.desk.ask(Request::SpaceRename { name: name.to_owned(), new_name }).await {
            Reply::Refused { code, .. } => {
                let outcome = Outcome::refused(self.desk.language, &code);
                self.show(&Address::Space(name.to_owned()), outcome).await
            }
            _ => see_other(&format!("{}?done", renamed.path())),
        }
    }

    async fn asked(&self, name: &str, form: &[u8]) -> Option<Request> {
        let spaces = self.spaces().await.ok()?;
        space::asked(name, form, spaces.iter().find(|space| space.name == name)?)
    }
}

/// A request about a person, except those that answer with more than a sentence.
fn about_person(name: &str, action: &str, text: &impl Fn(&'static str) -> String) -> Option<Request> {
    let name = name.to_owned();
    Some(match action {
        "role" => Request::UserSetRole { name, role: text("role") },
        "enable" => Request::UserEnable { name },
        "disable" => Request::UserDisable { name },
        "factor" => Request::SecondFactorRemove { name },
        "remove-device" => {
            Request::AppPasswordRevoke { user: name, id: text("device").parse().unwrap_or_default() }
        }
        passkey::REMOVE => {
            Request::PasskeyRemove { user: name, id: text(passkey::NUMBER).parse().unwrap_or_default() }
        }
        signed_in::END => Request::SessionEnd { user: name, id: text("session").parse().unwrap_or_default() },
        action => return about_right(action, name, text("space"), text),
    })
}

/// A request about the right of a person in a space.
fn about_right(
    action: &str,
    user: String,
    space: String,
    text: &impl Fn(&'static str) -> String,
) -> Option<Request> {
    match action {
        "give" => {
            let (right, release) = (text("right"), !text("release").is_empty());
            Some(Request::Grant { user, space, right, release, hold: None })
        }
        "take" => Some(Request::Revoke { user, space }),
        _ => None,
    }
}
