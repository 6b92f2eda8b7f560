"""What the reading process may not do, whatever an artefact makes a library want."""

from __future__ import annotations

import gzip
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
from watchkeeper.server.analysis.artefacts import child, confined, formats, readers
from watchkeeper.server.analysis.artefacts.confined import Limits, read_container
from watchkeeper.server.analysis.artefacts.facts import NotInspected

from ...limits import HANG_S
from ...runtime.keeper.helpers import until
from .helpers import arrays, h5py, honest, inspect, joblib, not_inspected, pickled, trace, write_trace

SERVER = Path(confined.__file__).parents[1]
ENORMOUS_BYTES = 1 << 40


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        attack = os.system  # pyright: ignore[reportDeprecated] # what an attacker would take
        return attack, (f"touch {self.path}",)


def test_a_pickle_with_a_side_effect_has_none_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Malicious(tmp_path / "touched")))
    found = pickled(tmp_path / "model.pkl", inspect)
    assert (found.globals, found.calls, found.root) == (("posix.system",), 1, "posix.system")
    assert not (tmp_path / "touched").exists()


def test_an_array_of_objects_in_numpys_format_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([Malicious(tmp_path / "touched")], dtype=object), allow_pickle=True)
    assert arrays(tmp_path / "a.npy", inspect).arrays[0].dtype == "object"
    assert not (tmp_path / "touched").exists()


def test_an_external_link_of_hdf5_is_not_followed(tmp_path: Path) -> None:
    """Read here, where nothing but the reader stands between HDF5 and the other file; the process is sealed besides."""
    write_trace(tmp_path / "real.nc", {"mu": honest()})
    (tmp_path / "workspace").mkdir()
    with h5py.File(tmp_path / "workspace" / "model.nc", "w") as file:
        file["posterior"] = h5py.ExternalLink(str(tmp_path / "real.nc"), "posterior")
    found = arrays(tmp_path / "workspace" / "model.nc")
    assert (found.array_count, found.notes) == (0, ("Not followed: posterior.",))


@pytest.mark.xdist_group("sampled")  # where SciPy was imported already
def test_a_virtual_dataset_and_external_storage_are_not_read(tmp_path: Path) -> None:
    write_trace(tmp_path / "real.nc", {"mu": honest(4, 100)})
    (tmp_path / "raw.bin").write_bytes(honest(4, 100).tobytes())
    layout = h5py.VirtualLayout((4, 100), "f8")
    layout[:] = h5py.VirtualSource(str(tmp_path / "real.nc"), "posterior/mu", (4, 100))
    with h5py.File(tmp_path / "model.nc", "w") as file:
        file["posterior/own"] = honest(4, 100)
        file.create_virtual_dataset("posterior/virtual", layout)
        stored = [(str(tmp_path / "raw.bin"), 0, 3200)]
        file.create_dataset("posterior/stored", (4, 100), "f8", external=stored)
    with h5py.File(tmp_path / "model.nc") as file:
        assert np.isfinite(file["posterior/virtual"][:]).all(), "HDF5 itself would have followed"
    found = trace(tmp_path / "model.nc")
    assert found.variables == ("own",)
    assert "Not looked at, no numbers of this file with chains and draws: stored, virtual." in found.notes


def test_the_sealed_process_opens_no_file_and_no_folder(tmp_path: Path) -> None:
    """The second wall, where the kernel has Landlock: a library that wanted to follow a link could not."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "artefact").write_text("artefact")
    code = """
import os, sys
sys.path.append(sys.argv[1])
from artefacts import confine
artefact = os.open(sys.argv[2], os.O_RDONLY)
sealed = confine.seal(artefact)
def tried(act):
    try:
        return act()
    except PermissionError:
        return "refused"
