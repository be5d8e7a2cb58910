//! What is typed behind `afresh inventory`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of `inventory`.
#[derive(Args, Debug)]
pub struct Inventory {
    /// Files or folders of manifests: their connections are read, and their rules are what may cover a key [default: . without --subscription]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Read this subscription, signed in by the default credential (repeatable)
    #[arg(long, value_name = "ID", value_parser = subscription)]
    pub subscription: Vec<String>,
    /// The cloud of these subscriptions
    #[arg(long, value_name = "CLOUD", default_value = "public", value_parser = ["public", "usGovernment", "china"], requires = "subscription")]
    pub cloud: String,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: InventoryFormat,
}

/// How an inventory is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InventoryFormat {
    /// A table for a terminal.
    Text,
    /// One JSON document (`afresh schema inventory`).
    Json,
    /// For a spreadsheet.
    Csv,
    /// A table for a page or a comment.
    Markdown,
}

/// The id of a subscription becomes part of an address.
fn subscription(text: &str) -> Result<String, String> {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let is_hex = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if lengths == [8, 4, 4, 4, 12] && is_hex {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("the id of a subscription reads 12345678-1234-1234-1234-1234567890ab".to_owned())
    }
}
