"""The error that speaks to the user."""


class StudyError(Exception):
    """Something that the user can mend; the message says what, where and what to do next."""
