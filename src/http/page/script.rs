//! The scripts of pages: where they lie, and what they improve. Without them everything works as plain forms.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, Response};
use maud::{Markup, html};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Unfinished;
use super::asset::{address, answer};
use crate::model::{Office, random_bytes};
use crate::net::ResponseBody;
use crate::text::{Language, ScreenLockTexts, UploadTexts};

/// A script, built from `web/src` by `npm run build` in `web/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Script {
    /// Improves upload forms.
    Upload,
    /// Locks the page of a signed-in person who leaves the screen, and clears up when the person signs out.
    Desk,
    /// Keys for the links and buttons of the page.
    Keys,
    /// Buttons that copy values.
    Copy,
    /// Signs in with a passkey, and adds one.
    Passkey,
}

/// The scripts of a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Scripts {
    /// The word by which the page's policy knows them.
    nonce: String,
    list: Vec<Script>,
}

/// Bytes of the word that stands for the scripts in a policy.
const NONCE_BYTES: usize = 16;

/// The path of each script.
static ADDRESSES: LazyLock<Vec<(Script, String)>> = LazyLock::new(|| {
    Script::ALL.map(|script| (script, address(script.name(), &Sha256::digest(script.text()), ".js"))).into()
});

impl Script {
    const ALL: [Self; 5] = [Self::Upload, Self::Desk, Self::Keys, Self::Copy, Self::Passkey];

    fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Desk => "desk",
            Self::Keys => "keys",
            Self::Copy => "copy",
            Self::Passkey => "passkey",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Upload => include_str!("../../../web/dist/upload.js"),
            Self::Desk => include_str!("../../../web/dist/desk.js"),
            Self::Keys => include_str!("../../../web/dist/keys.js"),
            Self::Copy => include_str!("../../../web/dist/copy.js"),
            Self::Passkey => include_str!("../../../web/dist/passkey.js"),
        }
    }

    /// Its path.
    fn address(self) -> &'static str {
        ADDRESSES.iter().find(|(script, _)| *script == self).map_or("", |(_, path)| path)
    }

    /// The element that loads it, with the facts that it needs about the page.
    fn element(self, nonce: &str, language: Language, office: Option<&Office>) -> Markup {
        html! {
            @match self {
                Self::Upload => {
                    script src=(self.address()) nonce=(nonce) data-words=(UploadTexts(language).json())
                        data-zone=[office.map(|office| office.zone.name())] defer {}
                },
                Self::Desk => {
                    @let after = office.and_then(|office| office.lock_after);
                    script src=(self.address()) nonce=(nonce) data-words=[after.map(|_| ScreenLockTexts(language).json())]
                        data-after=[after.map(|after| after.as_secs())] defer {}
                },
                Self::Keys | Self::Copy | Self::Passkey => { script src=(self.address()) nonce=(nonce) defer {} },
            }
        }
    }
}

impl Scripts {
    /// The elements of a page's head.
    pub(super) fn elements(&self, language: Language, office: Option<&Office>) -> Markup {
        html! { @for script in &self.list { (script.element(&self.nonce, language, office)) } }
    }
}

/// The policy of pages with scripts: these alone, requests to this server, and no text that becomes markup. A word that
/// is new on each page stands for the scripts, because by its address the files of people would be allowed, too.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'nonce-{nonce}'; connect-src 'self'; \
         require-trusted-types-for 'script'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// The facts that the script needs about a form; the value of its `data-upload`. `web/src/config.ts` reads it.
#[derive(Debug, Serialize)]
pub(in crate::http) struct UploadForm<'a> {
    /// Path where uploads begin.
    pub(in crate::http) endpoint: &'a str,
    /// Path of the list of unfinished uploads, and of files that have arrived.
    pub(in crate::http) list: &'a str,
    /// Path where folders without a file are made; `None` where only files count.
    pub(in crate::http) folders: Option<&'a str>,
    /// Path of the folder where files arrive, if the script may look for one there.
    pub(in crate::http) members: Option<&'a str>,
    /// Metadata of each upload.
    pub(in crate::http) metadata: BTreeMap<&'static str, &'a str>,
    /// Whether several files may be chosen.
    pub(in crate::http) several: bool,
    /// Whether requests carry the token of the session.
    pub(in crate::http) session: bool,
    pub(in crate::http) terms: UploadTerms<'a>,
}

/// The limits that remain; `None` where there is none.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(in crate::http) struct UploadTerms<'a> {
    /// Endings of names, in small letters; all if there are none.
    pub(in crate::http) types: &'a [String],
    pub(in crate::http) files: Option<u32>,
    /// Bytes of all files together.
    pub(in crate::http) bytes: Option<u64>,
}

impl UploadForm<'_> {
    /// The value of the attribute.
    pub(in crate::http) fn attribute(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Lets a page carry a script, besides those that it has.
pub(in crate::http) fn with_script(
    mut page: Response<ResponseBody>,
    script: Script,
) -> Response<ResponseBody> {
    let Some(unfinished) = page.extensions_mut().get_mut::<Unfinished>() else { return page };
    let scripts = &mut unfinished.scripts;
    if scripts.list.is_empty() {
        scripts.nonce = BASE64URL_NOPAD.encode(&random_bytes::<NONCE_BYTES>());
    }
    scripts.list.push(script);
    if let Ok(policy) = HeaderValue::from_str(&policy(&scripts.nonce)) {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    page
}

/// The script that lies at this path.
pub(in crate::http) fn at(path: &str) -> Option<Response<ResponseBody>> {
    let (script, _) = ADDRESSES.iter().find(|(_, address)| address == path)?;
    Some(answer("text/javascript; charset=utf-8", script.text()))
}
