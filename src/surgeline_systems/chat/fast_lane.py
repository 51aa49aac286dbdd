"""The three operations that are asked for thousands of times a second, on the shortest way: a new message, the newest
messages of a chat, the newest chats of an application.

Only what is in order, and known here already, goes this way: whoever asks is signed in, and the chat is there. All
else goes to the endpoints, which do the same and say what is wrong. It must not know how an answer is sent.
"""

import msgspec

from surgeline_systems.application.direct_request import Directly, Received
from surgeline_systems.application.exchange import MOST_BODY_BYTES
from surgeline_systems.chat.acceptance import Acceptance
from surgeline_systems.chat.access import COOKIE
from surgeline_systems.chat.bodies import MOST_LISTED, ChatsPage, MessagesPage, NewMessage
from surgeline_systems.chat.directory import Directory
from surgeline_systems.chat.hot_reads import HotReads
from surgeline_systems.chat.sessions import Sessions

SHOWN = f"{COOKIE}="
# Where the parts of a path are, split at its slashes.
PREFIX, TOKEN, CHATS, NUMBER, MESSAGES = slice(0, 4), 4, 5, 6, 7
APPLICATIONS = ["", "api", "v1", "applications"]
LIMITS = {f"limit={limit}": limit for limit in range(1, MOST_LISTED + 1)}
MESSAGE_LIMITS = {"": MessagesPage("", 1).limit, **LIMITS}
CHAT_LIMITS = {"": ChatsPage("").limit, **LIMITS}

NUMBERED = b'{"number":%d}'.__mod__

decode = msgspec.json.Decoder(NewMessage).decode


class FastLane:
    """What the direct server asks first."""

    def __init__(self, sessions: Sessions, directory: Directory, reads: HotReads, acceptance: Acceptance) -> None:
        self._sessions = sessions
        self._directory = directory
        self._reads = reads
        self._acceptance = acceptance

    def __call__(self, request: Received) -> Directly | None:
        """The answer, under way; None for what goes another way. Raises: TooBusyError."""
        parts = request.path.split("/")
        user = self._sessions.remembered(_session(request.cookie))
        if user is None or len(parts) <= CHATS or parts[PREFIX] != APPLICATIONS or parts[CHATS] != "chats":
            return None
        if len(parts) == CHATS + 1 and request.method == "GET":
            return self._chats(parts[TOKEN], request.query)
        if len(parts) != MESSAGES + 1 or parts[MESSAGES] != "messages":
            return None
        chat_id = self._directory.remembered_chat(parts[TOKEN], parts[NUMBER])
        if chat_id is None:
            return None
        if request.method == "GET":
            return self._messages(chat_id, request.query)
        return self._new_message(chat_id, user.id, request.body) if request.method == "POST" else None

    def _chats(self, token: str, query: str) -> Directly | None:
        application_id = self._directory.remembered_application(token)
        limit = CHAT_LIMITS.get(query)
        if application_id is None or limit is None:
            return None
        return Directly(200, self._reads.chats(application_id, limit), bytes)

    def _messages(self, chat_id: int, query: str) -> Directly | None:
        limit = MESSAGE_LIMITS.get(query)
        return None if limit is None else Directly(200, self._reads.messages(chat_id, limit), bytes)

    def _new_message(self, chat_id: int, creator_id: int, body: bytes) -> Directly | None:
        if len(body) > MOST_BODY_BYTES:
            return None
        try:
            text = decode(body).body
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return Directly(201, self._acceptance.accept(chat_id, creator_id, text), NUMBERED)


def _session(cookie: str) -> str:
    """The session, where it is the only cookie."""
    return cookie[len(SHOWN) :] if cookie.startswith(SHOWN) else ""
