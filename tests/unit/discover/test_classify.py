"""What a file is, by its content."""

from pathlib import Path

import pytest

from s2r_ci.discover.classify import MARKER, classify
from s2r_ci.discover.kinds import homoglyph_line
from s2r_ci.model import ScriptClass
from s2r_ci.runai import document

EXAMPLES = Path(__file__).parents[2] / "examples" / "slurm"
NO_SCRIPTS = {
    "driver-dependency.sh": ("driver", 5),
    "driver-wrap-loop.sh": ("driver", 5),
    "generator-heredoc.sh": ("generator", 8),
    "generate_jobs.py": ("generator", 8),
    "template-jinja.sh": ("template", 2),
    "template-fill-in.sh": ("template", 3),
    "notes.md": ("documentation", 7),
    "crlf.sh": ("refused", 1),
}

# id: (file name, content, class or None, line)
JOB = b"#!/bin/bash\n#SBATCH -N 1\n"
SNIPPETS = {
    # batch scripts
    "plain": ("job.sh", JOB + b"srun ./a\n", "batch-script", 2),
    "no ending in the name": ("job", JOB, "batch-script", 2),
    "a name that says documentation": ("job.md", JOB + b"srun ./a\n", "batch-script", 2),
    "comments and blanks before": ("a.sh", b"#!/bin/sh\n# x\n\n  # y\n#SBATCH -n 1\n", "batch-script", 5),
    "no newline at the end": ("a.sh", b"#!/bin/bash\n#SBATCH -N 1", "batch-script", 2),
    "another interpreter": ("fit.R", b"#!/usr/bin/env Rscript\n#SBATCH -n 4\nx <- 1\n", "batch-script", 2),
    "a Python program": ("a.py", b'#!/usr/bin/env python3\n#SBATCH -n 4\n"""#SBATCH"""\n', "batch-script", 2),
    "no blank behind the keyword": ("a.sh", b"#!/bin/bash\n#SBATCH--nodes=2\n", "batch-script", 2),
    "the keyword alone": ("a.sh", b"#!/bin/bash\n#SBATCH\n", "batch-script", 2),
    "all too late": ("a.sh", b"#!/bin/bash\nset -e\n#SBATCH -N 2\n", "batch-script", 3),
    "bytes that are not UTF-8": ("a.sh", b"#!/bin/bash\n#SBATCH -J caf\xe9\n", "batch-script", 2),
    "old line ends": ("a.sh", b"#!/bin/bash\n#SBATCH -N 2\r-n 4\n", "batch-script", 2),
    "a variable in a name": ("a.sh", b"#!/bin/bash\n#SBATCH -J $X\n#SBATCH -o $HOME/%j\n", "batch-script", 2),
    "a mark in the account alone": ("a.sh", JOB + b"#SBATCH -A <project>\n", "batch-script", 2),
    "a mark in the mail alone": ("a.sh", JOB + b"#SBATCH --mail-user=YOUR_MAIL@x.org\n", "batch-script", 2),
    "a mail address": ("a.sh", JOB + b"#SBATCH --mail-user=me@site.org\n", "batch-script", 2),
    "file name marks": ("a.sh", JOB + b"#SBATCH -o %x_%A_%a.out -e %N.%j.err\n", "batch-script", 2),
    "a node list": ("a.sh", JOB + b"#SBATCH -w node[01-04] -C 'a|b&c'\n", "batch-script", 2),
    "words in capitals": ("a.sh", JOB + b"#SBATCH --mail-type=END,FAIL --export=ALL -p GPU\n", "batch-script", 2),
    "an unlimited time": ("a.sh", JOB + b"#SBATCH --time=UNLIMITED\n", "batch-script", 2),
    "a comment with a mark": ("a.sh", JOB + b"#SBATCH -t 10 # <minutes>\n", "batch-script", 2),
    "braces of the shell": ("a.sh", JOB + b'x="${A}${B:-{}}"; awk "{{print}}"\n', "batch-script", 2),
    "a container's own template": ("a.sh", JOB + b"docker ps --format '{{.ID}}'\n", "batch-script", 2),
    "writes another script": ("a.sh", JOB + b"cat > b <<E\n#SBATCH -N $n\nE\n", "batch-script", 2),
    "sends itself again": ("a.sh", JOB + b'sbatch "$0"\n', "batch-script", 2),
    "some spelled wrong": ("a.sh", JOB + b"#Sbatch -n 2\n# SBATCH -c 2\n", "batch-script", 2),
    # refused
    "no first line": ("a.sh", b"#SBATCH -N 1\nsrun ./a\n", "refused", 1),
    "a blank line first": ("a.sh", b"\n" + JOB, "refused", 1),
    "a comment first": ("job", b"# my job\n#SBATCH -N 1\n", "refused", 1),
    "a byte-order mark": ("a.sh", b"\xef\xbb\xbf" + JOB, "refused", 1),
    "UTF-16": ("a.sh", JOB.decode().encode("utf-16"), "refused", 1),
    "UTF-16, big end first": ("a.sh", b"\xfe\xff" + JOB.decode().encode("utf-16-be"), "refused", 1),
    "one CRLF far behind": ("a.sh", JOB + b"srun ./a\n" * 5 + b"wait\r\n", "refused", 8),
    "a NUL": ("a.sh", JOB + b"echo \0\n", "refused", 3),
    "a NUL at 8,193": ("a.sh", JOB + b"#" * 8155 + b"\n" + b"\0\n", "refused", 4),
    "a notebook cell": ("a.sh", b"%%bash\n" + JOB, "refused", 1),
    # templates
    "Jinja": ("a.sh", b"#!/bin/bash\n#SBATCH -J {{ name }}\n", "template", 2),
    "Jinja in the program": ("a.sh", JOB + b"{% for x in xs %}\nrun {{ x }}\n{% endfor %}\n", "template", 3),
    "Jinja before the first line": ("a.j2", b"{% if x %}\n#!/bin/bash\n#SBATCH -N {{ n }}\n", "template", 3),
    "ERB": ("a.sh", b"#!/bin/bash\n#SBATCH -N <%= n %>\n", "template", 2),
    "braces": ("a.sh", b"#!/bin/bash\n#SBATCH --time={walltime}\n", "template", 2),
    "braces in a name": ("a.sh", b"#!/bin/bash\n#SBATCH -J run-{name}\n", "template", 2),
    "a fill-in mark": ("a.sh", b"#!/bin/bash\n#SBATCH --time=<HH:MM:SS>\n", "template", 2),
    "at marks": ("a.sh", b"#!/bin/bash\n#SBATCH -A x\n#SBATCH -N @NODES@\n", "template", 3),
    "percent and name": ("a.sh", b"#!/bin/bash\n#SBATCH --mem=%(mem)s\n", "template", 2),
    "percent marks": ("a.sh", b"#!/bin/bash\n#SBATCH -J %NAME%\n", "template", 2),
    "underscores": ("a.sh", b"#!/bin/bash\n#SBATCH --ntasks=__NTASKS__\n", "template", 2),
    "XXX": ("a.sh", b"#!/bin/bash\n#SBATCH --nodes=XXX\n", "template", 2),
    "a home-made word": ("a.sh", b"#!/bin/bash\n#SBATCH --time=TIME_HR_MN_SC\n", "template", 2),
    "a home-made word, short": ("a.sh", b"#!/bin/bash\n#SBATCH -t WALLTIME\n", "template", 2),
    "a variable for the nodes": ("a.sh", b"#!/bin/bash\n#SBATCH --nodes=$NODES\n", "template", 2),
    "a variable for the GPUs": ("a.sh", b"#!/bin/bash\n#SBATCH --gres=gpu:${N}\n", "template", 2),
    "a variable, short": ("a.sh", b"#!/bin/bash\n#SBATCH -J a -n $N\n", "template", 2),
    "a template with CRLF": ("a.sh", b"#!/bin/bash\r\n#SBATCH -t {{ t }}\r\n", "template", 2),
    # generators
    "a here-document": ("a.sh", b"#!/bin/bash\ncat <<EOF\n#!/bin/bash\n#SBATCH -N 1\nEOF\n", "generator", 4),
    "an indented here-document": ("a.sh", b"#!/bin/bash\ncat <<-'E'\n\t#SBATCH -N 1\n\tE\n", "generator", 3),
    "echo": ("a.sh", b'#!/bin/bash\necho "#SBATCH -N $n" >> job\n', "generator", 2),
    "printf": ("a.sh", b"#!/bin/bash\nprintf '#!/bin/sh\\n#SBATCH -n 1\\n' > j\n", "generator", 2),
    "a quoted block": ("a.sh", b'#!/bin/bash\necho "#!/bin/bash\n#SBATCH -N $n\nrun" > j\n', "generator", 3),
    "braces in a remark": ("a.sh", b'#!/bin/sh\n#SBATCH --comment="a {test}" -n 1\nx\n', "batch-script", 2),
    "a string of a test tool": (
        "t",
        b'#!/usr/bin/env expect\nset x 1\nmake_script $f "\n#SBATCH -N 1\n$x\n"\n',
        "generator",
        4,
    ),
    "a string that begins with one": (
        "t",
        b'#!/usr/bin/env expect\nmake $f "#SBATCH -n 1\n#SBATCH hetjob\n$x"\n',
        "generator",
        3,
    ),
    "a closed string before late directives": ("a.sh", b'#!/bin/sh\necho "x"\n#SBATCH -N 1\n', "batch-script", 3),
    "fed to sbatch": ("a.sh", b"#!/bin/bash\nsbatch <<EOT\n#!/bin/sh\n#SBATCH -N 1\nEOT\n", "generator", 4),
    "Python, no first line": ("a.py", b'T = """\n#SBATCH -N 1\n"""\n', "generator", 2),
    "Python, in a line": ("a.py", b'f.write("#SBATCH -N 1\\n")\n', "generator", 1),
    "Python, a list": ("a.py", b'lines = [\n    "#SBATCH -N 1",\n]\n', "generator", 2),
    "C": ("a.c", b'fprintf(f, "#SBATCH -N %d", n);\n', "generator", 1),
    "settings of a workflow": ("a.yaml", b'header: "#SBATCH -N 1"\n', "generator", 1),
    # documentation
    "a code fence": ("README.md", b"# x\n```\n#!/bin/bash\n#SBATCH -N 1\n```\n", "documentation", 4),
    "a code fence, no ending in the name": ("README", b"Hello\n```\n#SBATCH -N 1\n```\n", "documentation", 3),
    "RST": ("a.rst", b"Hello\n\n.. code-block:: bash\n\n   #SBATCH -N 1\n", "documentation", 5),
    "HTML": ("a.html", b"<html><pre>\n#SBATCH -N 1\n</pre>", "documentation", 2),
    "a notebook": ("a.ipynb", b'{\n "cells": [{"source": ["#SBATCH -N 1"]}]}', "documentation", 2),
    "prose": ("a.txt", b"Use #SBATCH --mem to ask for memory.\n", "documentation", 1),
    "LaTeX": ("a.tex", b"\\begin{verbatim}\n#SBATCH -N 1\n\\end{verbatim}\n", "documentation", 2),
    # drivers
    "calls with options": ("a.sh", b"#!/bin/bash\nsbatch -N 1 job.sh\n", "driver", 2),
    "takes the number": ("a.sh", b"#!/bin/bash\nid=$(sbatch --parsable job.sh)\n", "driver", 2),
    "in a loop": ("a.sh", b"for x in *; do sbatch $x; done\n", "driver", 1),
    "through ssh": ("a.sh", b"#!/bin/bash\nssh login sbatch job.sh\n", "driver", 2),
    "reads from a pipe": ("a.sh", b"#!/bin/bash\ncat job | sbatch\n", "driver", 2),
    "Python, a list of words": ("a.py", b'run(["sbatch", path])\n', "driver", 1),
    "Python, one string": ("a.py", b'os.system(f"sbatch {path}")\n', "driver", 1),
    "a makefile": ("Makefile", b"all:\n\tsbatch job.sh\n", "driver", 2),
    "mentions #SBATCH in a comment": ("a.sh", b"#!/bin/bash\n# over #SBATCH\nsbatch -n 1 a\n", "driver", 3),
    # look-alikes
    "a job's output": ("slurm-123.out", JOB + b"srun ./a\nstep 1 done\n", "look-alike", 2),
    "a job's log": ("train.log", JOB + b"srun ./a\nstep 1 done\n", "look-alike", 2),
    "all switched off": ("a.sh", b"#!/bin/bash\n##SBATCH -N 1\nrun\n", "look-alike", 2),
    "a blank too many": ("a.sh", b"#!/bin/bash\n# SBATCH -N 1\nrun\n", "look-alike", 2),
    "small letters": ("a.sh", b"#!/bin/bash\n#sbatch -N 1\nrun\n", "look-alike", 2),
    "indented": ("a.sh", b"#!/bin/bash\n  #SBATCH -N 1\nrun\n", "look-alike", 2),
    "PBS": ("a.sh", b"#!/bin/bash\n#PBS -l nodes=1\n##SBATCH -N 1\n", "look-alike", 3),
    "LSF": ("a.sh", b"#!/bin/bash\n#BSUB -n 1\n##SBATCH -n 1\n", "look-alike", 3),
    "Cyrillic": ("a.sh", "#!/bin/bash\n#S\u0412ATCH -N 1\n".encode(), "look-alike", 2),
    "full width": ("a.sh", "#!/bin/bash\n\n\uff03SBATCH -N 1\n".encode(), "look-alike", 3),
    "a zero-width letter": ("a.sh", "#!/bin/bash\n#SB\u200bATCH -N 1\n".encode(), "look-alike", 2),
    "a comment in C": ("a.c", b"// see #SBATCH\nint x;\n", "look-alike", 1),
    # ours
    "a manifest of ours": ("a.sh.runai.yaml", b"# s2r-ci manifest\n# x\nargs: '\n#SBATCH'\n", "manifest", 1),
    # nothing
    "nothing": ("a.sh", b"#!/bin/bash\necho hello\n", None, 0),
    "empty": ("a.sh", b"", None, 0),
    "one octet": ("a.sh", b"#", None, 0),
    "prose about sbatch": ("a.txt", b"Send it with sbatch job.sh\n", None, 0),
    "an echo about sbatch": ("a.sh", b'#!/bin/bash\necho "send it with: sbatch job.sh"\n', None, 0),
    "a comment about sbatch": ("a.sh", b"#!/bin/bash\n# sbatch job.sh\nrun\n", None, 0),
    "a docstring about sbatch": ("a.py", b'"""Run it:\n\n    sbatch job.sh\n"""\n', None, 0),
    "another command": ("a.sh", b"#!/bin/bash\nmysbatch x; sbatch_all y\n", None, 0),
    "binary": ("a.bin", b"\0\1#SBATCH\n", None, 0),
    "UTF-16 about something else": ("a.txt", "hello".encode("utf-16"), None, 0),
}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_each_example_is_what_its_readme_says(name: str) -> None:
    found = classify((EXAMPLES / name).read_bytes(), name.encode())
    assert found is not None
    assert (found.script_class.value, found.line) == NO_SCRIPTS.get(name, (found.script_class.value, found.line))
    assert (found.script_class is ScriptClass.BATCH) == (name not in NO_SCRIPTS)
    assert found.reason


