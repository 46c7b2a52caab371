import numpy as np
import pytest

from tfscale.data import builtin
from tfscale.data import encode as reviews
from tfscale.data.encode import encode
from tfscale.data.encoded import load, load_texts, read_manifest, save
from tfscale.models.training import _batches


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """A tenth of the built-in data."""
    monkeypatch.setattr(builtin, "TRAIN_IMAGES", 1200)
    monkeypatch.setattr(builtin, "TEST_IMAGES", 200)
    monkeypatch.setattr(builtin, "REVIEWS_OF_A_KIND", 533)


IMAGES, REVIEWS = "fashion-mnist", "movie-reviews"


def encoded(folder, dataset, size, seed=3):
    arrays, manifest = f"{folder}/{dataset}.npz", f"{folder}/{dataset}.json"
    encode(dataset, size, [], seed, 0.1, arrays, manifest)
    return arrays, read_manifest(manifest)


def test_kims_cleaning_rules():
    review = "It's a so-so film -- (not) bad, isn't it?  They've left!"
    assert reviews.clean(review) == ("it 's a so so film ( not ) bad , is n't it ? they 've left !")


def test_reviews_are_padded_and_cut_and_unknown_words_marked():
    vocabulary = reviews.vocabulary_of(["good good film"])
    ids = reviews.encode_reviews(["good film", "a good good good good"], vocabulary, 4)
    assert ids.tolist() == [[2, 3, 0, 0], [1, 2, 2, 2]]


@pytest.mark.parametrize("size", [14, 112])
def test_images_are_scaled_and_resized(tmp_path, size):
    arrays, manifest = encoded(tmp_path, IMAGES, size)
    test = load(arrays, "test", 100)
    assert test.x.shape == (100, size, size, 1)
    assert test.x.dtype == np.float32
    assert test.x.min() >= 0 and 0.5 < test.x.max() <= 1
    assert manifest["test_examples"] == builtin.TEST_IMAGES


def test_images_kept_as_bytes_become_the_same_batches(tmp_path):
    arrays, _ = encoded(tmp_path, IMAGES, 14)
    pairs = [_batches(load(arrays, "train", 200, scaled=scaled), 64, 5) for scaled in (1, 0)]
    for (x, y), (other_x, other_y) in zip(*(batches.take(5) for batches in pairs), strict=True):
        assert x.dtype == "float32"
        assert (x.numpy() == other_x.numpy()).all() and (y.numpy() == other_y.numpy()).all()
    with np.load(arrays) as raw:
        exact = raw["x_test"][:50, ..., np.newaxis].astype(np.float32) / 255
    assert (load(arrays, "test", 50).x == exact).all()


def test_reviews_split_80_20_with_vocabulary_from_training_data(tmp_path):
    arrays, manifest = encoded(tmp_path, REVIEWS, 20)
    total = 2 * builtin.REVIEWS_OF_A_KIND
    assert manifest["test_examples"] == round(0.2 * total)
    assert manifest["train_examples"] + manifest["validation_examples"] == total - round(
        0.2 * total
    )
    train = load(arrays, "train")
    assert train.x.max() < manifest["vocabulary"]
    assert len(load_texts(arrays, 5)) == 5


def test_reviews_of_every_size_are_the_same_tokens_cut_or_padded(tmp_path):
    tokens = {size: load(encoded(tmp_path, REVIEWS, size)[0], "test", 50).x for size in (28, 112)}
    assert (tokens[112][:, :28] == tokens[28]).all()
    assert (tokens[112][:, -1] == reviews.PADDING).all()


def test_same_seed_same_bits(tmp_path):
    for dataset in (IMAGES, REVIEWS):
        digests = []
        for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
            (tmp_path / folder).mkdir(exist_ok=True)
            digests.append(encoded(tmp_path / folder, dataset, 28, seed)[1]["sha256"])
        assert digests[0] == digests[1] != digests[2]


def test_data_of_several_inputs_keeps_their_names_and_types(tmp_path):
    arrays, manifest = f"{tmp_path}/a.npz", f"{tmp_path}/a.json"
    parts = {}
    for place, split in enumerate(("train", "validation", "test")):
        parts[f"x_{split}/ids"] = np.full((3, 4), place, np.int16)
        parts[f"x_{split}/flag"] = np.array([True, False, True])
        parts[f"y_{split}"] = np.arange(3)
    save(arrays, manifest, parts, {"source": "own", "labels": ["0", "1", "2"]})
    test = load(arrays, "test", 2)
    assert {name: (x.shape, x.dtype.name) for name, x in test.x.items()} == {
        "ids": ((2, 4), "int16"),
        "flag": ((2,), "bool"),
    }
    assert set(test.x["ids"].ravel()) == {2} and test.y.tolist() == [0, 1] and not test.bytes
    assert {name: len(x) for name, x in test.first(1).x.items()} == {"ids": 1, "flag": 1}
    known = read_manifest(manifest)
    assert (known["source"], known["train_examples"]) == ("own", 3)
    save(arrays, manifest, parts | {"x_test/flag": ~parts["x_test/flag"]}, {})
    assert read_manifest(manifest)["sha256"] != known["sha256"]


def test_builtin_garments_can_be_told_apart():
    images, labels, *_ = builtin.garments(0)
    means = np.stack([images[labels == kind].mean(axis=0) for kind in range(10)]).reshape(10, -1)
    distance = ((images[:500].reshape(500, 1, -1) - means) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == labels[:500]).mean() > 0.6
