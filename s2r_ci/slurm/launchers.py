"""What a command starts: launchers, containers and wrappers, peeled off word by word.

``srun --mpi=pmix apptainer exec --nv x.sif python fit.py`` is four layers deep. ``peel`` takes the outermost one
off and says where the rest begins; it looks at words alone and knows nothing of the shell's grammar. The tables
say which options take a value of their own, because only then one can tell an option's value from the program.
Sources: srun(1), mpirun of Open MPI 4 and 5, mpiexec of Hydra, and the help texts of the launchers themselves.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

_new: Final = tuple.__new__  # a named tuple's own constructor takes twice as long


class Layer(NamedTuple):
    """The outermost layer of a command."""

    kind: str  # launcher, container, wrapper, shell
    name: str  # srun, mpirun, apptainer, ...; for a wrapper its own name
    program: int  # where the words of what it runs begin; the number of words when it runs nothing
    image: str = ""  # of a container
    runs: bool = True  # false where an image is only fetched


class _Options(NamedTuple):
    """How to find the end of a command's options."""

    values: frozenset[str] = frozenset()  # these take the next word
    flags: frozenset[str] | None = None  # when given: these take none, all other long ones do
    pairs: frozenset[str] = frozenset()  # these take the next two words
    skip: int = 0  # words between the options and the program: the time of `timeout 60 x`
    bundled: str = ""  # letters of short options that take a value, for `-lc`: only as the last letter


def words_of(text: str) -> frozenset[str]:
    """A table of words, written as one text."""
    return frozenset(text.split())


_SRUN: Final = _Options(
    values=words_of(
        "-A -B -c -C -d -D -e -G -i -J -L -m -M -n -N -o -p -P -q -r -R -S -t -T -w -x "
        "--accel-bind --account --acctg-freq --argv --bb --bbf --begin --chdir --cluster-constraint --clusters "
        "--comment --constraint --container --container-id --container-image --container-mounts --container-name "
        "--container-save --container-workdir --container-env --core-spec --cores-per-socket --cpu-bind --cpu-freq "
        "--cpus-per-gpu --cpus-per-task --deadline --delay-boot --dependency --distribution --epilog --error "
        "--exclude --export --extra --extra-node-info --gid --gpu-bind --gpu-freq --gpus --gpus-per-node "
        "--gpus-per-socket --gpus-per-task --gres --gres-flags --het-group --hint --input --jobid --job-name "
        "--licenses --mail-type --mail-user --max-exit-timeout --mem --mem-bind --mem-per-cpu --mem-per-gpu "
        "--mincpus --mpi --msg-timeout --network --nodefile --nodelist --nodes --ntasks --ntasks-per-core "
        "--ntasks-per-gpu --ntasks-per-node --ntasks-per-socket --ntasks-per-tres --open-mode --output "
        "--pack-group --partition --power --prefer --priority --profile --prolog --qos --relative --reservation "
        "--segment --signal --slurmd-debug --sockets-per-node --spank --stepmgr --switches --task-epilog "
        "--task-prolog --thread-spec --threads --threads-per-core --time --time-min --tmp --treewidth --tres-bind "
        "--tres-per-task --uid --wait -W --wckey"
    )
)
_MPIRUN: Final = _Options(
    values=words_of(
        "-n --n -np --np -c -N -npernode --npernode -npersocket --npersocket -ppn -perhost -cpus-per-proc "
        "--cpus-per-proc --cpus-per-rank -cpus-per-rank -H -host --host -hosts --hosts -hostfile --hostfile "
        "-machinefile --machinefile -machine -f -x -wdir --wdir -wd --wd -path --path -prefix --prefix "
        "-map-by --map-by -bind-to --bind-to -rank-by --rank-by -rf --rankfile -rankfile -cpu-set --cpu-set "
        "-output-filename --output-filename -output --output -timeout --timeout -tune --tune -am --am "
        "-launcher -launcher-exec -bootstrap -bootstrap-exec -rmk -iface -genvlist -envlist -outfile-pattern "
        "-errfile-pattern -configfile -pmi-port -binding -bind -o -ho --mpi -gtool --personality --dvm-uri "
        "--report-pid --report-uri --stdin -stdin -xterm --xterm -gpath -gwdir -ghost -gn -gnp"
    ),
    pairs=words_of("-mca --mca -gmca --gmca -genv -env --prtemca --pmixmca --omca"),
)
_TORCHRUN: Final = _Options(flags=words_of("--standalone --no-python --run-path --use-env --help -m --module"))
_ACCELERATE: Final = _Options(
    flags=words_of(
        "--cpu --multi-gpu --tpu --ipex --quiet --use-deepspeed "
        "--use-fsdp --use-megatron-lm --use-xpu --use-mps-device "
        "--same-network --debug --no-python -m --module --dynamo-use-fullgraph --dynamo-use-dynamic -q "
        "--enable-cpu-affinity --downcast-bf16 --tpu-use-cluster --use-parallelism-config --fsdp-cpu-ram-efficient"
    )
)
_DEEPSPEED: Final = _Options(
    flags=words_of(
        "--no-python --module --no-local-rank --force-multi --save-pid --no-ssh-check --no-ssh --bind-cores-to-rank "
        "--elastic-training --help"
    )
)
_HOROVODRUN: Final = _Options(
    values=words_of(
        "-np --num-proc -H --hosts -hostfile --hostfile -p --ssh-port -i --network-interfaces --start-timeout "
        "--min-np --max-np --host-discovery-script --output-filename --config-file --mpi-args --log-level "
        "--fusion-threshold-mb --cycle-time-ms --timeline-filename --slots-per-host"
    )
)

