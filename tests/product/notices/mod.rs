//! Notices by mail, with the real program and a mail server of the test's own.

mod asked;
mod bounces;
mod codes;
mod delivery;
mod failures;
mod invitations;
mod pace;
mod reminders;
mod security;
mod truth;

use serde_json::Value;
use tresor::notices::{BounceKey, Notices};
use zeroize::Zeroizing;

use crate::sharing::office::Office;
use crate::support::TestServer;
use crate::support::server::{PASSWORD, SPACE};
use crate::support::smtp::TestSmtp;

/// A colleague with the right to read, and one who decides.
const READER: &str = "reader";
const CHIEF: &str = "chief";

/// The settings for a mail server; mails go out with the next round.
fn settings(smtp: &TestSmtp) -> String {
    format!(
        "public_url = 'https://files.example.org'\n[mail]\nsmtp = '127.0.0.1:{}'\ntls = 'off'\n\
         from = 'Kanzlei Beispiel <tresor@example.org>'\nreply_to = 'kanzlei@example.org'\nquiet = '1s'\napart = '1s'\n",
        smtp.port()
    )
}

/// A server whose space holds arriving contents, with a reader and a chief who have addresses. It has no scanner, so
/// all of it waits.
fn office(smtp: &TestSmtp) -> TestServer {
    let server = TestServer::start_configured(&settings(smtp));
    with_people(&server);
    server
}

/// Prepares the space and its people.
fn with_people(server: &TestServer) {
    server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold-what", "all"]);
    for (user, right, language) in [(READER, "read", "de"), (CHIEF, "manage", "en")] {
        server.add_user(user, "staff", PASSWORD);
        server.cli_ok(["grant", user, SPACE, right]);
        server.cli_ok([
            "user",
            "set",
            user,
            "--mail",
            &format!("{user}@example.org"),
            "--language",
            language,
        ]);
    }
}

/// The notices of an office without a program.
fn notices_of(office: &Office) -> Notices {
    let (accounts, sharing) = (office.accounts.clone(), office.sharing.clone());
    let key = BounceKey::new(Zeroizing::new([3; 32]));
    Notices::new(office.catalog.clone(), accounts, sharing, "test", key)
}

fn store(server: &TestServer, name: &str) {
    server.request("PUT", &format!("/dav/{SPACE}/{name}")).body("x").send().expect(201);
}

/// The mails as the server knows them, latest first.
fn notices(server: &TestServer) -> Vec<Value> {
    serde_json::from_str(&server.cli_ok(["notices", "list", "--json"])).unwrap()
}
