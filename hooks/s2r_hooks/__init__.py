"""The pre-commit hooks: each is a file with ``main(argv) -> int``, thin over the rooms that the command uses.

pre-commit gives every staged text file to a hook; which of them are batch scripts is seen by content, as everywhere.
No hook asks a service unless its arguments say so: a commit has to work without network.
"""
