//! A Databricks workspace: Jobs API 2.1 and 2.2.
//!
//! A token of another service is rejected, and so are a principal that does not belong there and an unknown path ("Bad Target").

mod act;
mod body;
mod call;
mod jobs;
mod list;
mod oauth;
mod people;
mod shape;

use jiff::Timestamp;

use self::call::Call;
pub(crate) use self::call::{Route, error};
use super::digest;
use super::message::{Incoming, Refusal, set};
use super::operation::{Operation, any_covers};
use super::token::{Audience, DATABRICKS_MARGIN, Trouble, bearer};
use super::world::{Workspace, World};
use crate::http::Response;

/// Every answer says what its request is called.
pub(crate) fn respond(
    world: &mut World,
    place: usize,
    route: &Route,
    request: &Incoming,
    now: Timestamp,
    seen: Timestamp,
) -> Response {
    let (root, number) = (world.root(), world.answered.to_string());
    let id = digest::guid(&[&root, "request", &now.to_string(), &number]);
    let mut response = admitted(world, place, route, request, now, seen);
    set(&mut response, "x-request-id", &id);
    response
}

fn admitted(
    world: &mut World,
    place: usize,
    route: &Route,
    request: &Incoming,
    now: Timestamp,
    seen: Timestamp,
) -> Response {
    if route.operation == Operation::WorkspaceToken {
        return oauth::token(world, place, request, now);
    }
    let caller = match admit(world, place, route, request, now) {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let page = if route.operation == Operation::JobsList {
        world.settings.page_jobs
    } else {
        world.settings.page_runs
    };
    let call = Call {
        request,
        route,
        caller,
        now,
        seen,
        page,
    };
    handle(world, place, &call).unwrap_or_else(|refusal| *refusal)
}

/// Who is calling, if the path leads anywhere and the caller may go there.
fn admit(
    world: &World,
    place: usize,
    route: &Route,
    request: &Incoming,
    now: Timestamp,
) -> Result<String, Refusal> {
    let known = world.workspaces.get(place).filter(|workspace| {
        route.version == "2.0" || workspace.api_versions.contains(&route.version)
    });
    let Some(workspace) = known.filter(|_| route.operation != Operation::Unknown) else {
        let text = format!("Bad Target: {}", request.path);
        return Err(error(404, "NOT_FOUND", &text));
    };
    let caller = authorise(world, workspace, request, now)?;
    if forbidden(world, workspace, &caller, route.operation) {
        return Err(denied(&caller, route.operation));
    }
    Ok(caller)
}

fn handle(world: &mut World, place: usize, call: &Call) -> Result<Response, Refusal> {
    let closed = forbidden(
        world,
        &world.workspaces[place],
        &call.caller,
        Operation::RunNow,
    );
    let workspace = &mut world.workspaces[place];
    let effects = &mut world.effects;
    match call.route.operation {
        Operation::JobsList => jobs::list(workspace, call),
        Operation::JobsGet => jobs::get(workspace, call),
        Operation::JobPermissions => people::permissions(workspace, closed, call),
        Operation::Me => Ok(people::me(call)),
        Operation::RunsList => list::list(workspace, call),
        Operation::RunsGet => list::get(workspace, call),
        Operation::RunsGetOutput => list::output(workspace, call),
        reading_over => {
            let response = match reading_over {
                Operation::RunNow => act::run_now(workspace, effects, call),
                Operation::RunsSubmit => act::submit(workspace, effects, call),
                Operation::RunsCancel => act::cancel(workspace, effects, call),
                _ => act::cancel_all(workspace, effects, call),
            };
            world.changed |= response.is_ok();
            // What has just been decided may already have come true.
            world.workspaces[place].advance(call.now);
            response
        }
    }
}

fn forbidden(world: &World, workspace: &Workspace, caller: &str, operation: Operation) -> bool {
    let mut principals = world
        .tenants
        .iter()
        .flatten()
        .flat_map(|tenant| &tenant.principals);
    let own = principals.any(|one| {
        one.client_id.eq_ignore_ascii_case(caller) && any_covers(&one.forbidden, operation)
    });
    own || any_covers(&workspace.forbidden, operation)
}

fn denied(caller: &str, operation: Operation) -> Refusal {
    let text =
        format!("User {caller} does not have permission for {operation:?} in this workspace.");
    error(403, "PERMISSION_DENIED", &text)
}

/// Who is calling: a personal access token, or an Entra token for Databricks with what a service principal adds to it.
fn authorise(
    world: &World,
    workspace: &Workspace,
    request: &Incoming,
    now: Timestamp,
) -> Result<String, Refusal> {
    let token = bearer(request.header("authorization"));
    let token = token.ok_or_else(|| unauthorised(Trouble::Missing))?;
    if token.starts_with("dapi") {
        let tokens = workspace.tokens.as_ref();
        let known = tokens.is_none_or(|tokens| tokens.iter().any(|own| own == token));
        return known
            .then(|| "user@example.com".to_owned())
            .ok_or_else(|| unauthorised(Trouble::Invalid));
    }
    if let Some(holder) = oauth::holder(world, workspace, token, now) {
        return holder.map_err(unauthorised);
    }
    let claims = world
        .verify(token, Audience::Databricks, DATABRICKS_MARGIN, now)
        .map_err(unauthorised)?;
    let caller = claims.caller();
    let vouched = vouched(world, workspace, request, now)?;
    let members = workspace.members.as_ref();
    let own = members.is_none_or(|members| {
        let mut members = members.iter();
        members.any(|one| one.eq_ignore_ascii_case(&caller))
    });
    if own || vouched {
        return Ok(caller);
    }
    let text = format!("Service principal {caller} is not a member of this workspace.");
    Err(error(403, "PERMISSION_DENIED", &text))
}

/// Do the two headers of a service principal open this workspace to one that is no member? A wrong management token is refused,
/// also when it would not be needed; the classic mistake is to send the bearer twice, which has the wrong audience.
fn vouched(
    world: &World,
    workspace: &Workspace,
    request: &Incoming,
    now: Timestamp,
) -> Result<bool, Refusal> {
    let Some(token) = request.header("x-databricks-azure-sp-management-token") else {
        return Ok(false);
    };
    let claims = world.verify(token, Audience::ResourceManager, 0, now);
    if claims.is_err() {
        let text = "Invalid Azure management token in X-Databricks-Azure-SP-Management-Token.";
        return Err(error(403, "PERMISSION_DENIED", text));
    }
    let resource = request.header("x-databricks-azure-workspace-resource-id");
    let pair = resource.zip(workspace.resource_id.as_deref());
    Ok(pair.is_some_and(|(given, own)| given.eq_ignore_ascii_case(own)))
}

fn unauthorised(trouble: Trouble) -> Refusal {
    let why = match trouble {
        Trouble::Missing => "Credential was not sent or was of an unsupported type for this API.",
        Trouble::Invalid => "Invalid access token.",
        Trouble::Expired => "Token is expired.",
        Trouble::Audience => "The token is for another resource than Databricks.",
    };
    let text = format!(
        "The request does not have valid authentication credentials for the operation. {why}"
    );
    let mut response = error(401, "UNAUTHORIZED", &text);
    set(
        &mut response,
        "www-authenticate",
        r#"Bearer realm="DatabricksRealm""#,
    );
    response
}
