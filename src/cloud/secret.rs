//! Puts secrets into a request: header fields and forms that are wiped when the last clone of them is dropped.
//!
//! No copy is left behind that is not wiped.

use bytes::Bytes;
use http::HeaderValue;
use http::header::InvalidHeaderValue;
use serde::Serialize;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::http::wiped::wiped;

/// A header field of these parts, marked sensitive.
pub(super) fn header(parts: &[&str]) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
    }
    let mut value = HeaderValue::from_maybe_shared(wiped(bytes))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A form of these fields.
pub(super) fn form(fields: &[(&str, &str)]) -> Bytes {
    // Room for every byte in three characters: a text that grew would leave a copy behind.
    let room = fields
        .iter()
        .map(|(name, value)| 3 * (name.len() + value.len()) + 2)
        .sum();
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(room));
    form.extend_pairs(fields);
    wiped(form.finish().into_bytes())
}

/// JSON with secrets in it. `room`: no less than it needs, since a text that grew would leave a copy behind.
pub(super) fn json<T: Serialize>(value: &T, room: usize) -> Result<Bytes, serde_json::Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *bytes, value)?;
    Ok(wiped(std::mem::take(&mut *bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_is_left_of_a_field_or_a_form() {
        use crate::http::wiped::residue;

        let secret = "Z".repeat(3_000);
        let value = header(&["Bearer ", &secret]).unwrap();
        let form = form(&[("client_secret", &secret)]);
        let places = [value.as_bytes().as_ptr().addr(), form.as_ptr().addr()];
        drop((value, form));
        for place in places {
            assert!(residue::count(place, secret.len(), b'Z') < secret.len() / 10);
        }
    }

    #[test]
    fn parts_and_fields_arrive_whole_and_are_not_shown() {
        let value = header(&["Bearer ", "hush"]).unwrap();
        assert_eq!(value.as_bytes(), b"Bearer hush");
        assert!(value.is_sensitive() && !format!("{value:?}").contains("hush"));
        assert!(header(&["Bearer ", "a\nb"]).is_err());
        let form = form(&[("grant_type", "x"), ("client_secret", "a&b=ü")]);
        assert_eq!(&form[..], b"grant_type=x&client_secret=a%26b%3D%C3%BC");
    }
}
