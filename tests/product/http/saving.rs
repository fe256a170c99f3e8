//! Programs that save by moving the old file away: request by request as they send it, with a link to the file.

use crate::http::fixture::Folder;
use crate::http::public::Link;
use crate::support::http::Response;
use crate::support::server::{SPACE, USER};

/// A folder with a file of two contents, and a link to that.
struct Office {
    folder: Folder,
    place: String,
    link: Link,
    id: String,
}

const FILE: &str = "Plan.dwg";

impl Office {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        folder.put(FILE, "first");
        folder.put(FILE, "second");
        let link = Link::to(&folder.server, &format!("{name}/{FILE}"), 1);
        let office = Self { folder, place: name.to_owned(), link, id: String::new() };
        Self { id: office.id_of(FILE), ..office }
    }

    fn id_of(&self, name: &str) -> String {
        let head = self.folder.request("HEAD", name).send().expect(200);
        head.header("oc-fileid").unwrap_or_else(|| panic!("no OC-FileId: {head}")).to_owned()
    }

    fn move_to(&self, from: &str, to: &str, overwrite: &str) -> Response {
        self.folder.transfer("MOVE", from, to).header("Overwrite", overwrite).send()
    }

    /// How many contents a file has or had.
    fn contents(&self, name: &str) -> usize {
        let path = format!("{}/{name}", self.place);
        let json = self.folder.server.cli_ok(["versions", "list", SPACE, &path, "--json"]);
        serde_json::from_str::<Vec<serde_json::Value>>(&json).unwrap().len()
    }

    /// Fails unless file, link, id and history are as after a plain PUT.
    #[track_caller]
    fn assert_saved(&self, content: &str, contents: usize) {
        assert_eq!(self.folder.get(FILE), content.as_bytes());
        assert_eq!(self.link.ask(&self.folder.server, "GET", "").send().expect(200).text(), content);
        assert_eq!(self.id_of(FILE), self.id);
        assert_eq!(self.contents(FILE), contents);
    }
}

/// Excel on a mapped drive. The link served the content before the last save, then nothing.
#[test]
fn excel_moves_the_file_away_and_the_new_one_in() {
    let office = Office::new("saving-excel");
    for (round, contents) in (3..6).enumerate() {
        let (new, old) = (format!("{round}A7C0.tmp"), format!("{round}B1F2.tmp"));
        let content = format!("saved {round}");
        office.folder.put(&new, content.as_str());
        office.move_to(FILE, &old, "F").expect(201);
        office.move_to(&new, FILE, "F").expect(201);
        office.folder.request("DELETE", &old).send().expect(204);
        office.assert_saved(&content, contents);
    }
    assert_eq!(office.folder.names(), [FILE]);
}

/// CAD programs keep the last save as a backup, which they move the file over or delete before.
#[test]
fn a_cad_program_keeps_a_backup() {
    for (place, overwrites, puts) in [
        ("saving-cad-1", true, true),
        ("saving-cad-2", true, false),
        ("saving-cad-3", false, true),
        ("saving-cad-4", false, false),
    ] {
        let office = Office::new(place);
        office.folder.put("Plan.bak", "of last year");
        let mut before = "second".to_owned();
        for (round, contents) in (3..6).enumerate() {
            let content = format!("saved {round}");
            if overwrites {
                office.move_to(FILE, "Plan.bak", "T").expect(204);
            } else {
                office.folder.request("DELETE", "Plan.bak").send().expect(204);
                office.move_to(FILE, "Plan.bak", "F").expect(201);
            }
            if puts {
                office.folder.request("PUT", FILE).body(content.as_str()).send().expect(201);
            } else {
                office.folder.put("new.tmp", content.as_str());
                office.move_to("new.tmp", FILE, "F").expect(201);
            }
            office.assert_saved(&content, contents);
            assert_eq!(office.folder.get("Plan.bak"), before.as_bytes());
            before = content;
        }
    }
}

