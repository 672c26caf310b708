// Users and follows in PostgreSQL: the statements of src/stores/sql/queries.

import pg from 'pg';

const UUID = 2950;
const INT8 = 20;

pg.types.setTypeParser(UUID, (text) => text.replaceAll('-', ''));
pg.types.setTypeParser(INT8, Number);

const BY_ID =
  'SELECT u.id, u.handle, u.name, u.bio, u.email, u.created_at, u.followers_count, u.following_count, u.version ' +
  'FROM users u WHERE u.id = ANY($1) AND u.closed_at IS NULL';

const FOLLOWEES =
  'SELECT f.followed_id FROM follows f WHERE f.follower_id = $1 ' +
  'AND NOT EXISTS (SELECT 1 FROM users c WHERE c.id = f.followed_id AND c.closed_at IS NOT NULL)';

const user = (row) => ({
  __typename: 'User',
  id: row.id,
  handle: row.handle,
  name: row.name,
  bio: row.bio,
  createdAt: new Date(row.created_at),
  followersCount: row.followers_count,
  followingCount: row.following_count,
});

export class Users {
  constructor({ url, schema, connections }) {
    const options = `-c search_path=${schema} -c enable_bitmapscan=off`;
    this.pool = new pg.Pool({ connectionString: url, max: connections, options });
  }

  /** The users with these ids, each in the place of its id; null where there is none. */
  async byIds(ids) {
    const values = [[...new Set(ids)]];
    // A named statement is prepared once for each connection.
    const { rows } = await this.pool.query({ name: 'users by id', text: BY_ID, values });
    const found = new Map(rows.map((row) => [row.id, user(row)]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** The ids of all whom `id` follows. */
  async followees(id) {
    const { rows } = await this.pool.query({ name: 'followees', text: FOLLOWEES, values: [id] });
    return rows.map((row) => row.followed_id);
  }
}
