"""Everything that a request may need, wired once per process by `web.app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celery import Celery

    from inference.answering import AnsweringServices
    from inference.entailment import EntailmentModel
    from inference.websearch.search import WebSearch
    from kb_platform.accounts import Principal
    from kb_platform.database.engine import Database
    from kb_platform.embedding import EmbeddingModel
    from kb_platform.files import FileStore
    from kb_platform.index import VectorIndex
    from kb_platform.retrieval import Retriever
    from kb_platform.retrieval.reranking import Reranker
    from kb_platform.settings import Settings
    from web.models import Models
    from web.originals import Originals
    from web.rate_limits import RateLimits
    from web.single_sign_on import SingleSignOn
    from web.throttle import SignInThrottle


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    database: Database
    files: FileStore
    embedding: EmbeddingModel
    index: VectorIndex
    retriever: Retriever
    reranker: Reranker | None
    entailment: EntailmentModel | None
    web: WebSearch | None
    celery: Celery
    originals: Originals
    models: Models
    sign_in_throttle: SignInThrottle
    single_sign_on: SingleSignOn | None
    rate_limits: RateLimits

    async def answering(self, principal: Principal, model: str = "") -> AnsweringServices:
        """Return what an answer is made with now: the model may have been connected a second ago. Raises NotFound for
        an unknown model, TooManyRequests when too many wait for it."""
        from inference.answering import AnsweringServices  # brings torch along: not for who only wants the description

        found = await self.models.model(principal, model)
        if found is not None:
            found.refuse_when_full()
        return AnsweringServices(
            retriever=self.retriever,
            embedding=self.embedding,
            model=found,
            settings=self.settings,
            web=self.web,
            reranker=self.reranker,
            entailment=self.entailment,
        )
