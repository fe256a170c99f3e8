//! The mail that invites a recipient of a request, neutral as the mails after it: it gives a number and days, and no title.

use super::asked_mail::{AskedMail, AskedMailTexts, spoken};
use super::sentences::sentences;
use super::{Language, NoticeTexts};
use crate::model::{Asking, Office, Timestamp};

sentences! {
    /// Sentences of invitations.
    InvitationTexts;

    subject(office: &str):
        de "{office}: Bitte um Unterlagen",
        en "{office}: request for documents";
    subject_plain:
        de "Bitte um Unterlagen",
        en "Request for documents";
    ask:
        de "wir bitten Sie um einige Unterlagen und haben dafür eine Seite für Sie eingerichtet. Dort steht, was wir brauchen, und \
            dort reichen Sie es ein. Sie brauchen weder ein Konto noch ein Programm und können jederzeit unterbrechen.",
        en "We ask you for some documents and have set up a page for you. It says what we need, and you hand it in there. You need \
            neither an account nor a program, and you can stop at any time.";
    questions:
        de "Was Sie nicht haben oder was Sie nicht betrifft, geben Sie auf der Seite an. Fragen können Sie dort auch stellen.",
        en "If you do not have something, or it does not apply to you, say so on the page. You can ask questions there, too.";
    page:
        de "Ihre persönliche Seite; bitte geben Sie den Link nicht weiter:",
        en "Your personal page; please do not pass the link on:";
    doubt:
        de "Kommt Ihnen diese Nachricht seltsam vor? Dann rufen Sie uns vor dem Öffnen an, unter einer Nummer, die Sie schon kennen.",
        en "Does this message look strange to you? Then call us before you open the link, at a number that you already know.";
}

impl AskedMail {
    /// Invites a recipient, as of `now`. `url` is scheme and host of the recipient's page.
    pub fn invitation(asking: &Asking, office: &Office, url: &str, now: Timestamp) -> Self {
        let language = Language::of_tag(&asking.language);
        let (texts, mails) = (InvitationTexts(language), AskedMailTexts(language));
        let greeting = match asking.name.is_empty() {
            true => NoticeTexts(language).greeting().to_owned(),
            false => mails.greeting(&spoken(&asking.name)),
        };
        let day = |at: Timestamp| language.day(office.zone.last_day(at));
        let deadline = asking.deadline.filter(|deadline| now < *deadline);
        let days: Vec<_> = asking.dates.iter().filter(|date| now < **date).map(|date| day(*date)).collect();
        let until = deadline.map(|deadline| mails.until(&day(deadline)));
        let dates = (!days.is_empty()).then(|| mails.dates(&days.join(", ")));
        let times = [until, dates].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let parts = [
            Some(greeting),
            Some(texts.ask().to_owned()),
            Some(times).filter(|times| !times.is_empty()),
            Some(format!("{}\n{url}{}", texts.page(), asking.page)),
            asking.needs_code.then(|| mails.code().to_owned()),
            Some(texts.questions().to_owned()),
            Some(texts.doubt().to_owned()),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let subject = match office.name.is_empty() {
            true => texts.subject_plain().to_owned(),
            false => texts.subject(&office.name),
        };
        Self { subject, text: language.letter(&parts, office) }
    }
}
