"""The documents speak of what is there."""

import ast
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.helpers.support import PACKAGE, missing, need

pytestmark = pytest.mark.checkout
ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PLACE = re.compile(r"`((?:mfasession|tests|benchmarks|shell|docs)/[\w./-]+)(?:::([\w.]+))?`")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)]*))?\)")
HOME = "https://github.com/mfasession/mfasession/blob/main/"


def headings(path: Path) -> set[str]:
    """The names that links may have behind their `#`, as GitHub makes them of a page's headings."""
    found = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE) if path.suffix == ".md" else []
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def functions(path: Path) -> set[str]:
    """The names of a module's functions."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def names_in(path: Path) -> set[str]:
    """The names of a module's functions and classes, and of the methods as `Class.method`."""
    body = ast.parse(path.read_text()).body
    own = {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    methods = {
        f"{name}.{method.name}"
        for name, node in own.items()
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef)
    }
    return {*own, *methods}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_tests_exist(document: Path) -> None:
    """A promise that names a test has that test."""
    for file, name in TEST.findall(document.read_text()):
        assert (ROOT / file).is_file(), file
        assert not name or name in functions(ROOT / file), f"{file}::{name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_files_exist(document: Path) -> None:
    """A path into the repository is right, and so is the function or class behind its `::`."""
    for place, name in PLACE.findall(document.read_text()):
        assert (ROOT / place).exists(), place
        assert not name or name in names_in(ROOT / place), f"{place}::{name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """A link to another file of ours finds it, and a heading in it; README's are absolute for package indexes."""
    for target, heading in LINK.findall(document.read_text().replace("](#", f"]({document.name}#")):
        place, own = ROOT if target.startswith(HOME) else document.parent, target.removeprefix(HOME)
        if "://" in own:
            continue
        assert own != target or document != ROOT / "README.md" or target == document.name, f"not absolute: {target}"
        assert (place / own).exists(), target
        assert not heading or heading in headings(place / own), (target, heading)


def test_the_index_of_decisions_is_complete() -> None:
    """Each page is linked once, in the order of its number."""
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert re.findall(r"\((\d{4}-[\w-]+\.md)\)", index) == [page.name for page in DECISIONS]
    assert len({page.name[:4] for page in DECISIONS}) == len(DECISIONS)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda path: path.name)
def test_a_decision_is_one_page_in_three_parts(page: Path) -> None:
    """Context, decision, consequences; short enough to be read at once."""
    text = page.read_text()
    assert re.match(rf"# {int(page.name[:4])}\. \S", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert text.count("\n") <= 60


def test_the_tree_is_complete() -> None:
    """docs/architecture.md has one line for each folder and each top module of the package, and no other."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    (tree,) = re.findall(r"^mfasession/\n((?:  \S.*\n)+)", page, re.MULTILINE)
    listed = re.findall(r"^  (\S+) +\S.*$", tree, re.MULTILINE)
    folders = [f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")]
    assert sorted(listed) == sorted([*folders, *(path.name for path in PACKAGE.glob("*.py"))])


def test_the_layers_are_those_of_the_contract() -> None:
    """docs/architecture.md shows the layers that `make check` holds the code to."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    (shown,) = re.findall(r"^```text\n(__main__\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    assert shown.splitlines() == layers


def test_each_promise_names_a_test() -> None:
    """Every row of a table of promises has a test behind it."""
    tables = (ROOT / "docs" / "threat-model.md").read_text().split("\n\n")
    rows = [row for table in tables if table.startswith("| promise | test |") for row in table.splitlines()[2:]]
    assert len(rows) > 20
    assert not [row for row in rows if not TEST.search(row)]


def test_each_statement_of_aws_has_a_source_and_a_test() -> None:
    """What we say of AWS is AWS's own word, or is attributed to its source; and the sandbox does the same."""
    page = (ROOT / "docs" / "aws.md").read_text()
    rows = (
        page.partition("| what AWS does | source | test |\n| --- | --- | --- |\n")[2].partition("\n\n")[0].splitlines()
    )
    links = dict(re.findall(r"^\[([\w-]+)\]: (https://\S+)$", page, re.MULTILINE))
    assert len(rows) > 10
    for row in rows:
        _, _, source, test, _ = row.split("|")
        named = re.findall(r"\]\[([\w-]+)\]", source)
        assert source.strip() == "recorded by others" or (named and set(named) <= set(links)), row
        assert TEST.search(test), row
    assert all(f"][{name}]" in page for name in links)


def test_the_site_has_every_page() -> None:
    """mkdocs.yml lists each page of docs once, and README is the first; the decisions have a page that lists them."""
    text = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    listed = re.findall(r"- (\S+\.md)$", text, re.MULTILINE)
    pages = [path.name for path in ROOT.glob("docs/*.md")]
    assert sorted(listed) == sorted(["index.md", "decisions/README.md", *pages])
    assert listed[0] == "index.md"


@pytest.mark.parametrize(("line", "code"), [("", 0), ("[a](nowhere.md)", 2), ("[a](nowhere/)", 0), ("[a](#none)", 2)])
def test_the_site_fails_for_a_link_that_leads_nowhere(tmp_path: Path, line: str, code: int) -> None:
    """`make site` counts mkdocs' warnings; a link to a folder leads to the repository."""
    if not (built := ROOT / ".tools" / "site" / "ready").exists():
        missing("mkdocs")
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in ("Makefile", "mkdocs.yml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".tools" / "site").mkdir(parents=True)
    (tmp_path / ".tools" / "site" / "bin").symlink_to(built.parent / "bin")
    (tmp_path / ".tools" / "site" / "ready").touch()
    with (tmp_path / "docs" / "day.md").open("a") as page:
        page.write(f"\n{line}\n")
    done = subprocess.run([need("make"), "site"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    page_of_day = tmp_path / ".tools" / "site" / "html" / "day" / "index.html"
    assert code or ("tree/main/docs/nowhere/" in page_of_day.read_text()) is (line == "[a](nowhere/)")
