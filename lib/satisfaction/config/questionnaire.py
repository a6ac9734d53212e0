"""Versioned questionnaires: what was asked, in which words, and what may be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from satisfaction.config.words import Words

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
Status = Literal["same", "reworded", "new", "dropped"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Scale(_Part):
    """The scale of the closed items (S0-13); ``satisfied_from`` and above is satisfied (S3-5)."""

    minimum: int = 1
    maximum: int = 5
    satisfied_from: int = 4
    labels: dict[int, Words] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not 0 <= self.minimum < self.maximum <= 100:
            raise ValueError("a scale needs 0 <= minimum < maximum <= 100")
        if not self.minimum < self.satisfied_from <= self.maximum:
            raise ValueError("satisfied_from must lie on the scale, above its minimum")
        return self

    @property
    def scores(self) -> tuple[int, ...]:
        """All scores of the scale, rising."""
        return tuple(range(self.minimum, self.maximum + 1))


class Item(_Part):
    """One question.

    role    overall (the outcome), item (a driver), detail (closed, described but no driver),
            open (text), priority (stated importance)
    status  against the previous version: only ``same`` may be compared across the versions
    codes   priority items: answer code -> the item it names
    """

    id: Identifier
    role: Literal["overall", "item", "detail", "open", "priority"]
    label: Words
    wording: Words | None = None
    dimension: str = ""
    status: Status = "same"
    codes: dict[int, str] = Field(default_factory=dict)


class Questionnaire(_Part):
    """One version of a questionnaire (S0-12, S0-13, S1-1)."""

    id: Identifier
    version: Identifier
    title: Words
    previous: str | None = None
    approved: bool
    approved_by: str = ""
    formula: str
    scale: Scale = Scale()
    dont_know: list[int] = Field(default_factory=list)
    dimensions: dict[str, Words]
    items: list[Item] = Field(min_length=1)

    @model_validator(mode="after")
    def _items_fit(self) -> Self:
        ids = [item.id for item in self.items]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"item ids stand twice: {', '.join(twice)}")
        if sum(item.role == "overall" for item in self.items) != 1:
            raise ValueError("exactly one item has the role 'overall'")
        for item in self.items:
            if item.role == "item" and item.dimension not in self.dimensions:
                raise ValueError(f"item {item.id}: unknown dimension {item.dimension!r}")
            unknown = sorted(set(item.codes.values()) - set(ids))
            if unknown or bool(item.codes) != (item.role == "priority"):
                raise ValueError(f"item {item.id}: codes must name items {unknown}")
        if set(self.dont_know) & set(self.scale.scores):
            raise ValueError("a don't-know code lies on the scale")
        return self

    @property
    def key(self) -> str:
        """Name of the file and of the version in the database: ``<id>-<version>``."""
        return f"{self.id}-{self.version}"

    def select(self, *roles: str) -> list[str]:
        """Ids of the items with these roles that this version asks, in order."""
        return [i.id for i in self.items if i.role in roles and i.status != "dropped"]

    @property
    def overall(self) -> str:
        """Id of the overall item."""
        return self.select("overall")[0]

    def labels(self, lang: str) -> dict[str, str]:
        """Item and dimension ids -> short labels."""
        words = {name: text.text(lang) for name, text in self.dimensions.items()}
        return words | {item.id: item.label.text(lang) for item in self.items}

    def by_dimension(self) -> dict[str, list[str]]:
        """Dimension -> its closed items, in the order of the questionnaire."""
        groups: dict[str, list[str]] = {name: [] for name in self.dimensions}
        for item in self.items:
            if item.role == "item" and item.status != "dropped":
                groups[item.dimension].append(item.id)
        return {name: items for name, items in groups.items() if items}

    def valid_codes(self, item_id: str) -> tuple[int, ...]:
        """Codes that may stand in an answer to this item, without don't-know."""
        item = next(item for item in self.items if item.id == item_id)
        return tuple(item.codes) if item.role == "priority" else self.scale.scores


def comparable_items(
    current: str, earlier: str, questionnaires: Mapping[str, Questionnaire]
) -> set[str]:
    """Closed items asked in the same words in two versions (requirements, practice 6).

    Walks the chain of ``previous`` versions from ``current`` back to ``earlier`` (or the other way
    round) and keeps the items whose status is ``same`` at every step. No chain, no comparison.
    """
    for newest, oldest in ((current, earlier), (earlier, current)):
        kept = set(questionnaires[newest].select("overall", "item", "detail"))
        version: str | None = newest
        seen: set[str] = set()
        while version is not None and version != oldest and version not in seen:
            seen.add(version)
            questionnaire = questionnaires.get(version)
            if questionnaire is None:
                break
            kept &= {item.id for item in questionnaire.items if item.status == "same"}
            version = questionnaire.previous
        if version == oldest:
            return kept & set(questionnaires[oldest].select("overall", "item", "detail"))
    return set()
