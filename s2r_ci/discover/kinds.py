"""What a file that mentions ``#SBATCH`` or sbatch is, where it is no ordinary batch script.

A name's ending is a witness only where the content leaves it open: whether text without a ``#!`` line is a script,
a program or prose, and whether a script with output behind it is a log.
"""

import re
from typing import Final

from s2r_ci.discover import calls
from s2r_ci.discover.classify import COMMAND, PROGRAMS, READY, UTF_16, Verdict
from s2r_ci.discover.marks import template_mark
from s2r_ci.model import ScriptClass
from s2r_ci.patterns import lazy

BOM: Final = b"\xef\xbb\xbf"
DIRECTIVE: Final = lazy(rb"^#SBATCH", re.MULTILINE)
LOG_NAME: Final = lazy(rb"(?:^slurm[-_.]?\d|\.(?:out|err|log|stdout|stderr)$|\.(?:out|err|log)\.\d+$|\.[oe]\d+$)")
DISGUISED: Final = lazy(rb"^#[ \t]*(?i:sbatch)[ \t]+-|^#+[ \t]*#*SBATCH", re.MULTILINE)
FOREIGN: Final = lazy(rb"^#(PBS|BSUB|COBALT|PJM|QSUB|\$)[ \t]", re.MULTILINE)
DOC_NAMES: Final = (
    b".md", b".markdown", b".rst", b".html", b".htm", b".ipynb", b".txt", b".tex", b".adoc", b".asciidoc", b".org",
    b".qmd", b".rmd", b".Rmd", b".mdx", b".textile", b".wiki", b".1", b".5", b".8", b".man", b".pod", b".svg",
)  # fmt: skip
DOC_CONTENT: Final = (
    (lazy(rb'\A\s*\{\s*"(?:cells|metadata|nbformat)"', re.DOTALL), "a notebook"),
    (lazy(rb"\A\s*<(?:!DOCTYPE|html|\?xml)|<pre\b|<code\b", re.IGNORECASE), "a page in HTML"),
    (lazy(rb"^[ \t>]*(?:```|~~~)", re.MULTILINE), "text with an example in a code fence"),
    (lazy(rb"^\.\. (?:code|code-block|sourcecode)::|::[ \t]*\n\s*\n[ \t]+#", re.MULTILINE), "text in RST"),
    (lazy(rb"\\begin\{(?:verbatim|lstlisting|minted|document)"), "text in LaTeX"),
    (lazy(rb"(?i)^(?:#\+begin_src|\[source)", re.MULTILINE), "text with a source block"),
)  # fmt: skip

LETTERS: Final = str.maketrans(
    "ЅᏚՏВΒᏴАΑᎪТΤᎢСϹⅭᏟНΗᎻ＃♯﹟", "SSSBBBAAATTTCCCCHHH###"
)  # Cyrillic, Greek, Cherokee, Armenian and Roman letters that look like those of SBATCH


LATE: Final = "all directives stand behind the first command, where sbatch does not read them"


def unusual(data: bytes, name: bytes) -> Verdict | None:
    """Say what the file is; None where it has nothing to do with sbatch."""
    if data.startswith(b"#!") and (first := data.find(b"\n#SBATCH") + 1):
        return _script(data, name, first)
    if data.startswith(UTF_16):
        return _utf_16(data)
    if b"\0" in data[:8192]:
        return None
    if b"#SBATCH" in data:
        return _mention(data, name)
    return _without_directive(data, name)


def line_of(data: bytes, offset: int) -> int:
    """The number of the line at an offset."""
    return data.count(b"\n", 0, offset) + 1


def _at(data: bytes, offset: int, script_class: ScriptClass, reason: str) -> Verdict:
    return Verdict(script_class, reason, line_of(data, offset))


# --- files that begin with #! and hold a directive in column one -------------------------------------------


def _script(data: bytes, name: bytes, first: int) -> Verdict:
    command = COMMAND.search(data)
    end = command.start() if command else len(data)
    late = first > end
    if late and (where := calls.within_text(data, first)):
        return _at(data, first, ScriptClass.GENERATOR, f"a program that holds a script in {where}")
    if mark := _template(data, len(data) if late else end):
        return mark
    if LOG_NAME.search(name):
        return _at(data, first, ScriptClass.LOOK_ALIKE, "a script in a file that has the name of a job's output")
    if (nul := data.find(b"\0")) >= 0:
        return _at(data, nul, ScriptClass.REFUSED, "sbatch refuses a script that holds a NUL")
    if (dos := data.find(b"\r\n")) >= 0:
        return _at(data, dos, ScriptClass.REFUSED, "sbatch refuses the line ends of Windows (CRLF)")
    return _at(data, first, ScriptClass.BATCH, LATE if late else READY)


def _template(data: bytes, end: int) -> Verdict | None:
    mark = template_mark(data, end)
    return _at(data, mark[1], ScriptClass.TEMPLATE, mark[0]) if mark else None


# --- files that mention #SBATCH otherwise ------------------------------------------------------------------


