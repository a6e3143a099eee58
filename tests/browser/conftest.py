"""A real Chromium, and pages opened in it that may neither fail nor ask the network for anything."""

import os
import shutil
from importlib.util import find_spec

import pytest

CHROMIUM = shutil.which("chromium")
#: Everything here shares one browser a worker.
GROUP = "browser"


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items):
    here = os.path.dirname(__file__)
    reason = "needs chromium and playwright (Debian: apt install chromium; pip install playwright)"
    # Where CI is set, tests/conftest.py does not let a run begin without them.
    absent = not (CHROMIUM and find_spec("playwright")) and not os.environ.get("CI")
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.xdist_group(GROUP))
            if absent:
                item.add_marker(pytest.mark.skip(reason=reason))


# Playwright's event loop runs as long as it lives, and asyncio.run refuses to start beside it: not for the session.
@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=options)
        yield browser
        browser.close()


class Watch:
    """What happens in a page besides what is tested: errors of its scripts, requests, dialogs."""

    def __init__(self, page):
        self.errors, self.requests = [], []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: self.errors.append(f"dialog {dialog.message}") or dialog.dismiss())
        page.on("request", lambda request: self.requests.append(request.url))

    @property
    def outside(self):
        """Requests that leave the page's own file."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:", "about:"))]


@pytest.fixture
def show(browser, tmp_path):
    """Opens HTML from disk without a network, and checks afterwards that nothing failed or was asked for."""
    contexts, watches = [], []

    def show(html, name="page.html", wait="document.readyState === 'complete'", **options):
        path = tmp_path / name
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(offline=True, **{"viewport": {"width": 1200, "height": 900}} | options)
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        watches.append(Watch(page))
        page.goto(path.as_uri())
        page.wait_for_function(wait)
        return page

    yield show
    for context in contexts:
        context.close()
    for watch in watches:
        assert watch.errors == []
        assert watch.outside == []


@pytest.fixture
def open_stepper(show):
    def open_stepper(stepper, **options):
        return show(stepper.html, wait="window.stepper !== undefined", **options)

    return open_stepper
