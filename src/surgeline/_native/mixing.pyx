"""Binding of mixing.c: see mixing.pyi for what each function means."""

from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF
from libc.stddef cimport size_t
from libc.stdint cimport uint64_t
from libc.stdlib cimport free, malloc


cdef extern from "Python.h":
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 greatest)
    void *PyUnicode_1BYTE_DATA(object text)


cdef extern from "mixing.h":
    uint64_t sl_mix(uint64_t key, uint64_t row)
    void sl_mix_all(uint64_t key, uint64_t *rows, size_t count)
    void sl_mix_below(uint64_t key, uint64_t bound, uint64_t *rows, size_t count)
    void sl_mix_units(uint64_t key, const uint64_t *rows, double *units, size_t count)
    void sl_mix_shuffled(uint64_t key, uint64_t size, uint64_t *rows, size_t count)
    void sl_mix_zipf(uint64_t key, uint64_t size, double exponent, uint64_t *rows, size_t count)
    void sl_mix_uuid(uint64_t own, uint64_t more, char *text)



cdef class Numbers:
    # The numbers of rows, in an array that is changed in place and then becomes a list.
    cdef uint64_t *data
    cdef Py_ssize_t count

    def __cinit__(self, rows):
        cdef Py_ssize_t i
        self.count = len(rows)
        self.data = <uint64_t *>malloc(<size_t>(self.count or 1) * sizeof(uint64_t))
        if self.data == NULL:
            raise MemoryError
        if isinstance(rows, range) and self.count:
            self.count_up(rows[0], rows[self.count - 1], rows.step)
        else:
            for i in range(self.count):
                self.data[i] = rows[i]

    cdef int count_up(self, uint64_t first, uint64_t last, long long step) except -1:
        # Both ends are numbers of rows, so all between them are. Unsigned arithmetic is right for steps below 0 too.
        cdef Py_ssize_t i
        for i in range(self.count):
            self.data[i] = first + <uint64_t>i * <uint64_t>step
        return 0

    def __dealloc__(self):
        free(self.data)

    cdef list as_list(self):
        cdef Py_ssize_t i
        cdef object value
        cdef list out = PyList_New(self.count)
        for i in range(self.count):
            value = self.data[i]
            Py_INCREF(value)
            PyList_SET_ITEM(out, i, value)
        return out


cdef uint64_t checked_size(size) except 0:
    if not 1 <= size <= 1 << 63:
        raise ValueError(f"expected a size from 1 to 2**63, found {size}")
    return size


def bits(uint64_t key, rows):
    cdef Numbers numbers = Numbers(rows)
    sl_mix_all(key, numbers.data, <size_t>numbers.count)
    return numbers.as_list()


def below(uint64_t key, rows, bound):
    cdef Numbers numbers = Numbers(rows)
    sl_mix_below(key, checked_size(bound), numbers.data, <size_t>numbers.count)
    return numbers.as_list()


def unit(uint64_t key, rows):
    cdef Numbers numbers = Numbers(rows)
    cdef Py_ssize_t i
    cdef object value
    cdef double *units = <double *>numbers.data  # of the same size: each row is read before its number is written
    cdef list out = PyList_New(numbers.count)
    sl_mix_units(key, numbers.data, units, <size_t>numbers.count)
    for i in range(numbers.count):
        value = units[i]
        Py_INCREF(value)
        PyList_SET_ITEM(out, i, value)
    return out


def permuted(uint64_t key, size, rows):
    cdef Numbers numbers = Numbers(rows)
    sl_mix_shuffled(key, checked_size(size), numbers.data, <size_t>numbers.count)
    return numbers.as_list()


def zipf(uint64_t key, size, double exponent, rows):
    cdef Numbers numbers = Numbers(rows)
    if not 0.0 <= exponent < 1e3:
        raise ValueError(f"expected an exponent from 0 to below 1000, found {exponent}")
    if not size <= 1 << 53:
        raise ValueError(f"expected a size from 1 to 2**53, found {size}")
    sl_mix_zipf(key, checked_size(size), exponent, numbers.data, <size_t>numbers.count)
    return numbers.as_list()


def uuids(uint64_t key, rows):
    cdef Numbers numbers = Numbers(rows)
    cdef uint64_t other = sl_mix(key, key)
    cdef Py_ssize_t i
    cdef list out = PyList_New(numbers.count)
    for i in range(numbers.count):
        text = PyUnicode_New(36, 127)
        sl_mix_uuid(sl_mix(key, numbers.data[i]), sl_mix(other, numbers.data[i]), <char *>PyUnicode_1BYTE_DATA(text))
        Py_INCREF(text)
        PyList_SET_ITEM(out, i, text)
    return out
