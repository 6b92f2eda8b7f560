"""Files count as named where a path is put together, given by a response file or the command, or found by a library."""

from __future__ import annotations

import pytest
from watchkeeper.server.acts.start import named_words
from watchkeeper.server.analysis.scripts import Program, read_program


def read(script: str, *args: str) -> Program:
    return read_program("code/model.py", {"code/model.py": script.encode()}.get, args=args, env={})


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ('args = parser.parse_args(["@config/args.txt"])', "config/args.txt"),
        ("config = open(f'config/{PHASE}.json')", "config/*.json"),
        ("config = Path('config', PHASE + '.json')", "config/*.json"),
        ("config = HERE / 'config' / (PHASE + '.json')", "*/config/*.json"),
        ("subprocess.run(['make', '-s', 'train'])", "Makefile"),
        ("os.system('make train EPOCHS=3')", "Makefile"),
        ("os.system('sh tools/run.sh --config=conf/big.ini')", "tools/run.sh"),
        ("os.system('sh tools/run.sh --config=conf/big.ini')", "conf/big.ini"),
        ("from dotenv import load_dotenv", ".env"),
        ("from decouple import config", "settings.ini"),
    ],
)
def test_a_script_names_what_it_puts_together_or_has_looked_for(script: str, word: str) -> None:
    assert word in set(named_words.words(read(script)))


def test_the_command_line_and_the_environment_name_files_too() -> None:
    words = set(named_words.words(read("train()", "@runs/big.args", "--config=conf/a.yaml"), ["conf/of_env.json"]))
    assert {"runs/big.args", "conf/a.yaml", "conf/of_env.json"} <= words


def test_a_text_that_stands_alone_names_nothing_and_a_pattern_of_nothing_known_is_none() -> None:
    words = set(named_words.words(read('"""Reads data/old.csv."""\nopen(a + b)\nopen(f"{a}{b}")')))
    assert not any("old.csv" in one or "*" in one for one in words)


def test_a_folder_that_is_read_whole_is_seen() -> None:
    assert named_words.lists_folders(read("for one in Path('conf.d').iterdir():\n    print(one)"))
    assert named_words.lists_folders(read("import hydra"))
    assert not named_words.lists_folders(read("open('conf.d/a')"))
