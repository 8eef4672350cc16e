"""Acting on alerts: what is decided, by whom it is held, and how it is taken back."""
