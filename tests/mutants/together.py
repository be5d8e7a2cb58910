"""All mutants of a sample in one build, each behind a switch: the text of each file is changed so that a mutant comes to life when its
number stands in the file `mutant` beside Cargo.toml. Building is most of the cost of a mutant, and so it is paid once.

A mutant that the compiler refuses in this form is left out; it is tried by itself.
"""

import dataclasses
import json
import pathlib
import re
import subprocess
from collections.abc import Callable

import tree_sitter
import tree_sitter_rust

RUST = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))

SWITCH = """//! Which mutant lives in this run, and which could have: where there is a file `reached`, their numbers are added to it.
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

static LIVING: OnceLock<u32> = OnceLock::new();
static REACHED: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

/// Is it the one of this number?
pub(crate) fn is(number: u32) -> bool {
    if REACHED.get(number as usize).is_some_and(|reached| !reached.swap(true, Ordering::Relaxed)) {
        let file = std::fs::OpenOptions::new().append(true).open(concat!(env!("CARGO_MANIFEST_DIR"), "/reached"));
        let _ = file.and_then(|mut file| file.write_all(format!("{number}\\n").as_bytes()));
    }
    let living = || std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/mutant"));
    *LIVING.get_or_init(|| living().ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)) == number
}
"""

# Around what belongs to a mutant, until the places of all are known.
OPEN, CLOSE = "\ue000", "\ue001"


@dataclasses.dataclass
class Edit:
    """A mutant as a change of a range of characters; an empty range is an insertion. `make(source, edits)` gives the new text of the
    range; `edits` are the others that lie in it."""

    number: int
    start: int
    end: int
    make: Callable[["Source", list["Edit"]], str]


