"""What surrounds training: data sets, batches, and the loop over epochs."""

from autograd_mini.learn.data import batches, digits, one_hot, train_test_split, xor
from autograd_mini.learn.training import epochs

__all__ = ["batches", "digits", "epochs", "one_hot", "train_test_split", "xor"]
