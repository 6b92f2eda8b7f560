"""The page in a real Chromium: what a person sees and does, under the policy that the server sends.

Photographs go to the folder that WATCHKEEPER_PICTURES names, such as docs/images; else nowhere that stays.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect, sync_playwright

from ...limits import HANG_S
from ...play import Place, script
from ...runtime.keeper.helpers import until
from .. import story
from .helpers import Served, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; on Debian: apt-get install chromium"),
    pytest.mark.xdist_group("shared"),  # one process: the story is played and the browser started once
]
expect.set_options(timeout=HANG_S * 1000)
WIDE, NARROW = ViewportSize(width=1360, height=850), ViewportSize(width=360, height=740)
VIEWS = {
    "overview": "/",
    "run": "/runs/3-full-1",
    "live": "/runs/2-quick-1",
    "report": "/reports/3-r2",
    "model": "/models/3",
    "chains": "/runs/3-full-1/chains",
    "compare": "/compare?a=1-quick-1&b=1-quick-2",
    "runs": "/runs",
}
_NEUTRAL = """([python, ...roots]) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) for (const [own, shown] of [[python, "/home/ana/.venv/bin/python"], ...roots.map((one) => [one, "/home/ana/schools"])])
    walker.currentNode.data = walker.currentNode.data.replaceAll(own, shown);
}"""  # noqa: E501
"""Takes the places of this machine out of what is photographed."""
LARGEST_PICTURE_BYTES = 210_000
_REFUSED = "addEventListener('securitypolicyviolation', (one) => { (window.refused ??= []).push(one.blockedURI); });"


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def story_page(shared: Place, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with served(shared.root, tmp_path_factory.mktemp("state")) as server:
        yield server


def opened(browser: Browser, server: Served, theme: str = "light", size: ViewportSize = WIDE) -> Page:
    """Open the link as a person does, and wait until the first page follows the record."""
    dark = theme == "dark"
    context = browser.new_context(
        viewport=size, color_scheme="dark" if dark else "light", locale="en-GB", device_scale_factor=0.75
    )
    context.set_default_timeout(HANG_S * 1000)
    context.add_init_script(_REFUSED)
    page = context.new_page()
    page.goto(server.link)
    live(page)
    return page


def live(page: Page) -> None:
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=HANG_S * 1000)


def see(page: Page, path: str) -> None:
    at = urlsplit(page.url)
    page.goto(f"{at.scheme}://{at.netloc}{path}")
    live(page)
    if page.locator("figure.chart[data-group]").count():
        page.wait_for_selector("body[data-charts]")
        expect(page.locator(".uplot canvas").first).to_be_visible()


def photographed(page: Page, name: str) -> None:
    if not (folder := os.environ.get("WATCHKEEPER_PICTURES")):
        return
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(_NEUTRAL, [sys.executable, *sorted(re.findall(r"/\S+?/schools(?=/)", page.content()), key=len)[-1:]])
    picture = page.screenshot(full_page=False)
    assert len(picture) < LARGEST_PICTURE_BYTES, name
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / f"{name}.png").write_bytes(picture)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_drawn_in_both_themes_under_its_policy(browser: Browser, story_page: Served, theme: str) -> None:
    page = opened(browser, story_page, theme)
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: said.append(str(one)))
    grounds: set[str] = set()
    for name, path in VIEWS.items():
        see(page, path)
        if name == "run":
            expect(page.locator("#chains-part svg")).to_have_count(4)  # two parameters: their draws, their ranks
        photographed(page, f"{name}-{theme}")
        assert page.evaluate("window.refused ?? []") == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        unnamed = "[...document.querySelectorAll('button, a, input, select, textarea')].filter((one) => one.offsetParent && one.type !== 'hidden' && !(one.textContent?.trim() || one.ariaLabel || one.labels?.length)).length"  # noqa: E501
        assert page.evaluate(unnamed) == 0, name
        grounds.add(str(page.evaluate("getComputedStyle(document.body).backgroundColor")))
    assert said == []
    assert grounds == {"rgb(245, 246, 248)" if theme == "light" else "rgb(15, 20, 25)"}
    page.context.close()


def test_a_narrow_screen_holds_every_page_and_the_keyboard_leads_through_them(
    browser: Browser, story_page: Served
) -> None:
    page = opened(browser, story_page, size=NARROW)
    for name, path in VIEWS.items():
        see(page, path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    see(page, "/runs/1-quick-1")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#L23.here")).to_be_in_viewport()
    page.keyboard.press("o")
    page.wait_for_selector("#waits")
    live(page)
    page.keyboard.press("a")
    expect(page.locator("#answer-form input[name=action]").first).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("dialog#help")).to_be_visible()
    page.context.close()


def test_a_person_who_has_never_seen_it_finds_the_line_the_reason_and_answers_within_six_clicks(
    browser: Browser, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    story.rejected(place)
    with served(place.root, tmp_path_factory.mktemp("state")) as server:
        page = opened(browser, server)
        clicks = 0

        def click(selector: str) -> None:
            nonlocal clicks
            clicks += 1
            page.locator(selector).first.click()

        click("#waits a:has-text('Line 26 of the log')")  # 1: the failing line
        expect(page.locator("#L26.here")).to_be_in_viewport()
        expect(page.locator("#L30")).to_contain_text("has no attribute 'cuont'")
        expect(page.locator("#verdict .badge")).to_contain_text("rejected: incomplete training")
        click("nav.jump a[href='#verdict']")  # 2: why the verdict rejected
        expect(page.locator("#verdict .checks li").first).to_contain_text("The run is failed: exit status 1")
        click(".banner.ask a")  # 3: its report
        page.wait_for_selector("#answer-form")
        click("label.choice:has-text('RESTART')")  # 4
        click("#instructions")  # 5
        page.keyboard.type("It is called count.")
        click("#answer-form button.primary")  # 6: answered
        expect(page.locator(".banner.good")).to_contain_text("on record")
        assert clicks <= 6
        page.context.close()
    answer = place.reports()[0].answer
    assert answer is not None
    assert (answer.action, answer.instructions) == ("RESTART", "It is called count.")
    assert answer.who.startswith("person over the page")


LATE = script("""
wait_for("begin")
print("before")
print("long " + "x" * 5_000_000)
for number in range(1, 31):
    print(f"epoch {number}/60 grad_norm={3 / number:.3f}", flush=True)
