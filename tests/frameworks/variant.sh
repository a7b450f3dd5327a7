#!/bin/bash
# usage: variant.sh FRAMEWORK edited|missing|late DEST : copies FRAMEWORK/project to DEST and changes it.
#  edited  = the 2nd (applied) migration file gets a trailing comment  -> our service: "modified" where a hash/text is stored
#  missing = the 2nd (applied) migration file is gone                   -> "orphaned" row
#  late    = a new file that sorts between the 2nd and 3rd applied ones -> "pending, out of order" (creates table late_t)
set -eu; C=${FIXTURES:?where the fixtures are}; FW=$1; K=$2; D=$3; rm -rf "$D"; mkdir -p "$D"; cp -a "$C/$FW/project/." "$D/"; cd "$D"
case $FW in
drizzle) F=drizzle/0001_create_posts.sql;; drizzle1) F=$(ls drizzle/*_create_posts/migration.sql);; knex) F=migrations/20240102000000_create_posts.js;; typeorm) F=migrations/1704153600000-CreatePosts.js;;
sequelize) F=migrations/20240102000000-create-posts.js;; node-pg-migrate) F=migrations/1704153600000_create-posts.sql;; kysely) F=migrations/1704153600000_create_posts.ts;; mikro-orm) F=migrations/Migration20240102000000_create_posts.js;;
graphile-migrate) F=migrations/committed/000002-create-posts.sql;; postgrator) F=migrations/002.do.create-posts.sql;; dbmate) F=db/migrations/20240102000000_create_posts.sql;; db-migrate) F=$(ls migrations/*-create-posts.js); FE=$(ls migrations/sqls/*create-posts-up.sql);;
supabase) F=supabase/migrations/20240102000000_create_posts.sql;; postgres-migrations) F=migrations/002_create-posts.sql;; esac
case $K in
edited) case ${FE:-$F} in *.sql) if [ $FW = dbmate ] || [ $FW = node-pg-migrate ]; then sed -i '2i -- edited' "$F"; else echo '-- edited' >>"${FE:-$F}"; fi;; *) echo '// edited' >>"$F";; esac;;
missing) if [ $FW = drizzle1 ]; then rm -r "$(dirname "$F")"; else rm "$F"; fi;;
late) L='create table late_t (i int);'; DN='drop table late_t;'
 case $FW in
 drizzle) echo "$L" >drizzle/0005_late.sql; node -e 'const fs=require("fs"),f="drizzle/meta/_journal.json",j=JSON.parse(fs.readFileSync(f));j.entries.push({idx:5,version:"7",when:j.entries[1].when+1,tag:"0005_late",breakpoints:true});fs.writeFileSync(f,JSON.stringify(j,null,2))';;
 drizzle1) n=$(basename "$(dirname "$F")" | cut -c1-14); mkdir drizzle/$((n+1))_late; echo "$L" >drizzle/$((n+1))_late/migration.sql;;
 knex) echo "exports.up=(k)=>k.raw('$L');exports.down=(k)=>k.raw('$DN');" >migrations/20240102120000_late.js;;
 typeorm) echo "module.exports = class Late1704153600001 { name = 'Late1704153600001'; async up(q) { await q.query('$L') } async down(q) { await q.query('$DN') } }" >migrations/1704153600001-Late.js;;
 sequelize) echo "module.exports = { up: (q) => q.sequelize.query('$L'), down: (q) => q.sequelize.query('$DN') };" >migrations/20240102120000-late.js;;
 node-pg-migrate) printf -- "-- Up Migration\n$L\n-- Down Migration\n$DN\n" >migrations/1704153600001_late.sql;;
 kysely) echo "import { sql } from 'kysely'; export async function up(db: any) { await sql\`$L\`.execute(db) }" >migrations/1704153600001_late.ts;;
 mikro-orm) echo "import { Migration } from '@mikro-orm/migrations'; export class Migration20240102120000_late extends Migration { async up() { this.addSql('$L') } }" >migrations/Migration20240102120000_late.js;;
 dbmate) printf -- "-- migrate:up\n$L\n-- migrate:down\n$DN\n" >db/migrations/20240102120000_late.sql;;
 db-migrate) b=$(basename "$F" .js | cut -c1-14); echo "exports.up = (db) => db.runSql('$L'); exports.down = (db) => db.runSql('$DN'); exports._meta = { version: 1 };" >migrations/${b%?}9-late.js; [ "${b: -1}" = 9 ] && { echo n/a >&2; exit 3; }; :;;
 supabase) echo "$L" >supabase/migrations/20240102120000_late.sql;;
 *) echo "late: not expressible in $FW (consecutive numbers / hash chain)" >&2; exit 3;; esac;;
esac
