//! Reports of mail servers about a mail that was sent: by RFC 3464, and as exim and others write them without it, with the
//! field `X-Failed-Recipients` in the header.

use mail_parser::MessageParser;

use super::encoded::{raw, unfolded};
use super::mail::{self, Role};
use crate::inspect::notes::Notes;
use crate::model::{DeliveryAction, DeliveryReport};

/// Most lines of a report that are read.
const MAX_LINES: usize = 2_000;
/// Names of the part that programs read (RFC 3464, section 2.1; RFC 6533, section 3).
const STATUS_PARTS: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];

/// What a mail reports of another one; `None` if it is no report, or one that nothing failed. Of several recipients, the worst.
pub fn read(mail: &[u8]) -> Option<DeliveryReport> {
    let (mut status, mut text) = (None, None);
    let mut notes = Notes::new(mail.len() as u64);
    mail::walk(mail, &mut notes, &mut |_, leaf| {
        if STATUS_PARTS.contains(&leaf.declared.as_str()) {
            status.get_or_insert(leaf.member.content);
        } else if leaf.role == Role::Text {
            text.get_or_insert(leaf.member.content);
        }
    });
    match status {
        Some(status) => of_fields(&String::from_utf8_lossy(&status)),
        None if names_failed_recipients(mail) => {
            Some(of_text(&String::from_utf8_lossy(&text.unwrap_or_default())))
        }
        None => None,
    }
}

/// Reads the part for programs: groups of fields, of which the first is about the mail and each other one about a recipient.
fn of_fields(text: &str) -> Option<DeliveryReport> {
    let mut worst: Option<DeliveryReport> = None;
    let mut group = Group::default();
    // A group ends with an empty line, and the last one with the part.
    for line in lines(text).iter().map(String::as_str).chain([""]) {
        if !line.trim().is_empty() {
            group.take(line);
            continue;
        }
        let report = std::mem::take(&mut group).report();
        let is_worse = |report: &DeliveryReport| match &worst {
            None => true,
            Some(worst) => (worst.action, report.action) == (DeliveryAction::Delayed, DeliveryAction::Failed),
        };
        if let Some(report) = report.filter(is_worse) {
            worst = Some(report);
        }
    }
    worst
}

/// Whole fields: a line that begins with a blank continues the one before.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().take(MAX_LINES) {
        let is_continued = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        match lines.last_mut().filter(|last| is_continued && !last.is_empty()) {
            Some(last) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            None => lines.push(line.trim_end().to_owned()),
        }
    }
    lines
}

/// What a group says of one recipient.
#[derive(Default)]
struct Group {
    action: Option<DeliveryAction>,
    status: String,
    diagnostic: String,
}

impl Group {
    fn take(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "action" => {
                let word = value.split([' ', '\t', '(', ';']).next().unwrap_or_default();
                self.action = DeliveryAction::from_word(&word.to_ascii_lowercase());
            }
            "status" => self.status = status_in(value).unwrap_or_default(),
            // Its type, such as smtp, says how to read what follows.
            "diagnostic-code" => {
                value.split_once(';').map_or(value, |(_, text)| text.trim()).clone_into(&mut self.diagnostic);
            }
            _ => {}
        }
    }

    fn report(self) -> Option<DeliveryReport> {
        let Self { action, status, diagnostic } = self;
        Some(DeliveryReport { action: action?, status, diagnostic })
    }
}

/// The first status code in a text: a class of 2, 4 or 5, and two numbers of up to three digits.
fn status_in(text: &str) -> Option<String> {
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit());
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let is_status = |word: &&str| match word.split('.').collect::<Vec<_>>().as_slice() {
        [class, subject, detail] => {
            matches!(*class, "2" | "4" | "5") && is_number(subject) && is_number(detail)
        }
        _ => false,
    };
    words.map(|word| word.trim_matches('.')).find(is_status).map(str::to_owned)
}

/// Whether the header names recipients that a mail did not reach.
fn names_failed_recipients(mail: &[u8]) -> bool {
    let Some(message) = MessageParser::default().parse_headers(mail) else { return false };
    let headers = message.parts.first().map(|part| part.headers.as_slice()).unwrap_or_default();
    headers.iter().any(|header| {
        header.name().eq_ignore_ascii_case("x-failed-recipients")
            && !unfolded(raw(header, mail)).trim_ascii().is_empty()
    })
}

