"""The writer of the chat system: from the queue into the database, and from there into the hot lists and the index.

Run as a module it writes until SIGTERM or SIGINT; then it finishes what it has in hand, and ends. It must not know how
any of these is kept.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from surgeline import SurgelineError
from surgeline_systems.application.database import key_prefix
from surgeline_systems.application.stop_signals import until_signalled
from surgeline_systems.chat import search
from surgeline_systems.chat.hot_lists import open_hot_lists
from surgeline_systems.chat.indexing import Indexing
from surgeline_systems.chat.message_queue import MessageQueue, QueueAwayError, open_queue
from surgeline_systems.chat.queue_writer import QueueWriter
from surgeline_systems.chat.settings import NAME, Settings
from surgeline_systems.chat.store import Store, StoreError, Written, open_store
from surgeline_systems.servers.mariadb import MARIADB_ERRORS
from surgeline_systems.servers.postgres import POSTGRES_ERRORS

CONNECTIONS = 2  # one writes, one reads for the index


@asynccontextmanager
async def writing(settings: Settings, store: Store, queue: MessageQueue) -> AsyncIterator[None]:
    """Write while the block runs, and at its end what has come by then. Raises: QueueAwayError."""
    hot_lists = await open_hot_lists(settings)
    indexing = Indexing(search.open_writer(settings, await key_prefix(settings.database_url, NAME)), store)

    async def tell(written: Written) -> None:
        if written.there:  # an earlier writer may have ended before it told
            await hot_lists.forget({chat_id for chat_id, *_ in written.there})
        await hot_lists.written(written.new, written.counts)
        indexing.add(written.new, written.first_position)

    writer = QueueWriter(queue, store, tell)
    try:
        await writer.start()
        yield
    finally:
        await writer.close()
        await indexing.close()
        await hot_lists.close()


async def write(settings: Settings, stopped: Callable[[], Awaitable[object]]) -> None:
    """Write until `stopped` has come. Raises: QueueAwayError, StoreError, SurgelineError."""
    async with AsyncExitStack() as stack:
        store = await open_store(settings.database_url, CONNECTIONS, "surgeline chat writer")
        stack.push_async_callback(store.close)
        queue = await open_queue(settings.rabbitmq_url, await key_prefix(settings.database_url, NAME) + "messages")
        stack.push_async_callback(queue.close)
        async with writing(settings, store, queue):
            await stopped()


def main() -> None:
    """Write with the settings of the environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        asyncio.run(write(Settings.from_environment(os.environ), until_signalled))
    except (SurgelineError, StoreError, QueueAwayError) as error:
        sys.exit(str(error))
    except (*MARIADB_ERRORS, *POSTGRES_ERRORS) as error:
        sys.exit(f"expected DATABASE_URL to lead to a database with the tables of chat, found: {error}")


if __name__ == "__main__":
    main()
