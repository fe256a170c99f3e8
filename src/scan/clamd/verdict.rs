//! Draws a verdict from clamd's replies about a content.

use crate::scan::{ScanError, Verdict};

/// The verdict of all replies about one content. Malware wins over everything else, whatever comes first: clamd has
/// said both `FOUND` and `OK` about one file (clamav#521). Clean is exactly one reply, and exactly the clean one.
pub(super) fn judge<'a>(replies: impl Iterator<Item = &'a str>) -> Result<Verdict, ScanError> {
    let mut verdicts = replies.map(one).collect::<Vec<_>>();
    let of_weight = |verdict: &Result<Verdict, ScanError>| match verdict {
        Ok(Verdict::Infected { .. }) => 4,
        Ok(Verdict::Encrypted) => 3,
        Ok(Verdict::NotFullyScannable { .. }) => 2,
        Err(_) => 1,
        Ok(Verdict::Clean) => 0,
    };
    verdicts.sort_by_key(of_weight);
    match verdicts.pop() {
        Some(Ok(Verdict::Clean)) if !verdicts.is_empty() => {
            Err(ScanError::NotUnderstood("OK, OK".to_owned()))
        }
        Some(verdict) => verdict,
        None => Err(ScanError::NotUnderstood(String::new())),
    }
}

/// `fd[12]: OK`, `stream: Win.Test.EICAR_HDB-1 FOUND`, or an error.
fn one(reply: &str) -> Result<Verdict, ScanError> {
    if let Some(name) = reply.strip_suffix(" FOUND") {
        let name = name.split_once(": ").map_or(name, |(_, name)| name);
        return Ok(Verdict::of_name(name));
    }
    let descriptor = reply.strip_prefix("fd[").and_then(|rest| rest.strip_suffix("]: OK"));
    let is_descriptor =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if reply == "stream: OK" || descriptor.is_some_and(is_descriptor) {
        return Ok(Verdict::Clean);
    }
    Err(match reply.strip_suffix(" ERROR") {
        Some(error) if error.contains("size limit exceeded") => ScanError::TooLarge,
        Some(error) => ScanError::Refused(error.to_owned()),
        None => ScanError::NotUnderstood(reply.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infected(name: &str) -> String {
        format!("{:?}", Verdict::Infected { name: name.to_owned() })
    }

    #[test]
    fn only_the_clean_reply_is_clean_and_malware_wins() {
        let limit = r#"NotFullyScannable { reason: "Heuristics.Limits.Exceeded.MaxFiles" }"#.to_owned();
        let clean = || "Clean".to_owned();
        for (replies, expected) in [
            (&["fd[12]: OK"][..], clean()),
            (&["stream: OK"], clean()),
            (&["stream: Test.Eicar.UNOFFICIAL FOUND"], infected("Test.Eicar.UNOFFICIAL")),
            (
                &["fd[9]: Eicar(44d88612fea8a8f36de82e1278abb02f:68) FOUND"],
                infected("Eicar(44d88612fea8a8f36de82e1278abb02f:68)"),
            ),
            (&["fd[9]: A FOUND", "fd[9]: OK"], infected("A")),
            (&["fd[9]: OK", "fd[9]: A FOUND"], infected("A")),
            (&["fd[9]: Heuristics.Encrypted.Zip FOUND", "fd[9]: A FOUND", "fd[9]: x ERROR"], infected("A")),
            (&["fd[9]: Heuristics.Phishing.Email FOUND"], infected("Heuristics.Phishing.Email")),
            (&["A FOUND"], infected("A")),
            (&["fd[9]: Heuristics.Encrypted.PDF FOUND", "fd[9]: OK"], "Encrypted".to_owned()),
            (&["fd[9]: OK", "fd[9]: Heuristics.Limits.Exceeded.MaxFiles FOUND"], limit.clone()),
            (&["stream: Heuristics.Limits.Exceeded.MaxFiles FOUND"], limit),
            (&["INSTREAM size limit exceeded. ERROR"], "too-large-to-scan".to_owned()),
            (&["fd[9]: Not a regular file ERROR"], "scanner-refused".to_owned()),
            (&["fd[9]: OK", "fd[9]: Can't allocate memory ERROR"], "scanner-refused".to_owned()),
            (&["fd[9]: OK", "fd[9]: OK"], "scanner-not-understood".to_owned()),
            (&[], "scanner-not-understood".to_owned()),
            (&[""], "scanner-not-understood".to_owned()),
            (&["OK"], "scanner-not-understood".to_owned()),
            (&["fd[9]: ok"], "scanner-not-understood".to_owned()),
            (&["fd[9]: OK "], "scanner-not-understood".to_owned()),
            (&["fd[]: OK"], "scanner-not-understood".to_owned()),
            (&["fd[9]: x]: OK"], "scanner-not-understood".to_owned()),
            (&["/tmp/a: OK"], "scanner-not-understood".to_owned()),
            (&["PONG"], "scanner-not-understood".to_owned()),
            (&["fd[9]: A FOUND."], "scanner-not-understood".to_owned()),
        ] {
            let said = match judge(replies.iter().copied()) {
                Ok(verdict) => format!("{verdict:?}"),
                Err(error) => error.code().to_owned(),
            };
            assert_eq!(said, expected, "{replies:?}");
        }
    }
}
