"""A script at rising levels: which levels there are, which comes next, what came of them. Pure."""
