//! Requests for documents, and their templates.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::{Format, Place};
use crate::admin::{AskedFor, Request};
use crate::sharing::MAX_TEMPLATE_BYTES;

/// Ask clients for documents: a checklist, and a link for each client.
///
/// The client opens the link, hands files in for each item or says that it does not apply, and comes back by the same link. The
/// office accepts or rejects each item; a rejected one is open again.
#[derive(Debug, Args)]
pub(super) struct Requests {
    #[command(subcommand)]
    command: RequestCommand,
}

#[derive(Debug, Subcommand)]
enum RequestCommand {
    /// Make a request with the right of a user. Prints the address for each recipient.
    Add(Box<Add>),
    /// List requests, latest first, 100 at a time.
    List {
        /// Only of this space.
        space: Option<String>,
        /// Which ones.
        #[arg(long, value_enum, default_value_t = ListWord::Running)]
        show: ListWord,
        /// Those before this id, for the next 100.
        #[arg(long, value_name = "ID")]
        before: Option<i64>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Show one request with its items.
    Show {
        /// The id that `list` shows.
        id: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Accept items: the office has what it needs.
    Accept(Items),
    /// Reject items: the client sees the reason, and hands them in again.
    Reject {
        #[command(flatten)]
        items: Items,
        /// The reason that the client sees.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take the last decision about items back.
    Undo(Items),
    /// Close a request: its links show how it stands and take nothing.
    Close {
        /// The id that `list` shows.
        id: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Open a closed request again.
    Reopen {
        /// The id that `list` shows.
        id: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Remind the clients of a request who have something to do now, each at most once a day.
    Remind {
        /// The id that `list` shows.
        id: i64,
        /// Send nothing: print the mails, for example to copy their text.
        #[arg(long)]
        preview: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Change on which days a request reminds. What was sent already counts.
    Plan {
        /// The id that `list` shows.
        id: i64,
        /// Days before the deadline, such as 14d,3d, and then weekly after it; or off.
        plan: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Pause the planned reminders of a request.
    Pause {
        /// The id that `list` shows.
        id: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Let the planned reminders of a request go on.
    Resume {
        /// The id that `list` shows.
        id: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Correct the mail address of a recipient, for example one that a mail server refused.
    Recipient {
        /// The id that `list` shows.
        id: i64,
        /// The id of the recipient that `show` shows.
        recipient: i64,
        /// The address; an empty one for none.
        #[arg(long, value_name = "ADDRESS")]
        mail: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Answer a client's question or comment. The client sees the answer, and gets a mail that there is one.
    Answer {
        /// The id that `list` shows.
        id: i64,
        /// The id of the comment that `show` shows.
        comment: i64,
        /// The answer; an empty one settles the comment without words.
        text: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Give an item a last day of its own, or a file that the clients may fetch. An empty value removes one.
    #[command(
        override_usage = "tresor request item <ID> <ITEM> [--until <DATE>] [--form <FILE>] [--example <FILE>]"
    )]
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["until", "form", "example"]))]
    Item {
        /// The id that `list` shows.
        id: i64,
        /// The id of the item that `show` shows.
        item: i64,
        /// The last day that is in time, such as 2026-11-15, not after the deadline.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// A form to fill in: a document or picture, which stays where it is.
        #[arg(long, value_name = "SPACE/PATH")]
        form: Option<String>,
        /// An example of what is asked for.
        #[arg(long, value_name = "SPACE/PATH")]
        example: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Send the recipients with a mail address the invitation, each once.
    Invite {
        /// The id that `list` shows.
        id: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Give the link of a recipient another address, and print it. The one before opens nothing any more.
    Renew {
        /// The id that `list` shows.
        id: i64,
        /// The id of the recipient that `show` shows.
        recipient: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Give a request another deadline. Addresses stay the same.
    Extend {
        /// The id that `list` shows.
        id: i64,
        /// The last day that is in time, such as 2026-12-31.
        #[arg(long, value_name = "DATE")]
        deadline: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The space, and the folder in it for the files: `Huber` or `Huber/Steuer 2025`. A missing folder is made.
    #[arg(value_name = "SPACE[/PATH]")]
    target: String,
    /// The user who asks: the links never give more than this user may do.
    #[arg(long = "as", value_name = "USER")]
    user: String,
    /// Ask for the items of this template: see `tresor template list`.
    #[arg(long, value_name = "NAME", required_unless_present = "item")]
    template: Option<String>,
    /// Ask for this item, too.
    #[arg(long, value_name = "TEXT")]
    item: Vec<String>,
    /// A recipient: an address, `Erika Huber <erika@example.de>`, or the name of an account that may add files in the space.
    /// Each gets a link; an account also sees the request after signing in.
    #[arg(long, value_name = "MAIL|USER")]
    to: Vec<String>,
    /// Language of the recipients; by default that of the account, or `de`.
    #[arg(long, value_name = "TAG", default_value = "", hide_default_value = true)]
    lang: String,
    /// What it asks for, as a whole; that of the template by default.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Note that the people see; that of the template by default.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The last day that is in time, such as 2026-12-31.
    #[arg(long, value_name = "DATE")]
    deadline: Option<String>,
    /// When to remind the clients by mail: days before the deadline, such as 7d,1d, and then weekly after it; or off. Default:
    /// what the template says, or 7d,1d.
    #[arg(long, value_name = "PLAN")]
    remind: Option<String>,
    /// Let each link open by a code that is sent to the address of its recipient; each recipient needs one. A template may say
    /// so, too.
    #[arg(long)]
    code_by_mail: bool,
    /// Send each recipient with a mail address the invitation.
    #[arg(long)]
    invite: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct Items {
    /// The id that `list` shows.
    id: i64,
    /// The ids of items that `show` shows.
    #[arg(required = true, value_name = "ITEM")]
    of: Vec<i64>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

/// Which requests are listed, by word.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ListWord {
    /// Those that are not closed.
    Running,
    /// With items that are missing.
    Missing,
    /// With items that the office has to look at.
    ToCheck,
    /// With items that are rejected.
    Rejected,
    /// With missing items whose own day or the deadline is over.
    Overdue,
    /// That no client has opened.
    NeverOpened,
    /// Those that are closed.
    Closed,
}

impl ListWord {
    fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Add {
    fn run(self) -> anyhow::Result<()> {
        let (space, path) = self.target.split_once('/').unwrap_or((&self.target, ""));
        let asked = AskedFor {
            space: space.to_owned(),
            path: path.to_owned(),
            template: self.template,
            items: self.item,
            to: self.to,
            language: self.lang,
            title: self.title,
            note: self.note,
            deadline: self.deadline,
            remind: self.remind,
            code_by_mail: self.code_by_mail,
            invite: self.invite,
        };
        self.place.request(Request::RequestAdd { user: self.user, asked: Box::new(asked) }, self.format)
    }
}

impl Items {
    fn judge(self, verdict: &str, reason: Option<String>) -> anyhow::Result<()> {
        let Self { id, of: items, place, format } = self;
        place.request(Request::RequestJudge { id, items, verdict: verdict.to_owned(), reason }, format)
    }
}

impl Requests {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            RequestCommand::Add(order) => order.run(),
            RequestCommand::List { space, show, before, place, format } => {
                place.request(Request::RequestList { space, of: show.word(), before }, format)
            }
            RequestCommand::Show { id, place, format } => place.request(Request::RequestShow { id }, format),
            RequestCommand::Accept(items) => items.judge("accept", None),
            RequestCommand::Reject { items, reason } => items.judge("reject", Some(reason)),
            RequestCommand::Undo(items) => items.judge("undo", None),
            RequestCommand::Close { id, place, format } => {
                place.request(Request::RequestClose { id, closed: true }, format)
            }
            RequestCommand::Reopen { id, place, format } => {
                place.request(Request::RequestClose { id, closed: false }, format)
            }
            RequestCommand::Remind { id, preview: false, place, format } => {
                place.request(Request::RequestRemind { id }, format)
            }
            RequestCommand::Remind { id, preview: true, place, format } => {
                place.request(Request::RequestPreview { id }, format)
            }
            RequestCommand::Plan { id, plan, place, format } => {
                place.request(Request::RequestPlan { id, plan }, format)
            }
            RequestCommand::Pause { id, place, format } => {
                place.request(Request::RequestPause { id, paused: true }, format)
            }
            RequestCommand::Resume { id, place, format } => {
                place.request(Request::RequestPause { id, paused: false }, format)
            }
            RequestCommand::Recipient { id, recipient, mail, place, format } => {
                place.request(Request::RequestRecipient { id, recipient, mail }, format)
            }
            RequestCommand::Invite { id, place, format } => {
                place.request(Request::RequestInvite { id }, format)
            }
            RequestCommand::Renew { id, recipient, place, format } => {
                place.request(Request::RequestRenew { id, recipient }, format)
            }
            RequestCommand::Answer { id, comment, text, place, format } => {
                place.request(Request::RequestAnswer { id, comment, text }, format)
            }
            RequestCommand::Item { id, item, until, form, example, place, format } => {
                place.request(Request::RequestItem { id, item, until, form, example }, format)
            }
            RequestCommand::Extend { id, deadline, place, format } => {
                place.request(Request::RequestExtend { id, deadline }, format)
            }
        }
    }
}

/// List, show, import and remove the templates of requests.
///
/// The program has templates for German tax offices. A template of the office's own with the same name takes the place of one.
#[derive(Debug, Args)]
pub(super) struct Templates {
    #[command(subcommand)]
    command: TemplateCommand,
}

#[derive(Debug, Subcommand)]
enum TemplateCommand {
    /// List the templates.
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Print a template as TOML, which `import` reads.
    Show {
        /// The name that `list` shows.
        name: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Import a template from a TOML file, in place of one of the same name.
    Import {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Remove a template of the office's own; requests made from it stay as they are.
    Remove {
        /// The name that `list` shows.
        name: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Set a changed template back to that of the program.
    Reset {
        /// The name that `list` shows.
        name: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

impl Templates {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            TemplateCommand::List { place, format } => place.request(Request::TemplateList, format),
            TemplateCommand::Show { name, place, format } => {
                place.request(Request::TemplateShow { name }, format)
            }
            TemplateCommand::Import { file, place, format } => {
                let shown = file.display();
                let size = std::fs::metadata(&file).with_context(|| format!("cannot read {shown}"))?.len();
                if size > MAX_TEMPLATE_BYTES as u64 {
                    bail!("{shown} is larger than a template may be");
                }
                let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
                place.request(Request::TemplateImport { text }, format)
            }
            TemplateCommand::Remove { name, place, format } => {
                place.request(Request::TemplateRemove { name }, format)
            }
            TemplateCommand::Reset { name, place, format } => {
                place.request(Request::TemplateReset { name }, format)
            }
        }
    }
}
