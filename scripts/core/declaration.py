"""models/production.json: which model is production, and why."""

import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.text import to_json


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Replaced(Part):
    version: int
    bundle: str


class Verdict(Part):
    verdict: str
    first: bool
    reasons: tuple[str, ...]
    override: str | None = None  # a person's reason for promoting against the verdict


class Score(Part):
    candidate: float
    production: float | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None


class Rows(Part):
    rows: int
    from_: str | None = None
    to: str | None = None

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, alias_generator=lambda name: name.rstrip("_")
    )


class Judged(Rows):
    holdout: str  # the fingerprint of the hold-out's rows
    uses: int  # verdicts taken on this very hold-out


class Declaration(Part):
    """Version 0 with no bundle says that there is no production model yet."""

    version: int
    bundle: str | None
    replaces: Replaced | None = None
    verdict: Verdict | None = None
    metrics: dict[str, Score] = {}
    trained_on: Rows | None = None
    judged_on: Judged | None = None
    why: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_its_bundle(self) -> Self:
        """A version without a digest would be a model that nothing is checked against."""
        if self.version < 0 or (self.version > 0) != bool(self.bundle):
            raise ValueError(f"version {self.version} with the bundle {self.bundle}")
        return self


def none() -> Declaration:
    return Declaration(version=0, bundle=None)


def parse(text: str, name: str = "models/production.json") -> Declaration:
    try:
        return Declaration.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        why = f"{where}: {first['msg']}" if where else first["msg"]
    except (ValueError, RecursionError) as error:
        why = str(error).splitlines()[0]
    raise Mistake(f"{name}: can't be read as a declaration ({why}). Restore it: git checkout -- {name}", code=OUTSIDE)


def render(declaration: Declaration) -> str:
    values: dict[str, Any] = declaration.model_dump(by_alias=True, exclude_none=True, mode="json")
    return to_json({"version": declaration.version, "bundle": declaration.bundle} | values)
