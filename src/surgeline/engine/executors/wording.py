"""How executors speak of themselves."""


def count_of(number: int, noun: str) -> str:
    """Return `1 iteration`, `2,000 iterations`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
