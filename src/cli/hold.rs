//! The holding area: contents that are withheld until they were examined.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::admin::Session;
use super::content::{note, sha256};
use super::history::of_terminal;
use super::{Format, Place, output, secret};
use crate::admin::{HoldShown, Reply, Request, Secret, WAITS_FOR_SECOND};
use crate::intake::Certificate;
use crate::model::HoldDecision;
use crate::proof::{self, Verifier};

/// Show and decide what lies in the holding area.
///
/// What arrives in a space with a holding time (`tresor space set SPACE --intake on`) is scanned at once, held, scanned
/// again with newer signatures, and only then released to those who may read the space. Until then its author sees the name
/// and others see nothing; a single user may get it earlier (`release --to`). Whatever the scanner does not call clean stays held; after 36 hours beyond its time an item asks
/// for a decision.
#[derive(Debug, Args)]
pub(super) struct Hold {
    #[command(subcommand)]
    command: HoldCommand,
}

#[derive(Debug, Subcommand)]
enum HoldCommand {
    /// List what is held, waits for a decision or is quarantined, latest first.
    List {
        /// Only items of this space.
        space: Option<String>,
        /// Also what was released or withdrawn.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Show one item with all of its verdicts.
    Show(Item),
    /// Scan an item once more and release it, before its time too; only a clean one is released.
    Release(Release),
    /// Decline a user's request for an item: the user does not get it before its release.
    Decline(Decline),
    /// Keep an item until a person decides otherwise.
    Keep(Decision),
    /// Treat an item as dangerous, also one that was released.
    Quarantine(Decision),
    /// Examine an item now, and no longer wait for a decision about it.
    Retry(Decision),
    /// Take an item back: it is not released any more.
    Withdraw(Decision),
    /// Let the content of a released item into its space from now on, whatever scanners say: the same bytes under any name,
    /// from any sender. For an office's own templates that scanners object to wrongly.
    Allow(Allow),
    /// Examine the content of an item again from now on.
    Disallow(Item),
    /// List the contents that are let in.
    Allowed {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Open an encrypted item with its password, and examine its contents.
    Password(Open),
    /// Show what happened to the file of an item.
    History(Item),
    /// Print the signed certificate of a released item: its hash, all verdicts with the identities of the signatures, the
    /// times, and what was not checked. For one that a person released by an override it says just that.
    Certificate(Item),
    /// Print the key that checks this instance's certificates. It is not secret: give it to whoever checks them.
    CertificateKey {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Check a certificate; needs no instance.
    VerifyCertificate(VerifyCertificate),
}

#[derive(Debug, Args)]
struct VerifyCertificate {
    /// The certificate.
    file: PathBuf,
    /// The office's key, as `tresor hold certificate-key` prints it. Without it the check shows only that the text is as
    /// it was signed, not by whom.
    #[arg(long, value_name = "KEY")]
    signed_by: Option<String>,
    /// The file that the certificate should be about, to compare its hash.
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct Item {
    /// The number that `list` shows.
    id: i64,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct Release {
    /// The number that `list` shows.
    #[arg(required_unless_present = "virus")]
    id: Option<i64>,
    /// Instead of one item, all items in which this was found, such as those of a signature that was wrong.
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    virus: Option<String>,
    /// Hand it out to this user alone, who must have a right to the space; for all others it stays held.
    #[arg(long, value_name = "USER", conflicts_with = "virus")]
    to: Option<String>,
    /// Release it whatever the scanner says. The item keeps a mark of that.
    #[arg(long)]
    r#override: bool,
    /// Why; it is recorded.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

/// Office documents, PDFs, ZIP and 7z archives are opened in memory, scanned, looked into and treated as if they had come
/// open; the file stays as it came. The server keeps the password in its memory until the item ends, because the second scan
/// needs it. After a restart the item waits for it again. It is written nowhere; the history notes that it was given. Of
/// each person ten passwords an hour are tried for one item.
#[derive(Debug, Args)]
struct Open {
    #[command(flatten)]
    item: Item,
    /// File with the password; without this option the command asks.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Decline {
    #[command(flatten)]
    decision: Decision,
    /// The user who asks for it, and reads the reason.
    user: String,
}

#[derive(Debug, Args)]
struct Allow {
    #[command(flatten)]
    decision: Decision,
    /// For how many days.
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
}

#[derive(Debug, Args)]
struct Decision {
    /// The number that `list` shows.
    id: i64,
    /// Why; it is recorded. Needed for all decisions but `retry`.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Hold {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            HoldCommand::List { space, all, place, format } => {
                place.request(Request::HoldList { space, all }, format)
            }
            HoldCommand::Show(Item { id, place, format }) => place.request(Request::HoldShow { id }, format),
            HoldCommand::Release(release) => release.run(),
            HoldCommand::Decline(Decline { decision, user }) => {
                decision.request(|id, reason| Request::HoldDecline { id, user, reason })
            }
            HoldCommand::Keep(decision) => decision.take(HoldDecision::Keep),
            HoldCommand::Quarantine(decision) => decision.take(HoldDecision::Quarantine),
            HoldCommand::Retry(decision) => decision.take(HoldDecision::Retry),
            HoldCommand::Withdraw(decision) => decision.take(HoldDecision::Withdraw),
            HoldCommand::Allow(Allow { decision, days }) => {
                decision.request(|id, reason| Request::HoldAllow { id, days, reason })
            }
            HoldCommand::Disallow(Item { id, place, format }) => {
                place.request(Request::HoldDisallow { id }, format)
            }
            HoldCommand::Allowed { place, format } => place.request(Request::HoldAllowed, format),
            HoldCommand::Password(password) => password.give(),
            HoldCommand::History(item) => item.history(),
            HoldCommand::Certificate(Item { id, place, format }) => {
                place.request(Request::HoldCertificate { id }, format)
            }
            HoldCommand::CertificateKey { place, format } => {
                place.request(Request::HoldCertificateKey, format)
            }
            HoldCommand::VerifyCertificate(order) => order.run(),
        }
    }
}

impl Open {
    fn give(self) -> anyhow::Result<()> {
        let Self { item: Item { id, place, format }, password_file } = self;
        let password = secret::present_password(password_file.as_deref())?;
        let password = Secret::new(password.expose_secret().to_owned());
        place.request(Request::HoldPassword { id, password }, format)
    }
}

impl Decision {
    fn take(self, decision: HoldDecision) -> anyhow::Result<()> {
        self.request(|id, reason| decide(id, decision, reason, None))
    }

    /// Sends the request that `order` makes of the item and the reason.
    fn request(self, order: impl FnOnce(i64, Option<String>) -> Request) -> anyhow::Result<()> {
        let Self { id, reason, place, format } = self;
        place.request(order(id, reason), format)
    }
}

fn decide(id: i64, decision: HoldDecision, reason: Option<String>, to: Option<String>) -> Request {
    Request::HoldDecide { id, decision: decision.as_str().to_owned(), reason, to }
}

impl VerifyCertificate {
    fn run(self) -> anyhow::Result<()> {
        let Self { file, signed_by, content, format } = self;
        let note = note(&file)?;
        let key = signed_by.map(|key| key.parse::<Verifier>()).transpose()?;
        let certificate = proof::open::<Certificate>(&note, key.as_ref())?;
        if let Some(content) = &content {
            let found = sha256(content).with_context(|| format!("cannot read {}", content.display()))?;
            if found != certificate.sha256 {
                bail!("the certificate is about another content than {}", content.display());
            }
        }
        if format.json {
            return output::line(&serde_json::to_string_pretty(&certificate)?);
        }
        output::certificate(&certificate, key.is_some(), content.is_some())
    }
}

impl Release {
    fn run(self) -> anyhow::Result<()> {
        let Self { id, virus, to, r#override, reason, place, format } = self;
        let decision = if r#override { HoldDecision::Override } else { HoldDecision::Release };
        match (id, virus) {
            (Some(id), _) => place.request(decide(id, decision, reason, to), format),
            (None, virus) => {
                let session = place.session()?;
                let order = |id| decide(id, decision, reason.clone(), None);
                let outcome = all(&session, &virus.unwrap_or_default(), order);
                session.close();
                output::reply(Reply::Done(outcome?), format)
            }
        }
    }
}

/// Takes a decision about all open items in which this virus was found last; returns what was done.
fn all(session: &Session, virus: &str, order: impl Fn(i64) -> Request) -> anyhow::Result<String> {
    let items = match session.ask(Request::HoldList { space: None, all: false })? {
        Reply::Holds(items) => items,
        Reply::Refused { code, text } => return Err(output::refused(&code, &text)),
        _ => Vec::new(),
    };
    let has_it = |item: &HoldShown| {
        let found = item.verdicts.iter().rev().find(|verdict| verdict.detail.is_some());
        found.is_some_and(|verdict| verdict.detail.as_deref() == Some(virus))
    };
    let (mut released, mut kept, mut waiting) = (0_u32, 0_u32, 0_u32);
    for item in items.iter().filter(|item| has_it(item)) {
        match session.ask(order(item.id))? {
            Reply::Done(text) if text.contains(WAITS_FOR_SECOND) => waiting += 1,
            Reply::Done(_) => released += 1,
            // It is found still.
            Reply::Refused { code, .. } if code == "not-clean" => kept += 1,
            Reply::Refused { code, text } => return Err(output::refused(&code, &text)),
            _ => {}
        }
    }
    let more = if waiting > 0 { format!("; {waiting} wait for a second person") } else { String::new() };
    Ok(format!("{released} items are released, {kept} are not: a scanner still objects to them{more}"))
}

impl Item {
    fn history(self) -> anyhow::Result<()> {
        /// Events shown of one file.
        const LATEST: u32 = 200;
        let Self { id, place, format } = self;
        let session = place.session()?;
        let reply = match session.ask(Request::HoldShow { id })? {
            Reply::Hold(shown) => session.ask(Request::History {
                space: Some(shown.space),
                path: shown.path,
                before: None,
                limit: LATEST,
                language: of_terminal(),
            })?,
            other => other,
        };
        session.close();
        output::reply(reply, format)
    }
}
