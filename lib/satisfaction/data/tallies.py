"""Answers counted by stratum and score: what trend and peers read instead of every answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Any

from satisfaction.data.database import Connection, execute
