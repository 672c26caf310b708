// Global ids and cursors, as Polygraph has them: base64url of a tag and the bytes of what they name. Inside, a UUID is
// the text of its 32 hexadecimal digits, whichever store it came from.

const USER = '55'; // 'U', as hexadecimal digits
const POST = '50';
const LIKE = '4c';

const VERSION = '01';
const POSTS_NEWEST = '04';
const FEED = '06';
const SEARCH_RELEVANCE = '07';
const POST_LIKES = '0f';

const encode = (hex) => Buffer.from(hex, 'hex').toString('base64url');

export const userId = (id) => encode(USER + id);
export const postId = (id) => encode(POST + id);
export const likeId = (post, user) => encode(LIKE + post + user);

/** The UUID in a post's global id. */
export function parsePostId(text) {
  const hex = Buffer.from(text, 'base64url').toString('hex');
  if (hex.length !== 34 || !hex.startsWith(POST)) throw new RangeError('This id does not name a post.');
  return hex.slice(2);
}

/** The UUID in a user's global id. */
export function parseUserId(text) {
  const hex = Buffer.from(text, 'base64url').toString('hex');
  if (hex.length !== 34 || !hex.startsWith(USER)) throw new RangeError('This id does not name a user.');
  return hex.slice(2);
}

export const postCursor = (post) => encode(VERSION + POSTS_NEWEST + post.id);
export const feedCursor = (post) => encode(VERSION + FEED + post.id);

export function likeCursor(like) {
  const bytes = Buffer.from(`${VERSION}${POST_LIKES}0000000000000000${like.user}`, 'hex');
  bytes.writeBigInt64BE(BigInt(new Date(like.createdAt).getTime()), 2);
  return bytes.toString('base64url');
}

export function searchCursor(hit) {
  const bytes = Buffer.from(`${VERSION}${SEARCH_RELEVANCE}00000000${hit.id}`, 'hex');
  bytes.writeFloatBE(hit.score, 2);
  return bytes.toString('base64url');
}
