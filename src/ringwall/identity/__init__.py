"""Accounts, credentials and the token endpoint: an application of its own, reached under `/.ringwall/`.

Its endpoints are plain functions from a request to a reply; they pass the same guards as any operation.
"""
