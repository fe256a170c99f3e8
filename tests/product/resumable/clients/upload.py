"""Uploads a file with tuspy: upload.py ENDPOINT AUTHORIZATION FILE PATH CHUNK [stop BYTES | go URL]"""

import sys

from tusclient.client import TusClient

endpoint, authorization, file, path, chunk, *how = sys.argv[1:]
client = TusClient(endpoint, headers={"Authorization": authorization})
common = {"chunk_size": int(chunk), "retries": 3, "retry_delay": 1, "upload_checksum": True}
if how[:1] == ["go"]:
    client.uploader(file, url=how[1], **common).upload()
else:
    uploader = client.uploader(file, metadata={"path": path, "mtime": "1600000000"}, **common)
    uploader.upload(stop_at=int(how[1]) if how else None)
    print(uploader.url)
