"""The score of a call by ITU-T G.107, as its tables have it."""

import math


def mos(loss_percent, delay_ms, burst):
    """G.107 with its defaults, as far as loss and delay go; G.711 with concealment."""
    idd = 0
    if delay_ms > 100:
        x = math.log2(delay_ms / 100)
        idd = 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
    r = 93.2062 - idd - 95 * loss_percent / (loss_percent / burst + 25.1)
    return max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6) if r > 0 else 1
