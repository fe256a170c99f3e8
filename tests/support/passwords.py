"""Documents with passwords.

passwords.py write FILE TEXT                writes a docx or xlsx with a text
passwords.py lock PLAIN PASSWORD FILE       encrypts any bytes as msoffcrypto encrypts a document
passwords.py ways FOLDER PLAIN PASSWORD     encrypts them in each way that office programs know, checked by msoffcrypto
passwords.py whole PLAIN PASSWORD FILE      encrypts an OpenDocument package as a whole, as LibreOffice does since 24.2
passwords.py open FOLDER PASSWORD FILE...   writes what msoffcrypto makes of documents
"""

import base64
import hashlib
import hmac
import io
import os
import struct
import sys
import zipfile

import docx
import msoffcrypto
import openpyxl
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msoffcrypto.method.ecma376_agile import ECMA376Agile
from msoffcrypto.method.container.ecma376_encrypted import ECMA376Encrypted


def aes(key, mode, data):
    encryptor = Cipher(algorithms.AES(key), mode).encryptor()
    return encryptor.update(data + bytes(-len(data) % 16)) + encryptor.finalize()


def spun(digest, salt, password, spins):
    value = digest(salt + password.encode("utf-16-le")).digest()
    for number in range(spins):
        value = digest(struct.pack("<I", number) + value).digest()
    return value


def fitted(value, length):
    return (value + b"\x36" * length)[:length]


