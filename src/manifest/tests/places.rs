//! Places: lines and columns as an editor counts them.

use super::*;

fn first_place(text: &str) -> String {
    let problems = rows(&read_text(text).unwrap_err());
    format!("{}:{}", problems[0]["line"], problems[0]["column"])
}

#[test]
fn lines_and_columns_are_those_of_an_editor() {
    let document = "apiVersion: afresh/v1\nkind: Project\nmetadata: {name: ä, näme: 1}\nspec: {}\n";
    assert_eq!(first_place(document), "3:18");
    assert_eq!(first_place(&document.replace('\n', "\r\n")), "3:18");
    let second = document.replace("name: ä", "name: a");
    assert_eq!(first_place(&second), "3:21");
    assert_eq!(first_place(&format!("# 😀\n---\n{second}")), "5:21");
}

#[test]
fn a_byte_order_mark_and_tabs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, format!("\u{feff}{BASE}")).unwrap();
    assert!(crate::manifest::read(&[file]).is_ok());
    let told = shown(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {name: x}\nspec:\n\tledger: {file: x}\n",
    );
    assert!(
        told.contains("a.yaml:5:") && told.contains("indent with spaces"),
        "{told}"
    );
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let (before, after) = ("b".repeat(10_000), "a".repeat(100_000));
    let line = format!("metadata: {{name: x, before: {before}, wrong: 1, after: {after}}}");
    let text = format!("apiVersion: afresh/v1\nkind: Project\n{line}\nspec: {{}}\n");
    let told = shown(&text);
    assert!(
        told.lines().all(|line| line.chars().count() < 250),
        "{told}"
    );
    assert!(told.contains("unknown field `wrong`"));
}

#[test]
fn problems_are_in_the_order_of_files_and_lines_and_the_rest_is_counted() {
    let fields: Vec<_> = (0..300).map(|number| format!("x{number}: 1")).collect();
    let fields = fields.join(", ");
    let text = format!(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: x}}\nspec: {{{fields}}}\n"
    );
    let told = shown(&text);
    assert_eq!(told.matches("error: unknown field").count(), 100);
    assert!(told.ends_with("\n\nand 200 more problems\n"), "{told}");
    assert!(told.starts_with("error: unknown field `x0`"));
}
