"""How many tokens the tools of a role cost before anything is asked (characters of compact JSON / 4).

    python benchmarks/tool_tokens.py

Counted from what the server would send: {name, description, inputSchema} of each tool, and outputSchema apart.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from common import Figure, show
from watchkeeper.server.interfaces.mcp.app import described
from watchkeeper.server.interfaces.mcp.instructions import instructions
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

BUDGET = 2_000
OUTPUT_BUDGET = 1_000
INSTRUCTIONS_BUDGET = 512


def tokens(content: object) -> float:
    return len(json.dumps(content, separators=(",", ":"), ensure_ascii=False)) / 4


def measured() -> Iterator[Figure]:
    for role in (one for one in Role if one.agent):
        sent = [described(one).model_dump(by_alias=True, exclude_none=True) for one in TOOLS if role in one.roles]
        taken = [{name: one[name] for name in ("name", "description", "inputSchema")} for one in sent]
        yield Figure(f"tools of a {role}, definitions", sum(map(tokens, taken)), "tokens", BUDGET)
        outputs = sum(tokens(one["outputSchema"]) for one in sent if "outputSchema" in one)
        yield Figure(f"tools of a {role}, output schemas", outputs, "tokens", OUTPUT_BUDGET)
        yield Figure(f"instructions for a {role}", len(instructions(role)) / 4, "tokens", INSTRUCTIONS_BUDGET)


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    return show(measured())


if __name__ == "__main__":
    sys.exit(main())
