//! Users, their device passwords and their rights.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use secrecy::ExposeSecret;

use super::second_factor::SecondFactor;
use super::{Format, Place, output, secret};
use crate::admin::{Reply, Request, Secret};
use crate::model::Span;

/// Manage accounts: people and their devices' passwords.
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add an account. Asks for the password unless a file is given.
    Add {
        /// Login name; upper and lower case are the same at login.
        name: String,
        /// The user's role in this office.
        #[arg(long)]
        role: RoleWord,
        /// File with the password (at least 12 characters).
        #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
        password_file: Option<PathBuf>,
        /// Create no password; the user has passwords for devices only.
        #[arg(long)]
        no_password: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// List all accounts.
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Set a new password.
    SetPassword {
        /// Login name.
        name: String,
        /// File with the new password.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Change a user's role.
    SetRole {
        /// Login name.
        name: String,
        /// The new role.
        role: RoleWord,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Change a user's mail address and the notices sent there. All that is not given stays as it is.
    Set(Box<Set>),
    /// Disable an account at once. Its files stay.
    Disable(OneUser),
    /// Enable a disabled account.
    Enable(OneUser),
    /// Remove an account permanently. Its files stay, with its name in their history; its links end. Without
    /// --yes the command lists what ends and asks.
    Remove {
        #[command(flatten)]
        one: OneUser,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
    },
    /// Manage the passwords of a user's devices.
    AppPassword {
        #[command(subcommand)]
        command: AppPasswordCommand,
    },
    /// See in which browsers a user is signed in to the pages, and sign the user out.
    Session {
        #[command(subcommand)]
        command: SessionCommand,
    },
    /// See a user's passkeys and remove them. A user adds passkeys in a browser.
    Passkey {
        #[command(subcommand)]
        command: PasskeyCommand,
    },
    /// Manage a user's second factor: codes of an authenticator app (TOTP) in addition to the password.
    SecondFactor {
        #[command(subcommand)]
        command: SecondFactor,
    },
}

#[derive(Debug, Args)]
struct Set {
    /// Login name.
    name: String,
    /// Address for mails; an empty one removes it.
    #[arg(long, value_name = "ADDRESS")]
    mail: Option<String>,
    /// Language of mails.
    #[arg(long)]
    language: Option<LanguageWord>,
    /// Which notices are sent by mail.
    #[arg(long)]
    notices: Option<NoticesWord>,
    /// Login name of the colleague who gets them during a holiday, if the colleague may see the same; an empty name ends it.
    #[arg(long, value_name = "USER")]
    substitute: Option<String>,
    /// Last day of the holiday, such as 2026-12-31, in the office's time zone.
    #[arg(long, value_name = "DATE", requires = "substitute")]
    until: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

/// Languages of mails.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LanguageWord {
    /// German.
    De,
    /// English.
    En,
}

/// Which notices a person wants.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum NoticesWord {
    /// As things happen.
    On,
    /// None.
    Off,
    /// One mail a week, on Monday morning.
    Digest,
}

impl Set {
    fn run(self) -> anyhow::Result<()> {
        let Self { name, mail, language, notices, substitute, until, place, format } = self;
        let (language, notices) = (language.map(|one| word(&one)), notices.map(|one| word(&one)));
        place.request(Request::UserSet { name, mail, language, notices, substitute, until }, format)
    }
}

#[derive(Debug, Args)]
struct OneUser {
    /// Login name.
    name: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct OneOfUser {
    /// Login name.
    user: String,
    /// The number that `list` shows.
    id: i64,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum AppPasswordCommand {
    /// Create a password for one device; it is shown once.
    Add {
        /// Login name.
        user: String,
        /// The device, such as 'Laptop'.
        #[arg(long)]
        label: String,
        /// Days until it expires; without this option it works until it is revoked.
        #[arg(long)]
        days: Option<u32>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// List a user's devices.
    List(OneUser),
    /// Revoke a device's password at once.
    Revoke(OneOfUser),
}

#[derive(Debug, Subcommand)]
enum SessionCommand {
    /// List the browsers in which a user is signed in.
    List(OneUser),
    /// Sign a user out of one browser at once. What it is sending goes on.
    End(OneOfUser),
}

#[derive(Debug, Subcommand)]
enum PasskeyCommand {
    /// List a user's passkeys.
    List(OneUser),
    /// Give a user's passkey another name.
    Rename {
        #[command(flatten)]
        one: OneOfUser,
        /// Its name, as the user sees it in the account.
        new_name: String,
    },
    /// Remove a passkey at once. Browsers in which it signed in stay signed in: see `session`.
    Remove(OneOfUser),
}

/// Roles, with the words of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleWord {
    /// Manages users, spaces and rights; sees files only where granted.
    Administrator,
    /// Works in the office.
    Staff,
    /// A client of the office; can get read and write, not manage.
    Client,
    /// Reads only.
    Auditor,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RightWord {
    /// List and fetch.
    Read,
    /// Create, change, move and delete.
    Write,
    /// Also empty the trash and change the space.
    Manage,
}

/// The word of a choice.
pub(super) fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

impl User {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            UserCommand::Add { name, role, password_file, no_password, place, format } => {
                let password = match no_password {
                    true => None,
                    false => Some(wire(&secret::new_password(password_file.as_deref(), "password")?)),
                };
                place.request(Request::UserAdd { name, role: word(&role), password }, format)
            }
            UserCommand::List { place, format } => place.request(Request::UserList, format),
            UserCommand::SetPassword { name, password_file, place, format } => {
                let password = wire(&secret::new_password(password_file.as_deref(), "password")?);
                place.request(Request::UserSetPassword { name, password }, format)
            }
            UserCommand::SetRole { name, role, place, format } => {
                place.request(Request::UserSetRole { name, role: word(&role) }, format)
            }
            UserCommand::Set(set) => set.run(),
            UserCommand::Disable(one) => one.request(|name| Request::UserDisable { name }),
            UserCommand::Enable(one) => one.request(|name| Request::UserEnable { name }),
            UserCommand::Remove { one, yes } => one.remove(yes),
            UserCommand::Session { command } => match command {
                SessionCommand::List(one) => one.request(|user| Request::SessionList { user }),
                SessionCommand::End(one) => one.request(|user, id| Request::SessionEnd { user, id }),
            },
            UserCommand::Passkey { command } => match command {
                PasskeyCommand::List(one) => one.request(|user| Request::PasskeyList { user }),
                PasskeyCommand::Rename { one, new_name } => {
                    one.request(|user, id| Request::PasskeyRename { user, id, label: new_name })
                }
                PasskeyCommand::Remove(one) => one.request(|user, id| Request::PasskeyRemove { user, id }),
            },
            UserCommand::SecondFactor { command } => command.run(),
            UserCommand::AppPassword { command } => match command {
                AppPasswordCommand::Add { user, label, days, place, format } => {
                    place.request(Request::AppPasswordAdd { user, label, days }, format)
                }
                AppPasswordCommand::List(one) => one.request(|user| Request::AppPasswordList { user }),
                AppPasswordCommand::Revoke(one) => {
                    one.request(|user, id| Request::AppPasswordRevoke { user, id })
                }
            },
        }
    }
}

impl OneOfUser {
    fn request(self, request: impl FnOnce(String, i64) -> Request) -> anyhow::Result<()> {
        self.place.request(request(self.user, self.id), self.format)
    }
}

impl OneUser {
    fn request(self, request: impl FnOnce(String) -> Request) -> anyhow::Result<()> {
        self.place.request(request(self.name), self.format)
    }

    fn remove(self, is_sure: bool) -> anyhow::Result<()> {
        let Self { name, place, format } = self;
        let session = place.session()?;
        if !is_sure {
            let removal = match session.ask(Request::UserRemovalPreview { name: name.clone() })? {
                Reply::Removal(removal) => removal,
                Reply::Refused { code, text } => return Err(output::refused(&code, &text)),
                _ => bail!("the server is of another version than this program"),
            };
            let question = format!("Remove {} for good? {}.", removal.name, output::ends(&removal));
            secret::confirm(&question, &removal.name)?;
        }
        let reply = session.ask(Request::UserRemove { name })?;
        session.close();
        output::reply(reply, format)
    }
}

fn wire(secret: &secrecy::SecretString) -> Secret {
    Secret::new(secret.expose_secret().to_owned())
}

/// Give a user a right to a space. It replaces an earlier right.
#[derive(Debug, Args)]
pub(super) struct Grant {
    /// Login name.
    user: String,
    /// Name of the space.
    space: String,
    /// The right.
    right: RightWord,
    /// Also let the user decide about what is held in the space, which those who manage it do anyway. Auditors and
    /// clients never do.
    #[arg(long)]
    release: bool,
    /// Time for which the space, if it holds what arrives, holds what this user stores: shorter for a partner whom you know,
    /// longer for others. It is scanned twice all the same. Without this option the space's own time counts.
    #[arg(long, value_name = "TIME")]
    hold: Option<Span>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Grant {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { user, space, right, release, hold, place, format } = self;
        let hold = hold.map(|hold| hold.0.as_secs());
        place.request(Request::Grant { user, space, right: word(&right), release, hold }, format)
    }
}

/// Remove a user's right to a space at once.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Login name.
    user: String,
    /// Name of the space.
    space: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Revoke {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.place.request(Request::Revoke { user: self.user, space: self.space }, self.format)
    }
}

/// List the rights of users to spaces.
#[derive(Debug, Args)]
pub(super) struct Grants {
    /// Only this user's rights.
    #[arg(long)]
    user: Option<String>,
    /// Only the rights to this space.
    #[arg(long)]
    space: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Grants {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.place.request(Request::GrantList { user: self.user, space: self.space }, self.format)
    }
}
