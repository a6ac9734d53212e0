"""Texts that people give in both languages of the reports."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Words(BaseModel):
    """One text in Chinese and English."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self, lang: str) -> str:
        """The text in ``lang``."""
        return self.zh if lang == "zh" else self.en


def in_language(text: str | Words, lang: str) -> str:
    """A text in ``lang``; as it is where it was given in one language only."""
    return text.text(lang) if isinstance(text, Words) else text
