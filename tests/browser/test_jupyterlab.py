"""The stepper in a real JupyterLab: shown by a cell, in its themes, sharing its step with Python, and untrusted."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.browser.conftest import Watch
from tests.browser.examples import SHOW, lecture, notebook

#: Python hears of every step, and answers step 3 by going to 40.
WIDGET = """from pathlib import Path

shown = stepper.widget()


def heard(change):
    Path("heard.txt").write_text(str(change.new))
    if change.new == 3:
        shown.step = 40


shown.observe(heard, "step")
shown"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def jupyterlab(root, settings):
    """A JupyterLab of its own, without news, accounts or anyone's settings."""
    scratch = {f"JUPYTER_{name}_DIR": str(settings / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    scratch |= {f"JUPYTERLAB_{name}_DIR": str(settings / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    port = free_port()
    options = {
        "ServerApp.root_dir": root,
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.expose_app_in_browser": True,
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with open(settings / "log.txt", "w") as log:
        server = subprocess.Popen(command, env=os.environ | scratch, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{address}/api"), f"JupyterLab does not answer: {(settings / 'log.txt').read_text()}")
        yield address
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:  # it waits for its kernels, on a busy machine for ever
            server.kill()
            server.wait()


def answers(url):
    try:
        return urlopen(url, timeout=2).status == 200
    except (URLError, ConnectionError, TimeoutError):
        return False


def wait_for(happens, complaint, seconds=60):
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            raise AssertionError(complaint)
        time.sleep(0.1)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    root, settings = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("settings")
    (root / "shown.ipynb").write_text(notebook(SHOW, WIDGET), encoding="utf-8")
    # Written by nobody that this JupyterLab knows: it does not trust the output.
    stored = json.loads(notebook(SHOW))
    data = lecture()._repr_mimebundle_()
    stored["cells"][0]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
    (root / "untrusted.ipynb").write_text(json.dumps(stored), encoding="utf-8")
    with jupyterlab(root, settings) as address:
        yield address, root


@pytest.fixture(scope="module")
def tab(browser, lab):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.watch = Watch(page)
    yield page
    context.close()


def open_notebook(page, address, name):
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_function("document.querySelector('#jp-main-statusbar')?.textContent.includes('| Idle')")


def test_a_cell_shows_the_stepper_in_light_and_dark_and_shares_its_step(tab, lab):
    address, root = lab
    open_notebook(tab, address, "shown.ipynb")
    tab.evaluate("jupyterapp.commands.execute('runmenu:run-all')")
    frames = tab.locator(".jp-OutputArea-output iframe")
    plain = frames.nth(0).content_frame
    plain.locator("#next").click()
    assert plain.locator("#count").text_content() == "1 / 67"
    assert plain.locator("#formula math").get_attribute("aria-label") == lecture().trace[0].text
    assert not tab.locator("[data-instead]").first.is_visible()
    heights = "(frame) => [frame.clientHeight, frame.contentDocument.body.scrollHeight]"
    assert len(set(frames.nth(0).evaluate(heights))) == 1
    background = "(body) => getComputedStyle(body).backgroundColor"
    assert plain.locator("body").evaluate(background) == "rgb(255, 255, 255)"

    shared = frames.nth(1).content_frame
    for _ in range(2):
        shared.locator("#next").click()
    wait_for(lambda: (root / "heard.txt").exists() and (root / "heard.txt").read_text() == "2", "Python did not hear")
    shared.locator("#next").click()
    tab.wait_for_function("document.querySelectorAll('iframe')[1].contentWindow.stepper.step === 40")
    wait_for(lambda: (root / "heard.txt").read_text() == "40", "Python does not know its own step")

    tab.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    tab.wait_for_function("document.querySelector('iframe').contentDocument.documentElement.dataset.theme === 'dark'")
    assert plain.locator("body").evaluate(background) == "rgb(20, 23, 28)"
    tab.evaluate("jupyterapp.commands.execute('docmanager:save')")
    wait_for(lambda: "srcdoc" in (root / "shown.ipynb").read_text(), "the notebook was not saved")


def test_an_untrusted_notebook_shows_the_picture_and_says_why(tab, lab):
    address, _ = lab
    open_notebook(tab, address, "untrusted.ipynb")
    picture = tab.locator(".jp-OutputArea-output img")
    picture.wait_for()
    assert picture.evaluate("(image) => image.naturalWidth") > 800
    assert tab.locator(".jp-OutputArea-output iframe").count() == 0
    assert "Trust this notebook" in tab.locator(".jp-OutputArea-output").text_content()
