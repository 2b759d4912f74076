"""Measures the page in a browser: from dropping a radiograph on it to its teeth on screen.

    python benchmarks/page.py [--drops 10] [--workers 2]

The radiograph is a phantom of 2041 x 1024 pixels as JPEG. Needs the extras serve and dev, and
Debian's chromium. The service is warm; times are measured in the page, from the drop event until
the radiograph and its teeth have been painted.
"""

from __future__ import annotations

import argparse
import base64
import re
import statistics
import subprocess
import sys
import tempfile

import cv2
from playwright.sync_api import sync_playwright

from panodent import phantom

DROP = """async ([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  const frame = () => new Promise(requestAnimationFrame);
  const start = performance.now();
  document.querySelector('.drop').dispatchEvent(
    new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true }));
  const until = async (selector) => {
    while (!document.querySelector(selector)) await frame();
    await frame();
    return (performance.now() - start) / 1000;
  };
  return [await until('path.tooth'), await until('#viewer[data-shown]')];
}"""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drops", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    radiograph, _ = phantom.draw(5, (1024, 2041))
    _, jpeg = cv2.imencode(".jpg", (radiograph.pixels * 255).round().astype("uint8"))
    data = base64.b64encode(jpeg.tobytes()).decode()
    with tempfile.TemporaryDirectory() as store:
        serve = [sys.executable, "-m", "panodent", "serve", "--store", store, "--port", "0"]
        serve += ["--workers", str(options.workers), "--no-token"]
        service = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
        try:
            url = re.search(r"http://\S+/", service.stdout.readline())[0]
            times = list(drops(url, data, options.drops))
        finally:
            service.terminate()
            service.wait()
    for what, column in (("teeth", 0), ("radiograph and teeth", 1)):
        seconds = sorted(drop[column] for drop in times)
        print(f"{what}: median {statistics.median(seconds):.2f} s, longest {seconds[-1]:.2f} s")


def drops(url: str, data: str, count: int):
    """For each drop on a newly loaded page: seconds until teeth, and until all is painted."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for number in range(count + 2):
            page.goto(url)
            page.wait_for_selector("html[data-ready]")
            took = page.evaluate(DROP, ["radiograph.jpg", data])
            if number >= 2:  # the first two warm up service and browser
                yield took
        browser.close()


if __name__ == "__main__":
    main()
