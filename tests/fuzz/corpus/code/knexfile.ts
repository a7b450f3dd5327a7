knexfile.ts
import x from 'y';
export default { client: 'pg', migrations: { tableName: `t${1}`, directory: path.join(__dirname, 'a', 'b') }, a: { b: 'c' } };
