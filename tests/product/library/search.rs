//! Searches by name.

use std::collections::BTreeSet;

use tresor::catalog::{NewEntry, WriteTx};
use tresor::library::{Hits, LibraryError, MOST_HITS, Search};
use tresor::model::{
    Access, EntryId, EntryName, LinkGrant, LinkId, LinkRight, Right, SearchText, Timestamp, UserId,
    VersionState,
};

use crate::library::store::{NOW, Store, path};
use crate::library::withheld::withheld_states;

impl Store {
    async fn search(&self, rights: &[Access], text: &str, before: Option<EntryId>, limit: usize) -> Hits {
        let text = SearchText::parse(text).unwrap();
        self.library.search(rights, Search { text, before, limit }).await.unwrap()
    }

    /// Space and path of everything that is found, latest first.
    async fn found_by(&self, rights: &[Access], text: &str) -> Vec<String> {
        let found = self.search(rights, text, None, MOST_HITS).await;
        assert_eq!(found.next, None);
        found.hits.iter().map(|hit| format!("{}:{}", hit.space, hit.path.text())).collect()
    }

    async fn found(&self, text: &str) -> Vec<String> {
        self.found_by(&[self.access()], text).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_found_in_all_spaces_that_the_person_may_read() {
    let store = Store::new().await;
    let other = store.another_space("Kanzlei Huber").await;
    let unread = store.another_space("unread").await;
    store.mkcol("Mandant").await.unwrap();
    store.put("Mandant/Müller 1.pdf", b"1").await.unwrap();
    for (space, at) in [(&other, "MUELLER 2.pdf"), (&unread, "Muller 3.pdf")] {
        store.put_by(store.change_in(space, NOW), at, b"1").await.unwrap();
    }
    let rights = [store.access(), Access::granted(other.id, Right::Read, UserId(1))];
    for text in ["müller", "Mueller", "MULLER", "ller"] {
        let found = store.found_by(&rights, text).await;
        assert_eq!(found, ["Kanzlei Huber:MUELLER 2.pdf", "space:Mandant/Müller 1.pdf"], "{text}");
    }
    // Words in the names of folders and of the space help, but an entry needs one in its own.
    assert_eq!(store.found_by(&rights, "huber muller").await, ["Kanzlei Huber:MUELLER 2.pdf"]);
    assert_eq!(store.found_by(&rights, "muller pdf mandant").await, ["space:Mandant/Müller 1.pdf"]);
    assert_eq!(store.found_by(&rights, "mandant").await, ["space:Mandant"]);
    for text in ["huber mandant", "huber", "muller meier"] {
        assert_eq!(store.found_by(&rights, text).await, Vec::<String>::new(), "{text}");
    }
    // Nothing of a space without a right, and nothing for guests, with any link.
    let guest = |right| {
        let grant = LinkGrant { link: LinkId(1), top: EntryId(1), right };
        Access::granted_to_guest(store.space.id, grant)
    };
    for rights in [vec![], vec![guest(LinkRight::Read)], vec![guest(LinkRight::Edit), guest(LinkRight::Add)]]
    {
        assert_eq!(store.found_by(&rights, "muller").await, Vec::<String>::new());
    }
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_found_where_they_are_and_by_the_names_that_they_have() {
    let store = Store::new().await;
    for folder in ["a", "a/b", "c"] {
        store.mkcol(folder).await.unwrap();
    }
    store.put("a/b/Bilanz.pdf", b"1").await.unwrap();
    store.mv("a/b/Bilanz.pdf", "c/Abschluss.pdf").await.unwrap();
    assert_eq!(store.found("bilanz").await, Vec::<String>::new());
    assert_eq!(store.found("abschluss c").await, ["space:c/Abschluss.pdf"]);
    store.copy("c", "d").await.unwrap();
    assert_eq!(store.found("abschluss").await, ["space:d/Abschluss.pdf", "space:c/Abschluss.pdf"]);

    // A folder takes along its contents: to another one, into the trash, and back.
    store.mv("c", "a/c").await.unwrap();
    assert_eq!(store.found("abschluss a").await, ["space:d/Abschluss.pdf", "space:a/c/Abschluss.pdf"]);
    store.delete("a").await.unwrap();
    store.delete("d/Abschluss.pdf").await.unwrap();
    for text in ["abschluss", "a c"] {
        assert_eq!(store.found(text).await, Vec::<String>::new(), "{text}");
    }
    let trash = store.library.trash(&store.access()).await.unwrap();
    let folder = trash.iter().find(|item| item.is_folder).unwrap().entry;
    store.library.restore(store.change(), folder).await.unwrap();
    assert_eq!(store.found("abschluss").await, ["space:a/c/Abschluss.pdf"]);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_is_found_by_those_who_see_it_in_a_listing() {
    let store = Store::new().await;
    let other = store.another_user("other").await;
    store.mkcol("d").await.unwrap();
    store.put("d/secret.txt", b"1").await.unwrap();
    let version = store.entry("d/secret.txt").await.unwrap().version().unwrap();
    let space = store.space.id;
    let viewers =
        [store.access(), Access::granted(space, Right::Manage, other), Access::granted_to_owner(space)];
    for state in [VersionState::Visible].into_iter().chain(withheld_states()) {
        store
            .library
            .set_version_state(tresor::model::Stamp::owner(NOW), space, version, state)
            .await
            .unwrap();
        for access in &viewers {
            let listed = store.members(access, &path("d")).await.into_iter().map(|member| member.entry);
            let found = store.search(&[*access], "secret d", None, 1).await.hits;
            let found: Vec<_> = found.into_iter().map(|hit| hit.entry).collect();
            assert_eq!(found, listed.collect::<Vec<_>>(), "{state} {access:?}");
        }
    }
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_many_names_reads_them_in_slices_and_ends_with_a_full_page() {
    /// Ten slices and one entry.
    const MANY: i64 = 100_001;
    let store = Store::new().await;
    let (space, root) = (store.space.id, store.entry("").await.unwrap().id);
    let fill = move |tx: &WriteTx<'_>| {
        tx.silent("a test");
        let (first, revision) = (tx.reserve_entry_ids(MANY)?.0, tx.next_revision()?);
        for number in 0..MANY {
            let name = if number == 0 { "Kontoeröffnung".to_owned() } else { format!("Beleg {number}") };
            tx.insert_entry(&NewEntry {
                id: EntryId(first + number),
                space,
                parent: Some(root),
                name: EntryName::parse(&name).ok().as_ref(),
                version: None,
                size: 0,
                revision,
                created: NOW,
                modified: Timestamp(NOW.0 + number),
            })?;
        }
        Ok::<_, LibraryError>(())
    };
    store.catalog.write_alone(fill).await.unwrap();
    let reads = async |text: &str| {
        let before = store.library.catalog_reads();
        let found = store.search(&[store.access()], text, None, 2).await;
        (found, store.library.catalog_reads() - before)
    };

    // One read of the spaces, then one slice after the other.
    let (found, count) = reads("eroeffnung").await;
    assert_eq!((found.hits[0].path.text(), found.next, count), ("Kontoeröffnung".to_owned(), None, 12));
    let (found, count) = reads("beleg").await;
    let names: Vec<_> = found.hits.iter().map(|hit| hit.path.text()).collect();
    assert_eq!((names, count), (vec!["Beleg 100000".to_owned(), "Beleg 99999".to_owned()], 2));

    // All pages together have each entry once.
    let (mut numbers, mut before, mut pages) = (BTreeSet::new(), None, 0);
    loop {
        let page = store.search(&[store.access()], "99 beleg", before, usize::MAX).await;
        assert!(page.hits.len() == MOST_HITS || page.next.is_none(), "{}", page.hits.len());
        assert!(page.hits.iter().all(|hit| numbers.insert(hit.path.text())));
        pages += 1;
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: BTreeSet<_> = (1..MANY)
        .filter(|number| number.to_string().contains("99"))
        .map(|number| format!("Beleg {number}"))
        .collect();
    assert_eq!((numbers.len(), pages), (expected.len(), expected.len().div_ceil(MOST_HITS)));
    assert_eq!(numbers, expected);
}
