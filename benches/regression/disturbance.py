# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""How much of the processors others had while one of our programs ran, and what this machine is."""

import os
import platform
import time


class Window:
    """From its construction to `taken`."""

    def __init__(self):
        self.wall = time.monotonic()
        self.busy, self.stolen = ticks()
        self.ours = seconds_of_ours()

    def seconds(self):
        return time.monotonic() - self.wall

    def taken(self):
        """Share of all processors that other programs or the hypervisor had, 0 to 1."""
        wall = max(self.seconds(), 1e-3)
        busy, stolen = ticks()
        tick = os.sysconf("SC_CLK_TCK")
        others = max(0.0, (busy - self.busy) / tick - (seconds_of_ours() - self.ours))
        return min(1.0, (others + (stolen - self.stolen) / tick) / (wall * os.cpu_count()))

    def stolen_share(self):
        """Share of all processors that the hypervisor gave to others."""
        return (ticks()[1] - self.stolen) / os.sysconf("SC_CLK_TCK") / (max(self.seconds(), 1e-3) * os.cpu_count())


def seconds_of_ours():
    """Of this process and of its children that have ended."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def ticks():
    """(at work, stolen by the hypervisor), of all processors."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _, _, irq, softirq, steal = (int(word) for word in file.readline().split()[1:9])
    except (OSError, ValueError):
        return 0, 0
    return user + nice + system + irq + softirq, steal


def machine():
    """What a reader of figures wants to know of where they come from."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    processor = line.split(":", 1)[1].strip()
                    break
    except OSError:
        pass
    return {"processor": processor, "processors": os.cpu_count(), "kernel": platform.release(),
            "virtual": os.path.exists("/proc/cpuinfo") and "hypervisor" in flags()}


def flags():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        return next((line.split() for line in file if line.startswith("flags")), [])
