//! argv in, exit code out.

fn main() -> std::process::ExitCode {
    afresh::cli::main()
}
