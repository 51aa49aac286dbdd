"""How thresholds are refused: what was expected, what was found, at which character, and what may have been meant.

Wording alone. Must not know the grammar.
"""

import difflib
from collections.abc import Iterable, Sequence

from surgeline.errors import ThresholdError


def refusal(source: str, position: int, expected: str, found: str, advice: str = "") -> ThresholdError:
    """Return the error about the text `source` at `position`, counted from 0; `advice` continues the sentence."""
    shown = f'"{found}"' if found else "nothing"
    return ThresholdError(f'"{source}", character {position + 1}: expected {expected}, found {shown}{advice}')


def suggest(word: str, candidates: Iterable[str]) -> str:
    """Return the advice `; did you mean "..."?`, or nothing when no candidate is like the word."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(word.lower(), by_lower, n=2, cutoff=0.55)
    meant = max(close, key=word.lower().startswith, default=None)
    return f'; did you mean "{by_lower[meant]}"?' if meant else ""


def either(names: Sequence[str]) -> str:
    """Return `a, b or c`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
