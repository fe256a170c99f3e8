//! Invitations by mail, and other addresses for links.

use crate::text::sentences::sentences;

sentences! {
    /// Sentences about the ways to the recipients of a request.
    InvitingTexts;

    invite:
        de "Einladung per E-Mail senden",
        en "Send the invitation by mail";
    invite_about:
        de "Jeder, dessen E-Mail-Adresse bekannt ist, bekommt seinen Link einmal zugeschickt. Weder Betreff noch Punkte stehen darin.",
        en "Each person whose mail address is known gets the link once. The mail has neither the subject nor the items.";
    invite_all:
        de "Alle per E-Mail einladen",
        en "Invite everyone by mail";
    at_once:
        de "Einladung gleich per E-Mail senden",
        en "Send the invitation by mail at once";
    at_once_about:
        de "Ohne E-Mail-Adresse geben Sie den Link selbst weiter.",
        en "Without a mail address you pass the link on yourself.";
    made:
        de "Die Einladung ist unterwegs.",
        en "The invitation is on its way.";
    sent(when: &str):
        de "Einladung gesendet am {when}",
        en "Invitation sent on {when}";
    waiting:
        de "Einladung wird gerade verschickt",
        en "Invitation is being sent";
    not_sent:
        de "noch keine Einladung per E-Mail",
        en "no invitation by mail yet";
    came_back:
        de "Die Mail kam zurück",
        en "The mail came back";
    renew:
        de "Ist der Link verloren?",
        en "Is the link lost?";
    renew_about:
        de "Einen Link sehen Sie nur, wenn er entsteht. Ein neuer tritt an seine Stelle: Der bisherige öffnet dann nichts mehr, auch \
            nicht aus Mails, die der Empfänger schon hat. Alles Eingereichte bleibt.",
        en "You see a link only when it is made. A new one takes its place: the link before opens nothing then, not even from \
            mails that the recipient already has. Everything that was handed in stays.";
    renew_for(name: &str):
        de "Neuen Link für {name} machen",
        en "Make a new link for {name}";
    renewed_title:
        de "Neuer Link",
        en "New link";
    renewed:
        de "Ab sofort öffnet nur noch dieser Link die Seite des Empfängers.",
        en "From now on only this link opens the recipient's page.";
    shown_once:
        de "Geben Sie ihn jetzt weiter; nur Sie sehen ihn, und nur eine Stunde lang.",
        en "Pass it on now; only you see it, and for an hour only.";
    not_shown:
        de "Diesen Link zeigt der Server nicht mehr. Auf der Seite der Anfrage machen Sie einen neuen.",
        en "The server no longer shows this link. Make a new one on the page of the request.";
}
