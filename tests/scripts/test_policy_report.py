"""The auditor's page in a real browser: charts are there, and it asks for nothing and runs nothing."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from mfasession.admin.reports.html import POLICY
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox
from tests.helpers.auditing import PASSWORD, Estate
from tests.helpers.patience import scaled
from tests.helpers.support import BUILT, missing, need

WORDS = ("policy", "audit", "--output", "audit.html", "--output", "audit.jsonl", "--output", "audit.sarif")
DOCUMENT = Path(__file__).parents[2] / "docs" / "evidence.md"
SCRIPT = "s3:<img src=https://example.com/x onerror=alert(1)>"

BROKEN_WORDS = """
const range = document.createRange(), broken = [];
for (const cell of document.querySelectorAll("#users ~ div :is(thead th, tbody th, .whole)"))
  for (const word of cell.textContent.matchAll(/[^ ]+/g)) {
    range.setStart(cell.firstChild, word.index);
    range.setEnd(cell.firstChild, word.index + word[0].length);
    if (range.getClientRects().length > 1) broken.push(word[0]);
  }
document.title = "broken: " + broken.join(" ");
"""
"""Notes in the title which words of the table stand on two lines."""

AXE = BUILT / "reports" / "node_modules" / "axe-core" / "axe.min.js"
JUDGED = """
axe.run().then(
  found => { document.title = "axe: " + JSON.stringify(found.violations.map(each => [each.id, each.nodes[0].html])); },
  failure => { document.title = "axe failed: " + failure; },
);
"""
"""Notes in the title what axe-core finds wrong."""


@pytest.fixture
def page(aws: Sandbox, tmp_path: Path) -> Path:
    """The report of an account with users of all kinds, one of whom has HTML in a policy."""
    estate = Estate(aws, tmp_path)
    ruled = estate.user("ruled", ALLOW_ALL, DENY_ALL_WITHOUT_MFA)
    ruled.add_device("ruled-phone")
    ruled.age_key(ruled.key.access_key_id, 400 * 86400)
    estate.user("odd", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": SCRIPT, "Resource": "*"}]})
    estate.iam.create_login_profile(UserName="odd", Password=PASSWORD)
    done = estate.home.run(*WORDS)
    assert done.returncode == 1
    return tmp_path / "audit.html"


class Shown:
    """The page as a browser has it: the document it makes of it, what it says, and each address that it asks for."""

    def __init__(self, page: Path, *flags: str) -> None:
        log = page.with_suffix(".net")
        done = subprocess.run(
            [
                need("chromium-headless-shell"),
                "--no-sandbox",
                "--disable-gpu",
                f"--user-data-dir={page.parent / 'browser'}",
                "--enable-logging=stderr",
                f"--log-net-log={log}",
                *flags,
                "--dump-dom",
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=scaled(120),
            check=True,
        )
        self.document = done.stdout
        self.said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        self.asked = set(re.findall(r'"url":"([^"]+)"', log.read_text()))


def test_the_page_in_a_browser(page: Path) -> None:
    """Charts, controls and users are there; the browser complains of nothing and asks for nothing else."""
    shown = Shown(page)
    assert shown.said == []
    assert {url for url in shown.asked if not url.startswith(("data:", "chrome:", "devtools:"))} <= {page.as_uri()}
    assert len(re.findall(r"<svg role=\"img\" aria-labelledby=", shown.document)) == 2
    assert '<desc id="users-description">covered: 1, not covered: 2, not known: 0</desc>' in shown.document
    assert '<desc id="ages-description">to 90 days: 2, to 180 days: 0, to a year: 0, older: 1, not known: 0</desc>' in (
        shown.document
    )
    assert re.search(
        r"CIS AWS Foundations 3\.0 1\.10</th><td>[^<]+</td><td class=\"number\">0</td><td class=\"number\">1</td>",
        shown.document,
    )
    assert re.search(
        r"<tr><td class=\"whole\">123456789012</td><th scope=\"row\">ruled</th>"
        r"<td class=\"whole yes\">yes</td><td>directly</td>",
        shown.document,
    )


def test_no_word_of_a_head_is_broken(page: Path) -> None:
    """At 1000 pixels heads, account numbers, short names and dates are whole."""
    measured = with_script(page, BROKEN_WORDS)
    assert "<title>broken: </title>" in Shown(measured, "--window-size=1000,800").document


def with_script(page: Path, *scripts: str) -> Path:
    """The page without the policy that forbids scripts, and with these."""
    added = "".join(f"<script>{script}</script>" for script in scripts)
    changed = page.with_name("scripted.html")
    changed.write_text(page.read_text().replace(POLICY, "").replace("</body>", f"{added}</body>"))
    return changed


def judged(page: Path, scheme: str) -> str:
    """What axe-core finds wrong with the page in a light or dark browser, as JSON."""
    if not AXE.exists():
        missing("axe-core (make tools)")
    colours = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
    scripted = with_script(page, AXE.read_text(), JUDGED)
    document = Shown(scripted, colours, "--virtual-time-budget=20000").document
    found = re.search(r"<title>axe: (.*?)</title>", document)
    assert found, "axe-core did not end"
    return found[1]


def test_what_axe_finds(page: Path) -> None:
    """Nothing in landmarks, headings, tables, charts and contrast (WCAG 2.2 AA), light and dark; in a bad page, it."""
    assert [judged(page, scheme) for scheme in ("light", "dark")] == ["[]", "[]"]
    page.write_text(page.read_text().replace('<html lang="en">', "<html>").replace("--ink: #1f2328", "--ink: #cccccc"))
    assert {"html-has-lang", "color-contrast"} <= set(re.findall(r'"([a-z-]+)",', judged(page, "light")))


@pytest.mark.checkout
def test_the_digest_by_the_commands_of_the_document(page: Path) -> None:
    """The first writes page and lines, the second prints the digest; and nothing, if a byte of the lines is changed."""
    audit, check = re.findall(r"^\$ (.+)$", DOCUMENT.read_text(), re.MULTILINE)
    assert audit == " ".join(("mfasession", *WORDS))
    lines = page.with_suffix(".jsonl")
    shell = ("bash", "-c", check)
    done = subprocess.run(shell, cwd=page.parent, capture_output=True, text=True, check=True)
    assert done.stdout == hashlib.sha256(lines.read_bytes()).hexdigest() + "\n"
    lines.write_text(lines.read_text().replace("not covered", "covered", 1))
    assert subprocess.run(shell, cwd=page.parent, capture_output=True, text=True, check=False).stdout == ""


def test_the_page_on_paper(page: Path) -> None:
    """A4."""
    pdf = page.with_suffix(".pdf")
    Shown(page, "--no-pdf-header-footer", f"--print-to-pdf={pdf}")
    boxes = set(re.findall(rb"/MediaBox \[([0-9. ]+)\]", pdf.read_bytes()))
    assert [[round(float(each)) for each in box.split()] for box in boxes] == [[0, 0, 842, 595]]


def test_names_are_text(page: Path) -> None:
    """HTML in a policy is shown as text."""
    text = page.read_text()
    assert "&lt;img src=https://example.com/x onerror=alert(1)&gt;" in text
    assert not re.search(r"<(img|script|link|iframe|object|form)\b", Shown(page).document)


def test_the_page_can_do_nothing() -> None:
    """Its own policy forbids scripts, pictures, frames and requests, whatever stands in it."""
    assert POLICY.startswith("default-src 'none'")
    assert "script" not in POLICY


def test_the_page_by_itself(page: Path) -> None:
    """One file without references; readable on paper, in the dark, and by who sees no charts."""
    text = page.read_text()
    assert not re.findall(r"(?:src|href|url\()[=(\"']", text.replace("src=https://example.com/x", ""))
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert "@media print" in text
    assert "prefers-color-scheme: dark" in text
    assert '<html lang="en">' in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    referred = {name for names in re.findall(r'aria-labelledby="([^"]+)"', text) for name in names.split()}
    assert referred <= set(ids)
