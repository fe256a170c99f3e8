//! A person at a browser: it keeps cookies, and sends forms as the page that it shows tells it to.

use std::cell::RefCell;
use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::TestServer;
use super::http::{Request, Response};

pub struct Browser<'a> {
    pub server: &'a TestServer,
    pub language: &'static str,
    pub cookies: RefCell<BTreeMap<String, String>>,
    /// Name and port by which it asks the server, if not by its address.
    pub host: Option<String>,
}

impl<'a> Browser<'a> {
    /// A browser without cookies whose reader prefers this language.
    pub fn new(server: &'a TestServer, language: &'static str) -> Self {
        Self { server, language, cookies: RefCell::default(), host: None }
    }

    /// The same, asking by another name of the server.
    pub fn at(server: &'a TestServer, language: &'static str, name: &str) -> Self {
        let host = format!("{name}:{}", server.endpoint().address.port());
        Self { host: Some(host), ..Self::new(server, language) }
    }

    /// Scheme, name and port of the pages.
    pub fn origin(&self) -> String {
        match &self.host {
            Some(host) => self.server.url("").replace(&self.server.endpoint().address.to_string(), host),
            None => self.server.url(""),
        }
    }

    /// The same, signed in.
    #[track_caller]
    pub fn signed_in(server: &'a TestServer, language: &'static str, user: &str, password: &str) -> Self {
        let browser = Self::new(server, language);
        browser.sign_in(user, password).expect(303);
        browser
    }

    /// A request with the cookies.
    pub fn ask(&self, method: &str, path: &str) -> Request {
        let cookies = self.cookies.borrow();
        let cookies: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.server.anonymous(method, path).header("Accept-Language", self.language);
        let request = request.header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        let request = match &self.host {
            Some(host) => request.header("Host", host),
            None => request,
        };
        if cookies.is_empty() { request } else { request.header("Cookie", &cookies.join("; ")) }
    }

    /// Shows a page.
    pub fn get(&self, path: &str) -> Response {
        self.keep(self.ask("GET", path).send())
    }

    /// A form with these fields, as it is sent from a page of the server itself.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        self.unmarked_form(path, fields)
            .header("Origin", &self.origin())
            .header("Sec-Fetch-Site", "same-origin")
    }

    /// The same without a word about the page that it is sent from.
    pub fn unmarked_form(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let request = self.ask("POST", path).header("Content-Type", "application/x-www-form-urlencoded");
        request.body(fields.join("&"))
    }

    /// Sends a form with the token of a page.
    #[track_caller]
    pub fn send(&self, page: &Response, path: &str, fields: &[(&str, &str)]) -> Response {
        let token = token(page);
        let fields: Vec<_> = [("token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.keep(self.form(path, &fields).send())
    }

    /// Opens the page to sign in, and sends its form.
    #[track_caller]
    pub fn sign_in(&self, user: &str, password: &str) -> Response {
        self.sign_in_at("/login", &[("user", user), ("password", password)])
    }

    /// The same at an address, with these fields and those that the page holds.
    #[track_caller]
    pub fn sign_in_at(&self, address: &str, fields: &[(&str, &str)]) -> Response {
        let page = self.get(address).expect(200);
        let next = hidden(&page, "next");
        let fields: Vec<_> = [("next", next.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.send(&page, "/login", &fields)
    }

    /// Keeps the cookies of an answer.
    pub fn keep(&self, answer: Response) -> Response {
        for (name, value) in &answer.headers {
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            let (cookie, flags) = value.split_once(';').unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            let mut cookies = self.cookies.borrow_mut();
            match flags.contains("Max-Age=0") {
                true => cookies.remove(name),
                false => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }
}

/// The text of a page without the word for its scripts, which is another each time.
pub fn lasting(page: &Response) -> String {
    let policy = page.header("content-security-policy").unwrap_or_default();
    let nonce = policy.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\''));
    nonce.map_or_else(|| page.text(), |(nonce, _)| page.text().replace(nonce, ""))
}

/// The token in the forms of a page.
#[track_caller]
pub fn token(page: &Response) -> String {
    // The last one is in the page, an earlier one in its bar.
    hidden(page, "token")
}

/// The value of a hidden field.
#[track_caller]
pub fn hidden(page: &Response, name: &str) -> String {
    let text = page.text();
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = text.rsplit_once(&start).unwrap_or_else(|| panic!("no field {name}: {page}"));
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

/// Where an answer leads.
#[track_caller]
pub fn leads_to(answer: &Response) -> String {
    assert_eq!(answer.status, 303, "{answer}");
    answer.header("location").unwrap_or_else(|| panic!("{answer}")).to_owned()
}
