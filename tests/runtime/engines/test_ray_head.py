"""What is asked of a Ray head: who asks is said by a header alone; no answer makes it hang or tell a token."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from watchkeeper.server.runtime.engines import ray, ray_head, submissions
from watchkeeper.server.runtime.engines.ray import RayEngine
from watchkeeper.server.runtime.engines.ray_head import Head
from watchkeeper.server.runtime.engines.submissions import Refusal, Unavailable, job_name, submission
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.vocabulary.errors import StorageFailed

from ...limits import HANG_S

SECRET = "c2VjcmV0LW9mLXRoZS1oZWFk"
Answer = tuple[int, bytes]


class Double:
    """A head that says what a test wants; a real one with a token is tried in runtime/engines/on_ray."""

    def __init__(self) -> None:
        self.answer: Callable[[str], Answer] = lambda _: (200, b"[]")
        self.heard: list[tuple[str, dict[str, str]]] = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def do_GET(self) -> None:
                double.heard.append((self.path, dict(self.headers)))
                status, content = double.answer(self.path)
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def double() -> Generator[Double]:
    made = Double()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def private(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "token"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        (f"{SECRET}\n", "Authorization", f"Bearer {SECRET}"),
        (f"Bearer {SECRET}", "Authorization", f"Bearer {SECRET}"),
        (f"X-Ray-Authorization: Bearer {SECRET}\nX-Team: a\n", "X-Ray-Authorization", f"Bearer {SECRET}"),
    ],
)
def test_a_file_that_only_we_may_read_gives_the_token_or_whole_headers(
    double: Double, tmp_path: Path, written: str, name: str, value: str
) -> None:
    assert Head(double.address, private(tmp_path, written)).jobs() == []
    assert double.heard[0][1][name] == value


def test_the_environment_gives_a_token_by_name_and_says_when_it_has_none(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = Head(double.address, token_env="TOKEN_OF_RAY")
    with pytest.raises(Unavailable, match="has no TOKEN_OF_RAY"):
        head.jobs()
    monkeypatch.setenv("TOKEN_OF_RAY", SECRET)
    head.jobs()
    assert double.heard[0][1]["Authorization"] == f"Bearer {SECRET}"


def test_a_token_that_others_could_read_is_not_sent(double: Double, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    path = private(outside, SECRET, 0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        Head(double.address, path).jobs()
    os.chmod(path, 0o600)
    with pytest.raises(Unavailable, match="lies in the workspace"):
        Head(double.address, path, workspace=tmp_path).jobs()
    with pytest.raises(Unavailable, match="cannot be read: No such file"):
        Head(double.address, f"{path}.not").jobs()
    for text in ("two\nlines", "ümlaut", "nul\0"):
        with pytest.raises(Unavailable, match="token"):
            Head(double.address, private(outside, text)).jobs()
    assert not double.heard


def test_proxies_of_the_environment_do_not_count(double: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert Head(double.address).jobs() == []


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        ((401, b"Unauthorized"), Unavailable, r"asks who is there \(401\): it does not take the token of"),
        ((403, b"Forbidden"), Unavailable, r"asks who is there \(403\)"),
        ((302, b""), Unavailable, "points elsewhere"),
        ((200, b"<html>"), Unavailable, "no JSON"),
        ((200, b"[" * 100_000), Unavailable, "no JSON"),
        ((200, b"{}"), Unavailable, "has no Jobs API"),
        ((404, b""), Unavailable, "has no Jobs API"),
        ((400, b"The plain HTTP request was sent to HTTPS port"), Unavailable, r"failed \(400\): The plain HTTP"),
        ((500, b"Traceback\nNo available agent"), Unavailable, "No available agent"),
        ((503, f"you sent Bearer {SECRET}, {SECRET}".encode()), Unavailable, "you sent …, …"),
    ],
)
def test_what_is_no_answer_says_nothing_of_any_job_and_tells_no_token(
    double: Double, tmp_path: Path, answer: Answer, error: type[Exception], said: str
) -> None:
    double.answer = lambda _: answer
    with pytest.raises(error, match=said) as raised:
        Head(double.address, private(tmp_path, SECRET)).jobs()
    assert SECRET not in f"{raised.value!r}{raised.value.__cause__!r}"
    assert len(double.heard) == 1


def test_an_answer_that_never_ends_is_given_up(double: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    double.answer = lambda _: (200, b"[" + b" " * 4000 + b"]")
    monkeypatch.setattr(ray_head, "MOST_BYTES", 1000)
    with pytest.raises(Unavailable, match="more than"):
        Head(double.address).jobs()
    monkeypatch.undo()
    monkeypatch.setattr(ray_head, "WITHIN_S", 0.0001)
    with pytest.raises(Unavailable, match="time"):
        Head(double.address).jobs()


def test_where_nobody_listens_the_address_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody else listens there meanwhile
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unavailable, match=rf"^{address}: .*refused"):
            Head(address).jobs()


def test_what_a_submission_asks_for_may_be_refused(double: Double) -> None:
    double.answer = lambda _: (400, b"Traceback\nTypeError: entrypoint_num_cpus")
    with pytest.raises(Refusal, match=r"^TypeError: entrypoint_num_cpus$"):
        Head(double.address).submit("a", "true", {})


def test_a_head_that_drips_is_given_up_and_one_that_breaks_off_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        head = Head(f"http://127.0.0.1:{listening.getsockname()[1]}")
        over = threading.Event()

        def drips() -> None:
            with listening.accept()[0] as link, suppress(OSError):
                while not over.wait(0.01):
                    link.sendall(b"H")
            with listening.accept()[0] as link:
                link.recv(10_000)
                link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[]")

        thread = threading.Thread(target=drips)
        thread.start()
        try:
            with monkeypatch.context() as patched:
                patched.setattr(ray_head, "WITHIN_S", 0.2)
                with pytest.raises(Unavailable, match="timed out"):
                    head.jobs()
        finally:
            over.set()
        with pytest.raises(Unavailable, match="broke off 8 bytes"):
            head.jobs()
        thread.join()


def test_what_a_head_says_of_itself_is_one_line_without_control_characters(double: Double) -> None:
    double.answer = lambda _: (200, b'{"ray_version": "2\\u001b[31m.60\\n", "session_name": "s"}')
    assert Head(double.address).about() == ("2.60", "s")


def test_a_name_is_one_part_of_a_path_whatever_it_holds(double: Double) -> None:
    double.answer = lambda _: (404, b"")
    assert Head(f"{double.address}/ray").job("../a b?c") is None
    assert double.heard[0][0] == "/ray/api/jobs/..%2Fa%20b%3Fc"


def test_a_host_that_swallows_packets_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_head, "CONNECTS_WITHIN_S", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        for _ in range(4):  # nobody takes them: the kernel answers no further one
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="timed out"):
            Head(f"http://127.0.0.1:{full.getsockname()[1]}").about()
        assert time.monotonic() - begun < ray_head.WITHIN_S


def test_what_kept_a_run_from_being_handed_over_is_not_told_once_it_was_and_a_full_disk_is_told_in_words(
    double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(submissions, "PATIENCE_S", HANG_S)
    run_dir = tmp_path / ".watchkeeper/runs/1-quick-1"
    run_dir.mkdir(parents=True)
    engine = {"kind": "ray", "address": double.address}
    records.write(run_dir / records.SPEC, {"nonce": "n", "workspace": str(tmp_path), "engine": engine})
    log = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        double.answer = lambda _: (500, b"no agent")
        RayEngine().launch(run_dir, log)
        assert "no agent" in records.text(submission(run_dir), "trouble")
        about = b'{"ray_version": "2.60.0", "session_name": "s"}'
        double.answer = lambda path: (404, b"") if path.startswith("/api/jobs/wk-") else (200, about)
        with monkeypatch.context() as patched:
            patched.setattr(ray, "note", full)
            with pytest.raises(StorageFailed, match="No space left"):
                RayEngine().launch(run_dir, log)
        RayEngine().launch(run_dir, log)
    finally:
        os.close(log)
    known = submission(run_dir)
    assert (records.text(known, "job"), records.text(known, "trouble")) == (job_name(run_dir), "")
