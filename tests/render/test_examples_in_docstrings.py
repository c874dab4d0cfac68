"""The examples in docstrings run."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "name", ["s2r_ci.wire", *(f"s2r_ci.render.{word}" for word in ("safe", "words", "sarif", "markdown"))]
)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    done = doctest.testmod(import_module(name))
    assert done.attempted
    assert not done.failed
