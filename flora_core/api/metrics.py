"""`/metrics` in OpenMetrics: what this process answered, and what the database holds, for a monitoring system to read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from flora_core.errors import FloraError
from flora_core.workflows.context import AppContext
from flora_core.workflows.reports.metrics import StudyFigures, study_figures

if TYPE_CHECKING:
    from prometheus_client import Histogram

_log: Final = logging.getLogger("flora.metrics")

#: Seconds; from one plant over the API to a slow table.
_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counters of this process, and a reader of the context's figures at each scrape."""

    @cached_property
    def _seconds(self) -> Histogram:
        # Made at the first request: the first visitor of the pages does not wait for the library.
        from prometheus_client import Histogram

        return Histogram(
            "flora_request_seconds",
            "Time to answer a request of the API.",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=None,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        # A method is what a caller wrote; only the known ones become a label.
        known = method if method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH") else "other"
        self._seconds.labels(known, route, str(status)).observe(seconds)

    def page(self, context: AppContext | None) -> tuple[bytes, str]:
        """The page's content and its type; without a context, only what this process counted."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

        whole = CollectorRegistry()
        whole.register(_Both(self._seconds, context))
        page: bytes = generate_latest(whole)  # type: ignore[no-untyped-call]
        return page, CONTENT_TYPE_LATEST


class _Both:
    """A collector, as the library calls anything with `collect`."""

    def __init__(self, counted: Histogram, context: AppContext | None) -> None:
        self._counted, self._context = counted, context

    def collect(self) -> Iterator[Any]:
        yield from self._counted.collect()
        yield from _record_statistics(self._context)


def _record_statistics(context: AppContext | None) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    figures: list[StudyFigures] = []
    ready = context is not None
    if context is not None:
        try:
            figures = study_figures(context)
        except FloraError as error:
            ready = False
            _log.error("the figures can't be read: %s", error.message)
    up = GaugeMetricFamily("flora_ready", "1 when the database and the champions answer.")
    up.add_metric([], float(ready and all(f.champion_version is not None for f in figures)))
    yield up
    identified = CounterMetricFamily("flora_identifications", "Plants identified and recorded.", labels=["study"])
    troubled = CounterMetricFamily("flora_rows_with_issues", "Recorded rows that had any issue.", labels=["study"])
    refused = CounterMetricFamily("flora_rows_refused", "Recorded rows that could not be identified.", labels=["study"])
    determined = CounterMetricFamily("flora_determinations", "Plants a person determined.", labels=["study"])
    coverage = GaugeMetricFamily("flora_coverage_ratio", "Determined plants over identified plants.", labels=["study"])
    version = GaugeMetricFamily("flora_champion_version", "The version that identifies.", labels=["study"])
    age = GaugeMetricFamily("flora_champion_age_seconds", "Time since the champion was promoted.", labels=["study"])
    verdict = GaugeMetricFamily(
        "flora_verdict", "1 for the newest verdict that was kept, 0 for the others.", labels=["study", "verdict"]
    )
    for f in figures:
        identified.add_metric([f.study], f.identified)
        troubled.add_metric([f.study], f.troubled)
        refused.add_metric([f.study], f.refused)
        determined.add_metric([f.study], f.determined)
        if f.identified:
            coverage.add_metric([f.study], f.determined / f.identified)
        if f.champion_version is not None and f.champion_age is not None:
            version.add_metric([f.study], f.champion_version)
            age.add_metric([f.study], f.champion_age.total_seconds())
        if f.verdict:
            for colour in ("green", "amber", "red", "too few"):
                verdict.add_metric([f.study, colour], float(f.verdict == colour))
    yield from (identified, troubled, refused, determined, coverage, version, age, verdict)
