"""A day's work with webdav4, which DVC and other Python programs use, also as a file system: dav4.py URL USER PASSWORD"""

import io
import sys
from datetime import datetime, timezone

from webdav4.client import Client, HTTPError, ResourceAlreadyExists, ResourceConflict, ResourceLocked, ResourceNotFound
from webdav4.fsspec import WebdavFileSystem

url, *login = sys.argv[1:]
client = Client(url, auth=tuple(login))


def refused(error, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except error:
        return
    raise AssertionError(f"{call.__name__}{arguments} did not raise {error.__name__}")


# This client asks without `Depth`, which means infinity: whether a thing is there, of which kind, how long.
client.mkdir("Büro & Co")
client.mkdir("Büro & Co/Akte „7“ (1)")
refused(ResourceAlreadyExists, client.mkdir, "Büro & Co")
refused(ResourceConflict, client.mkdir, "fehlt/darin")
assert client.exists("Büro & Co") and client.isdir("Büro & Co")
assert not client.exists("Büro & Co/fehlt")
refused(ResourceNotFound, client.isdir, "fehlt")

file = "Büro & Co/Akte „7“ (1)/Straße ü+ä.txt"
client.upload_fileobj(io.BytesIO(b"eins zwei drei"), file)
refused(ResourceAlreadyExists, client.upload_fileobj, io.BytesIO(b"anderes"), file)
client.upload_fileobj(io.BytesIO(b"eins zwei vier"), file, overwrite=True)
assert client.isfile(file) and client.content_length(file) == 14
assert client.content_type(file) == "text/plain", client.content_type(file)
for moment in (client.modified(file), client.created(file)):
    assert abs((datetime.now(timezone.utc) - moment).total_seconds()) < 600, moment
client.upload_fileobj(io.BytesIO(b"alt"), "alt.txt", headers={"X-OC-Mtime": "1600000000"})
assert client.modified("alt.txt").timestamp() == 1_600_000_000
client.remove("alt.txt")
etag = client.etag(file)
assert etag and client.info(file)["etag"] == etag

# A body of a length that the client does not know.
large = b"Inhalt " * 500_000
client.request("PUT", "Büro & Co/groß.bin", content=iter([large[:1_000_000], large[1_000_000:]]))
with client.open("Büro & Co/groß.bin", mode="rb") as stream:
    stream.seek(2_000_003)
    assert stream.read(7) == large[2_000_003:2_000_010], "a range"
into = io.BytesIO()
client.download_fileobj("Büro & Co/groß.bin", into)
assert into.getvalue() == large

assert sorted(client.ls("Büro & Co", detail=False)) == ["Büro & Co/Akte „7“ (1)", "Büro & Co/groß.bin"]
sizes = {entry["name"]: entry["content_length"] for entry in client.ls("Büro & Co")}
assert sizes == {"Büro & Co/Akte „7“ (1)": None, "Büro & Co/groß.bin": len(large)}, sizes

client.copy(file, "kopie.txt")
refused(ResourceAlreadyExists, client.copy, "Büro & Co/groß.bin", "kopie.txt")
client.move("kopie.txt", "Büro & Co/umbenannt ö.txt")
client.copy("Büro & Co", "ganz")
client.copy("Büro & Co", "leer", depth=0)
assert client.ls("leer") == []
client.move("ganz/Akte „7“ (1)", "leer/Akte „7“ (1)")

# The same space as Python's tools see it.
files = WebdavFileSystem(url, auth=tuple(login))
found = sorted(files.find(""))
expected = [file, "Büro & Co/groß.bin", "Büro & Co/umbenannt ö.txt"]
expected += ["ganz/groß.bin", "ganz/umbenannt ö.txt", "leer/Akte „7“ (1)/Straße ü+ä.txt"]
assert found == sorted(expected), found
with files.open("neu ü.bin", "wb") as out:
    out.write(large)
with files.open("neu ü.bin", "rb") as stream:
    stream.seek(-7, io.SEEK_END)
    assert stream.read() == b"Inhalt "
assert files.cat_file("neu ü.bin", start=7, end=13) == b"Inhalt"
assert files.du("") == 3 * len(large) + 4 * 14, files.du("")
files.mv("neu ü.bin", "leer/neu ü.bin")
assert files.exists("leer/neu ü.bin") and not files.exists("neu ü.bin")

# A lock of somebody else.
answer = client.request(
    "LOCK",
    "leer/neu ü.bin",
    headers={"Timeout": "Second-600", "Depth": "0"},
    content='<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>',
)
refused(ResourceLocked, client.remove, "leer/neu ü.bin")
refused(ResourceLocked, client.move, "ganz/groß.bin", "leer/neu ü.bin", overwrite=True)
refused(HTTPError, client.upload_fileobj, io.BytesIO(b"fremd"), "leer/neu ü.bin", overwrite=True)
client.request("UNLOCK", "leer/neu ü.bin", headers={"Lock-Token": answer.headers["Lock-Token"]})

for gone in ("Büro & Co", "ganz", "leer"):
    client.remove(gone)
refused(ResourceNotFound, client.remove, "leer")
assert client.ls("") == []
assert {"1", "2"} <= client.options()
