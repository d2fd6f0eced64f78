"""The errors of the platform.

KnowledgeBaseError                 every error below; `code` is stable, `message` is for a person
├── InvalidInput                   the caller sent something that cannot be used
│   ├── UnreadableFile             a file cannot become passages; names the file and the reason
│   │   ├── UnsupportedFormat      no parser for this kind of file
│   │   ├── CorruptFile            the file is not what its name or its first bytes say
│   │   ├── PasswordRequired       the file is encrypted and no (or a wrong) password was given
│   │   ├── NothingReadable        the file holds no text and no readable image
│   │   ├── GarbledText            the text layer is not text (broken font maps, binary)
│   │   └── LimitExceeded          parsing took more memory, time or output than allowed
│   ├── TooLarge                   an upload holds more bytes than allowed
│   ├── QuotaFull                  a department may not hold so much more
│   └── AddressRefused             an address of the web that must not be fetched
├── NotAuthenticated               no valid session or API key
│   └── SignOnRefused              the single sign-on did not work, or whom it names is not let in
├── NotFound                       unknown, or not allowed: the two look the same
├── NotAllowed                     known to the caller, but not this action
├── Conflict                       the state does not admit this now
│   └── DuplicateFile              the same content is in the knowledge base under another name
├── TooManyRequests                wait before asking again
│   └── TokensUsedUp               a department has used its tokens of the day
├── Unavailable                    a part of the platform does not answer; try again later
│   ├── ModelUnavailable           the model endpoint failed or refused
│   ├── ModelBusy                  no place at the model became free in time
│   ├── WebSearchUnavailable       the search engine does not answer
│   │   └── PageUnreadable         a page that it found cannot be read
│   ├── DirectoryUnavailable       the organisation's LDAP directory does not answer
│   ├── IndexUnavailable           the vector index does not answer
│   └── QueueUnavailable           the job queue does not answer
├── ContextWindowExceeded          a question alone does not fit the model's context window
└── SettingsError                  a setting is missing, unknown or unsafe
"""

from __future__ import annotations


class KnowledgeBaseError(Exception):
    """An error of the platform.

    `code` is a stable word for programs, `message` a sentence a person can act on.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(KnowledgeBaseError):
    """`code` where a program (or a page in another language) has use for more than “this cannot be used”."""

    code = "invalid_input"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code or self.code


class UnreadableFile(InvalidInput):
    """A file cannot become passages. `file_name` is the uploader's name, `reason` says why and what to do."""

    code = "unreadable_file"

    def __init__(self, file_name: str, reason: str) -> None:
        super().__init__(f"{file_name}: {reason}")
        self.file_name = file_name
        self.reason = reason

    def __reduce__(self) -> tuple[type[UnreadableFile], tuple[str, str]]:
        return type(self), (self.file_name, self.reason)


class UnsupportedFormat(UnreadableFile):
    code = "unsupported_format"


class CorruptFile(UnreadableFile):
    code = "corrupt_file"


class PasswordRequired(UnreadableFile):
    code = "password_required"


class NothingReadable(UnreadableFile):
    code = "nothing_readable"


class GarbledText(UnreadableFile):
    code = "garbled_text"


class LimitExceeded(UnreadableFile):
    code = "limit_exceeded"


class TooLarge(InvalidInput):
    code = "too_large"


class QuotaFull(InvalidInput):
    code = "quota_full"


class AddressRefused(InvalidInput):
    code = "address_refused"


class NotAuthenticated(KnowledgeBaseError):
    code = "not_authenticated"


class SignOnRefused(NotAuthenticated):
    """`code` is all that the browser is told, by way of an address; the app has a sentence for each."""

    code = "sign_on_failed"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code or self.code


class NotFound(KnowledgeBaseError):
    code = "not_found"


class NotAllowed(KnowledgeBaseError):
    code = "not_allowed"


class Conflict(KnowledgeBaseError):
    code = "conflict"


class DuplicateFile(Conflict):
    """The same bytes are there as the document `document_id`, which lies at `path`."""

    code = "duplicate_file"

    def __init__(self, file_name: str, document_id: str, path: str) -> None:
        super().__init__(f"{file_name}: the same content is in this knowledge base already as “{path}”.")
        self.file_name = file_name
        self.document_id = document_id
        self.path = path


class TooManyRequests(KnowledgeBaseError):
    code = "too_many_requests"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TokensUsedUp(TooManyRequests):
    code = "token_quota"


class Unavailable(KnowledgeBaseError):
    code = "unavailable"


class ModelUnavailable(Unavailable):
    code = "model_unavailable"


class ModelBusy(Unavailable):
    code = "model_busy"


class WebSearchUnavailable(Unavailable):
    code = "web_search_unavailable"


class PageUnreadable(WebSearchUnavailable):
    code = "page_unreadable"


class DirectoryUnavailable(Unavailable):
    code = "directory_unavailable"


class IndexUnavailable(Unavailable):
    code = "index_unavailable"


class QueueUnavailable(Unavailable):
    code = "queue_unavailable"


class ContextWindowExceeded(KnowledgeBaseError):
    code = "context_window_exceeded"


class SettingsError(KnowledgeBaseError):
    code = "settings_error"


UNREADABLE_FILE_TYPES: dict[str, type[UnreadableFile]] = {
    error.code: error
    for error in (
        UnreadableFile,
        UnsupportedFormat,
        CorruptFile,
        PasswordRequired,
        NothingReadable,
        GarbledText,
        LimitExceeded,
    )
}
