"""Recurrent models on disk in Huginn's layout: its names, its joined matrices, and rotation of neighbouring pairs."""
import os

import torch

from blocks import EPS
from recurrent import RecurrentModel, RecurrentShape
from weights import STORY_TOKENS, read_config, read_safetensors, write_json, write_safetensors

MODEL_TYPE = "huginn_raven"


def neighbours(width):
    """Returns the order that takes the pairs (i, i + A/2) of a head to neighbours (2i, 2i + 1)."""
    return torch.arange(width).view(2, width // 2).t().reshape(-1)


def to_neighbours(heads, back=False):
    """heads [.., A, anything] with rows of one head along dimension 1 -> the same in the other order of rows."""
    order = neighbours(heads.shape[1])
    return heads[:, order.argsort() if back else order]


def huginn_parameters(model):
    """Returns {Huginn's name: copy of the tensor}."""
    shape = model.shape
    width, count = shape.head_dim, shape.n_heads + shape.n_kv_heads
    named = {"transformer.wte.weight": model.embedding.data, "transformer.adapter.weight": model.adapter.data,
             "transformer.ln_f.weight": model.final_norm.data}
    for prefix, layer in named_layers(model):
        rows = layer.qkv.data.view(-1, width, shape.dim)
        turned = torch.cat([to_neighbours(rows[:count]), rows[count:]]).view_as(layer.qkv)
        bias = to_neighbours(layer.qk_bias.data.view(count, width)).reshape(2, 1, shape.n_heads, width)
        parts = {"norm_1.weight": layer.attention_norm.data, "norm_2.weight": layer.attended_norm.data,
                 "norm_3.weight": layer.feed_forward_norm.data, "norm_4.weight": layer.fed_norm.data,
                 "attn.Wqkv.weight": turned, "attn.qk_bias": bias, "attn.proj.weight": layer.attention_out.data,
                 "mlp.fc.weight": layer.gate_up.data, "mlp.proj.weight": layer.down.data}
        named.update({f"{prefix}.{name}": tensor for name, tensor in parts.items()})
    return {name: tensor.clone() for name, tensor in named.items()}


def named_layers(model):
    """Returns [(name of a layer, layer)]."""
    parts = zip(("prelude", "core_block", "coda"), model.parts())
    return [(f"transformer.{part}.{i}", layer) for part, layers in parts for i, layer in enumerate(layers)]


def recurrent_config(shape, tokens):
    """Returns the content of config.json; `tokens` gives the ids of bos, eos and mask."""
    bos, eos, mask = tokens
    return {"architectures": ["RavenForCausalLM"], "model_type": MODEL_TYPE, "architecture_class_name": "RecurrentGPT",
            "block_class_name": "SandwichBlock", "vocab_size": shape.vocab_size, "n_embd": shape.dim,
            "n_heads": shape.n_heads, "n_layers": shape.n_layers, "n_layers_in_prelude": shape.n_prelude,
            "n_layers_in_recurrent_block": shape.n_core, "n_layers_in_coda": shape.n_coda,
            "mean_recurrence": shape.mean_recurrence, "mean_backprop_depth": shape.backprop,
            "sampling_scheme": "poisson-lognormal-filling", "intermediate_size": shape.hidden_dim,
            "block_size": shape.context, "norm_eps": EPS, "rope_base": shape.rope_theta, "qk_bias": True, "bias": False,
            "tie_embeddings": True, "injection_type": "linear", "state_init": "like-init",
            "init_values": {"std": shape.state_deviation / shape.embed_scale, "embed_scale": shape.embed_scale},
            "bos_token_id": bos, "eos_token_id": eos, "mask_token_id": mask, "torch_dtype": "float16"}


def save_recurrent(model, folder, tokens=STORY_TOKENS):
    """Writes config.json and model.safetensors (f16)."""
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "model.safetensors"), huginn_parameters(model))
    write_json(os.path.join(folder, "config.json"), recurrent_config(model.shape, tokens))


def load_recurrent(folder):
    """Returns the RecurrentModel stored in a folder, in float32."""
    config = read_config(folder)
    heads, values = config["n_heads"], config["init_values"]
    model = RecurrentModel(RecurrentShape(
        vocab_size=config["vocab_size"], dim=config["n_embd"], n_layers=config["n_layers"], n_heads=heads,
        n_kv_heads=heads, head_dim=config["n_embd"] // heads, hidden_dim=config["intermediate_size"],
        context=config["block_size"], rope_theta=config["rope_base"], n_prelude=config["n_layers_in_prelude"],
        n_core=config["n_layers_in_recurrent_block"], n_coda=config["n_layers_in_coda"],
        mean_recurrence=config["mean_recurrence"], backprop=config["mean_backprop_depth"],
        embed_scale=values["embed_scale"], state_deviation=values["std"] * values["embed_scale"]))
    stored = read_safetensors(os.path.join(folder, "model.safetensors"))
    load_huginn(model, stored)
    if stored:
        raise SystemExit(f"{folder}: tensors this model has no place for: {sorted(stored)}")
    return model


def load_huginn(model, stored):
    """Copies {Huginn's name: tensor} into a model and removes from the dictionary what was used."""
    shape = model.shape
    width, count = shape.head_dim, shape.n_heads + shape.n_kv_heads
    model.embedding.data.copy_(stored.pop("transformer.wte.weight"))
    model.adapter.data.copy_(stored.pop("transformer.adapter.weight"))
    model.final_norm.data.copy_(stored.pop("transformer.ln_f.weight"))
    for prefix, layer in named_layers(model):
        rows = stored.pop(f"{prefix}.attn.Wqkv.weight").view(-1, width, shape.dim)
        turned = torch.cat([to_neighbours(rows[:count], back=True), rows[count:]])
        layer.qkv.data.copy_(turned.reshape(layer.qkv.shape))
        bias = stored.pop(f"{prefix}.attn.qk_bias").view(count, width)
        layer.qk_bias.data.copy_(to_neighbours(bias, back=True).reshape(-1))
        for name, parameter in (("norm_1", layer.attention_norm), ("norm_2", layer.attended_norm),
                                ("norm_3", layer.feed_forward_norm), ("norm_4", layer.fed_norm),
                                ("attn.proj", layer.attention_out), ("mlp.fc", layer.gate_up), ("mlp.proj", layer.down)):
            parameter.data.copy_(stored.pop(f"{prefix}.{name}.weight"))
