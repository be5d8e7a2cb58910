//! The Activity Log's `$filter`: "very restricted, no other syntax is allowed". Anything that Azure does not document is an error.

use jiff::Timestamp;

/// A filter that Azure would take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) only: Option<(Subject, String)>,
}

/// What one more condition may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    ResourceGroup,
    Resource,
    Provider,
    Correlation,
}

/// Reads a filter; the error says what is not allowed.
pub(crate) fn parse(text: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    for condition in conditions(text) {
        let mut words = condition.splitn(3, ' ');
        let (Some(field), Some(comparison), Some(value)) =
            (words.next(), words.next(), words.next())
        else {
            return Err(format!("The condition '{condition}' is not supported."));
        };
        let Some(value) = value
            .trim()
            .strip_prefix('\'')
            .and_then(|value| value.strip_suffix('\''))
        else {
            return Err(format!(
                "The value of '{field}' has to be a string in quotes."
            ));
        };
        apply(&mut filter, field, comparison, &value.replace("''", "'"))?;
    }
    if filter.from.is_none() {
        return Err(
            "The filter has to contain a start time: eventTimestamp ge '<time>'.".to_owned(),
        );
    }
    Ok(filter)
}

/// Cuts at each ` and ` outside quotes.
fn conditions(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    for (place, byte) in text.bytes().enumerate() {
        quoted ^= byte == b'\'';
        let cut = !quoted
            && text
                .get(place..place + 5)
                .is_some_and(|word| word.eq_ignore_ascii_case(" and "));
        if cut {
            parts.push(text[start..place].trim());
            start = place + 5;
        }
    }
    parts.push(text[start..].trim());
    parts
}

fn apply(filter: &mut Filter, field: &str, comparison: &str, value: &str) -> Result<(), String> {
    let subject = match (field, comparison) {
        ("eventTimestamp", "ge") => return instant(&mut filter.from, field, value),
        ("eventTimestamp", "le") => return instant(&mut filter.to, field, value),
        ("resourceGroupName", "eq") => Subject::ResourceGroup,
        ("resourceUri", "eq") => Subject::Resource,
        ("resourceProvider", "eq") => Subject::Provider,
        ("correlationId", "eq") => Subject::Correlation,
        _ => {
            return Err(format!(
                "The condition '{field} {comparison}' is not supported."
            ));
        }
    };
    if filter.only.replace((subject, value.to_owned())).is_some() {
        return Err("Only one of resourceGroupName, resourceUri, resourceProvider and correlationId can be used.".to_owned());
    }
    Ok(())
}

fn instant(place: &mut Option<Timestamp>, field: &str, value: &str) -> Result<(), String> {
    let at = value
        .parse()
        .map_err(|_| format!("The value '{value}' of '{field}' is not a time."))?;
    match place.replace(at) {
        None => Ok(()),
        Some(_) => Err(format!("'{field}' is there twice in one direction.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "eventTimestamp ge '2026-08-24T00:00:00Z'";

    #[test]
    fn a_window_and_one_condition_are_taken() {
        let text = format!(
            "{FROM} and eventTimestamp le '2026-11-22T00:00:00Z' and resourceGroupName eq 'this and that'"
        );
        let filter = parse(&text).unwrap();
        assert_eq!(
            filter.only,
            Some((Subject::ResourceGroup, "this and that".to_owned()))
        );
        assert!(filter.from < filter.to);
    }

    #[test]
    fn everything_else_is_refused() {
        for wrong in [
            "resourceProvider eq 'Microsoft.DataFactory'".to_owned(),
            format!("{FROM} and operationName eq 'x'"),
            format!("{FROM} and resourceUri eq 'a' and resourceProvider eq 'b'"),
            format!("{FROM} or {FROM}"),
            format!("{FROM} and {FROM}"),
            "eventTimestamp ge 2026-08-24".to_owned(),
            "eventTimestamp gt '2026-08-24T00:00:00Z'".to_owned(),
            String::new(),
        ] {
            assert!(parse(&wrong).is_err(), "{wrong}");
        }
    }
}
