"""What would make a run fail, found out before it: one module for each check, and `examine`, which makes them all.

Nothing is changed, and each origin is sent one request.
"""
