# seesawnas in a container, which keeps its studies in ./runs, a folder that user 1000 may write to:
#   docker build -t seesawnas .
#   docker run --rm --shm-size=2g -v ./runs:/work/runs seesawnas search --budget 150M
FROM python:3.11-slim

# The extras of setup.cfg to install, and options for pip, such as an index of torch builds for your GPU or for a CPU alone.
ARG EXTRAS=check,dashboard,onnx,ncnn,postgresql
ARG PIP_OPTIONS=""

# torch.compile is not used, so no compiler; OpenMP is what torch's and onnxruntime's wheels want of the system.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*

COPY . /src
RUN python -m pip install --no-cache-dir --disable-pip-version-check ${PIP_OPTIONS} --constraint /src/constraints.txt "/src[${EXTRAS}]" && \
    rm -rf /src

# Trials read untrusted images: not as root. Studies are written to runs/ of the working directory.
RUN useradd --create-home seesawnas && mkdir /work && chown seesawnas /work
USER seesawnas
WORKDIR /work
ENTRYPOINT ["seesawnas"]
CMD ["--help"]
