import { defineConfig } from 'prisma/config'

// The URL serves Prisma's own commands (`prisma migrate status` and the like); Parley does not read it here.
const url = process.env.DATABASE_URL

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(url === undefined ? {} : { datasource: { url } }),
})
