# syntax=docker/dockerfile:1
# The operator's image, for those with Docker:   docker build -t statefulapp-operator:0.1.0 .
# For several architectures:                     docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/statefulapp-operator:0.1.0 --push .
# Without a Docker daemon: npm run image, which builds the same (e2e/images/operator; a test keeps the two in line).

# One file of JavaScript, the same for all platforms, so it is built on the builder's own.
FROM --platform=$BUILDPLATFORM node:26-bookworm-slim AS build
WORKDIR /source
COPY package.json package-lock.json ./
COPY tools tools
RUN npm ci --ignore-scripts --no-fund --no-audit
COPY scripts scripts
COPY src src
RUN node scripts/build.ts
RUN node -e "const { name, version, license } = require('./package.json'); fs.writeFileSync('dist/package.json', JSON.stringify({ name, version, license, type: 'module' }) + '\n')"

# Node links against libatomic, which the base image below lacks.
FROM node:26-bookworm-slim AS node
RUN apt-get update \
 && apt-get install --yes --no-install-recommends binutils libatomic1 \
 && mkdir -p /out/usr/share/doc/nodejs \
 && cp --parents --dereference /usr/lib/*-linux-gnu/libatomic.so.1 /usr/local/bin/node /out \
 && cp /usr/local/LICENSE /out/usr/share/doc/nodejs/LICENSE \
 && strip /out/usr/local/bin/node

# libc, libstdc++, libgcc and certificates; no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=node /out /
COPY --from=build /source/dist /app
ENV NODE_ENV=production
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
WORKDIR /
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/node", "/app/operator.js"]
