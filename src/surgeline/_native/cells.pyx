"""Where samples are counted; see cells.pyi. A sample costs one increment; the block joins the total once a second.

Where samples are wanted one by one too, a cell has a log. Blocks that are absorbed are no samples of ours.
"""

from libc.stdint cimport uint64_t

from surgeline._native.histogram cimport (
    Histogram, sl_histogram_clear, sl_histogram_merge, sl_histogram_record,
)
from surgeline._native.samples cimport Recorded, log_number, log_whole, sl_now


cdef long settings = 0  # of all gauges: which one was set last


cdef class CounterCell(Recorded):
    @property
    def total(self):
        return self.sum

    def add(self, double amount=1.0):
        self.block += amount
        if self.log is not None:
            log_number(self, sl_now(), amount)

    def rotate(self):
        cdef double block = self.block
        self.sum += block
        self.block = 0.0
        return block

    def absorb(self, double block):
        self.sum += block


cdef class RateCell(Recorded):
    def add(self, bint passed):
        self.block_passes += passed
        self.block_count += 1
        if self.log is not None:
            log_number(self, sl_now(), passed)

    def rotate(self):
        block = (self.block_passes, self.block_count)
        self.passes += self.block_passes
        self.count += self.block_count
        self.block_passes = self.block_count = 0
        return block

    def absorb(self, block):
        passes, count = block
        self.passes += passes
        self.count += count


cdef class GaugeCell(Recorded):
    # The values that are shown are the block's too: a gauge has nothing to add up.

    def set(self, double value):
        if not self.block_count or value < self.block_min:
            self.block_min = value
        if not self.block_count or value > self.block_max:
            self.block_max = value
        self.block_count += 1
        self.take(value, value, value)
        if self.log is not None:
            log_number(self, sl_now(), value)

    def rotate(self):
        if not self.block_count:
            return None
        self.block_count = 0
        return self.value, self.block_min, self.block_max

    def absorb(self, block):
        value, low, high = block
        self.take(value, low, high)

    cdef int take(self, double value, double low, double high) except -1:
        global settings
        settings += 1
        self.setting = settings
        if not self.count or low < self.min:
            self.min = low
        if not self.count or high > self.max:
            self.max = high
        self.value = value
        self.count += 1
        return 0


cdef class TrendCell(Recorded):
    # `block` is what this second recorded; `shown` the second before, kept for whoever reads it.

    def __cinit__(self):
        self.block = Histogram()
        self.shown = Histogram()
        self.total = Histogram()

    def record(self, uint64_t value):
        if sl_histogram_record(&self.block.data, value):
            raise MemoryError
        if self.log is not None:
            log_whole(self, sl_now(), value)

    def rotate(self):
        if not self.block.data.count:
            return None
        if sl_histogram_merge(&self.total.data, &self.block.data):
            raise MemoryError
        self.block, self.shown = self.shown, self.block
        sl_histogram_clear(&self.block.data)
        return self.shown

    def absorb(self, Histogram block not None):
        if sl_histogram_merge(&self.total.data, &block.data):
            raise MemoryError
