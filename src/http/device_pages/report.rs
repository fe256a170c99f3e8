//! How far the program of a device comes, as a part of a page.

use http::{StatusCode, Version};
use maud::{Markup, html};

use crate::accounts::UserName;
use crate::http::desk::Desk;
use crate::http::devices::{DeviceKey, Kind, Program, RefusedLogin, Seen, Step, Trouble, WhyRefused};
use crate::http::page::facts;
use crate::text::DeviceTexts;

/// Whether the device has sent a request since the server started.
pub(in crate::http) fn has_been_seen(desk: &Desk<'_>, key: DeviceKey) -> bool {
    desk.context.services.devices.of(key).is_some()
}

/// The part of a page about a device of this person.
pub(in crate::http) fn report(desk: &Desk<'_>, person: &str, key: DeviceKey) -> Markup {
    let devices = &desk.context.services.devices;
    let texts = DeviceTexts(desk.language);
    let seen = devices.of(key);
    let refused = UserName::parse(person).ok().and_then(|name| devices.refused(&name.key()));
    // One that failed before the device came through is history.
    let refused = refused.filter(|refused| seen.as_ref().is_none_or(|seen| refused.at >= seen.last));
    html! {
        @match &seen {
            None => {
                p { (texts.not_seen()) }
                (troubles(desk, None, refused))
            },
            Some(seen) => {
                p { (texts.seen_about()) }
                (known(desk, seen))
                (steps(desk, seen))
                (troubles(desk, Some(seen), refused))
                (hints(texts, seen, key))
            },
        }
        p { a.button href=(desk.context.address()) { (texts.reload()) } }
    }
}

fn known(desk: &Desk<'_>, seen: &Seen) -> Markup {
    let texts = DeviceTexts(desk.language);
    let version = match seen.version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    };
    let connection = if seen.is_secure { texts.secure(version) } else { texts.insecure(version) };
    facts(&[
        (texts.program(), named(texts, seen.program)),
        (texts.last(), &desk.moment(seen.last)),
        (texts.connection(), &connection),
    ])
}

fn steps(desk: &Desk<'_>, seen: &Seen) -> Markup {
    let texts = DeviceTexts(desk.language);
    html! {
        section {
            h2 { (texts.steps()) }
            ul.items {
                @for step in Step::ALL {
                    li {
                        (of_step(texts, step))
                        @match seen.when(step) {
                            Some(when) => p.state data-state="there" { "✓ " (texts.step_seen(&desk.moment(when))) },
                            None => p.where { (texts.step_missing()) },
                        }
                    }
                }
            }
        }
    }
}

fn troubles(desk: &Desk<'_>, seen: Option<&Seen>, refused: Option<RefusedLogin>) -> Markup {
    let texts = DeviceTexts(desk.language);
    let refused = refused.map(|RefusedLogin { at, program, why }| {
        let (moment, program) = (desk.moment(at), named(texts, program));
        match why {
            WhyRefused::Password => texts.refused_password(&moment, program),
            WhyRefused::SecondFactor => texts.refused_factor(&moment, program),
            WhyRefused::TooMany => texts.refused_many(&moment, program),
        }
    });
    let others = seen.into_iter().flat_map(|seen| &seen.troubles);
    let others = others.map(|(at, trouble)| {
        texts.trouble(&desk.moment(*at), of_kind(texts, trouble.kind), &why(texts, *trouble))
    });
    let lines: Vec<_> = refused.into_iter().chain(others).collect();
    html! {
        @if !lines.is_empty() {
            section {
                h2 { (texts.troubles()) }
                ul.items { @for line in lines { li { (line) } } }
            }
        }
    }
}

fn hints(texts: DeviceTexts, seen: &Seen, (_, device): DeviceKey) -> Markup {
    let has_edited = seen.when(Step::Write).is_some() && seen.when(Step::Read).is_some();
    let known = [
        (!seen.is_secure, texts.hint_insecure()),
        (device.is_none(), texts.hint_own_password()),
        (has_edited && seen.when(Step::Lock).is_none(), texts.hint_no_lock()),
        (seen.decomposes, texts.hint_decomposed()),
        (seen.knows_lengths == Some(false), texts.hint_lengths()),
        (seen.program == Program::Finder, texts.hint_finder()),
        (seen.program == Program::Davfs2, texts.davfs2_cache()),
        (seen.program == Program::Explorer, texts.hint_explorer()),
    ];
    let hints: Vec<_> = known.into_iter().filter(|(holds, _)| *holds).map(|(_, hint)| hint).collect();
    html! {
        section {
            h2 { (texts.hints()) }
            @if hints.is_empty() { p { (texts.hint_nothing()) } } @else {
                ul { @for hint in hints { li { (hint) } } }
            }
        }
    }
}

fn named(texts: DeviceTexts, program: Program) -> &'static str {
    program.name().unwrap_or(texts.unknown_program())
}

fn of_step(texts: DeviceTexts, step: Step) -> &'static str {
    match step {
        Step::List => texts.list(),
        Step::MakeFolder => texts.make_folder(),
        Step::Write => texts.write(),
        Step::Lock => texts.lock(),
        Step::Read => texts.read(),
        Step::ReadPart => texts.read_part(),
        Step::Move => texts.relocate(),
        Step::Delete => texts.delete(),
    }
}

fn of_kind(texts: DeviceTexts, kind: Kind) -> &'static str {
    match kind {
        Kind::List => texts.kind_list(),
        Kind::Read => texts.kind_read(),
        Kind::Write => texts.kind_write(),
        Kind::MakeFolder => texts.kind_make_folder(),
        Kind::Move => texts.kind_move(),
        Kind::Delete => texts.kind_delete(),
        Kind::Lock => texts.kind_lock(),
        Kind::Other => texts.kind_other(),
    }
}

fn why(texts: DeviceTexts, Trouble { status, .. }: Trouble) -> String {
    let known = match status {
        StatusCode::FORBIDDEN => texts.why_right(),
        StatusCode::NOT_FOUND | StatusCode::CONFLICT => texts.why_missing(),
        StatusCode::METHOD_NOT_ALLOWED => texts.why_exists(),
        StatusCode::BAD_REQUEST | StatusCode::LENGTH_REQUIRED | StatusCode::UNPROCESSABLE_ENTITY => {
            texts.why_broken()
        }
        StatusCode::LOCKED => texts.why_locked(),
        StatusCode::PAYLOAD_TOO_LARGE => texts.why_large(),
        StatusCode::INSUFFICIENT_STORAGE => texts.why_full(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => texts.why_busy(),
        _ if status.is_server_error() => texts.why_server(),
        _ => return texts.why_other(status.as_str()),
    };
    known.to_owned()
}
