// The documents of a wall of posts, as components would have them beside their code. relay-compiler reads them here, and
// what it makes of them is what runs.

const { graphql } = require('relay-runtime');

exports.author = () => graphql`
  fragment wall_author on User @refetchable(queryName: "wallAuthorQuery") {
    id
    handle
    name
    bio
    followersCount
  }
`;

exports.posts = () => graphql`
  fragment wall_posts on Query
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  )
  @refetchable(queryName: "wallPostsQuery") {
    posts(first: $first, after: $after, last: $last, before: $before) @connection(key: "wall_posts") {
      edges {
        node {
          id
          title
          likeCount
          viewerHasLiked
          author {
            id
            ...wall_author
          }
        }
      }
    }
  }
`;

exports.likes = () => graphql`
  fragment wall_likes on Post
  @argumentDefinitions(count: { type: "Int", defaultValue: 3 }, cursor: { type: "String" })
  @refetchable(queryName: "wallLikesQuery") {
    likes(first: $count, after: $cursor) @connection(key: "wall_likes") {
      totalCount
      edges {
        node {
          id
          user {
            handle
          }
        }
      }
    }
  }
`;

exports.wall = () => graphql`
  query wallQuery($first: Int!, $after: String) {
    viewer {
      id
      ...wall_author
    }
    ...wall_posts @arguments(first: $first, after: $after)
  }
`;

exports.post = () => graphql`
  query wallPostQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Post {
        likeCount
        viewerHasLiked
        ...wall_likes @alias(as: "post")
      }
    }
  }
`;

exports.publish = () => graphql`
  mutation wallPublishMutation($input: CreatePostInput!, $connections: [ID!]!) {
    createPost(input: $input) {
      post @prependNode(connections: $connections, edgeTypeName: "PostEdge") {
        id
        title
        likeCount
        viewerHasLiked
        author {
          id
          ...wall_author
        }
      }
      userErrors {
        code
        path
      }
    }
  }
`;

exports.remove = () => graphql`
  mutation wallRemoveMutation($input: DeletePostInput!, $connections: [ID!]!) {
    deletePost(input: $input) {
      deletedPostId @deleteEdge(connections: $connections)
      deletedRecordId: deletedPostId @deleteRecord
      userErrors {
        code
      }
    }
  }
`;

exports.like = () => graphql`
  mutation wallLikeMutation($input: LikePostInput!, $connections: [ID!]!) {
    likePost(input: $input) {
      post {
        id
        likeCount
        viewerHasLiked
      }
      like @prependNode(connections: $connections, edgeTypeName: "LikeEdge") {
        id
        user {
          handle
        }
      }
      userErrors {
        code
      }
    }
  }
`;

exports.unlike = () => graphql`
  mutation wallUnlikeMutation($input: LikePostInput!, $connections: [ID!]!) {
    unlikePost(input: $input) {
      post {
        id
        likeCount
        viewerHasLiked
      }
      deletedLikeId @deleteEdge(connections: $connections)
      userErrors {
        code
      }
    }
  }
`;

exports.liked = () => graphql`
  subscription wallLikedSubscription($post: ID!) {
    postLiked(post: $post) {
      id
      post {
        id
        likeCount
      }
    }
  }
`;
