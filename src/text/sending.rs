//! Sentences for the scripts that send files.

use super::sentences::sentences;

sentences! {
    /// Why an upload by the script of a page was refused; other reasons are those of the forms.
    SendingTexts;

    not_signed_in:
        de "Ihre Anmeldung ist abgelaufen. Melden Sie sich in einem neuen Tab an, dann senden Sie hier weiter.",
        en "Your session has ended. Sign in in a new tab, then go on here.";
    open_again:
        de "Diese Seite ist veraltet. Laden Sie sie neu; was angekommen ist, bleibt gespeichert.",
        en "This page is out of date. Reload it; what has arrived stays stored.";
    begin_anew:
        de "Von dieser Datei ist hier nichts mehr gespeichert. Sie wird noch einmal von vorn gesendet.",
        en "Nothing of this file is kept here any more. It is sent once more from its beginning.";
    taken_over:
        de "Diese Datei wird inzwischen von einem anderen Fenster aus gesendet.",
        en "This file is being sent from another window meanwhile.";
    too_many:
        de "Es sind zu viele Dateien zugleich unterwegs. Die übrigen folgen, sobald einige angekommen sind.",
        en "Too many files are under way at once. The others follow once some have arrived.";
}
