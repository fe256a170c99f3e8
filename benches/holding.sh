#!/usr/bin/env bash
# holding.sh [DOCUMENTS [PDFS]]: a thousand documents (DOCUMENTS) arrive at once in four spaces, nine of ten in one of them.
# Prints how long all of them take until they are scanned and until so many (PDFS, all) of the large space have their PDF, how
# long one document of another space takes meanwhile, what a GET of a small file takes meanwhile and before, and the most
# memory. clamd knows a handful of signatures, so that its own work hardly counts. Needs clamd and LibreOffice; TRESOR_BIN names another
# program than the release build.
. "$(dirname "$0")/server.sh"
export TRESOR_BIN=${TRESOR_BIN:-$benches/../target/release/tresor}
. "$benches/scanner.sh"
export CONFIG=$work/config.toml
printf '[scrub]\nevery_days = 0\n[intake]\nrescan = "off"\n%s' "$scanner" > "$CONFIG"
start_server
python3 - "$url" "$credentials" "$pid" "$work/data/instance" "${1:-1000}" "${2:-${1:-1000}}" << 'PYTHON'
import base64, http.client, io, json, os, random, subprocess, sys, threading, time, urllib.parse, zipfile

url, credentials, pid, data = urllib.parse.urlsplit(sys.argv[1]), *sys.argv[2:5]
documents, pdfs = int(sys.argv[5]), int(sys.argv[6])
login = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
SPACES = ["many", "second", "third", "fourth"]
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def command(*words):
    done = subprocess.run([os.environ["TRESOR_BIN"], *words, "--data", data], check=True, capture_output=True)
    return done.stdout


def document(number):
    """Two pages of words that no other document has."""
    rng = random.Random(number)
    paragraphs = "".join(
        "<w:p><w:r><w:t>" + " ".join(f"{rng.getrandbits(32):x}" for _ in range(60)) + "</w:t></w:r></w:p>"
        for _ in range(20))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", f'<Types xmlns="{TYPES}"><Default Extension="rels" ContentType="'
                         'application/vnd.openxmlformats-package.relationships+xml"/>'
                         f'<Override PartName="/word/document.xml" ContentType="{OFFICE}"/></Types>')
        package.writestr("_rels/.rels", f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{KIND}" '
                         'Target="word/document.xml"/></Relationships>')
        package.writestr("word/document.xml", f'<w:document xmlns:w="{WORDS}"><w:body>{paragraphs}</w:body></w:document>')
    return file.getvalue()


def connect():
    return http.client.HTTPConnection(url.hostname, url.port)


def request(connection, method, path, body=b""):
    try:
        connection.request(method, "/dav/" + urllib.parse.quote(path), body, login)
        answer = connection.getresponse()
    except http.client.RemoteDisconnected:
        # It was idle for longer than the server waits.
        connection.close()
        return request(connection, method, path, body)
    answer.read()
    return answer.status


def put(connection, path, body):
    status = request(connection, "PUT", path, body)
    assert status == 201, (path, status)


class Reader(threading.Thread):
    """Reads a small file fifty times a second, and notes how long each time takes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.took, self.ended = [], threading.Event()
        self.start()

    def run(self):
        connection, due = connect(), time.monotonic()
        while not self.ended.is_set():
            began = time.monotonic()
            assert request(connection, "GET", "bench/small") == 200
            self.took.append(time.monotonic() - began)
            due += 0.02
            time.sleep(max(0, due - time.monotonic()))

    def words(self):
        self.ended.set()
        self.join()
        took = sorted(self.took)
        at = lambda part: took[int(len(took) * part)] * 1000
        return f"{at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, at most {took[-1] * 1000:.0f} ms, of {len(took)}"


class Watcher(threading.Thread):
    """The most memory of all processes that the server started, together, in MB."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most = 0
        self.start()

    def run(self):
        while True:
            parents, sizes = {}, {}
            for name in os.listdir("/proc"):
                if name.isdigit():
                    try:
                        fields = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()
                        parents[name], sizes[name] = fields[1], int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
                    except OSError:
                        pass
            of_server = lambda name: name in parents and (parents[name] == pid or of_server(parents[name]))
            self.most = max(self.most, sum(sizes[name] for name in parents if of_server(name)) / 1e6)
            time.sleep(0.5)


def memory():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith("VmHWM"))


def until(what, holds):
    while not holds():
        time.sleep(0.1)
    print(f"{what}: {time.monotonic() - begun:.1f} s", flush=True)


def item(space, name):
    rows = json.loads(command("hold", "list", space, "--all", "--json"))
    return next(row for row in rows if row["path"] == "/" + name)


def is_scanned(number):
    return json.loads(command("hold", "show", str(number), "--json"))["state"] != "arrived"


for space in [*SPACES, "quiet"]:
    command("space", "add", space, "--kind", "client", "--intake", "on", "--hold", "12h")
    command("grant", "bench", space, "manage")
connection = connect()
put(connection, "bench/small", os.urandom(4096))
contents = [document(number) for number in range(documents)]
reader = Reader()
time.sleep(10)
print("GET of 4 KiB before:", reader.words(), flush=True)
print(f"memory before: {memory():.0f} MB")
reader, watcher, begun = Reader(), Watcher(), time.monotonic()
for number, content in enumerate(contents):
    space = SPACES[0] if number % 10 else SPACES[1 + number // 10 % 3]
    put(connection, f"{space}/{number}.docx", content)
print(f"{documents} documents of {len(contents[0])} bytes stored: {time.monotonic() - begun:.1f} s", flush=True)
last, began = item("many", f"{documents - 1}.docx")["id"], time.monotonic()
put(connection, "quiet/single.docx", document(documents))
single = item("quiet", "single.docx")["id"]
begun_all, begun = begun, began
until("one in another space scanned", lambda: is_scanned(single))
begun = begun_all
until("all scanned", lambda: is_scanned(last))
begun = began
until("one in another space has its PDF", lambda: request(connection, "GET", "quiet/single.docx (Kopie).pdf") == 200)
# A second one, while only PDFs are left to make.
begun = time.monotonic()
put(connection, "quiet/second.docx", document(documents + 1))
until("a second one has its PDF", lambda: request(connection, "GET", "quiet/second.docx (Kopie).pdf") == 200)
begun, wanted = begun_all, [number for number in range(documents) if number % 10][:pdfs]
for at in range(100, len(wanted), 100):
    until(f"{at} of the large space have their PDFs, the server has had {memory():.0f} MB and its helpers {watcher.most:.0f} MB",
          lambda: request(connection, "GET", f"many/{wanted[at - 1]}.docx (Kopie).pdf") == 200)
until(f"{len(wanted)} of the large space have their PDFs", lambda: request(connection, "GET", f"many/{wanted[-1]}.docx (Kopie).pdf") == 200)
print("GET of 4 KiB meanwhile:", reader.words())
print(f"memory of the server, at most: {memory():.0f} MB; of its helpers together: {watcher.most:.0f} MB")
PYTHON
