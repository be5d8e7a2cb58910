//! Who is calling, and who may do what with a job. The permissions of a job are shown only to a caller who may see the job.

use serde_json::{Value, json};

use super::super::digest;
use super::super::message::{Refusal, json as answer};
use super::super::operation::{Operation, any_covers};
use super::super::world::Workspace;
use super::call::{Call, invalid};
use super::jobs::find;
use crate::http::Response;

/// The caller as SCIM shows it: a person has an address, a service principal its application id.
pub(crate) fn me(call: &Call) -> Response {
    let id = digest::guid(&["workspace user", &call.caller]);
    answer(
        200,
        &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": id, "userName": call.caller, "displayName": call.caller,
            "active": true, "groups": [{"display": "users", "value": "1", "type": "direct"}],
        }),
    )
}

/// The access control list of a job: its owner, the admins, and the caller by what the world lets it do.
pub(crate) fn permissions(
    workspace: &Workspace,
    may_not_run: bool,
    call: &Call,
) -> Result<Response, Refusal> {
    let segments = call.request.segments();
    let id = segments.last().and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| invalid("Invalid job id."))?;
    let job = &workspace.jobs[find(workspace, id, Operation::JobPermissions, call)?];
    let closed = may_not_run || any_covers(&job.forbidden, Operation::RunNow);
    let level = if closed { "CAN_VIEW" } else { "CAN_MANAGE_RUN" };
    let field = if call.caller.contains('@') {
        "user_name"
    } else {
        "service_principal_name"
    };
    let granted = |field: &str, name: &str, level: &str| -> Value {
        json!({field: name, "all_permissions": [{"permission_level": level, "inherited": false}]})
    };
    Ok(answer(
        200,
        &json!({
            "object_id": format!("/jobs/{id}"), "object_type": "job",
            "access_control_list": [
                granted("user_name", "owner@example.com", "IS_OWNER"),
                granted(field, &call.caller, level),
            ],
        }),
    ))
}
