"""The conversion service as seen from here: signed requests over HTTP, and nothing that comes back is trusted.

``access`` is where the service is and with which key; ``transport`` one request over the wire; ``patience`` when to
try again; ``client`` one question with all its attempts; ``answers`` what came back, checked; ``journal`` the memory
of what was asked; ``prices`` what it may cost. Nothing of this is loaded while manifests are written by rules.
"""
