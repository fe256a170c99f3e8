//! Reminders, on the page of a request.

use crate::model::{OfficeHours, WhyNoMail};
use crate::text::Language;
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
    plan_off:
        de "Nach Plan erinnert diese Anfrage nicht.",
        en "By its plan, this request does not remind.";
    plan_days(days: &str):
        de "Plan: {days} Tage vor der Frist, danach einmal pro Woche.",
        en "Plan: {days} days before the deadline, then once a week.";
    plan_hours(hours: &str, zone: &str):
        de "Zu den Bürozeiten: {hours} ({zone}). Was dann schon eingereicht ist, wird nicht angemahnt.",
        en "In the hours of the office: {hours} ({zone}). What was handed in by then is left out.";
    plan_without_day:
        de "Ohne Frist erinnert die Anfrage nur von Hand.",
        en "Without a deadline the request reminds by hand only.";
    change_plan:
        de "Plan ändern",
        en "Change the plan";
    plan:
        de "Erinnern: Tage vor der Frist",
        en "Remind: days before the deadline";
    plan_about(most: u32):
        de "Bis zu fünf Zahlen, zum Beispiel: 14, 3. Nach der Frist folgt jede Woche eine weitere Erinnerung, insgesamt höchstens {most} je \
            Empfänger. Ein leeres Feld heißt: keine.",
        en "Up to five numbers, for example: 14, 3. After the deadline one more follows every week, at most {most} in all to each \
            recipient. An empty field means none.";
    bad_plan:
        de "Schreiben Sie bis zu fünf Zahlen von 0 bis 90, mit Komma dazwischen.",
        en "Write up to five numbers from 0 to 90, with commas between them.";
    store_plan:
        de "Plan speichern",
        en "Store the plan";
    planned:
        de "Der Plan ist gespeichert. Er gilt ab der nächsten Erinnerung.",
        en "The plan is stored. It applies from the next reminder on.";
    not_planned:
        de "Der Plan wurde nicht gespeichert.",
        en "The plan was not stored.";
    see_mail:
        de "Die Mail ansehen, wie sie jetzt hinausginge",
        en "Look at the mail as it would be sent now";
    mail_title:
        de "Erinnerung zur Ansicht",
        en "Preview of the reminder";
    mail_about:
        de "So lautet die Mail, wenn sie in diesem Augenblick hinausgeht. Der Link des Empfängers ist hier verborgen.",
        en "This is the mail if it is sent at this moment. The link of the recipient is hidden here.";
    no_mail_closed:
        de "Wird nicht gesendet, weil die Anfrage abgeschlossen ist.",
        en "Is not sent, because the request is closed.";
    no_mail_link:
        de "Wird nicht gesendet, weil sich der Link dieses Empfängers nicht mehr öffnet.",
        en "Is not sent, because the link of this recipient no longer opens.";
    no_mail_address:
        de "Wird nicht gesendet, weil von diesem Empfänger keine Adresse bekannt ist.",
        en "Is not sent, because no address of this recipient is known.";
    no_mail_refused:
        de "Wird nicht gesendet, weil ein Mailserver diese Adresse abgelehnt hat.",
        en "Is not sent, because a mail server refused this address.";
    no_mail_nothing:
        de "Wird nicht gesendet, weil nichts mehr offen ist.",
        en "Is not sent, because nothing is open any more.";
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
    invited_already:
        de "Die Einladung haben schon alle, die per Mail erreichbar sind.",
        en "All who can be reached by mail have the invitation already.";
    too_many_mails:
        de "Heute gingen schon sehr viele Mails hinaus. Senden Sie die Einladung morgen.",
        en "Very many mails were sent today. Send the invitation tomorrow.";
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

impl RemindingTexts {
    /// Why a recipient gets no reminder now.
    pub fn why_no_mail(self, why: WhyNoMail) -> &'static str {
        match why {
            WhyNoMail::Closed => self.no_mail_closed(),
            WhyNoMail::LinkEnded => self.no_mail_link(),
            WhyNoMail::NoAddress => self.no_mail_address(),
            WhyNoMail::Refused => self.no_mail_refused(),
            WhyNoMail::NothingMissing => self.no_mail_nothing(),
        }
    }

    /// When an office works: `Montag bis Freitag, 08:00-18:00 Uhr`.
    pub fn office_hours(self, hours: OfficeHours) -> String {
        let (names, to, oclock) = match self.0 {
            Language::German => (WEEKDAYS_GERMAN, "bis", " Uhr"),
            Language::English => (WEEKDAYS_ENGLISH, "to", ""),
        };
        let name = |day: i8| usize::try_from(day).ok().and_then(|day| names.get(day).copied());
        let (first, last) = hours.weekdays();
        let mut days: Vec<_> = [first, last].into_iter().filter_map(name).collect();
        days.dedup();
        let daily = hours.daily().to_string().replace('-', "–");
        format!("{}, {daily}{oclock}", days.join(&format!(" {to} ")))
    }
}

const WEEKDAYS_GERMAN: [&str; 7] =
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const WEEKDAYS_ENGLISH: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_of_an_office_are_said_in_words() {
        for (hours, german, english) in [
            ("Mon-Fri 08:00-18:00", "Montag bis Freitag, 08:00–18:00 Uhr", "Monday to Friday, 08:00–18:00"),
            ("Sat 09:30-12:00", "Samstag, 09:30–12:00 Uhr", "Saturday, 09:30–12:00"),
        ] {
            let hours: OfficeHours = hours.parse().unwrap();
            assert_eq!(RemindingTexts(Language::German).office_hours(hours), german);
            assert_eq!(RemindingTexts(Language::English).office_hours(hours), english);
        }
    }
}
