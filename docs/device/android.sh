#!/usr/bin/env bash
# Times a model on an Android phone with ncnn's benchncnn, for `seesawnas latency --runtime ncnn`:
#
#   seesawnas latency paper/seesaw_share paper/mobilefacenet_relu --runtime ncnn \
#       --command "docs/device/android.sh {model} {runs} {threads} {height} {width}" --runs 20
#
# It needs adb, a phone with USB debugging, and benchncnn for the phone's processor in
# /data/local/tmp (ncnn's releases have it). benchncnn prints the mean of its runs; the script asks
# for one run at a time, so that each has a line of its own.
set -euo pipefail
model=$1 runs=$2 threads=$3 height=$4 width=$5
remote=/data/local/tmp
adb push -q "$model" "$remote/net.param" >/dev/null
echo "# $(adb shell getprop ro.product.model)"
for _ in $(seq "$runs"); do
    adb shell "cd $remote && ./benchncnn 1 $threads 0 -1 0 param=net.param shape=[$width,$height,3]" |
        sed -n 's/.*min = *\([0-9.]*\).*/\1/p'
done
