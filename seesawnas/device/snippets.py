"""How a model is fed in each runtime's Python: what a card shows, and what the tests run."""

from __future__ import annotations

_IMAGE = """\
import numpy as np
from PIL import Image
"""
BATCH = "pixels = np.repeat(pixels, {count}, axis=0)  # it takes {count} images at a time\n"
_PIXELS = """\
face = Image.open("face.png").convert("RGB").resize(({width}, {height}))
pixels = np.asarray(face, np.float32).transpose(2, 0, 1)[None]
{batch}images = np.ascontiguousarray({prepare}, np.float32)
"""

SNIPPETS = {
    "onnx": _IMAGE
    + "import onnxruntime\n\n"
    + _PIXELS
    + """\
session = onnxruntime.InferenceSession({file})
embedding = session.run(["embedding"], {{"images": images}})[0][0]""",
    "torchscript": _IMAGE
    + "import torch\n\n"
    + _PIXELS
    + """\
network = torch.jit.load({file}).eval()
with torch.inference_mode():
    embedding = network(torch.from_numpy(images))[0].numpy()""",
    "ncnn": _IMAGE
    + "import ncnn\n\n"
    + _PIXELS
    + """\
network = ncnn.Net()
network.load_param({file})
network.load_model({weights})
extractor = network.create_extractor()
extractor.input("in0", ncnn.Mat(images[0]))
embedding = np.array(extractor.extract("out0")[1])""",
    "executorch": _IMAGE
    + "import torch\nfrom executorch.runtime import Runtime\n\n"
    + _PIXELS
    + """\
program = Runtime.get().load_program({file})
embedding = program.load_method("forward").execute([torch.from_numpy(images)])[0][0].numpy()""",
}
