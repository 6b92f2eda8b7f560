"""What a run left is hashed at its end, whatever lies there, and a seal that fails loses nothing."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.runtime import run_directory
from watchkeeper.server.runtime.keeper import records, seal
from watchkeeper.server.runtime.keeper.lines import Lines
from watchkeeper.server.vocabulary.runs import RunState

from ...limits import examples
from .helpers import WAITS, Run, until

PLENTY = 1 << 30


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sealed(run: Run) -> dict[str, dict[str, object]]:
    files = records.part(run.record(records.SEAL), "files") or {}
    return {path: records.part(files, path) or {} for path in files}


LEAVES = """
import os, pathlib
pathlib.Path("out").mkdir()
pathlib.Path("out/results.csv").write_text("a,b\\n1,2\\n")
pathlib.Path("store.zarr/0").mkdir(parents=True)
pathlib.Path("store.zarr/0/c").write_bytes(b"chunk")
os.symlink("out/results.csv", "linked.csv")
os.symlink("/etc/passwd", "outside.csv")
os.mkfifo("pipe.csv")
os.symlink("loop.csv", "loop.csv")
"""


def test_what_was_left_is_named_with_its_digest_and_what_is_odd_is_said(workspace: Path) -> None:
    paths = ["out/results.csv", "store.zarr", "linked.csv", "outside.csv", "pipe.csv", "loop.csv", "never.csv"]
    run = Run(workspace, LEAVES, seal_paths=paths, seal_max_bytes=PLENTY, nonce="n").launch()
    assert run.ends().state is RunState.COMPLETED, run.said()
    found = sealed(run)
    results = sha256(b"a,b\n1,2\n")
    assert (found["out/results.csv"]["sha256"], found["out/results.csv"]["bytes"]) == (results, 8)
    assert (found["linked.csv"]["link"], found["linked.csv"]["sha256"]) == ("out/results.csv", results)
    assert found["outside.csv"] == {"link": "/etc/passwd", "outside": True}
    assert (found["store.zarr"]["files"], found["store.zarr"]["bytes"]) == (1, 5)
    assert found["pipe.csv"] == {"special": True}
    assert "unreadable" in found["loop.csv"] or found["loop.csv"].get("missing")
    assert found["never.csv"] == {"missing": True}


def test_the_exit_record_carries_the_digest_of_the_seal_and_the_nonce(workspace: Path) -> None:
    run = Run(workspace, "print(1)", seal_paths=["training.log"], seal_max_bytes=PLENTY, nonce="n0nce").launch()
    status = run.ends()
    content = (run.dir / records.SEAL).read_bytes()
    assert status.seal == sha256(content)
    assert run.record(records.EXIT)["nonce"] == run.record(records.START)["nonce"] == "n0nce"
    assert run.record(records.START)["spec_sha256"] == sha256((run.dir / records.SPEC).read_bytes())


def test_files_that_the_witness_saw_written_are_sealed_too(workspace: Path) -> None:
    script = (
        "import json, os\nos.makedirs('runs/1-quick-1/witness', exist_ok=True)\nopen('extra.csv', 'w').write('x')\n"
        "with open('runs/1-quick-1/witness/1.jsonl', 'w') as file:\n"
        "    file.write(json.dumps({'kind': 'write', 'facts': {'path': 'extra.csv'}}, separators=(',', ':')) + '\\n')\n"
        '    file.write(\'no json "kind":"write"\\n\')\n'
    )
    run = Run(workspace, script, seal_paths=[], seal_max_bytes=PLENTY).launch()
    run.ends()
    assert sealed(run)["extra.csv"]["sha256"] == sha256(b"x")


def test_beyond_its_bytes_a_file_is_told_by_a_sample(workspace: Path) -> None:
    (workspace / "big.bin").write_bytes(os.urandom(3_000_000))
    whole = seal.about(str(workspace), "big.bin", seal.Budget(PLENTY))
    sampled = seal.about(str(workspace), "big.bin", seal.Budget(1000))
    assert "sampled" in sampled
    assert "sha256" not in sampled
    assert (whole["bytes"], sampled["bytes"]) == (3_000_000, 3_000_000)
    with open(workspace / "big.bin", "r+b") as file:
        file.write(b"changed at its beginning")
    assert seal.about(str(workspace), "big.bin", seal.Budget(1000))["sampled"] != sampled["sampled"]


def test_a_seal_that_cannot_be_written_leaves_the_exit_record(workspace: Path) -> None:
    run = Run(workspace, WAITS + "sys.exit(3)", seal_paths=["training.log"], seal_max_bytes=PLENTY)
    run.launch_until_ready()
    (run.dir / records.SEAL).mkdir()  # nothing can be renamed to the name of a folder
    run.go()
    status = run.ends()
    assert (status.state, status.exit_code) == (RunState.FAILED, 3)
    assert (status.seal, bool(status.seal_failed)) == ("", True)


def test_lines_that_were_changed_after_the_keeper_read_them_are_told(workspace: Path) -> None:
    run = Run(workspace, WAITS, seal_paths=[], seal_max_bytes=PLENTY)
    folder = run.dir / records.WITNESS
    folder.mkdir()
    (folder / "1.jsonl").write_bytes(b"first\n")
    (folder / "2.jsonl").write_bytes(b"kept\n")
    run.launch_until_ready()
    until(lambda: b'"pieces":[["1.jsonl",0,6]' in (run.dir / records.USAGE).read_bytes(), "the lines were read")
    (folder / "1.jsonl").write_bytes(b"other\n")
    with (folder / "2.jsonl").open("ab") as file:
        file.write(b"more\n")
    run.go().ends()
    files = records.part(records.part(run.record(records.SEAL), "witness"), "files") or {}
    assert (records.part(files, "1.jsonl") or {})["rewritten"] is True
    assert records.part(files, "2.jsonl") == {"bytes": 10, "sha256": sha256(b"kept\nmore\n")}


def test_a_file_among_the_witness_lines_may_be_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "MOST_LINES_BYTES", 16 << 20, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / records.WITNESS).mkdir()
    line = b'{"kind":"write","facts":{"path":"seen.csv"}}\n'
    (tmp_path / records.WITNESS / "1.jsonl").write_bytes(line)
    (tmp_path / records.WITNESS / "2.jsonl").write_bytes(b" " * seal.LONGEST_LINE + line.replace(b"seen", b"inside"))
    for name, size in (("3.jsonl", 6 << 20), ("4.jsonl", 24 << 20)):
        (tmp_path / records.WITNESS / name).touch()
        os.truncate(tmp_path / records.WITNESS / name, size)
    lines = Lines()
    tracemalloc.start()
    try:
        told = seal.make({"workspace": str(tmp_path)}, {}, lines)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 4 << 20
    record = json.loads((tmp_path / records.SEAL).read_text())
    assert told["files"] == 1
    assert record["files"] == {"seen.csv": {"missing": True}}
    witnessed = record["witness"]["files"]
    assert [name for name, one in witnessed.items() if "sha256" in one] == ["1.jsonl", "2.jsonl", "3.jsonl"]
    assert witnessed["4.jsonl"] == {"bytes": 24 << 20}


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.binary(min_size=1, max_size=40)), max_size=12))
def test_the_head_follows_from_the_pieces_that_the_samples_name(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / records.WITNESS).mkdir()
    here = os.getcwd()
    os.chdir(folder)
    try:
        lines, head = Lines(), ""
        for name, content in written:
            with open(folder / records.WITNESS / f"{name}.jsonl", "ab") as file:
                file.write(content)
            told = json.loads(json.dumps(lines.look()))
            for file_name, begin, size in told["pieces"]:
                piece = (folder / records.WITNESS / file_name).read_bytes()[begin : begin + size]
                head = sha256(f"{head}{file_name}{begin}{sha256(piece)}".encode())[:32]
            assert told["head"] == head
    finally:
        os.chdir(here)


def test_a_record_of_another_start_is_not_believed(workspace: Path) -> None:
    run = Run(workspace, "print(1)", nonce="theirs").launch()
    run.ends()
    facts = run_directory.read_facts(run.dir, "ours")
    assert facts.foreign == (records.START, records.EXIT)
    until(lambda: not run_directory.read_facts(run.dir).lock_held, "its keeper is gone")
    status = run_directory.judge(run_directory.read_facts(run.dir, "ours"))
    assert status.state is RunState.LOST
    assert "nonce" in status.reason
