"""What is to be done with a table that was handed in, and the same as a document that another server reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from flora_core.access import NOBODY, Principal, Role
from flora_core.tables.rows.checking import DuplicatePolicy
from flora_core.workflows.batch.plan import BatchRequest


@dataclass(frozen=True, slots=True)
class BatchJob:
    """What is to be done with a table.

    Attributes
    ----------
    request : BatchRequest
    owner : Principal
        Who sent it; nobody else but a maintainer is told of it.
    record, again : bool
    by, collector, site : str
        As for `run_batch`.
    darwin_core : bool
        Whether a Darwin Core archive is wanted too.
    parquet : bool
        Whether the table is wanted as Parquet too.
    """

    request: BatchRequest
    owner: Principal = NOBODY
    record: bool = False
    again: bool = False
    by: str = ""
    collector: str = ""
    site: str = ""
    darwin_core: bool = False
    parquet: bool = False


def order_document(order: BatchJob) -> dict[str, Any]:
    """The order as JSON holds it."""
    owner = order.owner
    return {
        **asdict(replace(order, owner=NOBODY)),
        "owner": {
            "subject": owner.subject,
            "issuer": owner.issuer,
            "name": owner.name,
            "roles": sorted(owner.roles),
            "token": owner.token,
        },
    }


def order_from(document: Mapping[str, Any]) -> BatchJob:
    """The order that `order_document` wrote."""
    owner = document["owner"]
    return BatchJob(
        **{
            **document,
            "request": request_from(document["request"]),
            "owner": Principal(
                owner["subject"], owner["issuer"], owner["name"], frozenset(map(Role, owner["roles"])), owner["token"]
            ),
        }
    )


def request_from(document: Mapping[str, Any]) -> BatchRequest:
    """The request that `dataclasses.asdict` wrote, after a way through JSON."""
    said = {**document, "duplicates": DuplicatePolicy(document["duplicates"])}
    known: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in said.items()}
    return BatchRequest(**known)
