//! Mails with codes that open links. They are not kept: a guest who gets none asks for another one.

use secrecy::ExposeSecret;

use super::post::{Letter, Post, Stamps};
use super::{Notices, NoticesError};
use crate::model::{Timestamp, random_bytes};
use crate::sharing::CodeMail;
use crate::text::{CodeMailTexts, Language};

impl Notices {
    /// Sends the codes that guests asked for, and returns their number. One that the mail server does not take is dropped.
    ///
    /// Errors: `Post` if the mail server cannot be used; then all are dropped.
    pub async fn send_codes(&self, now: Timestamp) -> Result<usize, NoticesError> {
        let Some(settings) = self.settings.as_deref() else { return Ok(0) };
        let mails = self.sharing.take_code_mails();
        if mails.is_empty() {
            return Ok(0);
        }
        let office = self.accounts.office().await?;
        let mut post = Post::open(settings).await?;
        let mut sent = 0;
        for CodeMail { to, code, language } in mails {
            let texts = CodeMailTexts(Language::of_tag(&language));
            let (subject, text) = texts.mail(code.expose_secret(), &office);
            let word = u64::from_le_bytes(random_bytes());
            let id = format!("<code.{word:016x}.{}@{}>", self.instance, settings.from.email.domain());
            let stamps = Stamps { id, bounces: self.bounces_of_unkept(now), now };
            match post.send(&Letter { to, subject, text }, stamps).await {
                Ok(()) => sent += 1,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "a code for a link was not sent");
                }
            }
        }
        post.close().await;
        Ok(sent)
    }
}