wait_for("go")
for number in range(31, 61):
    print(f"epoch {number}/60 loss={4 / number:.3f} grad_norm={3 / number:.3f}", flush=True)
raise RuntimeError("over")
""")


def test_a_run_s_page_that_was_opened_before_anything_came_gets_its_curves_log_and_reports(
    browser: Browser, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place.script(LATE, model="2")
    story.run(place, "start", "2", "quick")
    with served(place.root, tmp_path_factory.mktemp("state")) as server:
        page = opened(browser, server)
        see(page, "/runs/2-quick-1")
        titles = page.locator("#curves figcaption b")
        expect(titles).to_have_count(0)
        (place.root / "begin").touch()
        expect(page.locator("#lines")).to_contain_text("epoch 30/60")
        expect(page.locator("#L2")).to_contain_text("long xxx")
        expect(page.locator("#curves .uplot")).to_have_count(1)
        place.go()
        expect(titles).to_have_text(["Loss", "Gradient norm"])
        expect(page.locator("#curves .uplot")).to_have_count(2)
        expect(page.locator("#curves figure:has-text('Gradient norm') .u-legend")).to_contain_text("whole")
        expect(page.locator("#curves figure:has-text('Loss') .u-legend")).to_contain_text("training")
        place.ends("2-quick-1")
        story.run(place, "report", "It broke.", "--run", "2-quick-1")
        expect(page.locator("#reports")).to_contain_text("It broke.")
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url) if "/log?" in one.url else None)
        see(page, "/runs/2-quick-1?line=1")
        expect(page.locator("#lines")).to_contain_text("RuntimeError: over")
        assert len(asked) < 5
        page.context.close()


_LOGS_TOLD = """window.logsTold = 0;
const Source = window.EventSource;
window.EventSource = class extends Source {
  constructor(...given) { super(...given); this.addEventListener("log", () => { window.logsTold += 1; }); }
};"""


def test_a_log_that_grew_before_the_script_of_its_window_was_loaded_is_shown(
    browser: Browser, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = 'print("before", flush=True)\nwait_for("more")\nprint("after", flush=True)\nwait_for("go")\n'
    place.script(script(f"{lines}leave_what_the_phase_asks_for()\n"), model="2")
    story.run(place, "start", "2", "quick")
    place.says("output/implementation/logs/training_quick_2.log", "before")
    with served(place.root, tmp_path_factory.mktemp("state")) as server:
        page, held = opened(browser, server), list[Route]()
        page.add_init_script(_LOGS_TOLD)
        page.route("**/log.js*", lambda route: held.append(route))  # noqa: PLW0108 (playwright marks what it is given)
        page.goto(page.url.partition("#")[0] + "runs/2-quick-1", wait_until="commit")
        expect(page.locator("#lines")).to_contain_text("before")
        (place.root / "more").touch()
        place.says("output/implementation/logs/training_quick_2.log", "after")
        until(lambda: page.evaluate("window.logsTold") >= 2, "the stream has told of it")
        held[0].continue_()
        expect(page.locator("#lines")).to_contain_text("after")
        page.context.close()
    place.go()


def test_an_open_page_follows_the_record_through_a_restart_of_its_server_and_two_people_do_not_overwrite_each_other(
    browser: Browser, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    state = tmp_path_factory.mktemp("state")
    waits = 'while not pathlib.Path("go").exists():'
    assert waits in story.GOES_ON
    place.script(story.GOES_ON.replace(waits, f'print("here I wait", flush=True)\n{waits}'), model="2")
    story.run(place, "start", "2", "quick")
    with served(place.root, state) as server:
        page = opened(browser, server)
        see(page, "/runs/2-quick-1")
        expect(page.locator("#lines")).to_contain_text("here I wait")
        where = urlsplit(server.at).netloc
        assert server.end(signal.SIGTERM) == 0
        expect(page.locator("#live")).to_have_attribute("data-state", "lost")
    place.go()
    place.ends("2-quick-1")
    story.failing(place)
    with served(place.root, state, where) as server:
        live(page)
        expect(page.locator("#head .badge")).to_contain_text("done")
        page.get_by_role("link", name="Overview").first.click()
        page.locator("#waits a.go").click()
        other = page.context.new_page()
        other.goto(page.url)
        for one, words in ((page, "Drop them."), (other, "Let it be.")):
            one.locator("label.choice:has-text('RESTART')").click()
            one.locator("#instructions").fill(words)
        page.locator("#answer-form button.primary").click()
        expect(page.locator("#answered")).to_contain_text("Drop them.")
        expect(other.locator("#answered")).to_contain_text("Drop them.")  # told by the record, without being loaded
        assert other.locator("#instructions").input_value() == "Let it be."
        other.locator("#answer-form button.primary").click()
        expect(other.locator("#refused")).to_contain_text("has changed since you read it")
        assert other.locator("#instructions").input_value() == "Let it be."
        page.context.close()
        assert server.end(signal.SIGINT) == 0
    assert [one.answer.instructions for one in place.reports() if one.answer] == ["Drop them."]
