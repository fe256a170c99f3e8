//! Passkeys as an authenticator in software makes and uses them.

use std::net::IpAddr;

use super::authenticator::{Algorithm, Authenticator, SYNCED, VERIFIED};
use super::challenge::CHALLENGE_LIFETIME;
use super::*;
use crate::accounts::Credentials;
use crate::accounts::fixture::{HOME, NOW, Office, PASSWORD, later, secret};
use crate::accounts::totp::tests::shown;
use crate::model::{Event, EventId};

const ORIGIN: &str = "https://files.example.org";
const RP_ID: &str = "files.example.org";

fn home() -> IpAddr {
    HOME.parse().unwrap()
}

async fn open() -> (Office, PasskeySite) {
    let office = Office::open().await;
    office.accounts.offer_passkeys_at(ORIGIN, &[]);
    let site = office.accounts.passkey_site(ORIGIN).unwrap();
    (office, site)
}

async fn session_of(office: &Office, name: &str) -> Session {
    let credentials = Credentials { name: name.into(), password: secret(PASSWORD) };
    office.accounts.begin_session(&credentials, None, (home(), "Firefox, Linux"), NOW).await.unwrap()
}

/// Adds a passkey as the person of a session.
async fn add(
    office: &Office,
    site: &PasskeySite,
    session: &Session,
    device: &mut Authenticator,
) -> Result<PasskeyId, AccountsError> {
    let begun = office.accounts.begin_passkey(site, session, secret(PASSWORD), (home(), NOW)).await;
    let answer = device.make(&begun.unwrap());
    let by = session.principal.stamp(NOW);
    office.accounts.add_passkey(site, session, ("Telefon", &answer), by).await
}

/// Anna's passkey.
async fn device_of(office: &Office, site: &PasskeySite, name: &str, algorithm: Algorithm) -> Authenticator {
    let session = session_of(office, name).await;
    let mut device = Authenticator::new(algorithm, ORIGIN, RP_ID);
    add(office, site, &session, &mut device).await.unwrap();
    device
}

async fn answered(
    office: &Office,
    site: &PasskeySite,
    (shown, answer): (&SessionToken, &str),
    now: Timestamp,
) -> Result<Session, PasskeyError> {
    let by = (home(), "Firefox, Linux");
    office.accounts.begin_session_by_passkey(site, shown, answer, by, now).await
}

async fn sign_in(
    office: &Office,
    site: &PasskeySite,
    device: &mut Authenticator,
    now: Timestamp,
) -> Result<Session, PasskeyError> {
    let shown = SessionToken::random();
    let answer = device.sign(&office.accounts.ask_for_passkey(site, &shown, now));
    answered(office, site, (&shown, &answer), now).await
}

fn is_rejected<T: std::fmt::Debug>(answer: &Result<T, PasskeyError>) -> bool {
    matches!(answer, Err(PasskeyError::Rejected))
}

#[tokio::test]
async fn a_passkey_of_each_kind_signs_in_its_person() {
    let (office, site) = open().await;
    for (name, user, algorithm) in [
        ("anna", office.anna, Algorithm::Es256),
        ("bert", office.bert, Algorithm::Ed25519),
        ("root", office.root, Algorithm::Rs256),
    ] {
        let mut device = device_of(&office, &site, name, algorithm).await;
        let [made] = &office.accounts.passkeys_of(user).await.unwrap()[..] else { panic!() };
        assert_eq!((made.label.as_str(), made.created, made.last_used), ("Telefon", NOW, None));
        let session = sign_in(&office, &site, &mut device, later(5)).await.unwrap();
        assert_eq!(session.principal.user, user, "{algorithm:?}");
        assert!(office.accounts.session(&session.token, later(6)).await.unwrap().is_some());
        let [used] = &office.accounts.passkeys_of(user).await.unwrap()[..] else { panic!() };
        assert_eq!(used.last_used, Some(later(5)));
    }
}

