"""Runs a load on its loop to the end, whatever ends it, and closes the loop."""

from collections.abc import Callable, Coroutine
from typing import Any

from surgeline.engine.context import Abort
from surgeline.engine.load import Load
from surgeline.engine.loop import close_loop


def drive(load: Load, whole: Coroutine[Any, Any, None], patience: float, patience_at_once: float) -> bool:
    """Run `whole` to its end, or until a signal or the script breaks it off; what was recorded until then counts.

    Tasks that are left then may take `patience` seconds to end, after a signal `patience_at_once`. Returns whether a
    signal broke it off.
    """
    loop, broken_off = load.context.loop, False
    try:
        broken_off = _is_broken_off(loop.run_until_complete, whole)
    except SystemExit as error:
        load.context.end(Abort(f"A task of the script ended the run with SystemExit({error.code!r})."))
    finally:
        broken_off = _is_broken_off(load.evict) or broken_off
        broken_off = _is_broken_off(close_loop, loop, patience_at_once if broken_off else patience) or broken_off
    return broken_off


def _is_broken_off(step: Callable[..., Any], *arguments: Any) -> bool:
    """Take a step towards the end; return whether a signal broke it off, which leaves the next one to be taken."""
    try:
        step(*arguments)
    except KeyboardInterrupt:
        return True
    return False