def test_all_44_examples_are_there() -> None:
    assert len(list(EXAMPLES.iterdir())) == 44


@pytest.mark.parametrize(("name", "data", "expected", "line"), SNIPPETS.values(), ids=SNIPPETS)
def test_a_file_is_what_its_content_says(name: str, data: bytes, expected: str | None, line: int) -> None:
    found = classify(data, name.encode())
    assert (found and found.script_class.value) == expected, found
    assert (found.line if found else 0) == line


def test_a_late_directive_is_named_in_the_reason() -> None:
    found = classify(b"#!/bin/bash\nset -e\n#SBATCH -N 2\n", b"a.sh")
    assert found is not None
    assert "behind the first command" in found.reason


def test_the_marker_is_the_one_that_manifests_begin_with() -> None:
    assert document.MARKER.encode() == MARKER


def test_plain_letters_are_no_homoglyphs() -> None:
    assert homoglyph_line("#!/bin/bash\n#SBATCH -J café\n# Привет SBATCH\n".encode()) == 0


@pytest.mark.parametrize("piece", [b"#SBATCH --a", b"<<A", b"{{", b'"', b"'", b"\n", b"(sbatch ", b"#SBATCH -t <"])
def test_the_time_grows_with_the_size_and_not_faster(piece: bytes) -> None:
    """A megabyte of the worst that each pattern can meet ends within the test's own time limit."""
    for head in (b"", b"#!/bin/bash\n", b"#!/bin/bash\nset -e\n#SBATCH -N 1\n"):
        classify(head + piece * (1_000_000 // len(piece)), b"a.sh")
