"""
Filters of system calls around the program, as container runtimes put there. A filter is a
thread's, and of what it starts: the thread is left behind with it.
"""

import ctypes
import os
import threading

PR_SET_SECCOMP = 22
ALLOW = 0x7FFF0000
ERRNO = 0x00050000
EQUAL = 4
NO_NEW_PRIVS = 3


class Argument(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def library():
    lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
    lib.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    lib.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
        ctypes.POINTER(Argument)]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    lib.seccomp_release.argtypes = [ctypes.c_void_p]
    return lib


def done(code):
    if code:
        raise OSError(-code, os.strerror(-code))


def fence(code, calls):
    """Around this thread, for good: each call fails with that errno."""
    lib = library()
    ctx = lib.seccomp_init(ALLOW)
    done(lib.seccomp_attr_set(ctx, NO_NEW_PRIVS, 0))
    for call in calls:
        name, *first = (call,) if isinstance(call, str) else call
        args = (Argument * 1)(*(Argument(0, EQUAL, v, 0) for v in first))
        done(lib.seccomp_rule_add_array(
            ctx, ERRNO | code, lib.seccomp_syscall_resolve_name(name.encode()),
            len(first), args))
    done(lib.seccomp_load(ctx))
    lib.seccomp_release(ctx)


def behind(code, calls, work):
    """
    Runs work() where these calls, names or (name, value of the first argument), fail with
    the errno; returns what it returned.
    """
    result = []

    def run():
        try:
            fence(code, calls)
            result.append(work())
        except BaseException as e:
            result.append(e)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]
