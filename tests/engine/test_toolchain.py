"""Finding a compiler, and what keys of builds say of it."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest
from spikefarm.devices.base import BuildError, CompilerNotFoundError
from spikefarm.devices.cpp_standalone.compile import compile_model, engine_files, host_executable
from spikefarm.devices.cpp_standalone.toolchain import CompileOptions, cpu_target, find_compiler


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Makes executables, the only ones on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)

    def make(name, text="#!/bin/sh\nexit 0\n"):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


def test_no_compiler_is_an_error_with_a_remedy(fake):
    with pytest.raises(CompilerNotFoundError, match=r"looked for g\+\+, clang\+\+, c\+\+") as caught:
        find_compiler()
    for remedy in ("apt-get install g++", "xcode-select", "conda install", "CXX"):
        assert remedy in str(caught.value)


def test_order_of_preference(fake, monkeypatch):
    fake("c++")
    assert find_compiler().command[0].endswith("/c++")
    fake("clang++")
    assert find_compiler().command[0].endswith("/clang++")
    fake("g++")
    assert find_compiler().command[0].endswith("/g++")
    monkeypatch.setenv("CXX", "clang++")
    assert find_compiler().command[0].endswith("/clang++")
    assert find_compiler("c++").command[0].endswith("/c++")


def test_a_compiler_that_was_asked_for_is_not_replaced_by_another(fake, monkeypatch):
    fake("g++")
    with pytest.raises(CompilerNotFoundError, match="the compiler asked for is 'icpx'"):
        find_compiler("icpx")
    monkeypatch.setenv("CXX", "nonesuch -m32")
    with pytest.raises(CompilerNotFoundError, match="CXX is 'nonesuch -m32'"):
        find_compiler()


def test_a_command_of_several_words(fake):
    fake("ccache")
    fake("g++")
    command = find_compiler("ccache g++ --sysroot=/x").command
    assert [os.path.basename(word) for word in command[:2]] == ["ccache", "g++"]
    assert command[2] == "--sysroot=/x"


def test_finding_starts_no_process(monkeypatch):
    def never(*_, **__):
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", never)
    assert find_compiler().key_text()


def test_the_key_follows_the_compiler(fake):
    path = fake("g++")
    before = find_compiler().key_text()
    assert find_compiler().key_text() == before
    path.write_text("#!/bin/sh\nexit 1 # updated\n")
    assert find_compiler().key_text() != before


def test_a_compiler_that_does_not_work_says_why(fake, tmp_path):
    fake("g++", "#!/bin/sh\necho 'no licence' >&2\nexit 3\n")
    with pytest.raises(CompilerNotFoundError, match="cannot compile C\\+\\+17: no licence"):
        find_compiler().verify()
    with pytest.raises(CompilerNotFoundError, match="no licence"):
        compile_model(tmp_path / "model.cpp", tmp_path / "model.so", find_compiler(), CompileOptions())


def test_the_real_compiler_works():
    compiler = find_compiler()
    compiler.verify()
    assert any(character.isdigit() for character in compiler.version)


def test_every_option_enters_the_key():
    options = [
        CompileOptions(),
        CompileOptions(debug=True),
        CompileOptions(native=False),
        CompileOptions(openmp_threads=1),
        CompileOptions(openmp_threads=2),
        CompileOptions(extra_flags=("-DX=1",)),
    ]
    assert len({option.key_text() for option in options}) == len(options)
    assert len(cpu_target()) == 16


def test_what_does_not_compile_is_told_in_the_compilers_words(tmp_path):
    source = tmp_path / "model.cpp"
    source.write_text("broken here;\n" * 100)
    with pytest.raises(BuildError, match=r"(?s)model.cpp did not.*:1:.*error.*lines more.*-O3") as caught:
        compile_model(source, tmp_path / "model.so", find_compiler(), CompileOptions())
    assert str(caught.value).count("\n") < 50
    assert not (tmp_path / "model.so").exists()


def test_the_host_is_compiled_once(cache, host):
    compiler = find_compiler()
    stamp = host.stat().st_mtime_ns
    assert host_executable(cache, compiler, CompileOptions(debug=True)) == host
    assert host.stat().st_mtime_ns == stamp
    names = {path.name for path in engine_files()}
    assert {"model.h", "random.h", "main.cpp", "host.cpp"} <= names
    assert all(name.endswith((".h", ".cpp")) for name in names)
