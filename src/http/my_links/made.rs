//! Makes a link as its form asks.

use http::{Response, StatusCode};
use secrecy::SecretString;

use super::limits::AskedLimits;
use super::refused::Refused;
use super::{Failure, LIST, MyLinks, Outcome};
use crate::http::page::form::field;
use crate::http::reply::see_other;
use crate::library::LibraryError;
use crate::model::{Day, EntryPath, LinkRight, LinkTerms};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::{Expiry, LinkError, LinkLimits, NewLink, Shared};

/// The fields of the form of a new link, to show it again.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a box of the form")]
pub(super) struct Asked {
    pub(super) space: String,
    pub(super) folder: String,
    pub(super) shows: bool,
    pub(super) label: String,
    pub(super) note: String,
    pub(super) deadline: String,
    pub(super) until: String,
    pub(super) once: bool,
    pub(super) downloads: String,
    pub(super) hand_ins: String,
    pub(super) limits: AskedLimits,
    pub(super) own_folder: bool,
    pub(super) guest_chooses: bool,
    pub(super) is_box: bool,
    pub(super) code_to: String,
    password: String,
}

impl Asked {
    /// The form as it is shown first.
    pub(super) fn fresh() -> Self {
        Self { once: true, own_folder: true, ..Self::default() }
    }

    /// The same for a file or folder that the query of the address names.
    pub(super) fn about(query: &[u8]) -> Option<Self> {
        let text = |name| field(query, name).map(|text| text.to_string());
        let (space, folder) = (text("space")?, text("folder").unwrap_or_default());
        Some(Self { space, folder, shows: text("can").as_deref() == Some("read"), ..Self::fresh() })
    }

    fn of(form: &[u8]) -> Self {
        let text = |name| field(form, name).map(|text| text.to_string()).unwrap_or_default();
        let is_set = |name| field(form, name).is_some();
        Self {
            space: text("space"),
            folder: text("folder"),
            shows: text("can") == "read",
            label: text("label"),
            // Browsers send lines with both marks of their end.
            note: text("note").replace("\r\n", "\n"),
            deadline: text("deadline"),
            until: text("until"),
            once: is_set("once"),
            downloads: text("downloads"),
            hand_ins: text("hand-ins").trim().to_owned(),
            limits: AskedLimits::of(form),
            own_folder: is_set("own-folder"),
            guest_chooses: is_set("guest-chooses"),
            is_box: is_set("box"),
            code_to: text("code-to"),
            password: text("password"),
        }
    }
}

impl MyLinks<'_> {
    pub(super) async fn make(&self, body: &mut RequestBody) -> Result<Response<ResponseBody>, Failure> {
        let form = match self.desk.own_form(LIST, body).await {
            Ok(form) => form,
            Err(response) => return Ok(response),
        };
        let asked = Asked::of(&form);
        match self.try_make(&asked).await {
            Ok(made) => Ok(see_other(&format!("{LIST}/{}?made", made.link.id))),
            Err(Refused::Link(LinkError::Catalog(error))) => Err(LinkError::Catalog(error).into()),
            Err(refused) => {
                self.list(Outcome::Nothing, Some((&asked, refused)), StatusCode::BAD_REQUEST).await
            }
        }
    }

    async fn try_make(&self, asked: &Asked) -> Result<Shared, Refused> {
        let chosen = self.spaces.iter().find(|(space, _)| space.name == asked.space);
        let (_, access) = chosen.ok_or(Refused::BadName)?;
        let path = EntryPath::parse(asked.folder.trim().trim_matches('/')).map_err(|_| Refused::BadName)?;
        let day = |text: &str| match text.trim() {
            "" => Ok(None),
            text => Day::parse(text).map(Some).ok_or(Refused::BadDate),
        };
        let downloads = match asked.downloads.trim() {
            "" => None,
            text => Some(text.parse().ok().filter(|most| *most > 0).ok_or(Refused::BadNumber)?),
        };
        if downloads.is_some() && !asked.shows {
            return Err(Refused::OnlyForShowing);
        }
        let hand_ins = match asked.hand_ins.as_str() {
            "" => asked.once.then_some(1),
            text => Some(text.parse().ok().filter(|most| *most > 0).ok_or(Refused::BadCount)?),
        };
        if asked.shows && !(asked.hand_ins.is_empty() && asked.limits.are_empty()) {
            return Err(Refused::OnlyForTaking);
        }
        let LinkLimits { bytes, files, types } = asked.limits.parse()?;
        let deadline = day(&asked.deadline)?.map(|day| self.office.zone.end_of(day));
        let new = NewLink {
            access: *access,
            path: path.clone(),
            right: if asked.shows { LinkRight::Read } else { LinkRight::Add },
            expires: match day(&asked.until)? {
                Some(day) => Expiry::Through(day),
                None if asked.is_box => Expiry::Never,
                None => Expiry::Usual,
            },
            password: Some(asked.password.as_str()).filter(|text| !text.is_empty()).map(SecretString::from),
            label: asked.label.trim().to_owned(),
            note: asked.note.trim().to_owned(),
            hide_download: false,
            terms: LinkTerms {
                uses: if asked.shows { downloads } else { hand_ins },
                deadline,
                bytes,
                files,
                types,
                own_folder: (asked.own_folder || asked.is_box) && !asked.shows,
                guest_chooses: asked.guest_chooses,
                is_box: asked.is_box,
                code_to: Some(asked.code_to.trim().to_owned()).filter(|address| !address.is_empty()),
            },
        };
        let now = self.desk.context.info.received;
        let sharing = &self.desk.context.services.sharing;
        sharing.create_with_folder(self.desk.principal(), new, now).await.map_err(|error| match error {
            LinkError::Library(LibraryError::NotFound) => Refused::Missing,
            error => Refused::Link(error),
        })
    }
}
