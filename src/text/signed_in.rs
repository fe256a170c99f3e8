//! The browsers in which a person is signed in.

use super::sentences::sentences;

sentences! {
    /// Sentences of the list of browsers, on the page of a person's own account and on an administrator's page of a
    /// person.
    SignedInTexts;

    title:
        de "Angemeldete Browser",
        en "Signed-in browsers";
    nowhere:
        de "Zurzeit in keinem Browser angemeldet.",
        en "Not signed in in any browser at present.";
    unknown:
        de "Unbekannter Browser",
        en "Unknown browser";
    history(since: &str, used: &str):
        de "angemeldet {since}, zuletzt aktiv {used}",
        en "signed in {since}, last active {used}";
    own:
        de "Dieser hier",
        en "This one here";
    locked:
        de "gesperrt, bis das Kennwort eingegeben wird",
        en "locked until the password is entered";
    end:
        de "Dort abmelden",
        en "Sign out there";
    ended:
        de "Dort abgemeldet. Ein begonnenes Hochladen läuft noch zu Ende.",
        en "Signed out there. An upload that has begun still goes on to its end.";
}
