//! What the form of a new request begins with: nothing, a template, or an earlier request. Another choice keeps what was typed.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::wanted::{Source, Wanted};
use super::{Failure, Requests};
use crate::http::page::form::Fields;
use crate::model::{RequestId, Shown};
use crate::net::ResponseBody;
use crate::sharing::{RequestError, Template};

/// The field of the button that shows the form for the chosen template, and makes nothing.
pub(super) const BEGIN: &str = "begin";
/// The field with the name of the chosen template; empty for none.
pub(super) const CHOSEN: &str = "chosen";
/// Chosen while the form begins with an earlier request: no name of a template has such a sign.
const SAME: &str = "=";

impl Requests<'_> {
    /// The form, empty or for the template or the earlier request that the address names.
    pub(super) async fn new_request(&self) -> Result<Response<ResponseBody>, Failure> {
        let query = Fields::of(self.desk.context.parts.uri.query().unwrap_or_default().as_bytes());
        let sharing = &self.desk.context.services.sharing;
        let writable = self.writable();
        let named = writable.iter().find(|(space, _)| space.name == query.get("space"));
        let space = named.or(writable.first()).map(|(space, _)| space.name.clone()).unwrap_or_default();
        let (source, wanted) = if let Some(id) = id(query.get("from")) {
            let request = sharing.request(&self.rights, id).await?;
            let source = Source::of_request(&request, &self.office.zone);
            let account = match request.recipients.first().and_then(|recipient| recipient.row.account) {
                Some(user) => {
                    self.desk.context.services.accounts.name_of(user).await.map_err(RequestError::from)?
                }
                None => None,
            };
            let account = account.map(|name| name.to_string());
            let wanted = Wanted::again(&source, &request, (self.space_name(request.row.space), account));
            (source, wanted)
        } else {
            let source = self.source_of(&query).await?;
            let folder = query.get("folder").to_owned();
            let wanted = Wanted { folder, ..Wanted::fresh(&source, space) };
            (source, wanted)
        };
        self.form(&source, wanted, None, StatusCode::OK).await
    }

    /// The source that a form or an address names.
    pub(super) async fn source_of(&self, fields: &Fields) -> Result<Source, Failure> {
        if let Some(id) = id(fields.get("from")) {
            let request = self.desk.context.services.sharing.request(&self.rights, id).await?;
            return Ok(Source::of_request(&request, &self.office.zone));
        }
        let template = self.template(fields.get("template")).await?;
        Ok(template.map(Source::of_template).unwrap_or_default())
    }

    /// The source that was chosen in a form, and the form for it.
    pub(super) async fn begun_anew(
        &self,
        source: Source,
        wanted: Wanted,
        chosen: &str,
    ) -> Result<(Source, Wanted), Failure> {
        if chosen == SAME || chosen == source.template && source.field.0 != "from" {
            return Ok((source, wanted));
        }
        let other = self.template(chosen).await?.map(Source::of_template).unwrap_or_default();
        let wanted = wanted.for_another(&source, &other);
        Ok((other, wanted))
    }

    /// The template of this name; `None` for an empty name, or if there is none any more.
    pub(super) async fn template(&self, name: &str) -> Result<Option<Template>, Failure> {
        if name.is_empty() {
            return Ok(None);
        }
        match self.desk.context.services.sharing.template(name).await {
            Ok(template) => Ok(Some(template)),
            Err(RequestError::NoSuchTemplate(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The fields that choose a template. Theirs is the first button of the form, because Enter in a field presses that one,
    /// and it makes nothing.
    pub(super) fn choice_of_template(&self, source: &Source, templates: &[(Template, bool)]) -> Markup {
        let (texts, is_again) = (self.asking_texts(), source.field.0 == "from");
        html! {
            label { (texts.template())
                select name=(CHOSEN) aria-describedby="template-about" {
                    @if is_again { option value=(SAME) selected { (Shown(&source.title)) } }
                    option value="" selected[source.field.1.is_empty()] { (texts.without()) }
                    @for (template, _) in templates {
                        option value=(template.name) selected[!is_again && template.name == source.template] {
                            (Shown(&template.title))
                        }
                    }
                }
            }
            p #template-about { (texts.template_about()) }
            button.plain name=(BEGIN) value="yes" formnovalidate { (texts.load()) }
        }
    }
}

fn id(text: &str) -> Option<RequestId> {
    text.parse().ok().map(RequestId)
}
