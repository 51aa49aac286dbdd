/* Each case is exact bytes and what they must give. A case is fed whole, byte by byte, split at every position, and all
 * of that again with bytes after it; every proper prefix of it is ended early. A new case is one line in a table.
 */
#include "http1.h"

#include <string.h>
#include <time.h>

#include "check.h"

typedef struct {
    const char *bytes;
    size_t size;
} wire;

#define B(literal) {literal, sizeof literal - 1}

typedef struct {
    size_t head_bytes;                                   /* 0 stands for the default */
    uint32_t headers, interim;
    uint64_t body_bytes;
    int interim_forbidden;
} limits;

typedef struct {
    const char *name;
    wire in;
    int status;
    wire head, body;
    int closes;                                          /* keep_alive must be 0 */
    int to_head;                                         /* the request was HEAD */
    int until_close;
    uint32_t interim;
    limits limits;
} answer;

typedef struct {
    const char *name;
    wire in;
    sl_http_error error;
    limits limits;
    int to_head;
} fault;

static const wire AFTER = B("HTTP/1.1 500 Next\r\nContent-Length: 1\r\n\r\nx");

#define OK "HTTP/1.1 200 OK\r\n"
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
    {"HEAD", B(OK "Content-Length: 100\r\n\r\n"), 200, B("Content-Length: 100\r\n"), B(""), .to_head = 1},
    {"HEAD, chunked", B(CHUNKED), 200, CHUNKED_HEAD, B(""), .to_head = 1},
    {"HEAD, neither", B(OK "\r\n"), 200, B(""), B(""), .to_head = 1},
    {"HEAD, length over the limit", B(OK "Content-Length: 9\r\n\r\n"), 200, B("Content-Length: 9\r\n"), B(""), .to_head = 1,
     .limits = {.body_bytes = 4}},
    {"204", B("HTTP/1.1 204 No Content\r\n\r\n"), 204, B(""), B(""), .closes = 0},
    {"204 with a length", B("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"), 204, B("Content-Length: 5\r\n"), B(""),
     .closes = 0},
    {"304 with a length", B("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), 304, B("Content-Length: 5\r\n"), B(""),
     .closes = 0},
    {"304, chunked", B("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"), 304, CHUNKED_HEAD, B(""), .closes = 0},
    {"101", B("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), 101,
     B("Upgrade: websocket\r\nConnection: Upgrade\r\n"), B(""), .closes = 1},

    /* Interim responses */
    {"100 first", B("HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\na"), 200, B("Content-Length: 1\r\n"), B("a"),
     .interim = 1},
    {"103 with fields, twice",
     B("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 7\r\nConnection: close\r\n\r\nHTTP/1.1 103\n\n" CHUNKED "0\r\n\r\n"),
     200, CHUNKED_HEAD, B(""), .interim = 2},
    {"interim before 101", B("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Yes\r\n\r\n"), 101, B(""), B(""), .closes = 1, .interim = 1},
    {"interim before HEAD", B("HTTP/1.1 102 Processing\r\n\r\n" OK "Content-Length: 1\r\n\r\n"), 200, B("Content-Length: 1\r\n"),
     B(""), .to_head = 1, .interim = 1},
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
    {"extensions and trailers as long as allowed", B(CHUNKED "1;23456789012345678901\r\nx\r\n0\r\nabcdefghijklmnopq:rstuvwxy\r\n\r\n"),
     200, CHUNKED_HEAD, B("x"), .limits = {.head_bytes = 47}},
};

#define LENGTH(value) B(OK "Content-Length:" value "\r\n\r\n")
#define CODING(value) B(OK "Transfer-Encoding:" value "\r\n\r\n0\r\n\r\n")
#define CHUNKS(bytes) B(CHUNKED bytes)
#define FIELD(line) B(OK line "\r\nContent-Length: 0\r\n\r\n")
#define STATUS(line) B(line "\r\nContent-Length: 0\r\n\r\n")

static const fault FAULTS[] = {
    {"not HTTP", B("SSH-2.0-OpenSSH_9.2\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"not HTTP, no line end", B("\x15\x03\x01\x00\x02\x02\x46"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"empty line first", B("\r\nHTTP/1.1 200 OK\r\n\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"blank first", B(" HTTP/1.1 200 OK\r\n\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"HTTP/2", STATUS("HTTP/2 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"HTTP/1.2", STATUS("HTTP/1.2 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"HTTP/1.10", STATUS("HTTP/1.10 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"lower case", STATUS("http/1.1 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"no version digit", STATUS("HTTP/1. 200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"two blanks", STATUS("HTTP/1.1  200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"tab", STATUS("HTTP/1.1\t200 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"two digits", STATUS("HTTP/1.1 20 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"two digits, no reason", STATUS("HTTP/1.1 20"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"four digits", STATUS("HTTP/1.1 2000 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"below 100", STATUS("HTTP/1.1 099 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"status 000", STATUS("HTTP/1.1 000 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"signed", STATUS("HTTP/1.1 +20 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"letters", STATUS("HTTP/1.1 2x0 OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"reason glued on", STATUS("HTTP/1.1 200OK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"NUL in the reason", STATUS("HTTP/1.1 200 O\0K"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"CR in the reason", STATUS("HTTP/1.1 200 O\rK"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"no status", STATUS("HTTP/1.1"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},
    {"garbage after an interim response", B("HTTP/1.1 100 Continue\r\n\r\nXTTP/1.1 200 OK\r\n"), SL_HTTP_BAD_STATUS_LINE, {0}, 0},

    {"blank before the colon", FIELD("Host : a"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"tab before the colon", FIELD("Transfer-Encoding\t: chunked"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"folded", FIELD("A: b\r\n c"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"folded length", FIELD("Content-Length: 5\r\n 6"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"folded with a tab", FIELD("A: b\r\n\tc"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"blank before the first name", FIELD(" A: b"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"no colon", FIELD("Abc"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"no name", FIELD(": a"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"NUL in a name", FIELD("A\0: b"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"obs-text in a name", FIELD("\xc3\xa9: b"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"NUL in a value", FIELD("A: b\0c"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"CR in a value", FIELD("A: b\rContent-Length: 5"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"CR CR LF", FIELD("A: b\r"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"CR at the start of a line", FIELD("\rA: b"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"DEL in a value", FIELD("A: \x7f"), SL_HTTP_BAD_HEADER, {0}, 0},

    {"not a number", LENGTH("x"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"empty", LENGTH(""), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"blank", LENGTH(" \t"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"plus", LENGTH("+5"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"minus", LENGTH("-5"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"hexadecimal length", LENGTH("0x5"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"two numbers", LENGTH("5 5"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"fraction", LENGTH("5.0"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"underscore", LENGTH("1_0"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"list of two", LENGTH("5, 6"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"list with a gap", LENGTH("5,,5"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"list that ends in a comma", LENGTH("5,"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"2^64", LENGTH("18446744073709551616"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"2^64 + 5", LENGTH("18446744073709551621"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"two lines", B(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"two lines, one of them 0", B(OK "Content-Length: 0\r\nContent-Length: 6\r\n\r\nabcdef"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"bad length to HEAD", LENGTH("x"), SL_HTTP_BAD_LENGTH, {0}, 1},
    {"bad length with 204", B("HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"bad length with 304", B("HTTP/1.1 304 No\r\nContent-Length: 1, 2\r\n\r\n"), SL_HTTP_BAD_LENGTH, {0}, 0},
    {"bad length in an interim response", B("HTTP/1.1 103 Hm\r\nContent-Length: x\r\n\r\n"), SL_HTTP_BAD_LENGTH, {0}, 0},

    {"both lengths", B(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"both lengths, turned", B(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"both lengths to HEAD", B(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, 1},
    {"both lengths with 204", B("HTTP/1.1 204\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"chunked with 1.0", B("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"gzip", CODING("gzip"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"gzip, chunked", CODING("gzip, chunked"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"chunked, identity", CODING("chunked, identity"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"identity", CODING("identity"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"chunked twice", CODING("chunked, chunked"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"chunked in two lines", CODING("chunked\r\nTransfer-Encoding: chunked"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"chunked and another line", CODING("chunked\r\nTransfer-Encoding: identity"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"chunked in quotes", CODING("\"chunked\""), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"xchunked", CODING("xchunked"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"chunked;q=1", CODING("chunked;q=1"), SL_HTTP_BAD_FRAMING, {0}, 0},
    {"vertical tab", CODING("\vchunked"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"empty coding", CODING(""), SL_HTTP_BAD_FRAMING, {0}, 0},

    {"no size", CHUNKS("\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"not hexadecimal", CHUNKS("g\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"0x", CHUNKS("0x5\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"minus one", CHUNKS("-1\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"blank before the size", CHUNKS(" 5\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"two sizes", CHUNKS("5 5\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"size of 2^64", CHUNKS("10000000000000000\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"size of 2^64 + 5", CHUNKS("10000000000000005\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"endless zeros", CHUNKS("00000000000000000"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"size ends with LF", CHUNKS("5\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"size ends with CR", CHUNKS("5\rhello"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"extension ends with LF", CHUNKS("5;a\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"CR in an extension", CHUNKS("5;a\rb\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"NUL in an extension", CHUNKS("5;a\0b\r\nhello\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"longer than its size", CHUNKS("5\r\nhello!\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"shorter than its size", CHUNKS("5\r\nhell\r\n0\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"another byte for the CR after data", CHUNKS("5\r\nhello!\n0\r\n\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"data ends with LF", CHUNKS("5\r\nhello\n0\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"data ends with CR", CHUNKS("5\r\nhello\r0\r\n"), SL_HTTP_BAD_CHUNK, {0}, 0},
    {"bad trailer", CHUNKS("0\r\nA b: c\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"blank before a trailer's colon", CHUNKS("0\r\nA : c\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"folded trailer", CHUNKS("0\r\nA: b\r\n c\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"NUL in a trailer", CHUNKS("0\r\nA: \0\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"CR in a trailer", CHUNKS("0\r\nA: b\rc\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"trailer without a name", CHUNKS("0\r\n: b\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"CR where the last line should be", CHUNKS("0\r\n\rA: b\r\n\r\n"), SL_HTTP_BAD_HEADER, {0}, 0},
    {"the next response for a trailer", CHUNKS("0\r\nHTTP/1.1 200 OK\r\n"), SL_HTTP_BAD_HEADER, {0}, 0},

    {"head too long", B(OK "A: bcdefgh\r\n\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 30}, 0},
    {"line too long", B(OK "A: bcdefghijklmnopqrstuvwxyz"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 30}, 0},
    {"status line too long", B("HTTP/1.1 200 abcdefghijklmnopqrs"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 30}, 0},
    {"too long before it is wrong", B(OK "A: bcdefghijklmnopqrstuvwxyz\0\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 30}, 0},
    {"wrong before it is too long", B(OK "A b\r\nA: bcdefghijklmnopqrstuvwxyz\r\n"), SL_HTTP_BAD_HEADER, {.head_bytes = 30}, 0},
    {"too long before it is not HTTP", B("HTTP/X.1 200 OK\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 4}, 0},
    {"not HTTP before it is too long", B("HTTPX1.1 200 OK\r\n"), SL_HTTP_BAD_STATUS_LINE, {.head_bytes = 4}, 0},
    {"too many fields", B(OK "A: 1\r\nB: 2\r\nC: 3\r\n\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.headers = 2}, 0},
    {"too many interim responses", B("HTTP/1.1 100\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 100\r\n\r\n"), SL_HTTP_HEAD_TOO_LARGE,
     {.interim = 2}, 0},
    {"no interim response allowed", B("HTTP/1.1 100\r\n\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.interim_forbidden = 1}, 0},
    {"extension too long", CHUNKS("1;23456789012345678901234567890123456789012345678\r\n"), SL_HTTP_HEAD_TOO_LARGE,
     {.head_bytes = 47}, 0},
    {"blanks too long", CHUNKS("1                                                \r\n"), SL_HTTP_HEAD_TOO_LARGE,
     {.head_bytes = 47}, 0},
    {"extensions too long together", CHUNKS("1;234567890123456789012345\r\nx\r\n1;234567890123456789012345\r\n"),
     SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 47}, 0},
    {"trailer name too long", CHUNKS("0\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"), SL_HTTP_HEAD_TOO_LARGE,
     {.head_bytes = 47}, 0},
    {"trailer too long by its colon", CHUNKS("0\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstu:"),
     SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 47}, 0},
    {"trailers too long together", CHUNKS("0\r\na: bcdefghijklmnopqrstuvwxyz\r\na: bcdefghijklmnopqrstuvwxyz\r\n"),
     SL_HTTP_HEAD_TOO_LARGE, {.head_bytes = 47}, 0},
    {"too many trailers", CHUNKS("0\r\nA: 1\r\nB: 2\r\n\r\n"), SL_HTTP_HEAD_TOO_LARGE, {.headers = 2}, 0},

    {"length over the limit", LENGTH("5"), SL_HTTP_BODY_TOO_LARGE, {.body_bytes = 4}, 0},
    {"length of 2^64 - 1", LENGTH("18446744073709551615"), SL_HTTP_BODY_TOO_LARGE, {0}, 0},
    {"chunk over the limit", CHUNKS("5\r\n"), SL_HTTP_BODY_TOO_LARGE, {.body_bytes = 4}, 0},
    {"chunks over the limit", CHUNKS("3\r\nabc\r\n2\r\n"), SL_HTTP_BODY_TOO_LARGE, {.body_bytes = 4}, 0},
    {"chunk of 2^64 - 1", CHUNKS("1\r\na\r\nffffffffffffffff\r\n"), SL_HTTP_BODY_TOO_LARGE, {0}, 0},
    {"until close, over the limit", B(OK "\r\nabcde"), SL_HTTP_BODY_TOO_LARGE, {.body_bytes = 4}, 0},
};

enum { ANSWER_COUNT = sizeof ANSWERS / sizeof *ANSWERS, FAULT_COUNT = sizeof FAULTS / sizeof *FAULTS };

/* Feeding */

static void start(sl_http *p, const limits *l, int to_head)
{
    sl_http_init(p);
    if (l->head_bytes) p->max_head_bytes = l->head_bytes;
    if (l->headers) p->max_headers = l->headers;
    if (l->interim || l->interim_forbidden) p->max_interim = l->interim;
    if (l->body_bytes) p->max_body_bytes = l->body_bytes;
    sl_http_reset(p, to_head);
}

typedef struct {
    uint8_t *piece;                                      /* what was fed last; head and body may point into it */
    size_t consumed;                                     /* of all that was fed */
    sl_http_status status;
} feeding;

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
}

/* In a first piece of `cut` bytes, and then `step` bytes at a time. */
static feeding feed_in_pieces(sl_http *p, wire in, size_t cut, size_t step)
{
    feeding f = {NULL, 0, SL_HTTP_MORE};
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

static void check_answer(const sl_http *p, const answer *a, const feeding *f)
{
    CHECK(f->status == SL_HTTP_DONE, "%d (%s)", f->status, sl_http_error_text(p->error));
    CHECK(p->error == SL_HTTP_OK && p->head_complete && sl_http_started(p), "%d", p->error);
    CHECK(p->status == a->status, "%d", p->status);
    CHECK(p->minor_version == (strstr(a->in.bytes, "HTTP/1.0") == NULL), "%d", p->minor_version);
    CHECK(p->keep_alive == !a->closes, "%d", p->keep_alive);
    CHECK(p->interim == a->interim, "%u", p->interim);
    CHECK(f->consumed == a->in.size, "%zu of %zu", f->consumed, a->in.size);
    check_bytes("head", p->head, p->head_size, a->head);
    check_bytes("body", p->body, p->body_size, a->body);
}

static void check_borrowing(const sl_http *p, const answer *a, const feeding *f, size_t size)
{
    int one_chunk = strstr(a->in.bytes, "chunked") == NULL;
    CHECK(p->borrowed, "a whole response is not copied");
    CHECK(lies_in(p->head, f, size), "the head was copied");
    CHECK(!one_chunk || p->body_size == 0 || lies_in(p->body, f, size), "the body was copied");
    CHECK(p->head_copy.capacity == 0 && (!one_chunk || p->body_copy.capacity == 0), "memory was taken");
}

static void run_answer(const answer *a, wire in, size_t cut, size_t step)
{
    sl_http p;
    start(&p, &a->limits, a->to_head);
    for (int round = 0; round < 2; round++) {            /* the second time on a parser that was used before */
        feeding f = feed_in_pieces(&p, in, cut, step);
        if (cut == in.size && !a->until_close) check_borrowing(&p, a, &f, in.size);
        if (a->until_close) {
            CHECK(f.status == SL_HTTP_MORE, "%d", f.status);
            f.status = sl_http_end(&p);
            CHECK(!p.borrowed, "what was fed is gone");
        }
        check_answer(&p, a, &f);
        free(f.piece);
        sl_http_reset(&p, a->to_head);
    }
    sl_http_free(&p);
}

static void run_fault(const fault *c, wire in, size_t cut, size_t step)
{
    size_t used;
    sl_http p;
    start(&p, &c->limits, c->to_head);
    feeding f = feed_in_pieces(&p, in, cut, step);
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

static void test_answers(void)
{
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        const answer *a = &ANSWERS[i];
        check_context = a->name;
        for (size_t cut = 0; cut <= a->in.size; cut++) run_answer(a, a->in, cut, a->in.size);
        run_answer(a, a->in, 1, 1);
        run_answer(a, a->in, 2, 3);
        if (a->until_close) continue;
        wire longer = joined(a->in, AFTER);
        for (size_t cut = 0; cut <= longer.size; cut++) run_answer(a, longer, cut, longer.size);
        run_answer(a, longer, 1, 1);
    }
}

static void test_faults(void)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        const fault *c = &FAULTS[i];
        check_context = c->name;
        for (size_t cut = 0; cut <= c->in.size; cut++) run_fault(c, c->in, cut, c->in.size);
        run_fault(c, c->in, 1, 1);
        run_fault(c, c->in, 2, 3);
        wire longer = joined(c->in, AFTER);
        for (size_t cut = 0; cut <= longer.size; cut++) run_fault(c, longer, cut, longer.size);
        run_fault(c, longer, 1, 1);
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
            start(&p, &a->limits, a->to_head);
            feeding f = feed_in_pieces(&p, (wire){a->in.bytes, size}, size, 1);
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
            start(&p, &c->limits, c->to_head);
            feeding f = feed_in_pieces(&p, (wire){c->in.bytes, size}, size, 1);
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
    feeding f = feed_in_pieces(&p, (wire){bytes, size}, size, 1);
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

static void test_a_claimed_length_costs_nothing(void)
{
    static const char head[] = OK "Content-Length: 100000000\r\n\r\n";
    static const char kilobyte[1024];
    sl_http p;
    check_context = "claimed length";
    sl_http_init(&p);
    feeding f = {NULL, 0, SL_HTTP_MORE};
    feed_piece(&p, &f, head, sizeof head - 1);
    CHECK(f.status == SL_HTTP_MORE && p.head_complete && p.status == 200, "%d", f.status);
    CHECK(p.body_copy.capacity == 0, "%zu", p.body_copy.capacity);
    for (size_t received = 1024; received <= 1024 * 1024; received += 1024) {
        feed_piece(&p, &f, kilobyte, sizeof kilobyte);
        CHECK(p.body_copy.capacity <= 2 * received, "%zu for %zu", p.body_copy.capacity, received);
    }
    free(f.piece);
    sl_http_reset(&p, 0);
    CHECK(p.body_copy.capacity == 0, "a large copy is freed");
    sl_http_free(&p);
}

static void test_small_copies_are_kept_for_reuse(void)
{
    sl_http p;
    check_context = "reuse";
    sl_http_init(&p);
    feeding f = feed_in_pieces(&p, ANSWERS[0].in, 1, 1);
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
    size_t cut = whole_head_size(a);
    sl_http p;
    check_context = "head and body apart";
    sl_http_init(&p);
    feeding f = feed_in_pieces(&p, a->in, cut, a->in.size);
    check_answer(&p, a, &f);
    CHECK(p.borrowed && !lies_in(p.head, &f, a->body.size) && lies_in(p.body, &f, a->body.size), "the body is lent");
    free(f.piece);
    sl_http_free(&p);
}

static void test_a_finished_parser_takes_nothing(void)
{
    size_t used = 99;
    sl_http p;
    check_context = "finished";
    sl_http_init(&p);
    CHECK(!sl_http_started(&p) && sl_http_feed(&p, NULL, 0, &used) == SL_HTTP_MORE && used == 0, "an empty feed");
    CHECK(!sl_http_started(&p), "an empty feed starts nothing");
    feeding f = feed_in_pieces(&p, ANSWERS[0].in, ANSWERS[0].in.size, 1);
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
    p.max_head_bytes = p.max_body_bytes = SIZE_MAX;
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

static void test_every_error_has_a_text(void)
{
    check_context = "texts";
    for (int error = SL_HTTP_OK; error <= SL_HTTP_NO_MEMORY; error++) {
        const char *said = sl_http_error_text((sl_http_error)error);
        CHECK(said != NULL && strcmp(said, "unknown error") != 0, "%d", error);
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
    test_a_claimed_length_costs_nothing();
    test_small_copies_are_kept_for_reuse();
    test_head_and_body_apart();
    test_a_finished_parser_takes_nothing();
    test_work_is_linear_byte_by_byte();
    test_every_error_has_a_text();
    printf("%d answers and %d faults, each in every split\n", ANSWER_COUNT, FAULT_COUNT);
    return 0;
}
