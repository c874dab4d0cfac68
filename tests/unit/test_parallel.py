"""Work on all cores: the answers come in the order of the items, whoever did them."""

import os
from collections.abc import Sequence

import pytest

from s2r_ci.parallel import CHUNK, WORTH_A_WORKER, each_chunk


def double(chunk: Sequence[int]) -> list[tuple[int, int]]:
    return [(2 * number, os.getpid()) for number in chunk]


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1, WORTH_A_WORKER, 1000])
@pytest.mark.parametrize("jobs", [0, 1, 2, 3])
def test_the_order_is_kept(count: int, jobs: int) -> None:
    done = [answer for chunk in each_chunk(range(count), double, jobs=jobs) for answer, _ in chunk]
    assert done == [2 * number for number in range(count)]


def test_few_items_stay_in_this_process() -> None:
    done = [process for chunk in each_chunk(range(WORTH_A_WORKER - 1), double, jobs=4) for _, process in chunk]
    assert set(done) == {os.getpid()}


def test_many_items_go_to_others() -> None:
    done = {process for chunk in each_chunk(range(1000), double, jobs=2) for _, process in chunk}
    assert os.getpid() not in done


def test_an_error_of_a_worker_reaches_the_caller() -> None:
    def fail(chunk: Sequence[int]) -> list[int]:
        if 500 in chunk:
            raise ValueError("bad item")
        return list(chunk)

    with pytest.raises(ValueError, match="bad item"):
        list(each_chunk(range(1000), fail, jobs=2))
