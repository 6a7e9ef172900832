"""What dropout will draw next in this process, on the CPU and on the device where it trains."""

import torch
from torch import Tensor


def get_random_state(device: torch.device) -> Tensor:
    """The states of both generators as bytes (N,), the CPU's first; of one where the CPU is the device."""
    cpu = torch.get_rng_state()
    return cpu if device.type == "cpu" else torch.cat([cpu, torch.get_device_module(device).get_rng_state()])


def set_random_state(state: Tensor, device: torch.device) -> None:
    """Go on from `state`; where it was saved on another kind of device, the generator of this one stays as it is."""
    size = len(torch.get_rng_state())
    # Copies, because torch reads from the start of the memory beneath a view, and beyond its end.
    cpu, other = state[:size].clone(), state[size:].clone()
    torch.set_rng_state(cpu)
    if device.type != "cpu" and len(other) == len(torch.get_device_module(device).get_rng_state()):
        torch.get_device_module(device).set_rng_state(other)
