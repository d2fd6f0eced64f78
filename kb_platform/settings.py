"""Every setting of the platform, in one typed place.

Read from environment variables `KB_<GROUP>__<NAME>` (for example `KB_DATABASE__URL`) and from a `.env` file in the
working directory. An unknown setting is an error. `docs/settings.md` is generated from this file.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb_platform.domain.errors import SettingsError

EMBEDDED_SECRET = "embedded-default-not-for-production"  # noqa: S105 - the value that deployments refuse


KNOWN_SECRETS = frozenset(
    (
        "admin",
        "administrator",
        "changeme",
        "changethis",
        "password",
        "passw0rd",
        "secret",
        "secretkey",
        "12345678",
        "123456789",
        "1234567890",
        "qwertyuiop",
        "admin123",
        "admin1234",
        "password1",
        "password123",
        "test",
    )
)
"""Without what is no letter or digit, in small letters."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(Group):
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8080, description="Port the HTTP server listens on.")
    public_url: str = Field("", description="URL under which people reach the platform, when behind a proxy.")
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses or networks, with commas, of proxies whose X-Forwarded-For names who asks, for the "
        "audit and against password guessing; `*`: any.",
    )
    secure_cookies: bool = Field(False, description="Send cookies over HTTPS only. Set it wherever TLS is used.")
    session_hours: int = Field(24 * 7, description="Hours until a sign-in ends.")
    max_upload_mib: int = Field(512, description="Largest file that an upload may hold.")


class SecuritySettings(Group):
    secret_key: SecretStr = Field(
        SecretStr(EMBEDDED_SECRET),
        description="Encrypts stored credentials of model endpoints. `kb up` makes one and keeps it in the data "
        "folder; with a Postgres database the default is refused.",
    )
    admin_email: str = Field("admin@localhost", description="Sign-in name of the administrator made at first start.")
    admin_password: SecretStr | None = Field(
        None, description="Password of the first administrator. Made and printed once when not given."
    )
    contact: str = Field(
        "",
        pattern=r"^(mailto:|https://|tel:)\S+$|^$",
        description="Where to report a vulnerability (`mailto:…` or `https://…`): published in "
        "`/.well-known/security.txt`.",
    )


class SingleSignOnSettings(Group):
    issuer: str = Field(
        "",
        pattern=r"^$|^https://\S+$|^http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?$",
        description="OpenID Connect provider (`https://…`, what its discovery document calls `issuer`); empty: none. "
        "Register `<public URL>/api/v1/single-sign-on/callback` there as redirect URI.",
    )
    client_id: str = Field("", description="What the provider calls this platform.")
    client_secret: SecretStr | None = Field(None, description="Secret shared with it; none for a public client.")
    scopes: str = Field("openid email profile", description="Scopes asked for, with spaces; `openid` is needed.")
    label: str = Field("", description="Words on the sign-in page's button; empty: “single sign-on”.")
    email_claim: str = Field("email", description="Claim with the person's e-mail address.")
    name_claim: str = Field("name", description="Claim with the person's name.")
    department_claim: str = Field(
        "", description="Claim with the person's department (one or several); empty: departments are set by hand."
    )
    departments: dict[str, str] = Field(
        default_factory=dict,
        description="What the claim says → a department's name, or its path with `/`, as JSON "
        '(`{"jwc": "教务处", "med-1": "Medicine/Surgery"}`). What is not named here is taken as a department\'s name. '
        "Applied at each sign-in; an unknown department changes nothing.",
    )
    trust_email: bool = Field(
        False,
        description="Let the provider open local accounts of the same e-mail address although it does not say "
        "`email_verified`.",
    )
    local_sign_in: bool = Field(True, description="Sign-in with passwords beside it; without a provider always on.")

    @property
    def is_on(self) -> bool:
        return bool(self.issuer)

    @property
    def allows_passwords(self) -> bool:
        return self.local_sign_in or not self.is_on

    @model_validator(mode="after")
    def _is_whole(self) -> SingleSignOnSettings:
        if self.issuer and not self.client_id:
            raise ValueError("single_sign_on.client_id is needed beside single_sign_on.issuer")
        if self.issuer and "openid" not in self.scopes.split():
            raise ValueError("single_sign_on.scopes must hold openid")
        return self


