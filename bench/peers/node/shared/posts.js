// Posts and likes in MongoDB: the queries of src/stores/mongo, but for one. Pages of likes for many posts are one
// aggregation here, which is the least work for a gateway; Polygraph's ADR 4 says why it asks otherwise.

import { Binary, MongoClient } from 'mongodb';

const UUID = Binary.SUBTYPE_UUID;
const NO_CONTENT = { content: 0 };

const binary = (hex) => new Binary(Buffer.from(hex, 'hex'), UUID);
const hex = (bytes) => bytes.toString('hex');

const post = (document) => ({
  __typename: 'Post',
  id: hex(document._id),
  author: hex(document.author),
  title: document.title,
  content: document.content,
  createdAt: document.createdAt,
  updatedAt: document.updatedAt,
  revision: document.revision,
  likeCount: document.likeCount,
});

const slice = (items, first) => ({ items: items.slice(0, first), hasMore: items.length > first });

export class Posts {
  constructor({ url, namespace, connections }) {
    this.client = new MongoClient(url, { maxPoolSize: connections, promoteBuffers: true });
    const database = this.client.db(new URL(url).pathname.slice(1) || 'polygraph');
    this.posts = database.collection(`${namespace}_posts`);
    this.likes = database.collection(`${namespace}_likes`);
  }

  /** The posts with these ids, each in the place of its id; null where there is none. */
  async byIds(ids, { content }) {
    const unique = [...new Set(ids)];
    const options = { projection: content ? undefined : NO_CONTENT, batchSize: unique.length };
    const documents = await this.posts.find({ _id: { $in: unique.map(binary) } }, options).toArray();
    const found = new Map(documents.map(post).map((post) => [post.id, post]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** The first so many of all posts, newest first. */
  newest(first) {
    return this.page({}, first);
  }

  /** The first so many posts of all these authors, newest first. */
  feed(authors, first) {
    return this.page({ author: { $in: authors.map(binary) } }, first);
  }

  async page(filter, first) {
    const options = { sort: { _id: -1 }, limit: first + 1, batchSize: first + 1, projection: NO_CONTENT };
    return slice((await this.posts.find(filter, options).toArray()).map(post), first);
  }

  /** The first so many likes of each of these posts, newest first, each page in the place of its post's id. */
  async likesOf(posts, first) {
    const newest = {
      n: first + 1,
      sortBy: { createdAt: -1, user: -1 },
      output: { user: '$user', createdAt: '$createdAt' },
    };
    const pipeline = [
      { $match: { post: { $in: posts.map(binary) } } },
      { $group: { _id: '$post', likes: { $topN: newest } } },
    ];
    const groups = await this.likes.aggregate(pipeline, { batchSize: posts.length }).toArray();
    const pages = new Map(groups.map((group) => [hex(group._id), group.likes]));
    return posts.map((post) => {
      const likes = pages.get(post) ?? [];
      const like = ({ user, createdAt }) => ({ post, user: hex(user), createdAt });
      return slice(likes.map(like), first);
    });
  }
}
