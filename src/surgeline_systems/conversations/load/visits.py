"""The ways through the service: in which order a user takes the steps, and how long they pause between them.

It must not know how many users there are, nor when they come.
"""

from surgeline import VU, SurgelineError, env, fail, uniform
from surgeline_systems.conversations.load.workflow import User

READ_AT_ONCE = 2
# People read and think about what to write; 0 leaves the pauses out.
SCALE = env("THINK_TIME_SCALE", 1.0)
if SCALE < 0:
    raise SurgelineError(f"THINK_TIME_SCALE: expected 0 or more, found {SCALE:g}")
PAUSE = uniform(0.5 * SCALE, 1.5 * SCALE)


async def first_visit(vu: VU, user: User) -> None:
    """Somebody new tries everything once."""
    await user.register()
    await vu.think(PAUSE)
    await user.log_in()
    await user.me()
    await vu.think(PAUSE)
    conversation = await user.send()
    await vu.think(PAUSE)
    await user.conversations()
    if conversation:
        await user.conversation(conversation)
    await vu.think(PAUSE)
    await user.analytics()


async def visit(vu: VU, user: User) -> None:
    """Somebody looks whether there is anything new, reads it, writes a message and looks at the figures."""
    await be_in(vu, user)
    await user.me()
    await user.conversations()
    await vu.think(PAUSE)
    conversations = await user.conversations()
    for conversation in conversations[:1]:
        await user.conversation(conversation)
        await user.mark_read(conversation)
        await vu.think(PAUSE)
    await user.send()
    await vu.think(PAUSE)
    await user.analytics()
    await vu.think(PAUSE)


async def talk(vu: VU, user: User) -> None:
    """Somebody reads the latest conversations and answers each."""
    await be_in(vu, user)
    conversations = await user.conversations()
    await vu.think(PAUSE)
    for conversation in conversations[:READ_AT_ONCE]:
        await user.conversation(conversation)
        await user.mark_read(conversation)
        await vu.think(PAUSE)
        await user.reply(conversation)
        await vu.think(PAUSE)


async def be_in(vu: VU, user: User) -> None:
    """Log in where that has failed, or the token has run out; who is not let in comes again later."""
    if user.is_in:
        return
    await user.log_in()
    if not user.is_in:
        await vu.think(PAUSE)
        fail("could not log in")
