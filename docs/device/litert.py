"""Writes a trained network for LiteRT (TensorFlow Lite), in an environment of its own.

From a clone of this project:

    python -m venv litert
    litert/bin/pip install . torch==2.13.0 litert-torch==0.10.0 ai-edge-litert==2.3.0
    litert/bin/python docs/device/litert.py runs/train_seesaw_share seesaw_share.tflite

litert-torch needs older versions of pydantic and typing-extensions than the constraints of this
project have, so that it is no extra. The file takes RGB pixels from 0 to 255, (1, 3, H, W), and
gives embeddings of length 1; its embedding is compared with torch's. It takes about a minute.
"""

import sys

import litert_torch
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter

from seesawnas.nn import load_model
from seesawnas.nn.deploy import deploy_form, to_module

LEAST_COSINE = 0.9999


def main(folder: str, file: str) -> None:
    """Write the network in ``folder`` as ``file``."""
    network = load_model(folder)
    spec = network.spec.input
    form = deploy_form(network, float("inf")).normalised(spec.mean, spec.std).of_unit_length()
    module = to_module(form).eval()
    faces = torch.randint(0, 256, (1, 3, spec.height, spec.width)).float()
    with torch.no_grad():
        expected = module(faces).numpy()
        converted = litert_torch.convert(module, (faces,))
    converted.export(file)

    interpreter = Interpreter(file, num_threads=1)
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(taken["index"], faces.numpy())
    interpreter.invoke()
    cosine = float(np.sum(interpreter.get_tensor(given["index"]) * expected))
    if cosine < LEAST_COSINE:
        sys.exit(
            f"{file}: embeddings must have a cosine of {LEAST_COSINE} to torch's, got {cosine}"
        )
    print(f"{file}: cosine to torch {cosine:.6f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
