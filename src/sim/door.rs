//! The front door: which service, which operation, which fault; then the response, with the world's time on it.
//!
//! A request is acted on at most once.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::fault::{Fault, Lie, strike};
use super::message::{Door, Incoming, Reply, set};
use super::operation::Operation;
use super::times::{after, before};
use super::world::{Workspace, World};
use super::{arm, databricks, entra, refuse, vault};
use crate::http::Response;

/// Where a request leads, in the words of the service it reached.
pub(crate) enum Route {
    Entra(entra::Route),
    Arm(arm::Route),
    Databricks(usize, databricks::Route),
    Vault(usize, vault::Route),
}

impl Route {
    fn of(request: &Incoming) -> Self {
        match request.door {
            Door::Entra => Self::Entra(entra::Route::of(request)),
            Door::ResourceManager => Self::Arm(arm::Route::of(request)),
            Door::Workspace(place) => Self::Databricks(place, databricks::Route::of(request)),
            Door::Vault(place) => Self::Vault(place, vault::Route::of(request)),
        }
    }

    fn operation(&self) -> Operation {
        match self {
            Self::Entra(route) => route.operation(),
            Self::Arm(route) => route.operation(),
            Self::Databricks(_, route) => route.operation(),
            Self::Vault(_, route) => route.operation,
        }
    }
}

impl World {
    /// Answers one request at the present instant of the world's clock.
    pub(crate) fn answer(&mut self, request: &Incoming) -> Reply {
        let now = self.clock.now();
        self.answered = self.answered.wrapping_add(1);
        self.advance(now);
        let route = Route::of(request);
        let operation = route.operation();
        let (fault, counted) = strike(&mut self.faults, operation, &request.subject());
        self.changed |= counted;
        let (mut response, wait) = match fault {
            None => (Some(self.act(&route, request, now, now)), Duration::ZERO),
            Some(fault) => self.lie(&fault, &route, request, now),
        };
        if let Some(response) = &mut response {
            stamp(response, after(now, wait));
        }
        Reply {
            response,
            wait,
            operation,
        }
    }

    /// Does what is asked. Reads see the world as it was at `seen`; writes happen `now`.
    fn act(
        &mut self,
        route: &Route,
        request: &Incoming,
        now: Timestamp,
        seen: Timestamp,
    ) -> Response {
        self.act_but(route, request, now, seen, None)
    }

    /// The same while `lie` goes wrong.
    fn act_but(
        &mut self,
        route: &Route,
        request: &Incoming,
        now: Timestamp,
        seen: Timestamp,
        lie: Option<Lie>,
    ) -> Response {
        match route {
            Route::Entra(route) => entra::respond(self, route, request, now),
            Route::Arm(route) => arm::respond(self, route, request, now, seen, lie),
            Route::Databricks(place, route) => {
                databricks::respond(self, *place, route, request, now, seen)
            }
            Route::Vault(place, route) => vault::respond(self, *place, route, request, now, seen),
        }
    }

    fn lie(
        &mut self,
        fault: &Fault,
        route: &Route,
        request: &Incoming,
        now: Timestamp,
    ) -> (Option<Response>, Duration) {
        let response = match fault.lie {
            Lie::DropRequest => None,
            Lie::LoseAnswer => {
                self.act(route, request, now, now);
                None
            }
            Lie::DelayRequest => {
                self.act(route, request, after(now, fault.by), now);
                None
            }
            Lie::Throttle => Some(throttled(route, fault.retry_after)),
            Lie::Error => Some(self.failed(route, fault, now)),
            Lie::ErrorAfterActing => {
                self.act(route, request, now, now);
                Some(self.failed(route, fault, now))
            }
            Lie::Slow => Some(self.act(route, request, now, now)),
            Lie::Refuse => Some(self.refused(route, fault, request)),
            Lie::ChangeNothing | Lie::ChangeBoth | Lie::HideCaller => {
                Some(self.act_but(route, request, now, now, Some(fault.lie)))
            }
            Lie::StaleList => Some(self.act(route, request, now, before(now, fault.by))),
        };
        (
            response,
            if fault.lie == Lie::Slow {
                fault.by
            } else {
                Duration::ZERO
            },
        )
    }
}

impl World {
    /// The token service has refusals of its own, with numbers.
    fn failed(&self, route: &Route, fault: &Fault, now: Timestamp) -> Response {
        let code = fault.code.as_deref().unwrap_or_default();
        let own = match route {
            Route::Entra(_) => entra::refusal(self, fault.status, code, now),
            Route::Arm(_) | Route::Databricks(..) | Route::Vault(..) => None,
        };
        let mut response = own.unwrap_or_else(|| failed(route, fault));
        ask_to_wait(&mut response, fault.retry_after);
        response
    }
}

impl World {
    fn refused(&self, route: &Route, fault: &Fault, request: &Incoming) -> Response {
        let operation = route.operation();
        match (route, fault.kind) {
            (Route::Databricks(place, _), Some(kind)) => {
                let workspace = self.workspaces.get(*place);
                let number = workspace.map_or("0", Workspace::number);
                refuse::by_databricks(kind, operation, number)
            }
            (Route::Arm(_), Some(kind)) => {
                refuse::by_azure(kind, operation, arm::scope(request.path))
            }
            (Route::Vault(place, route), Some(kind)) => match self.vaults.get(*place) {
                Some(vault) => refuse::by_vault(kind, operation, vault, route.name()),
                None => failed(&Route::Vault(*place, route.clone()), fault),
            },
            (Route::Entra(_), _) | (_, None) => failed(route, fault),
        }
    }
}

fn throttled(route: &Route, retry_after: Option<Duration>) -> Response {
    let mut response = match route {
        Route::Databricks(..) => databricks::error(
            429,
            "REQUEST_LIMIT_EXCEEDED",
            "Request is rejected due to throttling.",
        ),
        Route::Vault(..) => vault::error(
            429,
            "Throttled",
            "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached",
        ),
        Route::Entra(_) | Route::Arm(_) => {
            arm::error(429, "TooManyRequests", "The request is being throttled.")
        }
    };
    ask_to_wait(&mut response, retry_after);
    *response
}

fn ask_to_wait(response: &mut Response, wait: Option<Duration>) {
    if let Some(wait) = wait {
        let seconds = wait.as_millis().div_ceil(1000);
        set(response, "retry-after", &seconds.to_string());
    }
}

fn failed(route: &Route, fault: &Fault) -> Response {
    let usual = "The simulator was told to fail here.";
    let text = fault.message.as_deref().unwrap_or(usual);
    match route {
        Route::Databricks(..) => {
            let code = if fault.status == 503 {
                "TEMPORARILY_UNAVAILABLE"
            } else {
                "INTERNAL_SERVER_ERROR"
            };
            *databricks::error(fault.status, fault.code.as_deref().unwrap_or(code), text)
        }
        Route::Entra(_) | Route::Arm(_) | Route::Vault(..) => {
            let code = if fault.status == 503 {
                "ServiceUnavailable"
            } else {
                "InternalServerError"
            };
            *arm::error(fault.status, fault.code.as_deref().unwrap_or(code), text)
        }
    }
}

/// Every answer tells the world's time: clients measure ages against it.
pub(crate) fn stamp(response: &mut Response, at: Timestamp) {
    let printed = DateTimePrinter::new().timestamp_to_rfc9110_string(&at);
    if let Ok(date) = printed {
        set(response, "date", &date);
    }
}
