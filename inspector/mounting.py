"""What makes a page live: a still picture, data that is inert, and the script that draws in its place.

In a file the script and the data are plain. In a notebook they are compressed, and the script is kept by the page: an output that
carries none draws with the one of an earlier output, and waits for it where that is not there yet.
"""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from typing import Any

from inspector.views.assets import DEFINED, KEPT, script, script_digest, script_file

__all__ = ["mounted", "packed"]

_LIVE = """
  const here = [...document.querySelectorAll("[id=" + __ID__ + "]")].find((element) => !element.shadowRoot);
  const live = (A, data) => {
    const absent = {error: data.absent || {asked: "This view asked for more data.", found: "The page does not carry it.",
      do: "Open the capture in the app, or export this view too."}};
    const value = {manifest: data.manifest, answers: data.answers};
    A.mount(here, {value, get: async () => absent, act: () => {}, host: __HOST__});
    here.replaceChildren();
  };
"""
_PLAIN = """(() => {__LIVE__
  live(__SCRIPT__, JSON.parse(document.getElementById(__ID__ + "-data").textContent));
})();"""
_ELSEWHERE = "This is a still picture: the script that draws the live one stood in another cell. Run this cell again."
_PACKED = """(async () => {__LIVE__
  const kept = (globalThis.__KEPT__ ??= {}), digest = __DIGEST__;
  const unpacked = async (element) => new Response(
    new Blob([Uint8Array.from(atob(element.textContent), (char) => char.charCodeAt(0))])
      .stream().pipeThrough(new DecompressionStream("deflate"))).text();
  const say = (words) => { const line = here.querySelector("[data-still]"); if (line) line.textContent = words; };
  const defined = new Promise((done) => {
    const look = () => kept[digest] && done();
    addEventListener(__DEFINED__, look);
    look();
  });
  try {
    const carried = document.getElementById(__ID__ + "-script");
    if (carried && !kept[digest]) {
      const text = document.createElement("script");
      text.textContent = await unpacked(carried);
      document.head.append(text);
      text.remove();
    }
    if (!kept[digest]) say(__ELSEWHERE__);
    await defined;
    live(kept[digest], JSON.parse(await unpacked(document.getElementById(__ID__ + "-data"))));
  } catch (error) {
    say(`This is a still picture: the live one could not be drawn (${error.message}).`);
  }
})();"""


def mounted(data: dict[str, Any], host: str, still: str = "") -> str:
    """An element with a still picture, its data as inert JSON, and the script that draws it there.

    Ids are new each time: a page may hold many.
    """
    here, boot = _named(_PLAIN, host)
    boot = boot.replace("__SCRIPT__", script())
    data_tag = f'<script type="application/json" id="{here}-data">{_inert(json.dumps(data))}</script>'
    return f"{_element(here, still)}\n{data_tag}\n<script>{boot}</script>"


def packed(data: dict[str, Any], host: str, still: str = "", *, with_script: bool) -> str:
    """The same for a page that holds several: compressed, and ``with_script`` only where the page may not have it yet."""
    here, boot = _named(_PACKED, host)
    names = {"__KEPT__": KEPT, "__DIGEST__": json.dumps(script_digest()), "__DEFINED__": json.dumps(DEFINED)}
    names["__ELSEWHERE__"] = json.dumps(_ELSEWHERE)
    for name, value in names.items():
        boot = boot.replace(name, value)
    tags = {f"{here}-data": json.dumps(data)} | ({f"{here}-script": script_file()} if with_script else {})
    inert = "".join(f'<script type="text/plain" id="{name}">{_deflated(text)}</script>\n' for name, text in tags.items())
    return f"{_element(here, still)}\n{inert}<script>{boot}</script>"


def _element(here: str, still: str) -> str:
    return f'<div id="{here}" class="attention-inspector">{still}</div>'


def _named(boot: str, host: str) -> tuple[str, str]:
    here = f"inspector-{uuid.uuid4().hex[:12]}"
    boot = boot.replace("__LIVE__", _LIVE).replace("__ID__", json.dumps(here)).replace("__HOST__", json.dumps(host))
    return here, boot


def _deflated(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 6)).decode("ascii")


def _inert(text: str) -> str:
    """JSON that cannot end the script element it stands in."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
