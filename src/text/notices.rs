//! Mails that tell people what happened. No file name, no sender, no reason: a mail lies on many machines.

use super::Language;
use super::sentences::sentences;
use crate::model::{Office, SecurityChange, Topic};

sentences! {
    /// Sentences of mails.
    NoticeTexts;

    subject:
        de "Datenaustausch: Neues für Sie",
        en "File exchange: news for you";
    subject_decide:
        de "Datenaustausch: Ihre Entscheidung ist gefragt",
        en "File exchange: your decision is needed";
    subject_digest:
        de "Datenaustausch: Ihre Wochenübersicht",
        en "File exchange: your week";
    subject_security:
        de "Datenaustausch: Änderung an Ihrem Konto",
        en "File exchange: a change to your account";
    subject_test:
        de "Datenaustausch: Test",
        en "File exchange: test";
    greeting:
        de "Guten Tag,",
        en "Hello,";
    digest:
        de "das ist in der letzten Woche geschehen:",
        en "this is what happened during the last week:";

    arrived_one(space: &str):
        de "im Bereich „{space}“ ist eine Datei eingegangen. Sie wird noch geprüft und danach freigegeben.",
        en "one file has arrived in the space \"{space}\". It is being examined, and is released after that.";
    arrived_many(count: u64, space: &str):
        de "im Bereich „{space}“ sind {count} Dateien eingegangen. Sie werden noch geprüft und danach freigegeben.",
        en "{count} files have arrived in the space \"{space}\". They are being examined, and are released after that.";
    arrived_hint:
        de "Sie müssen nichts tun. Was Sie früher brauchen, können Sie auf der Seite anfordern.",
        en "You need not do anything. What you need earlier, you can ask for on the page.";
    handed_in_one(space: &str):
        de "im Bereich „{space}“ wurde über einen Ihrer Links etwas eingereicht.",
        en "something was handed in to the space \"{space}\" through one of your links.";
    handed_in_many(count: u64, space: &str):
        de "im Bereich „{space}“ wurde über Ihre Links {count}-mal etwas eingereicht.",
        en "something was handed in to the space \"{space}\" through your links {count} times.";
    handed_in_request(space: &str):
        de "im Bereich „{space}“ wurde zu Ihrer Anfrage etwas eingereicht.",
        en "something was handed in to the space \"{space}\" for your request.";
    handed_in_requests(count: u64, space: &str):
        de "im Bereich „{space}“ wurde zu Ihren Anfragen {count}-mal etwas eingereicht.",
        en "something was handed in to the space \"{space}\" for your requests {count} times.";
    asked(space: &str):
        de "im Bereich „{space}“ bittet jemand um eine Datei, die noch geprüft wird.",
        en "somebody asks for a file in the space \"{space}\" that is still being examined.";
    handed_out(space: &str):
        de "eine Datei im Bereich „{space}“, um die Sie gebeten haben, ist jetzt für Sie freigegeben.",
        en "a file in the space \"{space}\" that you asked for is released to you now.";
    declined(space: &str):
        de "eine Datei im Bereich „{space}“, um die Sie gebeten haben, kann Ihnen vor dem Ende der Prüfung nicht gegeben \
            werden.",
        en "a file in the space \"{space}\" that you asked for cannot be given to you before it was examined.";
    released(space: &str):
        de "eine Datei im Bereich „{space}“, um die Sie gebeten haben, ist geprüft und freigegeben.",
        en "a file in the space \"{space}\" that you asked for was examined and is released.";
    quarantined(space: &str):
        de "im Bereich „{space}“ wurde eine Datei in Quarantäne genommen.",
        en "a file in the space \"{space}\" was quarantined.";
    second_needed(space: &str):
        de "im Bereich „{space}“ hat eine Person entschieden, eine Datei freizugeben. Dafür wird eine zweite Person gebraucht.",
        en "one person has decided to release a file in the space \"{space}\". A second person is needed for that.";
    waits_one(space: &str, since: &str):
        de "im Bereich „{space}“ wartet eine Datei vom {since} auf eine Entscheidung.",
        en "one file in the space \"{space}\", of {since}, waits for a decision.";
    waits_many(count: u64, space: &str, since: &str):
        de "im Bereich „{space}“ warten {count} Dateien auf eine Entscheidung, die älteste seit dem {since}.",
        en "{count} files in the space \"{space}\" wait for a decision, the oldest since {since}.";
    unfetched_one(space: &str, day: &str):
        de "im Bereich „{space}“ endet am {day} einer Ihrer Links. Noch wurde darüber nichts abgeholt.",
        en "one of your links in the space \"{space}\" ends on {day}. Nothing was fetched through it yet.";
    unfetched_many(count: u64, space: &str):
        de "im Bereich „{space}“ enden in den nächsten Tagen {count} Ihrer Links. Noch wurde darüber nichts abgeholt.",
        en "{count} of your links in the space \"{space}\" end in the next days. Nothing was fetched through them yet.";
    security:
        de "an der Anmeldung zu Ihrem Konto hat sich etwas geändert:",
        en "the way to sign in to your account was changed:";
    passkey_added:
        de "Ein Passkey kam hinzu, mit dem man sich ohne Kennwort anmelden kann.",
        en "A passkey was added, which signs in without a password.";
    passkey_removed:
        de "Die Verwaltung hat einen Ihrer Passkeys entfernt.",
        en "An administrator removed one of your passkeys.";
    second_factor_removed:
        de "Der zweite Faktor wurde abgeschaltet. Das Kennwort allein genügt wieder.",
        en "The second factor was switched off. The password alone is enough again.";
    password_changed:
        de "Das Kennwort wurde geändert.",
        en "The password was changed.";
    device_added:
        de "Ein Gerät oder Programm bekam ein eigenes Kennwort.",
        en "A device or program got a password of its own.";
    security_advice:
        de "Haben Sie das selbst getan oder veranlasst, ist nichts weiter nötig. Andernfalls ändern Sie bitte sofort Ihr Kennwort, \
            entfernen auf der Seite alles, was Sie nicht kennen, und melden sich bei uns.",
        en "If you did this or asked for it, you need not do anything. Otherwise please change your password at once, remove everything \
            on the page that you do not know, and get in touch with us.";
    more(count: usize):
        de "Dazu kommen {count} weitere Bereiche.",
        en "There is news in {count} more spaces.";

    page:
        de "Die Seite dazu:",
        en "The page:";
    instead_of(name: &str):
        de "Sie erhalten diese Nachricht als Vertretung für {name}.",
        en "You receive this in place of {name}.";
    regards:
        de "Mit freundlichen Grüßen",
        en "Kind regards";
    automatic:
        de "Diese Nachricht wurde automatisch verschickt. Sie hat keinen Anhang, und es fragt Sie darin niemand nach einem \
            Kennwort.",
        en "This message was sent automatically. It has no attachment and asks for no password.";
    test:
        de "der Versand von Nachrichten ist eingerichtet.",
        en "notices by mail are set up.";
}