class DirectorySettings(Group):
    url: str = Field(
        "",
        pattern=r"^$|^ldaps?://[^\s/?#]+$",
        description="LDAP server, OpenLDAP or Active Directory (`ldaps://ldap.example.edu`, or `ldap://…` with "
        "StartTLS); empty: none. Its people sign in with their name and password there, beside local accounts.",
    )
    start_tls: bool = Field(
        True, description="Encrypt an `ldap://` connection by StartTLS. Only on this machine may it be off."
    )
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) of who signed the server's; none: those that this machine trusts."
    )
    bind_dn: str = Field("", description="Who looks people up (`cn=kb,ou=services,dc=…`); empty: nobody in particular.")
    bind_password: SecretStr | None = Field(None, description="Password of `bind_dn`.")
    base_dn: str = Field("", description="Below which people are looked for (`ou=people,dc=example,dc=edu`).")
    user_filter: str = Field(
        "(|(uid={name})(mail={name}))",
        description="Finds the one entry of who typed `{name}` to sign in. Active Directory: "
        "`(&(objectClass=user)(|(sAMAccountName={name})(userPrincipalName={name})(mail={name})))`.",
    )
    id_attribute: str = Field(
        "entryUUID",
        description="Attribute that stays the same when somebody's name or place changes. Active Directory: "
        "`objectGUID`.",
    )
    email_attribute: str = Field("mail", description="Attribute with the person's e-mail address.")
    name_attribute: str = Field("displayName", description="Attribute with the person's name; where it is empty, `cn`.")
    department_attribute: str = Field(
        "",
        description="Attribute with the person's department (`ou`, `memberOf`, …; one or several values); empty: "
        "departments are set by hand.",
    )
    departments: dict[str, str] = Field(
        default_factory=dict,
        description="What the attribute says → a department's name or path, as for `single_sign_on.departments`.",
    )
    trust_email: bool = Field(
        False,
        description="Let the directory open local accounts of the same e-mail address. Only where people cannot change "
        "their own address there.",
    )
    timeout_seconds: int = Field(5, ge=1, description="Seconds after which the directory does not answer.")

    @property
    def is_on(self) -> bool:
        return bool(self.url)

    @model_validator(mode="after")
    def _is_whole(self) -> DirectorySettings:
        if self.url and not self.base_dn:
            raise ValueError("directory.base_dn is needed beside directory.url")
        if "{name}" not in self.user_filter:
            raise ValueError("directory.user_filter must hold {name}")
        if self.bind_dn and not self.bind_password:
            raise ValueError("directory.bind_password is needed beside directory.bind_dn")
        host = urlsplit(self.url).hostname or ""
        if self.url.startswith("ldap://") and not self.start_tls and host not in LOOPBACK:
            raise ValueError("passwords would go to directory.url in clear: use ldaps:// or directory.start_tls")
        return self


class DatabaseSettings(Group):
    url: str = Field(
        "", description="SQLAlchemy URL; empty: SQLite in the data folder. postgresql+psycopg://… at scale."
    )
    pool_size: int = Field(10, description="Connections kept open by each process (Postgres).")


class QueueSettings(Group):
    url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="Redis-protocol server that wakes the workers. `kb up` brings one itself and sets this.",
    )
    lease_seconds: int = Field(30, description="A job without heartbeat for this long is given to another worker.")
    max_attempts: int = Field(5, description="Attempts after which a job that keeps dying is failed.")
    concurrency: int = Field(2, description="Jobs that one worker process runs at a time.")


class IndexSettings(Group):
    url: str = Field(
        "http://127.0.0.1:6333",
        description="Qdrant's REST address. `kb up` starts the embedded engine and sets this.",
    )
    api_key: SecretStr | None = Field(None, description="Qdrant's API key.")
    collection_prefix: str = Field("kb", description="Start of the collection's name; model and dimension follow.")
    timeout_seconds: float = Field(30.0, description="Longest wait for one index request.")


