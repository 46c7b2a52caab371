"""What a source can do wrong, in words: refuse, hang, break off, or send something else."""

import gzip
import tarfile
import zlib

import requests
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from tfscale.data.patience import StalledError
from tfscale.data.source_stream import MOST_REDIRECTS, UnusableError

FAULTS = (
    UnusableError, StalledError, OSError, HTTPError, EOFError, zlib.error, tarfile.TarError,
    ValueError,
)  # fmt: skip
SILENCE = (StalledError, requests.Timeout, requests.ConnectionError, ReadTimeoutError)
BREAKS = (ProtocolError, EOFError)


class SilentError(UnusableError):
    """The server of a source cannot be reached, or does not answer in time."""


class BrokenError(UnusableError):
    """A source broke off in the middle."""


def unusable(error: Exception, is_page: bool) -> UnusableError:
    """The fault in one line; `is_page` says that a web page came."""
    words = "sends a web page instead of the file" if is_page else reason(error)
    if isinstance(error, SILENCE):
        return SilentError(words)
    return BrokenError(words) if isinstance(error, BREAKS) else UnusableError(words)


def reason(error: Exception) -> str:
    """Why a source cannot be used."""
    if isinstance(error, UnusableError):
        return str(error)
    if isinstance(error, StalledError):
        return f"no answer in time ({error})"
    if isinstance(error, (requests.Timeout, ReadTimeoutError)) or _timed_out(error):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection: its certificate is not accepted here"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, requests.TooManyRedirects):
        return f"sends on from address to address, more than {MOST_REDIRECTS} times"
    if isinstance(error, requests.RequestException):
        return f"no usable address ({type(error).__name__})"
    if isinstance(error, BREAKS):
        return "breaks off in the middle"
    if isinstance(error, gzip.BadGzipFile):
        return "is no gzip file"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    said = getattr(error, "strerror", None) or error
    return " ".join(str(said).split()) or type(error).__name__


def _timed_out(error: Exception) -> bool:
    """Whether the last of several tries ended so; requests calls that a connection error."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectionError) and isinstance(cause, ReadTimeoutError)
