//! Draws a verdict from an ICAP server's answer.
//!
//! Services name their findings in headers of their own making; the three that are in use:
//!
//! ```text
//! X-Infection-Found: Type=0; Resolution=2; Threat=EICAR Test String;
//! X-Virus-ID: EICAR Test String
//! X-Violations-Found: 1
//!     file name
//!     EICAR Test String
//!     ...
//! ```

use crate::scan::{MOST_NAME, ScanError, Verdict, cleaned};

/// Most bytes of a head.
pub(super) const MOST_HEAD: usize = 16 << 10;
/// Most characters of an `ISTag` (RFC 3507, section 4.7: 32 bytes).
const MOST_TAG: usize = 64;

/// A status line and the headers below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Names in lower case; a value that goes on in further lines has a line feed between them.
    headers: Vec<(String, String)>,
}

/// The statement of an answer's head about a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Something was found, or the service names parts that it did not look at.
    Found(Verdict),
    /// The content may pass as it is.
    Unchanged,
    /// Another content follows.
    Changed,
}

/// The name of a content that a service replaces without saying why.
const REPLACED: &str = "replaced by the service";

impl Head {
    /// Reads the lines of a head up to the empty one, which is not part of it.
    ///
    /// Errors: it is no head of ICAP/1.0.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ScanError> {
        let strange = || ScanError::NotUnderstood(cleaned(&String::from_utf8_lossy(bytes), 80));
        let text = std::str::from_utf8(bytes).map_err(|_| strange())?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("ICAP/1.0 ")).ok_or_else(strange)?;
        let digits = status.split(' ').next().filter(|digits| digits.len() == 3).ok_or_else(strange)?;
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
        let status = digits.parse().ok().filter(|_| is_number).ok_or_else(strange)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers.last_mut().ok_or_else(strange)?;
                value.push('\n');
                value.push_str(line.trim());
            } else {
                let (name, value) = line.split_once(':').ok_or_else(strange)?;
                let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
                if !is_name {
                    return Err(strange());
                }
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Ok(Self { status, headers })
    }

    /// The first header of a name, which is in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The state of the service, which changes with its signatures; empty if it says none.
    pub(super) fn tag(&self) -> String {
        cleaned(self.header("istag").unwrap_or_default().trim_matches('"'), MOST_TAG)
    }

    /// The service's name for itself.
    pub(super) fn service(&self) -> Option<String> {
        let words = self.header("service").or_else(|| self.header("server"))?;
        Some(cleaned(words, MOST_TAG)).filter(|words| !words.is_empty())
    }

    /// Whether the service judges answers of other servers, as a content is sent to it.
    pub(super) fn judges(&self) -> bool {
        let methods = self.header("methods").unwrap_or("RESPMOD");
        methods.split([',', ' ']).any(|method| method == "RESPMOD")
    }

    /// The statement of an answer about a content.
    ///
    /// Errors: the status does not judge.
    pub(super) fn judge(&self) -> Result<Said, ScanError> {
        if let Some(found) = self.found() {
            return Ok(Said::Found(found));
        }
        match self.status {
            204 => Ok(Said::Unchanged),
            200 => Ok(Said::Changed),
            status => Err(ScanError::Refused(format!("ICAP status {status}"))),
        }
    }

    /// At which byte behind this head the body of the answer within it begins, and whether it has one (RFC 3507, section
    /// 4.4.1).
    ///
    /// Errors: another list of parts than of an answer.
    pub(super) fn body(&self) -> Result<(usize, bool), ScanError> {
        let strange = || ScanError::NotUnderstood("Encapsulated".to_owned());
        let list = self.header("encapsulated").ok_or_else(strange)?;
        let parts: Vec<_> = list.split(',').map(str::trim).collect();
        let (body, heads) = parts.split_last().ok_or_else(strange)?;
        if heads.iter().any(|part| !part.starts_with("req-hdr=") && !part.starts_with("res-hdr=")) {
            return Err(strange());
        }
        let (name, offset) = body.split_once('=').ok_or_else(strange)?;
        let is_number = !offset.is_empty() && offset.bytes().all(|digit| digit.is_ascii_digit());
        let offset = offset.parse().ok().filter(|offset| is_number && *offset <= MOST_HEAD);
        let has_body = match name {
            "res-body" => true,
            "null-body" => false,
            _ => return Err(strange()),
        };
        Ok((offset.ok_or_else(strange)?, has_body))
    }

    fn found(&self) -> Option<Verdict> {
        let named = |name: &str| {
            let name = cleaned(name, MOST_NAME);
            Verdict::of_name(if name.is_empty() { "found by the service" } else { &name })
        };
        if let Some(infection) = self.header("x-infection-found") {
            let fields = infection.split(';').filter_map(|field| field.trim().split_once('='));
            let field = |wanted: &str| {
                fields.clone().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
            };
            let threat = field("Threat").unwrap_or_default();
            // A container that could not be unpacked.
            if field("Type") == Some("2") {
                return Some(Verdict::NotFullyScannable { reason: cleaned(threat, MOST_NAME) });
            }
            return Some(named(threat));
        }
        if let Some(name) = self.header("x-virus-id") {
            return Some(named(name));
        }
        let violations = self.header("x-violations-found")?;
        let mut lines = violations.lines();
        // A service may always send the header.
        (lines.next() != Some("0")).then(|| named(lines.nth(1).unwrap_or_default()))
    }

    /// The finding of a content that was replaced.
    pub(super) fn replaced() -> Verdict {
        Verdict::Infected { name: REPLACED.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> Result<Head, ScanError> {
        Head::parse(lines.join("\r\n").as_bytes())
    }

    #[test]
    fn a_head_is_one_of_icap_or_an_error() {
        let known = head(&["ICAP/1.0 200 OK", "ISTag: \"CI0001-a;b\"", "X-A:  b ", "\tc", "x-a: d"]).unwrap();
        assert_eq!(
            (known.status, known.header("x-a"), known.tag().as_str()),
            (200, Some("b\nc"), "CI0001-ab")
        );
        assert_eq!(head(&["ICAP/1.0 204"]).unwrap().tag(), "");
        for lines in [
            &[""][..],
            &["HTTP/1.1 204 No Content"],
            &["ICAP/1.1 204 No Content"],
            &["ICAP/1.0 20 OK"],
            &["ICAP/1.0 +20 OK"],
            &["ICAP/1.0 2040 OK"],
            &["ICAP/1.0  204 OK"],
            &["ICAP/1.0 204 OK", "no colon"],
            &["ICAP/1.0 204 OK", ": value"],
            &["ICAP/1.0 204 OK", "a b: value"],
            &["ICAP/1.0 204 OK", " continued"],
        ] {
            assert!(head(lines).is_err(), "{lines:?}");
        }
        assert!(Head::parse(b"ICAP/1.0 204 \xff").is_err());
    }

    #[test]
    fn only_a_204_without_a_finding_is_unchanged() {
        let found = |name: &str| Ok(Said::Found(Verdict::Infected { name: name.to_owned() }));
        let partial =
            |reason: &str| Ok(Said::Found(Verdict::NotFullyScannable { reason: reason.to_owned() }));
        for (lines, expected) in [
            (&["ICAP/1.0 204 No Content"][..], Ok(Said::Unchanged)),
            (&["ICAP/1.0 200 OK"], Ok(Said::Changed)),
            (&["ICAP/1.0 204 Unmodified", "X-Violations-Found: 0"], Ok(Said::Unchanged)),
            (
                &["ICAP/1.0 204 Unmodified", "X-Infection-Found: Type=0; Resolution=1; Threat=A b;"],
                found("A b"),
            ),
            (&["ICAP/1.0 200 OK", "x-infection-found: type=0; threat=A"], found("A")),
            (&["ICAP/1.0 200 OK", "X-Infection-Found: "], found("found by the service")),
            (
                &["ICAP/1.0 200 OK", "X-Infection-Found: Type=2; Resolution=0; Threat=Too deep;"],
                partial("Too deep"),
            ),
            (&["ICAP/1.0 200 OK", "X-Virus-ID: A\u{1b}[31m"], found("A[31m")),
            (&["ICAP/1.0 403 Forbidden", "X-Virus-ID: A"], found("A")),
            (&["ICAP/1.0 200 OK", "X-Violations-Found: 1", "\tname", "\tA", "\t0", "\t0"], found("A")),
            (&["ICAP/1.0 200 OK", "X-Violations-Found: 2"], found("found by the service")),
            (
                &[
                    "ICAP/1.0 200 OK",
                    "X-Infection-Found: Type=0; Threat=Heuristics.Limits.Exceeded.MaxFiles;",
                ],
                partial("Heuristics.Limits.Exceeded.MaxFiles"),
            ),
            (&["ICAP/1.0 100 Continue"], Err("scanner-refused")),
            (&["ICAP/1.0 201 Created"], Err("scanner-refused")),
            (&["ICAP/1.0 206 Partial Content"], Err("scanner-refused")),
            (&["ICAP/1.0 400 Bad Request"], Err("scanner-refused")),
            (&["ICAP/1.0 404 Service not found"], Err("scanner-refused")),
            (&["ICAP/1.0 500 Server error"], Err("scanner-refused")),
            (&["ICAP/1.0 503 Overloaded"], Err("scanner-refused")),
        ] {
            let said = head(lines).unwrap().judge().map_err(|error| error.code());
            assert_eq!(said, expected, "{lines:?}");
        }
    }

    #[test]
    fn the_parts_of_an_answer_are_known_or_refused() {
        for (list, expected) in [
            ("res-hdr=0, res-body=108", Some((108, true))),
            ("req-hdr=0, res-hdr=10,res-body=20", Some((20, true))),
            ("res-body=0", Some((0, true))),
            ("res-hdr=0, null-body=50", Some((50, false))),
            ("res-hdr=0, req-body=50", None),
            ("res-hdr=0", None),
            ("res-hdr=0, res-body=", None),
            ("res-hdr=0, res-body=-1", None),
            ("res-hdr=0, res-body=99999999", None),
            ("res-body=0, res-body=5", None),
            ("", None),
        ] {
            let known = head(&["ICAP/1.0 200 OK", &format!("Encapsulated: {list}")]).unwrap();
            assert_eq!(known.body().ok(), expected, "{list}");
        }
        assert!(head(&["ICAP/1.0 200 OK"]).unwrap().body().is_err());
    }

    #[test]
    fn a_service_judges_if_it_says_so_or_says_nothing() {
        for (methods, judges) in [
            ("Methods: RESPMOD", true),
            ("Methods: REQMOD, RESPMOD", true),
            ("Methods: REQMOD", false),
            ("A: b", true),
        ] {
            assert_eq!(head(&["ICAP/1.0 200 OK", methods]).unwrap().judges(), judges, "{methods}");
        }
    }
}
