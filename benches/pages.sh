#!/usr/bin/env bash
# pages.sh [FILES [BYTES]]: FILES (300) small files of BYTES (20,000) one after the other: by PUT, and as the script of an upload
# page sends them through a link (POST LINK/sending with all bytes). Prints requests and CPU milliseconds of the server for each
# file, of three turns each. TRESOR_BIN names another program than the release build.
. "$(dirname "$0")/server.sh"
export TRESOR_BIN=${TRESOR_BIN:-$benches/../target/release/tresor}
start_server
python3 - "$work" "$url" "$credentials" "$pid" "${1:-300}" "${2:-20000}" << 'PYTHON'
import base64, http.client, json, os, socket, sys, time, urllib.parse

work, url, credentials, pid = sys.argv[1:5]
files, size = map(int, sys.argv[5:7])
place = urllib.parse.urlsplit(url)
login = "Basic " + base64.b64encode(credentials.encode()).decode()
space = urllib.parse.unquote(place.path.strip("/").split("/")[1])
content = os.urandom(size)


def ask(request):
    with socket.socket(socket.AF_UNIX) as owner:
        owner.connect(work + "/data/instance/control.sock")
        owner.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(owner.makefile().readline())
        assert answer["kind"] != "refused", answer
        return answer["data"]


def cpu():
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def by_put(line, name):
    line.request("PUT", place.path + name, content, {"Authorization": login})
    return line.getresponse()


def by_link(line, name):
    said = "filename " + base64.b64encode(name.encode()).decode()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": said, "Cookie": cookie,
               "Sec-Fetch-Site": "same-origin", "Content-Type": "application/offset+octet-stream"}
    line.request("POST", link + "/sending", content, headers)
    return line.getresponse()


asked = {"space": space, "path": "", "can": "add", "first_use_password": False, "own_folder": False, "label": "", "note": ""}
made = ask({"do": "link-add", "user": credentials.split(":")[0], "asked": asked})
link = "/s/" + made["url"].rsplit("/", 1)[1]
line = http.client.HTTPConnection(place.hostname, place.port)
line.request("GET", link)
page = line.getresponse()
page.read()
cookie = page.getheader("Set-Cookie", "").split(";")[0]
print("| way | requests a second | CPU ms for a file |\n|---|---:|---:|")
for turn in range(3):
    for what, send in (("PUT", by_put), ("link", by_link)):
        began, used = time.monotonic(), cpu()
        for number in range(files):
            answer = send(line, f"{what}-{turn}-{number}.bin")
            answer.read()
            assert answer.status == 201, (answer.status, what)
        print(f"| {what} | {files / (time.monotonic() - began):.0f} | {(cpu() - used) * 1000 / files:.2f} |", flush=True)
PYTHON
