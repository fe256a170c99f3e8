//! Links for people without an account.

use clap::{Args, Subcommand, ValueEnum};
use secrecy::ExposeSecret;

use std::path::PathBuf;

use super::{Format, Place, secret};
use crate::admin::{LinkAsked, Request, Secret};
use crate::model::{ByteSize, LinkRight};

/// Make, list and end links for people without an account.
///
/// Users make links in their Nextcloud apps, too. A link never gives more than its creator may do at that moment: if the creator
/// loses the right or is disabled, the link stops working, too.
#[derive(Debug, Args)]
pub(super) struct Link {
    #[command(subcommand)]
    command: LinkCommand,
}

#[derive(Debug, Subcommand)]
enum LinkCommand {
    /// Make a link to a file or folder, with the right of a user. Prints its address.
    Add(Box<Add>),
    /// List links with their right and the time when they expire.
    List {
        /// Only links into this space.
        #[arg(long, value_name = "SPACE")]
        space: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// End a link at once.
    Revoke {
        /// The id that `list` shows.
        id: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
struct Add {
    /// The space, and the file or folder in it: `Huber` or `Huber/Belege 2026`.
    #[arg(value_name = "SPACE[/PATH]")]
    target: String,
    /// The user who shares it: the link never gives more than this user may do.
    #[arg(long = "as", value_name = "USER")]
    user: String,
    /// What visitors may do.
    #[arg(long)]
    can: CanWord,
    /// It takes one hand-in, which the visitor's *Done* uses up, or gives one download, which its last byte uses up.
    #[arg(long, conflicts_with = "uses")]
    once: bool,
    /// It takes this many hand-ins, or gives this many downloads.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,
    /// File with the password that visitors must enter (at least 8 characters).
    #[arg(long, value_name = "FILE", conflicts_with = "first_use_password")]
    password_file: Option<PathBuf>,
    /// The first visitor chooses the password.
    #[arg(long)]
    first_use_password: bool,
    /// Instead of a password, visitors enter a code that the server sends to this address when they ask for it.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["password_file", "first_use_password"])]
    code_by_mail: Option<String>,
    /// The last day on which it opens, such as 2026-12-31, or `never`; 30 days from now by default.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// The last day that is in time: a later hand-in is taken, and marked as late.
    #[arg(long, value_name = "DATE")]
    deadline: Option<String>,
    /// Largest total size of one hand-in, such as 500MB.
    #[arg(long, value_name = "SIZE")]
    max_size: Option<ByteSize>,
    /// Most files of one hand-in.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_files: Option<u32>,
    /// Endings of the files that it takes, such as pdf,jpg,xlsx; all by default.
    #[arg(long, value_name = "LIST")]
    types: Option<String>,
    /// Put each hand-in into a folder of its own, named by the day and the person.
    #[arg(long)]
    own_folder: bool,
    /// Make it the user's box: a permanent link for signatures that takes files in. Each person who hands in gives a name and
    /// gets a folder; 30 hand-ins an hour, 5 of them from one network. A member of staff has at most one.
    #[arg(
        long = "box",
        conflicts_with_all = ["once", "uses", "until", "deadline", "password_file", "first_use_password", "code_by_mail"]
    )]
    is_box: bool,
    /// Label for your own lists; visitors do not see it.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    label: String,
    /// Note that visitors see.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

/// Rights of links, with the words of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CanWord {
    /// List and fetch.
    Read,
    /// Also add, change and delete.
    Edit,
    /// Hand files in, and see none.
    Add,
}

impl From<CanWord> for LinkRight {
    fn from(word: CanWord) -> Self {
        match word {
            CanWord::Read => Self::Read,
            CanWord::Edit => Self::Edit,
            CanWord::Add => Self::Add,
        }
    }
}

impl Add {
    fn run(self) -> anyhow::Result<()> {
        let (space, path) = self.target.split_once('/').unwrap_or((&self.target, ""));
        let password = self.password_file.as_deref().map(|file| secret::present_password(Some(file)));
        let asked = LinkAsked {
            space: space.to_owned(),
            path: path.to_owned(),
            can: LinkRight::from(self.can).as_str().to_owned(),
            password: password.transpose()?.map(|password| Secret::new(password.expose_secret().to_owned())),
            first_use_password: self.first_use_password,
            until: self.until,
            deadline: self.deadline,
            uses: self.uses.or(self.once.then_some(1)),
            max_size: self.max_size.map(|size| size.0).filter(|size| *size > 0),
            max_files: self.max_files,
            types: self.types,
            own_folder: self.own_folder,
            is_box: self.is_box,
            code_to: self.code_by_mail,
            label: self.label,
            note: self.note,
        };
        self.place.request(Request::LinkAdd { user: self.user, asked: Box::new(asked) }, self.format)
    }
}

impl Link {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            LinkCommand::Add(order) => order.run(),
            LinkCommand::List { space, place, format } => place.request(Request::LinkList { space }, format),
            LinkCommand::Revoke { id, place, format } => {
                place.request(Request::LinkRevoke { link: id }, format)
            }
        }
    }
}
