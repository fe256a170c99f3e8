//! How far a device of a person comes, for the administrator whom that person calls.

use http::Response;
use maud::html;

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{Reply, Request};
use crate::http::device_pages::report;
use crate::http::page::folder::shown_name;
use crate::model::AppPasswordId;
use crate::net::ResponseBody;
use crate::text::DeviceTexts;

impl Office<'_> {
    pub(super) async fn device(
        &self,
        person: &str,
        id: i64,
        outcome: &Outcome,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = DeviceTexts(self.desk.language);
        let accounts = &self.desk.context.services.accounts;
        let request = Request::AppPasswordList { user: person.to_owned() };
        let Reply::AppPasswords(devices) = self.desk.ask(request).await else { return Ok(self.nothing()) };
        let users = accounts.users().await.map_err(|_| Unavailable { code: String::new() })?;
        let (Some(user), Some(device)) =
            (users.iter().find(|user| user.name == person), devices.iter().find(|device| device.id == id))
        else {
            return Ok(self.nothing());
        };
        let here = Address::Device(person.to_owned(), id);
        let content = html! {
            (self.trail())
            (report(&self.desk, person, (user.id, Some(AppPasswordId(id)))))
            p { a href=(Address::Person(person.to_owned()).path()) { (texts.back_to_person()) } }
        };
        Ok(self.page(&texts.device_title(&shown_name(&device.label)), &here, content, outcome))
    }
}
