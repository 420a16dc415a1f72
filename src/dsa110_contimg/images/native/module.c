/* What the compiled helper shows to Python: buffers in, buffers filled, nothing allocated and nothing kept. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

#include "gather.h"
#include "medians.h"
#include "rice.h"

static PyObject *gather_windows(PyObject *self, PyObject *args)
{
    Py_buffer source, origins, order, out, statuses;
    Py_ssize_t offset;
    long long row_stride, column_stride, plane_ny, plane_nx, ny, nx, blank;
    Plane plane;
    Windows windows;
    int failed = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*n(iddpL)(LLLL)y*y*w*pw*(LLd)", &source, &offset, &plane.bitpix, &plane.scale,
                          &plane.zero, &plane.has_blank, &blank, &row_stride, &column_stride, &plane_ny, &plane_nx,
                          &origins, &order, &out, &windows.is_double, &statuses, &ny, &nx, &windows.fill))
        return NULL;
    plane.blank = blank;
    plane.row_stride = row_stride, plane.column_stride = column_stride;
    plane.ny = plane_ny, plane.nx = plane_nx;
    plane.pixels = (const unsigned char *)source.buf + offset;
    windows.n = order.len / 8, windows.ny = ny, windows.nx = nx;
    windows.origins = origins.buf, windows.order = order.buf;
    windows.out = out.buf, windows.statuses = statuses.buf;
    /* Whatever the caller did wrong, no byte outside the buffers is touched. */
    const long long last = (plane.ny - 1) * plane.row_stride + (plane.nx - 1) * plane.column_stride;
    const Py_ssize_t item = windows.is_double ? 8 : 4, stored = abs(plane.bitpix) / 8;
    if (plane.ny < 1 || plane.nx < 1 || plane.row_stride < 0 || plane.column_stride < 0 || offset < 0 ||
        offset + last + stored > source.len || origins.len != 16 * statuses.len || order.len % 8 ||
        ny < 0 || nx < 0 || out.len != statuses.len * ny * nx * item) {
        PyErr_SetString(PyExc_ValueError, "The buffers do not fit each other.");
        failed = 1;
    }
    for (int64_t i = 0; !failed && i < windows.n; i++)
        if (windows.order[i] < 0 || windows.order[i] >= statuses.len) {
            PyErr_SetString(PyExc_ValueError, "The order names a window that is not there.");
            failed = 1;
        }
    if (!failed) {
        Py_BEGIN_ALLOW_THREADS
        failed = gather(&plane, &windows);
        Py_END_ALLOW_THREADS
        if (failed) PyErr_SetString(PyExc_EOFError, "it became shorter while it was read");
    }
    PyBuffer_Release(&source), PyBuffer_Release(&origins), PyBuffer_Release(&order);
    PyBuffer_Release(&out), PyBuffer_Release(&statuses);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

static PyObject *decode_rice_tile(PyObject *self, PyObject *args)
{
    Py_buffer bytes, out;
    int bytepix, failed = 1;
    long long block, n;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*iLLw*", &bytes, &bytepix, &block, &n, &out)) return NULL;
    if ((bytepix != 1 && bytepix != 2 && bytepix != 4) || n < 0 || n > out.len / bytepix)
        PyErr_SetString(PyExc_ValueError, "The buffers do not fit each other.");
    else {
        Py_BEGIN_ALLOW_THREADS
        failed = decode_rice(bytes.buf, (size_t)bytes.len, bytepix, block, n, out.buf);
        Py_END_ALLOW_THREADS
        if (failed) PyErr_SetString(PyExc_ValueError, "a tile's Rice codes end too early or are none");
    }
    PyBuffer_Release(&bytes), PyBuffer_Release(&out);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

static PyObject *dequantise_tile(PyObject *self, PyObject *args)
{
    Py_buffer codes, out;
    Quantisation how;
    long long first, stop, seed;
    int is_double, failed = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*LL(ddpiiL)w*p", &codes, &first, &stop, &how.scale, &how.zero, &how.has_blank,
                          &how.blank, &how.dither, &seed, &out, &is_double))
        return NULL;
    how.seed = seed;
    if (first < 0 || stop < first || stop > codes.len / 4 || stop > out.len / (is_double ? 8 : 4) || seed < 0) {
        PyErr_SetString(PyExc_ValueError, "The buffers do not fit each other.");
        failed = 1;
    } else {
        prepare_dither();
        Py_BEGIN_ALLOW_THREADS
        dequantise(&how, codes.buf, first, stop, out.buf, is_double);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&codes), PyBuffer_Release(&out);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

static PyObject *find_frame_medians(PyObject *self, PyObject *args)
{
    Py_buffer pixels, room, medians, deviations;
    long long ny, nx, top, left, fewest;
    Frames frames;
    int failed = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*(LL)(LL)Lw*w*w*", &pixels, &ny, &nx, &top, &left, &fewest, &room, &medians,
                          &deviations))
        return NULL;
    frames.n = medians.len / 4, frames.ny = ny, frames.nx = nx;
    frames.top = top, frames.left = left, frames.fewest = fewest;
    frames.pixels = pixels.buf, frames.values = room.buf;
    frames.medians = medians.buf, frames.deviations = deviations.buf;
    if (ny < 1 || nx < 1 || ny > 30000 || nx > 30000 || top < 0 || left < 0 || 2 * top > ny || 2 * left > nx ||
        fewest < 1 || medians.len % 4 || deviations.len != medians.len || pixels.len != frames.n * ny * nx * 4 ||
        room.len < 2 * 4 * ny * nx) {
        PyErr_SetString(PyExc_ValueError, "The buffers do not fit each other.");
        failed = 1;
    } else {
        frames.keys = (int32_t *)room.buf + ny * nx;
        Py_BEGIN_ALLOW_THREADS
        find_medians(&frames);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&pixels), PyBuffer_Release(&room), PyBuffer_Release(&medians), PyBuffer_Release(&deviations);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"gather", gather_windows, METH_VARARGS, "Cut windows out of a plane of stored pixels."},
    {"decode_rice", decode_rice_tile, METH_VARARGS, "Decode the first pixels of a Rice-coded tile."},
    {"dequantise", dequantise_tile, METH_VARARGS, "Make floats of a tile's codes."},
    {"find_medians", find_frame_medians, METH_VARARGS, "Find medians of frames, and of the distances from them."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_helper", .m_doc = "Pixels at the speed of memory.", .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__helper(void) { return PyModuleDef_Init(&definition); }
