//! Shows the history: who did what and when.

use clap::Args;

use super::{Format, Place, output};
use crate::admin::{HistoryShown, Reply, Request};

/// Show who did what and when, latest event first.
///
/// Without a space, shows the whole instance, with accounts and settings. With a space or a path in it, shows the events
/// there and below, also of files that were moved or removed since. Times are UTC. Downloads count once per person, file
/// version and quarter of an hour. Events are kept for 400 days (`[events] keep_days` in the configuration).
#[derive(Debug, Args)]
pub(super) struct History {
    /// Space, or a path in it such as Muster/2025/Bilanz.pdf.
    #[arg(value_name = "SPACE[/PATH]")]
    at: Option<String>,
    /// Number of events to show at most.
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: u32,
    /// Only events before the one with this number, to continue a list (`next` in JSON).
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,
    /// Language of the sentences: de or en [default: the terminal's, else en].
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl History {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { at, limit, before, lang, place, format } = self;
        let (space, path) = match at {
            None => (None, String::new()),
            Some(at) => match at.split_once('/') {
                Some((space, path)) => (Some(space.to_owned()), path.to_owned()),
                None => (Some(at), String::new()),
            },
        };
        let language = lang.unwrap_or_else(of_terminal);
        let (session, limit) = (place.session()?, limit.max(1));
        let mut shown = HistoryShown { events: Vec::new(), next: before };
        loop {
            let limit = limit.saturating_sub(u32::try_from(shown.events.len())?);
            let (space, path, before, language) = (space.clone(), path.clone(), shown.next, language.clone());
            let reply = session.ask(Request::History { space, path, before, limit, language })?;
            let Reply::History(page) = reply else {
                session.close();
                return output::reply(reply, format);
            };
            let is_enough = page.next.is_none() || page.events.len() >= limit as usize;
            shown.events.extend(page.events);
            shown.next = page.next;
            if is_enough {
                break;
            }
        }
        session.close();
        output::reply(Reply::History(shown), format)
    }
}

/// The language of the terminal's locale (POSIX.1-2024, 8.2).
pub(super) fn of_terminal() -> String {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default()
}
