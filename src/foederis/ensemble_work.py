"""How work is spread over processes: the same bits for any number of them.

A job is an object; its methods do the tasks. Forked processes share it with this one and copy nothing; where processes
must be spawned it travels once to each. Linear algebra has one thread everywhere: more are slower on matrices of this
size and change the last bits.
"""

from __future__ import annotations

import copyreg
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

__all__ = ["beside", "keep_freed_memory", "one_thread", "spread"]

KEPT_BYTES = 31 * 2**20  # just below the largest block from which glibc learns (32 MiB)


def spread(
    job: Any, verb: str, tasks: Sequence[Any], workers: int | None, meanwhile: Callable[[], None] | None = None
) -> Iterator[tuple[int, Any]]:
    """Apply a method of a job to every task, in this process or in several; yields (position, result) as they end.

    `meanwhile` is done here once the others have begun: what comes next and does not ask for the results.
    """
    with beside(job, verb, tasks, workers) as done:
        if meanwhile is not None:
            meanwhile()
        yield from done


@contextmanager
def beside(job: Any, verb: str, tasks: Sequence[Any], workers: int | None) -> Iterator[Iterator[tuple[int, Any]]]:
    """`spread` for a process that has work of its own: other processes begin at once, and their results are asked for
    later in the block. With one worker nothing is begun before it is asked for, here.

    When the block ends by an error, tasks that have not begun are dropped.
    """
    keep_freed_memory()
    count = max(1, min(_cores() if workers is None else workers, len(tasks)))
    if count == 1:
        yield _here(job, verb, tasks)
        return
    # Forking shares the world without copying it; a process that runs JAX has threads and must not be forked.
    import multiprocessing

    forkable = sys.platform == "linux" and "jax" not in sys.modules
    context = multiprocessing.get_context("fork" if forkable else "spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(job,)) as pool:
        futures = {pool.submit(_work, verb, task): k for k, task in enumerate(tasks)}
        try:
            yield ((futures[future], future.result()) for future in as_completed(futures))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _here(job: Any, verb: str, tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    with one_thread():
        for k, task in enumerate(tasks):
            yield k, getattr(job, verb)(task)


def _frozen(table: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(table)


def _reduced(table: MappingProxyType[Any, Any]) -> tuple[Callable[..., Any], tuple[dict[Any, Any]]]:
    return _frozen, (dict(table),)


copyreg.pickle(MappingProxyType, _reduced)  # jobs hold frozen tables; where processes are spawned, they must travel
_job: Any = None  # what a worker process works on


def _begin(job: Any) -> None:
    global _job
    _job = job
    gc.freeze()  # what came with the fork stays shared: the collector would write to every page of it


def _work(verb: str, task: Any) -> Any:
    assert _job is not None
    with one_thread():
        return getattr(_job, verb)(task)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of linear algebra: more are slower on matrices of this size and change the last bits."""
    from threadpoolctl import threadpool_limits

    keep_freed_memory()
    with threadpool_limits(limits=1):
        yield


@cache
def keep_freed_memory() -> None:
    """Let the allocator keep what is freed for the next arrays, instead of handing it back to the system each time.

    glibc returns freed blocks at once until it has seen a large one freed, and then keeps up to twice its size
    (mallopt(3), M_MMAP_THRESHOLD). Arrays over all pairs and sectors have 1 MB: without this every one of them is
    fetched and cleared anew, a tenth of the time of a run. Elsewhere nothing happens; the block is never touched.
    """
    np.empty(KEPT_BYTES, dtype=np.uint8)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
