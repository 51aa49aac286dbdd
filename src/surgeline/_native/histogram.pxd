from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef extern from "histogram.h" nogil:
    enum: SL_BUCKETS
    enum: SL_CHUNK_BITS
    enum: SL_CHUNK_SIZE
    ctypedef struct sl_histogram:
        uint64_t count
        uint64_t minimum
        uint64_t maximum
        uint64_t sum
        uint64_t **chunks
    void sl_histogram_init(sl_histogram *)
    void sl_histogram_free(sl_histogram *)
    void sl_histogram_clear(sl_histogram *)
    uint64_t sl_histogram_lowest(uint32_t)
    uint64_t sl_histogram_width(uint32_t)
    int sl_histogram_record(sl_histogram *, uint64_t)
    int sl_histogram_record_many(sl_histogram *, uint64_t, uint64_t)
    int sl_histogram_merge(sl_histogram *, const sl_histogram *)
    double sl_histogram_quantile(const sl_histogram *, double)
    size_t sl_histogram_encode(const sl_histogram *, uint8_t *, size_t)
    int sl_histogram_decode(sl_histogram *, const uint8_t *, size_t)


cdef class Histogram:
    cdef sl_histogram data
