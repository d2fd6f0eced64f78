"""The one place that decides who may read and change what.

A person's role is the most that they may do anywhere; a knowledge base's shares say what they may do there. What a
caller may not see raises NotFound, exactly as what does not exist. No other module asks for a role, a share or a key's
rights.
"""

from __future__ import annotations

from kb_platform.access.administration import (
    require_administrator,
    require_everything,
    require_maker,
    require_manager,
    require_reviewer,
    require_right,
    require_session,
    require_whole,
)
from kb_platform.access.conversations import (
    own_conversation,
    own_conversations,
    reviewable_turns,
    withheld_turns,
)
from kb_platform.access.documents import (
    VisibleVersion,
    manageable_document,
    readable_document,
    readable_version,
    still_readable_documents,
    writable_document,
)
from kb_platform.access.knowledge_bases import (
    levels,
    manageable_knowledge_base,
    readable_knowledge_base,
    readable_scope,
    scope_of,
    still_manages,
    writable_knowledge_base,
)
from kb_platform.access.models import Limits, endpoint_limits, usable_models
from kb_platform.access.people import (
    manageable_department,
    manageable_group,
    manageable_invitation,
    manageable_members,
    manageable_user,
    require_administrator_left,
    require_place,
    require_standing,
    require_to_give,
)
from kb_platform.access.subjects import departments_above, departments_below, managed_departments, subjects_of
from kb_platform.access.web_search import may_search_web, require_web_search
from kb_platform.access.widgets import manageable_widget, scope_of_widget, visitor

__all__ = [
    "Limits",
    "VisibleVersion",
    "departments_above",
    "departments_below",
    "endpoint_limits",
    "levels",
    "manageable_department",
    "manageable_document",
    "manageable_group",
    "manageable_invitation",
    "manageable_knowledge_base",
    "manageable_members",
    "manageable_user",
    "manageable_widget",
    "managed_departments",
    "may_search_web",
    "own_conversation",
    "own_conversations",
    "readable_document",
    "readable_knowledge_base",
    "readable_scope",
    "readable_version",
    "require_administrator",
    "require_administrator_left",
    "require_everything",
    "require_maker",
    "require_manager",
    "require_place",
    "require_reviewer",
    "require_right",
    "require_session",
    "require_standing",
    "require_to_give",
    "require_web_search",
    "require_whole",
    "reviewable_turns",
    "scope_of",
    "scope_of_widget",
    "still_manages",
    "still_readable_documents",
    "subjects_of",
    "usable_models",
    "visitor",
    "withheld_turns",
    "writable_document",
    "writable_knowledge_base",
]
