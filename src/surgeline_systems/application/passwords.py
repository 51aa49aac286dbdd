"""Hashes passwords with scrypt, away from the event loop. It must not know whose they are.

One hash takes 4 MB and about 10 ms of a core: enough to show what logging in costs, and few enough for a load test
that logs thousands in on two cores. A service on the open Internet takes 16 or 32 times as much (`COST = 2**17`).
"""

import asyncio
import hmac
import os
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import scrypt

COST = 2**12
BLOCK_SIZE = 8
PARALLELISM = 1
SALT_BYTES = 16
# More threads than cores would only make each login wait for all the others.
THREADS = 2


def hash_password(password: str, salt: bytes) -> str:
    """The hash with all that it was made with."""
    made = _scrypt(password, salt, COST, BLOCK_SIZE, PARALLELISM)
    return f"scrypt${COST}${BLOCK_SIZE}${PARALLELISM}${b64encode(salt).decode()}${b64encode(made).decode()}"


def is_password(password: str, password_hash: str) -> bool:
    """Was the hash made of this password?"""
    _, cost, block_size, parallelism, salt, expected = password_hash.split("$")
    made = _scrypt(password, b64decode(salt), int(cost), int(block_size), int(parallelism))
    return hmac.compare_digest(made, b64decode(expected))


class Passwords:
    """Threads that hash: scrypt releases the interpreter, so the loop goes on meanwhile."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(THREADS, "passwords")
        self._nobodys = hash_password("", os.urandom(SALT_BYTES))

    async def hash(self, password: str) -> str:
        """A new hash, with a salt of its own."""
        return await self._loop.run_in_executor(self._threads, hash_password, password, os.urandom(SALT_BYTES))

    async def check(self, password: str, password_hash: str | None) -> bool:
        """Is it the password? Without a hash it takes as long: how long it took tells nobody who has an account."""
        known = password_hash or self._nobodys
        is_right = await self._loop.run_in_executor(self._threads, is_password, password, known)
        return is_right and password_hash is not None

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _scrypt(password: str, salt: bytes, cost: int, block_size: int, parallelism: int) -> bytes:
    return scrypt(password.encode(), salt=salt, n=cost, r=block_size, p=parallelism)
