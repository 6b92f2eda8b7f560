"""What the name of a column says, in the words of many libraries."""

import pytest
from watchkeeper.server.analysis.curves.columns import choose
from watchkeeper.server.analysis.curves.names import Role, Sense, named, role_of


@pytest.mark.parametrize(
    ("name", "quantity", "role"),
    [
        ("Loss/train", "loss", Role.TRAIN),
        ("avg_val_loss", "loss", Role.VAL),
        ("train/total_loss", "loss", Role.TRAIN),
        ("run-7 - eval/loss", "loss", Role.VAL),
        ("dev_loss", "loss", Role.VAL),
        ("test-rmse-mean", "rmse", Role.TEST),
        ("validation_1-logloss", "logloss", Role.VAL),
        ("val/box_loss", "part:box", Role.VAL),
        ("value_loss", "part:value", Role.NONE),
        ("loss_bbox", "part:bbox", Role.NONE),
        ("rollout/ep_rew_mean", "reward", Role.NONE),
        ("AverageEpRet", "reward", Role.NONE),
        ("Acc@1", "accuracy", Role.NONE),
        ("valid_ppl", "perplexity", Role.VAL),
        ("ELBO", "elbo", Role.NONE),
        ("root_mean_squared_error", "rmse", Role.NONE),
    ],
)
def test_a_name_says_which_quantity_it_is_and_of_which_data(name: str, quantity: str, role: Role):
    found = named(name)
    assert found is not None
    assert (found.quantity, found.role) == (quantity, role)


@pytest.mark.parametrize(
    "name",
    ["lr", "loss_scale", "best_val_loss", "test-rmse-std", "eval_steps_per_second", "loss__MIN", "score", "note"],
)
def test_what_is_no_curve_of_a_fit_says_nothing(name: str):
    assert named(name) is None


def test_less_is_better_but_for_accuracies_and_rewards():
    senses = [named(name) for name in ("val_loss", "acc", "reward", "elbo")]
    assert [one.sense for one in senses if one] == [Sense.DOWN, Sense.UP, Sense.UP, Sense.UNSAID]


def test_the_data_of_a_whole_file_stands_in_its_name():
    assert (role_of("test_error.tsv"), role_of("learn_error.tsv"), role_of("run1.csv")) == ("val", "train", "")


def test_training_and_validation_are_taken_of_the_same_quantity():
    found = choose(["epoch", "mse", "mae", "val_mae", "val_mse"]).sources
    assert (found["train_loss"], found["val_loss"]) == (("mse",), ("val_mse",))


def test_of_two_numbered_validation_sets_the_first_is_the_training_set():
    found = choose(["validation_0-logloss", "validation_1-logloss"]).sources
    assert (found["train_loss"], found["val_loss"]) == (("validation_0-logloss",), ("validation_1-logloss",))


def test_a_loss_that_stands_there_in_its_terms_only_is_their_sum():
    terms = ("train/box_loss", "train/cls_loss")
    assert choose(["epoch", *terms]).sources["train_loss"] == terms
    assert choose(["epoch", *terms, "train/total_loss"]).sources["train_loss"] == ("train/total_loss",)


def test_an_accuracy_is_no_rmse_and_an_rmse_beside_a_loss_is_the_metric():
    found = choose(["epoch", "loss", "val_rmse", "val_acc"])
    assert (found.metric_name, "val_loss" in found.sources) == ("val_rmse", False)
