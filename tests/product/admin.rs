//! Who may make which request, as a table; and whose change it is.

use std::sync::Arc;

use serde_json::{Value, json};
use tresor::accounts::{Principal, UserName};
use tresor::admin::{Admin, Asker, Reply, Request};
use tresor::intake::Intake;
use tresor::library::SpaceSettings;
use tresor::model::{AppPasswordId, EntryName, Right, Role, SpaceGrant, SpaceKind, Stamp, UserId};
use tresor::notices::{BounceKey, Notices};
use tresor::proof::Signer;
use tresor::recovery::Recovery;
use zeroize::Zeroizing;

use crate::sharing::office::{NOW, Office};

/// The columns of [`TABLE`]. The administrator has no grant; manager, staff and client may manage, write and write
/// in the space `space`; the releaser reads there, and decides about what is held.
const ASKERS: [&str; 6] = ["owner", "administrator", "manager", "staff", "client", "releaser"];

/// Each request, its fields, and the askers who may make it: `x` in the order of [`ASKERS`]. `ME` is the name of the
/// asker. Most requests fail when they are carried out, because they name something that does not exist; so no line
/// here changes the conditions of the next one.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str)] = &[
    // request               fields                                                    o a m s c r
    ("status",               "{}",                                                    "x x . . . ."),
    ("unlock",               r#"{"passphrase": "x"}"#,                                "x . . . . ."),
    ("office-show",          "{}",                                                    "x x . . . ."),
    ("office-set",           r#"{"zone": "none"}"#,                                   "x x . . . ."),
    ("user-add",             r#"{"name": "carl", "role": "none", "password": null}"#, "x x . . . ."),
    ("user-set",             r#"{"name": "none"}"#,                                   "x x . . . ."),
    ("user-set",             r#"{"name": "ME", "notices": "on"}"#,                    "x x x x x x"),
    ("user-set",             r#"{"name": "ME", "mail": "x"}"#,                        "x x . . . ."),
    ("user-set",             r#"{"name": "ME", "substitute": "none"}"#,               "x x x x . x"),
    ("user-list",            "{}",                                                    "x x . . . ."),
    ("user-set-password",    r#"{"name": "none", "password": "x"}"#,                  "x x . . . ."),
    ("user-set-password",    r#"{"name": "ME", "password": "x"}"#,                    "x x . . . ."),
    ("user-set-role",        r#"{"name": "none", "role": "staff"}"#,                  "x x . . . ."),
    ("user-set-role",        r#"{"name": "ME", "role": "none"}"#,                     "x x . . . ."),
    ("user-disable",         r#"{"name": "none"}"#,                                   "x x . . . ."),
    ("user-enable",          r#"{"name": "ME"}"#,                                     "x x . . . ."),
    ("user-removal-preview", r#"{"name": "staff"}"#,                                  "x x . . . ."),
    ("user-remove",          r#"{"name": "none"}"#,                                   "x x . . . ."),
    ("app-password-add",     r#"{"user": "staff", "label": "", "days": null}"#,       "x x . x . ."),
    ("app-password-add",     r#"{"user": "ME", "label": "", "days": null}"#,          "x x x x x x"),
    ("app-password-list",    r#"{"user": "staff"}"#,                                  "x x . x . ."),
    ("app-password-list",    r#"{"user": "ME"}"#,                                     "x x x x x x"),
    ("app-password-revoke",  r#"{"user": "staff", "id": 9}"#,                         "x x . x . ."),
    ("app-password-revoke",  r#"{"user": "ME", "id": 9}"#,                            "x x x x x x"),
    ("session-list",         r#"{"user": "staff"}"#,                                  "x x . x . ."),
    ("session-list",         r#"{"user": "ME"}"#,                                     "x x x x x x"),
    ("session-end",          r#"{"user": "staff", "id": 9}"#,                         "x x . x . ."),
    ("session-end",          r#"{"user": "ME", "id": 9}"#,                            "x x x x x x"),
    ("passkey-list",         r#"{"user": "staff"}"#,                                  "x x . x . ."),
    ("passkey-list",         r#"{"user": "ME"}"#,                                     "x x x x x x"),
    ("passkey-rename",       r#"{"user": "staff", "id": 9, "label": "x"}"#,           "x x . x . ."),
    ("passkey-rename",       r#"{"user": "ME", "id": 9, "label": "x"}"#,              "x x x x x x"),
    ("passkey-remove",       r#"{"user": "staff", "id": 9}"#,                         "x x . x . ."),
    ("passkey-remove",       r#"{"user": "ME", "id": 9}"#,                            "x x x x x x"),
    ("second-factor-begin",  r#"{"name": "staff"}"#,                                  "x x . x . ."),
    ("second-factor-begin",  r#"{"name": "ME"}"#,                                     "x x x x x x"),
    ("second-factor-confirm", r#"{"name": "staff", "code": "0"}"#,                    "x x . x . ."),
    ("second-factor-confirm", r#"{"name": "ME", "code": "0"}"#,                       "x x x x x x"),
    ("recovery-codes-renew", r#"{"name": "staff"}"#,                                  "x x . x . ."),
    ("recovery-codes-renew", r#"{"name": "ME"}"#,                                     "x x x x x x"),
    ("second-factor-remove", r#"{"name": "staff"}"#,                                  "x x . . . ."),
    ("second-factor-remove", r#"{"name": "ME"}"#,                                     "x x . . . ."),
    ("space-add",            r#"{"name": "", "kind": "team"}"#,                       "x x . . . ."),
    ("space-list",           "{}",                                                    "x x . . . ."),
    ("space-set",            r#"{"name": "space"}"#,                                "x x . . . ."),
    ("space-rename",         r#"{"name": "space", "new_name": ""}"#,                "x x . . . ."),
    ("grant",                r#"{"user": "ME", "space": "space", "right": "none"}"#, "x x . . . ."),
    ("revoke",               r#"{"user": "none", "space": "space"}"#,               "x x . . . ."),
    ("grant-list",           r#"{"user": null, "space": "space"}"#,                 "x x . . . ."),
    ("grant-list",           r#"{"user": "staff", "space": null}"#,                   "x x . x . ."),
    ("grant-list",           r#"{"user": "ME", "space": null}"#,                      "x x x x x x"),
    ("trash-list",           r#"{"space": "space"}"#,                               "x . x x x x"),
    ("trash-list",           r#"{"space": "Andere"}"#,                                "x . . . . ."),
    ("trash-restore",        r#"{"space": "space", "entry": 9999}"#,                "x . x x x ."),
    ("trash-purge",          r#"{"space": "space", "entry": 9999}"#,                "x . x . . ."),
    ("change-recovery-key",  r#"{"recipient": "x"}"#,                                 "x . . . . ."),
    ("snapshot",             "{}",                                                    "x . . . . ."),
    ("snapshot-list",        "{}",                                                    "x . . . . ."),
    ("version-list",         r#"{"space": "space", "path": "outside.txt"}"#,        "x . x x x x"),
    ("version-list",         r#"{"space": "Andere", "path": "outside.txt"}"#,         "x . . . . ."),
    ("version-restore",      r#"{"space": "space", "path": "outside.txt", "version": 9999}"#, "x . x x x ."),
    ("history",              r#"{"space": null, "path": "", "before": null, "limit": 1, "language": "de"}"#, "x . . . . ."),
    ("history",              r#"{"space": "space", "path": "", "before": null, "limit": 1, "language": "de"}"#, "x . x . . ."),
    ("upload-list",          r#"{"user": null}"#,                                     "x . x . . ."),
    ("upload-cancel",        r#"{"upload": "9"}"#,                                    "x . x . . ."),
    ("link-list",            r#"{"space": null}"#,                                    "x . x . . ."),
    ("link-list",            r#"{"space": "Andere"}"#,                                "x . . . . ."),
    ("link-add",             r#"{"user": "staff", "asked": {"space": "space", "path": "none", "can": "add", "first_use_password": false, "own_folder": false, "label": "", "note": ""}}"#, "x x . x . ."),
    ("link-add",             r#"{"user": "ME", "asked": {"space": "space", "path": "none", "can": "add", "first_use_password": false, "own_folder": false, "label": "", "note": ""}}"#, "x . x x x ."),
    ("link-revoke",          r#"{"link": 9999}"#,                                     "x x . . . ."),
    ("hand-in-list",         r#"{"space": null}"#,                                    "x . x x x x"),
    ("hand-in-list",         r#"{"space": "Andere"}"#,                                "x . . . . ."),
    ("receipt-show",         r#"{"id": 9999}"#,                                       "x . x x x x"),
    ("download-list",        r#"{"space": null}"#,                                    "x . x x x x"),
    ("download-list",        r#"{"space": "Andere"}"#,                                "x . . . . ."),
    ("download-receipt",     r#"{"id": 9999}"#,                                       "x . x x x x"),
    ("request-add",          r#"{"user": "staff", "asked": {"space": "space", "path": "none", "items": [], "to": [], "language": "de"}}"#, "x x . x . ."),
    ("request-add",          r#"{"user": "ME", "asked": {"space": "space", "path": "none", "items": [], "to": [], "language": "de"}}"#, "x . x x x ."),
    ("request-list",         r#"{"space": null, "of": "running"}"#,                   "x . x x . ."),
    ("request-list",         r#"{"space": "Andere", "of": "running"}"#,               "x . . . . ."),
    ("request-show",         r#"{"id": 9999}"#,                                       "x . x x . ."),
    ("request-judge",        r#"{"id": 9999, "items": [1], "verdict": "accept"}"#,    "x . x x . ."),
    ("request-close",        r#"{"id": 9999, "closed": true}"#,                       "x . x x . ."),
    ("request-extend",       r#"{"id": 9999, "deadline": "2999-12-31"}"#,             "x . x x . ."),
    ("request-item",         r#"{"id": 9999, "item": 1, "until": "2999-12-31"}"#,     "x . x x . ."),
    ("request-remind",       r#"{"id": 9999}"#,                                       "x . x x . ."),
    ("request-preview",      r#"{"id": 9999}"#,                                       "x . x x . ."),
    ("request-plan",         r#"{"id": 9999, "plan": "off"}"#,                        "x . x x . ."),
    ("request-pause",        r#"{"id": 9999, "paused": true}"#,                       "x . x x . ."),
    ("request-recipient",    r#"{"id": 9999, "recipient": 1, "mail": ""}"#,           "x . x x . ."),
    ("request-invite",       r#"{"id": 9999}"#,                                       "x . x x . ."),
    ("request-renew",        r#"{"id": 9999, "recipient": 1}"#,                       "x . x x . ."),
    ("request-answer",       r#"{"id": 9999, "comment": 1, "text": ""}"#,             "x . x x . ."),
    ("template-list",        "{}",                                                    "x x x x . ."),
    ("template-show",        r#"{"name": "lohn"}"#,                                   "x x x x . ."),
    ("template-import",      r#"{"text": "x"}"#,                                      "x x . . . ."),
    ("template-remove",      r#"{"name": "none"}"#,                                   "x x . . . ."),
    ("template-reset",       r#"{"name": "none"}"#,                                   "x x . . . ."),
    ("hold-list",            r#"{"space": "space", "all": true}"#,                  "x . x . . x"),
    ("hold-list",            r#"{"space": "Andere", "all": true}"#,                   "x . . . . ."),
    ("hold-show",            r#"{"id": 9999}"#,                                       "x . x . . x"),
    ("hold-decide",          r#"{"id": 9999, "decision": "keep", "reason": "x"}"#,    "x . x . . x"),
    ("hold-decline",         r#"{"id": 9999, "user": "staff", "reason": "x"}"#,       "x . x . . x"),
    ("hold-allow",           r#"{"id": 9999, "days": 9, "reason": "x"}"#,               "x . x . . x"),
    ("hold-disallow",        r#"{"id": 9999}"#,                                       "x . x . . x"),
    ("hold-allowed",         "{}",                                                    "x . x . . x"),
    ("hold-password",        r#"{"id": 9999, "password": "x"}"#,                      "x . x . . x"),
    ("hold-certificate",     r#"{"id": 9999}"#,                                       "x . x . . x"),
    ("hold-certificate-key", "{}",                                                    "x . x . . x"),
    ("scan-status",          "{}",                                                    "x x . . . ."),
    ("scan-set",             r#"{"mode": "scheduled"}"#,                              "x x . . . ."),
    ("notice-list",          "{}",                                                    "x x . . . ."),
    ("notice-show",          r#"{"id": 9999}"#,                                       "x x . . . ."),
    ("notice-retry",         r#"{"id": 9999}"#,                                       "x x . . . ."),
    ("notice-test",          r#"{"address": "x"}"#,                                   "x x . . . ."),
    ("lock-list",            r#"{"space": "space"}"#,                               "x . x . . ."),
    ("lock-end",             r#"{"token": "x", "user": null, "space": null}"#,        "x . x . . ."),
    ("verify-begin",         r#"{"full": false, "restart": false, "rate": null}"#,    "x . . . . ."),
    ("verify-step",          r#"{"run": 1}"#,                                         "x . . . . ."),
];

/// The refusals of a judgement; all others come from carrying the request out.
const JUDGED: [&str; 3] = ["not-allowed", "space-unknown", "right-missing"];

fn request(word: &str, fields: &str, me: &str) -> Request {
    let mut fields: Value = serde_json::from_str(&fields.replace("ME", me)).unwrap();
    fields["do"] = json!(word);
    serde_json::from_value(fields).unwrap()
}

fn is_refused(reply: &Reply) -> bool {
    matches!(reply, Reply::Refused { code, .. } if JUDGED.contains(&code.as_str()))
}

/// The office of the links' tests, with one person of each role and a space that none of them may use.
struct Judging {
    office: Office,
    admin: Admin,
}

impl Judging {
    async fn open() -> Self {
        let office = Office::open().await;
        let (library, accounts) = (&office.library, &office.accounts);
        let other = EntryName::parse("Andere").unwrap();
        library
            .add_space(&other, SpaceKind::Team, SpaceSettings::default(), Stamp::owner(NOW))
            .await
            .unwrap();
        for (name, role, right) in [
            ("administrator", Role::Administrator, None),
            ("manager", Role::Staff, Some(Right::Manage)),
            ("staff", Role::Staff, Some(Right::Write)),
            ("client", Role::Client, Some(Right::Manage)),
        ] {
            let name = UserName::parse(name).unwrap();
            let user = accounts.add_user(&name, role, None, Stamp::owner(NOW)).await.unwrap();
            if let Some(right) = right {
                accounts.grant(user, office.space.id, right, Stamp::owner(NOW)).await.unwrap();
            }
        }
        let name = UserName::parse("releaser").unwrap();
        let user = accounts.add_user(&name, Role::Staff, None, Stamp::owner(NOW)).await.unwrap();
        let grant = SpaceGrant { right: Right::Read, releases: true, hold: None };
        accounts.grant(user, office.space.id, grant, Stamp::owner(NOW)).await.unwrap();
        let admin = Admin::new(
            library.clone(),
            office.uploads.clone(),
            Recovery::new(library.clone()),
            accounts.clone(),
            office.sharing.clone(),
            Intake::new(
                library.clone(),
                Arc::new(Signer::new("tresor-test".into(), &Zeroizing::new([1; 32]))),
            ),
            Notices::new(
                office.catalog.clone(),
                accounts.clone(),
                office.sharing.clone(),
                "test",
                BounceKey::new(Zeroizing::new([3; 32])),
            ),
        );
        Self { office, admin }
    }

    async fn principal(&self, name: &str) -> Principal {
        let name = UserName::parse(name).unwrap();
        let row = self.office.accounts.user_by_name(&name).await.unwrap().unwrap();
        Principal { user: row.id, name, role: row.role, via_app_password: None }
    }

    async fn asker(&self, name: &str) -> Asker {
        match name {
            "owner" => Asker::Owner,
            name => Asker::User(self.principal(name).await),
        }
    }

    async fn ask(&self, request: Request, by: &Asker) -> Reply {
        self.admin.answer(request, by, NOW).await
    }
}

#[tokio::test]
async fn each_request_is_open_to_the_askers_in_the_table_and_to_no_others() {
    let judging = Judging::open().await;
    for &(word, fields, marks) in TABLE {
        let mut allowed = Vec::new();
        for asker in ASKERS {
            let me = if asker == "owner" { "staff" } else { asker };
            let reply = judging.ask(request(word, fields, me), &judging.asker(asker).await).await;
            allowed.push(if is_refused(&reply) { "." } else { "x" });
        }
        // All spaces here exist, so the owner gets no `space-unknown`.
        assert_eq!(allowed.join(" "), marks, "{word} {fields}, for {ASKERS:?}");
    }
}

#[test]
fn the_table_has_every_request() {
    let error = serde_json::from_value::<Request>(json!({ "do": "?" })).unwrap_err().to_string();
    let words: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    assert!(words.len() > 30, "{error}");
    for word in words {
        assert!(TABLE.iter().any(|(known, ..)| *known == word), "TABLE has no row for {word}");
    }
}

/// A stolen laptop has its user's device password, and a session may outlive its account.
#[tokio::test]
async fn devices_and_ended_accounts_may_ask_nothing() {
    let judging = Judging::open().await;
    let (accounts, by) = (&judging.office.accounts, Stamp::owner(NOW));
    let administrator = judging.principal("administrator").await;
    let device = Principal { via_app_password: Some(AppPasswordId(1)), ..administrator };
    let (disabled, removed) = (judging.principal("staff").await, judging.principal("client").await);
    accounts.disable(disabled.user, by).await.unwrap();
    accounts.remove_user(removed.user, by).await.unwrap();
    // Another person with the name of the removed account.
    accounts.add_user(&removed.name, Role::Client, None, by).await.unwrap();
    for asker in [device, disabled, removed] {
        for &(word, fields, _) in TABLE {
            let request = request(word, fields, asker.name.as_str());
            let reply = judging.ask(request, &Asker::User(asker.clone())).await;
            assert!(is_refused(&reply), "{word} {fields} by {asker:?}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn changes_are_recorded_as_the_askers() {
    let judging = Judging::open().await;
    for asker in ["owner", "administrator"] {
        let name = format!("by-{asker}");
        let add = Request::UserAdd { name: name.clone(), role: "staff".into(), password: None };
        let by = judging.asker(asker).await;
        assert!(matches!(judging.ask(add, &by).await, Reply::Done(_)));
        let history = r#"{"space": null, "path": "", "before": null, "limit": 1, "language": "en"}"#;
        let Reply::History(shown) = judging.ask(request("history", history, ""), &Asker::Owner).await else {
            panic!("no history");
        };
        let event = &shown.events[0];
        assert_eq!(event.user.as_deref(), (asker != "owner").then_some(asker), "{event:?}");
        assert!(event.what.contains(&name), "{event:?}");
    }
    let manager = judging.principal("manager").await;
    let (office, trashed) = (&judging.office, "outside.txt");
    let change = office.change();
    office.library.delete(change, &crate::sharing::office::path(trashed)).await.unwrap();
    let trash = office.library.trash(&office.access_of(&manager).await).await.unwrap();
    let restore = Request::TrashRestore { space: "space".into(), entry: trash[0].entry.0 };
    let client = judging.principal("client").await;
    assert!(matches!(judging.ask(restore, &Asker::User(client.clone())).await, Reply::Done(_)));
    let access = office.access_of(&manager).await;
    let events = office.library.events(&access, &crate::sharing::office::path(""), None, 1).await.unwrap();
    assert_eq!(events.events[0].actor.person(), Some::<UserId>(client.user));
}
