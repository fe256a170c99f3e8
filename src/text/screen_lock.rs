//! Sentences of pages before they are locked, and while they are. The pages' script gets the whole table as it is,
//! and fills the places itself.

use super::script;
use super::sentences::sentences;

sentences! {
    /// Sentences about the lock of the pages. `web/src/desk/words.ts` names the same ones.
    ScreenLockTexts;

    soon(seconds: u64):
        de "Sie haben länger nichts getan. Diese Seite wird in {seconds} Sekunden gesperrt.",
        en "You have not done anything for a while. This page will be locked in {seconds} seconds.";
    stay:
        de "Weiterarbeiten",
        en "Go on working";
    title:
        de "Gesperrt",
        en "Locked";
    about:
        de "Mit Ihrem Kennwort geht es weiter, wo Sie aufgehört haben. Was gerade gesendet wird, läuft inzwischen weiter.",
        en "Your password takes you back to where you were. Whatever is being sent goes on meanwhile.";
    password:
        de "Ihr Kennwort",
        en "Your password";
    unlock:
        de "Entsperren",
        en "Unlock";
    by_passkey:
        de "Mit Passkey entsperren",
        en "Unlock with a passkey";
    no_passkey:
        de "Der Browser hat keinen Passkey gegeben. Versuchen Sie es noch einmal, oder mit dem Kennwort.",
        en "The browser has not provided a passkey. Please try again, or use the password.";
    wrong:
        de "Dieses Kennwort stimmt nicht.",
        en "This password does not match.";
    sign_out:
        de "Stattdessen abmelden",
        en "Sign out instead";
    no_line:
        de "Der Server ist gerade nicht zu erreichen. Versuchen Sie es gleich noch einmal.",
        en "The server cannot be reached at the moment. Please try again soon.";
    ended:
        de "Ihre Anmeldung ist abgelaufen. Melden Sie sich in einem neuen Fenster an und kommen Sie hierher zurück: Was Sie getippt \
            haben, bleibt stehen.",
        en "Your session has ended. Sign in in a new window and come back here: what you have typed stays.";
    new_window:
        de "Neues Fenster öffnen",
        en "Open a new window";
}

impl ScreenLockTexts {
    /// All sentences, for the script.
    pub fn json(self) -> String {
        script::json(Self::ALL, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::script::tests::assert_known;

    #[test]
    fn the_script_knows_these_sentences() {
        assert_known(ScreenLockTexts::ALL, include_str!("../../web/src/desk/words.ts"));
    }
}
