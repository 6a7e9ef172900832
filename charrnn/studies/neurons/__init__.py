"""What single units of a network respond to, whether training caused it, and what ablating them costs."""
