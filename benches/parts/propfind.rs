//! The answer to PROPFIND with `Depth: 1`: writing it alone, then with reading the listed rows.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use tresor::http::protocol::href::{Mount, Place, set_member};
use tresor::http::protocol::listing::PropfindAnswer;
use tresor::http::protocol::media_type;
use tresor::http::protocol::properties::{CloudView, Permissions, ResourceView};
use tresor::http::protocol::propfind::{self, PropfindRequest};
use tresor::library::{Entry, Member};
use tresor::model::Right;

use crate::office::{MANY, Office, name, path};

/// Bytes handed to the network at once.
const PIECE: usize = 64 << 10;

/// The properties that most clients ask for when they list a folder.
const FOUR: &str = r#"<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/><d:getlastmodified/><d:getetag/></d:prop></d:propfind>"#;
/// Explorer's request: no body, so all properties.
const ALL: &str = "";
/// The request of Nextcloud's desktop client.
const DESKTOP: &str = r#"<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:resourcetype/><d:getlastmodified/><d:getcontentlength/><d:getetag/><oc:size/><oc:id/><oc:fileid/><oc:downloadURL/><oc:dDC/><oc:permissions/><oc:checksums/><oc:share-types/></d:prop></d:propfind>"#;

/// A folder of 10,000 files.
pub(crate) fn propfind(criterion: &mut Criterion, office: &Office, folder: &Entry) {
    let mut members = Vec::new();
    office.each_page(folder, |page| members.extend(page));
    let base = Mount::new(["dav"]).href(&Place::Entry { space: name("space"), path: path("large") }, true);

    let mut group = criterion.benchmark_group("propfind");
    group.throughput(Throughput::Elements(MANY as u64)).sample_size(20);
    for (question, body) in
        [("four properties", FOUR), ("all properties", ALL), ("Nextcloud's desktop", DESKTOP)]
    {
        let request = propfind::parse(body.as_bytes()).expect("a plain question");
        group.bench_function(format!("write 10,000, {question}"), |bencher| {
            bencher.iter(|| {
                let mut answer = Answer::new(&request, &base);
                answer.push_all(&members);
                answer.finish();
            });
        });
    }
    let request = propfind::parse(FOUR.as_bytes()).expect("a plain question");
    group.bench_function("list and write 10,000, four properties", |bencher| {
        bencher.iter(|| {
            let mut answer = Answer::new(&request, &base);
            office.each_page(folder, |page| answer.push_all(&page));
            answer.finish();
        });
    });
    group.finish();
}

/// An answer whose pieces go nowhere.
struct Answer<'a> {
    xml: PropfindAnswer,
    base: &'a str,
    href: String,
    bytes: usize,
}

impl<'a> Answer<'a> {
    fn new(request: &PropfindRequest, base: &'a str) -> Self {
        Self { xml: PropfindAnswer::new(request), base, href: base.to_owned(), bytes: 0 }
    }

    fn push_all(&mut self, members: &[Member]) {
        for Member { entry, properties, .. } in members {
            set_member(&mut self.href, self.base.len(), &name(&entry.name), entry.is_folder());
            self.xml.push(&ResourceView {
                href: &self.href,
                is_folder: entry.is_folder(),
                display_name: &entry.name,
                size: entry.size,
                content_type: media_type::of_name(&entry.name),
                etag: &entry.etag,
                created: entry.created,
                modified: entry.modified,
                quota_available: None,
                quota_used: None,
                lockable: true,
                locks: "",
                dead: properties,
                cloud: CloudView {
                    is_linked: false,
                    number: entry.id.0.unsigned_abs(),
                    instance: "abcdefghij",
                    permissions: Permissions::Inside(Right::Write),
                    checksums: &[],
                    fingerprint: None,
                    owner: "anna",
                },
            });
            if self.xml.pending() >= PIECE {
                self.bytes += black_box(self.xml.take()).len();
            }
        }
    }

    fn finish(self) {
        let bytes = self.bytes + black_box(self.xml.finish()).len();
        assert!(bytes > 100 * MANY, "each member takes its part");
    }
}
