"""Where samples are counted; see cells.pyi. A sample costs one increment; the block joins the total once a second."""

from libc.stdint cimport uint64_t

from surgeline._native.histogram cimport (
    Histogram, sl_histogram_clear, sl_histogram_merge, sl_histogram_record,
)


cdef class CounterCell:
    @property
    def total(self):
        return self.sum

    def add(self, double amount=1.0):
        self.block += amount

    def rotate(self):
        cdef double block = self.block
        self.sum += block
        self.block = 0.0
        return block


cdef class RateCell:
    def add(self, bint passed):
        self.block_passes += passed
        self.block_count += 1

    def rotate(self):
        block = (self.block_passes, self.block_count)
        self.passes += self.block_passes
        self.count += self.block_count
        self.block_passes = self.block_count = 0
        return block


cdef class GaugeCell:
    def set(self, double value):
        if not self.count or value < self.min:
            self.min = value
        if not self.count or value > self.max:
            self.max = value
        self.value = value
        self.count += 1


cdef class TrendCell:
    # `block` is what this second recorded; `shown` the second before, kept for whoever reads it.

    def __cinit__(self):
        self.block = Histogram()
        self.shown = Histogram()
        self.total = Histogram()

    def record(self, uint64_t value):
        if sl_histogram_record(&self.block.data, value):
            raise MemoryError

    def rotate(self):
        if not self.block.data.count:
            return None
        if sl_histogram_merge(&self.total.data, &self.block.data):
            raise MemoryError
        self.block, self.shown = self.shown, self.block
        sl_histogram_clear(&self.block.data)
        return self.shown
