//! The password of an encrypted item, which a person sends from its page.

use http::Response;
use maud::{Markup, html};
use secrecy::SecretString;

use super::address::{of_item, of_password};
use super::outcome::{Done, Outcome, Refused, Why};
use super::{Failure, Holding};
use crate::http::page::form::field;
use crate::http::reply::see_other;
use crate::intake::{Hold, IntakeError};
use crate::model::HoldId;
use crate::net::{RequestBody, ResponseBody};

impl Holding<'_> {
    /// Opens an item with the password of a form, and leads back to the page.
    pub(super) async fn give_password(
        &self,
        id: HoldId,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        let form = match self.desk.own_form(&of_item(id), body).await {
            Ok(form) => form,
            Err(refused) => return Ok(refused),
        };
        let password = field(&form, "password").filter(|password| !password.is_empty());
        let why = match password {
            None => Why::NoPassword,
            Some(password) => {
                let password = SecretString::from(password.as_str());
                let by = self.desk.session.principal.stamp(self.desk.context.info.received);
                let intake = &self.desk.context.services.intake;
                match intake.give_password(self.desk.accesses.clone(), id, password, by).await {
                    Ok(_) => return Ok(see_other(&format!("{}?done={}", of_item(id), Done::Opened.word()))),
                    Err(error @ (IntakeError::NoSuchHold | IntakeError::Library(_))) => {
                        return Err(error.into());
                    }
                    Err(error) => Why::Intake(error),
                }
            }
        };
        self.item(id, Outcome::Refused(Refused { why, act: None, reason: String::new() })).await
    }

    /// The form for the password of an item that could be opened with one.
    pub(super) fn password_form(&self, hold: &Hold) -> Markup {
        let texts = self.texts();
        html! {
            @if hold.wants_password {
                section {
                    h2 { (texts.password_title()) }
                    p { (texts.password_about()) }
                    form method="post" action=(of_password(hold.id)) {
                        (self.desk.token())
                        label { (texts.password())
                            input type="password" name="password" autocomplete="off" maxlength="255" required;
                        }
                        button { (texts.password_give()) }
                    }
                }
            }
        }
    }
}