impl Language {
    /// Subject of a notice.
    pub fn notice_subject(self, topic: Topic) -> &'static str {
        let texts = NoticeTexts(self);
        match topic {
            Topic::Arrived
            | Topic::HandedOut
            | Topic::Declined
            | Topic::HandedIn
            | Topic::NeededAgain
            | Topic::Reminder
            | Topic::Answered
            | Topic::Invitation
            | Topic::LinkUnfetched
            | Topic::Released => texts.subject(),
            Topic::Asked | Topic::Quarantined | Topic::SecondNeeded | Topic::DecisionWaits => {
                texts.subject_decide()
            }
            Topic::Security => texts.subject_security(),
            Topic::Digest => texts.subject_digest(),
        }
    }

    /// A change of how a person signs in, in a sentence.
    pub fn security_change(self, change: SecurityChange) -> &'static str {
        let texts = NoticeTexts(self);
        match change {
            SecurityChange::PasskeyAdded => texts.passkey_added(),
            SecurityChange::PasskeyRemoved => texts.passkey_removed(),
            SecurityChange::SecondFactorRemoved => texts.second_factor_removed(),
            SecurityChange::PasswordChanged => texts.password_changed(),
            SecurityChange::DeviceAdded => texts.device_added(),
        }
    }

    /// The text of a mail of these paragraphs, with the foot of every mail.
    pub fn letter(self, parts: &[String], office: &Office) -> String {
        let (signature, automatic) = (self.signature(office), NoticeTexts(self).automatic());
        format!("{}\n\n{signature}\n\n-- \n{automatic}\n", parts.join("\n\n"))
    }

    /// The foot of a mail: its sender, and the person to ask.
    fn signature(self, office: &Office) -> String {
        let (texts, words) = (NoticeTexts(self), super::OfficeTexts(self));
        let name = if office.name.is_empty() { "Tresor" } else { &office.name };
        let mut lines = vec![texts.regards().to_owned(), name.to_owned()];
        let line = |name: &str, value: &str| (!value.is_empty()).then(|| format!("{name}{value}"));
        lines.extend((!office.contact.is_empty()).then(|| words.contact(&office.contact)));
        lines.extend(line(&format!("{}: ", words.phone()), &office.phone));
        lines.extend(line(&format!("{}: ", words.mail()), &office.mail));
        lines.extend(line("", &office.web));
        lines.join("\n")
    }
}
