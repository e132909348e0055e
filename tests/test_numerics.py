"""Anderson acceleration in NumPy and JAX, the small solve, the compilation cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from foederis.numerics import FixedPoint, anderson, namespace

RNG = np.random.default_rng(0)
MATRIX = 0.95 * np.linalg.qr(RNG.normal(size=(30, 30)))[0]
SHIFT = RNG.normal(size=30)
SOLUTION = np.linalg.solve(np.eye(30) - MATRIX, SHIFT)


def linear(x: np.ndarray) -> tuple[np.ndarray, float]:
    """A contraction of rate 0.95: alone it needs 450 passes for 1e-10."""
    image = MATRIX @ x + SHIFT
    return image, float(np.abs(image - x).max())


def test_anderson_beats_the_plain_iteration() -> None:
    end = anderson(linear, np.zeros(30), tolerance=1e-11, memory=29, max_passes=200)
    assert end.converged(1e-11)
    assert end.passes < 80
    np.testing.assert_allclose(end.point, SOLUTION, atol=1e-9)


def test_the_best_point_is_kept_when_time_runs_out_or_numbers_end() -> None:
    end = anderson(linear, np.zeros(30), tolerance=1e-30, memory=3, max_passes=7)
    assert end.passes == 7
    assert linear(end.point)[1] == end.error
    assert not end.converged(1e-30)

    calls = []

    def breaks(x: np.ndarray) -> tuple[np.ndarray, float]:
        calls.append(x)
        image, error = linear(x)
        return image, float("nan") if len(calls) == 4 else error

    broken = anderson(breaks, np.zeros(30), tolerance=1e-30)
    assert broken.passes == 4
    assert np.isfinite(broken.error)
    assert linear(broken.point)[1] == broken.error
    assert not FixedPoint(SHIFT, 1, float("nan")).converged(1.0)


def test_a_point_that_does_not_move_is_no_trouble() -> None:
    end = anderson(lambda x: (x, 1.0), np.ones(3), tolerance=0.5, max_passes=20)
    assert end.passes == 20
    assert np.array_equal(end.point, np.ones(3))


def test_jax_takes_the_same_path() -> None:
    import jax.numpy as jnp

    from foederis.numerics_jax import anderson_loop

    def step(x: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
        image = jnp.asarray(MATRIX) @ x + SHIFT
        return image, jnp.abs(image - x).max()

    for most in (7, 200):
        plain = anderson(linear, np.zeros(30), tolerance=1e-8, memory=5, max_passes=most)
        point, passes, error = anderson_loop(step, jnp.zeros(30), 1e-8, 5, most)
        assert int(passes) == plain.passes
        np.testing.assert_allclose(point, plain.point, atol=1e-7)
        assert float(error) == pytest.approx(plain.error, rel=0.5)
    assert namespace(point) is jnp
    assert namespace(SHIFT) is np


def test_jax_ends_on_values_that_are_not_numbers() -> None:
    import jax.numpy as jnp

    from foederis.numerics_jax import anderson_loop

    for bad in (jnp.nan, jnp.inf):
        point, passes, error = anderson_loop(lambda x, bad=bad: (x + bad, jnp.asarray(bad)), jnp.ones(2), 1e-8, 2, 50)
        assert int(passes) == 1
        assert not float(error) <= 1e-8
        assert np.array_equal(point, np.ones(2))


def test_the_small_solve_solves() -> None:
    import jax.numpy as jnp

    from foederis.numerics_jax import solve_small

    for n in (1, 4, 9):
        root = RNG.normal(size=(n, n))
        matrix, right = root @ root.T + np.eye(n), RNG.normal(size=n)
        np.testing.assert_allclose(solve_small(jnp.asarray(matrix), jnp.asarray(right)), np.linalg.solve(matrix, right))


def test_the_compilation_cache_is_silent_and_used(tmp_path: Path) -> None:
    """A second process reads the compiled program; neither prints a word."""
    code = (
        "import sys, pathlib; from foederis.numerics_jax import enable_compilation_cache, anderson_loop;"
        "import jax, jax.numpy as jnp; folder = pathlib.Path(sys.argv[1]);"
        "assert enable_compilation_cache(folder) == folder;"
        "step = lambda x: (jnp.cos(x), jnp.abs(jnp.cos(x) - x).max());"
        "jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0);"
        "print(float(jax.jit(lambda x: anderson_loop(step, x, 1e-10)[0])(jnp.ones(3))[0]))"
    )
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    answers, files = [], []
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "cache")],
            capture_output=True, text=True, check=True, env=environment,
        )  # fmt: skip
        assert run.stderr == ""
        answers.append(run.stdout)
        files.append(sorted(path.name for path in (tmp_path / "cache").glob("*-cache")))
    assert answers[0] == answers[1]
    assert files[0]
    assert files[0] == files[1]


def test_where_it_cannot_be_written_or_would_talk_there_is_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foederis.numerics_jax import enable_compilation_cache

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    assert enable_compilation_cache(tmp_path / "file" / "cache") is None
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "1")
    assert enable_compilation_cache(tmp_path / "cache") is None
    assert not (tmp_path / "cache").exists()
