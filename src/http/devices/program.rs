//! Which program a device uses, as far as its `User-Agent` says (RFC 9110 10.1.5).

use http::HeaderMap;
use http::header::USER_AGENT;

/// A program that shows files of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) enum Program {
    Finder,
    Explorer,
    NextcloudDesktop,
    NextcloudAndroid,
    NextcloudIos,
    Davfs2,
    Rclone,
    Gnome,
    Dolphin,
    Cyberduck,
    Browser,
    #[default]
    Other,
}

/// Marks of programs; the first that is found counts. Nextcloud's programs carry `mirall`, their name or both.
const MARKS: [(&str, Program); 15] = [
    ("Nextcloud-android", Program::NextcloudAndroid),
    ("Nextcloud-iOS", Program::NextcloudIos),
    ("mirall", Program::NextcloudDesktop),
    ("WebDAVFS", Program::Finder),
    ("WebDAVLib", Program::Finder),
    ("Microsoft-WebDAV-MiniRedir", Program::Explorer),
    ("DavClnt", Program::Explorer),
    ("davfs2", Program::Davfs2),
    ("rclone", Program::Rclone),
    ("gvfs", Program::Gnome),
    ("kio", Program::Dolphin),
    ("Konqueror", Program::Dolphin),
    ("Cyberduck", Program::Cyberduck),
    ("Mountain Duck", Program::Cyberduck),
    ("Mozilla/", Program::Browser),
];

impl Program {
    /// The program that sends these headers.
    pub(in crate::http) fn of(headers: &HeaderMap) -> Self {
        let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        MARKS.iter().find(|(mark, _)| agent.contains(mark)).map_or(Self::Other, |(_, program)| *program)
    }

    /// Its name, which is the same in all languages; `None` if it is not known.
    pub(in crate::http) fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Finder => "Finder (macOS)",
            Self::Explorer => "Explorer (Windows)",
            Self::NextcloudDesktop => "Nextcloud (Windows, macOS, Linux)",
            Self::NextcloudAndroid => "Nextcloud (Android)",
            Self::NextcloudIos => "Nextcloud (iPhone, iPad)",
            Self::Davfs2 => "davfs2 (Linux)",
            Self::Rclone => "rclone",
            Self::Gnome => "GNOME (gvfs)",
            Self::Dolphin => "Dolphin (KDE)",
            Self::Cyberduck => "Cyberduck",
            Self::Browser => "Browser",
            Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn programs_are_known_by_what_they_call_themselves() {
        for (agent, program) in [
            ("WebDAVFS/3.0.0 (03008000) Darwin/24.1.0 (arm64)", Program::Finder),
            ("Microsoft-WebDAV-MiniRedir/10.0.26100", Program::Explorer),
            ("DavClnt", Program::Explorer),
            (
                "Mozilla/5.0 (Linux) mirall/3.7.3-git (Nextcloud, debian-6.1 ClientArchitecture: x86_64)",
                Program::NextcloudDesktop,
            ),
            ("Mozilla/5.0 (Android) Nextcloud-android/3.33.0", Program::NextcloudAndroid),
            ("Mozilla/5.0 (iOS) Nextcloud-iOS/6.6.0", Program::NextcloudIos),
            ("davfs2/1.6.1 neon/0.32.4", Program::Davfs2),
            ("rclone/v1.60.1-DEV", Program::Rclone),
            ("gvfs/1.50.3", Program::Gnome),
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.21 kioworker/5.103", Program::Dolphin),
            ("Cyberduck/9.0.0.42316 (Mac OS X/15.0) (aarch64)", Program::Cyberduck),
            ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/153.0", Program::Browser),
            ("curl/8.1", Program::Other),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, HeaderValue::from_str(agent).unwrap());
            assert_eq!(Program::of(&headers), program, "{agent}");
        }
        assert_eq!(Program::of(&HeaderMap::new()), Program::Other);
        assert_eq!(Program::Other.name(), None);
    }
}
