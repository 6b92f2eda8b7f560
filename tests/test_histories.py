from __future__ import annotations

import os
from pathlib import Path

import pytest
from watchkeeper.server import event_files

pytest.importorskip("tensorboard")


def test_the_scalars_of_a_tensorboard_file_are_read_as_a_history(tmp_path: Path) -> None:
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path))
    for step in range(3):
        values = [
            summary_pb2.Summary.Value(tag="Loss/train", simple_value=1.0 / 2**step),
            summary_pb2.Summary.Value(tag="Loss/val", simple_value=2.0 / 2**step),
        ]
        writer.add_event(event_pb2.Event(step=step, summary=summary_pb2.Summary(value=values)))
    writer.close()
    (path,) = tmp_path.iterdir()
    descriptor = os.open(path, os.O_RDONLY)
    history = event_files.read_events(descriptor)
    os.close(descriptor)
    assert (history.epochs, history.train_loss, history.val_loss) == (
        [0.0, 1.0, 2.0],
        [1.0, 0.5, 0.25],
        [2.0, 1.0, 0.5],
    )


def test_a_torn_event_file_gives_what_was_complete(tmp_path: Path) -> None:
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path))
    for step in range(3):
        value = summary_pb2.Summary.Value(tag="train_loss", simple_value=1.0)
        writer.add_event(event_pb2.Event(step=step, summary=summary_pb2.Summary(value=[value])))
    writer.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    descriptor = os.open(path, os.O_RDONLY)
    assert event_files.read_events(descriptor).epochs == [0.0, 1.0]
    os.close(descriptor)
