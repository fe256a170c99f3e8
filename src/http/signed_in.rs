//! The list of browsers in which a person is signed in, as a part of a page.

use maud::{Markup, html};

use super::desk::Desk;
use crate::admin::SessionShown;
use crate::text::SignedInTexts;

/// The value of `do` of a form that signs a person out of one browser; its number is in `session`.
pub(super) const END: &str = "end-session";

/// The list; `here` is where its forms are sent. The browser that shows it is marked, and signs out at the top of the page.
pub(super) fn list(desk: &Desk<'_>, here: &str, sessions: &[SessionShown]) -> Markup {
    let texts = SignedInTexts(desk.language);
    let own = desk.session.id.0;
    html! {
        section {
            h2 { (texts.title()) }
            @if sessions.is_empty() { p { (texts.nowhere()) } } @else {
                ul.items {
                    @for session in sessions {
                        li {
                            @if session.browser.is_empty() { (texts.unknown()) } @else { (session.browser) }
                            p.where { (texts.history(&desk.moment(session.since.0), &desk.moment(session.last_used.0))) }
                            @if session.id == own { p.state { (texts.own()) } } @else {
                                @if session.locked { p.state { (texts.locked()) } }
                                form method="post" action=(here) {
                                    (desk.token())
                                    input type="hidden" name="session" value=(session.id);
                                    button.plain name="do" value=(END) { (texts.end()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
