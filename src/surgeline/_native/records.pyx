"""Binding of records.c: see records.pyi for what each member means."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport free

from enum import IntEnum

cdef extern from "records.h" nogil:
    ctypedef enum sl_records_kind:
        SL_RECORDS_CSV, SL_RECORDS_LINES, SL_RECORDS_ARRAY

    ctypedef enum sl_records_error:
        SL_RECORDS_OK, SL_RECORDS_ZERO_BYTE, SL_RECORDS_OPEN_QUOTE, SL_RECORDS_AFTER_QUOTE, SL_RECORDS_FIELDS
        SL_RECORDS_NO_VALUE, SL_RECORDS_NO_COMMA, SL_RECORDS_OPEN_BRACKET, SL_RECORDS_WRONG_BRACKET
        SL_RECORDS_TOO_DEEP, SL_RECORDS_AFTER_END, SL_RECORDS_NO_ARRAY, SL_RECORDS_NO_OBJECT, SL_RECORDS_NO_KEY
        SL_RECORDS_BAD_KEY, SL_RECORDS_NO_MEMORY

    ctypedef struct sl_record:
        uint64_t number, start, end, line

    ctypedef struct sl_records:
        uint8_t delimiter
        uint64_t fields, spacing, count, end, error_line, found
        sl_record *noted
        size_t noted_count
        sl_records_error error

    void sl_records_init(sl_records *, sl_records_kind, uint64_t)
    void sl_records_search(sl_records *, const uint8_t *, size_t)
    void sl_records_free(sl_records *)
    int sl_records_feed(sl_records *, const uint8_t *, size_t)
    int sl_records_end(sl_records *)
    int sl_records_cut(sl_records *, const sl_records *, const uint8_t *, size_t, uint64_t)


class Kind(IntEnum):
    CSV = SL_RECORDS_CSV
    LINES = SL_RECORDS_LINES
    ARRAY = SL_RECORDS_ARRAY


class Problem(IntEnum):
    ZERO_BYTE = SL_RECORDS_ZERO_BYTE
    OPEN_QUOTE = SL_RECORDS_OPEN_QUOTE
    AFTER_QUOTE = SL_RECORDS_AFTER_QUOTE
    FIELDS = SL_RECORDS_FIELDS
    NO_VALUE = SL_RECORDS_NO_VALUE
    NO_COMMA = SL_RECORDS_NO_COMMA
    OPEN_BRACKET = SL_RECORDS_OPEN_BRACKET
    WRONG_BRACKET = SL_RECORDS_WRONG_BRACKET
    TOO_DEEP = SL_RECORDS_TOO_DEEP
    AFTER_END = SL_RECORDS_AFTER_END
    NO_ARRAY = SL_RECORDS_NO_ARRAY
    NO_OBJECT = SL_RECORDS_NO_OBJECT
    NO_KEY = SL_RECORDS_NO_KEY
    BAD_KEY = SL_RECORDS_BAD_KEY


class MalformedError(Exception):
    def __init__(self, problem, line, found, fields):
        super().__init__(f"{problem.name} in line {line}")
        self.problem = problem
        self.line = line
        self.found = found
        self.fields = fields


cdef class Block:
    cdef bytes data
    cdef sl_record *records
    cdef size_t count
    cdef uint64_t first

    def __dealloc__(self):
        free(self.records)

    def __len__(self):
        return self.count

    @property
    def size(self):
        return PyBytes_GET_SIZE(self.data)

    cdef sl_record *find(self, uint64_t number) except NULL:
        if not self.first <= number < self.first + self.count:
            raise IndexError(number)
        return self.records + (number - self.first)

    def record(self, uint64_t number):
        cdef sl_record *found = self.find(number)
        return PyBytes_FromStringAndSize(
            PyBytes_AS_STRING(self.data) + found.start, <Py_ssize_t>(found.end - found.start)
        )

    def line(self, uint64_t number):
        return self.find(number).line


cdef class RecordIndex:
    cdef sl_records scanner
    cdef bytes key

    def __cinit__(self, kind, uint64_t start=0, *, uint8_t delimiter=44, uint64_t fields=0, uint64_t spacing=0, bytes key=None):
        sl_records_init(&self.scanner, <sl_records_kind><int>kind, start)
        self.scanner.delimiter = delimiter
        self.scanner.fields = fields
        self.scanner.spacing = spacing
        self.key = key
        if key is not None:
            sl_records_search(&self.scanner, <const uint8_t *>PyBytes_AS_STRING(key), <size_t>PyBytes_GET_SIZE(key))

    def __dealloc__(self):
        sl_records_free(&self.scanner)

    def __len__(self):
        return self.scanner.count

    @property
    def fields(self):
        return self.scanner.fields

    @property
    def blocks(self):
        return self.scanner.noted_count

    def feed(self, bytes data not None):
        cdef const uint8_t *start = <const uint8_t *>PyBytes_AS_STRING(data)
        cdef size_t size = <size_t>PyBytes_GET_SIZE(data)
        cdef int failed
        with nogil:
            failed = sl_records_feed(&self.scanner, start, size)
        if failed:
            self.refuse()

    def end(self):
        if sl_records_end(&self.scanner):
            self.refuse()

    cdef refuse(self):
        if self.scanner.error == SL_RECORDS_NO_MEMORY:
            raise MemoryError
        raise MalformedError(
            Problem(self.scanner.error), self.scanner.error_line, self.scanner.found, self.scanner.fields
        )

    def block_of(self, uint64_t number):
        cdef size_t low = 0, high = self.scanner.noted_count, middle
        if number >= self.scanner.count:
            raise IndexError(number)
        while high - low > 1:
            middle = (low + high) // 2
            if self.scanner.noted[middle].number <= number:
                low = middle
            else:
                high = middle
        return low

    def bounds(self, size_t block):
        if block >= self.scanner.noted_count:
            raise IndexError(block)
        cdef sl_record *first = self.scanner.noted + block
        return first.start, self.scanner.end if block + 1 == self.scanner.noted_count else first[1].start

    def cut(self, size_t block, bytes data not None):
        if block >= self.scanner.noted_count:
            raise IndexError(block)
        cdef Block found = Block.__new__(Block)
        cdef sl_records scanner
        cdef int failed = sl_records_cut(
            &scanner, &self.scanner, <const uint8_t *>PyBytes_AS_STRING(data), <size_t>PyBytes_GET_SIZE(data),
            self.scanner.noted[block].line,
        )
        found.data = data
        found.first = self.scanner.noted[block].number
        found.records = scanner.noted
        found.count = scanner.noted_count
        if failed and scanner.error == SL_RECORDS_NO_MEMORY:
            raise MemoryError
        if failed:
            raise MalformedError(Problem(scanner.error), scanner.error_line, scanner.found, scanner.fields)
        return found
