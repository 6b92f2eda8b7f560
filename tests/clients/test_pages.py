"""The lines of docs/clients.md are found and pasted as a user would; the README names the same."""

from __future__ import annotations

import json
from pathlib import Path

from .pages import PAGE, ROOT, blocks, merged, paste
from .programs import Home

TEXT = """## One

### As a server

In `~/.one/settings.json`:

```json
{"a": {"b": 1}}
```

In `.one.json` of the project, beside others:

```json
{"where": "/path/to/project"}
```

```sh
touch made # for nothing
```

### Hooks

In `~/.one/settings.json`:
```json
{"a": {"c": 2}}
```
"""


def test_blocks_know_their_headings_and_their_files() -> None:
    found = [(one.headings, one.language, one.file) for one in blocks(TEXT)]
    server, hooks = ("One", "As a server"), ("One", "Hooks")
    assert found == [
        (server, "json", "~/.one/settings.json"),
        (server, "json", ".one.json"),
        (server, "sh", ""),
        (hooks, "json", "~/.one/settings.json"),
    ]


def test_pasting_writes_files_in_the_home_and_the_project_and_runs_commands(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    paste(list(blocks(TEXT)), Home(home, project, project, tmp_path, {}))
    assert json.loads((home / ".one/settings.json").read_text()) == {"a": {"b": 1, "c": 2}}
    assert json.loads((project / ".one.json").read_text()) == {"where": str(project)}
    assert (project / "made").exists()


def test_of_two_objects_the_later_one_has_the_last_word() -> None:
    assert merged({"a": 1, "b": {"c": 1}}, {"a": 2, "b": {"d": 2}}) == {"a": 2, "b": {"c": 1, "d": 2}}


def test_the_readme_has_the_line_of_the_page() -> None:
    def lines(path: Path) -> set[str]:
        texts = [one.text for one in blocks(path.read_text("utf-8")) if "http" not in one.text]
        return {line for text in texts for line in text.split("\n") if line.startswith("claude mcp add")}

    assert lines(ROOT / "README.md") == lines(PAGE) != set()
