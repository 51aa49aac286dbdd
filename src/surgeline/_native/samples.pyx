"""Samples on their way to files, one by one. See samples.pyi.

A sample costs the 24 bytes that it is written to; no object is made and nobody waits. Knows no metric and no format.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport free, malloc

import os

cdef extern from "unistd.h" nogil:
    int close(int)

CHUNK_SAMPLES = 32_768
BYTES_PER_SAMPLE = sizeof(sl_sample)

cdef size_t CAPACITY = CHUNK_SAMPLES


cdef class Chunk:
    def __cinit__(self):
        self.samples = <sl_sample *>malloc(CAPACITY * sizeof(sl_sample))
        if self.samples == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.samples)

    def __len__(self):
        return self.count


cdef class SampleLog:
    def __init__(self):
        self.series = []
        self.readers = []

    def enlist(self, series):
        series.cell.log_to(self, len(self.series))
        self.series.append(series)

    def subscribe(self, take):
        self.readers.append(take)

    def unsubscribe(self, take):
        self.readers.remove(take)

    def flush(self):
        if self.chunk is not None and self.next != self.chunk.samples:
            self.turn()

    cdef int turn(self) except -1:
        """Hand over the chunk, and begin another."""
        cdef Chunk full = self.chunk
        if full is None or self.readers:
            self.chunk = Chunk()
        if full is not None:
            full.count = <size_t>(self.next - full.samples)
        self.next = self.chunk.samples
        self.end = self.next + CAPACITY
        if full is not None:
            for take in self.readers:
                take(full)
        return 0


cdef class Recorded:
    def log_to(self, SampleLog log not None, uint32_t number):
        self.log = log
        self.number = number


cdef class SampleFile:
    def __cinit__(self, int fd, int64_t wall_offset_ns, bint csv, pack=None):
        self.fd = fd
        self.packs = pack is not None
        self.pack = pack
        sl_lines_init(&self.lines, SL_CSV if csv else SL_JSON, wall_offset_ns)

    def __dealloc__(self):
        sl_lines_free(&self.lines)
        close(self.fd)

    @property
    def series(self):
        return self.lines.count

    def add_series(self, bytes before not None, bytes between not None, bytes after not None, int decimals):
        cdef bytes texts = before + between + after
        if sl_lines_add(&self.lines, PyBytes_AS_STRING(texts), <size_t>len(before), <size_t>len(between),
                        <size_t>len(after), decimals):
            raise MemoryError

    def append(self, bytes text not None):
        cdef const char *data = PyBytes_AS_STRING(text)
        cdef size_t size = <size_t>PyBytes_GET_SIZE(text)
        cdef int error
        if self.packs:
            error = self.append_packed(data, size)
        else:
            with nogil:
                error = sl_append(self.fd, data, size)
        if error:
            raise OSError(error, os.strerror(error))

    def write(self, Chunk chunk not None):
        cdef size_t rendered, size, at = 0
        cdef int error = 0
        # The load has the interpreter meanwhile; it would have to wait its turn for each piece otherwise.
        with nogil:
            while at < chunk.count and not error:
                rendered = sl_lines_render(&self.lines, chunk.samples + at, chunk.count - at, &size)
                if self.packs:
                    with gil:
                        error = self.append_packed(self.lines.buffer, size)
                else:
                    error = sl_append(self.fd, self.lines.buffer, size)
                at += rendered
        if error:
            raise OSError(error, os.strerror(error))

    cdef int append_packed(self, const char *data, size_t size) except -1:
        cdef bytes packed = self.pack(PyBytes_FromStringAndSize(data, <Py_ssize_t>size))
        cdef const char *start = PyBytes_AS_STRING(packed)
        cdef int error
        size = <size_t>PyBytes_GET_SIZE(packed)
        with nogil:
            error = sl_append(self.fd, start, size)
        return error
