//! A person's computer: a folder that `nextcloudcmd` keeps the same as the server's.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::TestServer;
use crate::support::process::{Outcome, tool};
use crate::support::server::{PASSWORD, USER};

/// Signed in as [`USER`], whole tree.
pub(crate) struct Desktop<'a> {
    server: &'a TestServer,
    home: PathBuf,
    folder: PathBuf,
    /// Folder on the server that is kept, such as `/space`.
    path: Option<String>,
    /// Most that is sent, in kilobytes per second.
    up_limit: Option<u32>,
    /// Most that is fetched, likewise.
    down_limit: Option<u32>,
    /// Where it finds the server, if there is something in between.
    address: Option<String>,
    user: (String, String),
}

impl<'a> Desktop<'a> {
    pub(crate) fn new(server: &'a TestServer, name: &str) -> Self {
        Self {
            server,
            home: server.scratch(&format!("{name}-home")),
            folder: server.scratch(name),
            path: None,
            up_limit: None,
            down_limit: None,
            address: None,
            user: (USER.into(), PASSWORD.into()),
        }
    }

    /// The same for another person.
    pub(crate) fn of(server: &'a TestServer, name: &str, user: &str, password: &str) -> Self {
        Self { user: (user.into(), password.into()), ..Self::new(server, name) }
    }

    /// Keeps a folder of the server only.
    pub(crate) fn keeping(self, path: &str) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// Sends at most this many kilobytes per second.
    pub(crate) fn at_most(self, kilobytes: u32) -> Self {
        Self { up_limit: Some(kilobytes), ..self }
    }

    /// Fetches at most this many kilobytes per second.
    pub(crate) fn fetching_at_most(self, kilobytes: u32) -> Self {
        Self { down_limit: Some(kilobytes), ..self }
    }

    /// Finds the server at another address.
    pub(crate) fn through(self, address: String) -> Self {
        Self { address: Some(address), ..self }
    }

    /// A file or folder below it.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Writes a file, folders above it included, with a modification time in seconds since 1970.
    pub(crate) fn write(&self, path: &str, bytes: &[u8], modified: i64) {
        let file = self.at(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes).unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(modified.try_into().unwrap());
        fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
    }

    /// One run, with any outcome.
    pub(crate) fn attempt(&self) -> Outcome {
        Outcome::of(&mut self.command())
    }

    /// A run that goes on.
    pub(crate) fn begin(&self) -> std::process::Child {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn command(&self) -> Command {
        let mut command = tool("nextcloudcmd", "nextcloud-desktop-cmd");
        command.env("HOME", &self.home).env("XDG_CONFIG_HOME", self.home.join(".config"));
        command.env("QT_QPA_PLATFORM", "offscreen");
        command.args(["--trust", "--non-interactive", "-h", "-u", &self.user.0, "-p", &self.user.1]);
        if let Some(path) = &self.path {
            command.args(["--path", path]);
        }
        if let Some(limit) = self.up_limit {
            command.args(["--uplimit", &limit.to_string()]);
        }
        if let Some(limit) = self.down_limit {
            command.args(["--downlimit", &limit.to_string()]);
        }
        command.arg(&self.folder).arg(self.address.clone().unwrap_or_else(|| self.server.url("")));
        command
    }

    /// Lets it try failed files again at once: by itself it waits 25 seconds.
    pub(crate) fn forget_refusals(&self) {
        let files = fs::read_dir(&self.folder).unwrap().map(|file| file.unwrap().path());
        let is_database = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(".sync_") && path.extension().is_some_and(|extension| extension == "db")
        };
        let database = rusqlite::Connection::open(files.into_iter().find(is_database).unwrap()).unwrap();
        database.execute("DELETE FROM blacklist", []).unwrap();
    }

    /// A run that must succeed.
    pub(crate) fn sync(&self) {
        let outcome = self.attempt();
        assert_eq!(outcome.code, 0, "{outcome}");
    }

    /// A run that must succeed, and the methods of the DAV requests that it took, in order.
    pub(crate) fn sync_and_listen(&self) -> Vec<String> {
        let before = self.server.log().len();
        self.sync();
        let log = self.server.log();
        log[before..]
            .lines()
            .filter(|line| line.contains("route=\"dav\""))
            .filter_map(|line| Some(line.split_once("method=\"")?.1.split_once('"')?.0.to_owned()))
            .collect()
    }

    /// Seconds since 1970 at which a file was last modified.
    pub(crate) fn modified(&self, path: &str) -> u64 {
        let time = fs::metadata(self.at(path)).unwrap().modified().unwrap();
        time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    }

    /// Files below a folder, without those that the client keeps for itself.
    pub(crate) fn tree(&self) -> std::collections::BTreeMap<String, String> {
        let mut tree = crate::support::content::tree(&self.folder);
        tree.retain(|name, _| !name.starts_with(".sync_") && !name.starts_with(".nextcloudsync"));
        tree
    }
}
