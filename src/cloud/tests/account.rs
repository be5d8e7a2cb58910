//! Storage accounts: what is believed of the times that they tell.

use super::*;

/// A list may be answered by one machine, and the time of a key told by another.
#[tokio::test]
async fn a_time_of_a_key_is_told_up_to_a_few_minutes_ahead() {
    let times = json!({"key1": "2026-11-22T03:05:00Z", "key2": "2026-11-22T03:05:01Z"});
    let account =
        json!({"id": ACCOUNT, "name": "lakeraw", "properties": {"keyCreationTime": times}});
    let fake = fake(move |request, _| match request.kind {
        "storage.list" => ok(json!({"value": [account]})),
        _ => ok(account.clone()),
    });
    let (reader, at) = (reader(&fake), |text: &str| {
        text.parse::<Timestamp>().unwrap()
    });
    let listed = reader.accounts(&subscription()).await.unwrap().said;
    let id = ResourceId::new(ACCOUNT);
    let own = reader.account(&subscription(), &id).await.unwrap().said;
    assert_eq!(listed, std::slice::from_ref(&own));
    assert_eq!(own.told.one, Some(at("2026-11-22T03:05:00Z")));
    assert_eq!(own.told.two, None);
    assert_eq!(own.told_ahead.one, None);
    assert_eq!(own.told_ahead.two, Some(at("2026-11-22T03:05:01Z")));
    // Right before a key is regenerated it is the same.
    let connection = KeyConnection::Subscription(subscription());
    assert_eq!(reader.told(&connection, &id).await.unwrap(), own.told);
}
