//! Values that a person enters on devices, and how far the person's own devices come.

use http::{Method, Response, StatusCode};
use maud::{Markup, html};

use super::{HERE, Own};
use crate::admin::{Reply, Request};
use crate::http::desk::nothing;
use crate::http::device_pages::{CERTIFICATE, report, setup};
use crate::http::devices::DeviceKey;
use crate::http::page::Width;
use crate::http::page::folder::shown_name;
use crate::http::page::script::{Script, with_script};
use crate::http::reply::{certificate_file, not_allowed};
use crate::model::AppPasswordId;
use crate::net::ResponseBody;
use crate::text::{DeviceTexts, FilesTexts};

/// The address of the values to enter; a device is below it.
pub(super) const DEVICES: &str = "/account/devices";
/// Below [`DEVICES`]: programs that use the password of the account.
pub(super) const OWN: &str = "own";

/// A page about devices.
#[derive(Debug, PartialEq, Eq)]
enum Address {
    Setup,
    Certificate,
    Device(Option<AppPasswordId>),
}

impl Address {
    fn of(path: &str) -> Option<Self> {
        if path == CERTIFICATE {
            return Some(Self::Certificate);
        }
        let rest = path.strip_prefix(DEVICES)?;
        match rest.strip_prefix('/') {
            None => rest.is_empty().then_some(Self::Setup),
            Some(OWN) => Some(Self::Device(None)),
            Some(id) => Some(Self::Device(Some(AppPasswordId(id.parse().ok()?)))),
        }
    }
}

/// Whether a path is that of a page about devices.
pub(super) fn serves(path: &str) -> bool {
    path.strip_prefix(DEVICES).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Own<'_> {
    /// Answers a request below [`DEVICES`].
    pub(super) async fn about_devices(&self) -> Response<ResponseBody> {
        let texts = self.device_texts();
        if !matches!(self.desk.context.parts.method, Method::GET | Method::HEAD) {
            return not_allowed("GET, HEAD", "Open this address in a browser.\n");
        }
        match Address::of(self.desk.context.path()) {
            Some(Address::Setup) => {
                let page = self.device_page(texts.setup_title(), &setup(&self.desk));
                with_script(page, Script::Copy)
            }
            Some(Address::Certificate) => match self.desk.context.services.health.own_certificate_pem() {
                Some(pem) => certificate_file("tresor.crt", pem),
                None => self.no_device(),
            },
            Some(Address::Device(device)) => self.one_device(device).await,
            None => self.no_device(),
        }
    }

    async fn one_device(&self, device: Option<AppPasswordId>) -> Response<ResponseBody> {
        let (desk, texts) = (&self.desk, self.device_texts());
        let title = match device {
            None => texts.own_password_title().to_owned(),
            Some(id) => match self.label(id).await {
                Some(label) => texts.device_title(&shown_name(&label)),
                None => return self.no_device(),
            },
        };
        let key: DeviceKey = (desk.principal().user, device);
        self.device_page(&title, &report(desk, desk.name(), key))
    }

    /// The name of a device of this person.
    async fn label(&self, id: AppPasswordId) -> Option<String> {
        let user = self.desk.name().to_owned();
        let Reply::AppPasswords(devices) = self.desk.ask(Request::AppPasswordList { user }).await else {
            return None;
        };
        devices.into_iter().find(|device| device.id == id.0).map(|device| device.label)
    }

    fn device_page(&self, title: &str, content: &Markup) -> Response<ResponseBody> {
        let content = html! {
            nav.trail aria-label=(FilesTexts(self.desk.language).path()) { a href=(HERE) { (self.texts().title()) } }
            (content)
        };
        self.desk.page((Width::Narrow, title), self.desk.context.path(), content, StatusCode::OK)
    }

    fn no_device(&self) -> Response<ResponseBody> {
        nothing(self.desk.language, &self.desk.bar(HERE))
    }

    pub(super) fn device_texts(&self) -> DeviceTexts {
        DeviceTexts(self.desk.language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_page() {
        for (path, address) in [
            ("/account/devices", Some(Address::Setup)),
            ("/account/devices/certificate", Some(Address::Certificate)),
            ("/account/devices/own", Some(Address::Device(None))),
            ("/account/devices/12", Some(Address::Device(Some(AppPasswordId(12))))),
            ("/account/devices/", None),
            ("/account/devices/x", None),
            ("/account/devices/1/2", None),
        ] {
            assert_eq!(Address::of(path), address, "{path}");
            assert!(serves(path), "{path}");
        }
        assert!(!serves("/account/devicesx"));
    }
}
