from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef extern from "samples.h" nogil:
    cdef union sl_value:
        double number
        uint64_t whole
    ctypedef struct sl_sample:
        int64_t time_ns
        sl_value value
        uint32_t series
    ctypedef enum sl_style:
        SL_JSON
        SL_CSV
    ctypedef struct sl_lines:
        size_t count
        char *buffer
    void sl_lines_init(sl_lines *, sl_style, int64_t)
    void sl_lines_free(sl_lines *)
    int sl_lines_add(sl_lines *, const char *, size_t, size_t, size_t, int)
    size_t sl_lines_render(sl_lines *, const sl_sample *, size_t, size_t *)

cdef extern from "append.h" nogil:
    int sl_append(int, const char *, size_t)

cdef extern from "system.h" nogil:
    int64_t sl_now()


cdef class Chunk:
    cdef sl_sample *samples
    cdef size_t count


cdef class SampleLog:
    cdef sl_sample *next
    cdef sl_sample *end
    cdef Chunk chunk
    cdef readonly list series
    cdef list readers
    cdef int turn(self) except -1


cdef class SampleFile:
    cdef sl_lines lines
    cdef int fd
    cdef bint packs
    cdef object pack
    cdef int append_packed(self, const char *, size_t) except -1


cdef class Recorded:
    cdef SampleLog log  # None where nobody wants the samples one by one
    cdef uint32_t number


cdef inline sl_sample *new_sample(Recorded cell, int64_t now) except NULL:
    cdef SampleLog log = cell.log
    cdef sl_sample *sample
    if log.next == log.end:
        log.turn()
    sample = log.next
    log.next += 1
    sample.time_ns = now
    sample.series = cell.number
    return sample


cdef inline int log_number(Recorded cell, int64_t now, double number) except -1:
    new_sample(cell, now).value.number = number
    return 0


cdef inline int log_whole(Recorded cell, int64_t now, uint64_t whole) except -1:
    new_sample(cell, now).value.whole = whole
    return 0
