from surgeline._native.histogram cimport Histogram


cdef class CounterCell:
    cdef double block
    cdef double sum


cdef class RateCell:
    cdef long block_passes, block_count
    cdef readonly long passes, count


cdef class GaugeCell:
    cdef readonly double value, min, max
    cdef readonly long count


cdef class TrendCell:
    cdef Histogram block, shown
    cdef readonly Histogram total
