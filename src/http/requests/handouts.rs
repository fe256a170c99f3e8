//! Files that items hand out to the recipients, on the page of a request.

use maud::{Markup, html};

use super::Requests;
use super::address::of_request;
use super::sent::{Sent, Trouble};
use crate::http::page::form::Fields;
use crate::library::LibraryError;
use crate::model::{Handout, ItemId, RequestId, Shown};
use crate::sharing::{ItemShown, MAX_HANDOUT_BYTES, RequestError, RequestShown};

impl Requests<'_> {
    /// The files that an item hands out.
    pub(super) fn handed_out(&self, item: &ItemShown) -> Markup {
        let texts = self.one_texts();
        html! {
            @for handout in &item.handouts {
                @let name = handout.file.as_ref().map(|file| Shown(&file.name).to_string());
                @let name = name.as_deref().unwrap_or(texts.handout_gone());
                p { (match handout.what {
                    Handout::Form => texts.hands_out_form(name),
                    Handout::Example => texts.hands_out_example(name),
                }) }
            }
        }
    }

    /// The form that names a file; nothing for a request that is closed.
    pub(super) fn handouts(&self, request: &RequestShown, sent: Option<&Sent>) -> Markup {
        let (texts, row) = (self.one_texts(), &request.row);
        let refused = sent.filter(|sent| matches!(sent.trouble, Trouble::Handout));
        let most = self.desk.language.size(MAX_HANDOUT_BYTES);
        html! {
            @if row.closed.is_none() {
                details #handouts open[refused.is_some()] {
                    summary { (texts.handouts()) }
                    p { (texts.handouts_about(&most)) }
                    form method="post" action=(of_request(row.id)) {
                        (self.desk.token())
                        label { (texts.handout_item())
                            select name="item" {
                                @for item in &request.items {
                                    option value=(item.row.id) { (self.numbered(&item.row)) }
                                }
                            }
                        }
                        fieldset {
                            legend { (texts.handout_what()) }
                            label.check {
                                input type="radio" name="what" value=(Handout::Form) checked;
                                span { (texts.handout_form()) }
                            }
                            label.check {
                                input type="radio" name="what" value=(Handout::Example);
                                span { (texts.handout_example()) }
                            }
                        }
                        label { (texts.handout_file())
                            input type="text" name="file" autocapitalize="none" spellcheck="false"
                                value=(refused.map_or("", |sent| sent.file.as_str()))
                                aria-invalid=[refused.map(|_| "true")] aria-describedby="handout-about";
                        }
                        p #handout-about { (texts.handout_for_example()) }
                        button name="do" value="hand-out" { (texts.hand_out()) }
                    }
                }
            }
        }
    }

    /// Carries out that form.
    pub(super) async fn hand_out(&self, id: RequestId, form: &Fields) -> Result<(), RequestError> {
        let (sharing, by) = (&self.desk.context.services.sharing, self.desk.principal().stamp(self.now()));
        let item = form.get("item").parse().map(ItemId).map_err(|_| RequestError::NoSuchItem)?;
        let what = Handout::from_word(form.get("what")).ok_or(RequestError::NoSuchItem)?;
        let file = match form.get("file").trim() {
            "" => None,
            place => {
                let file = sharing.file_at(self.desk.principal(), place).await?;
                Some(file.ok_or(RequestError::NoHandout)?)
            }
        };
        sharing.set_handout(&self.rights, (id, item, what), file, by).await
    }
}

/// Whether a file cannot be handed out.
pub(super) fn is_about_file(error: &RequestError) -> bool {
    match error {
        RequestError::NoHandout | RequestError::Denied => true,
        RequestError::Library(error) => {
            matches!(error, LibraryError::NotFound | LibraryError::Name(_) | LibraryError::NoSuchSpace)
        }
        _ => false,
    }
}
