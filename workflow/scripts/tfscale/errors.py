"""The one error that is the user's to mend: its message is all that is shown."""


class StudyError(Exception):
    """Something that the user can mend; the message says what, where and what to do next."""
