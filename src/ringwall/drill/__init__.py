"""The drill: every layer fooled in turn, and whether the others still hold. Never imported by a serving room."""
