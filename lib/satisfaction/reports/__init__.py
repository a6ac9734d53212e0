"""Notebooks become reports: discovery, rules, running, HTML, records and the index."""
