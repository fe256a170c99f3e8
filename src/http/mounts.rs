//! The URLs under which the tree of a user is mounted.

use super::protocol::href::Mount;
use crate::accounts::{Principal, UserName};

/// All mounts, with that of this path first: clients refuse hrefs that do not begin like their request. If the path
/// has no mount, the first is `/dav`, which does not contain it either.
pub(super) fn of(principal: &Principal, path: &str) -> [Mount; 3] {
    let native = Mount::new(["dav"]);
    let plain = Mount::new(["remote.php", "webdav"]);
    let name = named(principal, path, "files").unwrap_or_else(|| principal.name.as_str().to_owned());
    let files = Mount::new(["remote.php", "dav", "files", &name]);
    let holds = |mount: &Mount| mount.holds(path);
    let is_files = holds(&files) || uploads(principal, path).is_some() || is_cloud_root(path);
    match (is_files, holds(&plain)) {
        (true, _) => [files, plain, native],
        (false, true) => [plain, files, native],
        (false, false) => [native, plain, files],
    }
}

/// The folder of a user's chunked uploads, if it contains the path.
pub(super) fn uploads(principal: &Principal, path: &str) -> Option<Mount> {
    let name = named(principal, path, "uploads")?;
    Some(Mount::new(["remote.php", "dav", "uploads", &name]))
}

/// The user's name as spelled in a path below `folder`; `None` if it is another user's.
fn named(principal: &Principal, path: &str, folder: &str) -> Option<String> {
    let mut segments = path.strip_prefix('/')?.split('/');
    for expected in ["remote.php", "dav", folder] {
        segments.next().filter(|segment| *segment == expected)?;
    }
    let written = percent_encoding::percent_decode_str(segments.next()?).decode_utf8().ok()?;
    let name = UserName::parse(&written).ok()?;
    (name.key() == principal.name.key()).then(|| written.into_owned())
}

/// Whether a path is the folder below which Nextcloud's clients look for files, uploads and the search.
pub(super) fn is_cloud_root(path: &str) -> bool {
    path.trim_end_matches('/') == "/remote.php/dav"
}

/// Whether a path is a parent of a mount.
pub(super) fn is_above(path: &str) -> bool {
    let folders = ["/remote.php", "/remote.php/dav", "/remote.php/dav/files", "/remote.php/dav/uploads"];
    folders.contains(&path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Role, UserId};

    fn principal(name: &str) -> Principal {
        let name = UserName::parse(name).unwrap();
        Principal { user: UserId(1), name, role: Role::Staff, via_app_password: None }
    }

    #[test]
    fn a_user_has_three_addresses_and_his_request_decides_which_comes_first() {
        for (path, first) in [
            ("/dav/a", Mount::new(["dav"])),
            ("/remote.php/webdav", Mount::new(["remote.php", "webdav"])),
            ("/remote.php/webdav/a", Mount::new(["remote.php", "webdav"])),
            ("/remote.php/dav/files/Jos%C3%A9/a", Mount::new(["remote.php", "dav", "files", "Jos\u{e9}"])),
            ("/remote.php/dav/files/jose\u{301}", Mount::new(["remote.php", "dav", "files", "jose\u{301}"])),
        ] {
            let mounts = of(&principal("Jos\u{e9}"), path);
            assert_eq!(mounts[0], first, "{path}");
            assert!(mounts.contains(&Mount::new(["dav"])), "{path}");
        }
    }

    #[test]
    fn the_address_of_somebody_else_holds_nothing() {
        for path in
            ["/remote.php/dav/files/berta/a", "/remote.php/dav/files", "/remote.php/dav/uploads/berta/1"]
        {
            let [mount, ..] = of(&principal("anna"), path);
            assert_eq!(mount.locate(path), Ok(None), "{path}");
        }
        assert!(is_above("/remote.php/dav/files/") && !is_above("/remote.php/dav/files/anna"));
    }
}
