"""Secrets in a text: ``find_secrets`` says where they stand, ``redact`` gives the text without them."""

from s2r_ci.secrets.detectors import Secret, find_secrets
from s2r_ci.secrets.redaction import Placeholder, Redacted, redact

__all__ = ["Placeholder", "Redacted", "Secret", "find_secrets", "redact"]
