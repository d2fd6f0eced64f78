"""A real LDAP directory (Debian's slapd), as a process of its own on loopback, with certificates of its own."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ldap3 import Connection, Server
from ldap3.core.exceptions import LDAPException
from pydantic import SecretStr

from kb_platform.settings import DirectorySettings
from web.cli.processes import free_port

SLAPD = "/usr/sbin/slapd"
BASE = "dc=example,dc=edu"
PEOPLE = f"ou=people,{BASE}"
SERVICE, SERVICE_PASSWORD = f"cn=kb,{BASE}", "looks people up"
ROOT, ROOT_PASSWORD = f"cn=root,{BASE}", "keeps the directory"
START_SECONDS = 20

CONFIGURATION = f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {{folder}}/slapd.pid
TLSCACertificateFile {{folder}}/ca.pem
TLSCertificateFile {{folder}}/server.pem
TLSCertificateKeyFile {{folder}}/server.key
database mdb
suffix "{BASE}"
rootdn "{ROOT}"
rootpw "{ROOT_PASSWORD}"
directory {{folder}}/data
maxsize 10485760
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{SERVICE}" read by self read by anonymous auth by * none
"""


@dataclass(frozen=True)
class LdapDirectory:
    """`port` speaks LDAP (and StartTLS), `tls_port` LDAP over TLS; both as `localhost`."""

    port: int
    tls_port: int
    ca_file: Path

    def settings(self, **changed: object) -> DirectorySettings:
        """Return what connects the platform to it."""
        usual = {
            "url": f"ldaps://localhost:{self.tls_port}",
            "ca_file": self.ca_file,
            "bind_dn": SERVICE,
            "bind_password": SecretStr(SERVICE_PASSWORD),
            "base_dn": PEOPLE,
        }
        return DirectorySettings.model_validate(usual | changed)

    def add(self, uid: str, password: str, **attributes: object) -> str:
        """Let the directory know somebody; return their distinguished name."""
        dn = f"uid={uid},{PEOPLE}"
        usual = {"sn": uid, "cn": uid, "userPassword": password}
        with self._keeper() as keeper:
            assert keeper.add(dn, "inetOrgPerson", usual | attributes), keeper.result
        return dn

    def rename(self, dn: str, uid: str) -> None:
        with self._keeper() as keeper:
            assert keeper.modify_dn(dn, f"uid={uid}"), keeper.result

    def change(self, dn: str, attribute: str, *values: str) -> None:
        with self._keeper() as keeper:
            assert keeper.modify(dn, {attribute: [("MODIFY_REPLACE", list(values))]}), keeper.result

    def _keeper(self) -> Connection:
        return Connection(Server("127.0.0.1", self.port), ROOT, ROOT_PASSWORD, auto_bind=True)


@contextmanager
def ldap_directory(folder: Path, host: str = "localhost") -> Iterator[LdapDirectory]:
    """Run an empty directory whose certificate is for `host`. Skips the test where slapd is not installed."""
    if not Path(SLAPD).exists():
        pytest.skip("no LDAP server on this machine (Debian: apt-get install slapd)")
    (folder / "data").mkdir(parents=True)
    _write_certificates(folder, host)
    configuration = folder / "slapd.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder))
    port, tls_port = free_port(), free_port()
    addresses = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"
    # "-d 0" keeps it in the foreground.
    process = subprocess.Popen([SLAPD, "-f", str(configuration), "-h", addresses, "-d", "0"])
    try:
        _fill(port, process)
        yield LdapDirectory(port, tls_port, folder / "ca.pem")
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder / "data")


def _fill(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "slapd did not start"
        try:
            keeper = Connection(Server("127.0.0.1", port), ROOT, ROOT_PASSWORD, auto_bind=True)
            break
        except LDAPException:
            assert time.monotonic() < deadline, "slapd does not answer"
            time.sleep(0.1)
    with keeper:
        assert keeper.add(BASE, ["dcObject", "organization"], {"o": "Example"}), keeper.result
        assert keeper.add(PEOPLE, "organizationalUnit"), keeper.result
        role = {"userPassword": SERVICE_PASSWORD}
        assert keeper.add(SERVICE, ["organizationalRole", "simpleSecurityObject"], role), keeper.result


def _write_certificates(folder: Path, host: str) -> None:
    """Write ca.pem, and server.pem and server.key for `host`."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example authority")])
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    authority = (
        _certificate(authority_name, authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    server = (
        _certificate(server_name, authority_name, server_key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem))
    (folder / "server.key").write_bytes(
        server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
