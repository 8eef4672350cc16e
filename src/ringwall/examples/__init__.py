"""Applications to try ringwall on. Not one of them may be imported by a serving room."""
