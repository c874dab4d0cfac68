"""A workflow's OIDC token for a short-lived key: no secret is stored in the repository.

``token`` reads and checks one token, ``issuer`` knows the issuer's keys, ``sessions`` is the route that sells a key.
"""
