"""Servers that misbehave below HTTP: raw sockets on loopback, with or without TLS."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = Callable[[socket.socket], None]


@contextmanager
def wire(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads the head of each request and lets ``answer`` do the rest: its port, and the heads."""
    heads: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(20)
            with context.wrap_socket(connection, server_side=True) if context else connection as talk:
                head = b""
                while b"\r\n\r\n" not in head and (some := talk.recv(4096)):
                    head += some
                heads.append(head)
                answer(talk)
                with suppress(OSError):
                    talk.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while not over.is_set():
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heads
    finally:
        over.set()
        with suppress(OSError):
            socket.create_connection(listener.getsockname(), timeout=1).close()
        listener.close()
        thread.join(5)


def says(*pieces: bytes) -> Answer:
    """Send these octets."""
    return lambda connection: connection.sendall(b"".join(pieces))


def endless(head: bytes, piece: bytes) -> Answer:
    """Send a head, then the same piece until nobody listens."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return answer


def dripping(head: bytes, piece: bytes, pause: threading.Event) -> Answer:
    """Send a head, then one piece after another with a pause between."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        while not pause.wait(0.05):
            connection.sendall(piece)

    return answer


class Certificates(NamedTuple):
    """A certificate authority of one's own and certificates by it, as files."""

    authority: Path
    folder: Path

    def context(self, name: str) -> ssl.SSLContext:
        """A server's context."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return made


def certificates(folder: Path) -> Certificates:
    """good: for 127.0.0.1. other: for another host. old: expired. own: signed by itself."""
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    key = ec.generate_private_key(ec.SECP256R1())
    root = _signed("root", key, key, None, now - day, now + day, host="", authority=True)
    _write(folder, "root", root, key)
    for name, host, start, end in (
        ("good", "127.0.0.1", now - day, now + day),
        ("other", "192.0.2.7", now - day, now + day),
        ("old", "127.0.0.1", now - 3 * day, now - day),
    ):
        own = ec.generate_private_key(ec.SECP256R1())
        _write(folder, name, _signed(name, own, key, root, start, end, host=host), own)
    own = ec.generate_private_key(ec.SECP256R1())
    _write(folder, "own", _signed("own", own, own, None, now - day, now + day, host="127.0.0.1"), own)
    return Certificates(folder / "root.pem", folder)


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, issuer: x509.Certificate | None,
    start: datetime.datetime, end: datetime.datetime, *, host: str, authority: bool = False,
) -> x509.Certificate:  # fmt: skip
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if host:
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        made = made.add_extension(alternative, critical=False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
    made = made.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
    )
    if authority:
        made = made.add_extension(identifier, critical=False).add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )  # fmt: skip
    return made.sign(signer, hashes.SHA256())


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
