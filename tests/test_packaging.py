from __future__ import annotations

import importlib
import io
import json
import re
import runpy
import subprocess
import sys
import tarfile
import tomllib
from importlib import metadata, resources
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_list_of_packages_is_the_list_of_folders() -> None:
    folders = {
        "watchkeeper." + ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("server", "tools", "prompts")
        for path in (ROOT / top).rglob("__init__.py")
        if "hook" not in path.parts  # data: run by the training's interpreter, never imported by ours
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == folders


def test_every_package_is_installed_and_can_be_imported() -> None:
    for name in PROJECT["tool"]["setuptools"]["packages"]:
        assert importlib.import_module(name).__name__ == name


@pytest.mark.parametrize("folder", ["static", "templates"])
def test_the_installed_page_has_its_templates_files_and_the_licence_of_what_is_not_ours(folder: str) -> None:
    installed = resources.files("watchkeeper.server.interfaces.web") / folder
    source = ROOT / "server/interfaces/web" / folder
    here = {path.name: path.read_bytes() for path in source.iterdir()}
    assert {path.name: path.read_bytes() for path in installed.iterdir()} == here
    assert folder == "templates" or b"Leon Sorokin" in here["uPlot.LICENSE"]


def test_nothing_called_server_or_tools_lands_at_the_top_level() -> None:
    files = [str(path) for path in metadata.files("watchkeeper") or []]
    tops = {path.split("/")[0] for path in files if not path.startswith(("..", "__editable__"))}
    assert not tops & {"server", "tools", "prompts"}


def test_make_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    assert targets == set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert targets - {"help"} == set(re.findall(r'@echo "make ([\w-]+)', makefile))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`((?:server|tools|tests|docs|examples|benchmarks)/[\w/.]+)`", (ROOT / page).read_text("utf-8"))
    missing = [one for one in named if not (ROOT / one).exists() and not (ROOT / f"{one}.py").exists()]
    assert missing in ([], ["tools/NAME.py"])


def test_the_versions_agree() -> None:
    bundle = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    assert metadata.version("watchkeeper") == PROJECT["project"]["version"] == bundle["version"]
    assert f"## [{bundle['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    wheels = re.findall(r"watchkeeper-([\d.]+)-py3", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert set(wheels) == {bundle["version"]}


def test_the_bundle_names_every_tool() -> None:
    tools = importlib.import_module("watchkeeper.tools").TOOLS
    bundle = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in bundle["tools"]] == [tool.name for tool in tools]


def test_the_module_and_the_command_are_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "watchkeeper.server", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"watchkeeper {metadata.version('watchkeeper')}\n"


def test_a_file_of_the_workspace_never_shadows_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "sqlite3.py").write_text("raise SystemExit('imported from the workspace')\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "watchkeeper.server", "status"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "No run yet. Start one: watchkeeper start MODEL quick\n",
        "",
    )


def test_the_registry_is_told_the_same_as_the_package_index() -> None:
    """As its schema of 2025-12-11 has it: lengths, the form of the name, a version that is none of a range."""
    told = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    (package,) = told["packages"]
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", told["name"])
    assert 0 < len(told["description"]) <= 100
    assert told["version"] == package["version"] == PROJECT["project"]["version"]
    assert (package["registryType"], package["identifier"]) == ("pypi", PROJECT["project"]["name"])
    assert package["transport"] == {"type": "stdio"}
    words = [one.get("value") or f"{one['name']}={one['default']}" for one in package["packageArguments"]]
    assert (
        importlib.import_module("watchkeeper.server.interfaces.commands.cli").parser().parse_args(words).role
        == "trainer"
    )
    assert f"<!-- mcp-name: {told['name']} -->" in (ROOT / "README.md").read_text(encoding="utf-8")


def sdist(seconds: int, owner: str, names: list[str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uname, member.mode = len(name), seconds, owner, 0o640
            tar.addfile(member, io.BytesIO(name.encode()))
    return out.getvalue()


def test_source_distributions_of_two_people_are_the_same_bytes_and_hold_what_they_held() -> None:
    rewritten = runpy.run_path(str(ROOT / "benchmarks" / "equal_sdist.py"))["rewritten"]
    told = rewritten(sdist(1, "ann", ["b/x.py", "b/y.py"]), 1_700_000_000)
    assert told == rewritten(sdist(2, "bob", ["b/y.py", "b/x.py"]), 1_700_000_000)
    with tarfile.open(fileobj=io.BytesIO(told)) as tar:
        assert {one.name: (one.mtime, one.mode, one.uname) for one in tar} == {
            "b/x.py": (1_700_000_000, 0o644, ""),
            "b/y.py": (1_700_000_000, 0o644, ""),
        }
        held = tar.extractfile("b/y.py")
        assert held is not None
        assert held.read() == b"b/y.py"