#[tokio::test]
async fn it_stands_for_the_second_factor_too() {
    let (office, site) = open().await;
    let (accounts, by) = (&office.accounts, Stamp::owner(NOW));
    let factor = accounts.begin_second_factor(office.anna, None, NOW).await.unwrap();
    let mut device = device_of(&office, &site, "anna", Algorithm::Es256).await;
    accounts.confirm_second_factor(office.anna, &shown(&factor, NOW), by).await.unwrap();
    let credentials = Credentials { name: "anna".into(), password: secret(PASSWORD) };
    let alone = accounts.begin_session(&credentials, None, (home(), ""), NOW).await;
    assert!(matches!(alone, Err(SignInError::Login(AuthError::SecondFactorNeeded))));
    sign_in(&office, &site, &mut device, NOW).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_wrong_in_one_point_opens_nothing() {
    type Change = fn(&mut Authenticator);
    let changes: [(&str, Change); 12] = [
        ("another origin", |device| device.origin = "https://files.example.com".into()),
        ("another port", |device| device.origin = format!("{ORIGIN}:8443")),
        ("no TLS", |device| device.origin = "http://files.example.org".into()),
        ("a name below", |device| device.origin = "https://x.files.example.org".into()),
        ("a user name in it", |device| device.origin = ORIGIN.replace("https://", "https://x@")),
        ("a slash behind it", |device| device.origin = format!("{ORIGIN}/")),
        ("another name", |device| device.rp_id = "example.org".into()),
        ("the person was not checked", |device| device.flags &= !VERIFIED),
        ("the person was not there", |device| device.flags = VERIFIED),
        ("another number", |device| device.id.push(1)),
        ("the account of another", |device| device.handle.as_mut().unwrap()[0] ^= 1),
        ("no account", |device| device.handle = None),
    ];
    for (what, change) in changes {
        let (office, site) = open().await;
        let mut device = device_of(&office, &site, "anna", Algorithm::Es256).await;
        sign_in(&office, &site, &mut device, NOW).await.unwrap();
        change(&mut device);
        let outcome = sign_in(&office, &site, &mut device, NOW).await;
        assert!(is_rejected(&outcome), "{what}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_key_of_another_signs_nothing() {
    let (office, site) = open().await;
    let annas = device_of(&office, &site, "anna", Algorithm::Es256).await;
    let mut berts = device_of(&office, &site, "bert", Algorithm::Es256).await;
    (berts.id, berts.handle) = (annas.id, annas.handle);
    assert!(is_rejected(&sign_in(&office, &site, &mut berts, NOW).await));
}

#[tokio::test]
async fn a_challenge_is_good_once_and_for_one_browser_and_five_minutes() {
    let (office, site) = open().await;
    let mut device = device_of(&office, &site, "anna", Algorithm::Es256).await;
    let shown = SessionToken::random();
    let answer = device.sign(&office.accounts.ask_for_passkey(&site, &shown, NOW));
    let stale = async |shown: &SessionToken, now| {
        let outcome = answered(&office, &site, (shown, &answer), now).await;
        matches!(outcome, Err(PasskeyError::Stale))
    };
    assert!(stale(&SessionToken::random(), NOW).await, "another browser");
    assert!(stale(&shown, NOW.after(CHALLENGE_LIFETIME)).await);
    answered(&office, &site, (&shown, &answer), NOW).await.unwrap();
    assert!(stale(&shown, NOW).await, "replayed");
    // A challenge for another purpose.
    let session = session_of(&office, "anna").await;
    let answer = device.sign(&office.accounts.ask_to_unlock(&site, &session, NOW));
    let outcome = answered(&office, &site, (&session.token, &answer), NOW).await;
    assert!(matches!(outcome, Err(PasskeyError::Stale)), "{outcome:?}");
    for nonsense in ["", "{}", "null", r#"{"id":"a","rawId":"YQ","type":"public-key","response":{}}"#] {
        assert!(is_rejected(&answered(&office, &site, (&shown, nonsense), NOW).await), "{nonsense}");
    }
}

#[tokio::test]
async fn a_counter_that_does_not_grow_is_refused_unless_it_stays_zero() {
    let (office, site) = open().await;
    let session = session_of(&office, "anna").await;
    let mut device = Authenticator::new(Algorithm::Es256, ORIGIN, RP_ID);
    device.counter = 7;
    add(&office, &site, &session, &mut device).await.unwrap();
    sign_in(&office, &site, &mut device, NOW).await.unwrap();
    sign_in(&office, &site, &mut device, NOW).await.unwrap();
    // 9 was used: a copy that says 9 again, and one that has fallen back to 0.
    device.counter = 8;
    assert!(is_rejected(&sign_in(&office, &site, &mut device, NOW).await));
    device.counter = 0;
    assert!(is_rejected(&sign_in(&office, &site, &mut device, NOW).await));
    device.counter = 9;
    sign_in(&office, &site, &mut device, NOW).await.unwrap();

    let mut synced = Authenticator::new(Algorithm::Es256, ORIGIN, RP_ID);
    synced.flags |= SYNCED;
    add(&office, &site, &session, &mut synced).await.unwrap();
    for _ in 0..3 {
        sign_in(&office, &site, &mut synced, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn it_ends_when_it_is_removed_and_with_the_account() {
    let (office, site) = open().await;
    let (accounts, by) = (&office.accounts, Stamp::owner(NOW));
    let mut device = device_of(&office, &site, "anna", Algorithm::Es256).await;
    accounts.disable(office.anna, by).await.unwrap();
    assert!(is_rejected(&sign_in(&office, &site, &mut device, NOW).await));
    accounts.enable(office.anna, by).await.unwrap();
    accounts.set_password(office.anna, secret("Kreide-Ofen-Zebra"), by).await.unwrap();
    let session = sign_in(&office, &site, &mut device, NOW).await.unwrap();

    let id = accounts.passkeys_of(office.anna).await.unwrap()[0].id;
    let foreign = accounts.remove_passkey(office.bert, id, by).await;
    assert!(matches!(foreign, Err(AccountsError::UnknownPasskey)));
    accounts.remove_passkey(office.anna, id, by).await.unwrap();
    assert!(is_rejected(&sign_in(&office, &site, &mut device, NOW).await));
    let again = accounts.remove_passkey(office.anna, id, by).await;
    assert!(matches!(again, Err(AccountsError::UnknownPasskey)));
    assert!(accounts.session(&session.token, NOW).await.unwrap().is_some(), "it was signed in before");

    let mut device = device_of(&office, &site, "bert", Algorithm::Es256).await;
    accounts.remove_user(office.bert, by).await.unwrap();
    assert!(is_rejected(&sign_in(&office, &site, &mut device, NOW).await));
}

#[tokio::test]
async fn what_is_no_answer_to_the_page_adds_nothing() {
    type Change = fn(&mut Authenticator);
    let (office, site) = open().await;
    let accounts = &office.accounts;
    let session = session_of(&office, "anna").await;
    let wrong = accounts.begin_passkey(&site, &session, secret("falsch"), (home(), NOW)).await;
    assert!(matches!(wrong, Err(BeginPasskeyError::Password(SignInError::Login(AuthError::Rejected)))));
    let changes: [(&str, Change); 5] = [
        ("another origin", |device| device.origin = "https://evil.example".into()),
        ("a user name in it", |device| device.origin = ORIGIN.replace("https://", "https://x@")),
        ("a slash behind it", |device| device.origin = format!("{ORIGIN}/")),
        ("the person was not checked", |device| device.flags &= !VERIFIED),
        ("the person was not there", |device| device.flags = VERIFIED),
    ];
    for (what, change) in changes {
        let mut device = Authenticator::new(Algorithm::Es256, ORIGIN, RP_ID);
        change(&mut device);
        let outcome = add(&office, &site, &session, &mut device).await;
        assert!(matches!(outcome, Err(AccountsError::PasskeyRefused)), "{what}: {outcome:?}");
    }
    let begin =
        async || accounts.begin_passkey(&site, &session, secret(PASSWORD), (home(), NOW)).await.unwrap();
    let mut device = Authenticator::new(Algorithm::Es256, ORIGIN, RP_ID);
    let answer = device.make(&begin().await);
    let other = session_of(&office, "anna").await;
    let (at, late) = (session.principal.stamp(NOW), session.principal.stamp(NOW.after(CHALLENGE_LIFETIME)));
    for (session, by) in [(&other, at), (&session, late)] {
        let outcome = accounts.add_passkey(&site, session, ("Telefon", &answer), by).await;
        assert!(matches!(outcome, Err(AccountsError::PasskeyStale)), "{outcome:?}");
    }
    let unnamed = accounts.add_passkey(&site, &session, (" ", &answer), at).await;
    assert!(matches!(unnamed, Err(AccountsError::Label(_))));
    let nonsense = accounts.add_passkey(&site, &session, ("Telefon", "{}"), at).await;
    assert!(matches!(nonsense, Err(AccountsError::PasskeyRefused)));
    assert!(accounts.passkeys_of(office.anna).await.unwrap().is_empty());
    accounts.add_passkey(&site, &session, ("Telefon", &answer), at).await.unwrap();
    let twice = accounts.add_passkey(&site, &session, ("Telefon", &answer), at).await;
    assert!(matches!(twice, Err(AccountsError::PasskeyRefused | AccountsError::PasskeyStale)), "{twice:?}");
    // Its number belongs to Anna.
    let berts = session_of(&office, "bert").await;
    let taken = add(&office, &site, &berts, &mut device).await;
    assert!(matches!(taken, Err(AccountsError::PasskeyRefused)), "{taken:?}");
}

#[tokio::test]
async fn a_person_has_at_most_ten() {
    let (office, site) = open().await;
    let session = session_of(&office, "anna").await;
    let begin =
        async || office.accounts.begin_passkey(&site, &session, secret(PASSWORD), (home(), NOW)).await;
    let early = begin().await.unwrap();
    for _ in 0..MAX_PASSKEYS {
        let mut device = Authenticator::new(Algorithm::Es256, ORIGIN, RP_ID);
        add(&office, &site, &session, &mut device).await.unwrap();
    }
    assert!(matches!(begin().await, Err(BeginPasskeyError::TooMany)));
    let answer = Authenticator::new(Algorithm::Es256, ORIGIN, RP_ID).make(&early);
    let by = session.principal.stamp(NOW);
    let eleventh = office.accounts.add_passkey(&site, &session, ("x", &answer), by).await;
    assert!(matches!(eleventh, Err(AccountsError::TooManyPasskeys)), "{eleventh:?}");
}

#[tokio::test]
async fn wrong_answers_are_throttled_as_wrong_passwords_are() {
    let (office, site) = open().await;
    let mut device = device_of(&office, &site, "anna", Algorithm::Es256).await;
    device.flags &= !VERIFIED;
    let mut last = None;
    for _ in 0..20 {
        last = Some(sign_in(&office, &site, &mut device, NOW).await);
    }
    assert!(matches!(last, Some(Err(PasskeyError::Login(AuthError::Throttled { .. })))), "{last:?}");
    device.flags |= VERIFIED;
    let waits = sign_in(&office, &site, &mut device, NOW).await;
    assert!(matches!(waits, Err(PasskeyError::Login(AuthError::Throttled { .. }))), "{waits:?}");
    sign_in(&office, &site, &mut device, later(1_800)).await.unwrap();
    // Right ones do not count.
    for _ in 0..25 {
        sign_in(&office, &site, &mut device, later(1_800)).await.unwrap();
    }
}

#[tokio::test]
async fn it_unlocks_the_session_of_its_person_alone() {
    let (office, site) = open().await;
    let accounts = &office.accounts;
    let mut annas = device_of(&office, &site, "anna", Algorithm::Es256).await;
    let mut berts = device_of(&office, &site, "bert", Algorithm::Es256).await;
    let session = session_of(&office, "anna").await;
    accounts.lock_session(&session.token, NOW).await.unwrap();
    let unlock = async |device: &mut Authenticator| {
        let answer = device.sign(&accounts.ask_to_unlock(&site, &session, NOW));
        accounts.unlock_session_by_passkey(&site, &session, &answer, (home(), NOW)).await
    };
    assert!(is_rejected(&unlock(&mut berts).await));
    assert!(accounts.session(&session.token, NOW).await.unwrap().is_none());
    unlock(&mut annas).await.unwrap();
    assert!(accounts.session(&session.token, NOW).await.unwrap().is_some());
}

#[tokio::test]
async fn the_history_names_who_added_and_removed_it() {
    let (office, site) = open().await;
    let session = session_of(&office, "anna").await;
    let mut device = Authenticator::new(Algorithm::Es256, ORIGIN, RP_ID);
    let id = add(&office, &site, &session, &mut device).await.unwrap();
    office.accounts.remove_passkey(office.anna, id, Stamp::owner(later(1))).await.unwrap();
    let events = office.catalog.read(|tx| tx.events_after(EventId(0), 50)).await.unwrap();
    let seen: Vec<_> = events
        .into_iter()
        .filter_map(|(_, recorded)| match recorded?.event {
            Event::Account { kind, user, .. } if kind.word().starts_with("passkey") => Some((kind, user)),
            _ => None,
        })
        .collect();
    let label = || "Telefon".to_owned();
    let expected = [
        (AccountEvent::PasskeyAdded(label()), office.anna),
        (AccountEvent::PasskeyRemoved(label()), office.anna),
    ];
    assert_eq!(seen, expected);
}
