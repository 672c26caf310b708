# syntax=docker/dockerfile:1

# The gateway, and every other command of the same binary: `docker run --rm polygraph --help`.
#
# Without any store's URL it runs on the embedded stores:
#   docker build -t polygraph . && docker run --rm -p 127.0.0.1:4000:4000 -v polygraph:/var/lib/polygraph polygraph

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# Downloaded and compiled dependencies stay in BuildKit's caches, so that a changed line rebuilds that crate alone.
# The caches are not part of the layer: the binary has to leave them within the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    CARGO_PROFILE_RELEASE_LTO=thin cargo build --locked --release --package polygraph --bin polygraph \
    && install -D --mode=0755 target/release/polygraph /out/polygraph

# slim, not distroless: bash is what the health check in compose.yaml is made of, so that no curl is needed.
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Polygraph" \
      org.opencontainers.image.description="One GraphQL API over PostgreSQL, MongoDB, Elasticsearch and Redis" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin polygraph \
    && install --directory --owner=polygraph --group=polygraph /var/lib/polygraph
# The authorities that stores with TLS are checked against.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/polygraph /usr/local/bin/polygraph

ENV POLYGRAPH_LISTEN=0.0.0.0:4000 \
    POLYGRAPH_DATA_DIR=/var/lib/polygraph
# Nothing else is written to: the root file system may be mounted read-only.
VOLUME /var/lib/polygraph
EXPOSE 4000
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["polygraph"]
CMD ["serve"]
