/* End an iterator with a value, without making a StopIteration object that the caller takes apart at once. */
#ifndef SURGELINE_STOP_ITERATION_H
#define SURGELINE_STOP_ITERATION_H

#include <Python.h>

static inline void sl_stop_iteration(PyObject *value)
{
    /* A tuple would be taken for the exception's arguments, an exception for the exception itself. */
    if (PyTuple_Check(value) || PyExceptionInstance_Check(value)) {
        PyObject *stop = PyObject_CallOneArg(PyExc_StopIteration, value);
        if (stop == NULL) return;
        PyErr_SetObject(PyExc_StopIteration, stop);
        Py_DECREF(stop);
    } else {
        PyErr_SetObject(PyExc_StopIteration, value);
    }
}

#endif
