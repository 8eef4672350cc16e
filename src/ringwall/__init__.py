"""Ringwall: state the security of an API once; concentric layers enforce it."""
