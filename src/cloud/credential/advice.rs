//! What to do about the errors of Entra ID, by their AADSTS number.
//!
//! The numbers: `AADSTS` codes of Microsoft's "Microsoft Entra authentication and authorization error codes", and those that
//! people report from pipelines.

/// Nobody has consented to the application for this resource.
pub(super) const CONSENT_MISSING: i64 = 65_001;
/// An assertion's time is over.
pub(super) const ASSERTION_TOO_OLD: i64 = 700_024;

/// Has a sign-in that was there come to its end? Nothing but a person renews it.
pub(super) const fn has_ended(code: i64) -> bool {
    matches!(
        code,
        50_078 | 50_173 | 70_008 | 70_043 | 70_044 | 700_082 | 700_084
    )
}

/// One line on what to do.
pub(super) fn advice(code: i64) -> Option<&'static str> {
    Some(match code {
        7_000_215 => "the secret is wrong: give its value, not its id",
        7_000_222 => "the secret has expired: make a new one for this application",
        700_016 => "no application with this client id is in this tenant: check both ids",
        700_027 => {
            "the certificate's signature is not accepted: is this certificate registered with the application?"
        }
        ASSERTION_TOO_OLD => {
            "the assertion is too old or too young: fetch a fresh one, and check the clock"
        }
        70_021 | 700_211 | 700_212 | 700_213 => {
            "no federated credential of the application fits this job: compare its subject, issuer and audience"
        }
        90_002 | 900_023 => {
            "there is no such tenant in this cloud: check the tenant id and the cloud"
        }
        500_011 => {
            "the tenant does not know this resource: check the cloud's audience, or consent to the application"
        }
        50_034 => "there is no such account in this tenant",
        50_076 | 50_079 => {
            "a second factor is wanted: sign in again with `az login`, or use a service principal"
        }
        code if has_ended(code) => {
            "the sign-in is too old: sign in again, for the Azure CLI with `az login`"
        }
        50_020 | 50_128 => "the account is of another tenant: check the tenant",
        50_053 => "the account is locked for a while: too many failed sign-ins",
        50_057 => "the account is disabled: ask whoever administers the tenant",
        50_105 => {
            "the application lets in only who is assigned to it: assign this account or application"
        }
        CONSENT_MISSING => {
            "nobody has consented to the application here: an administrator can consent"
        }
        7_000_218 => {
            "the application wants a secret: for deviceCode allow public client flows on it, else give the secret"
        }
        53_003 => {
            "a Conditional Access policy blocks it: ask whoever administers the tenant, or run it from an allowed place"
        }
        530_003 => "the tenant wants a managed device here: use a service principal",
        _ => return None,
    })
}

/// The words of the authority, and what to do about them.
pub(super) fn with(said: String, code: Option<i64>) -> String {
    match code.and_then(advice) {
        Some(advice) => format!("{}; {advice}", said.trim_end_matches(['.', ' '])),
        None => said,
    }
}

/// The number after `AADSTS` in a text.
pub(super) fn code_in(text: &str) -> Option<i64> {
    let tail = text.split_once("AADSTS")?.1;
    let digits = tail
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(tail.len());
    tail[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_a_text_leads_to_advice() {
        let said = "AADSTS7000222: The provided client secret keys for app 'x' are expired.";
        assert_eq!(code_in(said), Some(7_000_222));
        assert_eq!(
            with(said.to_owned(), code_in(said)),
            "AADSTS7000222: The provided client secret keys for app 'x' are expired; the secret has expired: make a new one for this application"
        );
        assert_eq!(with("hm".to_owned(), Some(1)), "hm");
        assert_eq!(code_in("AADSTS"), None);
    }
}
