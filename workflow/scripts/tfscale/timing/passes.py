"""The paper's unit of time: a pass over the study's test inputs."""


def calls_per_pass(inputs: int, batch_size: int) -> int:
    """Calls that predict every input once; the last batch of a pass is filled up."""
    return -(-inputs // batch_size)
