#!/usr/bin/env bash
# Times an ONNX model on another machine by ssh, for `seesawnas latency`:
#
#   DEVICE=pi@raspberry seesawnas latency paper/seesaw_share paper/mobilefacenet_relu \
#       --command "docs/device/ssh.sh {model} {runs} {threads}" --runs 20
#
# The machine needs Python with numpy and onnxruntime.
set -euo pipefail
model=$1 runs=$2 threads=$3
scp -q "$model" "$DEVICE:/tmp/net.onnx"
ssh "$DEVICE" python3 - "$runs" "$threads" <<'END'
import sys, time
import numpy, onnxruntime

runs, threads = map(int, sys.argv[1:])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession("/tmp/net.onnx", options)
(taken,) = session.get_inputs()
images = {taken.name: numpy.zeros(taken.shape, numpy.float32)}
session.run(None, images)
for _ in range(runs):
    start = time.perf_counter()
    session.run(None, images)
    print(1e3 * (time.perf_counter() - start))
END
