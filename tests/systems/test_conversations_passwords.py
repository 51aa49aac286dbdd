"""Passwords become hashes, and the service goes on meanwhile."""

import asyncio
import threading

import pytest

from surgeline_systems.application import passwords
from surgeline_systems.application.passwords import Passwords, hash_password, is_password

SALT = b"sixteen bytes ok"


def test_a_hash_knows_its_password_and_no_other():
    password_hash = hash_password("pässwörd\0", SALT)
    assert is_password("pässwörd\0", password_hash)
    assert not is_password("passwörd\0", password_hash)
    assert not is_password("", password_hash)


def test_hashes_differ_by_their_salt_and_stay_the_same_with_it():
    assert hash_password("secret", SALT) == hash_password("secret", SALT)
    assert hash_password("secret", SALT) != hash_password("secret", SALT[::-1])


def test_without_a_hash_no_password_is_right():
    async def check() -> bool:
        checking = Passwords()
        try:
            return await checking.check("", None)
        finally:
            checking.close()

    assert asyncio.run(check()) is False


def test_the_loop_goes_on_while_a_password_is_hashed(monkeypatch: pytest.MonkeyPatch):
    the_loop_went_on = threading.Event()

    def hash_until_told(_password: str, _salt: bytes) -> str:
        assert the_loop_went_on.wait(60)
        return "hash"

    async def hash_and_go_on() -> str:
        hashing = Passwords()
        monkeypatch.setattr(passwords, "hash_password", hash_until_told)
        waiting = asyncio.create_task(hashing.hash("secret"))
        await asyncio.sleep(0)
        the_loop_went_on.set()
        hashing_done = await waiting
        hashing.close()
        return hashing_done

    assert asyncio.run(hash_and_go_on()) == "hash"
