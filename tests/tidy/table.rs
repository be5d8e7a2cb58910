//! The table: who may use whom, and what must never be. There are no exceptions but those written down here.

/// Who may use whom, by the folders and files right under `src`. Nobody may use a room that is not in its line.
pub const MAY_USE: [(&str, &[&str]); 21] = [
    ("main", &["cli"]),
    ("lib", &[]),
    ("limits", &[]),
    ("escape", &[]),
    ("clock", &["mutex"]),
    ("mutex", &[]),
    ("loopback", &[]),
    ("regular", &[]),
    ("model", &["escape", "limits", "loopback"]),
    ("manifest", &["model", "escape", "limits", "regular"]),
    ("survey", &["model", "cloud", "escape", "limits", "mutex"]),
    ("plan", &["model", "limits"]),
    ("saved", &["model", "escape", "limits"]),
    ("signature", &["model"]),
    ("review", &["model", "escape", "limits"]),
    (
        "apply",
        &[
            "model", "plan", "cloud", "ledger", "clock", "limits", "mutex",
        ],
    ),
    (
        "ledger",
        &[
            "model", "clock", "escape", "http", "limits", "mutex", "regular",
        ],
    ),
    (
        "cloud",
        &[
            "model", "http", "clock", "escape", "limits", "mutex", "regular",
        ],
    ),
    ("http", &["clock", "limits", "loopback", "mutex"]),
    (
        "sim",
        &["http", "clock", "limits", "loopback", "mutex", "regular"],
    ),
    (
        "cli",
        &[
            "apply",
            "cloud",
            "clock",
            "escape",
            "http",
            "ledger",
            "limits",
            "manifest",
            "model",
            "mutex",
            "plan",
            "regular",
            "review",
            "saved",
            "signature",
            "sim",
            "survey",
        ],
    ),
];

/// Words that may stand in some places only.
pub struct Never {
    /// Any of these, as they stand in the code.
    pub words: &'static [&'static str],
    /// Where it holds: paths that begin so; `src/` is everywhere.
    pub holds_in: &'static [&'static str],
    /// Where it does not: paths that begin so.
    pub except_in: &'static [&'static str],
    /// Said to whoever breaks it.
    pub because: &'static str,
}

/// The nevers of the design.
pub const NEVERS: [Never; 9] = [
    Never {
        words: &[
            "println!",
            "eprintln!",
            "print!",
            "eprint!",
            "dbg!",
            "io::stdin",
            "io::stdout",
            "io::stderr",
            "process::exit",
        ],
        holds_in: &["src/"],
        except_in: &["src/cli/"],
        because: "only the edge prints, asks and exits",
    },
    Never {
        words: &["std::env", "env::var"],
        holds_in: &["src/"],
        except_in: &["src/cli/", "src/main.rs"],
        because: "only the edge reads the environment; hand down what was read",
    },
    Never {
        words: &["Approval::given"],
        holds_in: &["src/"],
        except_in: &["src/cli/apply"],
        because: "without the approval of a person or a pipeline there is no Writer",
    },
    Never {
        words: &[
            "Timestamp::now",
            "Zoned::now",
            "SystemTime::now",
            "Instant::now",
        ],
        holds_in: &["src/"],
        except_in: &["src/clock.rs"],
        because: "time is read by the clock alone, so that tests and the simulated cloud can set it",
    },
    Never {
        words: &[
            "serde",
            "serde_json",
            "serde_yaml",
            "schemars",
            "tokio",
            "reqwest",
            "hyper",
            "http",
            "std::fs",
            "std::io",
            "std::net",
            "new_v4",
            "tracing",
            "futures_util",
            "async fn",
        ],
        holds_in: &["src/model/", "src/plan/"],
        except_in: &[],
        because: "the words and the decisions know no IO, no wire and no chance",
    },
    Never {
        words: &["new_v4", "async fn", "tokio", "reqwest"],
        holds_in: &[
            "src/manifest/",
            "src/saved/",
            "src/review/",
            "src/ledger/fold",
        ],
        except_in: &[],
        because: "these are plain functions of their arguments",
    },
    Never {
        words: &["Writer", "Approval"],
        holds_in: &["src/survey/"],
        except_in: &[],
        because: "the survey only looks",
    },
    Never {
        words: &["expose_secret", "ExposeSecret"],
        holds_in: &["src/"],
        except_in: &["src/cloud/"],
        because: "a secret goes no further than the cloud folder",
    },
    Never {
        words: &["todo!", "unimplemented!", "placeholder"],
        holds_in: &["src/"],
        except_in: &[],
        because: "what ships is finished",
    },
];

/// Longest function, in lines from its name to its closing brace.
pub const FUNCTION_LINES_MAX: usize = 75;
/// Longest file, in lines of code: without comments, blank lines and tests.
pub const FILE_CODE_LINES_MAX: usize = 550;
