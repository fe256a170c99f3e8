//! How a user is reached, as a request asks for it.

use super::error::AdminError;
use super::request::ContactAsked;
use super::{Admin, Reply};
use crate::accounts::ContactChange;
use crate::model::{Day, NoticeWish, Stamp};
use crate::text::Language;

impl Admin {
    pub(super) async fn set_contact(
        &self,
        name: &str,
        asked: ContactAsked,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let user = self.user(name).await?;
        let unknown = |what, word: &str, allowed: &str| AdminError::Word {
            word: word.to_owned(),
            what,
            allowed: allowed.to_owned(),
        };
        let language = match asked.language.as_deref() {
            None => None,
            Some(tag) => {
                let language =
                    Language::of_exact_tag(tag).ok_or_else(|| unknown("language", tag, "de, en"))?;
                Some(language.tag())
            }
        };
        let notices = match asked.notices.as_deref() {
            None => None,
            Some(text) => {
                let wish = NoticeWish::from_word(text);
                Some(wish.ok_or_else(|| unknown("kind of notices", text, "on, off, digest"))?)
            }
        };
        let substitute = match (asked.substitute.as_deref(), asked.until.as_deref()) {
            (None, _) => None,
            (Some(""), _) => Some(None),
            (Some(other), until) => {
                let until = until.unwrap_or_default();
                let day = Day::parse(until)
                    .ok_or_else(|| unknown("last day", until, "a date such as 2026-12-31"))?;
                let end = self.accounts.office().await?.zone.end_of(day);
                Some(Some((self.user(other).await?.id, end)))
            }
        };
        let change = ContactChange { mail: asked.mail, language, notices, substitute };
        let contact = self.accounts.set_contact(user.id, change, by).await?;
        let mail = if contact.mail.is_empty() { "no address" } else { &contact.mail };
        Ok(Reply::Done(format!("{} has {mail}; notices are {}", user.name, contact.notices)))
    }
}
