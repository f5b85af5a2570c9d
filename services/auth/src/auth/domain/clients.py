"""Who is on the other end, as far as an address and a user agent tell."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

TAG_LENGTH: Final = 32
NETWORK_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Client:
    """The other end of a request."""

    network: str
    agent: str


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv6 customer has a whole /64 to choose from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, NETWORK_BITS), strict=False))


def may_forward(peer: str) -> bool:
    """Say whether *peer* may speak for others: the gateway is on this host or a private network."""
    try:
        parsed = ip_address(peer)
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_private


class Tagger:
    """Turns names, addresses and tried passwords into short tags that mean nothing outside."""

    def __init__(self, secret: bytes) -> None:
        """Key the tags with *secret*, which is not in the database."""
        self._key = hmac.digest(secret, b"hpa auth tags", sha256)

    def tag(self, *parts: str) -> str:
        """Return the tag of *parts*; where one part ends is part of it."""
        text = "".join(f"{len(part)}:{part}" for part in parts)
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), sha256)
        return digest.hex()[:TAG_LENGTH]

    def client(self, client: Client) -> str:
        """Return the tag by which a client that asks twice is known again."""
        return self.tag("client", client.network, client.agent)
