"""Each SOP step against its standard, the bottleneck, and why work was sent back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from monev.judging import NOTHING, P90, P90_BETWEEN
from monev.model import Rejection, Spread, StepFigures
from monev.rows import Rows
from sop.model import Sop, Step


def step_figures(rounds: pl.DataFrame, sops: Mapping[str, Sop]) -> tuple[StepFigures, ...]:
    """All steps by number; `sops` in the order in which they came into force, the newest last."""
    standard, seconds = pl.col("standard") * 60, pl.col("seconds")
    counted = (
        rounds.filter("in_period")
        .group_by("step_no")
        .agg(
            n=pl.len(),
            median=seconds.median(),
            p90=seconds.quantile(P90, P90_BETWEEN),
            maximum=seconds.max(),
            within=(seconds <= standard).sum(),
            unjudged=standard.null_count(),
            returned=(pl.col("outcome") == "tidak").sum(),
            publications=pl.col("publication_id").n_unique(),
            excess=(seconds - standard).clip(lower_bound=0).sum(),
        )
    )
    total = int(counted["excess"].sum())
    by_step = {int(row["step_no"]): row for row in counted.iter_rows(named=True)}
    return tuple(
        _figures(step, role, by_step.get(step.no), total)
        for step, role in _newest_steps(sops, set(by_step))
    )


def bottleneck_of(steps: tuple[StepFigures, ...]) -> int | None:
    """The step with the largest share of all excess; None when nothing was late."""
    late = [step for step in steps if step.excess > 0]
    return max(late, key=lambda step: (step.excess, -step.no)).no if late else None


def _figures(step: Step, role: str, found: Mapping[str, Any] | None, total: int) -> StepFigures:
    standard = None if step.standard_minutes is None else float(step.standard_minutes)
    if found is None:
        share = 0.0 if total and standard is not None else None
        return StepFigures(step.no, step.short, role, standard, NOTHING, None, 0, None, 0.0, share)
    is_judged = found["unjudged"] < found["n"]
    has_excess = total and (is_judged or standard is not None)
    return StepFigures(
        no=step.no,
        name=step.short,
        role=role,
        standard=standard,
        time=Spread(found["n"], found["median"] / 60, found["p90"] / 60, found["maximum"] / 60),
        within=found["within"] if is_judged else None,
        returned=found["returned"],
        rounds_per_publication=found["n"] / found["publications"],
        excess=found["excess"] / 60,
        excess_share=found["excess"] / total if has_excess else None,
        unjudged=found["unjudged"],
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
