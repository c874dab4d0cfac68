"""A stand-in for Amazon Bedrock: the Converse wire protocol over HTTP, for tests, demos and air-gapped trials.

It has no language model. What it decides comes from rules (``minds``), and it can be told to fail in every way in
which the real service fails (``faults``). ``docs/standin.md`` is its manual.
"""
