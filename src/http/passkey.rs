//! Passkeys as parts of pages: the list of a person's passkeys, and the form that the script `passkey.ts` fills in.
//! Without the script, and in browsers that have no passkeys, that form stays hidden.

use maud::{Markup, html};

use super::context::RequestContext;
use super::desk::Desk;
use super::page::folder::shown_name;
use crate::accounts::{NoPasskeys, PasskeySite};
use crate::admin::PasskeyShown;
use crate::text::{Language, PasskeyTexts};

/// The value of `do` of a form that renames a passkey.
pub(super) const RENAME: &str = "rename-passkey";
/// The field with its new name.
pub(super) const LABEL: &str = "label";
/// The value of `do` of a form that removes a passkey; its number is in the field of [`NUMBER`].
pub(super) const REMOVE: &str = "remove-passkey";
/// The field with the number of a passkey.
pub(super) const NUMBER: &str = "number";
/// The field with the answer of a passkey, as JSON (WebAuthn 5.1, `PublicKeyCredential.toJSON()`).
pub(super) const ANSWER: &str = "passkey";

/// The script's action on a form.
pub(super) enum Ceremony<'a> {
    /// Has a passkey made. These are the options of `navigator.credentials.create()`, as JSON.
    Make(&'a str),
    /// Asks for a passkey. The options of `navigator.credentials.get()` lie at this path.
    Ask(&'a str),
}

/// The site of the address that the browser uses.
pub(super) fn site(context: RequestContext<'_>) -> Result<PasskeySite, NoPasskeys> {
    context.services.accounts.passkey_site(&context.origin().unwrap_or_default())
}

/// Whose passkeys a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Those of the person who looks, who gives them their names.
    Own,
    /// Those of another one.
    Other,
}

/// The list of a person's passkeys; `here` is where its forms are sent.
pub(super) fn list(desk: &Desk<'_>, here: &str, passkeys: &[PasskeyShown], owner: Owner) -> Markup {
    let texts = PasskeyTexts(desk.language);
    let used = |passkey: &PasskeyShown| match passkey.last_used {
        Some(used) => texts.used(&desk.moment(used.0)),
        None => texts.unused().to_owned(),
    };
    html! {
        @if passkeys.is_empty() { p { (texts.none()) } } @else {
            ul.items {
                @for passkey in passkeys {
                    li {
                        (shown_name(&passkey.label))
                        p.where { (texts.made(&desk.moment(passkey.created.0))) ", " (used(passkey)) }
                        @if owner == Owner::Own {
                            details {
                                summary { (texts.rename()) }
                                form method="post" action=(here) {
                                    (desk.token())
                                    input type="hidden" name=(NUMBER) value=(passkey.id);
                                    label {
                                        (texts.new_label())
                                        input type="text" name=(LABEL) value=(passkey.label) required maxlength="100" autocomplete="off";
                                    }
                                    button name="do" value=(RENAME) { (texts.rename()) }
                                }
                            }
                        }
                        form method="post" action=(here) {
                            (desk.token())
                            input type="hidden" name=(NUMBER) value=(passkey.id);
                            button.plain name="do" value=(REMOVE) { (texts.remove()) }
                        }
                    }
                }
            }
        }
    }
}

/// The form; `fields` are its other ones, among them the session's token.
pub(super) fn form(
    language: Language,
    action: &str,
    ceremony: &Ceremony<'_>,
    fields: &Markup,
    button: &Markup,
) -> Markup {
    let texts = PasskeyTexts(language);
    let (kind, options, failed) = match ceremony {
        Ceremony::Make(options) => ("make", options, texts.not_made()),
        Ceremony::Ask(path) => ("ask", path, texts.failed()),
    };
    html! {
        form method="post" action=(action) data-passkey=(kind) data-options=(options) hidden {
            (fields)
            input type="hidden" name=(ANSWER);
            p.problem role="alert" hidden { (failed) }
            (button)
        }
    }
}
