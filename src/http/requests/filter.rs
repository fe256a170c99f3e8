//! The filter of a list of requests, as its address says it; and when a user last looked at requests.

use std::time::Duration;

use http::{HeaderValue, Response, header::SET_COOKIE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::http::context::RequestContext;
use crate::http::cookies;
use crate::http::page::form::Fields;
use crate::model::{RequestId, SpaceId, Timestamp};
use crate::net::ResponseBody;
use crate::sharing::{RequestsAsked, RequestsOf};
use crate::text::RequestsTexts;

/// The cookie with the times of a user's visits.
const COOKIE: &str = "tresor-requests";
/// Seconds for which a browser keeps it: a year.
const KEPT_S: u32 = 31_536_000;
/// Longest pause within one visit; a later look begins another one.
const MAX_PAUSE: Duration = Duration::from_hours(1);

/// Which requests a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Show {
    #[default]
    Running,
    ToCheck,
    New,
    Missing,
    Rejected,
    Overdue,
    NeverOpened,
    Closed,
}

impl Show {
    pub(super) const ALL: [Self; 8] = [
        Self::Running,
        Self::ToCheck,
        Self::New,
        Self::Missing,
        Self::Rejected,
        Self::Overdue,
        Self::NeverOpened,
        Self::Closed,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::ToCheck => "to-check",
            Self::New => "new",
            Self::Missing => "missing",
            Self::Rejected => "rejected",
            Self::Overdue => "overdue",
            Self::NeverOpened => "never-opened",
            Self::Closed => "closed",
        }
    }

    pub(super) fn name(self, texts: RequestsTexts) -> &'static str {
        match self {
            Self::Running => texts.show_running(),
            Self::ToCheck => texts.show_to_check(),
            Self::New => texts.show_new(),
            Self::Missing => texts.show_missing(),
            Self::Rejected => texts.show_rejected(),
            Self::Overdue => texts.show_overdue(),
            Self::NeverOpened => texts.show_never_opened(),
            Self::Closed => texts.show_closed(),
        }
    }

    /// The requests of this filter, for a user whose last visit ended then.
    fn of(self, last_visit: Timestamp) -> RequestsOf {
        match self {
            Self::Running => RequestsOf::Running,
            Self::ToCheck => RequestsOf::ToCheck,
            Self::New => RequestsOf::NewSince(last_visit),
            Self::Missing => RequestsOf::Missing,
            Self::Rejected => RequestsOf::Rejected,
            Self::Overdue => RequestsOf::Overdue,
            Self::NeverOpened => RequestsOf::NeverOpened,
            Self::Closed => RequestsOf::Closed,
        }
    }
}

/// The choice that an address makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) show: Show,
    pub(super) space: Option<SpaceId>,
    /// A template's name; empty for requests without one.
    pub(super) template: Option<String>,
    pub(super) before: Option<RequestId>,
}

impl Filter {
    /// The filter of a query; an invalid value is left out.
    pub(super) fn of(query: &str) -> Self {
        let fields = Fields::of(query.as_bytes());
        let show = Show::ALL.into_iter().find(|show| show.word() == fields.get("show"));
        Self {
            show: show.unwrap_or_default(),
            space: fields.get("space").parse().ok(),
            template: fields.has("template").then(|| fields.get("template").to_owned()),
            before: fields.get("before").parse().ok().map(RequestId),
        }
    }

    /// The query that asks for this.
    pub(super) fn query(&self) -> String {
        let space = self.space.map(|space| format!("&space={space}")).unwrap_or_default();
        let template = self.template.as_ref().map(|name| utf8_percent_encode(name, NON_ALPHANUMERIC));
        let template = template.map(|name| format!("&template={name}")).unwrap_or_default();
        let before = self.before.map(|before| format!("&before={before}")).unwrap_or_default();
        format!("show={}{space}{template}{before}", self.show.word())
    }

    /// The same as fields of a form.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        Fields::of(self.query().as_bytes()).0
    }

    /// The first page of another choice.
    pub(super) fn showing(&self, show: Show) -> Self {
        Self { show, before: None, ..self.clone() }
    }

    pub(super) fn asked(&self, last_visit: Timestamp) -> RequestsAsked {
        RequestsAsked {
            of: self.show.of(last_visit),
            space: self.space,
            template: self.template.clone(),
            before: self.before,
        }
    }
}

/// The visits of a user, as the browser keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visits {
    /// When the last visit ended; the beginning of time for a first one.
    pub(super) last: Timestamp,
    /// The latest look, in this visit.
    latest: Timestamp,
}

impl Visits {
    /// Those of the browser that looks now.
    pub(super) fn of(context: RequestContext<'_>) -> Self {
        let cookie = cookies::find(&context.parts.headers, COOKIE);
        Self::looking(cookie, context.info.received)
    }

    fn looking(cookie: Option<&str>, now: Timestamp) -> Self {
        let times = cookie.and_then(|text| text.split_once('.'));
        let times = times.and_then(|(last, latest)| Some((last.parse().ok()?, latest.parse().ok()?)));
        let (last, latest) =
            times.map_or((Timestamp(0), now), |(last, latest)| (Timestamp(last), Timestamp(latest)));
        let is_another = now.since(latest) > MAX_PAUSE;
        Self { last: if is_another { latest } else { last }, latest: now }
    }

    /// Lets the browser keep them.
    pub(super) fn keep(self, context: RequestContext<'_>, response: &mut Response<ResponseBody>) {
        let secure = if context.info.secure { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE}={}.{}; Path={}; Max-Age={KEPT_S}; HttpOnly; SameSite=Lax{secure}",
            self.last.0,
            self.latest.0,
            super::LIST
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_for_what_it_was_made_from() {
        for show in Show::ALL {
            for (space, template, before) in [
                (None, None, None),
                (Some(SpaceId::random()), Some(String::new()), Some(RequestId(7))),
                (None, Some("Müller & Söhne".to_owned()), None),
            ] {
                let made = Filter { show, space, template, before };
                assert_eq!(Filter::of(&made.query()), made);
            }
        }
        for rubbish in ["", "show=x&space=y&before=z", "show", "space=%00"] {
            assert_eq!(Filter::of(rubbish), Filter::default(), "{rubbish}");
        }
    }

    #[test]
    fn a_visit_ends_with_a_long_pause() {
        let minutes = |n: i64| Timestamp(n * 60_000);
        let first = Visits::looking(None, minutes(1_000));
        assert_eq!(first.last, Timestamp(0), "everything is new at the first visit");
        let cookie = |visits: Visits| format!("{}.{}", visits.last.0, visits.latest.0);
        let again = Visits::looking(Some(&cookie(first)), minutes(1_060));
        assert_eq!(again.last, Timestamp(0), "the same visit");
        let next = Visits::looking(Some(&cookie(again)), minutes(1_121));
        assert_eq!(next.last, minutes(1_060), "another one, since the latest look of the one before");
        let rest = Visits::looking(Some(&cookie(next)), minutes(1_125));
        assert_eq!(rest.last, minutes(1_060));
        for rubbish in ["", "x.y", "1", "1.2.3"] {
            assert_eq!(Visits::looking(Some(rubbish), minutes(5)).last, Timestamp(0), "{rubbish}");
        }
    }
}
