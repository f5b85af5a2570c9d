"""Access tokens for tests, signed by a key that the tests' services trust."""

import base64
import json
import secrets
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.settings import ServiceSettings

SERVICE_SECRET = secrets.token_hex(32)


class TokenFactory:
    """Makes tokens as auth would; `jwks_file` is what services load as their cached key set."""

    def __init__(self, folder: Path, kid: str = "test-key") -> None:
        """Make a key and write its public half to *folder*."""
        self.key = Ed25519PrivateKey.generate()
        self.kid = kid
        public = base64.urlsafe_b64encode(self.key.public_key().public_bytes_raw()).rstrip(b"=")
        self.jwk = {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": public.decode(),
            "kid": kid,
            "alg": "EdDSA",
            "use": "sig",
        }
        self.jwks_file = folder / "jwks.json"
        self.jwks_file.write_text(json.dumps({"keys": [self.jwk]}))

    def claims(self, user_id: int, role: str, **changes: object) -> dict[str, Any]:
        """Return the claims of a good access token, with *changes*."""
        now = int(time.time())
        return {
            "iss": ServiceSettings.model_fields["token_issuer"].default,
            "aud": ServiceSettings.model_fields["token_audience"].default,
            "sub": str(user_id),
            "jti": secrets.token_hex(16),
            "iat": now,
            "exp": now + 3600,
            "role": role,
            "username": f"{role}{user_id}",
            "token_type": "access",
        } | changes

    def access(self, user_id: int = 1, role: str = "owner", **changes: object) -> str:
        """Return a good access token, but for *changes* of its claims."""
        headers = {"kid": self.kid, "typ": "at+jwt"}
        return jwt.encode(self.claims(user_id, role, **changes), self.key, "EdDSA", headers)

    def headers(self, user_id: int = 1, role: str = "owner") -> dict[str, str]:
        """Return the request headers of a logged-in user."""
        return {"Authorization": f"Bearer {self.access(user_id, role)}"}
