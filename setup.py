"""Builds the native core: one extension for each concept, all over the same plain C files."""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

NATIVE = Path("src/surgeline/_native")
CORE = NATIVE / "core"
SOURCES = {
    "histogram": ["histogram.c"],
    "samples": ["samples.c", "append.c"],
    "cells": ["histogram.c"],
    "poller": ["timers.c"],
    "iteration": ["histogram.c"],
    "http_outcomes": ["histogram.c"],
    "http_origin": [],
    "connector": [],
    "deadlines": [],
    "tls_stream": [],
    "http_call": [],
    "http_connection": ["http1.c"],
    "http_session": [],
    "wire": [],
    "http2_connection": ["http2.c", "hpack.c"],
    "grpc_call": [],
    "records": ["records.c"],
    "mixing": ["mixing.c"],
}
SANITIZE = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer"] if os.environ.get("SURGELINE_SANITIZE") else []

extensions = [
    Extension(
        f"surgeline._native.{name}",
        [str(NATIVE / f"{name}.pyx"), *(str(CORE / source) for source in c_sources)],
        depends=[str(path) for path in sorted(CORE.glob("*.h"))],
        include_dirs=[str(CORE)],
        extra_compile_args=[
            "-O3",
            "-std=gnu11",
            "-D_GNU_SOURCE",
            "-Wall",
            "-Wextra",
            "-Wno-unused-parameter",
            *SANITIZE,
        ],
        extra_link_args=SANITIZE,
    )
    for name, c_sources in SOURCES.items()
]

directives = {"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True, "embedsignature": True}
setup(ext_modules=cythonize(extensions, compiler_directives=directives, build_dir="build/cython"))
