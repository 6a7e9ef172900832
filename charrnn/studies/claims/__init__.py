"""The paper's statements as tests: the quotation, the measured contrast, what would support it, and the verdict."""
