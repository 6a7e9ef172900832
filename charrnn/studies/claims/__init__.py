"""The paper's statements as tests: what was said, what is measured for it, what would support it, and the verdict."""
