"""Which unit of a network follows what, whether that was learned, and what breaks without it."""
