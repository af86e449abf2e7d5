#!/usr/bin/env python3
"""drover seen from other projects: installed, moved, embedded, refused, by pkg-config, and across a shared library.

    run.py --source ROOT --work DIR --compiler CXX [--flags FLAGS] [--cmake CMAKE] [--generator NAME]

Each step prints one line; the first thing that goes wrong is shown whole.
"""

import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


class Failed(Exception):
    pass


class Driver:
    def __init__(self, options):
        self.options = options
        self.source = pathlib.Path(options.source).resolve()
        self.work = pathlib.Path(options.work).resolve()
        self.prefix = self.work / "moved"
        match = re.search(r"project\(\s*drover\s+VERSION\s+([\d.]+)", (self.source / "CMakeLists.txt").read_text())
        self.version = match.group(1)
        # What the user has set for himself must not help or hinder: no drover but the one under test is to be found.
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ("CMAKE_PREFIX_PATH", "CPATH", "CPLUS_INCLUDE_PATH", "PKG_CONFIG_PATH",
                                            "drover_DIR", "DESTDIR", "MAKEFLAGS", "NINJA_STATUS")}

    def run(self, *command, expect_failure=False, **more):
        command = [str(part) for part in command]
        ran = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
                             env={**self.environment, **more}, timeout=600)
        if (ran.returncode != 0) != expect_failure:
            raise Failed(f"{shlex.join(command)}\nended with status {ran.returncode}\n{ran.stdout}")
        return ran.stdout

    def configure(self, source, build, *arguments, **more):
        return self.run(self.options.cmake, "-S", source, "-B", build, "-G", self.options.generator,
                        f"-DCMAKE_CXX_COMPILER={self.options.compiler}", f"-DCMAKE_CXX_FLAGS={self.options.flags}",
                        "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *arguments, **more)

    def build(self, build, *arguments):
        return self.run(self.options.cmake, "--build", build, "--parallel", "2", *arguments)

    def expect_answer(self, output):
        if "answer 49" not in output:
            raise Failed(f"the program said:\n{output}")

    # --- steps ---

    def installed_and_moved(self):
        """Installed into one place and moved to another, then found by find_package(drover 0.1)."""
        first = self.work / "first"
        self.configure(self.source, self.work / "drover", f"-DCMAKE_INSTALL_PREFIX={first}", "-DDROVER_TESTS=OFF",
                       "-DDROVER_EXAMPLES=OFF", "-DDROVER_BENCHES=OFF")
        self.run(self.options.cmake, "--install", self.work / "drover")
        first.rename(self.prefix)
        # A package that still looks back into the sources or the first place would break on the user's machine.
        for path in self.prefix.rglob("*"):
            if path.is_file() and path.suffix in (".cmake", ".pc"):
                text = path.read_text()
                for place in (self.source, self.work):
                    if str(place) in text:
                        raise Failed(f"{path} names {place}")
        installed = {path.relative_to(self.prefix / "include") for path in (self.prefix / "include").rglob("*.hpp")}
        wanted = {path.relative_to(self.source / "include") for path in (self.source / "include").rglob("*.hpp")}
        if installed != wanted:
            raise Failed(f"installed headers differ from include/: {sorted(map(str, installed ^ wanted))}")

        build = self.work / "program"
        self.configure(HERE / "program", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                       f"-DEXPECTED_VERSION={self.version}")
        self.build(build)
        self.expect_answer(self.run(build / "consumer"))

    def refused_versions(self):
        """Versions that are not installed are refused, with a message that names the one that is."""
        major, minor, patch = (int(part) for part in self.version.split("."))
        for wanted in ("9", f"{major + 1}.0", f"{major}.{minor + 1}", f"{major}.{minor}.{patch + 1}"):
            output = self.configure(HERE / "refused", self.work / f"refused-{wanted}",
                                    f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DWANTED={wanted}", expect_failure=True)
            if f"version: {self.version}" not in output or f'requested version "{wanted}"' not in output:
                raise Failed(f"find_package(drover {wanted}) failed, but not for its version:\n{output}")

    def component(self):
        """The component prometheus brings its library; without that, and for another component, one sentence says why."""
        build = self.work / "component"
        self.configure(HERE / "component", build, f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCOMPONENT=prometheus")
        self.build(build)
        self.expect_answer(self.run(build / "component"))
        for wanted, more, sentence in (
                ("prometheus", "-DCMAKE_DISABLE_FIND_PACKAGE_prometheus-cpp=ON",
                 "drover's component prometheus needs prometheus-cpp; install it (Debian: prometheus-cpp-dev)."),
                ("nonesuch", "-DUNUSED=1", "nonesuch")):
            output = self.configure(HERE / "component", self.work / f"component-refused-{wanted}",
                                    f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCOMPONENT={wanted}", more,
                                    expect_failure=True)
            if sentence not in " ".join(output.split()):
                raise Failed(f"component {wanted} was refused, but not with '{sentence}':\n{output}")

    def embedded(self):
        """add_subdirectory brings one target, no tests, no warnings, nothing to install."""
        build = self.work / "embedded"
        self.configure(HERE / "embedded", build, f"-DDROVER_SOURCE={self.source}",
                       f"-DCMAKE_INSTALL_PREFIX={self.work / 'embedded-installed'}")
        commands = (build / "compile_commands.json").read_text()
        leaked = sorted(set(re.findall(r" (-W[\w=-]+|-f(?:sanitize|profile)\S*|--coverage)", commands))
                        - set(self.options.flags.split()))
        if leaked:
            raise Failed(f"the user's files are compiled with drover's flags {' '.join(leaked)}")
        self.build(build)
        self.expect_answer(self.run(build / "embedded"))
        self.run(self.options.cmake, "--install", build)
        files = [path for path in (self.work / "embedded-installed").rglob("*") if path.is_file()]
        if [path.name for path in files] != ["embedded"]:
            raise Failed(f"the user's install also got {[str(path) for path in files]}")

    def pkg_config(self):
        """One command line with pkg-config."""
        if shutil.which("pkg-config") is None:
            raise Failed("pkg-config is not installed: apt-get install pkg-config")
        path = {"PKG_CONFIG_PATH": self.prefix / "share/pkgconfig"}
        path = {name: str(value) for name, value in path.items()}
        if self.run("pkg-config", "--modversion", "drover", **path).strip() != self.version:
            raise Failed("drover.pc has another version than CMakeLists.txt")
        self.run("pkg-config", "--atleast-version=1.0", "drover", expect_failure=True, **path)
        flags = shlex.split(self.run("pkg-config", "--cflags", "--libs", "drover", **path))
        program = self.work / "pkg-config-program"
        self.run(self.options.compiler, *self.options.flags.split(), "-std=c++20", HERE / "program/main.cpp",
                 "-o", program, *flags)
        self.expect_answer(self.run(program))

    def shared_library(self):
        """A program and a shared library that both use drover, with the library's symbols visible and hidden."""
        build = self.work / "shared"
        self.configure(HERE / "shared", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.build(build)
        for visibility in ("default", "hidden"):
            output = self.run("timeout", "60", build / f"program_{visibility}")
            if "0 failures" not in output:
                raise Failed(f"visibility {visibility}:\n{output}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flags", default="")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--generator", default="Ninja")
    options = parser.parse_args()

    driver = Driver(options)
    shutil.rmtree(driver.work, ignore_errors=True)
    driver.work.mkdir(parents=True)
    for step in (driver.installed_and_moved, driver.refused_versions, driver.component, driver.embedded, driver.pkg_config,
                 driver.shared_library):
        start = time.monotonic()
        try:
            step()
        except Failed as failure:
            print(f"FAILED {step.__name__}: {step.__doc__}\n{failure}")
            return 1
        print(f"good   {step.__name__}: {step.__doc__} ({time.monotonic() - start:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
