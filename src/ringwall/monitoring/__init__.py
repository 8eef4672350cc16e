"""Seeing what happens: metrics, and the journal's recorder. Nothing here is waited for by a request."""
