"""
Network namespaces without names: held by a descriptor, gone with it, nothing to clean up.
Threads and processes stay in the namespace in which they were started, and so do sockets.
"""

import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
HERE = "/proc/thread-self/ns/net"

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    if function(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def ip(*args):
    subprocess.run(["ip", *args], check=True, timeout=20, stdin=subprocess.DEVNULL)


@contextlib.contextmanager
def back_again():
    """Returns this thread to the namespace in which it is now."""
    home = os.open(HERE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        call(libc.setns, home, CLONE_NEWNET)
        os.close(home)


class Namespace:
    def __init__(self):
        with back_again():
            call(libc.unshare, CLONE_NEWNET)
            self.fd = os.open(HERE, os.O_RDONLY | os.O_CLOEXEC)
            ip("link", "set", "lo", "up")

    @contextlib.contextmanager
    def inside(self):
        """Everything that this thread does and starts is in the namespace."""
        with back_again():
            call(libc.setns, self.fd, CLONE_NEWNET)
            yield

    def wire(self, other, name, addresses, other_addresses):
        """A cable to the namespace @other: an interface @name with addresses at each end."""
        ends = (self, addresses), (other, other_addresses)
        with self.inside():
            ip("link", "add", name, "type", "veth", "peer", "name", name,
               "netns", f"/proc/{os.getpid()}/fd/{other.fd}")
        for end, every in ends:
            with end.inside():
                for address in every:
                    ip("address", "add", address, "dev", name)
                ip("link", "set", name, "up")

    def close(self):
        os.close(self.fd)
        self.fd = -1


def unavailable():
    """Why no namespace can be made here, or None."""
    try:
        Namespace().close()
    except PermissionError:
        return "a network namespace can be made by root only"
    except (OSError, subprocess.SubprocessError) as e:
        return f"no network namespace can be made: {e}"
    return None
