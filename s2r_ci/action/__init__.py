"""The GitHub Action behind ``action.yml``: inputs come in by the environment, one command runs, outputs go out.

``situation`` says what this event may do, ``inputs`` which words it takes, ``run`` does it. The command itself runs in
a process of its own whose output is captured, so that nothing but our own emitter writes workflow commands.
"""