class EmbeddingSettings(Group):
    model: str = Field(
        "builtin",
        description="`builtin` (multilingual-e5-small, comes with the install), or a sentence-transformers model's "
        "name or path; with `base_url`, the name that the endpoint knows.",
    )
    base_url: str = Field("", description="OpenAI-compatible embedding endpoint; empty: in this process.")
    api_key: SecretStr | None = Field(None, description="Key of the embedding endpoint.")
    dimension: int = Field(0, description="Dimension of an endpoint's vectors; 0: ask once at start.")
    query_prefix: str = Field("", description="Put before each query (`builtin` knows its own).")
    passage_prefix: str = Field("", description="Put before each passage (`builtin` knows its own).")
    max_tokens: int = Field(512, description="Longest input of an endpoint's model, in tokens.")
    batch_size: int = Field(32, description="Passages embedded in one forward pass or one request.")
    device: str = Field("", description="torch device; empty: a GPU where there is one.")
    dtype: Literal["", "float32", "bfloat16", "float16"] = Field(
        "", description="Weights' type; empty: bfloat16 where it is the faster one."
    )


class IngestSettings(Group):
    parse_memory_mib: int = Field(2048, description="Memory that reading one file may take.")
    parse_seconds: int = Field(600, description="Seconds that reading one file may take.")
    max_characters: int = Field(20_000_000, description="Longest text that one file may hold.")
    chunk_tokens: int = Field(320, description="Size that a chunk grows to, in the embedding model's tokens.")
    ocr: bool = Field(True, description="Read scanned pages and images with OCR.")
    readers: dict[str, str] = Field(
        default_factory=dict,
        description="Further file types: suffix → llama-index reader class, as JSON "
        '(`{".ipynb": "llama_index.readers.file.IPYNBReader"}`).',
    )
    node_parser: str = Field("", description="Dotted path of a llama-index NodeParser that replaces the chunking.")


class RetrievalSettings(Group):
    candidates: int = Field(50, description="Passages that each of dense and sparse retrieval brings to the fusion.")
    dense_weight: float = Field(
        0.6, description="Weight of the dense score in the fusion; the sparse one has the rest."
    )
    chinese_dense_weight: float = Field(
        0.7, description="The same for a question in Chinese, where words have to be guessed and tell less."
    )
    feedback_weight: float = Field(
        0.5,
        description="How much a passage gains by its vector's likeness to the best ones, which finds answers that "
        "several passages hold (pseudo relevance feedback); 0: off.",
    )
    feedback_words_weight: float = Field(
        0.4, description="How much it gains by the words that it shares with the best ones; 0: off."
    )
    chinese_feedback_words_weight: float = Field(0.6, description="The same for a question in Chinese.")
    cross_language: bool = Field(
        True,
        description="Search Chinese passages for English questions and the reverse as well; off where all documents "
        "are in one language, a search takes less.",
    )
    limit: int = Field(8, description="Passages given to the answerer.")
    node_postprocessors: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="llama-index node postprocessors over what was found: dotted path → arguments, as JSON "
        '(`{"llama_index.core.postprocessor.LongContextReorder": {}}`).',
    )


class RerankingSettings(Group):
    model: str = Field(
        "",
        description="A sentence-transformers cross-encoder's name or path, or with `base_url` the name that the "
        "endpoint knows; empty without `base_url`: no reranking.",
    )
    base_url: str = Field("", description="Server whose /rerank rates passages (Cohere's form: Jina, vLLM, …).")
    api_key: SecretStr | None = Field(None, description="Key of that server.")
    candidates: int = Field(30, description="Best passages of the search that are reranked.")
    timeout_seconds: float = Field(10.0, description="Longest wait for the server; then the search's order stands.")
    max_tokens: int = Field(512, description="Longest question and passage together of a model in this process.")
    batch_size: int = Field(16, description="Passages that a model in this process rates in one forward pass.")
    device: str = Field("", description="torch device; empty: a GPU where there is one.")


