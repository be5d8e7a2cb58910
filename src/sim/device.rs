//! A person at the token service: device codes, what becomes of them, and what renews a sign-in.
//!
//! A code that nobody was shown, one that has expired, and a refresh token of another application are rejected.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::denial::Denial;
use super::digest;
use super::person::{Answer, Code};
use super::world::World;

/// Life of a code in seconds, as Entra's.
const CODE_LIFE: i64 = 900;

/// A new code for `client`.
pub(crate) fn code(
    world: &mut World,
    origin: &str,
    client: &str,
    scope: String,
    now: Timestamp,
) -> Value {
    let number = world.codes.len();
    let device_code = format!(
        "{number}.{}",
        world.sign(&format!("device {number} {client}"))
    );
    world.codes.push(Code {
        end: now.as_second() + CODE_LIFE,
        polls: 0,
        scope,
    });
    world.changed = true;
    let letters = digest::guid(&["user code", &number.to_string()]).to_ascii_uppercase();
    let user_code: String = letters.chars().filter(|c| *c != '-').take(9).collect();
    let link = format!("{origin}/devicelogin");
    json!({
        "user_code": user_code, "device_code": device_code, "verification_uri": link,
        "expires_in": CODE_LIFE, "interval": 5,
        "message": format!("To sign in, use a web browser to open the page {link} and enter the code {user_code} to authenticate."),
    })
}

/// Has the person decided? Each question counts.
pub(crate) fn redeem(
    world: &mut World,
    client: &str,
    device_code: &str,
    now: Timestamp,
) -> Result<(), Denial> {
    let unknown = || {
        Denial::of(
            70_019,
            400,
            "bad_verification_code",
            "The verification code is not known.",
        )
    };
    let (number, signature) = device_code.split_once('.').ok_or_else(unknown)?;
    let number: usize = number.parse().map_err(|_| unknown())?;
    if signature != world.sign(&format!("device {number} {client}")) {
        return Err(unknown());
    }
    world.changed = true;
    let person = world.person.clone();
    let code = world.codes.get_mut(number).ok_or_else(unknown)?;
    code.polls += 1;
    if code.end <= now.as_second() {
        let text = "The device code has expired.";
        return Err(Denial::of(70_020, 400, "expired_token", text));
    }
    let decides = code.polls > person.polls;
    match person.answer {
        Answer::Accepts if decides => Ok(()),
        Answer::Declines if decides => {
            let text = "The end user has denied the authorization request.";
            Err(Denial::of(70_018, 400, "authorization_declined", text))
        }
        _ => {
            let text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
            Err(Denial::of(70_016, 400, "authorization_pending", text))
        }
    }
}

impl World {
    /// The scope that a code was asked for with.
    pub(crate) fn code_scope(&self, device_code: &str) -> String {
        let number = device_code
            .split_once('.')
            .and_then(|(number, _)| number.parse::<usize>().ok());
        let code = number.and_then(|number| self.codes.get(number));
        code.map(|code| code.scope.clone()).unwrap_or_default()
    }

    /// What renews the sign-in of the person with `client`.
    pub(crate) fn renewal(&self, client: &str, tenant: &str) -> String {
        self.sign(&format!("renewal {client} {tenant}"))
    }
}
