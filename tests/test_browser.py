"""The report in a real browser: nothing from outside, fits a phone, figures that hold something."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sim import compare, load_comparison

pytestmark = pytest.mark.slow

CHROME = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
LOADS = r"""(?:\b(?:src|srcset|poster|data)|<link\b[^>]*\bhref)\s*=\s*["']?(?!data:|#)[^"'\s>]+"""
STYLE_LOADS = r"""@import|url\(\s*["']?(?!data:|#)"""
# The page's own numbers, as the title of a frame that has exactly the width asked for: a headless window
# may refuse to be as narrow as a phone.
PROBE = """<script>addEventListener("load", () => {
  const root = document.documentElement;
  // One form of a figure is made for screens, another for phones: what is not displayed does not count.
  const shown = [...document.querySelectorAll("svg")].filter(s => s.checkVisibility());
  const drawn = shown.filter(s => {
    const box = s.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && s.querySelector("path,rect,line,circle,text");
  });
  const figures = shown.filter(s => s.getBoundingClientRect().width > 200).length;
  const asked = performance.getEntriesByType("resource").filter(r => !r.name.startsWith("data:"));
  const told = [innerWidth, root.scrollWidth, figures, shown.length - drawn.length, asked.length];
  parent.postMessage(told, "*");
});</script>"""
FRAME = """<!doctype html><title>waiting</title>
<script>onmessage = e => { document.title = "measured " + e.data.join(" "); };</script>
<iframe src="probed.html" style="border:0;width:WIDTHpx;height:900px"></iframe>"""


@pytest.fixture(scope="module", params=["fr", "en"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if CHROME is None:
        pytest.skip("no chromium or chrome on this machine: the report cannot be opened")
    wanted = ["sampling=0.05", "horizon_weeks=2", "replicates=2", f"lang={request.param}", "engine=serial"]
    folder = tmp_path_factory.mktemp(f"report-{request.param}")
    study = compare(load_comparison("young_workshop", overrides=[*wanted, f"results_dir={folder}"]))
    return Path(study.report)


def measure(page: Path, folder: Path, width: int) -> list[int]:
    """``page`` at ``width`` px: (frame width, scroll width, large SVGs, empty SVGs, resources asked for)."""
    probed = page.read_text(encoding="utf-8").replace("</body>", PROBE + "</body>")
    assert PROBE in probed, "the report has no </body> to put the probe before"
    (folder / "probed.html").write_text(probed, encoding="utf-8")
    frame = folder / f"frame-{width}.html"
    frame.write_text(FRAME.replace("WIDTH", str(width)), encoding="utf-8")
    command = [str(CHROME), *FLAGS, f"--user-data-dir={folder / 'chrome'}", "--virtual-time-budget=8000"]
    command += [f"--window-size={max(width, 800)},1000", "--dump-dom", frame.as_uri()]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    found = re.search(r"<title>measured ([\d ]+)</title>", told.stdout)
    assert found, f"the browser measured nothing: {told.stdout[:200]} {told.stderr[-500:]}"
    return [int(number) for number in found[1].split()]


def test_report_names_nothing_to_fetch(report: Path) -> None:
    html = report.read_text(encoding="utf-8")
    assert not re.search(LOADS, html, re.IGNORECASE)
    assert not re.search(STYLE_LOADS, html, re.IGNORECASE)


@pytest.mark.parametrize("width", [390, 1200])
def test_report_fits_and_is_drawn(report: Path, tmp_path: Path, width: int) -> None:
    frame, scroll, figures, empty, asked = measure(report, tmp_path, width)
    assert frame == width
    assert scroll <= width, f"the page is {scroll} px wide in a window of {width} px"
    assert figures >= 3
    assert empty == 0, f"{empty} figures are empty or have no size"
    assert asked == 0, f"{asked} resources were asked for"


def test_probe_sees_overflow_empty_figures_and_requests(report: Path, tmp_path: Path) -> None:
    """The measures above can fail: a broken copy is seen as broken."""
    broken = tmp_path / "broken.html"
    harm = '<div style="width:3000px">x</div><svg width="50" height="50"></svg><img src="http://example.org/x.png">'
    html = report.read_text(encoding="utf-8").replace("</body>", harm + "</body>")
    broken.write_text(html, encoding="utf-8")
    _, scroll, _, empty, asked = measure(broken, tmp_path, 390)
    assert scroll > 390
    assert empty > 0
    assert asked > 0
    assert re.search(LOADS, html, re.IGNORECASE)
