"""Password hashes as a web configuration has them."""

import ctypes

LIBCRYPT = ctypes.CDLL("libcrypt.so.1")
LIBCRYPT.crypt.restype = ctypes.c_char_p


def bcrypt(password, cost=4):
    salt = f"$2b${cost:02}$abcdefghijklmnopqrstuu"
    return LIBCRYPT.crypt(password.encode(), salt.encode()).decode()
