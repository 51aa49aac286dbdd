/* Each case is exact bytes and what they must give. A case is fed whole, byte by byte, split at every position, and all
 * of that again with bytes after it, for each use of the body; every proper prefix of it is ended early. A new case is
 * one line in a table.
 */
#include "http1.h"

#include <string.h>
#include <time.h>

#include "wire.h"

typedef struct {
    size_t line_bytes, head_bytes, extension_bytes, trailer_bytes; /* 0 stands for the default */
    uint32_t headers, interim;
    uint64_t body_bytes;
    int interim_forbidden;
} limits;

enum { GET, HEAD, CONNECT };

enum { SET_COOKIE = 1, LOCATION = 2, CONTENT_ENCODING = 4 };

typedef struct {
    const char *name;
    wire in;
    int status;
    wire head, body;
    int closes;                                          /* keep_alive must be 0 */
    int request;
    int until_close;
    int flags;                                           /* those of the fields below that are there */
    uint32_t interim;
    limits limits;
} answer;


typedef struct {
    const char *name;
    wire in;
    sl_http_error error;
    limits limits;
    int request;
} fault;

static const wire AFTER = B("HTTP/1.1 500 Next\r\nContent-Length: 1\r\n\r\nx");

#define OK "HTTP/1.1 200 OK\r\n"
#define NO_CONTENT "HTTP/1.1 204 No\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_HEAD B("Transfer-Encoding: chunked\r\n")
#define TYPICAL_HEAD                                                                                     \
    "Server: nginx/1.22.1\r\nDate: Tue, 04 Jun 2024 12:00:00 GMT\r\nContent-Type: application/json\r\n"  \
    "Content-Length: 36\r\nConnection: keep-alive\r\nETag: \"665ef5a0-24\"\r\n"
#define TYPICAL_BODY "{\"message\":\"hello\",\"ok\":true,\"n\":12}"

