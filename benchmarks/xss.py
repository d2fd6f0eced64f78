"""XSS in a real browser: payloads in answers, reasoning, citations, titles, file names, document texts, web pages and
names, on every page of the app. Counted is what ran (or would at a touch), and every request to another origin."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import select

from benchmarks.figures import Figure, progress
from benchmarks.hostile_world import PASSWORD, World
from benchmarks.xss_payloads import PAYLOADS, xss_payloads
from kb_platform.conversations import citation_record, source_record
from kb_platform.database.people_tables import Department, Group
from kb_platform.database.tables import Conversation, Document, KnowledgeBase, Turn, TurnState, User, now
from kb_platform.domain.answer import Citation, Source, Support
from kb_platform.domain.chunk import Hit, Scores, WebPage

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Dialog, Page

QUICK_PAYLOADS = 20
TURNS_A_PAGE = 25
FORMATS = ("md", "html", "txt", "csv")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_WOULD_RUN = """() => {
  const found = [];
  for (const node of document.querySelectorAll("*")) {
    for (const { name, value } of node.attributes) {
      const address = value.replace(/[\\s\\u0000-\\u001f]/g, "").toLowerCase();
      if (name.startsWith("on")) found.push(`${node.localName} ${name}`);
      if (/^(href|src|action|formaction|xlink:href|data|srcdoc)$/.test(name) &&
          (name === "srcdoc" || /^(javascript|vbscript|data:text|data:image\\/svg)/.test(address)))
        found.push(`${node.localName} ${name}=${value.slice(0, 80)}`);
    }
    if (/^(iframe|object|embed|base|applet|portal)$/.test(node.localName)) found.push(node.localName);
    if (node.localName === "meta" && node.hasAttribute("http-equiv")) found.push("meta refresh");
  }
  return found;
}"""
"""What nobody has touched yet: handlers, addresses that are code, frames."""
_OPEN_ALL = """() => {
  for (const node of document.querySelectorAll("main [aria-expanded=false]")) node.click();
  for (const node of document.querySelectorAll("*")) node.dispatchEvent(new PointerEvent("pointerover"));
}"""


@dataclass
class Seen:
    """What a browser saw: scripts that ran or would, and requests that left."""

    ran: list[str] = field(default_factory=list)
    off_origin: list[str] = field(default_factory=list)


def measure_xss(world: World, quick: bool) -> Iterator[Figure]:
    """Yield what ran and what left; nothing where there is no Chromium to try it in."""
    payloads = xss_payloads(QUICK_PAYLOADS if quick else PAYLOADS)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        progress("XSS was not tried: no Chromium on this machine (Debian: apt-get install chromium)")
        return
    seen = seen_by_a_browser(world, payloads, chromium)
    for what in (*seen.ran, *seen.off_origin):
        progress(what)
    yield Figure("hostile", "xss_run", len(seen.ran), "payloads", len(payloads))
    yield Figure("hostile", "off_origin_requests", len(seen.off_origin), "requests", len(payloads))


def seen_by_a_browser(world: World, payloads: Sequence[str], chromium: str) -> Seen:
    """Put the payloads everywhere, then look at everything."""
    client = world.administrator()
    paths = _planted(world, client, payloads)
    with browsing(chromium, world.url) as (context, seen):
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_test_id("login-email").fill("admin@localhost")
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        page.get_by_test_id("question-input").wait_for()
        for number, (path, sign) in enumerate(paths):
            progress(f"pages {number}/{len(paths)}: {path}")
            _look(page, path, sign, seen)
    return seen


@contextmanager
def browsing(chromium: str, own: str) -> Iterator[tuple[BrowserContext, Seen]]:
    """A browser context that notes what runs and what leaves; nothing gets out."""
    from playwright.sync_api import sync_playwright

    seen = Seen()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        context = browser.new_context(base_url=own, locale="en-US", viewport={"width": 1440, "height": 2400})
        context.set_default_timeout(60_000)
        context.expose_function("ran", lambda *what: seen.ran.append(f"ran {what}"))

        def note(url: str) -> None:
            if not url.startswith((own + "/", "data:", "blob:", "about:")):
                seen.off_origin.append(url)

        context.on("request", lambda request: note(request.url))
        context.route(lambda url: not url.startswith(own), lambda route: route.abort())
        context.on("dialog", lambda dialog: _dismiss(dialog, seen))
        yield context, seen
        context.close()
        browser.close()


def _dismiss(dialog: Dialog, seen: Seen) -> None:
    seen.ran.append(f"dialog {dialog.message}")
    dialog.dismiss()


def _look(page: Page, path: str, sign: str, seen: Seen) -> None:
    page.goto(path)
    page.locator(sign).first.wait_for()
    with suppress(Exception):  # a page that never rests (a live feed) is looked at all the same
        page.wait_for_load_state("networkidle", timeout=1500)
    page.evaluate(_OPEN_ALL)
    page.wait_for_timeout(300)
    seen.ran += [f"would run on {path}: {what}" for what in page.evaluate(_WOULD_RUN)]


def _planted(world: World, client: httpx.Client, payloads: Sequence[str]) -> list[tuple[str, str]]:
    """Put the payloads where strangers' words come to stand; return the pages that show them, each with a selector of
    what is there once it is shown."""
    base = client.post("/api/v1/knowledge-bases", json={"name": "x"}).json()["id"]
    documents = [
        client.post(
            f"/api/v1/knowledge-bases/{base}/documents",
            data={"duplicates": "keep"},
            files=[("files", (f"{start}.{kind}", _text_of(kind, payloads[start : start + TURNS_A_PAGE]).encode()))],
        ).json()["documents"][0]["id"]
        for start in range(0, len(payloads), TURNS_A_PAGE)
        for kind in FORMATS
    ]
    world.read_all()
    named = [(f"{number}.txt", f"文件 {number}".encode()) for number in range(len(payloads))]
    for start in range(0, len(named), 100):
        batch = [("files", one) for one in named[start : start + 100]]
        client.post(f"/api/v1/knowledge-bases/{base}/documents", files=batch).raise_for_status()
    conversations = _plant_rows(world, base, payloads)
    for conversation in conversations:  # or the browser would be shown nothing
        client.get(f"/api/v1/conversations/{conversation}").raise_for_status()
    turn = "[data-testid=turn]"
    pages = [(f"/c/{conversation}", turn) for conversation in conversations]
    pages.append((f"/documents/{base}", "main"))
    for document in documents:
        pages.append((f"/documents/{base}?doc={document}", "[data-testid=source-panel]"))
        pages.append((f"/documents/{base}?doc={document}&view=passages", "[data-testid=source-panel]"))
    return [*pages, ("/audit", "main"), ("/usage", "main"), ("/feedback", "main"), ("/hit-testing", "main")]


def _plant_rows(world: World, base: str, payloads: Sequence[str]) -> list[str]:
    """Write the payloads straight into the tables: no check on the way in shall help the browser."""
    with world.services.database.writing() as session:
        session.get_one(KnowledgeBase, base).name = payloads[0]
        session.get_one(KnowledgeBase, base).description = payloads[-1]
        user = session.scalars(select(User)).one()
        user.display_name = payloads[3][:200]
        session.add_all(Department(name=payload[:200]) for payload in payloads[:10])
        session.add_all(Group(name=payload[:200]) for payload in payloads[:10])
        # Those of the texts keep theirs: their kind is seen by the suffix.
        rows = session.scalars(select(Document).where(Document.knowledge_base_id == base, Document.name.like("%.txt")))
        for payload, row in zip(payloads, [one for one in rows if one.current_version_id is None], strict=False):
            row.name, row.folder, row.tags = payload[:250] + ".txt", payload[:100], [payload[:40]]
        made = []
        for start in range(0, len(payloads), TURNS_A_PAGE):
            conversation = Conversation(user_id=user.id, knowledge_base_ids=[base], title=payloads[start][:200])
            session.add(conversation)
            session.flush()
            made.append(conversation.id)
            for number, payload in enumerate(payloads[start : start + TURNS_A_PAGE], 1):
                session.add(_turn(conversation.id, number, base, payload))
    return made


def _turn(conversation_id: str, number: int, base: str, payload: str) -> Turn:
    """A turn of which every text is the payload."""
    address = payload if "script:" in payload else f"https://evil.example/{number}"
    sources = [
        Source(1, _hit(base, payload)),
        Source(2, _hit(base, payload, WebPage(address, payload, "2026-01-02", now()))),
    ]
    cited = [Citation(one.number, 0, len(payload), 0, len(payload), Support.SUPPORTED, 0.9, payload) for one in sources]
    return Turn(
        conversation_id=conversation_id,
        number=number,
        state=TurnState.DONE,
        question=payload,
        query=payload,
        reasoning=payload,
        answer=f"{payload} [1] [2]",
        answerer="model",
        model=payload[:255],
        sources=[source_record(one) for one in sources],
        citations=[citation_record(one) for one in cited],
        notices=[{"code": payload, "message": payload}],
        error="",
    )


def _hit(base: str, payload: str, web: WebPage | None = None) -> Hit:
    ids = [str(uuid.uuid4()) for _ in range(3)]
    return Hit(
        ids[0],
        base,
        ids[1],
        ids[2],
        payload,
        payload,
        0,
        0,
        len(payload),
        payload,
        (payload,),
        scores=Scores(0.9),
        web=web,
    )


def _text_of(kind: str, payloads: Sequence[str]) -> str:
    if kind == "csv":
        rows = [["条款", "内容"], *([str(number), payload] for number, payload in enumerate(payloads))]
        return "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    text = "\n\n".join(f"第 {number} 条 {payload}" for number, payload in enumerate(payloads))
    return f"<html><title>{payloads[0]}</title><body>{text}</body></html>" if kind == "html" else f"# {text}"


def would_be_seen(payloads: Sequence[str], chromium: str) -> tuple[int, int]:
    """Return how many of the payloads are seen when a page without any guard holds them, and how many were tried: the
    measure's own measure."""
    found = 0
    for payload in payloads:
        with browsing(chromium, "http://unguarded.invalid") as (context, seen):
            page = context.new_page()
            _look_unguarded(page, payload, seen)
            found += bool(seen.ran or seen.off_origin)
    return found, len(payloads)


def _look_unguarded(page: Page, payload: str, seen: Seen) -> None:
    with suppress(Exception):  # some take the page away while it is being set
        page.set_content(f"<main>{payload}</main>", wait_until="commit")
        page.wait_for_timeout(150)
        seen.ran += list[Any](page.evaluate(_WOULD_RUN))