class Source:
    """One file, its syntax, and the mutants in it."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.text = path.read_text()
        self.lines = [0]
        for line in self.text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.tree = RUST.parse(self.text.encode())
        self.edits: list[Edit] = []
        self.placed: list[tuple[int, int, int]] = []

    def at(self, place: dict) -> int:
        return self.lines[place["line"] - 1] + place["column"] - 1

    def bytes_at(self, at: int) -> int:
        return len(self.text[:at].encode())

    def node(self, start: int, end: int, kinds: set[str]):
        """The innermost node of these kinds around a range."""
        node = self.tree.root_node.descendant_for_byte_range(self.bytes_at(start), self.bytes_at(end))
        while node is not None and node.type not in kinds:
            node = node.parent
        return node

    def range(self, node) -> tuple[int, int]:
        encoded = self.text.encode()
        return len(encoded[: node.start_byte].decode()), len(encoded[: node.end_byte].decode())

    def add(self, number: int, mutant: dict) -> bool:
        """False where this kind of mutant, or this place, knows no switch."""
        start, end = self.at(mutant["span"]["start"]), self.at(mutant["span"]["end"])
        edit = KINDS[mutant["genre"]](self, number, start, end, mutant["replacement"])
        if edit is not None:
            self.edits.append(edit)
        return edit is not None

    def render(self, left_out: set[int]) -> str:
        edits = [edit for edit in self.edits if edit.number not in left_out]
        marked = self.part(0, len(self.text), edits)
        text, self.placed, opened = [], [], []
        at = 0
        for piece in re.split(f"({OPEN}[0-9]+;|{CLOSE})", marked):
            if piece.startswith(OPEN):
                opened.append((int(piece[1:-1]), at))
            elif piece == CLOSE:
                number, since = opened.pop()
                self.placed.append((number, since, at))
            else:
                text.append(piece)
                at += len(piece.encode())
        return "".join(text)

    def part(self, start: int, end: int, edits: list[Edit]) -> str:
        """A range of the file with these edits made that lie in it."""
        inside = sorted((edit for edit in edits if start <= edit.start and edit.end <= end), key=lambda edit: (edit.start, -edit.end))
        out, at = [], start
        while inside:
            edit = inside.pop(0)
            within = [other for other in inside if edit.start < edit.end >= other.end]
            # What begins in this range and ends behind it cannot be written down, and is tried by itself.
            inside = [other for other in inside if other.start >= edit.end and other not in within]
            out += [self.text[at : edit.start], f"{OPEN}{edit.number};", edit.make(self, within), CLOSE]
            at = edit.end
        return "".join([*out, self.text[at:end]])


def alive(number: int) -> str:
    return f"crate::mutant::is({number})"


def instead(number: int, start: int, end: int, cut: tuple[int, int], replacement: str) -> Edit:
    """An expression, or the same with `cut` replaced."""

    def make(source: Source, edits: list[Edit]) -> str:
        mutant = source.part(start, cut[0], edits) + replacement + source.part(cut[1], end, edits)
        return f"(if {alive(number)} {{ {mutant} }} else {{ {source.part(start, end, edits)} }})"

    return Edit(number, start, end, make)


def body(source: Source, number: int, start: int, end: int, replacement: str):
    block = source.node(start, end, {"block"})
    if block is None:
        return None
    opened = source.range(block)[0] + 1
    return Edit(number, opened, opened, lambda *_: f" if {alive(number)} {{ return {replacement}; }} ")


def operator(source: Source, number: int, start: int, end: int, replacement: str):
    node = source.node(start, end, {"binary_expression", "compound_assignment_expr"})
    if node is None or source.range(node.child_by_field_name("operator") or node.children[1]) != (start, end):
        return None
    return instead(number, *source.range(node), (start, end), replacement)


def sign(source: Source, number: int, start: int, end: int, replacement: str):
    node = source.node(start, end, {"unary_expression"})
    return node and instead(number, *source.range(node), (start, end), replacement)


def guard(source: Source, number: int, start: int, end: int, replacement: str):
    return instead(number, start, end, (start, end), replacement)


def arm(source: Source, number: int, start: int, end: int, _: str):
    """An arm that is deleted is one that nothing meets."""
    node = source.node(start, end, {"match_arm"})
    pattern = node and node.child_by_field_name("pattern")
    if not pattern:
        return None
    condition = pattern.child_by_field_name("condition")
    if condition is None:
        place = source.range(pattern)[1]
        return Edit(number, place, place, lambda *_: f" if !{alive(number)}")
    first, last = source.range(condition)
    return Edit(number, first, last, lambda source, edits: f"!{alive(number)} && ({source.part(first, last, edits)})")


def field(source: Source, number: int, start: int, end: int, _: str):
    node = source.node(start, end, {"struct_expression"})
    if node is None:
        return None
    comma = re.compile(r"\s*,").match(source.text, end)
    return instead(number, *source.range(node), (start, comma.end() if comma else end), "")


KINDS = {
    "FnValue": body,
    "BinaryOperator": operator,
    "UnaryOperator": sign,
    "MatchArmGuard": guard,
    "MatchArm": arm,
    "StructField": field,
}


def build(project: pathlib.Path, mutants: list[dict], cargo: list[str], environment: dict) -> tuple[dict[int, dict], list[dict]]:
    """Writes the mutants into the project until it compiles. Those that are in it by their numbers, and those that are not."""
    sources: dict[str, Source] = {}
    numbered, alone = {}, []
    for number, mutant in enumerate(mutants, 1):
        source = sources.setdefault(mutant["file"], Source(project / mutant["file"]))
        if source.add(number, mutant):
            numbered[number] = mutant
        else:
            alone.append(mutant)
    (project / "src/mutant.rs").write_text(SWITCH.replace("COUNT", str(len(mutants) + 1)))
    crate = project / "src/lib.rs"
    before = crate.read_text()
    left_out: set[int] = set()
    while True:
        for source in sources.values():
            source.path.write_text(source.render(left_out))
        rendered = crate.read_text() if "src/lib.rs" in sources else before
        crate.write_text(rendered + "\nmod mutant;\n")
        refused = refusals(project, sources, cargo, environment)
        if not refused:
            break
        left_out |= refused
    placed = {number for source in sources.values() for number, _, _ in source.placed}
    alone += [mutant for number, mutant in numbered.items() if number not in placed]
    return {number: mutant for number, mutant in numbered.items() if number in placed}, alone


def refusals(project: pathlib.Path, sources: dict[str, Source], cargo: list[str], environment: dict) -> set[int]:
    """The mutants that the compiler complains about."""
    checked = subprocess.run([*cargo, "--message-format=json"], cwd=project, env=environment, capture_output=True, text=True)
    if checked.returncode == 0:
        return set()
    refused, lost = set(), []
    for line in checked.stdout.splitlines():
        told = json.loads(line).get("message")
        if not told or told["level"] != "error" or not told["spans"]:
            continue
        # A place in the standard library is none of ours.
        ours = [span for span in told["spans"] if (project / span["file_name"]).is_file()]
        spans = sorted(ours, key=lambda span: not span["is_primary"])
        found = [innermost(sources, span) for span in spans] + [returned(project, span) for span in spans]
        found += [guarded(project, span) for span in spans]
        if any(found):
            refused |= next(filter(None, found))
        else:
            lost.append(told["rendered"])
    if not refused:
        raise SystemExit("the mutants cannot be built together:\n" + "\n".join(lost) + checked.stderr[-2000:])
    return refused


def innermost(sources: dict[str, Source], span: dict) -> set[int]:
    """The mutant in which a place lies."""
    source = sources.get(span["file_name"])
    around = [
        (end - start, number)
        for number, start, end in (source.placed if source else [])
        if start <= span["byte_start"] and span["byte_end"] <= end
    ]
    return {min(around)[1]} if around else set()


def returned(project: pathlib.Path, span: dict) -> set[int]:
    """Values that the function around a place returns at once: of `impl Trait` they would have to be of the type of the others."""
    text = (project / span["file_name"]).read_bytes()
    node = RUST.parse(text).root_node.descendant_for_byte_range(span["byte_start"], span["byte_end"])
    while node is not None and node.type != "function_item":
        node = node.parent
    return set(map(int, re.findall(rb"is\(([0-9]+)\) \{ return ", node.text))) if node else set()


def guarded(project: pathlib.Path, span: dict) -> set[int]:
    """Mutants in the guards of the match around a place: an arm that one may leave out counts for nothing when the compiler asks whether
    every value has an arm."""
    text = (project / span["file_name"]).read_bytes()
    node = RUST.parse(text).root_node.descendant_for_byte_range(span["byte_start"], span["byte_end"])
    while node is not None and node.type != "match_expression":
        node = node.parent
    arms = node.child_by_field_name("body").named_children if node else []
    patterns = [arm.child_by_field_name("pattern").text for arm in arms if arm.type == "match_arm"]
    return {int(number) for pattern in patterns for number in re.findall(rb"is\(([0-9]+)\)", pattern)}
