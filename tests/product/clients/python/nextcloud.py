"""A day's work with nc_py_api, the Python client of Nextcloud's own apps: nextcloud.py URL USER PASSWORD SPACE"""

import datetime
import io
import sys

from nc_py_api import Nextcloud, NextcloudException
from nc_py_api.files import FilePermissions
from nc_py_api.files.sharing import ShareType

url, user, password, space = sys.argv[1:]
cloud = Nextcloud(nextcloud_url=url, nc_auth_user=user, nc_auth_pass=password)
files = cloud.files


def refused(status, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except NextcloudException as error:
        assert error.status_code == status, error
        return
    raise AssertionError(f"{call.__name__}{arguments} was not refused")


def names(entries):
    return sorted(entry.user_path for entry in entries)


assert cloud.user == user
folder = f"{space}/Büro & Co/100 % #1"
made = files.makedirs(folder, exist_ok=True)
assert made.is_dir and made.file_id
refused(405, files.mkdir, folder)
refused(409, files.mkdir, f"{space}/fehlt/darin")

file = f"{folder}/Straße ü+ä?.txt"
node = files.upload(file, "eins zwei drei")
assert files.download(node) == b"eins zwei drei"
found = files.by_path(file)
assert found.file_id == node.file_id and found.etag == node.etag, (found, node)
assert found.info.size == 14 and found.info.mimetype == "text/plain" and not found.is_dir
assert found.is_updatable and found.is_deletable
assert abs((datetime.datetime.now(datetime.timezone.utc) - found.info.last_modified).total_seconds()) < 600
try:
    assert files.by_path(f"{folder}/fehlt") is None
except NextcloudException as error:
    assert error.status_code == 404, error

# In chunks of the second version, and in smaller ones of the first.
large = b"Inhalt " * 1_000_000
for chunk in (5 << 20, 3_000_000):
    files.upload_stream(f"{folder}/groß.bin", io.BytesIO(large), chunk_size=chunk)
    into = io.BytesIO()
    files.download2stream(f"{folder}/groß.bin", into)
    assert into.getvalue() == large, chunk

# One folder, one entry, the whole tree (`Depth: infinity`).
assert names(files.listdir(folder)) == sorted([file, f"{folder}/groß.bin"])
assert names(files.listdir(folder, depth=0, exclude_self=False)) == [folder + "/"]
everything = names(files.listdir(space, depth=-1))
assert everything == sorted([f"{space}/Büro & Co/", folder + "/", file, f"{folder}/groß.bin"]), everything

# A link, as its users give it away.
share = files.sharing.create(file, ShareType.TYPE_LINK, password="Zander-Uhr-17-Bottich", label="für Müller")
assert share.share_id and share.path == file, share
assert [one.share_id for one in files.sharing.get_list(path=file)] == [share.share_id]
changed = files.sharing.update(share, note="bitte bis Freitag")
assert changed.note == "bitte bis Freitag"
files.sharing.delete(share)
assert files.sharing.get_list(path=file) == []
shared = files.sharing.create(folder, ShareType.TYPE_LINK, permissions=FilePermissions.PERMISSION_READ)
files.sharing.delete(shared)

# After a move or a copy this client searches for the entry by its number.
moved = files.move(file, f"{space}/umbenannt ö.txt")
assert moved.file_id == node.file_id and moved.user_path == f"{space}/umbenannt ö.txt", moved
copied = files.copy(moved, f"{space}/kopie.txt")
assert copied.file_id != moved.file_id and files.download(copied) == b"eins zwei drei"
assert files.by_id(copied).user_path == f"{space}/kopie.txt"
refused(412, files.move, moved, copied)
assert files.move(moved, copied, overwrite=True).user_path == f"{space}/kopie.txt"
files.copy(f"{space}/Büro & Co", f"{space}/ganz")
assert names(files.listdir(f"{space}/ganz")) == [f"{space}/ganz/100 % #1/"]
assert files.by_id(999_999) is None

file = f"{space}/kopie.txt"
files.delete(file)
refused(404, files.delete, file)
files.delete(file, not_fail=True)
for gone in ("Büro & Co", "ganz"):
    files.delete(f"{space}/{gone}")
assert files.listdir(space) == []
