//! Storage accounts: the requests that belong to their examples, and the differences that are known.

use super::*;

/// From the official examples.
pub(in super::super) const DIFFERENCES: &[Row] = &[
    Row {
        bodies: "next/azure/StorageAccountList",
        differences: &[
            "keys[].creationTime: added",
            "value[].properties.keyCreationTime: added",
        ],
        reason: "the example is older than the times of keys, which 2023-05-01 specifies; an account with `keyTimes: notInLists` has none in lists",
    },
    Row {
        bodies: "next/azure/StorageAccountRegenerateKey",
        differences: &["keys[].creationTime: added"],
        reason: "the example is older than the times of keys, which 2023-05-01 specifies",
    },
    Row {
        bodies: "next/azure/StorageAccountListByResourceGroup",
        differences: &[
            "value[].properties.isHnsEnabled: missing",
            "value[].properties.primaryEndpoints.dfs: missing",
            "value[].properties.primaryEndpoints.web: missing",
            "value[].properties.secondaryLocation: missing",
            "value[].properties.statusOfSecondary: missing",
        ],
        reason: "accounts of the false cloud are in one place and are no data lakes, which has nothing to do with keys; the second account of the example has no dfs and no web, either",
    },
    Row {
        bodies: "next/azure/StorageAccountGetProperties.excerpt",
        differences: &[
            "properties.geoReplicationStats: missing",
            "properties.isHnsEnabled: missing",
            "properties.secondaryLocation: missing",
        ],
        reason: "accounts of the false cloud are in one place and are no data lakes, which has nothing to do with keys",
    },
    Row {
        bodies: "next/azure/StorageAccountGetProperties.excerpt",
        differences: &[
            "properties.primaryEndpoints: added",
            "properties.statusOfPrimary: added",
            "properties.supportsHttpsTrafficOnly: added",
        ],
        reason: "those who made the excerpt cut these fields out, or the example leaves them out; that of the list has them",
    },
];

const STORAGE: &str = "providers/Microsoft.Storage/storageAccounts";

/// Answers to the requests that belong to the official examples.
pub(in super::super) fn asked() -> Vec<Asked> {
    let client = client(&format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, storageAccounts: [{{name: sto, resourceGroup: res, tags: {{key1: value1, key2: value2}}}}]}}]"
    ))
    .arm();
    let ask = |method: &Method, part: &str, sent: &str| {
        let url = format!(
            "https://management.azure.com/subscriptions/{SUBSCRIPTION}/resourceGroups/res/{STORAGE}{part}?api-version=2023-05-01"
        );
        client.send(method, &url, sent.to_owned()).unwrap()
    };
    let (get, post) = (Method::GET, Method::POST);
    vec![
        (
            "next/azure/StorageAccountListByResourceGroup.json",
            "storageAccounts of group",
            ask(&get, "", ""),
        ),
        (
            "next/azure/StorageAccountGetProperties.excerpt.json",
            "storage.get",
            ask(&get, "/sto", ""),
        ),
        (
            "next/azure/StorageAccountListKeys.json",
            "storage.listKeys",
            ask(&post, "/sto/listKeys", ""),
        ),
        (
            "next/azure/StorageAccountRegenerateKey.json",
            "storage.regenerateKey",
            ask(&post, "/sto/regenerateKey", r#"{"keyName": "key2"}"#),
        ),
    ]
}

/// A world of the accounts that our own examples tell of.
pub(in super::super) fn like_our_own_examples() -> Client {
    client(
        "subscriptions:
- id: 12345678-aaaa-4bbb-8ccc-1234567890ab
  storageAccounts:
  - {name: plantraw, resourceGroup: rg-plant, tags: {tier: gold}}
  - {name: plantentra, resourceGroup: rg-plant, allowSharedKeyAccess: false, keyTimes: afterRotation}
  - {name: plantlogs, resourceGroup: rg-logs}
",
    )
    .arm()
}
