//! The body of a LOCK request (RFC 4918 9.10).

use super::{RequestError, xml};
use crate::model::LockScope;

/// Longest `owner` of a lock in bytes; each listing with `lockdiscovery` carries it.
pub const MAX_OWNER_BYTES: usize = 4 * 1024;

/// A parsed LOCK request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockRequest {
    /// No body: extends the lock whose token is in `If`.
    Refresh,
    /// A new write lock.
    New {
        /// Exclusive or shared.
        scope: LockScope,
        /// Content of `owner`, as a self-contained fragment; sent back unchanged.
        owner: Option<String>,
    },
}

/// Parses the body. Errors: 400, 413; 422 for a scope or type of lock that does not exist.
pub fn parse(body: &[u8]) -> Result<LockRequest, RequestError> {
    if body.trim_ascii().is_empty() {
        return Ok(LockRequest::Refresh);
    }
    let root = xml::parse(body)?;
    if !root.is_dav("lockinfo") {
        return Err(RequestError::Body("is no DAV: lockinfo"));
    }
    let names =
        |list: &str, name: &str| root.dav_child(list).is_some_and(|list| list.dav_child(name).is_some());
    let scope = match (names("lockscope", "exclusive"), names("lockscope", "shared")) {
        (true, false) => LockScope::Exclusive,
        (false, true) => LockScope::Shared,
        _ => {
            return Err(RequestError::Unprocessable("must ask for an exclusive or a shared lock"));
        }
    };
    if !names("locktype", "write") {
        return Err(RequestError::Unprocessable("must ask for a write lock"));
    }
    let owner = root.dav_child("owner").map(xml::Element::inner_fragment);
    if owner.as_ref().is_some_and(|owner| owner.len() > MAX_OWNER_BYTES) {
        return Err(RequestError::Body("has an owner of more than 4 KiB"));
    }
    Ok(LockRequest::New { scope, owner })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lockinfo(inside: &str) -> String {
        format!(r#"<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:">{inside}</D:lockinfo>"#)
    }

    const EXCLUSIVE: &str = "<D:lockscope><D:exclusive/></D:lockscope>";
    const WRITE: &str = "<D:locktype><D:write/></D:locktype>";

    #[test]
    fn locks_as_clients_ask_for_them() {
        let finder =
            format!("{EXCLUSIVE}{WRITE}<D:owner><D:href>http://www.apple.com/webdav_fs/</D:href></D:owner>");
        for (inside, scope, owner) in [
            (
                finder,
                LockScope::Exclusive,
                Some(r#"<D:href xmlns:D="DAV:">http://www.apple.com/webdav_fs/</D:href>"#),
            ),
            (
                format!("<D:lockscope>\n<D:shared/></D:lockscope>{WRITE}<D:owner>A &amp; B</D:owner>"),
                LockScope::Shared,
                Some("A &amp; B"),
            ),
            // cadaver sends no owner.
            (format!("{WRITE}{EXCLUSIVE}"), LockScope::Exclusive, None),
        ] {
            assert_eq!(
                parse(lockinfo(&inside).as_bytes()),
                Ok(LockRequest::New { scope, owner: owner.map(str::to_owned) })
            );
        }
        assert_eq!(parse(b""), Ok(LockRequest::Refresh));
        assert_eq!(parse(b" \r\n"), Ok(LockRequest::Refresh));
    }

    #[test]
    fn other_locks_do_not_exist() {
        for (body, status) in [
            (lockinfo(""), 422),
            (lockinfo(EXCLUSIVE), 422),
            (lockinfo(WRITE), 422),
            (lockinfo(&format!("<D:lockscope><D:exclusive/><D:shared/></D:lockscope>{WRITE}")), 422),
            (lockinfo(&format!("{EXCLUSIVE}<D:locktype><D:read/></D:locktype>")), 422),
            ("<lockinfo/>".to_owned(), 400),
            ("x".to_owned(), 400),
            (lockinfo(&format!("{EXCLUSIVE}{WRITE}<D:owner>{}</D:owner>", "o".repeat(4097))), 400),
        ] {
            let error = parse(body.as_bytes()).expect_err(&body);
            assert_eq!(error.status().as_u16(), status, "{body}");
        }
        let longest = lockinfo(&format!("{EXCLUSIVE}{WRITE}<D:owner>{}</D:owner>", "o".repeat(4096)));
        assert!(parse(longest.as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&body);
        }
    }
}
