# Gantry on a CPU, from the package that `npm pack` makes in a clone:
#
#   npm pack
#   docker build --tag gantry .
#   docker run --rm --volume "$PWD:/work" gantry train mnist
#
# On a GPU (not exercised): these lines in place of the first one, `RUN pip install --break-system-packages torch` in place of
# libtorch-dev and libopenblas0-openmp, `g++` and `python3-pip` among the packages, and `docker run --gpus all`. The package's own
# bindings are for CPU builds of libtorch; for another one a binding is compiled while the image is built.
#
#   FROM nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04
#   COPY --from=node:24-bookworm-slim /usr/local /usr/local

FROM node:24-bookworm-slim

# The engine, and the OpenBLAS that shares its threads. No compiler: the package carries the binding for this libtorch.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libtorch-dev libopenblas0-openmp \
    && rm -rf /var/lib/apt/lists/*

# What is missing is a mistake in this file, so nothing is installed later. Any user may write to the cache.
ENV GANTRY_SETUP=no GANTRY_CACHE=/var/cache/gantry

COPY gantry-*.tgz /tmp/gantry.tgz
RUN npm install --global --omit=dev /tmp/gantry.tgz \
    && rm /tmp/gantry.tgz \
    && gantry doctor \
    && chmod -R a+rwX /var/cache/gantry

WORKDIR /work
ENTRYPOINT ["gantry"]
CMD ["--help"]
