"""One process of a tensor-parallel model: captures a forward pass of its own heads and reports what it saw, as JSON.

python -m tests.hooks.one_rank FOLDER RANK WORLD PORT
"""

from __future__ import annotations

import json
import os
import sys

import torch
from transformers import AutoModelForCausalLM

from inspector import capture


def main(folder: str, rank: str, world: str, port: str) -> None:
    os.environ |= {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(folder, tp_plan="auto")
    ids = torch.arange(5, 17)[None]
    with torch.no_grad():
        plain = model(ids).logits
        with capture(model) as cap:
            watched = model(ids).logits
    call = cap.calls[-1]
    report = {"note": call.note, "weights": call.weights().tolist(), "residual": cap.residual, "calls": len(cap.calls)}
    print(json.dumps(report | {"same": torch.equal(plain, watched), "missing": [str(one) for one in cap.missing]}))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
