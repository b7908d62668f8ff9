"""Take the pictures of the README and the guide from the running program, so that they never lie.

Run from a checkout, with Chromium installed: `.venv/bin/python docs/make_pictures.py`. It starts a program of its own with a
simulated season in a temporary folder, visits its pages, and writes `docs/pictures/*.png`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TABLE = (
    "Beleg;Länge Kelchblatt (mm);Breite Kelchblatt (mm);Petale lang;Petal width (mm)\n"
    "001;51;35;1,4;2\n002;59;30;4,2;15\n003;60;27;5,1;16\n004;abc;30;4,2;15\n005;;;1,4;2\n006;51;35;14;2\n007;63;33;6,0;25\n"
)


def settled(page: Page, seconds: float = 2.5) -> None:
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_selector(IDLE, timeout=60_000)
    page.wait_for_timeout(1000 * seconds)


def take(page: Page, name: str, height: int) -> None:
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    page.wait_for_timeout(800)
    page.screenshot(path=PICTURES / f"{name}.png")
    print(f"docs/pictures/{name}.png")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "FLORA_DATABASE_URL": f"sqlite:///{folder}/flora.db",
            "FLORA_MODELS": f"{folder}/models",
        }
        subprocess.run([sys.executable, "-m", "flora_core", "demo", "load"], cwd=ROOT, env=environment, check=True)
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz")
            with sync_playwright() as playwright:
                program = shutil.which("chromium") or shutil.which("google-chrome")
                browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
                visit(browser, f"http://127.0.0.1:{port}", Path(folder))
                browser.close()
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the program did not start")


def visit(browser: object, base: str, folder: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{base}/identify?sepal_length=6&sepal_width=2.7&petal_length=4.9&petal_width=1.6")
    settled(page)
    take(page, "identify", 1150)
    page.goto(f"{base}/identify?sepal_length=5.1&sepal_width=3.5&petal_length=14&petal_width=0.2")
    settled(page)
    take(page, "did-you-mean", 620)
    page.goto(f"{base}/batch")
    settled(page)
    (folder / "field-book.csv").write_text(TABLE, encoding="utf-8")
    page.set_input_files("input[type=file]", str(folder / "field-book.csv"))
    page.wait_for_selector("text=Row by row", timeout=60_000)
    page.get_by_label("Identified by").fill("Ada")
    page.get_by_label("Identified by").press("Tab")
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Record ").click()
    page.wait_for_selector("text=recorded.", timeout=60_000)
    settled(page)
    take(page, "batch", 1250)
    for name, height in (("home", 900), ("monitor", 1300), ("models", 1200)):
        if (ROOT / "pages" / f"{name}.py").exists():
            page.goto(f"{base}/{'' if name == 'home' else name}?study=season")
            settled(page, 4)
            take(page, name, height)
    phone = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    phone.goto(f"{base}/identify?sepal_length=6&sepal_width=2.7&petal_length=4.9&petal_width=1.6")
    settled(phone)
    take(phone, "phone", 844)


if __name__ == "__main__":
    main()
