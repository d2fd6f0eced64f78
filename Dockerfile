# One image for all of the platform's processes; the command chooses which. With a CUDA build of PyTorch:
#   docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu128 --build-arg TORCH_LABEL=cu128 .

FROM node:22-bookworm-slim AS ui
WORKDIR /build
COPY web/ui/package.json web/ui/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ui ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH_LABEL=cpu
WORKDIR /app
RUN python -m venv /venv
COPY constraints.txt pyproject.toml README.md ./
RUN /venv/bin/pip install --no-cache-dir --index-url "$TORCH_INDEX" --extra-index-url https://pypi.org/simple \
    --constraint constraints.txt "$(grep '^torch==' constraints.txt)+$TORCH_LABEL"
COPY kb_platform kb_platform
COPY ingest ingest
COPY inference inference
COPY workers workers
COPY benchmarks benchmarks
COPY web web
RUN /venv/bin/pip install --no-cache-dir --constraint constraints.txt --editable .
COPY --from=ui /build/dist web/ui/dist

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 10001 kb && install -d -o kb -g kb /data
COPY --from=packages /venv /venv
COPY --from=packages /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 KB_DATA_DIR=/data KB_SERVER__HOST=0.0.0.0
USER kb
VOLUME /data
EXPOSE 8080
CMD ["python", "-m", "web"]
