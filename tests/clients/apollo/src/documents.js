// The documents of an app on Apollo Client. generate-persisted-query-manifest finds them here, too.

import { gql } from '@apollo/client';

const POST = gql`
  fragment PostParts on Post {
    id
    title
    likeCount
    viewerHasLiked
    author {
      id
      handle
    }
  }
`;

export const NEWEST = gql`
  query Newest($first: Int, $after: String, $author: ID) {
    posts(first: $first, after: $after, author: $author) {
      edges {
        cursor
        node {
          ...PostParts
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
  ${POST}
`;

export const FOUND = gql`
  query Found($text: String!) {
    search(query: $text, first: 5) {
      nodes {
        type
        node {
          ...Identified
          ... on User {
            handle
          }
          ... on Post {
            title
          }
        }
      }
    }
  }
  fragment Identified on Node {
    id
  }
`;

export const FEED = gql`
  query Feed {
    feed(first: 3) {
      nodes {
        id
        title
      }
    }
  }
`;

export const RETITLE = gql`
  mutation Retitle($input: UpdatePostInput!) {
    updatePost(input: $input) {
      post {
        id
        title
        revision
      }
      userErrors {
        code
        message
        path
      }
    }
  }
`;

export const PUBLISH = gql`
  mutation Publish($input: CreatePostInput!) {
    createPost(input: $input) {
      post {
        ...PostParts
      }
      userErrors {
        code
        message
        path
      }
    }
  }
  ${POST}
`;

export const LIKE = gql`
  mutation Like($post: ID!) {
    likePost(input: { postId: $post }) {
      post {
        id
        likeCount
        viewerHasLiked
      }
      userErrors {
        code
        message
      }
    }
  }
`;

export const LIKED = gql`
  subscription Liked($post: ID) {
    postLiked(post: $post) {
      id
      post {
        id
        likeCount
      }
    }
  }
`;
