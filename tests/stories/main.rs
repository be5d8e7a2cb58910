//! Plays every story of this folder against the built binary, each as a test of its own. `README.md` describes how a story is written.
//! A folder without a story is a failure.
#![expect(
    clippy::print_stdout,
    reason = "this is a test harness; its report is its output"
)]

mod play;
mod proofs;
mod serve;
mod shapes;
mod story;
#[path = "../support/terminal.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use std::{env, fs, io, thread};

use similar::TextDiff;

/// Stories that are played at the same time.
const AT_A_TIME: usize = 4;

/// A story that did not go as it is told.
struct Failed {
    name: String,
    why: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let filters: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let paths = match stories(&folder) {
        Ok(paths) if !paths.is_empty() => paths,
        Ok(_) => return refuse("there is no story in tests/stories"),
        Err(error) => return refuse(&format!("{}: {error}", folder.display())),
    };
    let all = paths.len() + proofs::ALL.len();
    let wanted =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter));
    if arguments.iter().any(|word| word == "--list") {
        for path in &paths {
            println!("{}: test", name(path));
        }
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    let mut failed = Vec::new();
    let mut passed = 0;
    for (name, proof) in proofs::ALL.iter().filter(|(name, _)| wanted(name)) {
        report(name, proof(), &mut passed, &mut failed);
    }
    let wanted: Vec<&PathBuf> = paths.iter().filter(|path| wanted(&name(path))).collect();
    for (path, result) in wanted.iter().zip(all_told(&wanted)) {
        report(&name(path), result, &mut passed, &mut failed);
    }
    conclude(passed, &failed, all, begun)
}

/// Plays stories, some at a time: many of them wait more than they work. The results are in the stories' order.
fn all_told(paths: &[&PathBuf]) -> Vec<Result<(), String>> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Result<(), String>>> =
        paths.iter().map(|_| Mutex::new(Ok(()))).collect();
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(place) else { break };
                    let told = tell(path);
                    *results[place]
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner) = told;
                }
            });
        }
    });
    results
        .into_iter()
        .map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

/// Plays one story; an error holds what differs. With `UPDATE_STORIES` set the file is written anew instead.
fn tell(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let told = retell(&text)?;
    if told == text {
        return Ok(());
    }
    if env::var_os("UPDATE_STORIES").is_some() {
        return fs::write(path, told).map_err(|error| error.to_string());
    }
    let difference = TextDiff::from_lines(text.as_str(), told.as_str());
    Err(difference
        .unified_diff()
        .context_radius(4)
        .header("as told", "as it went")
        .to_string())
}

/// The story as it really went.
fn retell(text: &str) -> Result<String, String> {
    let parts = story::parse(text)?;
    if !parts
        .iter()
        .any(|part| matches!(part, story::Part::Command { .. }))
    {
        return Err("a story without a command".to_owned());
    }
    let told = play::play(&parts).map_err(|error| error.to_string())?;
    Ok(story::render(&told))
}

fn stories(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn report(name: &str, result: Result<(), String>, passed: &mut usize, failed: &mut Vec<Failed>) {
    println!(
        "test {name} ... {}",
        if result.is_ok() { "ok" } else { "FAILED" }
    );
    match result {
        Ok(()) => *passed += 1,
        Err(why) => failed.push(Failed {
            name: name.to_owned(),
            why,
        }),
    }
}

/// Ends as libtest does, so that the same tools count it.
fn conclude(passed: usize, failed: &[Failed], all: usize, begun: Instant) -> ExitCode {
    for Failed { name, why } in failed {
        println!("\n---- {name} ----\n{why}");
    }
    let word = if failed.is_empty() { "ok" } else { "FAILED" };
    let filtered = all - passed - failed.len();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "\ntest result: {word}. {passed} passed; {} failed; 0 ignored; 0 measured; {filtered} filtered out; finished in {seconds:.2}s\n",
        failed.len()
    );
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn refuse(why: &str) -> ExitCode {
    println!("{why}");
    ExitCode::FAILURE
}