static const answer ANSWERS[] = {
    /* Lengths */
    {"typical", B(OK TYPICAL_HEAD "\r\n" TYPICAL_BODY), 200, B(TYPICAL_HEAD), B(TYPICAL_BODY), .closes = 0},
    {"length 0", B(OK "Content-Length: 0\r\n\r\n"), 200, B("Content-Length: 0\r\n"), B(""), .closes = 0},
    {"any case", B(OK "cOnTeNt-LeNgTh:2\r\n\r\nab"), 200, B("cOnTeNt-LeNgTh:2\r\n"), B("ab"), .closes = 0},
    {"blanks around", B(OK "Content-Length: \t 2 \t\r\n\r\nab"), 200, B("Content-Length: \t 2 \t\r\n"), B("ab"), .closes = 0},
    {"leading zeros", B(OK "Content-Length: 0002\r\n\r\nab"), 200, B("Content-Length: 0002\r\n"), B("ab"), .closes = 0},
    {"equal list", B(OK "Content-Length: 2, 2\r\n\r\nab"), 200, B("Content-Length: 2, 2\r\n"), B("ab"), .closes = 0},
    {"equal lines", B(OK "Content-Length: 2\r\nContent-Length:2,2\r\n\r\nab"), 200,
     B("Content-Length: 2\r\nContent-Length:2,2\r\n"), B("ab"), .closes = 0},
    {"NUL, CR and LF in a body", B(OK "Content-Length: 5\r\n\r\n\0\r\n\r\n"), 200, B("Content-Length: 5\r\n"),
     B("\0\r\n\r\n"), .closes = 0},
    {"body as big as allowed", B(OK "Content-Length: 4\r\n\r\nabcd"), 200, B("Content-Length: 4\r\n"), B("abcd"),
     .limits = {.body_bytes = 4}},
    {"length and identical lines around others", B(OK "Content-Length: 1\r\nA: b\r\nContent-Length: 01\r\n\r\na"), 200,
     B("Content-Length: 1\r\nA: b\r\nContent-Length: 01\r\n"), B("a"), .closes = 0},
    {"like a length", B(OK "Content-LengthX: 9\r\nX-Content-Length: 9\r\nContent_Length: 9\r\nContent-Length: 1\r\n\r\na"),
     200, B("Content-LengthX: 9\r\nX-Content-Length: 9\r\nContent_Length: 9\r\nContent-Length: 1\r\n"), B("a"), .closes = 0},

    /* Status lines and line ends */
    {"no reason, no space", B("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), 200, B("Content-Length: 0\r\n"), B(""), .closes = 0},
    {"empty reason", B("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n"), 404, B("Content-Length: 0\r\n"), B(""), .closes = 0},
    {"obs-text reason", B("HTTP/1.1 200 Tr\xc3\xa8s \t bien\r\nContent-Length: 0\r\n\r\n"), 200, B("Content-Length: 0\r\n"),
     B(""), .closes = 0},
    {"status 999", B("HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"), 999, B("Content-Length: 0\r\n"), B(""), .closes = 0},
    {"bare LF", B("HTTP/1.1 200 OK\nContent-Length: 2\nA: b\n\nab"), 200, B("Content-Length: 2\nA: b\n"), B("ab"), .closes = 0},
    {"LF and CRLF mixed", B("HTTP/1.1 200\nContent-Length: 2\r\nA: b\n\r\nab"), 200, B("Content-Length: 2\r\nA: b\n"), B("ab"),
     .closes = 0},
    {"empty value", B(OK "A:\r\nB: \r\nContent-Length: 0\r\n\r\n"), 200, B("A:\r\nB: \r\nContent-Length: 0\r\n"), B(""),
     .closes = 0},
    {"odd token and obs-text", B(OK "!#$%&'*+-.^_`|~09aZ: \x80\xff\t:;\r\nContent-Length: 0\r\n\r\n"), 200,
     B("!#$%&'*+-.^_`|~09aZ: \x80\xff\t:;\r\nContent-Length: 0\r\n"), B(""), .closes = 0},

    /* No body, whatever the head says */
    {"HEAD", B(OK "Content-Length: 100\r\n\r\n"), 200, B("Content-Length: 100\r\n"), B(""), .request = HEAD},
    {"HEAD, chunked", B(CHUNKED), 200, CHUNKED_HEAD, B(""), .request = HEAD},
    {"HEAD, neither", B(OK "\r\n"), 200, B(""), B(""), .request = HEAD},
    {"HEAD, length over the limit", B(OK "Content-Length: 9\r\n\r\n"), 200, B("Content-Length: 9\r\n"), B(""), .request = HEAD,
     .limits = {.body_bytes = 4}},
    {"204", B("HTTP/1.1 204 No Content\r\n\r\n"), 204, B(""), B(""), .closes = 0},
    {"204 with a length", B("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"), 204, B("Content-Length: 5\r\n"), B(""),
     .closes = 0},
    {"304 with a length", B("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), 304, B("Content-Length: 5\r\n"), B(""),
     .closes = 0},
    {"304, chunked", B("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"), 304, CHUNKED_HEAD, B(""), .closes = 0},
    {"101", B("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), 101,
     B("Upgrade: websocket\r\nConnection: Upgrade\r\n"), B(""), .closes = 1},
    {"204, chunked", B(NO_CONTENT "Transfer-Encoding: chunked\r\n\r\n"), 204, CHUNKED_HEAD, B(""), .closes = 0},
    {"204 to HEAD", B(NO_CONTENT "Content-Length: 5\r\n\r\n"), 204, B("Content-Length: 5\r\n"), B(""), .request = HEAD},
    {"304, neither", B("HTTP/1.1 304 Not Modified\r\n\r\n"), 304, B(""), B(""), .closes = 0},

    /* Tunnels */
    {"CONNECT", B("HTTP/1.1 200 Connection established\r\n\r\n"), 200, B(""), B(""), .closes = 1, .request = CONNECT},
    {"CONNECT with a length", B(OK "Content-Length: 5\r\n\r\n"), 200, B("Content-Length: 5\r\n"), B(""), .closes = 1,
     .request = CONNECT},
    {"CONNECT with what is not a length", B(OK "Content-Length: -5, x\r\n\r\n"), 200, B("Content-Length: -5, x\r\n"), B(""),
     .closes = 1, .request = CONNECT},
    {"CONNECT, chunked", B(CHUNKED), 200, CHUNKED_HEAD, B(""), .closes = 1, .request = CONNECT},
    {"CONNECT with both lengths", B(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 200,
     B("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), B(""), .closes = 1, .request = CONNECT},
    {"CONNECT with another coding", B("HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"), 200,
     B("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), B(""), .closes = 1, .request = CONNECT},
    {"CONNECT kept alive", B(OK "Connection: keep-alive\r\n\r\n"), 200, B("Connection: keep-alive\r\n"), B(""), .closes = 1,
     .request = CONNECT},
    {"CONNECT, 299", B("HTTP/1.1 299 Well\r\nContent-Length: 5\r\n\r\n"), 299, B("Content-Length: 5\r\n"), B(""), .closes = 1,
     .request = CONNECT},
    {"CONNECT, interim first", B("HTTP/1.1 100\r\n\r\n" OK "Content-Length: 5\r\n\r\n"), 200, B("Content-Length: 5\r\n"), B(""),
     .closes = 1, .request = CONNECT, .interim = 1},
    {"CONNECT refused", B("HTTP/1.1 407 Who?\r\nContent-Length: 2\r\n\r\nno"), 407, B("Content-Length: 2\r\n"), B("no"),
     .request = CONNECT},
    {"CONNECT, 300", B("HTTP/1.1 300 Many\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"), 300, CHUNKED_HEAD, B("no"),
     .request = CONNECT},
    {"CONNECT refused until close", B("HTTP/1.1 502 No\r\n\r\nno"), 502, B(""), B("no"), .closes = 1, .request = CONNECT,
     .until_close = 1},

    /* Fields that are reported */
    {"a cookie", B(NO_CONTENT "Set-Cookie: a=b\r\n\r\n"), 204, B("Set-Cookie: a=b\r\n"), B(""), .flags = SET_COOKIE},
    {"a place", B(NO_CONTENT "LOCATION:/\r\n\r\n"), 204, B("LOCATION:/\r\n"), B(""), .flags = LOCATION},
    {"a coding", B(NO_CONTENT "content-encoding: gzip\r\n\r\n"), 204, B("content-encoding: gzip\r\n"), B(""),
     .flags = CONTENT_ENCODING},
    {"all three, empty, twice", B(NO_CONTENT "sET-cOOKIE:\r\nlOCATION:\r\nA: b\r\ncONTENT-eNCODING:\r\nSet-Cookie: \r\n\r\n"), 204,
     B("sET-cOOKIE:\r\nlOCATION:\r\nA: b\r\ncONTENT-eNCODING:\r\nSet-Cookie: \r\n"), B(""),
     .flags = SET_COOKIE | LOCATION | CONTENT_ENCODING},
    {"names alike", B(NO_CONTENT "Set-Cookie2: a\r\nSet-Cooki: a\r\nSet-Cookif: a\r\nSet_Cookie: a\r\nLocatioo: /\r\nLocations: /\r\n"
                      "Content-Encodinf: a\r\nContent-Language: a\r\nA: Location: /\r\n\r\n"), 204,
     B("Set-Cookie2: a\r\nSet-Cooki: a\r\nSet-Cookif: a\r\nSet_Cookie: a\r\nLocatioo: /\r\nLocations: /\r\n"
       "Content-Encodinf: a\r\nContent-Language: a\r\nA: Location: /\r\n"), B(""), .closes = 0},
    {"of an interim response", B("HTTP/1.1 103\r\nSet-Cookie: a=b\r\nLocation: /\r\nContent-Encoding: br\r\n\r\n" NO_CONTENT "\r\n"),
     204, B(""), B(""), .interim = 1},
    {"of trailers", B(CHUNKED "0\r\nSet-Cookie: a=b\r\nLocation: /\r\nContent-Encoding: br\r\n\r\n"), 200, CHUNKED_HEAD, B(""),
     .closes = 0},

    /* Interim responses */
    {"100 first", B("HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\na"), 200, B("Content-Length: 1\r\n"), B("a"),
     .interim = 1},
    {"103 with fields, twice",
     B("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 7\r\nConnection: close\r\n\r\nHTTP/1.1 103\n\n" CHUNKED "0\r\n\r\n"),
     200, CHUNKED_HEAD, B(""), .interim = 2},
    {"interim before 101", B("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Yes\r\n\r\n"), 101, B(""), B(""), .closes = 1, .interim = 1},
    {"interim before HEAD", B("HTTP/1.1 102 Processing\r\n\r\n" OK "Content-Length: 1\r\n\r\n"), 200, B("Content-Length: 1\r\n"),
     B(""), .request = HEAD, .interim = 1},
    {"as many interim as allowed", B("HTTP/1.1 100\r\n\r\nHTTP/1.1 199\r\n\r\n" OK "Content-Length: 0\r\n\r\n"), 200,
     B("Content-Length: 0\r\n"), B(""), .interim = 2, .limits = {.interim = 2}},
    {"limits hold for each head", B("HTTP/1.1 100\r\nA: 1\r\nB: 2\r\n\r\nHTTP/1.1 204\r\nC: 3\r\nD: 4\r\n\r\n"), 204,
     B("C: 3\r\nD: 4\r\n"), B(""), .interim = 1, .limits = {.headers = 2, .head_bytes = 28}},

    /* Keeping alive */
    {"close", B(OK "Connection: close\r\nContent-Length: 0\r\n\r\n"), 200, B("Connection: close\r\nContent-Length: 0\r\n"), B(""),
     .closes = 1},
    {"close in a list", B(OK "Connection: x ,, Close\t\r\nContent-Length: 0\r\n\r\n"), 200,
     B("Connection: x ,, Close\t\r\nContent-Length: 0\r\n"), B(""), .closes = 1},
    {"close in another line", B(OK "connection: keep-alive\r\nCONNECTION: CLOSE\r\nContent-Length: 0\r\n\r\n"), 200,
     B("connection: keep-alive\r\nCONNECTION: CLOSE\r\nContent-Length: 0\r\n"), B(""), .closes = 1},
    {"not quite close", B(OK "Connection: closed, \"close\", close x\r\nContent-Length: 0\r\n\r\n"), 200,
     B("Connection: closed, \"close\", close x\r\nContent-Length: 0\r\n"), B(""), .closes = 0},
    {"empty Connection", B(OK "Connection:\r\nContent-Length: 0\r\n\r\n"), 200, B("Connection:\r\nContent-Length: 0\r\n"), B(""),
     .closes = 0},
    {"1.0", B("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"), 200, B("Content-Length: 1\r\n"), B("a"), .closes = 1},
    {"1.0 kept alive", B("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na"), 200,
     B("Connection: Keep-Alive\r\nContent-Length: 1\r\n"), B("a"), .closes = 0},
    {"1.0 with both words", B("HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 1\r\n\r\na"), 200,
     B("Connection: keep-alive, close\r\nContent-Length: 1\r\n"), B("a"), .closes = 1},

    /* Read until close */
    {"until close", B(OK "A: b\r\n\r\nall of it"), 200, B("A: b\r\n"), B("all of it"), .closes = 1, .until_close = 1},
    {"until close, no fields", B(OK "\r\nab"), 200, B(""), B("ab"), .closes = 1, .until_close = 1},
    {"until close, nothing", B(OK "\r\n"), 200, B(""), B(""), .closes = 1, .until_close = 1},
    {"until close, as big as allowed", B("HTTP/1.0 200 OK\r\n\r\nabcd"), 200, B(""), B("abcd"), .closes = 1, .until_close = 1,
     .limits = {.body_bytes = 4}},
    {"until close against keep-alive", B("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nab"), 200,
     B("Connection: keep-alive\r\n"), B("ab"), .closes = 1, .until_close = 1},

    /* Chunks */
    {"one chunk", B(CHUNKED "5\r\nhello\r\n0\r\n\r\n"), 200, CHUNKED_HEAD, B("hello"), .closes = 0},
    {"chunks", B(CHUNKED "1\r\na\r\n00a\r\nbcdefghijk\r\n2\r\n\r\n\r\n0000\r\n\r\n"), 200, CHUNKED_HEAD, B("abcdefghijk\r\n"),
     .closes = 0},
    {"no chunk", B(CHUNKED "0\r\n\r\n"), 200, CHUNKED_HEAD, B(""), .closes = 0},
    {"hexadecimal", B(CHUNKED "b\r\nabcdefghijk\r\nB\r\nabcdefghijk\r\n0\r\n\r\n"), 200, CHUNKED_HEAD, B("abcdefghijkabcdefghijk"),
     .closes = 0},
    {"16 digits", B(CHUNKED "0000000000000002\r\nab\r\n0\r\n\r\n"), 200, CHUNKED_HEAD, B("ab"), .closes = 0},
    {"any case of chunked", B(OK "transfer-encoding:\tChUnKeD \r\n\r\n1\r\na\r\n0\r\n\r\n"), 200, B("transfer-encoding:\tChUnKeD \r\n"),
     B("a"), .closes = 0},
    {"extensions", B(CHUNKED "1;a\r\nx\r\n1 \t; b=\"c;d\"\r\ny\r\n1 \r\nz\r\n0;\xff\r\n\r\n"), 200, CHUNKED_HEAD, B("xyz"), .closes = 0},
    {"trailers", B(CHUNKED "1\r\nx\r\n0\r\nA: b\r\nContent-Length: 9\r\nC:\n\r\n"), 200, CHUNKED_HEAD, B("x"), .closes = 0},
    {"last line is a bare LF", B(CHUNKED "1\r\nx\r\n0\r\nA: b\n\n"), 200, CHUNKED_HEAD, B("x"), .closes = 0},
    {"chunks as big as allowed", B(CHUNKED "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"), 200, CHUNKED_HEAD, B("abcd"),
     .limits = {.body_bytes = 4}},
    {"two equal chunks of ten bytes", B(CHUNKED "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), 200, CHUNKED_HEAD,
     B("01234567890123456789"), .closes = 0},
    {"lines as long as allowed", B("HTTP/1.1 204 OK\r\nA: 345678901234\r\nA: 4567890123456\n\r\n"), 204,
     B("A: 345678901234\r\nA: 4567890123456\n"), B(""), .limits = {.line_bytes = 17}},
    {"head as large as allowed", B("HTTP/1.1 204 OK\r\nA: 345678901234\r\n\r\n"), 204, B("A: 345678901234\r\n"), B(""),
     .limits = {.line_bytes = 17, .head_bytes = 36}},
    {"trailer lines as long as allowed", B(CHUNKED "0\r\nabcdefghijk: nopqrstuvwxyz\r\na: cdefghijklmnopqrstuvwxyz\n\r\n"), 200,
     CHUNKED_HEAD, B(""), .limits = {.line_bytes = 28, .trailer_bytes = 56}},
    {"as many trailers as allowed", B(CHUNKED "0\r\nA: 1\r\nB: 2\r\n\r\n"), 200, CHUNKED_HEAD, B(""), .limits = {.headers = 3}},
    {"extensions and trailers as long as allowed", B(CHUNKED "1;23456789012345678901\r\nx\r\n0\r\nabcdefghijklmnopq:rstuvwxy\r\n\r\n"),
     200, CHUNKED_HEAD, B("x"), .limits = {.extension_bytes = 21, .trailer_bytes = 28}},
};

#define LENGTH(value) B(OK "Content-Length:" value "\r\n\r\n")
#define CODING(value) B(OK "Transfer-Encoding:" value "\r\n\r\n0\r\n\r\n")
#define CHUNKS(bytes) B(CHUNKED bytes)
#define FIELD(line) B(OK line "\r\nContent-Length: 0\r\n\r\n")
#define STATUS(line) B(line "\r\nContent-Length: 0\r\n\r\n")

static const fault FAULTS[] = {
    {"not HTTP", B("SSH-2.0-OpenSSH_9.2\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"not HTTP, no line end", B("\x15\x03\x01\x00\x02\x02\x46"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"empty line first", B("\r\nHTTP/1.1 200 OK\r\n\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"blank first", B(" HTTP/1.1 200 OK\r\n\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"HTTP/2", STATUS("HTTP/2 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"HTTP/1.2", STATUS("HTTP/1.2 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"HTTP/1.10", STATUS("HTTP/1.10 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"lower case", STATUS("http/1.1 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"HTTP/2.0", STATUS("HTTP/2.0 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"HTTP/0.9", STATUS("HTTP/0.9 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"a body and no head", B("<html>\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"HTTP/01.1", STATUS("HTTP/01.1 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"body of an interim response", B("HTTP/1.1 103 Hm\r\nContent-Length: 5\r\n\r\nhello" OK "\r\n"),
     SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"chunks of an interim response", B("HTTP/1.1 100\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" OK "\r\n"),
     SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"no version digit", STATUS("HTTP/1. 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"two blanks", STATUS("HTTP/1.1  200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"tab", STATUS("HTTP/1.1\t200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"two digits", STATUS("HTTP/1.1 20 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"two digits, no reason", STATUS("HTTP/1.1 20"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"four digits", STATUS("HTTP/1.1 2000 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"below 100", STATUS("HTTP/1.1 099 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"status 000", STATUS("HTTP/1.1 000 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"signed", STATUS("HTTP/1.1 +20 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"letters", STATUS("HTTP/1.1 2x0 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"reason glued on", STATUS("HTTP/1.1 200OK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"NUL in the reason", STATUS("HTTP/1.1 200 O\0K"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"CR in the reason", STATUS("HTTP/1.1 200 O\rK"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"no status", STATUS("HTTP/1.1"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},
    {"garbage after an interim response", B("HTTP/1.1 100 Continue\r\n\r\nXTTP/1.1 200 OK\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, GET},

    {"blank before the colon", FIELD("Host : a"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"tab before the colon", FIELD("Transfer-Encoding\t: chunked"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"folded", FIELD("A: b\r\n c"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"folded length", FIELD("Content-Length: 5\r\n 6"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"folded with a tab", FIELD("A: b\r\n\tc"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"blank before the first name", FIELD(" A: b"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"no colon", FIELD("Abc"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"no name", FIELD(": a"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"NUL in a name", FIELD("A\0: b"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"obs-text in a name", FIELD("\xc3\xa9: b"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"NUL in a value", FIELD("A: b\0c"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"CR in a value", FIELD("A: b\rContent-Length: 5"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"CR CR LF", FIELD("A: b\r"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"CR at the start of a line", FIELD("\rA: b"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"DEL in a value", FIELD("A: \x7f"), SL_HTTP_BAD_HEADER, {0}, GET},

    {"not a number", LENGTH("x"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"empty", LENGTH(""), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"blank", LENGTH(" \t"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"plus", LENGTH("+5"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"minus", LENGTH("-5"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"exponent", LENGTH("1e3"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"quotes", LENGTH("\"5\""), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"semicolon", LENGTH("5;"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"list that begins with a comma", LENGTH(",5"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"list of one number and one word", LENGTH("5, x"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"digits of another script", LENGTH("\xd9\xa5"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"no-break space", LENGTH("\xc2\xa0" "5"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"length with NUL", LENGTH("5\0"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"length with a vertical tab", LENGTH("\v5"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"30 digits", LENGTH("111111111111111111111111111111"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"hexadecimal length", LENGTH("0x5"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"two numbers", LENGTH("5 5"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"fraction", LENGTH("5.0"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"underscore", LENGTH("1_0"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"list of two", LENGTH("5, 6"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"list with a gap", LENGTH("5,,5"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"list that ends in a comma", LENGTH("5,"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"2^64", LENGTH("18446744073709551616"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"2^64 + 5", LENGTH("18446744073709551621"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"two lines", B(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"two lines, one of them 0", B(OK "Content-Length: 0\r\nContent-Length: 6\r\n\r\nabcdef"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"bad length to HEAD", LENGTH("x"), SL_HTTP_BAD_LENGTH, {0}, HEAD},
    {"bad length of a refused CONNECT", B("HTTP/1.1 407 No\r\nContent-Length: x\r\n\r\n"), SL_HTTP_BAD_LENGTH, {0}, CONNECT},
    {"bad length before a tunnel", B("HTTP/1.1 103 Hm\r\nContent-Length: x\r\n\r\n"), SL_HTTP_BAD_LENGTH, {0}, CONNECT},
    {"bad length with 204", B("HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"bad length with 304", B("HTTP/1.1 304 No\r\nContent-Length: 1, 2\r\n\r\n"), SL_HTTP_BAD_LENGTH, {0}, GET},
    {"bad length in an interim response", B("HTTP/1.1 103 Hm\r\nContent-Length: x\r\n\r\n"), SL_HTTP_BAD_LENGTH, {0}, GET},

    {"both lengths", B(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"both lengths, turned", B(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
     SL_HTTP_BAD_FRAMING, {0}, GET},
    {"both lengths to HEAD", B(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, HEAD},
    {"both lengths with 204", B("HTTP/1.1 204\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
     SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked with 1.0", B("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"both lengths with 304", B("HTTP/1.1 304\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
     SL_HTTP_BAD_FRAMING, {0}, GET},
    {"both lengths of an interim response", B("HTTP/1.1 103\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
     SL_HTTP_BAD_FRAMING, {0}, GET},
    {"both lengths of a refused CONNECT", B("HTTP/1.1 407\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
     SL_HTTP_BAD_FRAMING, {0}, CONNECT},
    {"chunked with 1.0 to HEAD", B("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, HEAD},
    {"chunked, gzip", CODING("chunked, gzip"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"gzip, then chunked in another line", CODING("gzip\r\nTransfer-Encoding: chunked"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked and an empty item", CODING("chunked,"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"no-break space before chunked", CODING("\xa0" "chunked"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked with a NUL", CODING("chunked\0"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"chunk", CODING("chunk"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"gzip", CODING("gzip"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"gzip, chunked", CODING("gzip, chunked"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked, identity", CODING("chunked, identity"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"identity", CODING("identity"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked twice", CODING("chunked, chunked"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked in two lines", CODING("chunked\r\nTransfer-Encoding: chunked"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked and another line", CODING("chunked\r\nTransfer-Encoding: identity"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked in quotes", CODING("\"chunked\""), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"xchunked", CODING("xchunked"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"chunked;q=1", CODING("chunked;q=1"), SL_HTTP_BAD_FRAMING, {0}, GET},
    {"vertical tab", CODING("\vchunked"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"empty coding", CODING(""), SL_HTTP_BAD_FRAMING, {0}, GET},

    {"no size", CHUNKS("\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"not hexadecimal", CHUNKS("g\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"0x", CHUNKS("0x5\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"minus one", CHUNKS("-1\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"plus one", CHUNKS("+1\r\na\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"0x after a chunk", CHUNKS("1\r\na\r\n0x\r\n\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"17 digits", CHUNKS("00000000000000005\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"underscore in a size", CHUNKS("1_0\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"only an extension", CHUNKS(";a=b\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"only blanks", CHUNKS("  \r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"NUL after the size", CHUNKS("1\0\r\na\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"last chunk ends with LF", CHUNKS("0\n\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"nothing after the data", CHUNKS("5\r\nhello0\r\n\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"blank before the size", CHUNKS(" 5\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"two sizes", CHUNKS("5 5\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"size of 2^64", CHUNKS("10000000000000000\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"size of 2^64 + 5", CHUNKS("10000000000000005\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"endless zeros", CHUNKS("00000000000000000"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"size ends with LF", CHUNKS("5\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"size ends with CR", CHUNKS("5\rhello"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"extension ends with LF", CHUNKS("5;a\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"CR in an extension", CHUNKS("5;a\rb\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"NUL in an extension", CHUNKS("5;a\0b\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"longer than its size", CHUNKS("5\r\nhello!\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"shorter than its size", CHUNKS("5\r\nhell\r\n0\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"another byte for the CR after data", CHUNKS("5\r\nhello!\n0\r\n\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"data ends with LF", CHUNKS("5\r\nhello\n0\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"data ends with CR", CHUNKS("5\r\nhello\r0\r\n"), SL_HTTP_BAD_CHUNK, {0}, GET},
    {"bad trailer", CHUNKS("0\r\nA b: c\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"blank before a trailer's colon", CHUNKS("0\r\nA : c\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"folded trailer", CHUNKS("0\r\nA: b\r\n c\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"NUL in a trailer", CHUNKS("0\r\nA: \0\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"CR in a trailer", CHUNKS("0\r\nA: b\rc\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"trailer without a name", CHUNKS("0\r\n: b\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"CR where the last line should be", CHUNKS("0\r\n\rA: b\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, GET},
    {"the next response for a trailer", CHUNKS("0\r\nHTTP/1.1 200 OK\r\n"), SL_HTTP_BAD_HEADER, {0}, GET},

    {"head too long", B(OK "A: bcdefgh\r\n\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 30}, GET},
    {"field too long", B("HTTP/1.1 204 OK\r\nA: 3456789012345\r\n\r\n"), SL_HTTP_LINE_TOO_LONG, {.line_bytes = 17}, GET},
    {"field too long, LF", B("HTTP/1.1 204 OK\r\nA: 45678901234567\n\r\n"), SL_HTTP_LINE_TOO_LONG, {.line_bytes = 17}, GET},
    {"name too long", B("HTTP/1.1 204 OK\r\nabcdefghijklmnopqr"), SL_HTTP_LINE_TOO_LONG, {.line_bytes = 17}, GET},
    {"first line too long", B("HTTP/1.1 204 OK!\r\n\r\n"), SL_HTTP_LINE_TOO_LONG, {.line_bytes = 17}, GET},
    {"field of an interim response too long", B("HTTP/1.1 103 OK\r\nA: 3456789012345\r\n\r\n"), SL_HTTP_LINE_TOO_LONG,
     {.line_bytes = 17}, GET},
    {"line too long before the head is too large", B("HTTP/1.1 204 OK\r\nA: 3456789012345678901234"), SL_HTTP_LINE_TOO_LONG,
     {.line_bytes = 17, .head_bytes = 35}, GET},
    {"head too large before a line is too long", B("HTTP/1.1 204 OK\r\nA: 3456789012345678901234"), SL_HTTP_HEAD_TOO_LARGE,
     {.line_bytes = 18, .head_bytes = 34}, GET},
    {"line too long before it is wrong", B("HTTP/1.1 204 OK\r\nA 3456789012345678\r\n"),
     SL_HTTP_LINE_TOO_LONG, {.line_bytes = 17}, GET},
    {"line wrong before the next is too long", B("HTTP/1.1 204 OK\r\nA 4\r\nA: 3456789012345678\r\n"), SL_HTTP_BAD_HEADER,
     {.line_bytes = 17}, GET},
    {"line of more than all", B(OK "A: bcdefghijklmnopqrstuvwxyz"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 30}, GET},
    {"status line too long", B("HTTP/1.1 200 abcdefghijklmnopqrs"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 30}, GET},
    {"line too long and head too large at once", B("HTTP/1.1 200 abcdefghijklmnopqrs"), SL_HTTP_HEAD_TOO_LARGE,
     {.line_bytes = 30, .head_bytes = 30}, GET},
    {"too long before it is wrong", B(OK "A: bcdefghijklmnopqrstuvwxyz\0\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 30}, GET},
    {"wrong before it is too long", B(OK "A b\r\nA: bcdefghijklmnopqrstuvwxyz\r\n"), SL_HTTP_BAD_HEADER, {.head_bytes = 30}, GET},
    {"too long before it is not HTTP", B("HTTP/X.1 200 OK\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 4}, GET},
    {"not HTTP before it is too long", B("HTTPX1.1 200 OK\r\n"), SL_HTTP_BAD_STATUS_LINE, {.head_bytes = 4}, GET},
    {"too many fields", B(OK "A: 1\r\nB: 2\r\nC: 3\r\n\r\n"), SL_HTTP_TOO_MANY_HEADERS, {.headers = 2}, GET},
    {"too many interim responses", B("HTTP/1.1 100\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 100\r\n\r\n"), SL_HTTP_TOO_MANY_INTERIM,
     {.interim = 2}, GET},
    {"no interim response allowed", B("HTTP/1.1 100\r\n\r\n"), SL_HTTP_TOO_MANY_INTERIM, {.interim_forbidden = 1}, GET},
    {"extension too long", CHUNKS("1;23456789012345678901234567890123456789012345678\r\n"), SL_HTTP_EXTENSION_TOO_LARGE,
     {.extension_bytes = 47}, GET},
    {"blanks too long", CHUNKS("1                                                \r\n"), SL_HTTP_EXTENSION_TOO_LARGE,
     {.extension_bytes = 47}, GET},
    {"extensions too long together", CHUNKS("1;234567890123456789012345\r\nx\r\n1;234567890123456789012345\r\n"),
     SL_HTTP_EXTENSION_TOO_LARGE, {.extension_bytes = 47}, GET},
    {"trailer name too long", CHUNKS("0\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"), SL_HTTP_TRAILER_TOO_LARGE,
     {.trailer_bytes = 47}, GET},
    {"trailer too long by its colon", CHUNKS("0\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstu:"),
     SL_HTTP_TRAILER_TOO_LARGE, {.trailer_bytes = 47}, GET},
    {"trailers too long together", CHUNKS("0\r\na: bcdefghijklmnopqrstuvwxyz\r\na: bcdefghijklmnopqrstuvwxyz\r\n"),
     SL_HTTP_TRAILER_TOO_LARGE, {.trailer_bytes = 47}, GET},
    {"trailer line too long", CHUNKS("0\r\nabcdefghijk: nopqrstuvwxyz0\r\n\r\n"), SL_HTTP_LINE_TOO_LONG, {.line_bytes = 28}, GET},
    {"trailer line too long, LF", CHUNKS("0\r\nabcdefghijk: nopqrstuvwxyz01\n\r\n"),
     SL_HTTP_LINE_TOO_LONG, {.line_bytes = 28}, GET},
    {"second trailer line too long", CHUNKS("0\r\nA: b\r\nabcdefghijklmnopqrstuvwxyzabcdefg\r\n"), SL_HTTP_LINE_TOO_LONG,
     {.line_bytes = 28}, GET},
    {"trailers too large by a line end", CHUNKS("0\r\nA: b\r\nA: b\r\n\r\n"),
     SL_HTTP_TRAILER_TOO_LARGE, {.trailer_bytes = 11}, GET},
    {"trailer line too long before all are too large", CHUNKS("0\r\nabcdefghijklmnopqrstuvwxyz: abcdefghi\r\n"),
     SL_HTTP_LINE_TOO_LONG,
     {.line_bytes = 28, .trailer_bytes = 29}, GET},
    {"trailers too large before a line is too long", CHUNKS("0\r\nabcdefghijklmnopqrstuvwxyz: abcdefghi\r\n"),
     SL_HTTP_TRAILER_TOO_LARGE, {.line_bytes = 28, .trailer_bytes = 28}, GET},
    {"trailers too large before one is wrong", CHUNKS("0\r\nabcdef\0\r\n"), SL_HTTP_TRAILER_TOO_LARGE, {.trailer_bytes = 5}, GET},
    {"trailer wrong before it is too large", CHUNKS("0\r\nabcd\0\r\n"), SL_HTTP_BAD_HEADER, {.trailer_bytes = 4}, GET},
    {"extension too large before it is wrong", CHUNKS("1;abcd\n"), SL_HTTP_EXTENSION_TOO_LARGE, {.extension_bytes = 4}, GET},
    {"extension wrong before it is too large", CHUNKS("1;abcd\n"), SL_HTTP_BAD_CHUNK, {.extension_bytes = 5}, GET},
    {"more fields than allowed with the trailers", CHUNKS("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"),
     SL_HTTP_TOO_MANY_HEADERS, {.headers = 3}, GET},
    {"too many trailers", CHUNKS("0\r\nA: 1\r\nB: 2\r\n\r\n"), SL_HTTP_TOO_MANY_HEADERS, {.headers = 2}, GET},

    {"length over the limit", LENGTH("5"), SL_HTTP_BODY_TOO_LARGE, {.body_bytes = 4}, GET},
    {"length of 2^64 - 1", LENGTH("18446744073709551615"), SL_HTTP_BODY_TOO_LARGE, {0}, GET},
    {"chunk over the limit", CHUNKS("5\r\n"), SL_HTTP_BODY_TOO_LARGE, {.body_bytes = 4}, GET},
    {"chunks over the limit", CHUNKS("3\r\nabc\r\n2\r\n"), SL_HTTP_BODY_TOO_LARGE, {.body_bytes = 4}, GET},
    {"chunk of 2^64 - 1", CHUNKS("1\r\na\r\nffffffffffffffff\r\n"), SL_HTTP_BODY_TOO_LARGE, {0}, GET},
    {"until close, over the limit", B(OK "\r\nabcde"), SL_HTTP_BODY_TOO_LARGE, {.body_bytes = 4}, GET},
};

enum { ANSWER_COUNT = sizeof ANSWERS / sizeof *ANSWERS, FAULT_COUNT = sizeof FAULTS / sizeof *FAULTS };

/* Feeding */

/* What the owner of a parser does with a body. */
typedef enum { KEEPING, DISCARDING, STREAMING, STREAMING_NOW_AND_THEN, STREAMING_NEVER, GIVING_UP, USES } use;

static void reset(sl_http *p, int request, use body)
{
    sl_http_reset(p, request == HEAD);
    CHECK(p->body_use == SL_HTTP_KEEP && !p->request_is_connect, "a reset keeps the body");
    p->request_is_connect = request == CONNECT;
    if (body != KEEPING) p->body_use = body == DISCARDING ? SL_HTTP_DISCARD : SL_HTTP_STREAM;
}

static void start(sl_http *p, const limits *l, int request, use body)
{
    sl_http_init(p);
    if (l->line_bytes) p->max_line_bytes = l->line_bytes;
    if (l->head_bytes) p->max_head_bytes = l->head_bytes;
    if (l->extension_bytes) p->max_chunk_extension_bytes = l->extension_bytes;
    if (l->trailer_bytes) p->max_trailer_bytes = l->trailer_bytes;
    if (l->headers) p->max_headers = l->headers;
    if (l->interim || l->interim_forbidden) p->max_interim = l->interim;
    if (l->body_bytes) p->max_body_bytes = l->body_bytes;
    reset(p, request, body);
}

enum { MOST_STREAMED = 256 };

typedef struct {
    use body;
    uint8_t *piece;                                      /* what was fed last; head and body may point into it */
    size_t consumed;                                     /* of all that was fed */
    sl_http_status status;
    size_t feeds, streamed_size;
    uint8_t streamed[MOST_STREAMED];                     /* what was taken from the parser and released */
} feeding;

/* Nobody wants the rest of a body that was streamed: no byte of it may be kept from here on. */
static void give_up(sl_http *p)
{
    CHECK(p->body_use == SL_HTTP_STREAM || p->body_size == 0, "%zu bytes are kept", p->body_size);
    p->body_use = SL_HTTP_DISCARD;
    sl_http_release_body(p);
}

static void stream(sl_http *p, feeding *f)
{
    if (f->body == GIVING_UP) give_up(p);
    if (f->body != STREAMING && (f->body != STREAMING_NOW_AND_THEN || f->feeds % 2 == 1)) return;
    CHECK(p->body_size <= sizeof f->streamed - f->streamed_size, "%zu bytes", p->body_size);
    memcpy(f->streamed + f->streamed_size, p->body, p->body_size);
    f->streamed_size += p->body_size;
    sl_http_release_body(p);
    CHECK(p->body != NULL && p->body_size == 0, "%zu bytes are still there", p->body_size);
}

/* Every piece has memory of exactly its size, freed before the next, so that the sanitizer sees each byte read outside. */
static void feed_piece(sl_http *p, feeding *f, const char *bytes, size_t size)
{
    size_t used = 0;
    free(f->piece);
    f->piece = malloc(size ? size : 1);
    memcpy(f->piece, bytes, size);
    f->status = sl_http_feed(p, f->piece, size, &used);
    CHECK(used <= size, "%zu of %zu bytes", used, size);
    CHECK(f->status != SL_HTTP_MORE || used == size, "%zu of %zu bytes", used, size);
    f->consumed += used;
    f->feeds++;
    stream(p, f);
}

/* In a first piece of `cut` bytes, and then `step` bytes at a time. */
static feeding feed_in_pieces(sl_http *p, wire in, size_t cut, size_t step, use body)
{
    feeding f = {.body = body, .status = SL_HTTP_MORE};
    feed_piece(p, &f, in.bytes, cut);
    for (size_t at = cut; at < in.size && f.status == SL_HTTP_MORE; at += step) {
        feed_piece(p, &f, in.bytes + at, in.size - at < step ? in.size - at : step);
    }
    return f;
}

static void check_bytes(const char *what, const uint8_t *got, size_t size, wire expected)
{
    CHECK(got != NULL, "%s is NULL", what);
    CHECK(size == expected.size && memcmp(got, expected.bytes, size) == 0, "%s is \"%.*s\", not \"%s\"", what, (int)size,
          (const char *)got, expected.bytes);
}

static int lies_in(const uint8_t *data, const feeding *f, size_t size)
{
    return f->piece != NULL && data >= f->piece && data <= f->piece + size;
}

/* What was streamed and what is still there, one after the other. */
static void check_body(const sl_http *p, feeding *f, wire expected)
{
    CHECK(p->body_total == expected.size, "%llu in all", (unsigned long long)p->body_total);
    CHECK(f->body != DISCARDING || (p->body_size == 0 && p->body_copy.capacity == 0), "%zu bytes are kept", p->body_size);
    CHECK(f->body != GIVING_UP || p->body_size == 0, "%zu bytes are kept", p->body_size);
    if (f->body == DISCARDING || f->body == GIVING_UP) return;
    CHECK(p->body_size <= sizeof f->streamed - f->streamed_size, "%zu bytes", p->body_size);
    memcpy(f->streamed + f->streamed_size, p->body, p->body_size);
    check_bytes("body", f->streamed, f->streamed_size + p->body_size, expected);
}

static int flags_of(const sl_http *p)
{
    return (p->has_set_cookie ? SET_COOKIE : 0) | (p->has_location ? LOCATION : 0)
           | (p->has_content_encoding ? CONTENT_ENCODING : 0);
}

static void check_answer(const sl_http *p, const answer *a, feeding *f)
{
    CHECK(f->status == SL_HTTP_DONE, "%d (%s)", f->status, sl_http_error_text(p->error));
    CHECK(p->error == SL_HTTP_OK && p->head_complete && sl_http_started(p), "%d", p->error);
    CHECK(p->status == a->status, "%d", p->status);
    CHECK(p->minor_version == (strstr(a->in.bytes, "HTTP/1.0") == NULL), "%d", p->minor_version);
    CHECK(p->keep_alive == !a->closes, "%d", p->keep_alive);
    CHECK(p->interim == a->interim, "%u", p->interim);
    CHECK(flags_of(p) == a->flags, "%d", flags_of(p));
    CHECK(f->consumed == a->in.size, "%zu of %zu", f->consumed, a->in.size);
    check_bytes("head", p->head, p->head_size, a->head);
    check_body(p, f, a->body);
}

static void check_borrowing(const sl_http *p, const answer *a, const feeding *f, size_t size)
{
    int one_chunk = strstr(a->in.bytes, "chunked") == NULL;
    CHECK(p->borrowed, "a whole response is not copied");
    CHECK(lies_in(p->head, f, size), "the head was copied");
    CHECK(!one_chunk || p->body_size == 0 || lies_in(p->body, f, size), "the body was copied");
    CHECK(p->head_copy.capacity == 0 && (!one_chunk || p->body_copy.capacity == 0), "memory was taken");
}

static void run_answer(const answer *a, wire in, size_t cut, size_t step, use body)
{
    sl_http p;
    start(&p, &a->limits, a->request, body);
    for (int round = 0; round < 2; round++) {            /* the second time on a parser that was used before */
        feeding f = feed_in_pieces(&p, in, cut, step, body);
        if (cut == in.size && !a->until_close) check_borrowing(&p, a, &f, in.size);
        if (a->until_close) {
            CHECK(f.status == SL_HTTP_MORE, "%d", f.status);
            f.status = sl_http_end(&p);
            CHECK(!p.borrowed, "what was fed is gone");
        }
        check_answer(&p, a, &f);
        free(f.piece);
        reset(&p, a->request, body);
    }
    sl_http_free(&p);
}

static void run_fault(const fault *c, wire in, size_t cut, size_t step, use body)
{
    size_t used;
    sl_http p;
    start(&p, &c->limits, c->request, body);
    feeding f = feed_in_pieces(&p, in, cut, step, body);
    CHECK(f.status == SL_HTTP_ERROR, "%d", f.status);
    CHECK(p.error == c->error, "%s, not %s", sl_http_error_text(p.error), sl_http_error_text(c->error));
    CHECK(sl_http_feed(&p, (const uint8_t *)"H", 1, &used) == SL_HTTP_ERROR && used == 0, "an error is forever");
    CHECK(sl_http_end(&p) == SL_HTTP_ERROR && p.error == c->error, "the end does not change the error");
    free(f.piece);
    sl_http_free(&p);
}

static wire joined(wire a, wire b)
{
    static char bytes[4096];
    CHECK(a.size + b.size < sizeof bytes, "%zu", a.size);
    memcpy(bytes, a.bytes, a.size);
    memcpy(bytes + a.size, b.bytes, b.size);
    return (wire){bytes, a.size + b.size};
}

static void run_answer_in_all_splits(const answer *a, wire in, use body)
{
    for (size_t cut = 0; cut <= in.size; cut++) run_answer(a, in, cut, in.size, body);
    run_answer(a, in, 1, 1, body);
    run_answer(a, in, 2, 3, body);
}

static void run_fault_in_all_splits(const fault *c, wire in, use body)
{
    for (size_t cut = 0; cut <= in.size; cut++) run_fault(c, in, cut, in.size, body);
    run_fault(c, in, 1, 1, body);
    run_fault(c, in, 2, 3, body);
}

static void test_answers(void)
{
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        const answer *a = &ANSWERS[i];
        check_context = a->name;
        for (use body = KEEPING; body < USES; body++) run_answer_in_all_splits(a, a->in, body);
        if (!a->until_close) run_answer_in_all_splits(a, joined(a->in, AFTER), KEEPING);
    }
}

static void test_faults(void)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        const fault *c = &FAULTS[i];
        check_context = c->name;
        for (use body = KEEPING; body <= STREAMING; body++) run_fault_in_all_splits(c, c->in, body);
        run_fault_in_all_splits(c, joined(c->in, AFTER), KEEPING);
    }
}

/* Ends */

static size_t whole_head_size(const answer *a)
{
    return a->in.size - a->body.size;
}

static void check_early_end(const answer *a, const sl_http *p, sl_http_status status, size_t size)
{
    if (a->until_close && size >= whole_head_size(a)) {
        CHECK(status == SL_HTTP_DONE, "%zu bytes: %s", size, sl_http_error_text(p->error));
        check_bytes("body", p->body, p->body_size, (wire){a->body.bytes, size - whole_head_size(a)});
        return;
    }
    sl_http_error expected = size ? SL_HTTP_CLOSED_EARLY : SL_HTTP_CLOSED_UNANSWERED;
    CHECK(status == SL_HTTP_ERROR, "%zu bytes", size);
    CHECK(p->error == expected, "%zu bytes: %s", size, sl_http_error_text(p->error));
    CHECK(sl_http_started(p) == (size > 0), "%zu bytes", size);
}

static void test_end_at_every_byte(void)
{
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        const answer *a = &ANSWERS[i];
        check_context = a->name;
        for (size_t size = 0; size < a->in.size; size++) {
            sl_http p;
            start(&p, &a->limits, a->request, KEEPING);
            feeding f = feed_in_pieces(&p, (wire){a->in.bytes, size}, size, 1, KEEPING);
            CHECK(f.status == SL_HTTP_MORE, "%zu bytes", size);
            check_early_end(a, &p, sl_http_end(&p), size);
            free(f.piece);
            sl_http_free(&p);
        }
    }
}

/* The first byte that makes a response wrong is the one that ends it: a prefix may only be MORE or the same error. */
static void test_faults_at_every_byte(void)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        const fault *c = &FAULTS[i];
        check_context = c->name;
        for (size_t size = 0; size < c->in.size; size++) {
            sl_http p;
            start(&p, &c->limits, c->request, KEEPING);
            feeding f = feed_in_pieces(&p, (wire){c->in.bytes, size}, size, 1, KEEPING);
            CHECK(f.status != SL_HTTP_DONE, "%zu bytes", size);
            CHECK(f.status == SL_HTTP_MORE || p.error == c->error, "%zu bytes: %d", size, p.error);
            sl_http_end(&p);
            CHECK(p.error == c->error || p.error == (size ? SL_HTTP_CLOSED_EARLY : SL_HTTP_CLOSED_UNANSWERED)
                      || (p.error == SL_HTTP_OK && c->error == SL_HTTP_BODY_TOO_LARGE),
                  "%zu bytes: %d", size, p.error);
            free(f.piece);
            sl_http_free(&p);
        }
    }
}

/* Every byte value in every kind of place, against the grammar written once more */

static int is_token_byte(int byte)
{
    if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) return 1;
    return byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL;
}

static int is_text_byte(int byte)
{
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

static void check_byte(const char *before, int byte, const char *after, int good)
{
    sl_http p;
    char bytes[256];
    size_t size = strlen(before);
    memcpy(bytes, before, size);
    bytes[size++] = (char)byte;
    memcpy(bytes + size, after, strlen(after));
    size += strlen(after);
    sl_http_init(&p);
    feeding f = feed_in_pieces(&p, (wire){bytes, size}, size, 1, KEEPING);
    CHECK((f.status == SL_HTTP_DONE) == good, "byte 0x%02x after \"%s\": %s", (unsigned)byte, before, sl_http_error_text(p.error));
    free(f.piece);
    sl_http_free(&p);
}

static void test_every_byte_in_every_place(void)
{
    const char *end = "\r\nContent-Length: 0\r\n\r\n";
    check_context = "bytes";
    for (int byte = 0; byte < 256; byte++) {
        int token = is_token_byte(byte), value = is_text_byte(byte);
        check_byte("HTTP/1.1 200 O", byte, "K\r\nContent-Length: 0\r\n\r\n", value);
        check_byte(OK "A", byte, "B: c\r\nContent-Length: 0\r\n\r\n", token || byte == ':');
        check_byte(OK, byte, "B: c\r\nContent-Length: 0\r\n\r\n", token);
        check_byte(OK "A: b", byte, "c\r\nContent-Length: 0\r\n\r\n", value);
        check_byte(OK "A: b", byte, end, value);
        check_byte(CHUNKED "1;a", byte, "b\r\nx\r\n0\r\n\r\n", value);
        check_byte(CHUNKED "1", byte, "\r\nx\r\n0\r\n\r\n", byte == ';' || byte == ' ' || byte == '\t');
        check_byte(CHUNKED "0\r\nA", byte, "B: c\r\n\r\n", token || byte == ':');
        check_byte(CHUNKED "0\r\nA: b", byte, "c\r\n\r\n", value);
    }
}

/* Memory */

enum { PIECE = 4096, MOST_RESERVED_BYTES = 16 * 1024 * 1024 };

static const char A_PIECE[PIECE];

/* One response of `size` bytes of body, in pieces; `follow` is called after each. */
static void feed_large_body(sl_http *p, const char *head, size_t size, void (*follow)(sl_http *p, size_t received, size_t size))
{
    size_t used;
    sl_http_status status = sl_http_feed(p, (const uint8_t *)head, strlen(head), &used);
    CHECK(status == SL_HTTP_MORE && p->head_complete && p->body_copy.capacity == 0, "%d", status);
    for (size_t received = 0, piece; received < size; received += piece) {
        piece = size - received < PIECE ? size - received : PIECE;
        status = sl_http_feed(p, (const uint8_t *)A_PIECE, piece, &used);
        CHECK(status >= SL_HTTP_MORE && p->body_total == received + piece, "%s", sl_http_error_text(p->error));
        follow(p, received + piece, size);
    }
}

static void check_reserved(sl_http *p, size_t received, size_t size)
{
    size_t most = received + MOST_RESERVED_BYTES < size ? received + MOST_RESERVED_BYTES : size;
    CHECK(p->body_copy.capacity <= most, "%zu after %zu of %zu", p->body_copy.capacity, received, size);
    CHECK(size > MOST_RESERVED_BYTES || p->body_copy.capacity == size, "%zu for %zu", p->body_copy.capacity, size);
    CHECK(received < size || p->body_copy.capacity == size, "%zu for %zu in the end", p->body_copy.capacity, size);
}

static void check_nothing_kept(sl_http *p, size_t received, size_t size)
{
    (void)size;
    CHECK(p->body_size == 0 && p->body_copy.capacity == 0, "%zu after %zu", p->body_copy.capacity, received);
}

static void check_streamed(sl_http *p, size_t received, size_t size)
{
    (void)size;
    CHECK(p->body_size > 0 && p->body_size <= PIECE, "%zu after %zu", p->body_size, received);
    CHECK(p->body_copy.capacity <= PIECE, "%zu after %zu", p->body_copy.capacity, received);
    sl_http_release_body(p);
    CHECK(p->body_size == 0 && p->body_copy.size == 0, "released");
}

/* Not by doubling, and a server that only claims a length does not make us take its memory. */
static void test_a_counted_body_is_reserved(void)
{
    static const size_t SIZES[] = {PIECE + 1, 3 * PIECE, 100000, MOST_RESERVED_BYTES, MOST_RESERVED_BYTES + 1,
                                   2 * MOST_RESERVED_BYTES + 5000};
    char head[64];
    check_context = "reserving";
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        sl_http p;
        sl_http_init(&p);
        snprintf(head, sizeof head, OK "Content-Length: %zu\r\n\r\n", SIZES[i]);
        feed_large_body(&p, head, SIZES[i], check_reserved);
        CHECK(p.body_size == SIZES[i], "%zu", p.body_size);
        sl_http_reset(&p, 0);
        CHECK((p.body_copy.capacity > 0) == (SIZES[i] <= 64 * 1024), "a large copy is freed");
        sl_http_free(&p);
    }
}

static void test_large_bodies_that_are_not_kept(void)
{
    static const char *const HEADS[] = {
        OK "Content-Length: 1048576\r\n\r\n", CHUNKED "100000\r\n", OK "\r\n",
    };
    check_context = "large and not kept";
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++) {
        for (use body = DISCARDING; body <= STREAMING; body++) {
            sl_http p;
            start(&p, &(limits){0}, GET, body);
            feed_large_body(&p, HEADS[i], 1 << 20, body == STREAMING ? check_streamed : check_nothing_kept);
            sl_http_free(&p);
        }
    }
}

static void test_the_limit_holds_for_bodies_that_are_not_kept(void)
{
    static const wire IN = B(CHUNKED "2\r\nab\r\n2\r\ncd\r\n1\r\n");
    check_context = "limit of what is not kept";
    for (use body = KEEPING; body < USES; body++) {
        sl_http p;
        start(&p, &(limits){.body_bytes = 4}, GET, body);
        feeding f = feed_in_pieces(&p, IN, 0, 1, body);
        CHECK(f.status == SL_HTTP_ERROR && p.error == SL_HTTP_BODY_TOO_LARGE && p.body_total == 4, "%d", p.error);
        free(f.piece);
        sl_http_free(&p);
    }
}

static void test_small_copies_are_kept_for_reuse(void)
{
    sl_http p;
    check_context = "reuse";
    sl_http_init(&p);
    feeding f = feed_in_pieces(&p, ANSWERS[0].in, 1, 1, KEEPING);
    size_t head = p.head_copy.capacity, body = p.body_copy.capacity;
    CHECK(f.status == SL_HTTP_DONE && head > 0 && body > 0, "%zu %zu", head, body);
    sl_http_reset(&p, 0);
    CHECK(p.head_copy.capacity == head && p.body_copy.capacity == body, "freed");
    free(f.piece);
    sl_http_free(&p);
    CHECK(p.head_copy.data == NULL && p.body_copy.data == NULL, "free frees");
}

/* A borrowed body of a response whose head came before: nothing of it may be freed or copied wrongly. */
static void test_head_and_body_apart(void)
{
    const answer *a = &ANSWERS[0];
    size_t cut = whole_head_size(a), used;
    sl_http p;
    check_context = "head and body apart";
    sl_http_init(&p);
    feeding f = feed_in_pieces(&p, a->in, cut, a->in.size, KEEPING);
    check_answer(&p, a, &f);
    CHECK(p.borrowed && !lies_in(p.head, &f, a->body.size) && lies_in(p.body, &f, a->body.size), "the body is lent");
    sl_http_release_body(&p);
    CHECK(!p.borrowed && sl_http_feed(&p, f.piece, 1, &used) == SL_HTTP_DONE && !p.borrowed, "nothing is lent any more");
    check_bytes("head", p.head, p.head_size, a->head);
    free(f.piece);
    sl_http_free(&p);
}

/* Before any of the body: whoever streams decides by them. */
static void test_what_a_head_says_is_known_before_the_body(void)
{
    static const wire IN = B("HTTP/1.0 302 Found\r\nSet-Cookie: a=b\r\nLocation: /\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n");
    check_context = "head before body";
    for (size_t cut = 0; cut <= IN.size; cut++) {
        sl_http p;
        start(&p, &(limits){0}, GET, STREAMING);
        feeding f = feed_in_pieces(&p, IN, cut, IN.size, STREAMING);
        CHECK(f.status == SL_HTTP_MORE && p.head_complete && p.status == 302 && !p.keep_alive, "%d", p.status);
        CHECK(flags_of(&p) == (SET_COOKIE | LOCATION | CONTENT_ENCODING) && p.body_total == 0, "%d", flags_of(&p));
        check_bytes("head", p.head, p.head_size, (wire){IN.bytes + 20, IN.size - 22});
        free(f.piece);
        sl_http_free(&p);
    }
}

static void test_a_finished_parser_takes_nothing(void)
{
    size_t used = 99;
    sl_http p;
    check_context = "finished";
    sl_http_init(&p);
    CHECK(!sl_http_started(&p) && sl_http_feed(&p, NULL, 0, &used) == SL_HTTP_MORE && used == 0, "an empty feed");
    CHECK(!sl_http_started(&p), "an empty feed starts nothing");
    feeding f = feed_in_pieces(&p, ANSWERS[0].in, ANSWERS[0].in.size, 1, KEEPING);
    CHECK(sl_http_feed(&p, (const uint8_t *)"HTTP", 4, &used) == SL_HTTP_DONE && used == 0, "%zu", used);
    CHECK(sl_http_end(&p) == SL_HTTP_DONE, "an end after the end");
    free(f.piece);
    sl_http_free(&p);
}

/* Work */

enum { LONG_LINE = 4 * 1024 * 1024 };

static double seconds_to_feed(const char *before, const char *filler, size_t filler_size, size_t total)
{
    sl_http p;
    size_t used;
    sl_http_init(&p);
    p.max_line_bytes = p.max_head_bytes = p.max_trailer_bytes = p.max_body_bytes = SIZE_MAX;
    p.max_headers = UINT32_MAX;
    sl_http_feed(&p, (const uint8_t *)before, strlen(before), &used);
    clock_t begun = clock();
    for (size_t i = 0; i < total; i++) {
        sl_http_status status = sl_http_feed(&p, (const uint8_t *)filler + i % filler_size, 1, &used);
        CHECK(status == SL_HTTP_MORE, "byte %zu: %s", i, sl_http_error_text(p.error));
    }
    sl_http_free(&p);
    return (double)(clock() - begun) / CLOCKS_PER_SEC;
}

/* Work that grew with the square would take hours here, so the bound can be wide enough for any machine. */
static void test_work_is_linear_byte_by_byte(void)
{
    check_context = "linear";
    CHECK(seconds_to_feed(OK "A: ", "a", 1, LONG_LINE) < 30, "one long line");
    CHECK(seconds_to_feed(OK, "A: b\r\n", 6, LONG_LINE) < 30, "many fields");
    CHECK(seconds_to_feed(CHUNKED, "1\r\na\r\n", 6, LONG_LINE) < 30, "many chunks");
    CHECK(seconds_to_feed(CHUNKED "0\r\nA: ", "a", 1, LONG_LINE) < 30, "a long trailer");
    CHECK(seconds_to_feed(OK "\r\n", "a", 1, LONG_LINE) < 30, "a body until close");
}

static uint64_t to_come_after(const char *said)
{
    sl_http p;
    size_t consumed;
    sl_http_init(&p);
    sl_http_feed(&p, (const uint8_t *)said, strlen(said), &consumed);
    uint64_t left = sl_http_to_come(&p);
    sl_http_free(&p);
    return left;
}

static void test_only_of_a_counted_body_is_known_how_much_is_to_come(void)
{
    static const struct { const char *said; uint64_t left; } CASES[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", 3},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde", 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff", 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 0},
        {"HTTP/1.1 200 OK\r\n\r\nab", 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        check_context = CASES[i].said;
        uint64_t left = to_come_after(CASES[i].said);
        CHECK(left == CASES[i].left, "%llu", (unsigned long long)left);
    }
}

static void test_every_error_has_a_text(void)
{
    check_context = "texts";
    for (int error = SL_HTTP_OK; error <= SL_HTTP_NO_MEMORY; error++) {
        const char *said = sl_http_error_text((sl_http_error)error);
        CHECK(said != NULL && strcmp(said, "unknown error") != 0, "%d", error);
        for (int other = SL_HTTP_OK; other < error; other++) {
            CHECK(strcmp(said, sl_http_error_text((sl_http_error)other)) != 0, "%d and %d", error, other);
        }
    }
    CHECK(strcmp(sl_http_error_text((sl_http_error)99), "unknown error") == 0, "99");
}

int main(void)
{
    test_answers();
    test_faults();
    test_end_at_every_byte();
    test_faults_at_every_byte();
    test_every_byte_in_every_place();
    test_a_counted_body_is_reserved();
    test_large_bodies_that_are_not_kept();
    test_the_limit_holds_for_bodies_that_are_not_kept();
    test_small_copies_are_kept_for_reuse();
    test_head_and_body_apart();
    test_what_a_head_says_is_known_before_the_body();
    test_a_finished_parser_takes_nothing();
    test_work_is_linear_byte_by_byte();
    test_only_of_a_counted_body_is_known_how_much_is_to_come();
    test_every_error_has_a_text();
    printf("%d answers and %d faults, each in every split\n", ANSWER_COUNT, FAULT_COUNT);
    return 0;
}
