// The guide's create, findMany with its relation, and update, by Prisma Client through tables that Truss has made.
// Usage: node client.mjs CLIENT_MODULE ADAPTER_MODULE; DATABASE_URL names the database. Prints one JSON document.
const [clientModule, adapterModule] = process.argv.slice(2)
const { PrismaClient } = (await import(clientModule)).default
const { PrismaPg } = await import(adapterModule)
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) })
const user = await prisma.user.create({
  data: { email: 'grace@example.org', name: 'Grace', posts: { create: { title: 'Hello', content: 'World' } } },
})
const updated = await prisma.post.update({ where: { id: 1 }, data: { published: true } })
const users = await prisma.user.findMany({ include: { posts: true }, orderBy: { id: 'asc' } })
console.log(JSON.stringify({ created: user.email, published: updated.published, users: users.map((one) => [one.name, one.posts.map((post) => post.title)]) }))
await prisma.$disconnect()
