"""The arithmetic of training: gradients by hand, the optimiser, batches, and several processes together."""
