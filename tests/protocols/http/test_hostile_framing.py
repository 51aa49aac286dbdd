"""Responses that two readers could read in two ways, as the whole client sees them: an error, and never a second answer
out of one. Behind each stands a forged response, which must not be taken for the answer to anything.
"""

import pytest
from hostile import LATER, survives
from http_lab import Lab, Peer, answering, ok, play, turns

OK = b"HTTP/1.1 200 OK\r\n"
FORGED = ok(b"forged")
LENGTH = b"Content-Length: %d\r\n"
CODING = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"
LENGTH_OF_ALL = LENGTH % (len(CHUNKS) + len(FORGED))


def head(*lines):
    return OK + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


# Each is malformed. What would be read, if it were not, is followed by the forged response.
AMBIGUOUS = {
    "length, then coding": OK + LENGTH_OF_ALL + CODING + b"\r\n" + CHUNKS,
    "coding, then length": OK + CODING + LENGTH_OF_ALL + b"\r\n" + CHUNKS,
    "coding and the right length": OK + CODING + LENGTH % len(CHUNKS) + b"\r\n" + CHUNKS,
    "coding and a length of 0": OK + CODING + LENGTH % 0 + b"\r\n" + CHUNKS,
    "two lengths": OK + LENGTH % 3 + LENGTH % (3 + len(FORGED)) + b"\r\nabc",
    "two lengths in a list": head(b"Content-Length: 3, 30") + b"abc",
    "a list with nothing in it": head(b"Content-Length: 3,") + b"abc",
    "an empty length": head(b"Content-Length:") + b"abc",
    "a sign": head(b"Content-Length: +3") + b"abc",
    "a negative length": head(b"Content-Length: -3") + b"abc",
    "a length in hexadecimal": head(b"Content-Length: 0x3") + b"abc",
    "a fraction": head(b"Content-Length: 3.0") + b"abc",
    "an exponent": head(b"Content-Length: 3e0") + b"abc",
    "digits apart": head(b"Content-Length: 0 3") + b"abc",
    "digits in underscores": head(b"Content-Length: 0_3") + b"abc",
    "digits of another script": head(b"Content-Length: \xd9\xa3") + b"abc",
    "a name with a space before the colon": head(b"Content-Length : 3") + b"abc",
    "a name with a tab before the colon": head(b"Transfer-Encoding\t: chunked") + CHUNKS,
    "a folded length": head(b"Content-Length:", b" 3") + b"abc",
    "a folded coding": head(b"Transfer-Encoding:", b"\tchunked") + CHUNKS,
    "a field that begins with a space": head(b" Content-Length: 3") + b"abc",
    "a NUL in a name": head(b"Content\0-Length: 3") + b"abc",
    "a NUL in a value": head(b"A: \0", b"Content-Length: 3") + b"abc",
    "a CR in a value": head(b"A: b\rContent-Length: 3") + b"abc",
    "a CR before the line end": head(b"Content-Length: 3\r") + b"abc",
    "a vertical tab in a value": head(b"Transfer-Encoding: \x0bchunked") + CHUNKS,
    "no colon": head(b"Content-Length 3") + b"abc",
    "no name": head(b": 3") + b"abc",
    "chunked twice": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + CHUNKS,
    "chunked twice in a list": head(b"Transfer-Encoding: chunked, chunked") + CHUNKS,
    "chunked, not at the end": head(b"Transfer-Encoding: chunked, gzip") + CHUNKS,
    "identity": head(b"Transfer-Encoding: identity", b"Content-Length: 3") + b"abc",
    "identity and chunked": head(b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked") + CHUNKS,
    "a coding like chunked": head(b"Transfer-Encoding: xchunked") + CHUNKS,
    "a coding in quotes": head(b'Transfer-Encoding: "chunked"') + CHUNKS,
    "a coding with parameters": head(b"Transfer-Encoding: chunked;q=1") + CHUNKS,
    "an empty coding": head(b"Transfer-Encoding:") + CHUNKS,
    "a coding in HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + CODING + b"\r\n" + CHUNKS,
    "a size with a sign": head(CODING[:-2]) + b"+3\r\nabc\r\n0\r\n\r\n",
    "a negative size": head(CODING[:-2]) + b"-3\r\nabc\r\n0\r\n\r\n",
    "a size with 0x": head(CODING[:-2]) + b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size after a space": head(CODING[:-2]) + b" 3\r\nabc\r\n0\r\n\r\n",
    "no size": head(CODING[:-2]) + b"\r\nabc\r\n0\r\n\r\n",
    "an extension without a size": head(CODING[:-2]) + b";a\r\nabc\r\n0\r\n\r\n",
    "a size that ends in LF": head(CODING[:-2]) + b"3\nabc\r\n0\r\n\r\n",
    "a LF in an extension": head(CODING[:-2]) + b"3;a\nabc\r\n0\r\n\r\n",
    "a CR in an extension": head(CODING[:-2]) + b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "a chunk that ends in LF": head(CODING[:-2]) + b"3\r\nabc\n0\r\n\r\n",
    "a chunk without an end": head(CODING[:-2]) + b"3\r\nabc0\r\n\r\n",
    "a chunk with an end too many": head(CODING[:-2]) + b"3\r\nabc\r\n\r\n0\r\n\r\n",
    "a trailer without a colon": head(CODING[:-2]) + b"3\r\nabc\r\n0\r\nA\r\n\r\n",
    "a folded trailer": head(CODING[:-2]) + b"0\r\nA: b\r\n c\r\n\r\n",
    "an interim response with both": b"HTTP/1.1 100 Continue\r\n" + LENGTH_OF_ALL + CODING + b"\r\n" + ok(b"abc"),
    "204 with both": b"HTTP/1.1 204 No Content\r\n" + LENGTH_OF_ALL + CODING + b"\r\n",
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_ambiguous_framing_is_malformed_and_nothing_behind_it_is_an_answer(case):
    response = survives(answering(AMBIGUOUS[case] + FORGED), code=1710)
    assert response.error.startswith("malformed response: ")


VERSIONS = {
    "HTTP/0.9": b"abc",
    "HTTP/0.9 said": b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.10": b"HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1": b"HTTP/1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/01.1": b"HTTP/01.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\ncontent-length: 0\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2 in frames": b"\0\0\x12\x04\0\0\0\0\0\0\3\0\0\0\x64",
    "HTTP/3": b"HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "small letters": b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "ICY": b"ICY 200 OK\r\nContent-Length: 0\r\n\r\n",
    "RTSP": b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a TLS alert": b"\x15\x03\x01\0\x02\x02\x46",
    "a line before": b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a mark of Unicode before": b"\xef\xbb\xbfHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a request": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no space": b"HTTP/1.1200 OK\r\n\r\n",
    "two spaces": b"HTTP/1.1  200 OK\r\n\r\n",
    "a tab": b"HTTP/1.1\t200 OK\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "status below 100": b"HTTP/1.1 099 OK\r\n\r\n",
    "status 000": b"HTTP/1.1 000 OK\r\n\r\n",
    "negative status": b"HTTP/1.1 -20 OK\r\n\r\n",
    "status of other digits": b"HTTP/1.1 2\xd9\xa30 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "no status at all": b"HTTP/1.1\r\n\r\n",
    "a NUL in the reason": b"HTTP/1.1 200 O\0K\r\n\r\n",
    "a CR in the reason": b"HTTP/1.1 200 O\rK\r\n\r\n",
}


@pytest.mark.parametrize("case", VERSIONS)
def test_what_is_no_http_1_status_line(case):
    response = survives(answering(VERSIONS[case] + FORGED), code=1710)
    assert response.error == "malformed response: not an HTTP/1.x status line"


@pytest.mark.parametrize("status", [200, 299, 308, 399, 400, 418, 451, 499, 500, 599, 600, 777, 999])
def test_every_other_status_of_three_digits_is_an_answer(status):
    answer = b"HTTP/1.1 %d \r\nContent-Length: 3\r\n\r\nabc" % status
    response = survives(answering(answer, ok(LATER)), closes=False)
    assert (response.status, response.body, response.ok) == (status, b"abc", status < 400)


# Odd, but only to be read in one way
UNAMBIGUOUS = {
    "the same length twice": OK + LENGTH % 3 + LENGTH % 3 + b"\r\nabc",
    "the same length in a list": head(b"Content-Length: 3, 03 ,3") + b"abc",
    "leading zeros": head(b"Content-Length: 0000000000000000000000000003") + b"abc",
    "blanks around a length": head(b"Content-Length: \t 3\t ") + b"abc",
    "capitals": head(b"CONTENT-LENGTH: 3") + b"abc",
    "chunked in capitals": head(b"TRANSFER-ENCODING: CHUNKED ") + CHUNKS,
    "a trailer called as a length": head(CODING[:-2]) + b"3\r\nabc\r\n0\r\nContent-Length: 99\r\n\r\n",
    "a trailer called as a coding": head(CODING[:-2]) + b"3\r\nabc\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a trailer that says close": head(CODING[:-2]) + b"3\r\nabc\r\n0\r\nConnection: close\r\n\r\n",
    "a size of sixteen digits": head(CODING[:-2]) + b"0000000000000003\r\nabc\r\n0\r\n\r\n",
    "a field that only looks like a length": head(b"X-Content-Length: 9", b"Content-Length-: 9", b"Content-Length: 3")
    + b"abc",
}


@pytest.mark.parametrize("case", UNAMBIGUOUS)
def test_what_is_odd_and_clear_is_read_and_the_connection_kept(case):
    assert survives(answering(UNAMBIGUOUS[case], ok(LATER)), closes=False).body == b"abc"


@pytest.mark.parametrize("case", UNAMBIGUOUS)
def test_a_forged_response_behind_what_is_clear_is_no_answer_either(case):
    assert survives(answering(UNAMBIGUOUS[case] + FORGED)).body == b"abc"


def test_a_forged_answer_is_never_taken_for_one_however_it_is_split():
    """Every position at which the answer and what is behind it can be parted."""
    whole = ok(b"abc") + FORGED

    async def handler(peer: Peer):
        await peer.request()
        await peer.send(whole[: peer.server.connections], whole[peer.server.connections :])
        await peer.end()

    async def scene(lab: Lab):
        bodies = []
        for _ in range(1, len(whole)):
            bodies.append((await lab.http.get("/")).body)
            await turns(20)
        return bodies, lab.server.connections

    assert play(handler, scene) == ([b"abc"] * (len(whole) - 1), len(whole) - 1)
