//! Results of forms, as the next page says them.

use http::StatusCode;
use maud::{Markup, html};

use super::Cabinet;
use crate::http::error::library_status;
use crate::http::page::folder::shown_name;
use crate::http::page::form::field;
use crate::http::page::{problem, success};
use crate::library::LibraryError;
use crate::text::FilesTexts;

/// The effects of the last form, and its failures.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) done: Option<Done>,
    /// Refused entries, by name where there are several.
    pub(super) left: Vec<(Option<String>, Problem)>,
    /// The fields of the refused form, to be corrected.
    pub(super) typed: Typed,
}

/// Texts of a form.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// A new name.
    pub(super) name: String,
    /// A destination in the space of this name.
    pub(super) space: String,
    pub(super) folder: String,
}

/// The effect of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Stored(u64),
    FolderMade,
    Renamed,
    Relocated,
    Copied,
    Deleted,
    Restored,
    Returned,
    Purged,
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NothingChosen,
    TooManyChosen,
    BadName,
    Taken,
    Locked,
    Examined,
    NoRoom,
    TooLarge,
    Gone,
    NoFolder,
    Denied,
    IntoItself,
    BrokenOff,
    TooManyFiles,
    NotNow,
    Failed,
}

impl Outcome {
    /// The result that a redirect brings along.
    pub(super) fn of_query(query: &str) -> Self {
        let done = field(query.as_bytes(), "done").and_then(|word| Done::of_word(&word));
        Self { done, ..Self::default() }
    }

    /// One thing that was refused.
    pub(super) fn refused(why: Problem, typed: Typed) -> Self {
        Self { done: None, left: vec![(None, why)], typed }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.left.first().map_or(StatusCode::OK, |(_, problem)| problem.status())
    }
}

impl Done {
    const WORDS: [(&'static str, Self); 8] = [
        ("folder", Self::FolderMade),
        ("renamed", Self::Renamed),
        ("moved", Self::Relocated),
        ("copied", Self::Copied),
        ("deleted", Self::Deleted),
        ("restored", Self::Restored),
        ("returned", Self::Returned),
        ("purged", Self::Purged),
    ];

    /// Its word in an address.
    pub(super) fn word(self) -> String {
        match self {
            Self::Stored(count) => format!("stored-{count}"),
            done => Self::WORDS.iter().find(|(_, known)| *known == done).map_or("", |(word, _)| word).into(),
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        match word.strip_prefix("stored-") {
            Some(count) => Some(Self::Stored(count.parse().ok()?)),
            None => Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, done)| *done),
        }
    }

    fn sentence(self, texts: FilesTexts) -> String {
        match self {
            Self::Stored(1) => texts.stored_one(),
            Self::Stored(count) => return texts.stored(count),
            Self::FolderMade => texts.folder_made(),
            Self::Renamed => texts.renamed(),
            Self::Relocated => texts.relocated(),
            Self::Copied => texts.copied(),
            Self::Deleted => texts.deleted(),
            Self::Restored => texts.restored(),
            Self::Returned => texts.returned(),
            Self::Purged => texts.purged(),
        }
        .to_owned()
    }
}

impl Problem {
    pub(super) fn of(error: &LibraryError) -> Self {
        match error {
            LibraryError::Denied(_) | LibraryError::IsRoot => Self::Denied,
            LibraryError::NotFound | LibraryError::NotInTrash | LibraryError::NoSuchVersion => Self::Gone,
            LibraryError::NoSuchSpace | LibraryError::ParentMissing => Self::NoFolder,
            LibraryError::Exists
            | LibraryError::NameTaken
            | LibraryError::PreconditionFailed
            | LibraryError::IsFolder => Self::Taken,
            LibraryError::IntoItself => Self::IntoItself,
            LibraryError::Name(_) => Self::BadName,
            LibraryError::Locked { .. } => Self::Locked,
            LibraryError::Withheld => Self::Examined,
            LibraryError::OverQuota | LibraryError::HistoryFull | LibraryError::DiskFull => Self::NoRoom,
            LibraryError::TooManyEntries => Self::TooLarge,
            LibraryError::WrongSize => Self::BrokenOff,
            LibraryError::ReadOnly | LibraryError::Busy | LibraryError::Closed => Self::NotNow,
            error if library_status(error).is_client_error() => Self::Gone,
            _ => Self::Failed,
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::NothingChosen | Self::BadName | Self::BrokenOff | Self::IntoItself => {
                StatusCode::BAD_REQUEST
            }
            Self::TooManyChosen | Self::TooManyFiles => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Taken | Self::NoFolder | Self::Gone => StatusCode::CONFLICT,
            Self::Locked | Self::Examined => StatusCode::LOCKED,
            Self::NoRoom | Self::TooLarge => StatusCode::INSUFFICIENT_STORAGE,
            Self::Denied => StatusCode::FORBIDDEN,
            Self::NotNow => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) fn sentence(self, texts: FilesTexts) -> &'static str {
        match self {
            Self::NothingChosen => texts.nothing_chosen(),
            Self::TooManyChosen => texts.too_many_chosen(),
            Self::BadName => texts.bad_name(),
            Self::Taken => texts.taken(),
            Self::Locked => texts.locked(),
            Self::Examined => texts.examined(),
            Self::NoRoom => texts.no_room(),
            Self::TooLarge => texts.too_large(),
            Self::Gone => texts.gone(),
            Self::NoFolder => texts.no_folder(),
            Self::Denied => texts.denied(),
            Self::IntoItself => texts.into_itself(),
            Self::BrokenOff => texts.broken_off(),
            Self::TooManyFiles => texts.too_many_files(),
            Self::NotNow => texts.not_now(),
            Self::Failed => texts.failed(),
        }
    }
}

impl Cabinet<'_> {
    /// The result of the last form, above a page.
    pub(super) fn above(&self, outcome: &Outcome) -> Markup {
        let texts = self.texts();
        let sentence = |(name, why): &(Option<String>, Problem)| match name {
            Some(name) => texts.left_out(&shown_name(name), why.sentence(texts)),
            None => why.sentence(texts).to_owned(),
        };
        html! {
            @match (outcome.done, outcome.left.as_slice()) {
                (None, []) => {},
                (Some(done), []) => (success(&done.sentence(texts))),
                (None, [only]) => (problem(&sentence(only))),
                (done, left) => div.problem role="alert" {
                    @if let Some(done) = done { p { (done.sentence(texts)) } }
                    p { (texts.not_done()) }
                    ul { @for one in left { li { (sentence(one)) } } }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_survives_a_redirect() {
        let all = Done::WORDS.iter().map(|(_, done)| *done).chain([Done::Stored(1), Done::Stored(7)]);
        for done in all {
            let back = Outcome::of_query(&format!("about&done={}", done.word())).done;
            assert_eq!(back, Some(done));
        }
        assert_eq!(Outcome::of_query("done=stored-x").done, None);
        assert_eq!(Outcome::of_query("done=").done, None);
    }
}
