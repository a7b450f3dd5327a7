#include "worker/messages/approval_messages.h"

#include "worker/messages/messages.h"

MESSAGE_SAME(APPROVAL_WAITING, APPROVAL_STATE__APPROVAL_STATE_WAITING);
MESSAGE_SAME(APPROVAL_GIVEN, APPROVAL_STATE__APPROVAL_STATE_APPROVED);
MESSAGE_SAME(APPROVAL_EXPIRED, APPROVAL_STATE__APPROVAL_STATE_EXPIRED);
MESSAGE_SAME(APPROVAL_REVOKED, APPROVAL_STATE__APPROVAL_STATE_REVOKED);

Truss__Migration__V1__Approval *approval_message(struct arena *arena, const struct approval *approval)
{
    Truss__Migration__V1__Approval *const message =
        MESSAGE_NEW(arena, Truss__Migration__V1__Approval, truss__migration__v1__approval);
    message->plan_hash = message_string(approval->hash);
    message->what = message_string(approval->what);
    message->state = (Truss__Migration__V1__ApprovalState)approval->state;
    message->requested_by = message_string(approval->requested_by);
    message->requested_at = message_time(arena, approval->requested_at);
    message->approved_by = message_string(approval->approved_by);
    message->approved_at = message_time(arena, approval->approved_at);
    message->expires_at = message_time(arena, approval->expires_at);
    message->comment = message_string(approval->comment);
    message->revoked_by = message_string(approval->revoked_by);
    message->revoked_at = message_time(arena, approval->revoked_at);
    return message;
}