def _mention(data: bytes, name: bytes) -> Verdict:
    mention = data.find(b"#SBATCH")
    if data.startswith(b"#!"):
        return _program(data, name, mention)
    if name.endswith(DOC_NAMES):
        return _at(
            data, mention, ScriptClass.DOCUMENTATION, f"{_kind_of_text(data) or 'prose'} about batch scripts"
        )
    column_one = DIRECTIVE.search(data)
    bare = data.removeprefix(BOM)
    if bare.startswith(b"#!") or (column_one and _before_first_command(bare)):
        return _refused(data, bare, column_one.start() if column_one else mention)
    if (mark := _template(data, len(data))) is not None and (column_one and not name.endswith(calls.SOURCES)):
        return mark
    return _text(data, name, column_one.start() if column_one else mention)


def _before_first_command(data: bytes) -> bool:
    command = COMMAND.search(b"\n" + data)
    found = DIRECTIVE.search(data)
    return found is not None and (command is None or found.start() < command.start())


def _refused(data: bytes, bare: bytes, offset: int) -> Verdict:
    if (mark := _template(bare, len(bare))) is not None:
        return mark
    if bare is not data and len(bare) != len(data):
        return Verdict(ScriptClass.REFUSED, "sbatch refuses a script that begins with a byte-order mark", 1)
    if not bare.startswith(b"#!"):
        return Verdict(ScriptClass.REFUSED, "sbatch refuses a script whose first line does not begin with #!", 1)
    return _at(data, offset, ScriptClass.REFUSED, "sbatch refuses the script")


def _text(data: bytes, name: bytes, offset: int) -> Verdict:
    """No ``#!``, no directive before the first command: prose, a program, a log."""
    if where := _writes(data, offset):
        return _at(data, offset, ScriptClass.GENERATOR, f"a program that writes directives from {where}")
    if not LOG_NAME.search(name) and (kind := _kind_of_text(data)):
        return _at(data, offset, ScriptClass.DOCUMENTATION, f"{kind} about batch scripts")
    in_column_one = data.startswith(b"#SBATCH", offset) and (offset == 0 or data[offset - 1] == 10)
    if in_column_one and (name.endswith(calls.SHELLS) or data.lstrip().startswith((b"#!", b"%%bash", b"%%sh"))):
        return Verdict(ScriptClass.REFUSED, "sbatch refuses a script whose first line does not begin with #!", 1)
    return _other(data, name, offset)


def _program(data: bytes, name: bytes, offset: int) -> Verdict:
    """A ``#!`` line, and ``#SBATCH`` nowhere in column one."""
    if where := _writes(data, offset):
        return _at(data, offset, ScriptClass.GENERATOR, f"a program that writes directives from {where}")
    return _other(data, name, offset)


def _writes(data: bytes, offset: int) -> str:
    """How any of the first hundred mentions is written somewhere else."""
    for _ in range(100):
        if where := calls.writes_directives(data, offset):
            return where
        offset = data.find(b"#SBATCH", offset + 7)
        if offset < 0:
            break
    return ""


def _other(data: bytes, name: bytes, offset: int) -> Verdict:
    if name.endswith(PROGRAMS) or data.startswith(b"#!"):
        call = calls.call_line(data, name)
        if call >= 0:
            return _at(data, call, ScriptClass.DRIVER, "a program that calls sbatch")
    return _at(data, offset, ScriptClass.LOOK_ALIKE, _why_look_alike(data, name))


def _why_look_alike(data: bytes, name: bytes) -> str:
    if foreign := FOREIGN.search(data):
        return f"a script for another system (#{foreign[1].decode()}) that mentions #SBATCH"
    if LOG_NAME.search(name):
        return "a job's output that mentions #SBATCH"
    if DISGUISED.search(data):
        return "every #SBATCH is switched off, or does not stand in column one"
    return "it mentions #SBATCH, and not where sbatch would read it"


def _kind_of_text(data: bytes) -> str:
    return next((kind for pattern, kind in DOC_CONTENT if pattern.search(data)), "")


def _utf_16(data: bytes) -> Verdict | None:
    if "#SBATCH" not in data.decode("utf-16", "replace"):
        return None
    return Verdict(ScriptClass.REFUSED, "sbatch cannot read UTF-16", 1)


# --- files that do not hold #SBATCH at all -----------------------------------------------------------------


def _without_directive(data: bytes, name: bytes) -> Verdict | None:
    if data.startswith(b"#!") and (line := homoglyph_line(data)):
        reason = "#SBATCH is spelled with letters of another alphabet, so sbatch takes it for a comment"
        return Verdict(ScriptClass.LOOK_ALIKE, reason, line, "hidden-characters")
    if not data.startswith(b"#!") and not name.endswith(PROGRAMS):
        return None
    if (call := calls.call_line(data, name)) >= 0:
        return _at(data, call, ScriptClass.DRIVER, "a program that calls sbatch")
    if data.startswith(b"#!") and (disguised := DISGUISED.search(data)):
        reason = "no line is spelled #SBATCH, in capitals and without a blank, so sbatch reads none"
        return _at(data, disguised.start(), ScriptClass.LOOK_ALIKE, reason)
    return None


def homoglyph_line(data: bytes) -> int:
    """The first line of the header that only looks like ``#SBATCH``; 0 where there is none."""
    head = data[:65_536]
    if head.isascii():
        return 0
    for number, line in enumerate(head.decode("utf-8", "replace").split("\n")[:1000], 1):
        if not line[:16].isascii() and not line.startswith("#SBATCH") and _folded(line[:24]).startswith("#SBATCH"):
            return number
    return 0


def _folded(text: str) -> str:
    import unicodedata

    plain = unicodedata.normalize("NFKC", text).translate(LETTERS)
    return "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
