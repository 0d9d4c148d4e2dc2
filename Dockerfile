# The image of gateway, admin API and CLI: `docker build -t tacos .` Nothing but Node, the libraries that it loads and
# tacos; no shell, no package manager. How to run it: docs/operate/deploy.md.

# Debian 12 with Node and npm; what it is like does not reach the image, but for its C library.
ARG BUILD_IMAGE=node:26-bookworm-slim

FROM ${BUILD_IMAGE} AS build
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends binutils ca-certificates libatomic1 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --include=dev --include=optional
COPY . .
RUN node scripts/build.mjs && node scripts/image-root.mjs /image

FROM scratch
LABEL org.opencontainers.image.title="tacos" \
  org.opencontainers.image.description="A waiting room for high demand: gateway, admin API and CLI" \
  org.opencontainers.image.licenses="MIT"
# From what changes seldom to what changes always.
COPY --from=build /image/system /
COPY --from=build /image/packages /
COPY --from=build /image/tacos /
# Loopback would reach nobody outside the container.
ENV SERVER_HOST=0.0.0.0 PATH=/usr/local/bin
WORKDIR /app
USER 65532:65532
# Visitors, gRPC, operators.
EXPOSE 8000 8001 8002
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["/usr/local/bin/node", "/app/healthcheck.mjs"]
ENTRYPOINT ["/usr/local/bin/tacos"]
CMD ["gateway"]