class ModelSettings(Group):
    base_url: str = Field("", description="OpenAI-compatible endpoint of the model that answers (ends in /v1).")
    api_key: SecretStr | None = Field(None, description="Key of that endpoint.")
    name: str = Field("", description="Model's name there; empty: the first that the endpoint lists.")
    context_window: int = Field(0, description="Context window in tokens; 0: what the endpoint says, else 32768.")
    reasoning_tokens: int = Field(
        32_768, description="Room kept for reasoning in the context window; less in a window under 64K."
    )
    answer_tokens: int = Field(8192, description="Room kept for the answer in the context window; less under 64K.")
    prompt_tokens: int = Field(
        32_768,
        description="Longest prompt; from there on earlier turns are summarised, however large the window is. 0: what "
        "the window leaves.",
    )
    temperature: float = Field(0.6, description="Sampling temperature (DeepSeek-R1's recommendation).")
    timeout_seconds: float = Field(120.0, description="Longest silence of the endpoint before a request fails.")
    concurrency: int = Field(
        16,
        ge=1,
        description="Generations at a time at one endpoint, for each web process; connected ones may say another.",
    )
    queue_length: int = Field(
        64, ge=0, description="Questions that may wait for a place at one model; more are refused."
    )
    queue_seconds: float = Field(120.0, gt=0, description="Longest wait for a place at a model.")
    health_seconds: float = Field(15.0, gt=0, description="Seconds between two looks at whether an endpoint is well.")
    price_cache_hit: float = Field(0.0, ge=0, description="Price of a million prompt tokens from the prefix cache.")
    price_cache_miss: float = Field(0.0, ge=0, description="Price of a million other prompt tokens.")
    price_output: float = Field(0.0, ge=0, description="Price of a million tokens of reasoning and answer.")
    currency: str = Field("CNY", description="Currency of all prices.")


class WebSearchSettings(Group):
    provider: Literal["", "searxng", "bocha"] = Field(
        "",
        description="Search engine: `searxng` (self-hosted), `bocha` (bought); empty: no web search. An "
        "administrator still has to allow it in the browser.",
    )
    base_url: str = Field(
        "", description="Its address: SearXNG's (with `json` among `search.formats`); empty for Bocha: its own."
    )
    api_key: SecretStr | None = Field(None, description="Key of the search engine, where it wants one.")
    results: int = Field(6, ge=1, le=20, description="Pages of a search that are read.")
    timeout_seconds: float = Field(6.0, gt=0, description="Longest wait for the search engine.")
    page_seconds: float = Field(6.0, gt=0, description="Longest wait for a page; then the engine's excerpt stands.")
    page_kib: int = Field(2048, gt=0, description="Largest page that is read, unpacked.")


class AnsweringSettings(Group):
    abstain_below: float = Field(
        0.5, description="Evidence (0..1) under which the answer is that the documents do not say."
    )
    quote_from: float = Field(
        0.0,
        description="Probability (0..1) that the likeliest sentence answers from which sentences are quoted where no "
        "model answers; 0: whenever there is evidence.",
    )
    support_threshold: float = Field(0.6, description="Support (0..1) from which a citation counts as supported.")
    strike_unsupported: bool = Field(
        False, description="Strike out the sentences of a model's answer that none of the passages they cite carries."
    )
    entailment_model: str = Field(
        "",
        description="A sentence-transformers cross-encoder for natural language inference, by name or path, that "
        "judges whether a passage carries a sentence; empty: words and embeddings decide.",
    )
    entailment_device: str = Field("", description="Its torch device; empty: a GPU where there is one.")


class LimitSettings(Group):
    requests_per_minute: int = Field(1200, ge=0, description="Requests of one user, with all keys; 0: no limit.")
    key_requests_per_minute: int = Field(600, ge=0, description="Requests with one API key; 0: no limit.")
    questions_per_minute: int = Field(60, ge=0, description="Questions of one user; 0: no limit.")
    widget_questions_per_minute: int = Field(
        10, ge=0, description="Questions of one visitor of an embedded chat; 0: no limit."
    )
    widget_questions_per_minute_all: int = Field(
        120, ge=0, description="Questions of all visitors of one embedded chat; 0: no limit."
    )
    address_requests_per_minute: int = Field(
        240,
        ge=0,
        description="Requests of one network address without sign-in (single sign-on, invitations, embedded chats); "
        "0: no limit.",
    )