_LAUNCHERS: Final[dict[str, tuple[str, _Options]]] = {
    "srun": ("srun", _SRUN),
    **dict.fromkeys(("mpirun", "orterun", "prun", "prterun", "ibrun", "mpirun_rsh"), ("mpirun", _MPIRUN)),
    **dict.fromkeys(("mpiexec", "mpiexec.hydra", "mpiexec.slurm"), ("mpiexec", _MPIRUN)),
    "torchrun": ("torchrun", _TORCHRUN),
    "deepspeed": ("deepspeed", _DEEPSPEED),
    "horovodrun": ("horovodrun", _HOROVODRUN),
}
_MODULES: Final[dict[str, tuple[str, _Options]]] = {
    "torch.distributed.run": ("torch.distributed", _TORCHRUN),
    "torch.distributed.launch": ("torch.distributed", _TORCHRUN),
    "accelerate.commands.launch": ("accelerate", _ACCELERATE),
    "deepspeed.launcher.runner": ("deepspeed", _DEEPSPEED),
}
PYTHON_LAUNCHERS: Final = words_of("torchrun torch.distributed accelerate deepspeed ray")  # they run Python files
_PYTHON: Final = re.compile(r"(?:python|pypy|ipython)[\d.]*")

_APPTAINER: Final = _Options(
    values=words_of(
        "-B --bind -H --home -W --workdir --pwd --cwd -S --scratch --env --env-file -o --overlay --mount --hostname "
        "--network --network-args --security --app --dns --fusemount --add-caps --drop-caps --apply-cgroups --cpus "
        "--memory --memory-swap --pid-file --pem-path --cpu-shares --cpuset-cpus --docker-host --blkio-weight"
    )
)
_DOCKER: Final = _Options(
    values=words_of(
        "-v --volume -e --env -w --workdir -u --user --name --gpus --shm-size --network --net --ipc -p --publish "
        "--mount --env-file --entrypoint --ulimit --cpus -m --memory --memory-swap --runtime --device -h --hostname "
        "--pid -l --label --add-host --cap-add --cap-drop --security-opt --platform --cgroupns --userns --group-add "
        "--restart --log-driver --log-opt --tmpfs --cpuset-cpus --uts --pull --dns --hooks-dir --volumes-from "
        "--cidfile --device-cgroup-rule --sysctl --stop-signal --annotation --arch --os"
    )
)
_ENGINES: Final[dict[str, tuple[str, _Options]]] = {
    "apptainer": ("apptainer", _APPTAINER),
    "singularity": ("singularity", _APPTAINER),
    "docker": ("docker", _DOCKER),
    "nvidia-docker": ("docker", _DOCKER),
    "podman": ("podman", _DOCKER),
    "podman-hpc": ("podman", _DOCKER),
    "enroot": (
        "enroot",
        _Options(values=words_of("-c --conf -e --env -m --mount -n --name -o --output -a --arch")),
    ),
    "sarus": ("sarus", _Options(values=words_of("--mount --device --entrypoint -w --workdir -e --env"))),
    "udocker": ("udocker", _DOCKER),
}
_RUNS: Final = words_of("exec run shell test start")
_FETCHES: Final = words_of("pull build import create load")
_DIRECT: Final[dict[str, tuple[str, _Options]]] = {
    "ch-run": ("charliecloud", _Options(values=words_of("-b --bind -c --cd --set-env -d --home"))),
    "shifter": (
        "shifter",
        _Options(values=words_of("-i --image -V --volume -e --env -w --workdir -m --module --entrypoint")),
    ),
}