folder = os.path.dirname(sys.argv[2])
print(sealed, tried(lambda: open(f"/dev/fd/{artefact}").read()), tried(lambda: open(folder + "/secret").read()),
      tried(lambda: os.listdir(folder)), tried(lambda: os.mkdir(folder + "/made")),
      tried(lambda: os.unlink(folder + "/secret")), tried(lambda: os.execv("/bin/true", ["true"])))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(SERVER), str(tmp_path / "artefact")],
        capture_output=True,
        text=True,
        check=True,
    )
    if done.stdout.startswith("False"):
        pytest.skip("this kernel has no Landlock")
    assert done.stdout == "True artefact refused refused refused refused refused\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["artefact", "secret"]


def test_the_process_may_write_nothing_and_open_little(tmp_path: Path) -> None:
    code = """
import resource, sys
sys.path.append(sys.argv[1])
from artefacts import confine
confine.limit(1 << 30, 5, 5.0)
names = ("RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_AS")
print([resource.getrlimit(getattr(resource, name)) for name in names])
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(SERVER)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "[(0, 0), (0, 0), (64, 64), (5, 6), (1073741824, 1073741824)]\n"


def test_too_little_memory_is_not_inspected(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" + ",".join(["[1]"] * 2_000_000) + "]")
    found = not_inspected(tmp_path / "a.json", Limits(memory_bytes=100 << 20))
    assert found == NotInspected(reason="Reading it takes more memory than allowed.", cause="memory")


def test_libraries_that_do_not_fit_into_the_memory_are_not_inspected(sampled: Path) -> None:
    assert not_inspected(sampled / "pymc.nc", Limits(memory_bytes=120 << 20)).cause in ("memory", "crashed")


def test_a_reader_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,c\n" + "1.5,x,2.5\n" * 400_000)
    others = psutil.Process().children()  # of the tests that ran before in this process
    found = not_inspected(tmp_path / "a.csv", Limits(wall_s=0.2))
    assert found == NotInspected(reason="Reading it took more than 0.2 s.", cause="time")
    assert [one for one in psutil.Process().children() if one not in others] == []


def test_a_reader_that_takes_too_much_cpu_time_is_killed(tmp_path: Path) -> None:
    packed = {f"{number}": number / 7 for number in range(300_000)}
    (tmp_path / "model.pkl").write_bytes(pickle.dumps([dict(packed) for _ in range(8)]))
    found = not_inspected(tmp_path / "model.pkl", Limits(cpu_s=1))
    assert found == NotInspected(reason="Reading it took more than 1 s of CPU time.", cause="time")


def test_an_answer_that_is_too_long_is_not_inspected(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(f"column{number}" for number in range(400)) + "\n")
    found = not_inspected(tmp_path / "a.csv", Limits(output_bytes=1000))
    assert found == NotInspected(reason="Its facts are longer than 1000 bytes.", cause="too large")


@pytest.mark.parametrize(
    "name",
    [
        "a.csv",
        "a.json",
        "a.jsonl",
        "a.pkl",
        "a.joblib",
        "a.nc",
        "a.npy",
        "a.npz",
        "a.safetensors",
        "a.txt",
        "a.parquet",
    ],
)
def test_an_enormous_sparse_file_is_answered_soon(tmp_path: Path, name: str) -> None:
    heads = {"a.csv": b"a,b\n1,2\n", "a.json": b'{"a": 1}', "a.jsonl": b'{"a": 1}\n', "a.txt": b"hello\n"}
    with (tmp_path / name).open("wb") as file:
        file.write(heads.get(name, b""))
        file.truncate(ENORMOUS_BYTES)
    found = inspect(tmp_path / name, Limits(cpu_s=20, wall_s=HANG_S))
    assert not isinstance(found, NotInspected) or found.cause != "time"


def test_an_enormous_real_trace_is_answered_soon(tmp_path: Path) -> None:
    write_trace(tmp_path / "t.nc", {"mu": honest()})
    with (tmp_path / "t.nc").open("r+b") as file:
        file.truncate(ENORMOUS_BYTES)
    assert trace(tmp_path / "t.nc", inspect).size_bytes == ENORMOUS_BYTES


def test_a_pickle_that_announces_a_terabyte_is_truncated(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"\x80\x04\x8e" + (1 << 40).to_bytes(8, "little") + b"xyz")
    found = pickled(tmp_path / "a.pkl", inspect)
    assert (found.truncated, found.complete) == (True, False)


def test_a_zip_bomb_is_named_and_not_inflated(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "weights.pt", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"epoch": 3}))
        with archive.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(64):
                member.write(bytes(1 << 20))
    found = arrays(tmp_path / "weights.pt", inspect)
    packed = found.members[1].compressed_bytes
    assert found.notes == (f"archive/data/0 says it inflates from {packed} to {64 << 20} bytes.",)
    assert found.consistent is False
    assert found.pickle is not None
    assert found.pickle.numbers == (("epoch", 3.0),)


def test_a_packed_bomb_ends_at_its_limit(tmp_path: Path) -> None:
    zeros = gzip.compress(bytes(64 << 20), compresslevel=1)
    with (tmp_path / "a.joblib").open("wb") as file:
        file.write(gzip.compress(b"\x80\x04\x8e" + (1 << 40).to_bytes(8, "little")))
        for _ in range(40):
            file.write(zeros)
    assert not_inspected(tmp_path / "a.joblib", Limits()) == NotInspected(
        reason="It unpacks to more than 2 GB.", cause="too large"
    )


@pytest.mark.parametrize("how", ["fifo", "socket", "device"])
def test_what_is_no_plain_file_is_refused(how: str) -> None:
    read, write = os.pipe()
    try:
        descriptor = read if how == "fifo" else os.open("/dev/null", os.O_RDONLY) if how == "device" else write
        found = read_container(descriptor, "a.csv")
        assert found == NotInspected(reason="It is neither a plain file nor a folder.", cause="unsupported")
        if how == "device":
            os.close(descriptor)
    finally:
        os.close(read)
        os.close(write)


def test_a_closed_descriptor_is_an_error_of_the_caller() -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    with pytest.raises(OSError, match="Bad file descriptor"):
        read_container(read, "a.csv")


def test_the_environment_is_not_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text("{}")
    assert inspect(tmp_path / "a.json").kind == "json"


def test_a_reading_process_ends_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed in the midst of reading; the kernel ends the child with it, or its alarm does."""
    (tmp_path / "a.csv").write_text("a,b,c\n" + "1.5,x,2.5\n" * 600_000)
    code = (
        "import os, sys; from watchkeeper.server.analysis.artefacts.confined import Limits, read_container;"
        "read_container(os.open(sys.argv[1], os.O_RDONLY), 'a.csv', Limits(wall_s=20))"
    )
    parent = psutil.Popen([sys.executable, "-c", code, str(tmp_path / "a.csv")])
    children = until(parent.children, "it reads")
    until(lambda: "NoNewPrivs:\t1" in Path(f"/proc/{children[0].pid}/status").read_text(), "it is sealed")
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(children, timeout=HANG_S)
    assert (len(children), alive) == (1, [])


@pytest.mark.parametrize(
    ("library", "module", "kind", "package"),
    [("zarr", "zarr_store", "zarr", "'watchkeeper[bayes]'"), ("pyarrow", "parquet", "parquet", "pyarrow")],
)
def test_a_missing_library_is_named_with_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, library: str, module: str, kind: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"{formats.__package__}.{module}", raising=False)
    for one in [one for one in sys.modules if one.startswith(f"{library}.")]:  # what another test imported
        monkeypatch.delitem(sys.modules, one)
    look = formats.Look(descriptor=-1, size_bytes=0, head=b"", suffix="", format=kind)
    assert child.guarded(lambda: readers.reader(look)(look)) == NotInspected(
        reason=f"{library} is not installed: pip install {package}.", cause="library missing"
    )


def test_twice_the_same_artefact_has_the_same_facts(tmp_path: Path) -> None:
    joblib.dump({"epoch": 3, "weights": honest(20, 30)}, tmp_path / "m.joblib")
    assert pickled(tmp_path / "m.joblib", inspect) == pickled(tmp_path / "m.joblib", inspect)
