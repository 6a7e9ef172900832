"""Whether a run may train in bfloat16: products in it, weights, optimizer and losses in float32."""

import torch

from charrnn.config import TrainConfig
from charrnn.errors import UserError

SMALLEST = 64  # units of an LSTM from which on bfloat16 pays on a processor (benchmarks/README.md)


def lightning_precision(config: TrainConfig, is_gpu: bool) -> str:
    """What the Trainer is told; UserError where bfloat16 would be slower than float32."""
    if config.trainer.precision != "bf16-mixed":
        return "32-true"  # tf32 is not the Trainer's
    if reason := _against(config, is_gpu):
        raise UserError(f"trainer.precision: expected 32 {reason}, got bf16-mixed; leave it out")
    return "bf16-mixed"


def _against(config: TrainConfig, is_gpu: bool) -> str | None:
    if is_gpu:
        return None if torch.cuda.is_bf16_supported(including_emulation=False) else "on a GPU without bfloat16"
    if not processor_has_bfloat16():
        return "on a processor without instructions for bfloat16, where it is slower"
    model = config.model
    if model.cell != "lstm":
        return f"with model.cell={model.cell} on a processor, where only an LSTM is faster in bfloat16"
    if model.hidden < SMALLEST:
        return f"with model.hidden={model.hidden} on a processor, where it pays from {SMALLEST} on"
    return None


def processor_has_bfloat16() -> bool:
    """Whether it multiplies bfloat16; torch's oneDNN computes with it on others, too, and slowly."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
