"""Notebooks become reports: discovery, rules, running, HTML, records and the index."""

import sys

# jsonschema, which nbformat loads, would build a grammar of international web addresses at import:
# about a second of every process, for a check that no notebook needs. None: "not installed".
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
