//! The capabilities that this server reports to Nextcloud clients.
//!
//! Clients take every member as a promise, so missing features are left out. Android discards the whole answer if
//! one of these is missing inside its parent: all of `version`, `core.pollinterval`, `files.bigfilechunking`, and
//! of `files_sharing`: `resharing`, `public.enabled`, `public.expire_date.enabled`, `user.send_mail`, `federation`;
//! and `theming.name`, `slogan`, `color`.

use serde_json::{Value, json};

use crate::accounts::MIN_LINK_CHARS;
use crate::sharing::LINK_LIFETIME;

/// Shown as this server's name.
pub(super) const PRODUCT: &str = "Tresor";
/// The version of Nextcloud whose interfaces these are. Clients refuse old versions: Android and the desktop client
/// call everything below 20 unsupported, Android warns below 31.
const MAJOR: u8 = 31;
const MINOR: u8 = 0;
const MICRO: u8 = 4;
/// The colour of the pages' links and buttons.
const COLOR: &str = "#0b57d0";

/// The body of `status.php`, in the form that clients compare.
pub(super) fn status() -> String {
    format!(
        "{{\"installed\":true,\"maintenance\":false,\"needsDbUpgrade\":false,\
         \"version\":\"{MAJOR}.{MINOR}.{MICRO}.1\",\"versionstring\":\"{MAJOR}.{MINOR}.{MICRO}\",\"edition\":\"\",\
         \"productname\":\"{PRODUCT}\",\"extendedSupport\":false}}"
    )
}

/// For clients without a login: the desktop client asks for these to find out whether this is a Nextcloud server.
pub(super) fn for_anybody(origin: &str) -> Value {
    json!({
        "version": version(),
        "capabilities": { "core": core(), "theming": theming(origin) },
    })
}

/// For authenticated users.
pub(super) fn for_users(origin: &str) -> Value {
    json!({
        "version": version(),
        "capabilities": {
            "core": core(),
            // Without it, clients upload large files by a scheme whose pieces look like files. Bulk uploads are
            // left out: desktop 3.7.3 abandons the whole batch if one of its files is empty.
            "dav": { "chunking": "1.0" },
            "files": {
                "bigfilechunking": true,
                "undelete": false,
                "versioning": false,
                "blacklisted_files": [],
                // For ownCloud's clients: a POST to the folder begins an upload.
                "tus_support": {
                    "version": "1.0.0",
                    "resumable": "1.0.0",
                    "extension": "creation,creation-with-upload",
                    "max_chunk_size": 0,
                    "http_method_override": "",
                },
            },
            "checksums": {
                "supportedTypes": ["SHA1", "SHA256", "MD5", "ADLER32"],
                "preferredUploadType": "SHA1",
            },
            "files_sharing": {
                "api_enabled": true,
                "resharing": false,
                "default_permissions": 31,
                "public": {
                    "enabled": true,
                    "upload": true,
                    "upload_files_drop": true,
                    "multiple_links": true,
                    "send_mail": false,
                    "password": { "enforced": false, "askForOptionalPassword": false },
                    "expire_date": { "enabled": true, "days": link_days(), "enforced": false },
                },
                "group_sharing": false,
                "user": { "send_mail": false, "expire_date": { "enabled": false } },
                "federation": { "outgoing": false, "incoming": false },
            },
            "password_policy": { "minLength": MIN_LINK_CHARS },
            "theming": theming(origin),
        },
    })
}

fn link_days() -> u64 {
    LINK_LIFETIME.as_secs() / (24 * 60 * 60)
}

fn version() -> Value {
    json!({
        "major": MAJOR,
        "minor": MINOR,
        "micro": MICRO,
        "string": format!("{MAJOR}.{MINOR}.{MICRO}"),
        "edition": "",
        "extendedSupport": false,
    })
}

fn core() -> Value {
    json!({ "pollinterval": 60, "webdav-root": "remote.php/webdav" })
}

fn theming(origin: &str) -> Value {
    json!({ "name": PRODUCT, "slogan": "", "url": origin, "color": COLOR })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_missing_that_androids_parser_needs() {
        let answer = for_users("https://files.example");
        for path in [
            "/version/major",
            "/version/minor",
            "/version/micro",
            "/version/string",
            "/version/edition",
            "/capabilities/core/pollinterval",
            "/capabilities/files/bigfilechunking",
            "/capabilities/files_sharing/resharing",
            "/capabilities/files_sharing/public/enabled",
            "/capabilities/files_sharing/public/expire_date/enabled",
            "/capabilities/files_sharing/user/send_mail",
            "/capabilities/files_sharing/federation/outgoing",
            "/capabilities/files_sharing/federation/incoming",
            "/capabilities/theming/name",
            "/capabilities/theming/slogan",
            "/capabilities/theming/color",
        ] {
            assert!(answer.pointer(path).is_some(), "{path}");
        }
    }

    #[test]
    fn nothing_is_announced_that_is_not_there() {
        let answer = for_users("https://files.example");
        for path in
            ["/dav/bulkupload", "/user_status", "/notifications", "/activity", "/end-to-end-encryption"]
        {
            assert!(answer["capabilities"].pointer(path).is_none(), "{path}");
        }
        assert!(for_anybody("https://files.example")["capabilities"].get("dav").is_none());
    }
}
