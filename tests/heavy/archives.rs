//! Large folders as ZIP files. `TRESOR_TEST_ENTRIES=70000 TRESOR_TEST_GIB=5` is the long form.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use crate::support::TestServer;
use crate::support::load::{device_password, memory_kib, setting};
use crate::support::process::{succeed, tool};
use crate::support::server::{SPACE, USER};

/// Entries of a normal run.
const ENTRIES: u64 = 7_000;
/// Entries of one copy of a folder.
const IN_A_COPY: u64 = 700;
/// The cost of sending an archive, in KiB: its list, the remains of so many reads in the caches, and some steps. Of
/// 70,000 entries 35 MiB were measured for the list while it is made, and 97 MiB in all.
const COST_KIB: u64 = 144 * 1024;

/// Seconds of processor time that a process has used.
fn processor(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_ascii_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

#[test]
fn an_archive_of_many_files_and_of_a_long_one_takes_little_memory() {
    let server = TestServer::start_plain();
    let (entries, gib) = (setting("TRESOR_TEST_ENTRIES", ENTRIES), setting("TRESOR_TEST_GIB", 0));
    let token = device_password(&server, USER);
    let ask = |method: &str, target: &str| server.anonymous(method, target).sign_in(USER, &token);
    let base = format!("/dav/{SPACE}/all");
    // One folder with others below each other, and copies of it.
    ask("MKCOL", &base).send().expect(201);
    let (mut folder, mut made) = (format!("{base}/0"), 1);
    ask("MKCOL", &folder).send().expect(201);
    while made < IN_A_COPY {
        if made % 70 == 0 {
            folder = format!("{folder}/Unterordner%20{made}");
            ask("MKCOL", &folder).send().expect(201);
        } else {
            let file = format!("{folder}/Beleg%20{made}%20M%C3%A4rz.pdf");
            ask("PUT", &file).body(format!("content of {made}").repeat(20)).send().expect(201);
        }
        made += 1;
    }
    for copy in 1..entries / IN_A_COPY {
        let to = server.url(&format!("{base}/{copy}"));
        ask("COPY", &format!("{base}/0")).header("Destination", &to).send().expect(201);
    }
    let scratch = server.scratch("");
    for (name, mib) in [("longest.bin", gib * 1024 * 7 / 8), ("long.bin", gib * 1024 / 8 + 64)] {
        let file = scratch.join(name);
        fs::File::create(&file).unwrap().set_len(mib << 20).unwrap();
        let mut curl = tool("curl", "curl");
        curl.args(["-sS", "--fail", "-u", &format!("{USER}:{token}"), "-T"]).arg(&file);
        succeed(curl.arg(server.url(&format!("{base}/{name}"))));
        fs::remove_file(file).unwrap();
    }

    let pid = server.pid();
    let measured = |what: &str, path: &str| {
        let (began, before) = (Instant::now(), processor(pid));
        let file = scratch.join("fetched");
        let mut curl = tool("curl", "curl");
        curl.args(["-sS", "--fail", "-u", &format!("{USER}:{token}"), "-o"]).arg(&file);
        succeed(curl.arg(server.url(path)));
        let len = fs::metadata(&file).unwrap().len();
        let (took, used) = (began.elapsed().as_secs_f64(), processor(pid) - before);
        println!("{what}: {len} bytes in {took:.1} s, {used:.1} s of processor time");
        file
    };
    fs::remove_file(measured("a long file", &format!("{base}/long.bin"))).unwrap();
    fs::remove_file(measured("the longest file", &format!("{base}/longest.bin"))).unwrap();
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    let before = memory_kib(pid, "VmHWM");
    let archive = format!("{base}/?zip");
    let first = Instant::now();
    let head = ask("HEAD", &archive).send().expect(200);
    let most = || format!("{} KiB more", memory_kib(pid, "VmHWM") - before);
    println!("laid out in {:.2} s, {}", first.elapsed().as_secs_f64(), most());
    // Without a single checksum known, as a reader over the network begins.
    let size: u64 = head.header("content-length").unwrap().parse().unwrap();
    let tail = Instant::now();
    let end = ask("GET", &archive).header("Range", "bytes=-100000").send().expect(206);
    println!("its last 100,000 bytes in {:.1} s, {}", tail.elapsed().as_secs_f64(), most());
    let file = measured("the archive", &archive);
    let cost = memory_kib(pid, "VmHWM") - before;
    println!("{cost} KiB of memory");
    assert!(cost < COST_KIB, "{cost} KiB for {entries} entries");
    assert_eq!(fs::metadata(&file).unwrap().len(), size);
    assert!(ends_with(&file, &end.body));
    let file = measured("the archive again", &archive);
    let unzip = Instant::now();
    succeed(tool("unzip", "unzip").arg("-tqq").arg(&file));
    println!("unzip -t: {:.0} s", unzip.elapsed().as_secs_f64());
    let listed = succeed(tool("7zz", "7zip").args(["t", "-bd"]).arg(&file));
    assert!(listed.contains("Everything is Ok"), "{listed}");
    let count = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()))";
    let counted = succeed(tool("python3", "python3").args(["-c", count]).arg(&file));
    // The folder itself is no entry; both long files are, and the text about folders that lie too deep.
    assert_eq!(counted.trim(), (entries / IN_A_COPY * IN_A_COPY + 3).to_string());
    // As a stream, without a look at the directory.
    let mut bsdtar = tool("bsdtar", "libarchive-tools");
    let listed = succeed(bsdtar.args(["-t", "-f", "-"]).stdin(fs::File::open(&file).unwrap()));
    assert_eq!(listed.lines().count().to_string(), counted.trim());
}

fn ends_with(file: &Path, end: &[u8]) -> bool {
    use std::io::{Seek, SeekFrom};
    let mut file = fs::File::open(file).unwrap();
    file.seek(SeekFrom::End(-i64::try_from(end.len()).unwrap())).unwrap();
    let mut found = Vec::new();
    file.read_to_end(&mut found).unwrap();
    found == end
}
