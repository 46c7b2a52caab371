"""List the real data sets: their files, checksums and the addresses that hold them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tfscale.errors import StudyError
from tfscale.files.checksums import sha256_of


@dataclass(frozen=True)
class Payload:
    """One file as it is after decompression: its size and checksum."""

    bytes: int
    sha256: str


PAYLOADS = {
    "fashion-mnist": {
        "train-images-idx3-ubyte": Payload(
            47040016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": Payload(
            60008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": Payload(
            7840016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": Payload(
            10008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
    "movie-reviews": {
        "rt-polarity.pos": Payload(
            626168, "d79ef14009bbf87cd6be21f91c3ea1a3cbcb73b34dfb4231aef7bbcd7677abc4"
        ),
        "rt-polarity.neg": Payload(
            612290, "4af43bf489620b498a0852c5a8c6a535155dec7985fdfea782b8f7756b957ccc"
        ),
    },
}
ARCHIVE = "rt-polaritydata.tar.gz"
OFFICIAL = {
    "fashion-mnist": [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{file}.gz",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/{file}.gz",
        "/usr/share/datasets/fashion-mnist/{file}.gz",
    ],
    "movie-reviews": [f"https://www.cs.cornell.edu/people/pabo/movie-review-data/{ARCHIVE}"],
}


def raw_files(dataset: str, source: str, folder: str) -> list[str]:
    """The paths in `folder` of all payloads of a data set; none for the built-in data."""
    if source != "real":
        return []
    return [f"{folder}/{dataset}/{file}" for file in PAYLOADS[dataset]]


def candidates(dataset: str, file: str, mirror: str | None) -> list[str]:
    """Every source of a file (URL or path: plain, ending in .gz, or the archive), in the order in
    which they are tried: the mirror comes first."""
    places = [place.format(file=file) for place in OFFICIAL[dataset]]
    if mirror:
        names = [f"{dataset}/{file}", f"{dataset}/{file}.gz", file, f"{file}.gz"]
        if dataset == "movie-reviews":
            names.append(ARCHIVE)
        places = [*(_join(mirror, name) for name in names), *places]
    return places


def _join(mirror: str, name: str) -> str:
    return f"{mirror.rstrip('/')}/{name}" if "://" in mirror else str(Path(mirror) / name)


def check_payloads(paths: Iterable[str]) -> None:
    """Raise StudyError that names every file of a data set (.../dataset/file) that is not the
    one which its checksum stands for."""
    wrong = [path for path in paths if sha256_of(path) != _payload(path).sha256]
    if wrong:
        raise StudyError(
            "\n".join(
                f"{path} is damaged or another file: delete it and type the same command again"
                for path in wrong
            )
        )


def _payload(path: str) -> Payload:
    return PAYLOADS[Path(path).parent.name][Path(path).name]
