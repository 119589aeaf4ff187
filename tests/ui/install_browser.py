"""Makes sure there is a chromium: the system's, else Debian's package (as root), else the one Playwright brings."""

import os
import shutil
import subprocess
import sys


def installed() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser")) or bool(os.environ.get("INSPECTOR_CHROMIUM"))


def by_playwright() -> bool:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        return os.path.exists(play.chromium.executable_path)


def run(*command: str) -> bool:
    print(" ".join(command), flush=True)
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    if installed() or by_playwright():
        return 0
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        fonts = ("fonts-noto-cjk", "fonts-noto-core")
        if run("apt-get", "update", "-qq") and run("apt-get", "install", "-y", "-qq", "chromium", *fonts) and installed():
            return 0
    if run(sys.executable, "-m", "playwright", "install", "chromium"):
        return 0
    print("No browser could be installed. The tests that need one will be skipped, and fail where CI=true.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
