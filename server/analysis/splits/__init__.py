"""Which rows were trained on and which were held out: splits, folds, copies, choices made by the test. Pure."""
