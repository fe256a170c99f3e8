//! Mails to the recipients of a request. They give a number and no title: a mail lies on many machines, and what a tax office
//! asks for says much about a person.

use super::Language;
use super::sentences::sentences;
use crate::model::{Asking, Office, Timestamp};

sentences! {
    /// Sentences of mails to the recipients of requests.
    AskedMailTexts;

    subject(office: &str):
        de "Unterlagen für {office}",
        en "Documents for {office}";
    subject_plain:
        de "Ihre Unterlagen",
        en "Your documents";
    subject_again:
        de "Rückfrage zu Ihren Unterlagen",
        en "A question about your documents";
    subject_answered:
        de "Antwort auf Ihre Frage",
        en "Answer to your question";
    greeting(name: &str):
        de "Guten Tag {name},",
        en "Hello {name},";
    again_one(asked: &str):
        de "vielen Dank für Ihre Unterlagen zu unserer Anfrage vom {asked}. Einen Punkt brauchen wir bitte noch einmal. Auf \
            Ihrer Seite sehen Sie, welcher es ist und warum.",
        en "Thank you for your documents for our request of {asked}. We need one item again, please. Your page shows which \
            one, and why.";
    again_many(asked: &str, count: u32):
        de "vielen Dank für Ihre Unterlagen zu unserer Anfrage vom {asked}. {count} Punkte brauchen wir bitte noch einmal. \
            Auf Ihrer Seite sehen Sie, welche es sind und warum.",
        en "Thank you for your documents for our request of {asked}. We need {count} items again, please. Your page shows \
            which ones, and why.";
    answered(asked: &str):
        de "Sie haben uns zu unserer Anfrage vom {asked} etwas geschrieben. Unsere Antwort steht auf Ihrer Seite.",
        en "You wrote to us about our request of {asked}. Our answer is on your page.";
    open_one(asked: &str):
        de "zu unserer Anfrage vom {asked} ist noch ein Punkt offen.",
        en "One item of our request of {asked} is still open.";
    open_many(asked: &str, count: u32):
        de "zu unserer Anfrage vom {asked} sind noch {count} Punkte offen.",
        en "{count} items of our request of {asked} are still open.";
    until(deadline: &str):
        de "Wir freuen uns, wenn Sie die Unterlagen bis zum {deadline} einreichen.",
        en "We would be glad to have the documents by {deadline}.";
    was_until(deadline: &str):
        de "Wir hatten Sie bis zum {deadline} darum gebeten. Sie können die Unterlagen weiterhin einreichen.",
        en "We had asked for the documents by {deadline}. You can still hand them in.";
    dates(days: &str):
        de "Für einzelne Punkte gelten eigene Fristen: {days}.",
        en "Some items have dates of their own: {days}.";
    dates_over(days: &str):
        de "Bei einzelnen Punkten ist die Frist schon vorbei: {days}.",
        en "The dates of some items are over: {days}.";
    what:
        de "Auf Ihrer Seite sehen Sie, was noch fehlt. Was Sie nicht haben oder was Sie nicht betrifft, können Sie dort \
            angeben; auch Fragen dazu sind willkommen.",
        en "Your page shows what is missing. If you do not have something, or it does not apply to you, you can say so there, \
            and questions are welcome, too.";
    page:
        de "Ihre Seite, mit demselben Link wie bisher:",
        en "Your page, by the same link as before:";
    code:
        de "Ihre Seite öffnet sich mit einem Code: Fordern Sie ihn dort an, dann kommt er mit einer eigenen Mail an diese Adresse.",
        en "Your page opens with a code: ask for it there, and it comes to this address in a mail of its own.";
    doubt(asked: &str):
        de "Sie sind nicht sicher, ob diese Nachricht von uns kommt? Dann nehmen Sie den Link, den Sie seit dem {asked} von uns \
            haben, oder fragen Sie uns.",
        en "Not sure whether this message is from us? Then use the link that you have had from us since {asked}, or ask us.";
}

/// A mail to a recipient of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedMail {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

