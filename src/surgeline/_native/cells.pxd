from surgeline._native.histogram cimport Histogram
from surgeline._native.samples cimport Recorded


cdef class CounterCell(Recorded):
    cdef double block
    cdef double sum


cdef class RateCell(Recorded):
    cdef long block_passes, block_count
    cdef readonly long passes, count


cdef class GaugeCell(Recorded):
    cdef readonly double value, min, max
    cdef readonly long count, setting
    cdef double block_min, block_max
    cdef long block_count
    cdef int take(self, double value, double low, double high) except -1


cdef class TrendCell(Recorded):
    cdef Histogram block, shown
    cdef readonly Histogram total
