//! The second factor: setting it up, and its recovery codes.

use std::borrow::Cow;

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::{Again, HERE, Outcome, Own};
use crate::admin::{Reply, Request, SecondFactorShown, Secret};
use crate::http::page::form::field;
use crate::http::page::{Page, Width, note, problem, qr};
use crate::net::ResponseBody;

/// The value of `do` of the form that begins a second factor.
pub(super) const BEGIN: &str = "factor";
/// The value of `do` of the form with a code of the new factor.
pub(super) const CONFIRM: &str = "confirm";
/// The value of `do` of the form that renews the recovery codes.
pub(super) const CODES: &str = "codes";
/// The field with the key that a page shows.
const KEY: &str = "key";

impl Own<'_> {
    /// The part of the page about it. `is_again`: new recovery codes were refused.
    pub(super) fn factor_section(&self, has_factor: bool, is_again: bool) -> Markup {
        let texts = self.texts();
        html! {
            section {
                h2 { (texts.factor_title()) }
                @if has_factor {
                    p { (texts.factor_on()) }
                    details open[is_again] {
                        summary { (texts.codes_renew()) }
                        form method="post" action=(HERE) {
                            (self.desk.token())
                            p { (texts.codes_end()) }
                            (self.present_password())
                            button.other name="do" value=(CODES) { (texts.codes_make()) }
                        }
                    }
                } @else {
                    p { (texts.factor_off()) }
                    form method="post" action=(HERE) {
                        (self.desk.token())
                        button.other name="do" value=(BEGIN) { (texts.factor_begin()) }
                    }
                }
            }
        }
    }

    /// Begins a second factor. It has no effect before it is confirmed.
    pub(super) async fn begin_factor(&self) -> Response<ResponseBody> {
        self.begun_factor(None, None).await
    }

    /// Switches the begun factor on, against the password and a code. All sessions end, this one as well.
    pub(super) async fn confirm_factor(&self, form: &[u8]) -> Response<ResponseBody> {
        let text = |name| Secret::new(field(form, name).unwrap_or_default().trim().to_owned());
        if let Err(why) = self.confirmed(form).await {
            return self.begun_factor(Some(text(KEY)), Some(why)).await;
        }
        let (name, code) = (self.desk.name().to_owned(), text("code"));
        match self.desk.ask(Request::SecondFactorConfirm { name, code }).await {
            Reply::RecoveryCodes(codes) => self.first_codes(&codes),
            Reply::Refused { code, .. } if code == "wrong-code" => {
                self.begun_factor(Some(text(KEY)), Some(self.refusal(&code))).await
            }
            Reply::Refused { code, .. } => self.page(Outcome::Refused(self.refusal(&code))).await,
            _ => self.page(Outcome::Nothing).await,
        }
    }

    /// Makes new recovery codes, against the password.
    pub(super) async fn renew_codes(&self, form: &[u8]) -> Response<ResponseBody> {
        let refused = async |why| self.page(Outcome::Again(why, Again::Codes)).await;
        if let Err(why) = self.confirmed(form).await {
            return refused(why).await;
        }
        let name = self.desk.name().to_owned();
        match self.desk.ask(Request::RecoveryCodesRenew { name }).await {
            Reply::RecoveryCodes(codes) => self.codes(&codes),
            Reply::Refused { code, .. } => refused(self.refusal(&code)).await,
            _ => self.page(Outcome::Nothing).await,
        }
    }

    /// The page with the key of a begun factor: the one that was shown before, if it is still to be confirmed, or a new one.
    async fn begun_factor(
        &self,
        again: Option<Secret>,
        refused: Option<Cow<'static, str>>,
    ) -> Response<ResponseBody> {
        let name = self.desk.name().to_owned();
        match self.desk.ask(Request::SecondFactorBegin { name, again }).await {
            Reply::SecondFactor(factor) => self.factor(&factor, refused.as_deref()),
            Reply::Refused { code, .. } => self.page(Outcome::Refused(self.refusal(&code))).await,
            _ => self.page(Outcome::Nothing).await,
        }
    }

    /// The key of a second factor, to be confirmed with a code; `refused` is why the last one was not accepted.
    fn factor(&self, factor: &SecondFactorShown, refused: Option<&str>) -> Response<ResponseBody> {
        let texts = self.texts();
        let content = html! {
            p { (texts.factor_scan()) }
            (qr::picture(&factor.uri))
            form method="post" action=(HERE) {
                (self.desk.token())
                label { (texts.factor_key()) input type="text" name=(KEY) readonly value=(factor.secret); }
                @if let Some(why) = refused { (problem(why)) }
                label {
                    (texts.factor_code())
                    input type="text" name="code" required inputmode="numeric" autocomplete="one-time-code"
                        autofocus[refused.is_some()];
                }
                (self.present_password())
                button name="do" value=(CONFIRM) { (texts.factor_confirm()) }
            }
            p { a href=(HERE) { (texts.back()) } }
        };
        let status = if refused.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        self.desk.page_once((Width::Narrow, texts.factor_title()), content, status)
    }

    /// The first recovery codes. The session has ended with the others, so the page has no bar, and no script that
    /// would lock it.
    fn first_codes(&self, codes: &[String]) -> Response<ResponseBody> {
        let texts = self.texts();
        let content = html! {
            (self.code_list(codes))
            p { (texts.signed_out_everywhere()) }
            p { a.button href="/login" { (texts.codes_written()) } }
        };
        let title = texts.codes_title();
        Page { language: self.desk.language, width: Width::Narrow, title, content }
            .into_response(StatusCode::OK)
    }

    /// New recovery codes of a person who stays signed in.
    fn codes(&self, codes: &[String]) -> Response<ResponseBody> {
        let texts = self.texts();
        let content = html! {
            (self.code_list(codes))
            p { a.button href=(HERE) { (texts.back()) } }
        };
        self.desk.page_once((Width::Narrow, texts.codes_title()), content, StatusCode::OK)
    }

    fn code_list(&self, codes: &[String]) -> Markup {
        html! {
            (note(self.texts().codes_about()))
            ul { @for code in codes { li { code { (code) } } } }
        }
    }
}