_WRAPPERS: Final[dict[str, _Options]] = {
    **dict.fromkeys(
        ("nohup", "setsid", "catchsegv", "unbuffer", "builtin", "coproc", "then", "do", "else", "!"), _Options()
    ),
    "time": _Options(values=words_of("-f -o --format --output")),
    "exec": _Options(values=words_of("-a")),
    "command": _Options(),
    "env": _Options(values=words_of("-u --unset -C --chdir -S")),
    "nice": _Options(values=words_of("-n --adjustment")),
    "ionice": _Options(values=words_of("-c -n -p")),
    "numactl": _Options(
        values=words_of("-C -N -m -i -p --physcpubind --cpunodebind --membind --interleave --preferred")
    ),
    "taskset": _Options(skip=1),
    "stdbuf": _Options(values=words_of("-i -o -e")),
    "timeout": _Options(values=words_of("-s -k --signal --kill-after"), skip=1),
    "sudo": _Options(values=words_of("-u -g -C -h -p")),
    "xargs": _Options(
        values=words_of("-I -n -P -L -d -a -s -E --max-args --max-procs --replace --delimiter --arg-file")
    ),
    "parallel": _Options(
        values=words_of(
            "-j --jobs -a --arg-file --joblog --delay --retries --timeout -N -n -P --colsep -I "
            "--tmpdir --results --sshloginfile --slf --wd --env --memfree --load"
        )
    ),
    "strace": _Options(values=words_of("-o -e -p -s -E")),
    "valgrind": _Options(),
    "gdb": _Options(values=words_of("-ex -x")),
    "perf": _Options(values=words_of("-e -o -F"), skip=1),
    "nsys": _Options(
        values=words_of("-o --output -t --trace -s --sample -d --duration -y --delay -c --capture-range -w"), skip=1
    ),
    "ncu": _Options(
        values=words_of("-o --export -k --kernel-name -c --launch-count -s --launch-skip --set --metrics --section")
    ),
    "likwid-pin": _Options(values=words_of("-c")),
    "watch": _Options(values=words_of("-n -d")),
}
_RUNNERS: Final = words_of("poetry uv pipenv pixi hatch rye")  # poetry run python x.py
_CONDAS: Final = words_of("conda mamba micromamba")
SHELLS: Final = words_of("bash sh zsh dash ksh ksh93 mksh ash rbash")
_ASSIGNED: Final = re.compile(r"[A-Za-z_]\w*=")


def base_name(word: str) -> str:
    """The name of a command without its folder."""
    return word.rpartition("/")[2]


def _end_of_options(words: Sequence[str], at: int, spec: _Options) -> int:
    """The place of the first word behind the options; ``--`` ends them."""
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            break
        if len(word) < 2 or word[0] not in "-+":
            break
        at += 1 + _taken(word, spec)
    return min(at + spec.skip, len(words))


def _taken(word: str, spec: _Options) -> int:
    """How many words behind this option belong to it."""
    if word in spec.pairs:
        return 2
    if spec.flags is None:
        return int(word in spec.values)
    if "=" in word:
        return 0
    name = word.replace("_", "-")
    return int(name not in spec.flags)


def _option(words: Sequence[str], end: int, *names: str) -> str:
    """The value of the first of these options before ``end``."""
    for at in range(1, end):
        name, equals, value = words[at].partition("=")
        if name in names:
            return value if equals else (words[at + 1] if at + 1 < end else "")
    return ""


def pyxis_image(words: Sequence[str]) -> str:
    """The value of ``--container-image`` among the words of an srun."""
    if "--container-image" not in " ".join(words):
        return ""
    return _option(words, _end_of_options(words, 1, _SRUN), "--container-image")


def _module_start(words: Sequence[str], at: int) -> int:
    """``torchrun -m pkg.train``: the program begins with the ``-m`` that stands right before it."""
    return at - 1 if at < len(words) and words[at - 1] in ("-m", "--module") else at


