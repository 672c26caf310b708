package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/graph-gophers/graphql-go"
)

// query resolves the fields of Query.
type query struct{ stores *stores }

type pageArgs struct{ First *int32 }

// limit is how many a page has at most.
func (args pageArgs) limit() (int32, error) {
	switch {
	case args.First == nil:
		return 20, nil
	case *args.First < 1 || *args.First > 100:
		return 0, errors.New("`first` must be between 1 and 100")
	default:
		return *args.First, nil
	}
}

func (q *query) Post(ctx context.Context, args struct{ ID graphql.ID }) (*post, error) {
	id, err := parseID(postTag, args.ID)
	if err != nil {
		return nil, err
	}
	found, err := q.stores.postsByID(ctx, []uuid{id}, true)
	return found[id], err
}

func (q *query) Posts(ctx context.Context, args pageArgs) (*connection[*post], error) {
	first, err := args.limit()
	if err != nil {
		return nil, err
	}
	page, err := q.stores.newest(ctx, first)
	return connectionOf(page, postCursor(postsNewest), err)
}

func (q *query) Feed(ctx context.Context, args pageArgs) (*connection[*post], error) {
	first, err := args.limit()
	if err != nil {
		return nil, err
	}
	viewer := requestOf(ctx).viewer
	if viewer == nil {
		return nil, errors.New("somebody must be signed in")
	}
	authors, err := q.stores.followees(ctx, *viewer)
	if err != nil {
		return nil, err
	}
	page, err := q.stores.feed(ctx, authors, first)
	return connectionOf(page, postCursor(feed), err)
}

type searchArgs struct {
	Query string
	Types *[]string
	First *int32
}

func (q *query) Search(ctx context.Context, args searchArgs) (*connection[*searchResult], error) {
	first, err := pageArgs{args.First}.limit()
	if err != nil {
		return nil, err
	}
	page, err := q.stores.find(ctx, args.Query, args.Types, first)
	return connectionOf(page, searchCursor, err)
}

// Fields that are not methods here are fields of the structs.

func (u *user) ID() graphql.ID      { return globalID(userTag, u.id) }
func (u *user) CreatedAt() dateTime { return dateTime{time.UnixMilli(u.createdAt)} }

func (p *post) ID() graphql.ID      { return globalID(postTag, p.id) }
func (p *post) CreatedAt() dateTime { return dateTime{p.createdAt} }
func (p *post) UpdatedAt() dateTime { return dateTime{p.updatedAt} }

// Content is asked for where the post came with a list: lists are read without contents.
func (p *post) Content(ctx context.Context) (string, error) {
	if p.content != nil {
		return *p.content, nil
	}
	whole, err := requestOf(ctx).loaders.contents.Load(ctx, p.id)()
	if err != nil || whole == nil || whole.content == nil {
		return "", err
	}
	return *whole.content, nil
}

func (p *post) Author(ctx context.Context) (*user, error) {
	return requestOf(ctx).loaders.users.Load(ctx, p.author)()
}

func (p *post) Likes(ctx context.Context, args pageArgs) (*connection[*like], error) {
	first, err := args.limit()
	if err != nil {
		return nil, err
	}
	page, err := requestOf(ctx).loaders.likes.Load(ctx, likesKey{p.id, first})()
	return connectionOf(page, likeCursor, err)
}

func (l *like) ID() graphql.ID      { return globalID(likeTag, l.post, l.user) }
func (l *like) CreatedAt() dateTime { return dateTime{l.createdAt} }

func (l *like) User(ctx context.Context) (*user, error) {
	return requestOf(ctx).loaders.users.Load(ctx, l.user)()
}

func (r *searchResult) Type() string   { return strings.ToUpper(r.kind) }
func (r *searchResult) Score() float64 { return r.score }

func (r *searchResult) Node(ctx context.Context) (*searchNode, error) {
	loaders := requestOf(ctx).loaders
	if r.kind == "user" {
		found, err := loaders.users.Load(ctx, r.id)()
		if err != nil || found == nil {
			return nil, err
		}
		return &searchNode{user: found}, nil
	}
	found, err := loaders.posts.Load(ctx, r.id)()
	if err != nil || found == nil {
		return nil, err
	}
	return &searchNode{post: found}, nil
}

// searchNode is one of the union's two.
type searchNode struct {
	user *user
	post *post
}

func (n *searchNode) ToUser() (*user, bool) { return n.user, n.user != nil }
func (n *searchNode) ToPost() (*post, bool) { return n.post, n.post != nil }

// connection is a page and what makes a cursor of an item: cursors are made only where they are selected.
type connection[T any] struct {
	page   slice[T]
	cursor func(T) string
}

func connectionOf[T any](page slice[T], cursor func(T) string, err error) (*connection[T], error) {
	if err != nil {
		return nil, err
	}
	return &connection[T]{page, cursor}, nil
}

type edge[T any] struct {
	Cursor string
	Node   T
}

func (c *connection[T]) Nodes() []T { return c.page.items }

func (c *connection[T]) Edges() []edge[T] {
	edges := make([]edge[T], len(c.page.items))
	for at, item := range c.page.items {
		edges[at] = edge[T]{c.cursor(item), item}
	}
	return edges
}

type pageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

func (c *connection[T]) PageInfo() pageInfo {
	info := pageInfo{HasNextPage: c.page.hasMore}
	if items := c.page.items; len(items) > 0 {
		start, end := c.cursor(items[0]), c.cursor(items[len(items)-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}
