"""People with a browser: how they look at a page, and what must be true of every page they see."""

import json
import os
import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.chromium import options
from tests.e2e.until import PATIENCE

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}

# WCAG 2.0 to 2.2, A and AA, and what axe holds for good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Look:
    """How a page is looked at: `name` is for the ids of tests and the names of pictures."""

    name: str
    screen: dict[str, int]
    scheme: str = "light"
    language: str = "en"


PHONE_LIGHT = Look("phone-light", PHONE)
PHONE_DARK = Look("phone-dark", PHONE, "dark")
DESKTOP_LIGHT = Look("desktop-light", DESKTOP)
DESKTOP_DARK = Look("desktop-dark", DESKTOP, "dark")
LOOKS = [PHONE_LIGHT, PHONE_DARK, DESKTOP_LIGHT, DESKTOP_DARK]


class Visitors:
    """Opens pages, each as somebody with a browser of their own; `complaints` are the browsers'."""

    def __init__(self, browser: Any, base: str) -> None:
        self._browser = browser
        self._base = base
        self._open = ExitStack()
        self.complaints: list[str] = []

    def __call__(
        self,
        path: str = "",
        look: Look = PHONE_LIGHT,
        *,
        scripts: bool = True,
        cookies: bool = True,
        language: str = "",
        **others: Any,
    ) -> Any:
        """A new visitor's page, opened at ``path``, or nowhere yet.

        ``scripts=False``: JavaScript is off. ``cookies=False``: no cookie and no storage, the page's
        own too. ``language`` is the browser's. ``others`` are options of Playwright's new_context,
        such as ``reduced_motion="reduce"``.
        """
        wishes = {
            "base_url": self._base,
            "viewport": look.screen,
            "color_scheme": look.scheme,
            "locale": language or look.language,
            "java_script_enabled": scripts,
            **others,
        }
        context = self._browser.new_context(**wishes) if cookies else self._without_cookies(wishes)
        self._open.callback(context.close)
        context.on("page", self._listen)
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        if path:
            page.goto(path)
        return page

    def close(self) -> None:
        self._open.close()

    def _without_cookies(self, wishes: dict[str, Any]) -> Any:
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="chromium-")))
        (folder / "Default").mkdir()
        blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
        (folder / "Default" / "Preferences").write_text(json.dumps(blocked))
        return self._browser.browser_type.launch_persistent_context(
            folder, **options(home=folder), **wishes
        )

    def _listen(self, page: Any) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._hear(page, said))

    def _hear(self, page: Any, said: Any) -> None:
        if "Content Security Policy" in said.text:
            self.complaints.append(f"{page.url}: {said.text}")


def axe(page: Any) -> None:
    """Assert that axe finds nothing on this page as it stands.

    It comes in by the devtools, past the page's policy, which stays in force meanwhile. Where
    JavaScript is off it couldn't run, and looks at the same document in a browser where it is on.
    """
    if page.evaluate("() => matchMedia('(scripting: none)').matches"):
        twin = _opened_anew(page)
        axe(twin)
        twin.context.close()
        return
    devtools = page.context.new_cdp_session(page)
    devtools.send("Runtime.evaluate", {"expression": f"{AXE};0"})
    # Off unless asked for by name: 24 pixels for every target (WCAG 2.5.8).
    rules = {"target-size": {"enabled": True}}
    wanted = {"runOnly": TAGS, "rules": rules, "resultTypes": ["violations"]}
    call = (
        f"axe.run(document, {json.dumps(wanted)}).then((found) => JSON.stringify(found.violations))"
    )
    options = {"expression": call, "awaitPromise": True, "returnByValue": True}
    found = devtools.send("Runtime.evaluate", options)
    devtools.detach()
    violations = json.loads(found["result"]["value"])
    assert not violations, f"{page.url}\n" + "\n".join(map(_told, violations))


def serious(page: Any) -> list[str]:
    """What axe finds that keeps somebody out, on our own parts and on Unfold's."""
    try:
        axe(page)
    except AssertionError as error:
        told = re.split(r"\n(?=  [a-z])", str(error))
        return [each for each in told if "(serious)" in each or "(critical)" in each]
    return []


def _opened_anew(page: Any) -> Any:
    """The same document where JavaScript is on, but none of the page's own comes."""
    is_dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    context = page.context.browser.new_context(
        viewport=page.viewport_size, color_scheme="dark" if is_dark else "light"
    )
    # What stands in it is text for a parser that knows of JavaScript.
    html = re.sub("</?noscript>", "", page.content())
    twin = context.new_page()
    twin.route("**/*.js", lambda route: route.abort())
    address = page.url.partition("#")[0]
    twin.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))
    twin.goto(address)
    return twin


def _told(violation: dict[str, Any]) -> str:
    nodes = [
        f"    {node['target']} {node['html'][:200]}\n      {node.get('failureSummary', '')}"
        for node in violation["nodes"][:5]
    ]
    return "\n".join([f"  {violation['id']} ({violation['impact']}): {violation['help']}", *nodes])


def shoot(page: Any, name: str) -> None:
    """Take a picture of the whole page into the folder PICTURES, if there is one."""
    if folder := os.environ.get("PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name)
        page.screenshot(path=Path(folder) / f"{plain}.png", full_page=True)