def agile(plain, password, name, bits, spins=1000):
    def digest(*parts):
        return hashlib.new(name.lower(), b"".join(parts)).digest()

    size, key_salt, data_salt, key = len(digest()), os.urandom(16), os.urandom(16), os.urandom(bits // 8)
    base = spun(lambda data: hashlib.new(name.lower(), data), key_salt, password, spins)

    def sealed(block, value):
        return aes(fitted(digest(base, bytes.fromhex(block)), bits // 8), modes.CBC(key_salt), value)

    package = struct.pack("<Q", len(plain))
    for number, at in enumerate(range(0, len(plain), 4096)):
        start = fitted(digest(data_salt, struct.pack("<I", number)), 16)
        package += aes(key, modes.CBC(start), plain[at:at + 4096])
    verifier, mac_key = os.urandom(16), os.urandom(size)

    def integrity(block, value):
        return aes(key, modes.CBC(fitted(digest(data_salt, bytes.fromhex(block)), 16)), value)

    proof = hmac.new(mac_key, package, name.lower()).digest()
    text = {
        "verifier": sealed("fea7d2763b4b9e79", verifier),
        "hash": sealed("d7aa0f6d3061344e", digest(verifier)),
        "key": sealed("146e0be7abacd0d6", key),
        "mac": integrity("5fb2ad010cb9e1f6", mac_key),
        "proof": integrity("a0677f02b22c8433", proof),
        "key_salt": key_salt,
        "data_salt": data_salt,
    }
    text = {name: base64.b64encode(value).decode() for name, value in text.items()}
    form = (f'saltSize="16" blockSize="16" keyBits="{bits}" hashSize="{size}" cipherAlgorithm="AES"'
            f' cipherChaining="ChainingModeCBC" hashAlgorithm="{name}"')
    info = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption"
 xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><keyData {form} saltValue="{text['data_salt']}"/>
<dataIntegrity encryptedHmacKey="{text['mac']}" encryptedHmacValue="{text['proof']}"/>
<keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><p:encryptedKey
 spinCount="{spins}" {form} saltValue="{text['key_salt']}" encryptedVerifierHashInput="{text['verifier']}"
 encryptedVerifierHashValue="{text['hash']}" encryptedKeyValue="{text['key']}"/></keyEncryptor></keyEncryptors></encryption>"""
    return package, struct.pack("<HHI", 4, 4, 0x40) + info.encode()


def standard(plain, password, bits):
    salt, verifier = os.urandom(16), os.urandom(16)
    last = hashlib.sha1(spun(hashlib.sha1, salt, password, 50000) + bytes(4)).digest()
    halves = [hashlib.sha1(bytes(a ^ b for a, b in zip(last.ljust(64, b"\0"), bytes([fill]) * 64))).digest() for fill in (0x36, 0x5c)]
    key = b"".join(halves)[:bits // 8]
    header = struct.pack("<8I", 0x24, 0, 0x660e + (bits - 128) // 64, 0x8004, bits, 0x18, 0, 0) + "AES\0".encode("utf-16-le")
    seal = modes.ECB()
    proof = struct.pack("<I", 16) + salt + aes(key, seal, verifier)
    proof += struct.pack("<I", 20) + aes(key, seal, hashlib.sha1(verifier).digest())
    info = struct.pack("<HHII", 3, 2, 0x24, len(header)) + header + proof
    return struct.pack("<Q", len(plain)) + aes(key, seal, plain), info


def opened(content, password):
    file, out = msoffcrypto.OfficeFile(io.BytesIO(content)), io.BytesIO()
    file.load_key(password=password)
    file.decrypt(out)
    return out.getvalue()


def ways(folder, plain, password):
    plain = open(plain, "rb").read()
    all_ways = {f"agile-{name}-{bits}": agile(plain, password, name, bits)
                for name, bits in [("SHA1", 128), ("SHA256", 256), ("SHA384", 256), ("SHA512", 256)]}
    all_ways.update({f"standard-{bits}": standard(plain, password, bits) for bits in (128, 192, 256)})
    for name, (package, info) in all_ways.items():
        out = io.BytesIO()
        ECMA376Encrypted(package, info).write_to(out)
        assert opened(out.getvalue(), password) == plain, name
        open(os.path.join(folder, name), "wb").write(out.getvalue())


def whole(plain, password):
    plain = open(plain, "rb").read()
    kind = zipfile.ZipFile(io.BytesIO(plain)).read("mimetype")
    salt, start = os.urandom(16), os.urandom(12)
    derivation = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=65536)
    key = derivation.derive(hashlib.sha256(password.encode()).digest())
    sealed = start + AESGCM(key).encrypt(start, plain, None)
    salt, start = (base64.b64encode(value).decode() for value in (salt, start))
    manifest = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.4"
 xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0">
<manifest:file-entry manifest:full-path="encrypted-package" manifest:media-type="{kind.decode()}" manifest:size="{len(plain)}">
<manifest:encryption-data><manifest:algorithm manifest:algorithm-name="http://www.w3.org/2009/xmlenc11#aes256-gcm"
 manifest:initialisation-vector="{start}"/><manifest:start-key-generation
 manifest:start-key-generation-name="http://www.w3.org/2001/04/xmlenc#sha256" manifest:key-size="32"/><manifest:key-derivation
 manifest:key-derivation-name="urn:org:documentfoundation:names:experimental:office:manifest:argon2id" manifest:key-size="32"
 loext:argon2-iterations="3" loext:argon2-memory="65536" loext:argon2-lanes="4" manifest:salt="{salt}"/>
</manifest:encryption-data></manifest:file-entry></manifest:manifest>"""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in (("mimetype", kind), ("encrypted-package", sealed), ("META-INF/manifest.xml", manifest)):
            archive.writestr(name, content)
    return out.getvalue()


def write(path, text):
    if path.endswith(".docx"):
        document = docx.Document()
        document.add_paragraph(text)
    else:
        document = openpyxl.Workbook()
        document.active["A1"] = text
    document.save(path)


command, *rest = sys.argv[1:]
if command == "write":
    write(*rest)
elif command == "lock":
    content = ECMA376Agile.encrypt(rest[1], open(rest[0], "rb"))
    open(rest[2], "wb").write(content)
elif command == "whole":
    open(rest[2], "wb").write(whole(*rest[:2]))
elif command == "ways":
    ways(*rest)
else:
    for name in rest[2:]:
        content = opened(open(name, "rb").read(), rest[1])
        open(os.path.join(rest[0], os.path.basename(name)), "wb").write(content)
