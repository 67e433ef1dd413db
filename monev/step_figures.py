"""Each SOP step against its standard, the bottleneck, and why work was sent back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from monev.judging import spread_of
from monev.model import Rejection, StepFigures
from monev.rows import Rows
from sop.model import Sop, Step


def step_figures(rounds: pl.DataFrame, sops: Mapping[str, Sop]) -> tuple[StepFigures, ...]:
    """All steps by number; `sops` in the order in which they came into force, the newest last."""
    closed = rounds.filter("in_period")
    over = (pl.col("seconds") - pl.col("standard") * 60).clip(lower_bound=0)
    closed = closed.with_columns(excess=over.fill_null(0))
    total = int(closed["excess"].sum())
    by_step = {int(key[0]): part for key, part in closed.group_by("step_no")}
    empty = closed.clear()
    return tuple(
        _figures(step, role, by_step.get(step.no, empty), total)
        for step, role in _newest_steps(sops, set(by_step))
    )


def bottleneck_of(steps: tuple[StepFigures, ...]) -> int | None:
    """The step with the largest share of all excess; None when nothing was late."""
    late = [step for step in steps if step.excess > 0]
    return max(late, key=lambda step: (step.excess, -step.no)).no if late else None


def _figures(step: Step, role: str, closed: pl.DataFrame, total: int) -> StepFigures:
    excess = int(closed["excess"].sum())
    unjudged = closed["standard"].null_count()
    is_judged = unjudged < len(closed)
    within = int((closed["seconds"] <= closed["standard"] * 60).sum())
    has_standard = step.standard_minutes is not None
    publications = closed["publication_id"].n_unique()
    return StepFigures(
        no=step.no,
        name=step.short,
        role=role,
        standard=float(step.standard_minutes) if step.standard_minutes is not None else None,
        time=spread_of(closed["seconds"]),
        within=within if is_judged else None,
        returned=int((closed["outcome"] == "tidak").sum()),
        rounds_per_publication=len(closed) / publications if publications else None,
        excess=excess / 60,
        excess_share=excess / total if total and (is_judged or has_standard) else None,
        unjudged=unjudged,
    )


def _newest_steps(sops: Mapping[str, Sop], seen: set[int]) -> Iterator[tuple[Step, str]]:
    """The steps in force, and those of earlier revisions that were still gone through."""
    newest_first = list(sops.values())[::-1]
    in_force = {step.no for step in newest_first[0].steps} if newest_first else set()
    for no in sorted(in_force | seen):
        for sop in newest_first:
            step = next((one for one in sop.steps if one.no == no), None)
            if step is not None:
                yield step, sop.role_name(step.role)
                break


def rejections_of(rows: Rows) -> tuple[Rejection, ...]:
    """Every "tidak" of the period, in order of time."""
    named = rows.publications.select(pl.col("id").alias("publication_id"), "reference", "title")
    found = rows.rejections.join(named, on="publication_id", how="inner").sort(
        "decided_at", "reference", "step_no"
    )
    return tuple(
        Rejection(*row)
        for row in found.select(
            "reference", "title", "step_no", "number", "decided_at", "reason"
        ).iter_rows()
    )
