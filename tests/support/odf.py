"""Documents that LibreOffice itself encrypts.

odf.py FOLDER PASSWORD TEXT...     for each text, by its number: 0.odt without a password, 0-new.odt as it encrypts today, 0-old.odt
                                   as for programs that know OpenDocument 1.1 only; of the first text, ods and odp, too
"""

import os
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

folder, password, *texts = sys.argv[1:]


def settings(**values):
    found = []
    for name, value in values.items():
        one = PropertyValue()
        one.Name, one.Value = name, value
        found.append(one)
    return tuple(found)


def write_text(document, text):
    document.Text.setString(text)


def write_cell(document, text):
    document.Sheets.getByIndex(0).getCellByPosition(0, 0).setString(text)


def write_title(document, text):
    document.DrawPages.getByIndex(0).Name = text


KINDS = [("odt", "swriter", write_text), ("ods", "scalc", write_cell), ("odp", "simpress", write_title)]


def store_all(context):
    create = context.ServiceManager.createInstanceWithContext
    desktop = create("com.sun.star.frame.Desktop", context)
    provider = create("com.sun.star.configuration.ConfigurationProvider", context)
    access = "com.sun.star.configuration.ConfigurationUpdateAccess"
    node = settings(nodepath="/org.openoffice.Office.Common/Save/ODF")
    version = provider.createInstanceWithArguments(access, node)
    today = version.DefaultVersion

    def store(document, name, **how):
        document.storeToURL(uno.systemPathToFileUrl(os.path.join(folder, name)), settings(**how))

    for number, text in enumerate(texts):
        for ending, program, write in KINDS if number == 0 else KINDS[:1]:
            document = desktop.loadComponentFromURL("private:factory/" + program, "_blank", 0, settings(Hidden=True))
            write(document, text)
            store(document, f"{number}.{ending}")
            for name, form in (("new", today), ("old", 2)):
                version.DefaultVersion = form
                version.commitChanges()
                store(document, f"{number}-{name}.{ending}", Password=password)
            document.close(True)
    desktop.terminate()


with tempfile.TemporaryDirectory() as profile:
    office = subprocess.Popen(
        ["soffice", "-env:UserInstallation=file://" + profile, "--headless", "--norestore",
         "--accept=pipe,name=tresor" + os.path.basename(profile) + ";urp;"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    address = "uno:pipe,name=tresor" + os.path.basename(profile) + ";urp;StarOffice.ComponentContext"
    while True:
        try:
            context = resolver.resolve(address)
            break
        except NoConnectException:
            assert office.poll() is None, "LibreOffice ended"
            time.sleep(0.1)
    store_all(context)
    office.wait()
