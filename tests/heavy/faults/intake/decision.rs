//! Decisions of two persons: the first changes nothing but itself, the second releases once.

use tresor::accounts::owner_access;
use tresor::admin::Reply;
use tresor::intake::Decided;
use tresor::model::{Actor, HoldDecision, HoldId, HoldOrder, HoldState, Stamp, Timestamp, UserId};

use crate::faults::intake::world::{Copy, Prepared};
use crate::support::TestServer;
use crate::support::server::SPACE;

/// System calls of each decision tried in a normal run.
const FEW: usize = 5;

const NAME: &str = "vertrag.txt";
const CONTENT: &[u8] = b"needed today";
/// How many approvals there are and how often one was recorded, the state of the item, how often it was released.
const ALL: &str = "SELECT printf('%d %d %s %d', (SELECT count(*) FROM approvals),
     (SELECT count(*) FROM events WHERE kind = 'hold-approved'), (SELECT group_concat(state) FROM holds),
     (SELECT count(*) FROM events WHERE kind = 'state-changed'))";

fn of_two(more: impl FnOnce(&mut Copy)) -> Prepared {
    Prepared::new(|copy| {
        copy.server.cli_ok([
            "space",
            "set",
            SPACE,
            "--hold",
            "12h",
            "--hold-what",
            "all",
            "--release-by",
            "2",
        ]);
        copy.server.request("PUT", &format!("/dav/{SPACE}/{NAME}")).body(CONTENT).send().expect(201);
        copy.comes_to("it is held", |copy| copy.word("SELECT state FROM holds") == "held");
        assert!(copy.server.stop().success());
        more(copy);
    })
}

/// A decision of the user in a server that does not run.
fn decided_by_user(server: &TestServer) -> Decided {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let open = server.office.open().await;
        let space = open.instance.library.spaces().await.unwrap()[0].id;
        let by = Stamp { actor: Actor::user(UserId(2)), at: Timestamp::now() };
        let (accesses, reason) = (vec![owner_access(space)], Some("a test".to_owned()));
        let intake = open.instance.intake.clone();
        let order = HoldOrder { decision: HoldDecision::Override, to: None, reason };
        let decided = intake.decide(accesses, HoldId(1), order, by).await.unwrap();
        drop(intake);
        open.close();
        decided
    })
}

#[test]
fn a_first_decision_killed_before_any_call_is_noted_once_and_releases_nothing() {
    let prepared = of_two(|_| {});
    prepared.killed_everywhere(
        FEW,
        |copy| copy.decide("override").is_some(),
        |copy, is_answered, what| {
            let found = copy.word(ALL);
            let is_noted = found == "1 1 held 0";
            assert!(is_noted || !is_answered && found == "0 0 held 0", "{what}: {found}");
            copy.server.spawn();
            // The person had no answer and decides again.
            let again = copy.decide("override").unwrap();
            assert_eq!(matches!(again, Reply::Refused { .. }), is_noted, "{what}: {again:?}");
            assert_eq!(copy.word(ALL), "1 1 held 0", "{what}");
            assert_eq!(copy.read(NAME), None, "{what}");
            copy.server.stop();
            assert_eq!(decided_by_user(&copy.server), Decided::Done(HoldState::Released), "{what}");
            assert_eq!(copy.word(ALL), "0 1 released 1", "{what}");
        },
    );
}

#[test]
fn a_second_decision_killed_before_any_call_releases_once() {
    let prepared = of_two(|copy| {
        assert!(matches!(decided_by_user(&copy.server), Decided::Waits(_)));
    });
    prepared.killed_everywhere(
        FEW,
        |copy| copy.decide("override").is_some(),
        |copy, is_answered, what| {
            let found = copy.word(ALL);
            let is_released = found == "0 1 released 1";
            assert!(is_released || !is_answered && found == "1 1 held 0", "{what}: {found}");
            copy.server.spawn();
            let again = copy.decide("override").unwrap();
            assert_eq!(matches!(again, Reply::Refused { .. }), is_released, "{what}: {again:?}");
            assert_eq!(copy.word(ALL), "0 1 released 1", "{what}");
            assert_eq!(copy.read(NAME).as_deref(), Some(CONTENT), "{what}");
            copy.assert_sound(what);
        },
    );
}
