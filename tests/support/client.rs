//! A client with a journal: it changes its own folder until the server is gone.

use super::TestServer;
use super::content::bytes;
use super::http::{Endpoint, Request, Response};
use super::load::Dice;
use super::multistatus::Multistatus;
use super::server::USER;
use super::tree::{Change, Found, FoundNode, Lock, Tree};

/// One client, its folder and the changes acknowledged to it.
pub struct Client {
    pub endpoint: Endpoint,
    pub password: String,
    /// Name of its folder in the space.
    pub name: String,
    pub dice: Dice,
    /// The acknowledged state.
    pub tree: Tree,
    /// The change that was requested and not answered, and the tree after it.
    pub pending: Option<(Change, Tree)>,
    /// Number of changes requested so far.
    pub asked: u64,
    /// Number of changes acknowledged so far.
    pub acknowledged: u64,
    /// Number of changes that took effect although no answer arrived.
    pub happened: u64,
}

impl Client {
    /// A client with a new folder and a device password for [`USER`].
    pub fn new(server: &TestServer, name: &str, password: &str, seed: u64) -> Self {
        let client = Self {
            endpoint: server.endpoint(),
            password: password.to_owned(),
            name: name.to_owned(),
            dice: Dice::new(seed),
            tree: Tree::default(),
            pending: None,
            asked: seed << 32,
            acknowledged: 0,
            happened: 0,
        };
        client.ask("MKCOL", "").send().expect(201);
        client
    }

    /// Makes one change; false if no answer came.
    pub fn step(&mut self, cycle: u64) -> bool {
        self.asked += 1;
        let change = Change::roll(&self.tree, &mut self.dice, self.asked);
        let since = format!("{change}, acknowledged as change {} in cycle {cycle}", self.asked);
        let mut after = self.tree.after(&change, &since);
        match self.request(&change).try_send() {
            Ok(answer) if !answer.is_cut => {
                self.require_success(&change, &answer);
                if let Change::Lock { path } = &change {
                    let token = answer.header("lock-token").expect("a lock has a token");
                    let token = token.trim_start_matches('<').trim_end_matches('>').to_owned();
                    after.0.get_mut(path).unwrap().lock = Some(Lock::Token(token));
                }
                self.tree = after;
                self.acknowledged += 1;
                true
            }
            _ => {
                self.pending = Some((change, after));
                false
            }
        }
    }

    fn require_success(&self, change: &Change, answer: &Response) {
        let is_done = match change {
            Change::Mark { .. } => answer.status == 207 && answer.text().contains(" 200 "),
            _ => (200..300).contains(&answer.status) && answer.status != 207,
        };
        assert!(is_done, "{}: {change} was refused on {:#?}\n{answer}", self.name, self.tree);
    }

    fn ask(&self, method: &str, path: &str) -> Request {
        let target = self.href(path);
        Request::new(self.endpoint, method, &target).sign_in(USER, &self.password)
    }

    fn href(&self, path: &str) -> String {
        format!("/dav/space/{}/{path}", self.name)
    }

    fn request(&self, change: &Change) -> Request {
        let with_token = |request: Request, path: &str| match self.tree.0.get(path).map(|node| &node.lock) {
            Some(Some(Lock::Token(token))) => request.header("If", &format!("(<{token}>)")),
            _ => request,
        };
        match change {
            Change::Put { path, seed, length } => {
                with_token(self.ask("PUT", path), path).body(bytes(*seed, *length))
            }
            Change::Folder { path } => self.ask("MKCOL", path),
            Change::Move { from, to } => self.ask("MOVE", from).header("Destination", &self.href(to)),
            Change::Copy { from, to } => self.ask("COPY", from).header("Destination", &self.href(to)),
            Change::Delete { path } => self.ask("DELETE", path),
            Change::Mark { path, value } => with_token(self.ask("PROPPATCH", path), path).xml(&format!(
                "<d:propertyupdate xmlns:d=\"DAV:\"><d:set><d:prop><mark xmlns=\"urn:crash\">{value}</mark>\
                 </d:prop></d:set></d:propertyupdate>"
            )),
            Change::Lock { path } => self.ask("LOCK", path).header("Timeout", "Second-3600").xml(
                "<d:lockinfo xmlns:d=\"DAV:\"><d:lockscope><d:exclusive/></d:lockscope>\
                 <d:locktype><d:write/></d:locktype></d:lockinfo>",
            ),
            Change::Unlock { path, token } => {
                self.ask("UNLOCK", path).header("Lock-Token", &format!("<{token}>"))
            }
        }
    }

    /// Compares the folder with the journal: it must be the acknowledged state, or that with the whole pending
    /// change.
    pub fn settle(&mut self) {
        let found = self.look();
        let lost = self.tree.difference(&found);
        if let Some(lost) = lost {
            let Some((change, after)) = self.pending.take() else { panic!("{}: {lost}", self.name) };
            if let Some(other) = after.difference(&found) {
                panic!("{}: {lost}\nnor is it as after what was pending, {change}: {other}", self.name);
            }
            self.tree = after;
            self.happened += 1;
        }
        self.pending = None;
        self.tree.learn_tokens(&found);
    }

    fn look(&self) -> Found {
        let mut found = Found::default();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let answer = self.ask("PROPFIND", &folder).header("Depth", "1").xml(
                "<d:propfind xmlns:d=\"DAV:\"><d:prop><d:resourcetype/><d:lockdiscovery/>\
                 <mark xmlns=\"urn:crash\"/></d:prop></d:propfind>",
            );
            let listing = Multistatus::of(&answer.send());
            let own = self.href(&folder);
            for item in &listing.0 {
                let path = item.path();
                if path.trim_end_matches('/') == own.trim_end_matches('/') {
                    continue;
                }
                let path = path.strip_prefix(&self.href("")).unwrap().trim_end_matches('/').to_owned();
                let content = if item.is_collection() {
                    folders.push(path.clone());
                    None
                } else {
                    Some(self.ask("GET", &path).send().expect(200).body)
                };
                let mark = item.property("{urn:crash}mark").map(|mark| mark.text.clone());
                let token = item.text("{DAV:}lockdiscovery").and_then(token_in).map(str::to_owned);
                found.0.insert(path, FoundNode { content, mark, token });
            }
        }
        found
    }
}

/// The token in the text of a `lockdiscovery`, between a timeout and an href.
fn token_in(text: &str) -> Option<&str> {
    let start = text.find("urn:uuid:")?;
    let end = text[start..].find('/').map_or(text.len(), |length| start + length);
    Some(&text[start..end])
}
