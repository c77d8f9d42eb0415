"""What is said of a new partner: the lines for the configuration, and what the partner must know, to be sent on."""

import socket
from collections.abc import Iterator
from pathlib import Path

from spool.partners.accounts import Partner
from spool.partners.keys import keys_of

_PATIENCE = "2 min"
_CONFIGURATION = """\
# {name} uploads to us and fetches from us by SFTP (daemon.py partner add {name}).
[[route]]
name = "{name}"
folder = "partners/{name}/in"
formats = ["..."]  # what {name} sends, and
handler = "..."  # what becomes of it: see config/reference.toml
# An upload that breaks off may be resumed: a file that is neither renamed nor dated in the end waits for so long.
patience = "{patience}"

[[target]]
name = "{name}"
folder = "partners/{name}/out"
"""
_LETTER = """\
Zugang per SFTP für {name}

Server:    {host}
Benutzer:  {name}, Anmeldung nur mit Ihrem Schlüssel
Schlüssel des Servers (bitte bei der ersten Anmeldung vergleichen):
{host_keys}
Bitte laden Sie Ihre Dateien in den Ordner „in“ und holen Sie unsere Dateien aus dem Ordner „out“ ab; was Sie abgeholt
haben, löschen Sie dort bitte. Eine Datei, mit der etwas nicht stimmt, finden Sie mit einem Hinweis in „in/rejected“.

Am besten laden Sie jede Datei unter einem vorläufigen Namen hoch, zum Beispiel „Bestellung.csv.part“, und benennen sie
um, sobald sie vollständig ist. WinSCP erledigt das bei größeren Dateien von selbst, lftp mit
„set xfer:use-temp-file yes“. Andernfalls warten wir nach dem Hochladen einige Minuten, ehe wir eine Datei übernehmen.
Dateien, die nur für ihren Besitzer lesbar sind (Rechte 0600), können wir nicht übernehmen; sie bleiben liegen.
"""


def configuration(partner: Partner) -> str:
    """Route and target of a partner, as TOML; formats and handler are left to whoever knows what will come."""
    return _CONFIGURATION.format(name=partner.name, patience=_PATIENCE)


def letter(partner: Partner, host_keys: Path = Path("/etc/ssh")) -> str:
    """What the partner must know, in German."""
    keys = "".join(f"  {line}\n" for line in _host_keys(host_keys))
    return _LETTER.format(name=partner.name, host=socket.getfqdn(), host_keys=keys)


def _host_keys(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("ssh_host_*_key.pub")):
        for key in keys_of(path):
            yield f"{key.kind}  {key.fingerprint}"
