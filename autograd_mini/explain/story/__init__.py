"""One pass of backpropagation as numbered steps."""
