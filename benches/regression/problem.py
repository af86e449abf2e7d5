# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""What ends a comparison with exit status 2, and programs that are run so that they cannot hang it."""

import os
import signal
import subprocess


class Problem(Exception):
    """One sentence for the person who started this: what was wrong, with the value, and what to do."""


class Finished:
    """How a program ended: its status, what it printed, and the seconds of processor that it and its children had."""

    def __init__(self, status, output, errors, processor_seconds):
        self.status = status
        self.output = output
        self.errors = errors
        self.processor_seconds = processor_seconds


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it printed nothing"


def run(command, patience, environment=None, folder=None):
    """Runs a command in a process group of its own. After `patience` seconds the group is killed and a TimeoutError
    raised."""
    before = os.times()
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, errors="replace", env=environment, cwd=folder, start_new_session=True)
    except OSError as error:
        raise Problem(f"{command[0]} cannot be started: {error.strerror}; give the path of a program that can be "
                      "run.") from None
    try:
        output, errors = process.communicate(timeout=patience)
    except BaseException as error:
        # Its children too: they would hold the pipes open, and take processors from what is measured next.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        for pipe in (process.stdout, process.stderr):
            pipe.close()
        if isinstance(error, subprocess.TimeoutExpired):
            raise TimeoutError from None
        raise
    after = os.times()
    return Finished(process.returncode, output, errors,
                    after.children_user + after.children_system - before.children_user - before.children_system)


def how_it_ended(status):
    """`ended with status 3`, or the signal's name."""
    if status < 0:
        try:
            return f"was ended by {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by signal {-status}"
    return f"ended with status {status}"
