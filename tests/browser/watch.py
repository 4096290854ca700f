"""Listens to a browser: what its console says against a page, and what its policy blocks."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

# Runs in every page before the page's own scripts.
REPORT_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
# Chromium logs each answer of 400 and above. For a page that is what the test wants to see.
ANSWERED = "Failed to load resource: the server responded with a status of"


class Watch:
    """Collects complaints; expected ones are named before they happen with `ignore`."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._ignored: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Listen to all pages of a context."""
        context.add_init_script(REPORT_POLICY)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    def ignore(self, part: str) -> None:
        """Complaints that hold these words are expected."""
        self._ignored.append(part)

    @property
    def complaints(self) -> list[str]:
        """What was heard and not expected."""
        return [line for line in self._heard if not any(part in line for part in self._ignored)]

    def forget(self) -> None:
        """Drop what was heard: axe-core writes styles into a page, which the policy blocks."""
        self._heard.clear()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        url = message.location.get("url", "")
        is_page = message.page is not None and url.split("#")[0] == message.page.url.split("#")[0]
        if not (is_page and message.text.startswith(ANSWERED)):
            self._heard.append(f"{url}: {message.text}")

    def _on_error(self, error: WebError) -> None:
        self._heard.append(str(error.error))
