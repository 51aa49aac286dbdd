"""Binding of histogram.c: see histogram.pyi for what each member means."""

from cpython.bytes cimport PyBytes_FromStringAndSize, PyBytes_AS_STRING


cdef class Histogram:
    def __cinit__(self):
        sl_histogram_init(&self.data)

    def __dealloc__(self):
        sl_histogram_free(&self.data)

    @property
    def count(self):
        return self.data.count

    @property
    def min(self):
        return self.data.minimum if self.data.count else 0

    @property
    def max(self):
        return self.data.maximum

    @property
    def sum(self):
        return self.data.sum

    def record(self, uint64_t value, uint64_t times=1):
        if sl_histogram_record_many(&self.data, value, times):
            raise MemoryError

    def merge(self, Histogram other not None):
        if sl_histogram_merge(&self.data, &other.data):
            raise MemoryError

    def clear(self):
        sl_histogram_clear(&self.data)

    def copy(self):
        cdef Histogram twin = Histogram()
        twin.merge(self)
        return twin

    def quantile(self, double fraction):
        if not 0.0 <= fraction <= 1.0:
            raise ValueError(f"expected a fraction from 0 to 1, found {fraction}")
        return sl_histogram_quantile(&self.data, fraction)

    def buckets(self):
        cdef uint32_t index
        cdef uint64_t times
        for index in range(<uint32_t>SL_BUCKETS):
            if self.data.chunks[index >> SL_CHUNK_BITS] == NULL:
                continue
            times = self.data.chunks[index >> SL_CHUNK_BITS][index & (SL_CHUNK_SIZE - 1)]
            if times:
                yield sl_histogram_lowest(index), sl_histogram_width(index), times

    def encode(self):
        cdef size_t size = sl_histogram_encode(&self.data, NULL, 0)
        cdef bytes out = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>size)
        sl_histogram_encode(&self.data, <uint8_t *>PyBytes_AS_STRING(out), size)
        return out

    @staticmethod
    def decode(bytes data not None):
        cdef Histogram histogram = Histogram()
        if sl_histogram_decode(&histogram.data, <const uint8_t *>PyBytes_AS_STRING(data), <size_t>len(data)):
            raise ValueError(f"expected an encoded histogram, found {len(data)} bytes that are not one")
        return histogram
