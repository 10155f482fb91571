# The same image for every role: PARLEY_ROLE decides. See docs/deploy.md.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts nothing is fetched but packages; the build generates the Prisma client itself.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json prisma.config.ts ./
COPY prisma ./prisma
COPY src ./src
RUN npm run build

FROM ${NODE_IMAGE} AS modules
WORKDIR /app
COPY package.json package-lock.json ./
# Then what only development has a use for: it comes with optional peers of @prisma/client, 260 MB (--omit=optional would
# take them too, and with them the programs that other packages bring for one platform), and the embedded PostgreSQL.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && node -p "Object.entries(require('./package-lock.json').packages).filter(([path, { devOptional }]) => devOptional || /@typescript|embedded-postgres/.test(path)).map(([path]) => path).join('\n')" \
  | xargs rm -rf

FROM ${NODE_IMAGE}
ENV NODE_ENV=production PARLEY_DATA_DIR=/var/lib/parley
RUN install -d -o node -g node -m 700 /var/lib/parley
WORKDIR /app
COPY package.json ./
COPY prisma/migrations ./prisma/migrations
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 4000
STOPSIGNAL SIGTERM
# Whether the process answers. Whether it can serve is /readyz, which is the load balancer's question.
HEALTHCHECK --interval=10s --timeout=3s --start-period=150s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 4000) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not npm: it does not pass SIGTERM on.
CMD ["node", "dist/main.js"]
