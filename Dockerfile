# The service in a container: `docker build -t tributary .`, then as data/guide/deploying.md says.
# LanceDB's native part needs glibc: not an Alpine image.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
RUN npm install --global pnpm@12.21.0
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN pnpm install --prod --frozen-lockfile

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8787 \
    DATA_DIR=/data
RUN mkdir /data && chown node:node /data
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY data data
COPY ingest ingest
COPY src src
# The user node, by its number: where Kubernetes wants no root (runAsNonRoot), a name is refused.
USER 1000
VOLUME /data
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node is the first process and gets SIGTERM itself; give it longer than DRAIN_GRACE_MS to end.
CMD ["node", "-r", "./src/node/process/need-node.cjs", "--max-semi-space-size=16", "--heap-growing-percent=50", "src/node/main.ts"]
