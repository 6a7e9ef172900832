"""What stands in built/ was made of what stands in js/ and in the lock file, and nothing in it names a host."""

import hashlib
import json
import re

from tests.conftest import ROOT

PAGE = ROOT / "charrnn" / "page"
BUILT = PAGE / "built"


def test_built_was_made_of_these_modules():
    made_of = hashlib.sha256()
    for file in sorted((PAGE / "js").iterdir()):
        made_of.update(file.read_bytes())
    made_of.update((ROOT / "package-lock.json").read_bytes())
    assert (BUILT / "made_of.txt").read_text().strip() == made_of.hexdigest(), "run: npm run build"


def test_the_licence_of_what_is_not_ours_stands_beside_it():
    assert "Permission is hereby granted" in (BUILT / "LICENSE-abcjs.txt").read_text()


def test_versions_are_exact_and_come_from_no_named_host():
    versions = json.loads((ROOT / "package.json").read_text())["devDependencies"].values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    lock = (ROOT / "package-lock.json").read_text()
    assert "resolved" not in lock and lock.count('"integrity"') >= len(versions)


def test_the_script_cannot_end_its_element():
    assert "</script" not in (BUILT / "page.js").read_text().lower()


def test_our_modules_ask_for_nothing():
    words = re.compile(
        r"\b(?:fetch|XMLHttpRequest|WebSocket|eval|importScripts|innerHTML|insertAdjacentHTML|document\.write)\b"
    )
    for file in (PAGE / "js").iterdir():
        assert not words.search(file.read_text()), file.name
