"""Adapters translate one protocol each to the Exchange and back. They do its I/O, and decide nothing."""
