//! The state of the server: what an administrator should see to, and how the background jobs are doing.

use http::Response;
use maud::{Markup, html};

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{Reply, Request, StatusShown, Trouble, When, WorkerShown};
use crate::http::page::{Width, known_facts, success};
use crate::model::{HoldReason, Shown};
use crate::net::{ResponseBody, Validity};
use crate::text::ServerTexts;

/// Most mails that the page lists.
const MOST_MAILS: usize = 20;
/// The states of mails that did not arrive.
const UNDELIVERED: [&str; 2] = ["failed", "bounced"];

impl Office<'_> {
    pub(super) async fn state(&self, outcome: &Outcome) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = ServerTexts(self.desk.language);
        let status = match self.desk.ask(Request::Status).await {
            Reply::Status(status) => status,
            other => return Err(other.into()),
        };
        let verified = status.last_full_verify.map(|when| self.desk.moment(when.0));
        let facts = [
            (texts.version(), Some(status.version.clone())),
            (texts.stored(), status.used_bytes.map(|bytes| self.desk.language.size(bytes))),
            (texts.verified(), Some(verified.unwrap_or_else(|| texts.never().to_owned()))),
        ];
        let content = html! {
            (self.trail())
            (self.above(outcome))
            (self.troubles(&status))
            (self.failed_mails(&status).await?)
            (known_facts(&facts))
            @if !status.workers.is_empty() { (self.jobs(&status.workers)) }
        };
        Ok(self.wide_page((Width::Wide, texts.title()), &Address::State, content, outcome))
    }

    fn troubles(&self, status: &StatusShown) -> Markup {
        let texts = ServerTexts(self.desk.language);
        let failing = status.workers.iter().filter(|job| job.failures > 0);
        let failing = failing.map(|job| texts.job_failing(texts.of_job(&job.name), job.failures));
        let context = self.desk.context;
        let certificate = of_certificate(texts, context.services.health.certificate(context.info.received));
        let troubles = status.troubles.iter().map(|trouble| self.sentence(trouble));
        let all: Vec<_> = troubles.chain(certificate.map(str::to_owned)).chain(failing).collect();
        let holds =
            |trouble: &Trouble| matches!(trouble, Trouble::Undecided { .. } | Trouble::MassHit { .. });
        html! {
            @if all.is_empty() { (success(texts.all_well())) } @else {
                div.problem role="alert" {
                    p { (texts.see_to()) }
                    ul { @for sentence in &all { li { (sentence) } } }
                }
                @if status.troubles.iter().any(holds) {
                    p { a href="/holding" { (texts.to_holding()) } }
                }
                @if status.troubles.iter().any(|trouble| matches!(trouble, Trouble::NoAddress { .. })) {
                    p { a href=(Address::List.path()) { (texts.to_people()) } }
                }
            }
        }
    }

    /// The latest mails that did not arrive, with the mail servers' answers.
    async fn failed_mails(&self, status: &StatusShown) -> Result<Markup, Unavailable> {
        let is_about = |trouble: &Trouble| matches!(trouble, Trouble::MailsUndelivered { .. });
        if !status.troubles.iter().any(is_about) {
            return Ok(html! {});
        }
        let mut notices = match self.desk.ask(Request::NoticeList).await {
            Reply::Notices(notices) => notices,
            other => return Err(other.into()),
        };
        notices.retain(|notice| UNDELIVERED.contains(&notice.state.as_str()));
        notices.sort_by_key(|notice| std::cmp::Reverse(notice.id));
        let texts = ServerTexts(self.desk.language);
        Ok(html! {
            section id="mails" {
                h2 { (texts.failed_mails()) }
                ul.items {
                    @for notice in notices.iter().take(MOST_MAILS) {
                        li {
                            @let when = self.desk.moment(notice.ended.unwrap_or(notice.created).0);
                            p { (texts.failed_to(&Shown(&notice.to).to_string(), &when)) }
                            @if let Some(fault) = &notice.fault { p.where { (texts.answer_was(&Shown(fault).to_string())) } }
                            form method="post" action=(Address::State.path()) {
                                (self.desk.token())
                                input type="hidden" name="notice" value=(notice.id);
                                button.plain name="do" value="send-again" { (texts.send_again()) }
                            }
                        }
                    }
                }
            }
        })
    }

    fn sentence(&self, trouble: &Trouble) -> String {
        let texts = ServerTexts(self.desk.language);
        let reason = |word: &str| {
            HoldReason::from_word(word).map_or("", |reason| self.desk.language.hold_reason(reason))
        };
        match trouble {
            Trouble::ReadOnly { cause } if cause == "disk-full" => texts.disk_full().to_owned(),
            Trouble::ReadOnly { .. } => texts.disk_failed().to_owned(),
            Trouble::RolledBack => texts.rolled_back().to_owned(),
            Trouble::CatalogueDamaged => texts.catalogue_damaged().to_owned(),
            Trouble::StorageMissing => texts.storage_missing().to_owned(),
            Trouble::KeyMissing { space, .. } => texts.key_missing(space),
            Trouble::ClockDoubted { hours, ahead: true, .. } => texts.clock_ahead(*hours),
            Trouble::ClockDoubted { hours, ahead: false, .. } => texts.clock_behind(*hours),
            Trouble::NoScanner => texts.no_scanner().to_owned(),
            Trouble::ScannerSilent { scanner: Some(name), required: false, reason: word } => {
                texts.scanner_named(name, reason(word))
            }
            Trouble::ScannerSilent { reason: word, .. } => texts.scanner_silent(reason(word)),
            Trouble::MailsUndelivered { count: 1 } => texts.mail_undelivered().to_owned(),
            Trouble::MailsUndelivered { count } => texts.mails_undelivered(*count),
            Trouble::NoAddress { count } => texts.no_address(*count),
            Trouble::Undecided { count } => texts.undecided(*count),
            Trouble::MassHit { count } => texts.mass_hit(*count),
            Trouble::Damaged { count } => texts.damaged(*count),
        }
    }

    fn jobs(&self, jobs: &[WorkerShown]) -> Markup {
        let texts = ServerTexts(self.desk.language);
        let moment = |when: When| self.desk.moment(when.0);
        html! {
            section {
                h2 { (texts.jobs()) }
                table.sheet {
                    thead { tr {
                        th scope="col" { (texts.job()) }
                        th scope="col" { (texts.last_run()) }
                        th scope="col" { (texts.next_run()) }
                    } }
                    tbody {
                        @for job in jobs {
                            tr {
                                th scope="row" { (texts.of_job(&job.name)) }
                                td data-column=(texts.last_run()) { @if let Some(last) = job.last_run { (moment(last)) } }
                                td data-column=(texts.next_run()) { @match job.next_run { Some(next) => (moment(next)), None => (texts.under_way()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The advice about the certificate.
fn of_certificate(texts: ServerTexts, validity: Validity) -> Option<&'static str> {
    match validity {
        Validity::Valid => None,
        Validity::ExpiresSoon => Some(texts.certificate_ends()),
        Validity::Expired => Some(texts.certificate_ended()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn a_certificate_is_spoken_of_before_and_after_its_end() {
        let told = |validity| of_certificate(ServerTexts(Language::English), validity).unwrap_or_default();
        assert_eq!(told(Validity::Valid), "");
        assert!(told(Validity::ExpiresSoon).contains("less than two weeks"));
        assert!(told(Validity::Expired).contains("has ended"));
    }
}
