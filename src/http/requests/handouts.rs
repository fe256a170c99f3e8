//! Files that items hand out to the recipients, on the page of a request.

use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use maud::{Markup, html};

use super::act::trouble;
use super::address::{hand_out, of_request};
use super::one::Told;
use super::sent::{Sent, Trouble};
use super::upload::Stop;
use super::{Failure, Requests};
use crate::http::page::form::is_form;
use crate::http::protocol::multipart::{FILES, Files, ITEM, IncomingFile, STORED, TOKEN, WHAT};
use crate::http::refusal::Refusal;
use crate::http::reply::{plain, see_other};
use crate::http::session;
use crate::library::{Detail, LibraryError};
use crate::model::{Handout, ItemId, RequestId, Shown};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::{ItemShown, MAX_HANDOUT_BYTES, RequestError, RequestShown, may_be_handed_out};

/// Most files of the forms' folder that are offered.
const MOST_OF_FOLDER: usize = 50;

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

    /// The form that names a file or carries one, with files to choose from; nothing for a request that is closed.
    pub(super) fn handouts(&self, request: &RequestShown, known: &[String], sent: Option<&Sent>) -> Markup {
        let (texts, row) = (self.one_texts(), &request.row);
        let refused = sent.filter(|sent| matches!(sent.trouble, Trouble::Handout | Trouble::Upload(_)));
        let (chosen, what) = refused.map_or(("", ""), |sent| (&sent.item, &sent.what));
        let is_example = Handout::from_word(what) == Some(Handout::Example);
        let most = self.desk.language.size(MAX_HANDOUT_BYTES);
        html! {
            @if row.closed.is_none() {
                details #handouts open[refused.is_some()] {
                    summary { (texts.handouts()) }
                    p { (texts.handouts_about(&most)) }
                    form method="post" enctype="multipart/form-data" action=(hand_out(row.id)) {
                        (self.desk.token())
                        label { (texts.handout_item())
                            select #handout-item name=(ITEM) {
                                @for item in &request.items {
                                    option value=(item.row.id) selected[chosen == item.row.id.to_string()] { (self.numbered(&item.row)) }
                                }
                            }
                        }
                        fieldset {
                            legend { (texts.handout_what()) }
                            label.check {
                                input type="radio" name=(WHAT) value=(Handout::Form) checked[!is_example];
                                span { (texts.handout_form()) }
                            }
                            label.check {
                                input type="radio" name=(WHAT) value=(Handout::Example) checked[is_example];
                                span { (texts.handout_example()) }
                            }
                        }
                        label { (texts.handout_file())
                            input type="text" name=(STORED) list="handout-known" autocomplete="off" autocapitalize="none" spellcheck="false"
                                value=(refused.map_or("", |sent| sent.file.as_str()))
                                aria-invalid=[refused.map(|_| "true")] aria-describedby="handout-about";
                        }
                        datalist #handout-known { @for place in known { option value=(place) {} } }
                        p #handout-about { (texts.handout_for_example()) }
                        label { (texts.handout_upload())
                            input type="file" name=(FILES) aria-describedby="handout-folder";
                        }
                        p #handout-folder { (texts.handout_folder(&self.place(row.space, &self.forms_folder().to_string()))) }
                        button.other { (texts.hand_out()) }
                    }
                }
            }
        }
    }

    /// Files to choose from, as `SPACE/PATH`: those of the forms' folder, and those that the user's latest requests hand out.
    pub(super) async fn known_handouts(&self, request: &RequestShown) -> Result<Vec<String>, RequestError> {
        if request.row.closed.is_some() {
            return Ok(Vec::new());
        }
        let services = self.desk.context.services;
        let lately = services.sharing.handouts_lately(self.desk.principal(), &self.desk.accesses).await?;
        let mut known: Vec<_> =
            lately.iter().map(|(space, path)| format!("{}{path}", self.space_name(*space))).collect();
        let (folder, space) = (self.forms_folder(), request.row.space);
        let Some(access) = self.rights.iter().find(|access| access.space() == space) else {
            return Ok(known);
        };
        let found = match services.library.find(access, &folder).await {
            Ok(entry) if entry.is_folder() => entry,
            Ok(_) | Err(LibraryError::NotFound) => return Ok(known),
            Err(error) => return Err(error.into()),
        };
        let listed = services.library.list_with(access, found.id, None, &Detail::NONE, self.now()).await?;
        let files =
            listed.members.iter().map(|member| &member.entry).filter(|entry| may_be_handed_out(entry));
        let whole = format!("{}{folder}", self.space_name(space));
        known.extend(files.take(MOST_OF_FOLDER).map(|entry| format!("{whole}/{}", entry.name)));
        known.sort_unstable();
        known.dedup();
        Ok(known)
    }

    /// Carries out that form, and leads back to the page of the request.
    pub(super) async fn hand_out(
        &self,
        id: RequestId,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        let (here, parts) = (of_request(id), self.desk.context.parts);
        let (named, result) = if is_form(parts) {
            let form = match self.form_of(&here, body).await {
                Ok(form) => form,
                Err(response) => return Ok(response),
            };
            let named = Named::of(|name| form.get(name));
            let result = self.hand_out_stored(id, &named).await.map_err(Stop::from);
            (named, result)
        } else {
            let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let Ok(mut files) = Files::new(body, media_type.unwrap_or_default()) else {
                return Ok(plain(StatusCode::BAD_REQUEST, "The form could not be read.\n"));
            };
            let sent = files.next().await;
            if !session::is_own_token(self.desk.context, &self.desk.session.token, files.text(TOKEN)) {
                return Ok(self.desk.forged(&here));
            }
            let named = Named::of(|name| files.text(name));
            let result = match sent {
                Ok(Some(mut file)) => {
                    let result = self.hand_out_sent(id, &named, &mut file).await;
                    file.skip().await;
                    result
                }
                Ok(None) => self.hand_out_stored(id, &named).await.map_err(Stop::from),
                Err(_) => Err(Stop::Refused(Refusal::Broken)),
            };
            (named, result)
        };
        let trouble = match result {
            Ok(()) => return Ok(see_other(&format!("{here}?done=handed-out"))),
            Err(Stop::Refused(refusal)) => Trouble::Upload(refusal),
            Err(Stop::Request(error)) if is_about_file(&error) => Trouble::Handout,
            Err(Stop::Request(error)) => trouble(error)?,
        };
        let Named { item, what, file } = named;
        self.one(id, &Told::Refused(Sent { file, item, what, ..Sent::of(trouble) })).await
    }

    /// Hands out a file that is stored already; without one, none.
    async fn hand_out_stored(&self, id: RequestId, named: &Named) -> Result<(), RequestError> {
        let sharing = &self.desk.context.services.sharing;
        let file = match named.file.trim() {
            "" => None,
            place => {
                let file = sharing.file_at(self.desk.principal(), place).await?;
                Some(file.ok_or(RequestError::NoHandout)?)
            }
        };
        let (item, what) = named.item()?;
        let by = self.desk.principal().stamp(self.now());
        sharing.set_handout(&self.rights, (id, item, what), file, by).await
    }

    /// Stores a file, and hands it out.
    async fn hand_out_sent(
        &self,
        id: RequestId,
        named: &Named,
        file: &mut IncomingFile<'_>,
    ) -> Result<(), Stop> {
        let sharing = &self.desk.context.services.sharing;
        let (item, what) = named.item()?;
        // Looked at first, so that a form for nothing stores nothing.
        let request = sharing.request(&self.rights, id).await?;
        if request.items.iter().all(|one| one.row.id != item) {
            return Err(RequestError::NoSuchItem.into());
        }
        let stored = self.store_form(request.row.space, file).await?;
        let by = self.desk.principal().stamp(self.now());
        Ok(sharing.set_handout(&self.rights, (id, item, what), Some(stored), by).await?)
    }
}

/// What the form says.
struct Named {
    item: String,
    what: String,
    file: String,
}

impl Named {
    fn of<'a>(text: impl Fn(&str) -> &'a str) -> Self {
        let [item, what, file] = [ITEM, WHAT, STORED].map(|name| text(name).to_owned());
        Self { item, what, file }
    }

    fn item(&self) -> Result<(ItemId, Handout), RequestError> {
        let item = self.item.parse().map(ItemId).map_err(|_| RequestError::NoSuchItem)?;
        Ok((item, Handout::from_word(&self.what).ok_or(RequestError::NoSuchItem)?))
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
