"""What a crate carries: the plain files that were signed for, and nothing that a link leads to."""

from __future__ import annotations

import os
import zipfile

import pytest
from watchkeeper.server.acts.attest import crate
from watchkeeper.server.acts.watch.artefact_files import folder_sha256
from watchkeeper.server.documents.attestation import FOLDER, Facts, Output

from ...play import Place

RUN = {"id": "1-full-1", "model": "1", "phase": "full", "state": "completed", "exitStatus": 0}
FACTS = Facts(
    attested_at="2026-11-29T00:00:00Z", watchkeeper={"version": "0"},
    run={**RUN, "startedAt": "2026-11-28T00:00:00Z", "endedAt": "2026-11-28T01:00:00Z"}, command={"argv": ["python"]},
    inputs=[], witnessed={}, seal={}, verdict={"word": "APPROVE", "code": "ok"}, ledger={}, policy={}, design=None,
)  # fmt: skip


def test_no_link_of_a_folder_comes_along_and_nothing_from_outside_of_the_workspace(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("nobody's business")
    store = place.root / "trace.zarr"
    (store / "mu").mkdir(parents=True)
    (store / "mu/0").write_bytes(b"draws")
    (store / "mu/1").symlink_to(outside / "secret")
    (store / "elsewhere").symlink_to(outside)
    (store / "round").symlink_to("round")
    folder = os.open(store, os.O_RDONLY)
    digest = folder_sha256(folder, 60.0)
    os.close(folder)
    assert digest is not None
    made, desk = outside / "crate", place.desk()
    made.mkdir()

    crate.build(desk, made, FACTS, [Output("trace.zarr", digest, FOLDER)], ("x.intoto.json", b"{}"))
    desk.ledger.close()

    assert [one for one in made.rglob("*") if one.is_symlink()] == []
    assert (made / "trace.zarr/mu/0").read_bytes() == b"draws"
    (made / "late").symlink_to(outside / "secret")
    crate.zipped(made, outside / "crate.zip")
    with zipfile.ZipFile(outside / "crate.zip") as archive:
        assert set(archive.namelist()) == {"ro-crate-metadata.json", "trace.zarr/mu/0", "x.intoto.json"}
