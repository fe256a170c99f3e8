//! Links that open by a code sent by mail.

use super::sentences::sentences;

sentences! {
    /// Sentences of the page on which a guest asks for a code and enters it, and of the mail with the code.
    CodeTexts;

    title:
        de "Dieser Link öffnet sich mit einem Code",
        en "This link opens with a code";
    about(address: &str):
        de "Damit nur die richtige Person hineinkommt, senden wir einen Code an die Adresse {address}, die wir von Ihnen haben.",
        en "So that only the right person gets in, we send a code to {address}, the address that we have of you.";
    ask:
        de "Code senden",
        en "Send the code";
    ask_again:
        de "Noch einen Code senden",
        en "Send another code";
    have_code:
        de "Ich habe schon einen Code",
        en "I have a code already";
    sent(address: &str):
        de "Der Code ist auf dem Weg an {address}. Er gilt zehn Minuten.",
        en "The code is on its way to {address}. It is good for ten minutes.";
    code:
        de "Code aus der E-Mail",
        en "Code in the mail";
    open:
        de "Weiter",
        en "Go on";
    wrong:
        de "Dieser Code stimmt nicht oder gilt nicht mehr. Es zählt nur der zuletzt gesendete.",
        en "This code is wrong or no longer good. Only the one that was sent last counts.";
    later(wait: &str):
        de "Ein Code ist schon gesendet. Einen weiteren können Sie in {wait} anfordern.",
        en "A code was sent already. You can ask for another one in {wait}.";
    not_arrived:
        de "Ist nach einigen Minuten nichts da, sehen Sie bitte im Spam-Ordner nach, oder rufen Sie uns an.",
        en "If nothing is there after a few minutes, please look into the spam folder, or call us.";
}
