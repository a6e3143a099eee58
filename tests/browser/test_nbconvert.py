"""A notebook with a stepper, exported to HTML: it works offline, from disk, without a kernel."""

import subprocess
import sys

import pytest

from tests.browser.examples import SHOW, notebook


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    (folder / "lecture.ipynb").write_text(notebook(SHOW), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "lecture.ipynb"]
    # What nbconvert's own template loads from the network.
    command += ["--HTMLExporter.mathjax_url=", "--HTMLExporter.require_js_url=", "--HTMLExporter.jquery_url="]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (folder / "lecture.html").read_text("utf-8")


def test_the_exported_page_steps_offline(show, exported):
    page = show(exported, wait="document.querySelector('iframe')?.contentWindow.stepper !== undefined")
    frame = page.frame_locator("iframe")
    frame.locator("#last").click()
    assert frame.locator("#count").text_content() == "67 / 67"
    assert frame.locator("#leaves").get_by_label("w_GD", exact=True).is_visible()
    cells = frame.locator("#leaves tr", has=frame.get_by_label("w_GD", exact=True)).locator("td")
    assert cells.all_text_contents()[1:] == ["4.5", "−0.03816", "0.3816", "4.882"]
    assert not page.locator("[data-instead]").is_visible()
