"""tfscale: how TensorFlow's inference time grows with the complexity of a model."""
