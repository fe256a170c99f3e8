//! Listings: the rows that they load, and how many at a time.

use tresor::library::{Detail, PropertyChange};
use tresor::model::{DeadProperties, LockScope, PropertyName};

use crate::library::store::{NOW, Store, path};

/// A page of 500 members loaded all their properties and locks for any request: a PROPFIND of nothing but
/// ETags took gigabytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_listing_loads_what_is_asked_for_and_ends_a_page_by_bytes() {
    let store = Store::new().await;
    store.mkcol("a").await.unwrap();
    let name = |local: &str| PropertyName::new("urn:x", local);
    let heavy = format!("<p xmlns='urn:x'>{}</p>", "x".repeat(200_000));
    for number in 0..20 {
        let at = format!("a/{number:02}");
        store.put(&at, b"x").await.unwrap();
        let set = [("p", heavy.as_str()), ("q", "<q xmlns='urn:x'/>")]
            .map(|(local, xml)| PropertyChange::Set { name: name(local), xml: xml.to_owned() });
        store.library.change_properties(store.change(), &path(&at), set.to_vec()).await.unwrap();
    }
    let lock = async |at: &str| {
        let request = crate::library::locks::request(LockScope::Shared, true);
        store.library.lock(store.change(), &path(at), request).await
    };
    let (above, own) = (lock("a").await.unwrap(), lock("a/05").await.unwrap());
    let folder = store.entry("a").await.unwrap().id;
    let list = async |after, detail: &Detail| {
        store.library.list_with(&store.access(), folder, after, detail, NOW).await.unwrap()
    };

    let bare = list(None, &Detail::NONE).await;
    assert_eq!((bare.members.len(), bare.inherited.len(), bare.next), (20, 0, None));
    assert!(bare.members.iter().all(|member| member.locks.is_empty() && member.properties.is_empty()));
    let some = DeadProperties::These(vec![name("q"), name("missing")]);
    let some = list(None, &Detail { locks: true, properties: some, ..Detail::NONE }).await;
    assert_eq!((some.members.len(), some.next), (20, None));
    assert_eq!(some.inherited, [above]);
    for (number, member) in some.members.iter().enumerate() {
        assert_eq!(member.properties, [(name("q"), "<q xmlns='urn:x'/>".to_owned())]);
        assert_eq!(member.locks == [own.clone()], number == 5);
    }
    let names = list(None, &Detail { properties: DeadProperties::Names, ..Detail::NONE }).await;
    let nothing = |local| (name(local), String::new());
    assert!(names.members.iter().all(|member| member.properties == [nothing("p"), nothing("q")]));

    let (mut told, mut after) = (Vec::new(), None);
    loop {
        let page = list(after, &Detail::ALL).await;
        let bytes: usize = page.members.iter().flat_map(|member| &member.properties).map(|p| p.1.len()).sum();
        assert!((1..1_400_000).contains(&bytes), "{bytes}");
        assert!(page.members.iter().all(|member| member.properties.len() == 2));
        told.extend(page.members.into_iter().map(|member| member.entry.name));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    assert_eq!(told, expected);
    store.check();
}
