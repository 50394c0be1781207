"""Models on disk in the hub's layout: config.json and model.safetensors with the Llama parameter names."""
import hashlib
import json
import os
import struct

import numpy as np
import torch

from blocks import EPS
from model import LanguageModel, Shape
from tokenizer import END, MASK

STORY_TOKENS = (END, END, MASK)
DTYPES = {"F16": np.float16, "F32": np.float32}


def hub_parameters(model):
    """Returns {Llama name: tensor view}; the joined matrices appear as their parts, so writing to a view loads it."""
    named = {"model.embed_tokens.weight": model.embedding.data, "model.norm.weight": model.final_norm.data}
    for i, layer in enumerate(model.layers):
        rows = layer.split_rows()
        q, k, v = layer.qkv.data.split(rows[layer.qkv])
        gate, up = layer.gate_up.data.split(rows[layer.gate_up])
        parts = {"input_layernorm": layer.attention_norm.data, "post_attention_layernorm": layer.feed_forward_norm.data,
                 "self_attn.q_proj": q, "self_attn.k_proj": k, "self_attn.v_proj": v,
                 "self_attn.o_proj": layer.attention_out.data,
                 "mlp.gate_proj": gate, "mlp.up_proj": up, "mlp.down_proj": layer.down.data}
        named.update({f"model.layers.{i}.{name}.weight": tensor for name, tensor in parts.items()})
    return named


def write_safetensors(path, named):
    """Writes tensors as f16, sorted by name."""
    header, chunks, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(named):
        chunk = named[name].detach().half().contiguous().numpy().astype("<f2").tobytes()
        header[name] = {"dtype": "F16", "shape": list(named[name].shape), "data_offsets": [offset, offset + len(chunk)]}
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def read_safetensors(path):
    """Returns {name: float32 tensor}."""
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    named = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        values = np.frombuffer(data[start + first:start + last], DTYPES[entry["dtype"]]).astype(np.float32)
        named[name] = torch.from_numpy(values).view(entry["shape"])
    return named


def config_of(shape, tokens=STORY_TOKENS):
    """Returns the content of config.json: every field a Llama loader reads, and `attention` where it is not causal.

    `tokens` gives the ids of bos, eos and mask; of a shape that is not causal, `attention` says what rows see.
    """
    bos, eos, mask = tokens
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": shape.vocab_size,
              "hidden_size": shape.dim, "num_hidden_layers": shape.n_layers, "num_attention_heads": shape.n_heads,
              "num_key_value_heads": shape.n_kv_heads, "head_dim": shape.head_dim,
              "intermediate_size": shape.hidden_dim, "hidden_act": "silu", "rms_norm_eps": EPS,
              "rope_theta": shape.rope_theta, "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": True,
              "max_position_embeddings": shape.context, "bos_token_id": bos, "eos_token_id": eos,
              "mask_token_id": mask, "torch_dtype": "float16"}
    if shape.causal:
        return config
    return {**config, "architectures": ["LlamaForMaskedDiffusion"], "is_causal": False, "attention": shape.attention}


def save_model(model, folder, tokens=STORY_TOKENS):
    """Writes config.json and model.safetensors (f16); `tokens` as config_of takes them."""
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "model.safetensors"), hub_parameters(model))
    write_json(os.path.join(folder, "config.json"), config_of(model.shape, tokens))


def read_config(folder):
    """Returns the content of a folder's config.json."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        return json.load(file)


def load_model(folder):
    """Returns the LanguageModel stored in a folder, in float32."""
    config = read_config(folder)
    model = LanguageModel(Shape(
        vocab_size=config["vocab_size"], dim=config["hidden_size"], n_layers=config["num_hidden_layers"],
        n_heads=config["num_attention_heads"], n_kv_heads=config["num_key_value_heads"], head_dim=config["head_dim"],
        hidden_dim=config["intermediate_size"], context=config["max_position_embeddings"],
        causal=config.get("is_causal", True), attention=config.get("attention", "bidirectional"),
        rope_theta=config["rope_theta"]))
    stored = read_safetensors(os.path.join(folder, "model.safetensors"))
    for name, tensor in hub_parameters(model).items():
        tensor.copy_(stored.pop(name))
    if stored:
        raise SystemExit(f"{folder}: tensors this model has no place for: {sorted(stored)}")
    return model


def weights_hash(folder):
    """Returns the SHA-256 of model.safetensors in hexadecimal."""
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write_json(path, content):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
