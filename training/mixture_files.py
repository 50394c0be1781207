"""Mixtures of recursions on disk: a Llama's names and fields for the distinct layers, a router, and what routes."""
import os

import torch

from mixture import MixtureModel, MixtureShape
from weights import STORY_TOKENS, config_of, hub_parameters, read_config, read_safetensors, write_json, write_safetensors

MODEL_TYPE = "mor_llama"
ROUTER = "model.router.weight"
THRESHOLD = 0.5


def mixture_parameters(model):
    """Returns {name in the file: tensor}; the router as one matrix [R, D]."""
    return {**hub_parameters(model), ROUTER: torch.stack([router.data for router in model.routers])}


def mixture_config(shape, tokens):
    """Returns the content of config.json; `tokens` gives the ids of bos, eos and mask."""
    return {**config_of(shape, tokens), "architectures": ["MoRLlamaForCausalLM"], "model_type": MODEL_TYPE,
            "mor": {"recursions": shape.recursions, "sharing": "middle_cycle", "shared_layers": shape.n_layers - 2,
                    "routing": "expert_choice", "router": "linear", "alpha": shape.alpha, "temperature": 1,
                    "gating": "weighted", "capacities": list(shape.capacities), "threshold": THRESHOLD,
                    "kv": "per-recurrence"}}


def save_mixture(model, folder, tokens=STORY_TOKENS):
    """Writes config.json and model.safetensors (f16)."""
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "model.safetensors"), mixture_parameters(model))
    write_json(os.path.join(folder, "config.json"), mixture_config(model.shape, tokens))


def load_mixture(folder):
    """Returns the MixtureModel stored in a folder, in float32."""
    config = read_config(folder)
    mor = config["mor"]
    model = MixtureModel(MixtureShape(
        vocab_size=config["vocab_size"], dim=config["hidden_size"], n_layers=config["num_hidden_layers"],
        n_heads=config["num_attention_heads"], n_kv_heads=config["num_key_value_heads"], head_dim=config["head_dim"],
        hidden_dim=config["intermediate_size"], context=config["max_position_embeddings"],
        rope_theta=config["rope_theta"], recursions=mor["recursions"], capacities=tuple(mor["capacities"]),
        alpha=mor["alpha"]))
    stored = read_safetensors(os.path.join(folder, "model.safetensors"))
    load_named(model, stored)
    if stored:
        raise SystemExit(f"{folder}: tensors this model has no place for: {sorted(stored)}")
    return model


def load_named(model, stored):
    """Copies {name: tensor} into a model and removes from the dictionary what was used."""
    for name, tensor in hub_parameters(model).items():
        tensor.copy_(stored.pop(name))
    for router, row in zip(model.routers, stored.pop(ROUTER)):
        router.data.copy_(row)