class AuditSettings(Group):
    keep_questions: bool = Field(False, description="Keep the text of questions and searches in the audit.")
    retention_days: int = Field(
        365, ge=0, description="Days after which audit events are removed; 0: never. What stays can still be verified."
    )


class Settings(BaseSettings):
    """All groups. `data_dir` holds the database, the files, the embedded index and the converted model."""

    model_config = SettingsConfigDict(
        env_prefix="KB_", env_nested_delimiter="__", env_file=".env", extra="forbid", frozen=True
    )

    data_dir: Path = Field(Path("data"), description="Folder of everything that the platform keeps.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    server: ServerSettings = Field(default_factory=ServerSettings, description="HTTP.")
    security: SecuritySettings = Field(default_factory=SecuritySettings, description="Secrets and first sign-in.")
    single_sign_on: SingleSignOnSettings = Field(
        default_factory=SingleSignOnSettings, description="Single sign-on (OpenID Connect)."
    )
    directory: DirectorySettings = Field(
        default_factory=DirectorySettings, description="Sign-in with the accounts of an LDAP directory."
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings, description="SQL database: the truth.")
    queue: QueueSettings = Field(default_factory=QueueSettings, description="Jobs.")
    index: IndexSettings = Field(default_factory=IndexSettings, description="Qdrant.")
    embedding: EmbeddingSettings = Field(default_factory=EmbeddingSettings, description="Embedding model.")
    ingest: IngestSettings = Field(default_factory=IngestSettings, description="Reading and chunking files.")
    retrieval: RetrievalSettings = Field(default_factory=RetrievalSettings, description="Finding passages.")
    reranking: RerankingSettings = Field(default_factory=RerankingSettings, description="A second look at the best.")
    model: ModelSettings = Field(default_factory=ModelSettings, description="The model that answers.")
    web_search: WebSearchSettings = Field(default_factory=WebSearchSettings, description="Asking the web.")
    answering: AnsweringSettings = Field(default_factory=AnsweringSettings, description="Evidence and citations.")

    limits: LimitSettings = Field(
        default_factory=LimitSettings, description="How often, counted in Redis for all web processes together."
    )
    audit: AuditSettings = Field(default_factory=AuditSettings, description="Who did what.")

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{(self.data_dir / 'kb.sqlite3').resolve()}"

    def require_own_secrets(self) -> None:
        """Raises SettingsError where others than this machine's user may come and a secret is one that everybody
        knows. For the processes that serve; `kb up` gives them secrets of their own."""
        server = self.server
        is_reachable = server.host not in LOOPBACK or server.secure_cookies or bool(server.public_url)
        if not is_reachable:
            return
        if _is_known(self.security.secret_key):
            raise SettingsError(
                "The platform can be reached from elsewhere, and security.secret_key is one that everybody knows: set "
                "KB_SECURITY__SECRET_KEY to a long random text."
            )
        if self.security.admin_password is not None and _is_known(self.security.admin_password):
            raise SettingsError(
                "The platform can be reached from elsewhere, and security.admin_password is one of the first that "
                "somebody tries: set KB_SECURITY__ADMIN_PASSWORD to another one, or to none, and one is made."
            )

    @model_validator(mode="after")
    def _refuse_default_secret(self) -> Settings:
        if self.database.url.startswith("postgres") and (
            self.security.secret_key.get_secret_value() == EMBEDDED_SECRET
        ):
            raise ValueError(
                "security.secret_key still has its default: set KB_SECURITY__SECRET_KEY to a long random text"
            )
        return self


def _is_known(secret: SecretStr) -> bool:
    value = secret.get_secret_value().strip()
    return value == EMBEDDED_SECRET or re.sub(r"[^a-z0-9]", "", value.lower()) in {"", *KNOWN_SECRETS}


@functools.cache
def load_settings() -> Settings:
    """Return the settings of this process. Raises SettingsError with every unknown or wrong setting named."""
    return read_settings(Path(".env"))


def read_settings(env_file: Path) -> Settings:
    """Return what the environment and the file say now. Raises as `load_settings` does."""
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise SettingsError(f"Settings cannot be used: {problems}") from error
