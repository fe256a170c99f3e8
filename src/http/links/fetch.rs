//! The button of a link that counts its downloads.

use http::Response;

use super::LinkRequest;
use super::pages;
use crate::http::protocol::href::push_encoded;
use crate::http::reply::see_other;
use crate::model::Right;
use crate::net::ResponseBody;

impl LinkRequest<'_> {
    /// Begins a download, and sends the browser to the address of its lease. Programs that fetch in its place keep no
    /// cookies, so the address alone is enough.
    pub(super) async fn fetch(&self) -> Response<ResponseBody> {
        let visit = match self.open(self.pass()).await {
            Ok(visit) => visit,
            Err(error) => return self.refused(&error),
        };
        if !visit.link.counts_downloads() || visit.access.scope(Right::Read).is_err() {
            return see_other(self.address.base);
        }
        let browser = self.known_browser();
        match self.services.sharing.lease(&visit, browser, self.info.received).await {
            Ok(Some(lease)) => {
                let mut target = format!("{}/get/{lease}/", self.address.base);
                push_encoded(&mut target, &visit.entry.name);
                if visit.entry.is_folder() {
                    target.push_str(".zip");
                }
                see_other(&target)
            }
            Ok(None) => pages::being_fetched(self.language),
            Err(error) => self.refused(&error),
        }
    }
}
