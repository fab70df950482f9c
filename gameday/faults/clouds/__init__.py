"""A drill's own way to its cluster and account, and to no other."""