def _python(words: Sequence[str], name: str) -> Layer | None:
    if "-m" not in words:
        return None
    for at in range(1, len(words) - 1):
        if words[at] == "-m":
            known = _MODULES.get(words[at + 1])
            if known is None:
                return None
            launcher, spec = known
            return Layer("launcher", launcher, _module_start(words, _end_of_options(words, at + 2, spec)))
        if not words[at].startswith("-"):
            return None
    return None


def _launcher(words: Sequence[str], name: str) -> Layer | None:
    if known := _LAUNCHERS.get(name):
        end = _end_of_options(words, 1, known[1])
        return _new(Layer, ("launcher", known[0], _module_start(words, end) if known[1].flags else end, "", True))
    if name == "accelerate" and words[1:2] == ["launch"]:
        return Layer("launcher", name, _module_start(words, _end_of_options(words, 2, _ACCELERATE)))
    if name == "ray" and words[1:2] == ["start"]:
        return Layer("launcher", name, len(words))
    return None


def _container(words: Sequence[str], name: str) -> Layer | None:
    if known := _DIRECT.get(name):
        end = _end_of_options(words, 1, known[1])
        if name == "shifter":
            return Layer("container", known[0], end, _option(words, end, "-i", "--image"))
        return Layer("container", known[0], min(end + 1, len(words)), words[end] if end < len(words) else "")
    known = _ENGINES.get(name)
    if known is None:
        return None
    engine, spec = known
    verb = _end_of_options(words, 1, spec)
    if verb < len(words) and words[verb] == "instance":
        verb += 1
    return _verb(words, verb, engine, spec) if verb < len(words) else None


def _verb(words: Sequence[str], verb: int, engine: str, spec: _Options) -> Layer | None:
    """``exec``, ``run``: the image and its program. ``pull``, ``build``: the image alone."""
    if words[verb] in _RUNS and (engine not in ("docker", "podman", "udocker") or words[verb] == "run"):
        end = _end_of_options(words, verb + 1, spec)
        return Layer("container", engine, min(end + 1, len(words)), words[end] if end < len(words) else "")
    if words[verb] in _FETCHES:
        rest = words[verb + 1 :]
        image = next((word for word in rest if "://" in word), rest[-1] if rest else "")
        return Layer("container", engine, len(words), image, runs=False)
    return None


def _wrapper(words: Sequence[str], name: str) -> Layer | None:
    if name in _RUNNERS and words[1:2] == ["run"]:
        return Layer("wrapper", name, _end_of_options(words, 2, _Options()))
    if name in _CONDAS and words[1:2] == ["run"]:
        spec = _Options(values=words_of("-n --name -p --prefix --cwd"))
        return Layer("wrapper", name, _end_of_options(words, 2, spec))
    found = _WRAPPERS.get(name)
    if found is None or (name == "command" and words[1:2] in (["-v"], ["-V"])):
        return None
    end = _end_of_options(words, 1, found)
    while name in ("env", "sudo") and end < len(words) and _ASSIGNED.match(words[end]):
        end += 1
    return Layer("wrapper", name, end)


_Peel = Callable[[Sequence[str], str], Layer | None]
PEELS: Final[dict[str, _Peel]] = {
    **dict.fromkeys((*_LAUNCHERS, "accelerate", "ray"), _launcher),
    **dict.fromkeys((*_ENGINES, *_DIRECT), _container),
    **dict.fromkeys((*_WRAPPERS, *_RUNNERS, *_CONDAS), _wrapper),
    **dict.fromkeys(("python", "python3"), _python),
}


def peeler(name: str) -> _Peel | None:
    """What takes the outermost layer off a command of this name (words without quotes, name); None: nothing can."""
    found = PEELS.get(name)
    if found is None and name.startswith(("python", "pypy", "ipython")) and _PYTHON.fullmatch(name):
        return _python
    return found


def peel(words: Sequence[str]) -> Layer | None:
    """The outermost layer of a command (words without quotes), or None when it is a plain program.

    >>> peel(["srun", "-n", "4", "torchrun", "train.py"])
    Layer(kind='launcher', name='srun', program=3, image='', runs=True)
    >>> peel(["apptainer", "exec", "--nv", "a.sif", "python", "x.py"])
    Layer(kind='container', name='apptainer', program=4, image='a.sif', runs=True)
    """
    name = base_name(words[0]) if words else ""
    take = peeler(name)
    return take(words, name) if take else None
