"""Looks for secrets in bytes, in every form in which one could have been written down."""

import base64
import json
import pathlib
import re
import urllib.parse

# Shorter pieces of a secret would be met by chance.
PIECE_MIN = 16


def pieces(secret: str) -> set[str]:
    """The secret, and what of it is a secret by itself: a key's last part, a token's claims and signature."""
    found = {secret}
    if secret.startswith("IR@"):
        found.add(secret.rsplit("@", 1)[1])
    if secret.count(".") == 2:
        found.update(secret.split(".")[1:])
    return {piece for piece in found if len(piece) >= PIECE_MIN or piece == secret}


def forms(secret: str) -> set[bytes]:
    """A secret as text, as JSON, in an address, in hexadecimal, and in both alphabets of base64 wherever it may begin in a group."""
    raw = secret.encode()
    found = {raw, json.dumps(secret)[1:-1].encode(), urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode(), raw.hex().encode()}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        # What shares its bits with neighbours is left out at both ends.
        inner = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        found.update({inner, inner.replace(b"+", b"-").replace(b"/", b"_")})
    return found


def views(hay: bytes) -> list[bytes]:
    """Bytes as they are, and as they would be read by somebody who knows escapes and heeds neither blanks nor casing."""
    unescaped = re.sub(rb"\\\\?u00([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1].decode()), hay)
    plain = urllib.parse.unquote_to_bytes(unescaped)
    return [hay, re.sub(rb"\s+|\\\\?[rnt]", b"", plain).lower()]


def leaks(haystacks: dict[str, bytes], secrets: set[str]) -> list[str]:
    """Where any form of any secret is; a secret is told by its beginning only."""
    needles = {(form, secret[:9]) for secret in secrets for piece in pieces(secret) for form in forms(piece)}
    plain = {(re.sub(rb"\s+", b"", piece.encode()).lower(), secret[:9]) for secret in secrets for piece in pieces(secret)}
    found = []
    for name, hay in haystacks.items():
        seen, read = views(hay)
        told = {told for form, told in needles if form in seen} | {told for form, told in plain if form in read}
        found += [f"{name} holds a secret that begins with {one}…" for one in sorted(told)]
    return found


def disguises(secret: str) -> list[bytes]:
    """What a service may do to something that it quotes, beside the forms."""
    cut = len(secret) // 2
    return [
        secret.lower().encode(),
        "".join(f"\\u{ord(letter):04x}" for letter in secret).encode(),
        "".join(f"%{ord(letter):02x}" for letter in secret).encode(),
        *((secret[:cut] + blank + secret[cut:]).encode() for blank in [" ", "\r\n  ", "%20", "\\n"]),
    ]


def files(root: pathlib.Path) -> dict[str, bytes]:
    """Every file below a folder, and every name."""
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {**found, "(names)": "\n".join(found).encode()}
