"""Plain texts, which are read without the whole grammar: held to `ini`, and usual files are plain."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mfasession import awsfiles
from mfasession.awsfiles import headers, ini, managed
from tests.helpers.support import key_pair, session_section
from tests.unit.awsfiles.test_ini import NAMES, any_lines, examples, fault_of, texts

USUAL = (
    "",
    "# made by hand\n\n",
    key_pair() + session_section(),
    key_pair() + "\n" + key_pair("work") + "# of 2024\n\n\n[empty]\n[last]\nk=v",
    "[default]\nregion = eu-west-1\n\n[profile work]\nrole_arn: arn:aws:iam::1:role/admin\n; old\nK = a = b\n",
)
MANAGERS = ("manager = mfasession", "Manager=mfasession", "manager: mfasession", "=mfasession")


@examples(500)
@given(text=texts())
@example(text="[a]\nk\x1c= v\n")
@example(text="[a]\n\x85k = v\n")
@example(text="[a]\nk = v\n[x\n")
@example(text="[a]\nk = v\n[]\n")
@example(text="[a]\nk: v = w\n[b]\n[a] ; x]\n")
@example(text="k = v\n[a]\n")
@example(text="#[a]\n;\n[a]\n")
@example(text="[a]\nK = v\nk = v\n")
@example(text="[a]\n\n[b]")
def test_a_plain_text_is_read_as_by_the_whole_grammar(text: str) -> None:
    """The same sections and keys in the same order, and no text with a fault is plain."""
    found = awsfiles.plain_sections(text)
    if found is None:
        return
    assert fault_of(lambda: ini.parse(text)) is None
    expected = ini.parse(text)
    assert found == expected
    assert list(found) == list(expected)
    assert [list(keys) for keys in found.values()] == [list(keys) for keys in expected.values()]


@examples(500)
@given(
    text=texts(st.one_of(any_lines, any_lines, st.sampled_from(("manager = mfasession", "Manager=mfasession", "=v"))))
)
@example(text="[a]\nmanager = mfasession\n[b]\nk = [a]\nmanager = mfasession")
@example(text="[b]\nk = [a]\n[a]\nmanager = mfasession\n")
@example(text="[a]\nmanager = mfasession\n=v\n")
@example(text="=\n[a]\nmanager = mfasession\n")
@example(text="[a] ; b = ]\nmanager = mfasession\n")
@example(text="[]\nmanager = mfasession\n")
@example(text="[a]\nMANAGER = mfasession\nk = v\nK = v\n")
@example(text="[a]\nmanager = mfasession\n# manager = x\n\n; [b]\nk: l = v\n")
@example(text="[a]\nmanager = mfasession\nk: v\n")
@example(text="[a]\nmanager = mfasession\nk = v==\nl = =\n[b]\nk = =v=\n=\n")
@example(text="[a]\nmanager = mfasession\nk ==\n[b]\nmanager = mfasession\nl = v=")
@example(text="[a]\nmanager = mfasession\n[b=c]\nmanager = mfasession\n")
@example(text="[a]\nk = v\n[a]\nmanager = mfasession\n")
@example(text="k = v\n[a]\nmanager = mfasession")
@pytest.mark.parametrize("piece", [10, 64_000])
def test_managed_sections_are_found_as_by_the_whole_grammar(text: str, piece: int) -> None:
    """The managed ones of all sections, and none where there is a fault anywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(managed, "PIECE", piece)
        found = managed.sections(text)
    if found is None:
        return
    assert fault_of(lambda: ini.parse(text)) is None
    expected = {name: keys for name, keys in ini.parse(text).items() if awsfiles.is_managed(keys)}
    assert found == expected
    assert list(found) == list(expected)


@examples(500)
@given(text=texts(), name=st.sampled_from((*NAMES, "b", "", "a\nb", "missing")))
@example(text="[a]\nk = v\n[b\n", name="a")
@example(text="[a]\nk = v\n[]\n", name="a")
@example(text="[a]\nk = v\n[b\r]\n", name="a")
@example(text="[a]\nk = v\r[a]\n", name="a")
@example(text="[a]\nk = v\n[b]\nk = [a]\n", name="a")
@example(text="x\r[a]\nk = v\n", name="a")
@example(text="[a]\n[", name="a")
@example(text="[a]\n[b", name="a")
@example(text="[b]\n[a]", name="a")
@example(text=" [a]\nk = v\n", name="a")
@example(text="[b]\nbare\n[a]\nk = v\n\n[c]\nbare\n", name="a")
def test_a_plain_section_is_read_as_by_the_whole_grammar(text: str, name: str) -> None:
    """Where a section is plain, it is what `ini.read_section` returns, whatever stands elsewhere."""
    is_plain, found = awsfiles.plain_section(text, name)
    if not is_plain:
        assert found is None
        return
    assert fault_of(lambda: ini.read_section(text, name)) is None
    expected = ini.read_section(text, name)
    assert found == expected
    assert found is None or expected is None or list(found) == list(expected)


@pytest.mark.parametrize("text", USUAL)
def test_usual_texts_are_plain(text: str) -> None:
    """What the AWS CLI, mfasession and most people write is read without the grammar's modules."""
    assert awsfiles.plain_sections(text) == ini.parse(text)
    assert list(managed.sections(text) or ()) == (["default-mfa"] if "manager" in text else [])
    assert ":" in text or managed.sections(text) is not None
    for name in (*ini.section_names(text), "missing"):
        assert awsfiles.plain_section(text, name) == (True, ini.read_section(text, name))


spellings = st.builds(
    "{}[{}{}{}]{}".format,
    st.sampled_from(("", "", "", " ", "k = ")),
    st.sampled_from(("profile ", "profile ", "profile ", "profile  ", "profile\t", "profiles ", "profile", "")),
    st.sampled_from(("x", "x", "my-x", "x-y", "default", "x x", "x]", "]x")),
    st.sampled_from(("", "", "", " ", "\t", "\x0b", "]")),
    st.sampled_from(("", "", "", " ", " # c", " ; x]")),
)


@examples(400)
@given(
    lines=st.lists(spellings, max_size=5, unique=True),
    profile=st.sampled_from(("x", "default", "x]", "]x", "x x", "my-x")),
    line_break=st.sampled_from(("\n", "\n", "\r", "\r\n")),
)
@example(lines=["[profile my-x]", "[profile x]"], profile="x", line_break="\n")
@example(lines=["[default]", "[profile default]"], profile="default", line_break="\n")
def test_a_profile_is_found_under_each_spelling_of_its_header(lines: list[str], profile: str, line_break: str) -> None:
    """The section that is searched for by its usual header is the one that all headers, read in turn, would lead to."""
    text = line_break.join(f"{line}{line_break}k{number} = v" for number, line in enumerate(lines)) + line_break
    if fault_of(lambda: ini.parse(text)):
        return
    files = awsfiles.AwsFiles({"AWS_CONFIG_FILE": "/none/config", "AWS_SHARED_CREDENTIALS_FILE": "/none/credentials"})
    files._texts["/none/config"] = text
    assert files.config(profile) == headers.profiles(ini.parse(text)).get(profile)