impl AskedMail {
    /// Asks for rejected items again. `url` is scheme and host of the recipient's page.
    pub fn again(asking: &Asking, office: &Office, url: &str) -> Self {
        let (texts, asked) = begun(asking, office);
        let sentence = match asking.rejected {
            1 => texts.again_one(&asked),
            count => texts.again_many(&asked, count),
        };
        Self::of((texts.subject_again(), vec![sentence]), asking, office, url)
    }

    /// Says that the office answered a comment. `url` is scheme and host of the recipient's page.
    pub fn answered(asking: &Asking, office: &Office, url: &str) -> Self {
        let (texts, asked) = begun(asking, office);
        Self::of((texts.subject_answered(), vec![texts.answered(&asked)]), asking, office, url)
    }

    /// Reminds of open and rejected items, as of `now`. `url` is scheme and host of the recipient's page.
    pub fn reminder(asking: &Asking, office: &Office, url: &str, now: Timestamp) -> Self {
        let (texts, asked) = begun(asking, office);
        let open = match asking.missing {
            1 => texts.open_one(&asked),
            count => texts.open_many(&asked, count),
        };
        let deadline = asking.deadline.map(|deadline| {
            let day = texts.0.day(office.zone.last_day(deadline));
            if now < deadline { texts.until(&day) } else { texts.was_until(&day) }
        });
        let (over, ahead): (Vec<_>, Vec<_>) = asking.dates.iter().partition(|date| **date <= now);
        let days = |dates: Vec<&Timestamp>| {
            let days: Vec<_> = dates.iter().map(|date| texts.0.day(office.zone.last_day(**date))).collect();
            (!days.is_empty()).then(|| days.join(", "))
        };
        let over = days(over).map(|days| texts.dates_over(&days));
        let ahead = days(ahead).map(|days| texts.dates(&days));
        let first =
            std::iter::once(open).chain(deadline).chain(over).chain(ahead).collect::<Vec<_>>().join(" ");
        let content = vec![first, texts.what().to_owned()];
        let mail = Self::of((texts.subject_plain(), content), asking, office, url);
        match office.name.is_empty() {
            true => mail,
            false => Self { subject: texts.subject(&office.name), ..mail },
        }
    }

    /// The mail with this subject and content, between the salutation and the way back to the page.
    fn of((subject, content): (&str, Vec<String>), asking: &Asking, office: &Office, url: &str) -> Self {
        let (texts, asked) = begun(asking, office);
        let language = texts.0;
        let greeting = match asking.name.is_empty() {
            true => super::NoticeTexts(language).greeting().to_owned(),
            false => texts.greeting(&spoken(&asking.name)),
        };
        let mut parts = vec![greeting];
        parts.extend(content);
        parts.push(format!("{}\n{url}{}", texts.page(), asking.page));
        parts.extend(asking.needs_code.then(|| texts.code().to_owned()));
        parts.push(texts.doubt(&asked));
        let subject = match office.name.is_empty() {
            true => subject.to_owned(),
            false => format!("{}: {subject}", office.name),
        };
        Self { subject, text: language.letter(&parts, office) }
    }
}

/// The sentences in the recipient's language, and the day of the request.
fn begun(asking: &Asking, office: &Office) -> (AskedMailTexts, String) {
    let language = Language::of_tag(&asking.language);
    (AskedMailTexts(language), language.day(office.zone.day(asking.asked)))
}

/// A name as it is spoken: lists have "Müller, Jörg".
pub(super) fn spoken(name: &str) -> String {
    match name.split_once(',').map(|(last, first)| (last.trim(), first.trim())) {
        Some((last, first)) if !last.is_empty() && !first.is_empty() && !first.contains(',') => {
            format!("{first} {last}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_greeted_by_their_names_as_they_are_spoken() {
        for (listed, greeted) in [
            ("Müller, Jörg", "Jörg Müller"),
            ("Erika Huber", "Erika Huber"),
            ("Huber, Meier, Schulz", "Huber, Meier, Schulz"),
            ("Huber,", "Huber,"),
        ] {
            assert_eq!(spoken(listed), greeted);
        }
    }
}
