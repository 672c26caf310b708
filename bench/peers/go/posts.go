package main

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

var noContent = bson.D{{Key: "content", Value: 0}}

type postDocument struct {
	ID        bson.Binary `bson:"_id"`
	Author    bson.Binary `bson:"author"`
	Title     string      `bson:"title"`
	Content   *string     `bson:"content"`
	CreatedAt time.Time   `bson:"createdAt"`
	UpdatedAt time.Time   `bson:"updatedAt"`
	Revision  int32       `bson:"revision"`
	LikeCount int32       `bson:"likeCount"`
}

type likesDocument struct {
	Post  bson.Binary `bson:"_id"`
	Likes []struct {
		User      bson.Binary `bson:"user"`
		CreatedAt time.Time   `bson:"createdAt"`
	} `bson:"likes"`
}

type post struct {
	id        uuid
	author    uuid
	Title     string
	content   *string
	createdAt time.Time
	updatedAt time.Time
	Revision  int32
	LikeCount int32
}

type like struct {
	post, user uuid
	createdAt  time.Time
}

// slice is a page of items, and whether more follow.
type slice[T any] struct {
	items   []T
	hasMore bool
}

func sliceOf[T any](items []T, first int32) slice[T] {
	if len(items) > int(first) {
		return slice[T]{items[:first], true}
	}
	return slice[T]{items, false}
}

func binaryOf(id uuid) bson.Binary { return bson.Binary{Subtype: bson.TypeBinaryUUID, Data: id[:]} }

func binariesOf(ids []uuid) []bson.Binary {
	binaries := make([]bson.Binary, len(ids))
	for at := range ids {
		binaries[at] = binaryOf(ids[at])
	}
	return binaries
}

func (s *stores) postsByID(ctx context.Context, ids []uuid, content bool) (map[uuid]*post, error) {
	find := options.Find().SetBatchSize(int32(len(ids)))
	if !content {
		find.SetProjection(noContent)
	}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: binariesOf(ids)}}}}
	found, err := postsOf(s.posts.Find(ctx, filter, find))(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid]*post, len(found))
	for _, post := range found {
		byID[post.id] = post
	}
	return byID, nil
}

// newest is a page of all posts, newest first.
func (s *stores) newest(ctx context.Context, first int32) (slice[*post], error) {
	return s.page(ctx, bson.D{}, first)
}

// feed is a page of the posts of all these authors, newest first.
func (s *stores) feed(ctx context.Context, authors []uuid, first int32) (slice[*post], error) {
	among := bson.D{{Key: "$in", Value: binariesOf(authors)}}
	return s.page(ctx, bson.D{{Key: "author", Value: among}}, first)
}

func (s *stores) page(ctx context.Context, filter bson.D, first int32) (slice[*post], error) {
	find := options.Find().SetSort(bson.D{{Key: "_id", Value: -1}}).SetLimit(int64(first) + 1).
		SetBatchSize(first + 1).SetProjection(noContent)
	found, err := postsOf(s.posts.Find(ctx, filter, find))(ctx)
	return sliceOf(found, first), err
}

// postsOf reads what a cursor holds.
func postsOf(cursor *mongo.Cursor, err error) func(context.Context) ([]*post, error) {
	return func(ctx context.Context) ([]*post, error) {
		if err != nil {
			return nil, err
		}
		var documents []postDocument
		if err := cursor.All(ctx, &documents); err != nil {
			return nil, err
		}
		posts := make([]*post, len(documents))
		for at, found := range documents {
			posts[at] = &post{
				id: uuid(found.ID.Data), author: uuid(found.Author.Data), Title: found.Title, content: found.Content,
				createdAt: found.CreatedAt, updatedAt: found.UpdatedAt, Revision: found.Revision, LikeCount: found.LikeCount,
			}
		}
		return posts, nil
	}
}

// likesOf is a page of the likes of each of these posts, newest first. It is one aggregation, which is the least work
// for a gateway; Polygraph's ADR 4 says why it asks otherwise.
func (s *stores) likesOf(ctx context.Context, posts []uuid, first int32) (map[uuid]slice[*like], error) {
	newest := bson.D{
		{Key: "n", Value: first + 1},
		{Key: "sortBy", Value: bson.D{{Key: "createdAt", Value: -1}, {Key: "user", Value: -1}}},
		{Key: "output", Value: bson.D{{Key: "user", Value: "$user"}, {Key: "createdAt", Value: "$createdAt"}}},
	}
	pipeline := bson.A{
		bson.D{{Key: "$match", Value: bson.D{{Key: "post", Value: bson.D{{Key: "$in", Value: binariesOf(posts)}}}}}},
		bson.D{{Key: "$group", Value: bson.D{
			{Key: "_id", Value: "$post"},
			{Key: "likes", Value: bson.D{{Key: "$topN", Value: newest}}},
		}}},
	}
	cursor, err := s.likes.Aggregate(ctx, pipeline, options.Aggregate().SetBatchSize(int32(len(posts))))
	if err != nil {
		return nil, err
	}
	var documents []likesDocument
	if err := cursor.All(ctx, &documents); err != nil {
		return nil, err
	}
	pages := make(map[uuid]slice[*like], len(documents))
	for _, document := range documents {
		post := uuid(document.Post.Data)
		likes := make([]*like, len(document.Likes))
		for at, found := range document.Likes {
			likes[at] = &like{post: post, user: uuid(found.User.Data), createdAt: found.CreatedAt}
		}
		pages[post] = sliceOf(likes, first)
	}
	return pages, nil
}
