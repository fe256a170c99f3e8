//! A user's second factor: set up with a QR code in the terminal.

use std::io::IsTerminal;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use secrecy::ExposeSecret;

use super::{Format, Place, output, secret};
use crate::admin::{Reply, Request, SecondFactorShown, Secret};

/// Manage a user's second factor: codes of an authenticator app (TOTP) in addition to the password.
///
/// A user with a second factor logs in through a browser. Programs and devices need their own passwords, from that login or
/// from `tresor user app-password add`. Existing device passwords continue to work.
#[derive(Debug, Subcommand)]
pub(super) enum SecondFactor {
    /// Set up a second factor: shows the QR code, asks for the first code, shows the recovery codes once.
    Add(One),
    /// Confirm a second factor that was set up without a terminal, with a code of the authenticator.
    Confirm {
        /// Login name.
        name: String,
        /// The six digits that the authenticator shows now.
        code: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Create new recovery codes; the old ones become invalid.
    RecoveryCodes(One),
    /// Remove the second factor and its recovery codes: the password alone is enough again.
    Remove(One),
}

#[derive(Debug, Args)]
pub(super) struct One {
    /// Login name.
    name: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl SecondFactor {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add(one) => one.add(),
            Self::Confirm { name, code, place, format } => {
                place.request(Request::SecondFactorConfirm { name, code: Secret::new(code) }, format)
            }
            Self::RecoveryCodes(One { name, place, format }) => {
                place.request(Request::RecoveryCodesRenew { name }, format)
            }
            Self::Remove(One { name, place, format }) => {
                place.request(Request::SecondFactorRemove { name }, format)
            }
        }
    }
}

impl One {
    fn add(self) -> anyhow::Result<()> {
        let Self { name, place, format } = self;
        let session = place.session()?;
        let shown = match session.ask(Request::SecondFactorBegin { name: name.clone(), again: None })? {
            Reply::SecondFactor(shown) => shown,
            Reply::Refused { code, text } => return Err(output::refused(&code, &text)),
            _ => bail!("the server is of another version than this program"),
        };
        if format.json {
            output::reply(Reply::SecondFactor(shown), format)?;
            session.close();
            return Ok(());
        }
        show(&shown)?;
        if !std::io::stdin().is_terminal() {
            output::note(&format!(
                "Confirm it with a code of the app: tresor user second-factor confirm {} CODE",
                output::safe(&name)
            ))?;
            session.close();
            return Ok(());
        }
        loop {
            let typed = secret::ask("Code that the app shows now (empty to stop): ")?;
            if typed.expose_secret().trim().is_empty() {
                bail!("no second factor was set up");
            }
            let code = Secret::new(typed.expose_secret().to_owned());
            match session.ask(Request::SecondFactorConfirm { name: name.clone(), code })? {
                Reply::Refused { text, .. } => output::note(&text)?,
                reply => {
                    output::reply(reply, format)?;
                    session.close();
                    return Ok(());
                }
            }
        }
    }
}

fn show(shown: &SecondFactorShown) -> anyhow::Result<()> {
    let code = QrCode::with_error_correction_level(&shown.uri, EcLevel::L)
        .context("the name is too long for a QR code; type the key into the app")?;
    let drawn = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    // Dark on light, which every app can read: the colours are set explicitly, whatever those of the terminal
    // are.
    let (on, off) = if std::io::stdout().is_terminal() { ("\x1b[97;40m", "\x1b[0m") } else { ("", "") };
    drawn.lines().try_for_each(|line| output::line(&format!("{on}{line}{off}")))?;
    let key = shown.secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
    output::line(&format!("Scan this with an authenticator app, or type this key into it:\n\n  {key}\n"))
}
