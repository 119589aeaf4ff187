"""Tiny models of many families, each built from its configuration in well under a second; one line adds a family.

Family("BertModel")                                       what the shrinking rules and the forward signature give
Family("T5Model", inputs=..., config={"is_gated_act": True})    what they cannot know
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from tests.tiny_configs import tiny_config
from tests.tiny_families import BATCH
from tests.tiny_families.audio import SPECIAL as AUDIO

__all__ = ["FAMILIES", "Family", "inputs_for"]

TOKENS, DECODED = 7, 5


@dataclass(frozen=True)
class Family:
    """One model class with what makes it small and what it is fed.

    Attributes:
        cls: name of the class in ``transformers``.
        config: overrides of the shrunken configuration, or a function from the configuration class to one.
        inputs: inputs that differ from what the forward signature suggests, None drops one; or a function from the model to all.
        eager_differs: the reason why eager attention is another function than the model's own kernel.
        kernels: attention implementations to run with, None for the model's default.
    """

    cls: str
    config: dict[str, Any] | Callable[..., Any] = field(default_factory=dict)
    inputs: dict[str, Any] | Callable[..., Any] = field(default_factory=dict)
    eager_differs: str = ""
    kernel: str | None = None

    def model(self, kernel: str | None = None, dtype: torch.dtype = torch.float32) -> nn.Module:
        """The model in evaluation mode, the same weights on every call."""
        cls = getattr(transformers, self.cls)
        config = self.config(cls.config_class) if callable(self.config) else tiny_config(cls.config_class, **self.config)
        torch.manual_seed(0)
        chosen = kernel or self.kernel
        model = cls._from_config(config, **({"attn_implementation": chosen} if chosen else {}))
        for parameter in model.parameters():  # spread the weights so that attention is far from uniform
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.2 / math.sqrt(max(1.0, parameter.shape[-1] / 32)))
        return model.to(dtype).eval()

    def feed(self, model: nn.Module) -> dict[str, Any]:
        """Inputs for ``model``."""
        torch.manual_seed(1)
        if callable(self.inputs):
            return self.inputs(model)
        found = inputs_for(model) | self.inputs
        return {name: value() if callable(value) else value for name, value in found.items() if value is not None}

    def reference(self, inputs: dict[str, Any]) -> list[tuple[str, Tensor]]:
        """What ``output_attentions=True`` returns under eager attention."""
        from tests.hooks.matching import hf_attentions

        device = next(value.device for value in inputs.values() if torch.is_tensor(value))
        model = self.model("eager").to(device)
        torch.manual_seed(2)  # as the run it is compared with: Informer draws the keys it samples
        with torch.no_grad():
            return list(hf_attentions(model(**inputs, output_attentions=True)))

    def __str__(self) -> str:
        kind = self.config.get("attention_type") if isinstance(self.config, dict) else None
        return "-".join(str(part) for part in (self.cls, self.kernel, kind) if part)


def inputs_for(model: nn.Module) -> dict[str, Any]:
    """Inputs that the forward signature asks for, two batch items, the second one padded."""
    torch.manual_seed(1)
    names = inspect.signature(model.forward).parameters
    main = getattr(model, "main_input_name", "input_ids")
    found: dict[str, Any] = {}
    wanted = [main] if main in names and main in _MAKERS else [n for n in _MAKERS if n in names][:1]
    wanted += [n for n in ("input_ids", "decoder_input_ids", "bbox", "visual_embeds", "visual_feats", "visual_pos") if n in names]
    if "pixel_values" in names and getattr(model.config, "model_type", "") in _NEEDS_IMAGE:
        wanted.append("pixel_values")
    for name in dict.fromkeys(wanted):
        if name in _MAKERS:  # what a family alone takes stands with it
            found[name] = _MAKERS[name](model)
    if "grid_thw" in names and "hidden_states" in names:
        return _patches(model)
    if type(model).__name__.endswith("MultipleChoice"):
        return {"input_ids": found["input_ids"][:, None].repeat(1, 2, 1)}
    if type(model).__name__.endswith("ForSequenceClassification") and "decoder_input_ids" in found:
        del found["decoder_input_ids"]  # made from the input, and read where it ends
        found["input_ids"][:, 4] = model.config.eos_token_id
    if "input_ids" in found and "attention_mask" in names:
        found["attention_mask"] = padding(found["input_ids"].shape[1])
    return found


def padding(tokens: int = TOKENS, left: bool = False) -> Tensor:
    """A mask with two positions of padding in the second item."""
    mask = torch.ones(BATCH, tokens, dtype=torch.long)
    if left:
        mask[1, :2] = 0
    else:
        mask[1, -2:] = 0
    return mask


def _ids(tokens: int) -> Callable[[nn.Module], Tensor]:
    return lambda model: torch.randint(5, 90, (BATCH, tokens))


def _pixels(model: nn.Module) -> Tensor:
    vision = _part(model.config, "vision_config", "backbone_config")
    size = getattr(vision, "image_size", None) or 32
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    channels = getattr(vision, "num_channels", None) or getattr(vision, "in_channels", None) or 3
    if getattr(vision, "num_frames", None):
        return torch.randn(BATCH, vision.num_frames, channels, height, width)
    return torch.randn(BATCH, channels, height, width)


def _features(model: nn.Module) -> Tensor:
    audio = _part(model.config, "audio_config", "encoder_config")
    mels = (
        getattr(audio, "num_mel_bins", None)
        or getattr(audio, "input_feat_per_channel", None)
        or getattr(audio, "feature_projection_input_dim", None)
        or getattr(audio, "feature_size", None)
        or 80
    )
    frames = getattr(audio, "max_source_positions", None)
    if getattr(model.config, "model_type", "") in ("whisper", "qwen2_audio"):
        return torch.randn(BATCH, mels, 2 * frames)
    return torch.randn(BATCH, 60, mels)


def _patches(model: nn.Module) -> dict[str, Any]:
    """Two pictures of 4 × 4 patches, flattened one after the other."""
    config = model.config
    width = (getattr(config, "in_channels", None) or getattr(config, "num_channels", None) or 3) * config.patch_size**2
    width *= getattr(config, "temporal_patch_size", 1)
    return {"hidden_states": torch.randn(32, width), "grid_thw": torch.tensor([[1, 4, 4], [1, 4, 4]])}


def _part(config: Any, *names: str) -> Any:
    return next((getattr(config, n) for n in names if getattr(config, n, None) is not None), config)


_NEEDS_IMAGE = {
    "clip",
    "chinese_clip",
    "altclip",
    "siglip",
    "siglip2",
    "groupvit",
    "flava",
    "vilt",
    "blip",
    "bridgetower",
    "owlvit",
    "owlv2",
    "clipseg",
    "align",
    "metaclip_2",
}
_MAKERS: dict[str, Callable[[nn.Module], Any]] = {
    "input_ids": _ids(TOKENS),
    "decoder_input_ids": _ids(DECODED),
    "pixel_values": _pixels,
    "pixel_values_videos": _pixels,
    "input_features": _features,
    "input_values": lambda model: torch.randn(BATCH, 6000 if type(model).__name__.endswith("XVector") else 2000),
    "bbox": lambda model: torch.randint(0, 100, (BATCH, TOKENS, 4)).sort(-1).values,
    "visual_embeds": lambda model: torch.randn(BATCH, 3, model.config.visual_embedding_dim),
    "visual_feats": lambda model: torch.randn(BATCH, 3, model.config.visual_feat_dim),
    "visual_pos": lambda model: torch.rand(BATCH, 3, 4),
    "inputs_embeds": lambda model: torch.randn(BATCH, TOKENS, model.config.hidden_size),
    "inputs": _ids(TOKENS),
    "hidden_states": lambda model: torch.randn(BATCH, TOKENS, model.config.hidden_size),
}

_BLOCKS = {"attention_type": "block_sparse", "block_size": 4, "num_random_blocks": 1}
_LONG = {"input_ids": lambda: torch.randint(5, 90, (BATCH, 64)), "attention_mask": lambda: padding(64)}
_SECTIONS = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 1, 1]}


def _choices() -> Tensor:
    """Two texts of three parts each for every item."""
    ids = torch.randint(5, 90, (BATCH, 2, TOKENS))
    ids[..., 1] = ids[..., 3] = ids[..., 4] = 2
    return ids


def _mel(model: nn.Module) -> dict[str, Any]:
    """Sound in two blocks of Gemma 3n, the second item shorter."""
    mask = torch.zeros(BATCH, 60, dtype=torch.bool)  # True where there is padding
    mask[1, -8:] = True
    return {"audio_mel": torch.randn(BATCH, 60, model.config.input_feat_size), "audio_mel_mask": mask}


FAMILIES: tuple[Family, ...] = (
    # text encoders
    Family("BertModel"),
    Family("RobertaModel"),
    Family("DistilBertModel"),
    Family("AlbertModel"),
    Family("ElectraModel"),
    Family("CamembertModel"),
    Family("ErnieModel"),
    Family("NomicBertModel"),
    Family("JinaEmbeddingsV3Model"),
    Family("XLMRobertaModel"),
    Family("EsmModel", config={"vocab_size": 120, "mask_token_id": 3, "pad_token_id": 0}),
    Family("LayoutLMModel"),
    # decoders: multi-head, grouped, multi-query, latent
    Family("GPT2Model"),
    Family("GPTNeoXModel"),
    Family("OPTModel"),
    Family("LlamaModel"),
    Family("Qwen2Model"),
    Family("Qwen3Model"),
    Family("PhiModel"),
    Family("Phi3Model"),
    Family("GraniteModel"),
    Family("OlmoModel"),
    Family("Olmo2Model"),
    Family("StableLmModel"),
    Family("GPTBigCodeModel"),
    Family("PersimmonModel"),
    Family("DeepseekV3Model"),
    Family("DiffLlamaModel"),
    Family("BioGptModel"),
    Family("XGLMModel"),
    # sliding windows
    Family("MistralModel"),
    Family("Gemma3TextModel"),
    Family("Cohere2Model"),
    Family("ModernBertModel"),
    Family("ModernBertDecoderModel"),
    Family("Starcoder2Model"),
    # soft-capped scores, learned sinks: their models stay eager
    Family("Gemma2Model", kernel="eager"),
    Family("VaultGemmaModel", kernel="eager"),
    Family("T5GemmaModel", kernel="eager"),
    Family("GptOssModel", kernel="eager"),
    Family("MiMoV2FlashModel", kernel="eager"),
    Family("OpenAIPrivacyFilterModel", kernel="eager"),
    Family("GraniteSWAModel", kernel="eager", eager_differs="returns weights without the sink it uses"),
    # mixtures of experts and hybrids
    Family("MixtralModel"),
    Family("Qwen2MoeModel"),
    Family("GraniteMoeModel"),
    Family("OlmoeModel"),
    Family("JetMoeModel"),
    Family("Qwen3NextModel"),
    Family("NemotronHModel"),
    # encoder-decoders, position bias
    Family("T5Model"),
    Family("MT5Model"),
    Family("UMT5EncoderModel"),
    Family("SwitchTransformersModel"),
    Family("LongT5Model"),
    Family("BartModel"),
    Family("MBartModel"),
    Family("MarianModel"),
    Family("PegasusModel"),
    Family("BlenderbotModel"),
    Family("M2M100Model"),
    Family("PLBartModel"),
    Family("LEDModel"),
    Family("FSMTModel"),
    Family("ProphetNetDecoder"),
    Family("SqueezeBertModel", eager_differs="returns scores, not weights"),
    Family("T5Gemma2Model", eager_differs="padding that sees no key is zero or uniform, and goes on so"),
    # attention written by hand
    Family("BloomModel"),
    Family("FalconModel"),
    Family("DebertaModel"),
    Family("DebertaV2Model"),
    Family("XLNetModel"),
    Family("XLMModel"),
    Family("FlaubertModel"),
    Family("FunnelModel"),
    Family("GPTNeoModel"),
    Family("GPTJModel"),
    Family("CodeGenModel"),
    Family("CTRLModel"),
    Family("MptModel"),
    Family("MPNetModel"),
    Family("OpenAIGPTModel"),
    Family("RoFormerModel"),
    Family("RemBertModel"),
    Family("ConvBertModel"),
    Family("CanineModel"),
    Family("LxmertModel"),
    Family("TapasModel"),
    Family("IBertModel"),
    Family("MegatronBertModel"),
    Family("NystromformerModel"),
    Family("ImageGPTModel"),
    Family("LongformerModel"),
    Family("LongformerForMultipleChoice", inputs={"input_ids": _choices}),
    Family("CpmAntModel"),
    Family("BigBirdModel", config=_BLOCKS, inputs=_LONG),
    Family("BigBirdModel", config={"attention_type": "original_full"}),
    Family("BigBirdPegasusModel", config=_BLOCKS, inputs=_LONG),
    # sound
    Family("WhisperModel"),
    Family("Wav2Vec2Model"),
    Family("HubertModel"),
    Family("WavLMModel"),
    Family("SEWDModel"),
    Family("Speech2TextModel"),
    Family("Gemma3nAudioEncoder", inputs=_mel),
    Family("ASTModel", config={"max_length": 24}, inputs={"input_values": lambda: torch.randn(2, 24, 16)}),
    Family("UniSpeechModel"),
    Family("Wav2Vec2BertModel"),
    Family("ClapModel", **vars(AUDIO["ClapModel"])),
    Family("GraniteSpeechModel", **vars(AUDIO["granite_speech"])),
    Family("FunAsrNanoModel", **vars(AUDIO["fun_asr_nano"])),
    # series
    Family("AutoformerModel", **vars(AUDIO["autoformer"]), eager_differs="returns autocorrelations, not weights"),
    Family("InformerModel", **vars(AUDIO["informer"])),
    Family("PatchTSTModel", **vars(AUDIO["patchtst"])),
    # pictures
    Family("ViTModel"),
    Family("DeiTModel"),
    Family("BeitModel"),
    Family("Dinov2Model"),
    Family("SwinModel", config={"patch_size": 2, "window_size": 2, "depths": [1, 2], "num_heads": [2, 4]}),
    Family("Swinv2Model"),
    Family("PvtModel"),
    Family("SegformerModel"),
    Family("HieraModel"),
    Family("YolosModel"),
    Family("DetrModel"),
    Family("MgpstrModel"),
    Family("SLANetSLAHead", config={"max_text_length": 5, "post_conv_out_channels": 32}),
    Family("GLPNModel"),
    Family("GroupViTVisionModel", eager_differs="returns soft assignments, uses hard ones"),
    # several senses
    Family("CLIPModel"),
    Family("SiglipModel"),
    Family("BlipModel"),
    Family("AltCLIPModel"),
    Family("ChineseCLIPModel"),
    Family("GitModel"),
    Family("LlavaModel"),
    Family("Qwen2VLModel", config={"text_config": {"rope_parameters": _SECTIONS}}),
    Family("Idefics3Model"),
    Family("MllamaModel"),
    Family("Kosmos2_5Model"),
    Family("Florence2Model"),
    Family("Blip2VisionModel"),
    Family("Owlv2Model"),
    Family("TimesformerModel"),
)
