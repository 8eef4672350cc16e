"""Mechanisms that know no layer and no request; none imports another."""
