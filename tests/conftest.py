"""Shared fixtures: strict numerics, Hypothesis profiles, the raw data where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("NPROC", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import pytest
from hypothesis import HealthCheck, settings

from foederis import ensemble_work

settings.register_profile(
    "ci", derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).resolve().parents[1]


def raw_data_folder() -> Path:
    """The folder of raw data: FOEDERIS_RAW_DATA, or `../shared/data` beside the repository."""
    return Path(os.environ.get("FOEDERIS_RAW_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session", autouse=True)
def one_process_for_each_core() -> None:
    """With `pytest -n` every core has a process already: work that could be spread stays in it, unless a test asks for
    more. What is found is the same; starting processes that load everything again costs a third of the suite's time."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        ensemble_work._cores = lambda: 1


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Raw data that are not shipped: absent means skip, except on the test server, where it is a failure."""
    folder = raw_data_folder()
    if folder.is_dir():
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail(f"raw data folder {folder} is missing; set FOEDERIS_RAW_DATA")
    pytest.skip(f"raw data folder {folder} is not here; set FOEDERIS_RAW_DATA to run this test")
