//! What `--shard` may say: `2/8`, or `/8` where the environment tells the number.

use crate::limits::SHARDS_MAX;
use crate::model::shard::Shard;

/// The number of a pod of an Indexed Job, from 0.
pub const INDEX: &str = "JOB_COMPLETION_INDEX";

/// What `--shard` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardOf {
    /// From 1; `None`: the environment tells.
    pub number: Option<u32>,
    /// How many there are.
    pub count: u32,
}

impl ShardOf {
    /// Reads `2/8` or `/8`.
    ///
    /// # Errors
    /// It reads otherwise, or there is no such shard.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "a shard reads K/N, as in 2/8, with K from 1 and N up to {SHARDS_MAX}; or /N, where {INDEX} tells K"
            )
        };
        let whole = |part: &str| -> Result<u32, String> {
            let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
            let number = part.parse().ok().filter(|_| is_plain);
            number.ok_or_else(wrong)
        };
        let (number, count) = text.split_once('/').ok_or_else(wrong)?;
        let count = whole(count)?;
        let number = match number {
            "" => None,
            number => Some(whole(number)?),
        };
        Shard::new(number.unwrap_or(1), count)?;
        Ok(Self { number, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_reads_k_of_n_and_nothing_else() {
        let read = |text| ShardOf::parse(text).map(|one| (one.number, one.count));
        assert_eq!(read("2/8"), Ok((Some(2), 8)));
        assert_eq!(read("/8"), Ok((None, 8)));
        for wrong in [
            "8",
            "",
            "/",
            "2/",
            "0/8",
            "9/8",
            "1/0",
            "/0",
            "+2/8",
            "2/+8",
            "-1/8",
            "2/8/8",
            " 2/8",
            "2/251",
            "99999999999/8",
        ] {
            assert!(ShardOf::parse(wrong).is_err(), "{wrong}");
        }
    }
}
