//! Reminders, on the page of a request.

use crate::text::sentences::sentences;

sentences! {
    /// Sentences about reminders.
    RemindingTexts;

    reminders:
        de "Erinnerungen per Mail",
        en "Reminders by mail";
    no_mails:
        de "Dieser Server verschickt keine Mails.",
        en "This server sends no mails.";
    reminders_paused:
        de "Die Erinnerungen sind angehalten.",
        en "Reminders are paused.";
    no_reminder_planned:
        de "Es ist keine Erinnerung geplant.",
        en "No reminder is planned.";
    never_reminded:
        de "noch nicht erinnert",
        en "not reminded yet";
    reminded(times: u32, when: &str):
        de "{times}-mal erinnert, zuletzt {when}",
        en "reminded {times} times, last {when}";
    reminds_next(when: &str):
        de "wieder am {when}",
        en "again on {when}";
    address_refused(when: &str, why: &str):
        de "An diese Adresse ging die Mail vom {when} nicht hinaus: {why}",
        en "The mail of {when} could not be delivered to this address: {why}";
    mail_delayed(when: &str):
        de "Die Mail vom {when} ist noch nicht angekommen. Die Mail-Server versuchen es weiter.",
        en "The mail of {when} has not arrived yet. The mail servers go on trying.";
    readdress:
        de "Adresse speichern",
        en "Store the address";
    readdressed:
        de "Die Adresse ist gespeichert.",
        en "The address is stored.";
    remind_now:
        de "Jetzt erinnern",
        en "Remind now";
    reminder_made:
        de "Die Erinnerung geht gleich hinaus.",
        en "The reminder is about to be sent.";
    pause_reminders:
        de "Erinnerungen anhalten",
        en "Pause reminders";
    resume_reminders:
        de "Erinnerungen fortsetzen",
        en "Resume reminders";
    nothing_missing:
        de "Es fehlt nichts, woran zu erinnern wäre.",
        en "Nothing is missing of which to remind.";
    reminded_today:
        de "Heute wurde schon erinnert. Einmal am Tag genügt.",
        en "A reminder was sent today. One a day is enough.";
    nobody_reached:
        de "Kein Empfänger ist per Mail erreichbar.",
        en "No recipient can be reached by mail.";
    wrong_address:
        de "Das ist keine gültige Mail-Adresse.",
        en "This is not a valid mail address.";
    other_has_address:
        de "Diese Adresse hat schon ein anderer Empfänger der Anfrage.",
        en "Another recipient of the request has this address.";
}
