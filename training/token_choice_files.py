"""Mixtures of recursions by token choice on disk: as mixture_files.py has them, with one router and its balance."""
import os

import torch

from mixture_files import MODEL_TYPE, ROUTER
from token_choice import TokenChoiceModel, TokenChoiceShape
from weights import STORY_TOKENS, config_of, hub_parameters, read_config, read_safetensors, write_json, write_safetensors

BALANCE = "model.router.balance"
ROUTING = "token_choice"


def token_choice_parameters(model):
    """Returns {name in the file: tensor}; the router as one matrix [R, D], its balance [R]."""
    return {**hub_parameters(model), ROUTER: torch.stack([router.data for router in model.routers]),
            BALANCE: model.balance}


def token_choice_config(shape, tokens):
    """Returns the content of config.json; `tokens` gives the ids of bos, eos and mask."""
    return {**config_of(shape, tokens), "architectures": ["MoRLlamaForCausalLM"], "model_type": MODEL_TYPE,
            "mor": {"recursions": shape.recursions, "sharing": "middle_cycle", "shared_layers": shape.n_layers - 2,
                    "routing": ROUTING, "router": "linear", "alpha": shape.alpha, "temperature": 1,
                    "gating": "weighted", "kv": "per-recurrence"}}


def is_token_choice(folder):
    """Returns whether a model folder holds a mixture of recursions by token choice."""
    config = read_config(folder)
    return config["model_type"] == MODEL_TYPE and config["mor"]["routing"] == ROUTING


def save_token_choice(model, folder, tokens=STORY_TOKENS):
    """Writes config.json and model.safetensors (f16)."""
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "model.safetensors"), token_choice_parameters(model))
    write_json(os.path.join(folder, "config.json"), token_choice_config(model.shape, tokens))


def load_token_choice(folder):
    """Returns the TokenChoiceModel stored in a folder, in float32."""
    config = read_config(folder)
    mor = config["mor"]
    model = TokenChoiceModel(TokenChoiceShape(
        vocab_size=config["vocab_size"], dim=config["hidden_size"], n_layers=config["num_hidden_layers"],
        n_heads=config["num_attention_heads"], n_kv_heads=config["num_key_value_heads"], head_dim=config["head_dim"],
        hidden_dim=config["intermediate_size"], context=config["max_position_embeddings"],
        rope_theta=config["rope_theta"], recursions=mor["recursions"], alpha=mor["alpha"]))
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
    model.balance.copy_(stored.pop(BALANCE))