/// Password managers delete the file and put the new one in its place.
#[test]
fn a_password_manager_deletes_the_file_first() {
    let office = Office::new("saving-delete");
    office.folder.put("new.tmp", "third");
    office.folder.request("DELETE", FILE).send().expect(204);
    office.link.ask(&office.folder.server, "GET", "").send().expect(404);
    office.move_to("new.tmp", FILE, "F").expect(201);
    office.assert_saved("third", 3);
    office.folder.request("DELETE", FILE).send().expect(204);
    office.folder.request("PUT", FILE).header("If-None-Match", "*").body("fourth").send().expect(201);
    office.assert_saved("fourth", 4);
    // As an empty file that is locked first, then filled.
    office.folder.request("DELETE", FILE).send().expect(204);
    let token = office.folder.lock(FILE, "0");
    office.folder.request("PUT", FILE).header("If", &format!("(<{token}>)")).body("fifth").send().expect(204);
    office.assert_saved("fifth", 5);
    office.folder.request("DELETE", FILE).header("If", &format!("(<{token}>)")).send().expect(204);
    office.folder.put("copied", "sixth");
    office.folder.transfer("COPY", "copied", FILE).send().expect(201);
    office.assert_saved("sixth", 6);
}

/// A large file arrives in chunks under a name that was moved away, as Nextcloud's clients send it.
#[test]
fn chunks_fill_the_name_again() {
    let office = Office::new("saving-chunks");
    let server = &office.folder.server;
    office.move_to(FILE, "Plan.bak", "F").expect(201);
    let upload = format!("/remote.php/dav/uploads/{USER}/saving-chunks");
    server.request("MKCOL", &upload).send().expect(201);
    server.request("PUT", &format!("{upload}/1")).body("thi").send().expect(201);
    server.request("PUT", &format!("{upload}/2")).body("rd").send().expect(201);
    let to = server.url(&format!("/remote.php/dav/files/{USER}/{SPACE}/saving-chunks/{FILE}"));
    server.request("MOVE", &format!("{upload}/.file")).header("Destination", &to).send().expect(201);
    office.assert_saved("third", 3);
    assert_eq!(office.folder.get("Plan.bak"), b"second");
}

/// A link that was made after the file got its new name is for the content that it shows there, and a guest
/// brings nothing back.
#[test]
fn what_was_shared_meanwhile_stays_and_guests_bring_nothing_back() {
    let office = Office::new("saving-shared");
    let server = &office.folder.server;
    office.move_to(FILE, "Old.dwg", "F").expect(201);
    let later = Link::to(server, "saving-shared/Old.dwg", 1);
    office.folder.put(FILE, "another");
    for link in [&office.link, &later] {
        assert_eq!(link.ask(server, "GET", "").send().expect(200).text(), "second");
    }
    assert_eq!((office.id_of("Old.dwg"), office.contents(FILE)), (office.id.clone(), 1));

    let office = Office::new("saving-guest");
    let shared = Link::to(server, "saving-guest", 15);
    office.move_to(FILE, "Old.dwg", "F").expect(201);
    shared.ask(server, "PUT", &format!("/{FILE}")).body("a guest's").send().expect(201);
    assert_eq!(office.link.ask(server, "GET", "").send().expect(200).text(), "second");
    assert_eq!(office.id_of("Old.dwg"), office.id);
    assert_eq!(office.folder.get(FILE), b"a guest's");
}

/// A linked file is moved over another: its link stays with it, and so do those to the other.
#[test]
fn links_to_both_files_lead_to_what_is_left() {
    let office = Office::new("saving-over");
    let server = &office.folder.server;
    office.folder.put("Final.dwg", "older");
    let other = Link::to(server, "saving-over/Final.dwg", 1);
    office.move_to(FILE, "Final.dwg", "T").expect(204);
    for link in [&office.link, &other] {
        assert_eq!(link.ask(server, "GET", "").send().expect(200).text(), "second");
    }
}