/// The words of a mail server in a text for people: the first line with its answer, a code that begins with 5.
fn of_text(text: &str) -> DeliveryReport {
    let is_answer = |line: &&str| {
        line.split([' ', '-', ':'])
            .any(|word| word.len() == 3 && word.starts_with('5') && word.bytes().all(|c| c.is_ascii_digit()))
    };
    let line = text.lines().take(MAX_LINES).map(str::trim).find(is_answer).unwrap_or_default();
    DeliveryReport {
        action: DeliveryAction::Failed,
        status: status_in(line).filter(|status| status.starts_with('5')).unwrap_or_default(),
        diagnostic: line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(action: DeliveryAction, status: &str, diagnostic: &str) -> DeliveryReport {
        DeliveryReport { action, status: status.to_owned(), diagnostic: diagnostic.to_owned() }
    }

    fn mail(head: &str, status: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example.net\r\nSubject: Undelivered\r\n{head}MIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b/1\"\r\n\r\n\
             This is for programs that know no MIME.\r\n--b/1\r\nContent-Type: text/plain\r\n\r\nSorry, 550 in words.\r\n\
             --b/1\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n\
             --b/1\r\nContent-Type: message/rfc822\r\n\r\nSubject: Neues\r\nAction: failed\r\n\r\nText\r\n--b/1--\r\n"
        )
    }

    #[test]
    fn the_part_for_programs_says_what_became_of_a_mail() {
        use DeliveryAction::{Delayed, Failed};
        for (status, expected) in [
            // Postfix.
            (
                "Reporting-MTA: dns; mail.example.org\r\nX-Postfix-Queue-ID: 3F1A\r\n\r\n\
                 Final-Recipient: rfc822; erika@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\
                 Remote-MTA: dns; mx.example.net\r\nDiagnostic-Code: smtp; 550 5.1.1 <erika@example.net>:\r\n    unknown user\r\n",
                Some(report(Failed, "5.1.1", "550 5.1.1 <erika@example.net>: unknown user")),
            ),
            // Exchange: capitals, no diagnostic of SMTP's form, blanks.
            (
                "Reporting-MTA: dns;EXCH01.example.net\r\n\r\nFinal-recipient: RFC822;erika@example.net\r\n\
                 Action:  Failed \r\nStatus: 5.7.1 (rejected)\r\nX-Display-Name: Erika\r\n",
                Some(report(Failed, "5.7.1", "")),
            ),
            // Gmail.
            (
                "Reporting-MTA: dns; googlemail.com\nArrival-Date: Mon, 30 Nov 2026 06:00:00 -0800 (PST)\n\n\
                 Final-Recipient: rfc822; erika@example.net\nAction: delayed\nStatus: 4.4.1\n\
                 Diagnostic-Code: smtp; The recipient server did not accept our requests to connect.\n\
                 Will-Retry-Until: Wed, 02 Dec 2026 06:00:00 -0800 (PST)\n",
                Some(report(
                    Delayed,
                    "4.4.1",
                    "The recipient server did not accept our requests to connect.",
                )),
            ),
            // The worst of several counts, whatever comes first.
            (
                "Reporting-MTA: dns; a\r\n\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\nAction: delayed\r\nStatus: 4.2.2\r\n\r\n\
                 Action: failed\r\nStatus: 5.2.2\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n",
                Some(report(Failed, "5.2.2", "")),
            ),
            ("Reporting-MTA: dns; a\r\n\r\nAction: delivered\r\nStatus: 2.1.5\r\n", None),
            ("Reporting-MTA: dns; a\r\n\r\nAction: expanded\r\n\r\nAction: relayed\r\n", None),
            ("Action failed\r\nStatus 5\r\n", None),
            ("", None),
            ("Action: failed\r\nStatus: 9.9.9999", Some(report(Failed, "", ""))),
        ] {
            assert_eq!(read(mail("", status).as_bytes()), expected, "{status}");
        }
    }

    #[test]
    fn a_report_is_read_in_any_encoding_and_without_its_end() {
        let expected = Some(report(DeliveryAction::Failed, "5.1.10", "550 5.1.10 größer"));
        let status = "Reporting-MTA: dns; a\r\n\r\nAction: failed\r\nStatus: 5.1.10\r\nDiagnostic-Code: smtp; 550 5.1.10 gr";
        let plain = mail("", &format!("{status}ößer\r\n"));
        let quoted = mail("", &format!("{status}=C3=B6=C3=9Fer\r\n")).replace(
            "message/delivery-status\r\n",
            "message/global-delivery-status\r\nContent-Transfer-Encoding: quoted-printable\r\n",
        );
        let cut = plain.split("--b/1\r\nContent-Type: message/rfc822").next().unwrap();
        for text in [&plain, &quoted, cut] {
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn reports_without_that_part_are_known_by_their_header() {
        let text = "This message was created automatically by mail delivery software.\r\n\r\n  erika@example.net\r\n    \
                    host mx.example.net [192.0.2.7]\r\n    SMTP error from remote mail server after RCPT TO:<erika@example.net>:\r\n    \
                    550 5.1.1 User unknown\r\n\r\n------ This is a copy of the message. ------\r\n";
        let mail =
            |head: &str| format!("From: Mail Delivery System <x@y>\r\n{head}Subject: failed\r\n\r\n{text}");
        let known = mail("X-Failed-Recipients: erika@example.net\r\n");
        assert_eq!(
            read(known.as_bytes()),
            Some(report(DeliveryAction::Failed, "5.1.1", "550 5.1.1 User unknown"))
        );
        let silent = "X-Failed-Recipients: erika@example.net\r\n\r\nIt did not arrive.\r\n";
        assert_eq!(read(silent.as_bytes()), Some(report(DeliveryAction::Failed, "", "")));
        for head in ["", "X-Failed-Recipients:  \r\n", "Auto-Submitted: auto-replied\r\n"] {
            assert_eq!(read(mail(head).as_bytes()), None, "{head}");
        }
    }

    /// What stands in the mail that came back, or in one that a person forwards, is no report.
    #[test]
    fn only_the_report_itself_counts() {
        let inner = mail("", "Reporting-MTA: dns; a\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n");
        let outer = format!(
            "Subject: Fwd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n\
             Content-Type: message/rfc822\r\n\r\n{inner}\r\n--out--\r\n"
        );
        assert_eq!(read(outer.as_bytes()), None);
        let told = mail("", "Reporting-UA: x\r\n\r\nAction: failed\r\n")
            .replace("message/delivery-status", "message/disposition-notification");
        assert_eq!(read(told.as_bytes()), None);
    }
}
