//! Mails to a person with an account.

use super::sentences::sentences;

sentences! {
    /// Sentences of the forms for mails to a person.
    ReachTexts;

    language:
        de "Sprache der Mails",
        en "Language of mails";
    notices:
        de "Benachrichtigungen",
        en "Notices";
    at_once:
        de "sofort",
        en "at once";
    digest:
        de "gesammelt einmal in der Woche",
        en "once a week, together";
    off:
        de "keine",
        en "none";
    substitute:
        de "Vertretung",
        en "Substitute";
    no_substitute:
        de "ohne Vertretung",
        en "without a substitute";
    until:
        de "vertreten bis einschließlich",
        en "substituted through";
    about:
        de "Die Vertretung bekommt die Mails über alles, was sie selbst sehen darf.",
        en "The substitute gets the mails about everything that they may see, too.";
}
