//! Reads the source tree and checks it against the table of who may use whom, the nevers, and the lengths.
//!
//! Nothing is compiled: the checks look at text, so that they also see what no feature flag builds.
#![expect(clippy::expect_used, reason = "this whole target is a test")]

mod circles;
mod rules;
mod source;
mod table;

use std::path::Path;
use std::sync::LazyLock;

use source::{Source, tree};

/// Our own tree, read once for all tests.
fn ours() -> std::slice::Iter<'static, Source> {
    static OURS: LazyLock<Vec<Source>> =
        LazyLock::new(|| tree(Path::new(env!("CARGO_MANIFEST_DIR"))));
    OURS.iter()
}

/// Fails with every offender and its line, not only the first.
fn none(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn every_room_uses_only_its_neighbours() {
    none(&ours().flat_map(rules::trespasses).collect::<Vec<_>>());
}

#[test]
fn every_room_has_its_line_in_the_table() {
    none(&ours().filter_map(rules::unknown_room).collect::<Vec<_>>());
}

#[test]
fn nevers_stay_never() {
    none(&ours().flat_map(rules::broken_nevers).collect::<Vec<_>>());
}

#[test]
fn no_kind_is_passed_over() {
    none(&ours().flat_map(rules::passed_over).collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_it_is_for() {
    none(&ours().filter_map(rules::silent_opening).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_to_be_done() {
    none(&ours().flat_map(rules::leftovers).collect::<Vec<_>>());
}

#[test]
fn functions_and_files_fit_the_eye() {
    none(&ours().flat_map(rules::too_long).collect::<Vec<_>>());
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources: Vec<&Source> = ours().collect();
    let found = circles::circles(&sources);
    none(&found.iter().map(ToString::to_string).collect::<Vec<_>>());
}

/// The fuzzer is a program of its own, with a lock file of its own: `cargo` refuses to build it once that lacks what we depend on.
#[test]
fn the_fuzzers_lock_file_knows_what_we_depend_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
    let (manifest, lock) = (read("Cargo.toml"), read("tests/fuzz/Cargo.lock"));
    let own = lock
        .split("[[package]]")
        .find(|one| one.contains("\nname = \"afresh\"\n"));
    let own = own.expect("the fuzzer depends on afresh");
    let wanted = manifest
        .split("[dependencies]\n")
        .nth(1)
        .expect("dependencies");
    let wanted = wanted.lines().take_while(|line| !line.starts_with('['));
    let package = |line: &str| {
        let renamed = line
            .split("package = \"")
            .nth(1)
            .map(|rest| rest.split('"').next());
        let name = line.split(" = ").next().filter(|name| !name.is_empty());
        renamed.flatten().or(name).map(str::to_owned)
    };
    let wanted: Vec<String> = wanted.filter_map(package).collect();
    assert!(wanted.len() > 30, "{wanted:?}");
    let is_known = |name: &&String| {
        own.contains(&format!("\"{name}\"")) || own.contains(&format!("\"{name} "))
    };
    let lacking: Vec<&String> = wanted.iter().filter(|name| !is_known(name)).collect();
    assert!(
        lacking.is_empty(),
        "tests/fuzz/Cargo.lock lacks {lacking:?}: cargo metadata --manifest-path tests/fuzz/Cargo.toml"
    );
}

/// Each rule meets a file that breaks it: a rule that cannot fail holds nothing.
mod doctored {
    use super::*;

    fn plan(text: &str) -> Source {
        Source::new("src/plan/runtime.rs", text)
    }

    #[test]
    fn a_forbidden_neighbour_is_seen_in_every_spelling() {
        for text in [
            "use crate::cloud::Reader;",
            "use crate::{model::time, cloud};",
            "use crate::{\n    limits,\n    ledger::{event, fold},\n};",
            "fn f() { crate::http::send(); }",
            "use super::super::cloud;",
        ] {
            assert_eq!(rules::trespasses(&plan(text)).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_kind_that_is_passed_over_is_seen_in_every_spelling() {
        for text in [
            "fn f() { if let Facts::Job(facts) = &step.facts { g(facts) } }",
            "fn f() { let Some(Target::Runtime(target)) = &step.target else { return }; }",
            "fn f() -> bool { matches!(identity, Identity::Submission(..)) }",
            "fn f() -> bool { matches!(g(a, b), Some(Action::Cancel { run }) if run == c) }",
            "fn f() { match service { KeyService::Storage => g(), _ => {} } }",
            "fn f() { match service { KeyService::Storage => { g() } other => h(other), } }",
            "fn f() { match known { Some(Identity::Runtime(id)) => g(id), Some(_) => {} None => h(), } }",
            "fn f() { match (a, b) { (Identity::Job(..), Some(it)) => g(it), (_, _) => {} } }",
            "fn f() { match a { Subject::Runtime(Case { rule, .. }) | Subject::Job(Case { rule, .. }) => g(rule), _ => {} } }",
        ] {
            assert_eq!(rules::passed_over(&plan(text)).len(), 1, "{text}");
        }
        for text in [
            "fn f() { let target = Target::Job(g()); }",
            "fn f() { match text { \"key\" => Target::Job(g()), _ => h() } }",
            "fn f() { match service { KeyService::Storage => g(), KeyService::Runtime => { h() } } }",
            "fn f() { match service { KeyService::Storage => match a { 1 => g(), _ => h() }, KeyService::Runtime => {} } }",
            "fn f() { match a { Identity::Job(..) if is_new => g(), Identity::Job(..) | Identity::Runtime(_) => h() } }",
        ] {
            assert_eq!(
                rules::passed_over(&plan(text)),
                Vec::<String>::new(),
                "{text}"
            );
        }
        let own = Source::new(
            "src/model/target.rs",
            "fn f() -> bool { matches!(a, Target::Job(_)) }",
        );
        assert_eq!(rules::passed_over(&own), Vec::<String>::new());
    }

    #[test]
    fn allowed_neighbours_comments_texts_and_tests_are_left_alone() {
        let text = "//! Not crate::cloud.\nuse crate::model::{self, time};\nuse super::forecast;\n/* crate::http */\nconst S: &str = \"crate::sim\";\n\
                    const R: &str = r#\"use crate::cli; \"quoted\" \"#;\nconst C: char = '\"';\nfn f<'a>(_: &'a str) {}\n\
                    #[cfg(test)]\nmod tests {\n    use crate::sim::World;\n    fn g() { println!(); }\n}\n";
        let source = plan(text);
        assert_eq!(rules::trespasses(&source), Vec::<String>::new());
        assert_eq!(rules::broken_nevers(&source), Vec::<String>::new());
    }

    #[test]
    fn the_offence_names_its_line() {
        let offences =
            rules::broken_nevers(&plan("//! x\n\nfn f() {\n    std::fs::read(\"x\");\n}\n"));
        assert_eq!(offences.len(), 1);
        assert!(
            offences[0].starts_with("src/plan/runtime.rs:4: `std::fs`"),
            "{}",
            offences[0]
        );
    }

    #[test]
    fn every_never_can_break_and_keeps_to_its_exceptions() {
        for never in &table::NEVERS {
            for word in never.words {
                let text = format!("fn f() {{ {word} x }}");
                let path = format!("{}offender.rs", never.holds_in[0]);
                assert!(
                    !rules::broken_nevers(&Source::new(&path, &text)).is_empty(),
                    "{word} in {path}"
                );
                for allowed in never.except_in {
                    let path = format!("{allowed}/file.rs");
                    let offences = rules::broken_nevers(&Source::new(&path, &text));
                    assert!(
                        offences.iter().all(|one| !one.contains(never.because)),
                        "{word} in {path}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_room_without_a_line_a_silent_file_and_a_leftover_are_seen() {
        let stray = Source::new("src/utils/mod.rs", "fn f() {}\n// TODO later\n");
        assert!(rules::unknown_room(&stray).is_some());
        assert!(rules::silent_opening(&stray).is_some());
        assert_eq!(rules::leftovers(&stray).len(), 1);
    }

    /// The circles of files of these paths and texts.
    fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::new(path, text))
            .collect();
        let sources: Vec<&Source> = sources.iter().collect();
        let found = circles::circles(&sources);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_circle_is_seen_in_every_spelling_with_what_ties_it() {
        for text in [
            "use crate::plan::b::B;",
            "use crate::{\n    limits,\n    plan::{wait, b::{B, C}},\n};",
            "use super::b::B;",
            "use super::{b::{self, B}, wait};",
            "fn f() { super::b::B::new(); }",
        ] {
            let found = circles_of(&[
                ("src/plan/a.rs", text),
                ("src/plan/b.rs", "use super::c;"),
                ("src/plan/c.rs", "use super::a::{A, AA};"),
                ("src/plan/aside.rs", "use super::a::A;"),
            ]);
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].contains("circle of 3"), "{text}: {}", found[0]);
            assert!(
                found[0].contains("c.rs -> src/plan/a.rs: A, AA"),
                "{text}: {}",
                found[0]
            );
        }
    }

    #[test]
    fn a_parent_and_its_child_are_a_circle_if_each_uses_the_other() {
        let child = ("src/plan/job/run.rs", "use super::Job;");
        for (path, parent) in [
            ("src/plan/job.rs", "mod run;\nuse run::Run;"),
            ("src/plan/job/mod.rs", "mod run;\npub use self::run::Run;"),
            ("src/plan/job/mod.rs", "mod run;\nfn f() { run::start(); }"),
        ] {
            assert_eq!(circles_of(&[(path, parent), child]).len(), 1, "{parent}");
        }
        let declared =
            "mod run;\npub(in crate::plan) struct Job;\npub(in crate::plan::job::run) struct Kept;";
        assert_eq!(
            circles_of(&[("src/plan/job.rs", declared), child]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn tests_other_rooms_and_one_way_are_no_circle() {
        let test = "#[cfg(all(test, unix))]\nmod tests {\n    use super::super::b::B;\n}";
        let files = [
            ("src/plan/a.rs", test),
            ("src/plan/b.rs", "use super::a::A;"),
        ];
        assert_eq!(circles_of(&files), Vec::<String>::new());
        let files = [
            ("src/plan/a.rs", "use crate::model::a::A;"),
            ("src/model/a.rs", "use crate::plan::a::A;"),
        ];
        assert_eq!(circles_of(&files), Vec::<String>::new());
    }

    #[test]
    fn long_functions_and_files_are_seen() {
        let long = format!(
            "//! x\nfn f() {{\n{}}}\n",
            "    g();\n".repeat(table::FUNCTION_LINES_MAX)
        );
        assert_eq!(rules::too_long(&plan(&long)).len(), 1);
        let wide = format!(
            "//! x\n{}",
            "const A: u8 = 1;\n".repeat(table::FILE_CODE_LINES_MAX + 1)
        );
        assert_eq!(rules::too_long(&plan(&wide)).len(), 1);
        let documented = format!(
            "//! x\n{}",
            "/// Words.\n\n".repeat(table::FILE_CODE_LINES_MAX + 1)
        );
        assert!(rules::too_long(&plan(&documented)).is_empty());
    }
}
