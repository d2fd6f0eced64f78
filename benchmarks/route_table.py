"""What each route answers to whom: the table that `benchmarks.routes` holds against the running application.

A line is an operation, with what it is done to where that makes a difference (`own`, `others`, `restricted`), and the
status for each caller. The object is Law's: a document, a knowledge base, a person of it.

nobody     sends no credential
gone       an expired session or key, a session or key of somebody who is suspended: all four have to be answered so
stranger   the manager of another department
reader, editor, manager, admin
           of the department, each of whom may do in the knowledge base what their name says
elsewhere  an administrator's API key with all rights, for a knowledge base of the other department
read, ask, write
           an administrator's keys for everything, with only this right

404 is what may not even be known; the same request for what does not exist has to be answered word for word the same.
"""

from __future__ import annotations

from dataclasses import dataclass

CALLERS = (
    "nobody", "gone", "stranger", "reader", "editor", "manager", "admin", "elsewhere", "read", "ask", "write"
)  # fmt: skip

_TABLE = """
                                        nobody gone  stranger reader editor manager admin  elsewhere read ask write

get_health                              200 200      200 200 200 200 200      200 200 200 200
security_txt                            404 404      404 404 404 404 404      404 404 404 404
page                                    404 404      404 404 404 404 404      404 404 404 404
get_sign_in_methods                     200 200      200 200 200 200 200      200 200 200 200
begin_single_sign_on                    404 404      404 404 404 404 404      404 404 404 404
finish_single_sign_on                   404 404      404 404 404 404 404      404 404 404 404
look_at_invitation                      200 200      200 200 200 200 200      200 200 200 200
widget_page                             404 404      404 404 404 404 404      404 404 404 404
look_at_widget                          200 200      200 200 200 200 200      200 200 200 200
ask_widget                              200 200      200 200 200 200 200      200 200 200 200
accept_invitation                       201 201      201 201 201 201 201      201 201 201 201
sign_in                                 201 201      201 201 201 201 201      201 201 201 201
sign_out                                401 401      204 204 204 204 204      403 403 403 403

get_current_user                        401 401      200 200 200 200 200      200 200 200 200
change_password                         401 401      422 422 422 422 422      403 403 403 403
list_api_keys                           401 401      200 200 200 200 200      403 403 403 403
create_api_key                          401 401      201 201 201 201 201      403 403 403 403
revoke_api_key own                      401 401      204 204 204 204 204      403 403 403 403
revoke_api_key others                   401 401      404 404 404 404 404      403 403 403 403

list_users                              401 401      200 403 403 200 200      403 403 403 403
create_user                             401 401      404 403 403 201 201      403 403 403 403
update_user                             401 401      404 403 403 200 200      403 403 403 403
list_departments                        401 401      200 403 403 200 200      403 403 403 403
create_department                       401 401      404 403 403 201 201      403 403 403 403
update_department                       401 401      404 403 403 200 200      403 403 403 403
delete_department                       401 401      404 403 403 204 204      403 403 403 403
list_groups                             401 401      200 403 403 200 200      403 403 403 403
create_group                            401 401      404 403 403 201 201      403 403 403 403
update_group                            401 401      404 403 403 200 200      403 403 403 403
delete_group                            401 401      404 403 403 204 204      403 403 403 403
list_invitations                        401 401      200 403 403 200 200      403 403 403 403
create_invitation                       401 401      404 403 403 201 201      403 403 403 403
withdraw_invitation                     401 401      404 403 403 204 204      403 403 403 403
search_subjects                         401 401      200 403 200 200 200      403 403 403 403

get_system                              401 401      200 200 200 200 200      200 200 200 200
get_openapi                             401 401      200 200 200 200 200      200 200 403 403
page_of_the_api                         401 401      200 200 200 200 200      200 200 403 403
asset_of_the_api                        401 401      200 200 200 200 200      200 200 403 403

list_knowledge_bases                    401 401      200 200 200 200 200      200 200 403 403
create_knowledge_base                   401 401      201 403 201 201 201      403 403 403 201
get_knowledge_base                      401 401      404 200 200 200 200      404 200 403 403
update_knowledge_base                   401 401      404 403 403 200 200      404 403 403 200
delete_knowledge_base                   401 401      404 403 403 204 204      404 403 403 204
list_shares                             401 401      404 403 403 200 200      404 403 403 403
set_shares                              401 401      404 403 403 200 200      404 403 403 200
list_widgets                            401 401      404 403 403 200 200      404 403 403 403
create_widget                           401 401      404 403 403 201 201      403 403 403 403
update_widget                           401 401      404 403 403 200 200      404 403 403 200
revoke_widget                           401 401      404 403 403 204 204      404 403 403 204
list_documents                          401 401      404 200 200 200 200      404 200 403 403
watch_documents                         401 401      404 200 200 200 200      404 200 403 403
upload_documents                        401 401      404 403 202 202 202      404 403 403 202

get_document                            401 401      404 200 200 200 200      404 200 403 403
get_document restricted                 401 401      404 404 404 200 200      404 200 403 403
change_document                         401 401      404 403 200 200 200      404 403 403 200
change_document restricted              401 401      404 404 404 200 200      404 403 403 200
change_documents                        401 401      404 403 200 200 200      404 403 403 200
change_documents restricted             401 401      404 404 404 200 200      404 403 403 200
delete_document                         401 401      404 403 204 204 204      404 403 403 204
delete_document restricted              401 401      404 404 404 204 204      404 403 403 204
retry_document                          401 401      404 403 202 202 202      404 403 403 202
reread_document                         401 401      404 403 202 202 202      404 403 403 202
pause_document                          401 401      404 403 202 202 202      404 403 403 202
resume_document                         401 401      404 403 202 202 202      404 403 403 202
cancel_reading                          401 401      404 403 202 202 202      404 403 403 202
list_restrictions                       401 401      404 403 403 200 200      404 403 403 403
set_restrictions                        401 401      404 403 403 200 200      404 403 403 200
download_original                       401 401      404 200 200 200 200      404 200 403 403
download_original restricted            401 401      404 404 404 200 200      404 200 403 403
get_document_content                    401 401      404 200 200 200 200      404 200 403 403
get_document_page                       401 401      404 200 200 200 200      404 200 403 403
get_document_highlights                 401 401      404 200 200 200 200      404 200 403 403
list_chunks                             401 401      404 200 200 200 200      404 200 403 403
measure_chunk                           401 401      404 200 200 200 200      404 200 403 403
edit_chunk                              401 401      404 403 200 200 200      404 403 403 200
undo_chunk_edit                         401 401      404 403 200 200 200      404 403 403 200
discard_chunk_edit                      401 401      404 403 204 204 204      404 403 403 204

search                                  401 401      404 200 200 200 200      404 200 403 403
list_conversations                      401 401      200 200 200 200 200      200 403 200 403
create_conversation                     401 401      404 201 201 201 201      404 403 201 403
get_conversation own                    401 401      200 200 200 200 200      404 403 200 403
get_conversation others                 401 401      404 404 404 404 404      404 403 404 403
update_conversation own                 401 401      200 200 200 200 200      404 403 200 403
update_conversation others              401 401      404 404 404 404 404      404 403 404 403
delete_conversation own                 401 401      204 204 204 204 204      404 403 204 403
delete_conversation others              401 401      404 404 404 404 404      404 403 404 403
ask own                                 401 401      200 200 200 200 200      404 403 200 403
ask others                              401 401      404 404 404 404 404      404 403 404 403
stop_generation own                     401 401      204 204 204 204 204      404 403 204 403
stop_generation others                  401 401      404 404 404 404 404      404 403 404 403
give_feedback own                       401 401      200 200 200 200 200      404 403 200 403
give_feedback others                    401 401      404 404 404 404 404      404 403 404 403
list_feedback                           401 401      200 403 200 200 200      200 200 403 403
export_feedback                         401 401      200 403 200 200 200      200 200 403 403

list_model_endpoints                    401 401      403 403 403 403 200      403 403 403 403
connect_model_endpoint                  401 401      403 403 403 403 503      403 403 403 403
update_model_endpoint                   401 401      403 403 403 403 200      403 403 403 403
delete_model_endpoint                   401 401      403 403 403 403 204      403 403 403 403
get_usage own                           401 401      200 200 200 200 200      403 200 403 403
get_usage department                    401 401      200 403 403 200 200      403 403 403 403
get_usage all                           401 401      403 403 403 403 200      403 403 403 403
export_usage own                        401 401      200 200 200 200 200      403 200 403 403
export_usage department                 401 401      200 403 403 200 200      403 403 403 403
export_usage all                        401 401      403 403 403 403 200      403 403 403 403
list_audit_events                       401 401      403 403 403 403 200      403 403 403 403
export_audit_events                     401 401      403 403 403 403 200      403 403 403 403
get_web_search                          401 401      403 403 403 403 200      403 403 403 403
set_web_search                          401 401      403 403 403 403 200      403 403 403 403

list_models                             401 401      200 200 200 200 200      200 200 200 200
get_model                               401 401      404 200 200 200 200      404 200 200 200
create_chat_completion                  401 401      404 200 200 200 200      404 403 200 403
create_embeddings                       401 401      200 200 200 200 200      200 403 200 403
mcp_list_knowledge_bases                401 401      200 200 200 200 200      200 200 403 403
mcp_search                              401 401      404 200 200 200 200      404 200 403 403
mcp_read                                401 401      404 200 200 200 200      404 200 403 403
mcp_read restricted                     401 401      404 404 404 200 200      404 200 403 403
mcp_ask                                 401 401      404 200 200 200 200      404 403 200 403
"""
"""`connect_model_endpoint` lets an administrator in and finds nothing listening; `change_password` tells those whom it
lets in that the current password is wrong, so that their sessions live on; `page` asks for a file that there is not,
`security_txt` names no contact here, and there is no single sign-on."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `of` is what the operation is done to, empty where that makes no difference."""

    operation: str
    of: str
    statuses: dict[str, int]

    @property
    def name(self) -> str:
        return f"{self.operation} {self.of}".strip()


def route_table() -> list[Row]:
    """Return the table. Raises ValueError for a line that does not name a status for each caller."""
    rows = []
    for line in _TABLE.strip().splitlines()[1:]:
        words = line.split()
        if not words:
            continue
        statuses = [int(word) for word in words if word.isdigit()]
        operation, *of = words[: len(words) - len(statuses)]
        rows.append(Row(operation, " ".join(of), dict(zip(CALLERS, statuses, strict=True))))
    return rows
