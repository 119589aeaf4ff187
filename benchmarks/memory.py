"""The estimate of a run's memory beside what the run takes: each model and length in a process of its own.

    python benchmarks/memory.py [NAME …]

Used is the growth of the process's resident peak from the moment the model is ready, through capture and exact numbers of all
heads. Models have random weights; the work does not depend on them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent)]
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# name: configuration class, what differs from its defaults, class, batch, tokens
GPT2 = {"n_positions": 4096}
LLAMA = {
    "vocab_size": 32000, "hidden_size": 512, "intermediate_size": 1376, "num_hidden_layers": 8, "num_attention_heads": 8,
    "num_key_value_heads": 2, "max_position_embeddings": 8192,
}  # fmt: skip
BERT = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6, "max_position_embeddings": 4096}
BLOOM = {"hidden_size": 256, "n_layer": 6, "n_head": 8, "vocab_size": 20000}
T5 = {"d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 4, "num_heads": 8}
EAGER = {"attn_implementation": "eager"}
RUNS = {
    "bert 512": ("Bert", BERT, "BertModel", 1, 512),
    "bert 2,048": ("Bert", BERT, "BertModel", 1, 2048),
    "bert batch 16": ("Bert", BERT, "BertModel", 16, 128),
    "bert eager 1,024": ("Bert", BERT | EAGER, "BertModel", 1, 1024),
    "gpt2 256": ("GPT2", GPT2, "GPT2LMHeadModel", 1, 256),
    "gpt2 1,024": ("GPT2", GPT2, "GPT2LMHeadModel", 1, 1024),
    "gpt2 body 2,048": ("GPT2", GPT2, "GPT2Model", 1, 2048),
    "llama 1,024": ("Llama", LLAMA, "LlamaForCausalLM", 1, 1024),
    "llama 4,096": ("Llama", LLAMA, "LlamaModel", 1, 4096),
    "llama batch 8": ("Llama", LLAMA, "LlamaForCausalLM", 8, 256),
    "llama eager 1,024": ("Llama", LLAMA | EAGER, "LlamaModel", 1, 1024),
    "bloom 512": ("Bloom", BLOOM, "BloomModel", 1, 512),
    "bloom 1,024": ("Bloom", BLOOM, "BloomForCausalLM", 1, 1024),
    "bert 1,024": ("Bert", BERT, "BertModel", 1, 1024),  # this one and the next three were not fitted to
    "gpt2 batch 4": ("GPT2", GPT2, "GPT2LMHeadModel", 4, 160),
    "llama 2,048": ("Llama", LLAMA, "LlamaForCausalLM", 1, 2048),
    "bloom 768": ("Bloom", BLOOM, "BloomModel", 1, 768),
    "t5 512": ("T5", T5, "T5ForConditionalGeneration", 1, 512),
    "t5 1,024": ("T5", T5, "T5ForConditionalGeneration", 1, 1024),
    "t5 batch 8": ("T5", T5, "T5ForConditionalGeneration", 8, 128),
}


def peak() -> int:
    """Bytes: the most that was resident since the last ``start``."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def start() -> int:
    """Counts the peak anew, and says what is resident now."""
    from inspector.memory import give_back

    give_back()
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def build(name: str):
    """The model of a run and its encodings."""
    import torch
    import transformers

    kind, changed, architecture, batch, tokens = RUNS[name]
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**changed)
    model = getattr(transformers, architecture)._from_config(config, **{k: v for k, v in changed.items() if k in EAGER}).eval()
    inputs = {"input_ids": torch.randint(10, 9000, (batch, tokens))}
    if batch > 1:
        inputs["attention_mask"] = torch.ones(batch, tokens, dtype=torch.long)
        inputs["attention_mask"][0, tokens // 2 :] = 0  # a batch of texts is one of unequal lengths
    if kind == "T5":
        inputs["decoder_input_ids"] = inputs["input_ids"][:, : tokens // 4]
    return model, inputs


def run(name: str) -> dict[str, float]:
    """One run: bytes estimated and used, its parts."""
    import torch

    from inspector import Inspector
    from inspector.limits import estimate

    torch.set_num_threads(1)
    model, inputs = build(name)
    inspector = Inspector(model)
    inspector({key: value[:, :24] for key, value in inputs.items()}).summarize()  # what is loaded and kept once for all
    before = start()
    cap = inspector(inputs)
    captured = peak() - before
    held = start() - before
    cap.summarize()
    batch, tokens = inputs["input_ids"].shape
    target = inputs["decoder_input_ids"].shape[1] if "decoder_input_ids" in inputs else None
    found = estimate(model, tokens, batch=batch, **({} if target is None else {"target": target}))
    parts = {"forward": found.forward, "capture": found.capture, "summary": found.summary, "total": found.total}
    return parts | {"ran": captured, "held": held, "measured": peak() - before, "used": max(captured, peak() - before)}


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(run(sys.argv[2])))
        return
    print(f"{'run':20} estimated      used  ratio │ forward capture summary │ to run    held measured   (MB)")
    worst = 1.0
    for name in sys.argv[1:] or RUNS:
        done = subprocess.run([sys.executable, __file__, "--one", name], capture_output=True, text=True, check=True)
        found = {key: value / 2**20 for key, value in json.loads(done.stdout.splitlines()[-1]).items()}
        ratio = found["total"] / found["used"]
        worst = max(worst, ratio, 1 / ratio)
        print(f"{name:20} {found['total']:9.0f} {found['used']:9.0f} {ratio:6.2f} │ ", end="")
        print(" ".join(f"{found[key]:7.0f}" for key in ("forward", "capture", "summary")), end=" │ ")
        print(" ".join(f"{found[key]:8.0f}" for key in ("ran", "held", "measured")), flush=True)
    print(f"the estimate is within {worst:.2f} × of what is used")


if __name__ == "__main__":
    main()
